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
import java.math.BigInteger;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A number with a unit, taken apart without regard to the locale: ASCII digits, a point, no sign.
///
/// @param text what was given
/// @param number its number, exact
/// @param unit what follows the number, may be empty
/// @param examples valid values, for messages
record QuantityText(String text, BigDecimal number, String unit, String examples) {
    /// At most 30 digits on either side, so that the exact arithmetic stays cheap whatever is given.
    private static final Pattern PLAIN = Pattern.compile("([0-9]{1,30}(?:\\.[0-9]{1,30})?)(.*)", Pattern.DOTALL);

    private static final Pattern SCIENTIFIC =
            Pattern.compile("([0-9]{1,30}(?:\\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?)(.*)", Pattern.DOTALL);

    /// Splits a number without exponent from its unit.
    static QuantityText split(String text, String examples) {
        return split(text, examples, PLAIN);
    }

    /// Splits a number, with exponent or without, from its unit.
    static QuantityText splitScientific(String text, String examples) {
        return split(text, examples, SCIENTIFIC);
    }

    private static QuantityText split(String text, String examples, Pattern pattern) {
        if (text.isEmpty()) {
            throw new QuantityException(text, "is empty", examples);
        }
        if (text.charAt(0) == '-') {
            throw new QuantityException(text, "is negative", examples);
        }
        final Matcher matcher = pattern.matcher(text);
        if (!matcher.matches()) {
            throw new QuantityException(text, "does not start with a plain number", examples);
        }
        return new QuantityText(text, new BigDecimal(matcher.group(1)), matcher.group(2), examples);
    }

    /// The number times the factor of its unit.
    ///
    /// @throws QuantityException when the unit is missing or unknown
    BigDecimal scaled(Map<String, BigDecimal> units) {
        if (unit.isEmpty()) {
            throw fault("has no unit");
        }
        final BigDecimal factor = units.get(unit);
        if (factor == null) {
            throw fault("has the unknown unit '" + (unit.length() > 20 ? unit.substring(0, 20) : unit) + "'");
        }
        return number.multiply(factor);
    }

    /// A whole number within bounds.
    ///
    /// @param what unit in which the value is whole, for messages
    long whole(BigDecimal value, String what, long least, long most) {
        final BigInteger integer;
        try {
            integer = value.toBigIntegerExact();
        } catch (ArithmeticException e) {
            throw fault("is not a whole number of " + what);
        }
        if (integer.compareTo(BigInteger.valueOf(most)) > 0) {
            throw fault("is too large");
        }
        if (integer.compareTo(BigInteger.valueOf(least)) < 0) {
            throw fault("is too small");
        }
        return integer.longValueExact();
    }

    QuantityException fault(String fault) {
        return new QuantityException(text, fault, examples);
    }
}
