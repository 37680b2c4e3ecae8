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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ThrowawayKeysTest {
    @TempDir
    private Path parent;

    private long directories() throws IOException {
        try (Stream<Path> all = Files.list(parent)) {
            return all.count();
        }
    }

    private Path left(String name, boolean locked) throws IOException {
        final Path directory = Files.createDirectory(parent.resolve(name));
        Files.writeString(directory.resolve("key.pem"), "a key");
        if (locked) {
            Files.createFile(directory.resolve("in-use"));
        }
        return directory;
    }

    @Test
    void nothingIsLeftOfThem() throws IOException {
        try (ThrowawayKeys keys = ThrowawayKeys.make(parent)) {
            assertEquals(1, directories());
            assertEquals(6, keys.options().size());
        }
        assertEquals(0, directories());
    }

    @Test
    void whatAKilledProcessLeftIsDeletedAndWhatIsInUseIsNot() throws IOException {
        try (ThrowawayKeys used = ThrowawayKeys.make(parent)) {
            final Path killed = left("longhaul-keys1", true);
            final Path fresh = left("longhaul-keys2", false);
            final Path old = left("longhaul-keys3", false);
            Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(1))));
            final Path other = left("longhaul-other", true);
            final Path elsewhere = Files.createDirectory(parent.resolve("elsewhere"));
            Files.createFile(elsewhere.resolve("in-use"));
            final Path link = Files.createSymbolicLink(parent.resolve("longhaul-keys4"), elsewhere);
            ThrowawayKeys.make(parent).close();
            assertTrue(Files.exists(Path.of(used.options().get(1))), "another demo runs");
            assertFalse(Files.exists(killed));
            assertTrue(Files.exists(fresh), "it may be about to lock it");
            assertFalse(Files.exists(old));
            assertTrue(Files.exists(other.resolve("key.pem")));
            assertTrue(Files.exists(elsewhere.resolve("in-use")) && Files.exists(link), "links are not followed");
        }
    }
}
