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
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/// A rate in bits per second: `2gbit`, `500mbit`, `100Gb/s`, `2.5Gbps`; with a capital B in bytes: `10MB/s`.
///
/// @param bitsPerSecond above 0
public record BitRate(long bitsPerSecond) {
    private static final String EXAMPLES = "500mbit, 2gbit or 100Gb/s";

    /// 1 Pbit/s: above everything that is built, and low enough for products with hours to fit a long.
    private static final long MOST = 1_000_000_000_000_000L;

    private static final Map<String, BigDecimal> UNITS = units();

    private static Map<String, BigDecimal> units() {
        final Map<String, BigDecimal> units = new HashMap<>();
        final String[] prefixes = {"", "k", "m", "g", "t"};
        BigDecimal factor = BigDecimal.ONE;
        for (String lower : prefixes) {
            final String upper = lower.toUpperCase(Locale.ROOT);
            for (String prefix : lower.isEmpty() ? new String[] {""} : new String[] {lower, upper}) {
                units.put(prefix + "bit", factor);
                units.put(prefix + "bit/s", factor);
                units.put(prefix + "b/s", factor);
                units.put(prefix + "bps", factor);
                units.put(prefix + "B/s", factor.multiply(BigDecimal.valueOf(8)));
            }
            factor = factor.multiply(BigDecimal.valueOf(1000));
        }
        return Map.copyOf(units);
    }

    /// Parses a rate of at least 1 bit/s.
    ///
    /// @throws QuantityException when the text is no rate
    public static BitRate parse(String text) {
        final QuantityText parts = QuantityText.split(text, EXAMPLES);
        return new BitRate(parts.whole(parts.scaled(UNITS), "bits per second", 1, MOST));
    }

    /// Bytes per second.
    public double bytesPerSecond() {
        return bitsPerSecond / 8.0;
    }

    /// Prints a rate with a decimal unit, for example `2.00 Gb/s`.
    public static String format(double bitsPerSecond) {
        final String[] units = {"b/s", "kb/s", "Mb/s", "Gb/s", "Tb/s", "Pb/s"};
        double value = bitsPerSecond;
        int unit = 0;
        while (value >= 1000 && unit < units.length - 1) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, value < 100 ? "%.2f %s" : "%.1f %s", value, units[unit]);
    }

    @Override
    public String toString() {
        return format(bitsPerSecond);
    }
}
