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

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Where a person's settings lie: {@code $XDG_CONFIG_HOME/longhaul}, by default {@code ~/.config/longhaul}. It holds
/// the certificate that commands use when they are told no other.
///
/// @param path the directory, which need not exist
record ConfigDirectory(Path path) {
    static final String AUTHORITY = "ca.pem";
    static final String AUTHORITY_KEY = "ca-key.pem";
    static final String CERTIFICATE = "cert.pem";
    static final String KEY = "key.pem";

    /// The directory of whoever runs this process.
    static ConfigDirectory present() {
        return of(System.getenv("XDG_CONFIG_HOME"), System.getProperty("user.home", ""));
    }

    /// XDG Base Directory Specification: an empty or relative value counts as none.
    static ConfigDirectory of(@Nullable String configHome, String userHome) {
        final Path base =
                configHome == null || !configHome.startsWith("/") ? Path.of(userHome, ".config") : Path.of(configHome);
        return new ConfigDirectory(base.resolve("longhaul"));
    }

    /// The directory as a person types it.
    String text() {
        final Path home = Path.of(System.getProperty("user.home", "/nonexistent"));
        return path.startsWith(home) ? "~/" + home.relativize(path) : path.toString();
    }

    Path certificate() {
        return path.resolve(CERTIFICATE);
    }

    Path key() {
        return path.resolve(KEY);
    }

    Path authority() {
        return path.resolve(AUTHORITY);
    }
}
