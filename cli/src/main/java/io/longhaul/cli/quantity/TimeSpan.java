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
import java.time.Duration;
import java.util.Locale;
import java.util.Map;

/// A length of time: `50us`, `20ms`, `2s`, `1.5s`, `10min`, `2h`.
///
/// @param nanos 0 and more
public record TimeSpan(long nanos) {
    private static final String EXAMPLES = "50us, 20ms or 2s";

    /// A year: nothing here waits longer, and sums of such times fit a long.
    private static final long MOST = 365L * 86_400 * 1_000_000_000;

    private static final Map<String, BigDecimal> UNITS = Map.of(
            "ns", BigDecimal.ONE,
            "us", BigDecimal.valueOf(1_000L),
            "µs", BigDecimal.valueOf(1_000L),
            "ms", BigDecimal.valueOf(1_000_000L),
            "s", BigDecimal.valueOf(1_000_000_000L),
            "min", BigDecimal.valueOf(60_000_000_000L),
            "h", BigDecimal.valueOf(3_600_000_000_000L));

    /// Parses a time of 0 and more.
    ///
    /// @throws QuantityException when the text is no time
    public static TimeSpan parse(String text) {
        final QuantityText parts = QuantityText.split(text, EXAMPLES);
        return new TimeSpan(parts.whole(parts.scaled(UNITS), "nanoseconds", 0, MOST));
    }

    /// The same as a Duration.
    public Duration toDuration() {
        return Duration.ofNanos(nanos);
    }

    /// Prints a time for people: `850 us`, `20.0 ms`, `12.3 s`, `4 min 05 s`, `1 h 36 min`.
    public static String format(double nanos) {
        if (nanos < 1e6) {
            return String.format(Locale.ROOT, "%.0f us", nanos / 1e3);
        }
        if (nanos < 1e9) {
            return String.format(Locale.ROOT, "%.1f ms", nanos / 1e6);
        }
        if (nanos < 100e9) {
            return String.format(Locale.ROOT, "%.1f s", nanos / 1e9);
        }
        final double seconds = nanos / 1e9;
        if (seconds < 3600) {
            return String.format(Locale.ROOT, "%d min %02d s", (long) seconds / 60, (long) seconds % 60);
        }
        if (seconds < 100 * 86_400.0) {
            return String.format(Locale.ROOT, "%d h %02d min", (long) seconds / 3600, (long) seconds % 3600 / 60);
        }
        return String.format(Locale.ROOT, "%.0f days", seconds / 86_400);
    }

    @Override
    public String toString() {
        return format(nanos);
    }
}
