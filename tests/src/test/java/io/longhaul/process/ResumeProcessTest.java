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
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Copies that are killed, repeated, changed and run twice at a time. The seed of a failed run is in its message.
@Timeout(600)
class ResumeProcessTest {
    /// Slow enough for a copy to be in the middle, fast enough to end soon.
    private static final String LINK = "rate=80mbit,delay=2ms,loss=0.1%";

    private static final int SIZE = 24_000_000;

    @TempDir
    Path directory;

    @Test
    void resumesAfterTheClientWasKilled() throws Exception {
        final Path file = CpProcessTest.write(directory.resolve("file"), SIZE, 3);
        try (ServedDirectory server = ServedDirectory.start(directory, "--emulate", LINK)) {
            try (CommandProcess first = copy(file.toString(), server.at(""))) {
                awaitCheckpoint(server.root().resolve(".file.longhaul-part"), 8 << 20);
                first.kill();
            }
            final Outcome second = copy(file.toString(), server.at("")).await();
            assertEquals(0, second.status(), second.toString());
            assertTrue(second.number("resumed_bytes") > 0, second.out());
            assertEquals(SIZE, second.number("bytes") + second.number("resumed_bytes"));
            assertEquals(-1, Files.mismatch(file, server.root().resolve("file")));
            assertNothingIsLeft(server.root());
        }
    }

    @Test
    void resumesAfterTheServerWasKilled() throws Exception {
        final Path file = CpProcessTest.write(directory.resolve("file"), SIZE, 4);
        final int port;
        try (ServedDirectory server = ServedDirectory.start(directory, "--emulate", LINK)) {
            port = server.port();
            try (CommandProcess first = copy(file.toString(), server.at(""))) {
                awaitCheckpoint(server.root().resolve(".file.longhaul-part"), 8 << 20);
                server.process().kill();
                final Outcome lost = first.await();
                assertEquals(1, lost.status(), lost.toString());
                assertTrue(lost.err().contains("lost") && lost.err().contains("repeat the command"), lost.err());
            }
        }
        try (ServedDirectory server = ServedDirectory.start(directory, port, "--emulate", LINK)) {
            final Outcome second = copy(file.toString(), server.at("")).await();
            assertEquals(0, second.status(), second.toString());
            assertTrue(second.number("resumed_bytes") > 0, second.out());
            assertEquals(-1, Files.mismatch(file, server.root().resolve("file")));
        }
    }

    @Test
    void resumesADownloadAfterEitherWasKilled() throws Exception {
        final Path target = directory.resolve("back");
        final Path part = directory.resolve(".back.longhaul-part");
        try (ServedDirectory server = ServedDirectory.start(directory, "--emulate", LINK)) {
            final Path file = CpProcessTest.write(server.root().resolve("file"), SIZE, 5);
            try (CommandProcess first = copy(server.at("file"), target.toString())) {
                awaitCheckpoint(part, 8 << 20);
                first.kill();
            }
            final Outcome second = copy(server.at("file"), target.toString()).await();
            assertEquals(0, second.status(), second.toString());
            assertTrue(second.number("resumed_bytes") > 0, second.out());
            assertEquals(-1, Files.mismatch(file, target));
        }
    }

    @Test
    @Tag("slow")
    void startsAnewWhenTheSourceChangedMeanwhile() throws Exception {
        final Path file = CpProcessTest.write(directory.resolve("file"), SIZE, 6);
        try (ServedDirectory server = ServedDirectory.start(directory, "--emulate", LINK)) {
            interrupt(file, server);
            CpProcessTest.write(file, SIZE, 7);
            final Outcome again = copy(file.toString(), server.at("")).await();
            assertEquals(0, again.status(), again.toString());
            assertEquals(0, again.number("resumed_bytes"));
            assertEquals(-1, Files.mismatch(file, server.root().resolve("file")));
        }
    }

    @Test
    @Tag("slow")
    void startsAnewWhenTheSourceChangedBehindItsTime() throws Exception {
        final Path file = CpProcessTest.write(directory.resolve("file"), SIZE, 8);
        final FileTime time = FileTime.fromMillis(1_600_000_000_000L);
        Files.setLastModifiedTime(file, time);
        try (ServedDirectory server = ServedDirectory.start(directory, "--emulate", LINK)) {
            interrupt(file, server);
            CpProcessTest.write(file, SIZE, 9);
            Files.setLastModifiedTime(file, time);
            final Outcome again = copy(file.toString(), server.at("")).await();
            assertEquals(0, again.status(), again.toString());
            assertEquals(0, again.number("resumed_bytes"));
            assertEquals(-1, Files.mismatch(file, server.root().resolve("file")));
        }
    }

    @Test
    void refusesTwoCopiesToOneTarget() throws Exception {
        // On a machine with other work the second needs seconds to begin: the first must last for longer.
        final Path file = CpProcessTest.write(directory.resolve("file"), 4 * SIZE, 10);
        try (ServedDirectory server = ServedDirectory.start(directory, "--emulate", LINK);
                CommandProcess first = copy(file.toString(), server.at(""))) {
            awaitSize(server.root().resolve(".file.longhaul-part"), 1);
            final Outcome second = copy(file.toString(), server.at("")).await();
            assertEquals(1, second.status(), second.toString());
            assertTrue(second.err().contains("another copy"), second.err());
            assertEquals(0, first.await().status());
            assertEquals(-1, Files.mismatch(file, server.root().resolve("file")));
        }
    }

