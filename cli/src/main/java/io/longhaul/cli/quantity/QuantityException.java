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

/// A text is no quantity of the wanted kind. The message is one line that names the text, the fault and valid examples.
public final class QuantityException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// Creates an exception.
    ///
    /// @param text what was given
    /// @param fault what is wrong with it, without the text
    /// @param examples valid values
    public QuantityException(String text, String fault, String examples) {
        super("'" + printable(text) + "' " + printable(fault) + "; write for example " + printable(examples));
    }

    private static String printable(String text) {
        final StringBuilder out = new StringBuilder();
        text.codePoints().limit(120).forEach(c -> {
            if (Character.isISOControl(c)) {
                out.append('?');
            } else {
                out.appendCodePoint(c);
            }
        });
        return out.toString();
    }
}
