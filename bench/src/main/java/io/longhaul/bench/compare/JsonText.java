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
package io.longhaul.bench.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// JSON as maps, lists, strings, doubles and booleans: enough for the results of other programs and for our own lines.
final class JsonText {
    private static final int DEEPEST = 64;

    private final String text;
    private int at;

    private JsonText(String text) {
        this.text = text;
    }

    /// Reads an object.
    ///
    /// @throws IllegalArgumentException when the text is no JSON object
    static Map<String, @Nullable Object> parse(String text) {
        JsonText reader = new JsonText(text);
        if (reader.value(0) instanceof Map<?, ?> map) {
            reader.blanks();
            if (reader.at == text.length()) {
                @SuppressWarnings("unchecked") // made below
                Map<String, @Nullable Object> result = (Map<String, @Nullable Object>) map;
                return result;
            }
        }
        throw reader.wrong();
    }

    /// Finds a number by its path.
    ///
    /// @return NaN when there is none
    static double number(Map<String, @Nullable Object> object, String... path) {
        @Nullable Object value = object;
        for (String name : path) {
            value = value instanceof Map<?, ?> map ? map.get(name) : null;
        }
        return value instanceof Number number ? number.doubleValue() : Double.NaN;
    }

    /// Finds a text.
    ///
    /// @return empty when there is none
    static String string(Map<String, @Nullable Object> object, String name) {
        return object.get(name) instanceof String text ? text : "";
    }

    /// Writes an object in one line. Numbers that are not finite become null.
    static String write(Map<String, ? extends @Nullable Object> object) {
        StringBuilder out = new StringBuilder();
        write(out, object);
        return out.toString();
    }

    private static void write(StringBuilder out, @Nullable Object value) {
        switch (value) {
            case null -> out.append("null");
            case Map<?, ?> map -> {
                String separator = "{";
                for (Map.Entry<?, ?> each : map.entrySet()) {
                    out.append(separator);
                    quote(out, String.valueOf(each.getKey()));
                    out.append(": ");
                    write(out, each.getValue());
                    separator = ", ";
                }
                out.append(map.isEmpty() ? "{}" : "}");
            }
            case List<?> list -> {
                out.append('[');
                for (int i = 0; i < list.size(); i++) {
                    out.append(i == 0 ? "" : ", ");
                    write(out, list.get(i));
                }
                out.append(']');
            }
            case Double number -> out.append(number(number));
            case Number number -> out.append(number);
            case Boolean bool -> out.append(bool);
            default -> quote(out, value.toString());
        }
    }

    private static String number(double number) {
        if (!Double.isFinite(number)) {
            return "null";
        }
        return number == Math.rint(number) && Math.abs(number) < 1e15
                ? String.valueOf((long) number)
                : String.format(Locale.ROOT, "%.7g", number);
    }

    private static void quote(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < 0x20) {
                out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }

    private @Nullable Object value(int depth) {
        blanks();
        if (depth > DEEPEST || at >= text.length()) {
            throw wrong();
        }
        char c = text.charAt(at);
        if (c == '{') {
            return object(depth);
        }
        if (c == '[') {
            return list(depth);
        }
        if (c == '"') {
            return quoted();
        }
        int from = at;
        while (at < text.length() && ",]} \t\r\n".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        String word = text.substring(from, at);
        return switch (word) {
            case "null" -> null;
            case "true" -> true;
            case "false" -> false;
            default -> {
                try {
                    yield Double.valueOf(word);
                } catch (NumberFormatException e) {
                    throw wrong();
                }
            }
        };
    }

    private Map<String, @Nullable Object> object(int depth) {
        Map<String, @Nullable Object> result = new LinkedHashMap<>();
        at++;
        blanks();
        while (!takes('}')) {
            blanks();
            String name = quoted();
            blanks();
            expect(':');
            result.put(name, value(depth + 1));
            blanks();
            if (!takes(',')) {
                expect('}');
                return result;
            }
        }
        return result;
    }

    private List<@Nullable Object> list(int depth) {
        List<@Nullable Object> result = new ArrayList<>();
        at++;
        blanks();
        while (!takes(']')) {
            result.add(value(depth + 1));
            blanks();
            if (!takes(',')) {
                expect(']');
                return result;
            }
        }
        return result;
    }

    private String quoted() {
        expect('"');
        StringBuilder out = new StringBuilder();
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '"') {
                return out.toString();
            }
            out.append(c == '\\' ? escaped() : c);
        }
        throw wrong();
    }

    private char escaped() {
        if (at >= text.length()) {
            throw wrong();
        }
        char c = text.charAt(at++);
        if (c == 'u') {
            if (at + 4 > text.length()) {
                throw wrong();
            }
            at += 4;
            return (char) Integer.parseInt(text.substring(at - 4, at), 16);
        }
        int index = "bfnrt".indexOf(c);
        return index < 0 ? c : "\b\f\n\r\t".charAt(index);
    }

    private void blanks() {
        while (at < text.length() && text.charAt(at) <= ' ') {
            at++;
        }
    }

    private boolean takes(char c) {
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char c) {
        if (!takes(c)) {
            throw wrong();
        }
    }

    private IllegalArgumentException wrong() {
        return new IllegalArgumentException("no JSON at character " + at + " of: "
                + text.substring(0, Math.min(60, text.length())).replace('\n', ' '));
    }
}