    @Test
    @Tag("fault-44")
    @Tag("fault-45")
    void survivesAFewKillsAtRandomMoments() throws Exception {
        killAgainAndAgain(2, SIZE);
    }

    /// Ten kills and more, of either process, each while the copy was on its way.
    @Test
    @Tag("slow")
    @Tag("fault-44")
    @Tag("fault-45")
    void survivesBeingKilledAgainAndAgain() throws Exception {
        killAgainAndAgain(10, 4 * SIZE);
    }

    /// Kills either process at random moments, so often; then lets the copy end. Only a kill of a process that was
    /// alive while its peer was in the middle of the copy counts: the rate of the link makes a copy outlast the
    /// wait.
    private void killAgainAndAgain(int kills, int bytes) throws Exception {
        final long seed = Long.getLong("longhaul.seed", System.nanoTime());
        final SplittableRandom random = new SplittableRandom(seed);
        final Path file = CpProcessTest.write(directory.resolve("file"), bytes, seed);
        final Path part = directory.resolve("root/.file.longhaul-part");
        final StringBuilder log = new StringBuilder("seed " + seed + ":");
        int port = 0;
        int kill = 0;
        for (int round = 0; kill < kills; round++) {
            assertTrue(round < 3 * kills, () -> log + " too many copies could not begin");
            try (ServedDirectory server = ServedDirectory.start(directory, port, "--emulate", LINK);
                    CommandProcess client = copy(file.toString(), server.at(""))) {
                port = server.port();
                if (!awaitProgress(part, client, log)) {
                    continue;
                }
                kill++;
                final int afterMillis = random.nextInt(0, 1000);
                final boolean ended = client.process().waitFor(afterMillis, TimeUnit.MILLISECONDS);
                assertFalse(ended, () -> log + " the copy ended before kill " + kills);
                final boolean killsClient = random.nextBoolean();
                (killsClient ? client : server.process()).kill();
                log.append(killsClient ? " client" : " server")
                        .append(" after ")
                        .append(afterMillis)
                        .append(" ms,");
                assertTrue(client.await().status() != 0, log::toString);
            }
        }
        try (ServedDirectory server = ServedDirectory.start(directory, port, "--emulate", LINK)) {
            final Outcome end = copy(file.toString(), server.at("")).await();
            assertEquals(0, end.status(), log + " " + end);
            log.append(" resumed ")
                    .append((long) end.number("resumed_bytes"))
                    .append(" of ")
                    .append(bytes);
            assertTrue(kills < 10 || end.number("resumed_bytes") > 0, log::toString);
        }
        assertEquals(-1, Files.mismatch(file, directory.resolve("root/file")), log::toString);
        System.out.println(kills + " kills, " + log);
    }

    // Waits until this copy has written: the file of an earlier one is there already. False when it did not even
    // connect: a crowded machine needs longer than the ten seconds for which a client waits.
    private static boolean awaitProgress(Path part, CommandProcess client, StringBuilder log)
            throws IOException, InterruptedException {
        final FileTime before = Files.exists(part) ? Files.getLastModifiedTime(part) : FileTime.fromMillis(0);
        final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!Files.exists(part) || Files.getLastModifiedTime(part).compareTo(before) <= 0) {
            if (!client.isAlive()) {
                final Outcome outcome = client.await();
                assertTrue(outcome.out().contains("cannot connect"), () -> log + " a copy ended by itself: " + outcome);
                log.append(" no connection,");
                return false;
            }
            assertTrue(System.nanoTime() - deadline < 0, () -> log + " a copy does not go on");
            LockSupport.parkNanos(2_000_000);
        }
        return true;
    }

    private void interrupt(Path file, ServedDirectory server) throws Exception {
        try (CommandProcess first = copy(file.toString(), server.at(""))) {
            awaitCheckpoint(server.root().resolve(".file.longhaul-part"), 8 << 20);
            first.kill();
        }
        assertFalse(Files.exists(server.root().resolve("file")));
    }

    private CommandProcess copy(String from, String to) throws IOException {
        return CommandProcess.start(directory, "cp", from, to, "--insecure", "--json", "--emulate", LINK);
    }

    /// Waits until so much has arrived, and a second and a half more, so that some of it is noted as durable.
    private static void awaitCheckpoint(Path part, long bytes) throws IOException {
        awaitSize(part, bytes);
        LockSupport.parkNanos(1_200_000_000);
    }

    private static void awaitSize(Path part, long bytes) throws IOException {
        final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!Files.exists(part) || Files.size(part) < bytes) {
            assertTrue(System.nanoTime() - deadline < 0, "no " + bytes + " bytes in " + part);
            LockSupport.parkNanos(2_000_000);
        }
    }

    private static void assertNothingIsLeft(Path root) throws IOException {
        try (Stream<Path> all = Files.list(root)) {
            assertEquals(1, all.count());
        }
    }
}
