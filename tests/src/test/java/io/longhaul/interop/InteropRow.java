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
package io.longhaul.interop;

/// One row of the interoperation matrix, and as the line of text from which `tests/lab/interop` makes the matrix.
///
/// @param who both ends
/// @param what service and operation
/// @param direction who sends to whom
/// @param ipVersion `IPv4` or `IPv6`
/// @param size payload of a message, bytes
/// @param result `works` and how many messages, or what went wrong
record InteropRow(String who, String what, String direction, String ipVersion, int size, String result) {
    private static final String MARK = "INTEROP";
    private static final String SEPARATOR = " | ";

    static final String WORKS = "works";

    boolean works() {
        return result.startsWith(WORKS);
    }

    /// The row as a line.
    String line() {
        return String.join(SEPARATOR, MARK, who, what, direction, ipVersion, Integer.toString(size), result);
    }

    /// The name of the test that the row is.
    String title() {
        return who + ": " + what + ", " + direction + ", " + ipVersion + ", " + size + " B";
    }
}
