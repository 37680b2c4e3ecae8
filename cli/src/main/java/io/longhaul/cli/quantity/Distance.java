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
import java.util.Map;

/// The length of a fibre: `2000km`, `500m`.
///
/// @param kilometres 0 and more
public record Distance(double kilometres) {
    private static final String EXAMPLES = "2000km or 500m";

    /// Light needs 4.9 us for a kilometre of fibre (refractive index 1.468); 5 is customary and leaves room for
    /// detours.
    public static final double NANOS_PER_KILOMETRE = 5_000;

    /// The way to the moon: delays stay below two seconds.
    private static final BigDecimal MOST_KILOMETRES = BigDecimal.valueOf(384_400);

    private static final Map<String, BigDecimal> UNITS =
            Map.of("km", BigDecimal.ONE, "m", BigDecimal.valueOf(1, 3), "", BigDecimal.ONE);

    /// Parses a length; a number without a unit is in kilometres, as the option's name says.
    ///
    /// @throws QuantityException when the text is no length
    public static Distance parse(String text) {
        final QuantityText parts = QuantityText.split(text, EXAMPLES);
        final BigDecimal kilometres = parts.unit().isEmpty() ? parts.number() : parts.scaled(UNITS);
        if (kilometres.compareTo(MOST_KILOMETRES) > 0) {
            throw parts.fault("is too large (at most " + MOST_KILOMETRES + "km)");
        }
        return new Distance(kilometres.doubleValue());
    }

    /// Time of light one way, nanoseconds.
    public long oneWayNanos() {
        return Math.round(kilometres * NANOS_PER_KILOMETRE);
    }
}
