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

import io.longhaul.Longhaul.Identity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// Keys for two processes on this machine, in a directory for its owner alone, which goes when they are closed.
final class ThrowawayKeys implements AutoCloseable {
    private static final String HOST = "127.0.0.1";

    private final Path directory;

    private ThrowawayKeys(Path directory) {
        this.directory = directory;
    }

    /// Makes them, valid for 60 days.
    static ThrowawayKeys make() throws IOException {
        final ThrowawayKeys keys = new ThrowawayKeys(Files.createTempDirectory("longhaul-keys"));
        boolean made = false;
        try {
            // Longer than the notice that certificates get before they end; the files go with the demo.
            new KeyFiles(keys.directory, false).make(List.of(List.of(HOST)), Duration.ofDays(60), Instant.now());
            made = true;
            keys.deleteAtExit();
            return keys;
        } finally {
            if (!made) {
                keys.close();
            }
        }
    }

    /// In case this process is interrupted: in the reverse order of these calls.
    private void deleteAtExit() {
        directory.toFile().deleteOnExit();
        for (final String each : List.of(
                ConfigDirectory.AUTHORITY,
                ConfigDirectory.AUTHORITY_KEY,
                ConfigDirectory.CERTIFICATE,
                ConfigDirectory.KEY)) {
            file(each).toFile().deleteOnExit();
        }
    }

    private Path file(String name) {
        return directory.resolve(name);
    }

    /// Options that make a command use them.
    List<String> options() {
        return List.of(
                "--cert", file(ConfigDirectory.CERTIFICATE).toString(),
                "--key", file(ConfigDirectory.KEY).toString(),
                "--trust", file(ConfigDirectory.AUTHORITY).toString());
    }

    /// The same for this process.
    Identity identity() {
        return Identity.ofPem(
                file(ConfigDirectory.CERTIFICATE), file(ConfigDirectory.KEY), file(ConfigDirectory.AUTHORITY));
    }

    @Override
    public void close() throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (final Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        }
    }
}
