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
package io.longhaul.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.process.CommandProcess.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Copies between real processes: what arrives, what is refused, and with which words.
@Timeout(120)
class CpProcessTest {
    @TempDir
    Path directory;

    private ServedDirectory server;
    private Path file;

    @BeforeEach
    void startServer() throws IOException {
        server = ServedDirectory.start(directory);
        file = write(directory.resolve("file.bin"), 3_000_001, 1);
    }

    @AfterEach
    void stopServer() {
        server.close();
    }

    @Test
    void copiesBothWaysWithModeAndTime() throws Exception {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-x--x"));
        final Instant modified = Instant.ofEpochSecond(1_500_000_000L, 123_456_000);
        Files.setLastModifiedTime(file, FileTime.from(modified));

        final Outcome up = copy(file.toString(), server.at(""));
        assertEquals(0, up.status(), up.toString());
        final Path there = server.root().resolve("file.bin");
        assertEquals(-1, Files.mismatch(file, there));
        assertEquals("rwxr-x--x", PosixFilePermissions.toString(Files.getPosixFilePermissions(there)));
        assertEquals(modified, Files.getLastModifiedTime(there).toInstant());
        assertEquals(1, up.out().lines().count());
        assertTrue(
                up.has("verified", "true") && up.has("resumed_bytes", "0") && up.has("device", "\"soft0\""), up.out());
        assertEquals(3_000_001, up.number("bytes"));
        assertTrue(up.number("goodput_bps") > 0 && up.number("seconds") > 0 && up.number("payload_share") > 0.9);

        final Path back = directory.resolve("back");
        final Outcome down = copy(server.at("file.bin"), back.toString());
        assertEquals(0, down.status(), down.toString());
        assertEquals(-1, Files.mismatch(file, back));
        assertEquals(modified, Files.getLastModifiedTime(back).toInstant());
        assertEquals("rwxr-x--x", PosixFilePermissions.toString(Files.getPosixFilePermissions(back)));
        assertNothingIsLeft();
    }

    @Test
    void copiesNothingAndOneByteAndOddNames() throws Exception {
        for (int size : new int[] {0, 1}) {
            final Path odd = write(directory.resolve("ä b'\"$\u2028" + size), size, 2);
            assertEquals(0, copy(odd.toString(), server.at("")).status());
            assertEquals(-1, Files.mismatch(odd, server.root().resolve(odd.getFileName())));
            final Path back = directory.resolve("back" + size);
            assertEquals(
                    0,
                    copy(server.at(odd.getFileName().toString()), back.toString())
                            .status());
            assertEquals(-1, Files.mismatch(odd, back));
        }
        assertNothingIsLeft();
    }

    @Test
    void replacesAFileInOneStepAndGoesIntoDirectories() throws Exception {
        final Path sub = Files.createDirectories(server.root().resolve("sub"));
        Files.writeString(sub.resolve("file.bin"), "old");
        assertEquals(0, copy(file.toString(), server.at("sub")).status());
        assertEquals(-1, Files.mismatch(file, sub.resolve("file.bin")));
        assertEquals(0, copy(file.toString(), server.at("sub/other")).status());
        assertEquals(-1, Files.mismatch(file, sub.resolve("other")));
        final Path here = Files.createDirectories(directory.resolve("here"));
        assertEquals(0, copy(server.at("sub/other"), here + "/").status());
        assertEquals(-1, Files.mismatch(file, here.resolve("other")));
    }

    @Test
    void neverLeavesTheRoot() throws Exception {
        final Path outside = Files.createDirectories(directory.resolve("outside"));
        Files.writeString(outside.resolve("secret"), "secret");
        Files.createSymbolicLink(server.root().resolve("way"), outside);
        for (String path : new String[] {"/etc/passwd", "../outside/secret", "way/secret"}) {
            final Path back = directory.resolve("back");
            assertRefused("root", copy(server.at(path), back.toString()));
            assertFalse(Files.exists(back));
            assertRefused("root", copy(file.toString(), server.at(path + ".new")));
        }
        try (Stream<Path> all = Files.list(outside)) {
            assertEquals(1, all.count());
        }
    }

    @Test
    void saysWhatIsWrongWithAFile() throws Exception {
        Files.createDirectories(server.root().resolve("sub"));
        assertRefused(
                "there is no 'nothing'",
                copy(server.at("nothing"), directory.resolve("x").toString()));
        assertRefused(
                "is a directory", copy(server.at("sub"), directory.resolve("x").toString()));
        assertRefused("no such file", copy(directory.resolve("nothing").toString(), server.at("")));
        assertRefused("is a directory", copy(directory.toString(), server.at("")));
        assertRefused("not a regular file", copy("/dev/null", server.at("")));
        assertRefused("there is no", copy(file.toString(), server.at("nowhere/x")));
        assertRefused(
                "there is no directory",
                copy(server.at("file"), directory.resolve("nowhere/x").toString()));
        assertRefused("longer than 255 bytes", copy(file.toString(), server.at("x".repeat(256))));
        assertRefused("reserved", copy(file.toString(), server.at(".x.longhaul-part")));
        assertNothingIsLeft();
    }

    @Test
    void saysThatTheDiskOfTheServerIsFull() throws Exception {
        final ServedDirectory small;
        try {
            small = ServedDirectory.startOnSmallDisk(directory, 2 << 20);
        } catch (AssertionError | IOException e) {
            Assumptions.abort("no name space with a small disk can be made here: " + e.getMessage());
            return;
        }
        try (small) {
            assertRefused("No space left on device", copy(file.toString(), small.at("")));
            assertRefused(
                    "there is no 'file.bin'",
                    copy(small.at("file.bin"), directory.resolve("back").toString()));
        }
    }

    @Test
    void aTerminatedServerEndsWithSuccess() throws Exception {
        final long began = System.nanoTime();
        server.process().terminate();
        final Outcome outcome = server.process().await();
        assertEquals(0, outcome.status(), outcome.toString());
        assertTrue(System.nanoTime() - began < TimeUnit.SECONDS.toNanos(10));
    }

    private Outcome copy(String from, String to) throws IOException, InterruptedException {
        return CommandProcess.run(directory, "cp", from, to, "--insecure", "--json");
    }

    private static void assertRefused(String words, Outcome outcome) {
        assertEquals(1, outcome.status(), outcome.toString());
        final long lines = outcome.err()
                .lines()
                .filter(line -> !line.startsWith("INSECURE"))
                .count();
        assertEquals(1, lines, outcome.err());
        assertEquals(1, outcome.out().lines().count(), outcome.out());
        assertTrue(outcome.err().contains(words), outcome.err());
        assertTrue(outcome.out().contains("\"error\""), outcome.out());
    }

    private void assertNothingIsLeft() throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            assertEquals(
                    0,
                    all.filter(each -> each.toString().contains(".longhaul-")).count());
        }
    }

    static Path write(Path file, int size, long seed) throws IOException {
        final byte[] bytes = new byte[size];
        new SplittableRandom(seed).nextBytes(bytes);
        return Files.write(file, bytes);
    }
}
