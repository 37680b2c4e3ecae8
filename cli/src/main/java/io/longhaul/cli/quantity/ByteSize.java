/*
 * Copyright the Longhaul authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package io.longhaul.cli.quantity;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Map;

/// A number of bytes: `512B`, `64KiB`, `2GiB`, `10GB`, `72TB`, `1.5MiB`. Powers of 1000 without the i, of 1024 with it.
///
/// @param bytes 0 and more
public record ByteSize(long bytes) {
    private static final String EXAMPLES = "64KiB, 2GiB or 10GB";

    /// Lower-case decimal units (`kb`, `mb`) are left out: they are as often meant as bits.
    private static final Map<String, BigDecimal> UNITS = Map.ofEntries(
            Map.entry("B", BigDecimal.ONE),
            Map.entry("kB", BigDecimal.valueOf(1_000L)),
            Map.entry("KB", BigDecimal.valueOf(1_000L)),
            Map.entry("MB", BigDecimal.valueOf(1_000_000L)),
            Map.entry("GB", BigDecimal.valueOf(1_000_000_000L)),
            Map.entry("TB", BigDecimal.valueOf(1_000_000_000_000L)),
            Map.entry("PB", BigDecimal.valueOf(1_000_000_000_000_000L)),
            Map.entry("KiB", BigDecimal.valueOf(1L << 10)),
            Map.entry("MiB", BigDecimal.valueOf(1L << 20)),
            Map.entry("GiB", BigDecimal.valueOf(1L << 30)),
            Map.entry("TiB", BigDecimal.valueOf(1L << 40)),
            Map.entry("PiB", BigDecimal.valueOf(1L << 50)),
            Map.entry("kib", BigDecimal.valueOf(1L << 10)),
            Map.entry("mib", BigDecimal.valueOf(1L << 20)),
            Map.entry("gib", BigDecimal.valueOf(1L << 30)),
            Map.entry("tib", BigDecimal.valueOf(1L << 40)));

    /// Parses a size of at least one byte.
    ///
    /// @throws QuantityException when the text is no size
    public static ByteSize parse(String text) {
        final QuantityText parts = QuantityText.split(text, EXAMPLES);
        return new ByteSize(parts.whole(parts.scaled(UNITS), "bytes", 1, Long.MAX_VALUE));
    }

    /// Prints a number of bytes with three or four digits and a binary unit, for example `1.50 GiB`.
    public static String format(long bytes) {
        final String[] units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        return unit == 0
                ? bytes + " B"
                : String.format(Locale.ROOT, value < 100 ? "%.2f %s" : "%.1f %s", value, units[unit]);
    }

    /// The size as it was probably written: with a decimal unit when it is a round decimal number.
    @Override
    public String toString() {
        for (String unit : new String[] {"PB", "TB", "GB", "MB"}) {
            final long factor = UNITS.getOrDefault(unit, BigDecimal.ONE).longValueExact();
            if (bytes >= factor && bytes % (factor / 10) == 0) {
                return BigDecimal.valueOf(bytes / (factor / 10), 1)
                                .stripTrailingZeros()
                                .toPlainString() + " " + unit;
            }
        }
        return format(bytes);
    }
}
