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

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A place on a server: `HOST:PORT/PATH`. The path is relative to the root that the server serves.
///
/// @param server the server
/// @param path may be empty, which is the root itself
public record RemotePath(HostPort server, String path) {
    /// A local path of this form is written with `./` before it.
    private static final Pattern REMOTE =
            Pattern.compile("(\\[[^\\]/]*\\]:[^:/]*|[^:/\\[\\]]+:[^:/]*)/(.*)", Pattern.DOTALL);

    private static final Pattern NO_PATH = Pattern.compile("\\[[0-9A-Fa-f:.]+\\]:[0-9]+|[^:/\\[\\]]+:[0-9]{1,5}");

    /// Parses a remote place, or finds that the text is a local path.
    ///
    /// @throws QuantityException when the text is meant as a remote place and is wrong
    public static Optional<RemotePath> tryParse(String text) {
        final Matcher matcher = REMOTE.matcher(text);
        if (matcher.matches()) {
            return Optional.of(new RemotePath(HostPort.parse(matcher.group(1)), matcher.group(2)));
        }
        if (NO_PATH.matcher(text).matches()) {
            throw new QuantityException(
                    text, "has no path", text + "/ for the server's root, or ./" + text + " for a local file");
        }
        return Optional.empty();
    }

    @Override
    public String toString() {
        return server + "/" + path;
    }
}
