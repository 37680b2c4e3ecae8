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

/// A share of a whole: `0.1%`, `1e-4`, `0.001`, `0`.
///
/// @param value 0..1
public record Fraction(double value) {
    private static final String EXAMPLES = "0.1%, 1e-4 or 0";

    /// No share.
    public static final Fraction ZERO = new Fraction(0);

    /// Parses a fraction of 0 to 1; a number without a per cent sign is the fraction itself.
    ///
    /// @throws QuantityException when the text is no fraction
    public static Fraction parse(String text) {
        final QuantityText parts = QuantityText.splitScientific(text, EXAMPLES);
        final BigDecimal value = switch (parts.unit()) {
            case "" -> parts.number();
            case "%" -> parts.number().movePointLeft(2);
            default -> throw parts.fault("has the unknown unit '" + parts.unit() + "'");
        };
        if (value.compareTo(BigDecimal.ONE) > 0) {
            throw parts.fault("is more than 1 (100%)");
        }
        return new Fraction(value.doubleValue());
    }

    @Override
    public String toString() {
        final BigDecimal percent = BigDecimal.valueOf(value).movePointRight(2).stripTrailingZeros();
        return percent.toPlainString() + "%";
    }
}
