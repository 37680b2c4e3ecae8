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

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A host and a port: `dc2:4900`, `192.0.2.7:4900`, `[2001:db8::1]:4900`. Names are not resolved here.
///
/// @param host name or address, without brackets
/// @param port 0..65535
public record HostPort(String host, int port) {
    private static final String EXAMPLES = "dc2:4900, 192.0.2.7:4900 or [::1]:4900";

    /// Names and IPv4 addresses: letters and digits of any script, but no blank, no bracket, no slash, no colon,
    /// no control.
    private static final Pattern NAMED = Pattern.compile("([^\\s:/\\[\\]@\\p{Cntrl}]{1,253}):([^:/]*)");

    private static final Pattern BRACKETED =
            Pattern.compile("\\[([0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9_.-]{1,32})?)\\]:([^:/]*)");

    /// Parses an address whose port is 1..65535.
    ///
    /// @throws QuantityException when the text is no address
    public static HostPort parse(String text) {
        return parse(text, 1);
    }

    /// Parses an address to listen on: port 0 lets the kernel choose.
    public static HostPort parseListen(String text) {
        return parse(text, 0);
    }

    private static HostPort parse(String text, int leastPort) {
        Matcher matcher = BRACKETED.matcher(text);
        if (!matcher.matches()) {
            matcher = NAMED.matcher(text);
        }
        if (!matcher.matches()) {
            throw new QuantityException(text, "is not HOST:PORT", EXAMPLES);
        }
        return new HostPort(matcher.group(1), port(text, matcher.group(2), leastPort));
    }

    private static int port(String text, String digits, int least) {
        if (!digits.matches("[0-9]{1,5}")) {
            throw new QuantityException(text, "has no port of " + least + "..65535", EXAMPLES);
        }
        final int port = Integer.parseInt(digits);
        if (port < least || port > 65_535) {
            throw new QuantityException(text, "has port " + port + ", which is not in " + least + "..65535", EXAMPLES);
        }
        return port;
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
