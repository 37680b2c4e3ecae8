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
package io.longhaul.cli;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A JSON object in the making: fields keep their order, numbers have no locale.
///
/// Threading: one thread.
final class Json {
    private static final int DIGITS = 7;

    private final Map<String, @Nullable Object> fields = new LinkedHashMap<>();

    /// Sets a text.
    Json put(String name, @Nullable String value) {
        fields.put(name, value);
        return this;
    }

    /// Sets a whole number.
    Json put(String name, long value) {
        fields.put(name, value);
        return this;
    }

    /// Sets a number of seven digits; null when it is not finite.
    Json put(String name, double value) {
        fields.put(name, Double.isFinite(value) ? new BigDecimal(value).round(new MathContext(DIGITS)) : null);
        return this;
    }

    /// Sets true or false.
    Json put(String name, boolean value) {
        fields.put(name, value);
        return this;
    }

    /// Sets an object.
    Json put(String name, Json value) {
        fields.put(name, value);
        return this;
    }

    /// Sets an array of texts and objects.
    Json put(String name, List<?> values) {
        fields.put(name, List.copyOf(values));
        return this;
    }

    /// Adds all fields of another object.
    Json putAll(Json other) {
        fields.putAll(other.fields);
        return this;
    }

    @Override
    public String toString() {
        final StringBuilder out = new StringBuilder();
        write(out, this);
        return out.toString();
    }

    private static void write(StringBuilder out, @Nullable Object value) {
        switch (value) {
            case null -> out.append("null");
            case Json object -> {
                String separator = "{";
                for (Map.Entry<String, @Nullable Object> each : object.fields.entrySet()) {
                    out.append(separator);
                    quote(out, each.getKey());
                    out.append(": ");
                    write(out, each.getValue());
                    separator = ", ";
                }
                out.append(object.fields.isEmpty() ? "{}" : "}");
            }
            case List<?> list -> {
                out.append('[');
                for (int i = 0; i < list.size(); i++) {
                    out.append(i == 0 ? "" : ", ");
                    write(out, list.get(i));
                }
                out.append(']');
            }
            case BigDecimal number -> out.append(plain(number));
            case Number number -> out.append(number);
            case Boolean bool -> out.append(bool);
            default -> quote(out, value.toString());
        }
    }

    private static String plain(BigDecimal number) {
        final BigDecimal stripped = number.stripTrailingZeros();
        return Math.abs(stripped.scale()) < 30 ? stripped.toPlainString() : stripped.toString();
    }

    private static void quote(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\t' -> out.append("\\t");
                case '\r' -> out.append("\\r");
                default -> {
                    if (c < 0x20 || c == 0x7f || Character.isSurrogate(c) || c == '\u2028' || c == '\u2029') {
                        escape(out, c);
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private static void escape(StringBuilder out, char c) {
        out.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) {
            out.append(Character.forDigit(c >> shift & 0xf, 16));
        }
    }
}
