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

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.longhaul.Connection;
import io.longhaul.ConnectionException;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.Message;
import io.longhaul.RemoteRegion;
import io.longhaul.process.CommandProcess.Outcome;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// Processes that may open few files.
@Timeout(120)
@EnabledOnOs(OS.LINUX)
class DescriptorsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /// With fewer than that a JVM does not begin.
    private static final int FEWEST = 24;

    private static final int ENOUGH = 100;

    private static final String TOO_MANY = "oo many open files";

    @TempDir
    Path directory;

    private static List<String> limit(int descriptors) {
        return List.of("bash", "-c", "ulimit -n " + descriptors + "; exec \"$@\"", "bash");
    }

    // From few on, the descriptors run out at ever later moments, until there are enough.
    @Test
    @Tag("fault-58")
    void aCommandWithoutDescriptorsEndsWithOneLine() throws Exception {
        final String jars = jars();
        final Path file = CpProcessTest.write(directory.resolve("file"), 1000, 1);
        final List<String> lines = new ArrayList<>();
        try (ServedDirectory server = ServedDirectory.start(directory)) {
            for (int descriptors = FEWEST; descriptors < ENOUGH; descriptors += 2) {
                try (CommandProcess cp = CommandProcess.startProgram(
                        limit(descriptors),
                        directory,
                        jars,
                        "io.longhaul.cli.Main",
                        "cp",
                        file.toString(),
                        server.at(""),
                        "--insecure")) {
                    final Outcome outcome = cp.await();
                    if (outcome.status() == 0) {
                        break;
                    }
                    if (outcome.err().startsWith("Error: ")) {
                        continue; // of the JVM, which found no room for the program
                    }
                    final List<String> told = outcome.err()
                            .lines()
                            .filter(line -> !line.startsWith("INSECURE"))
                            .toList();
                    assertEquals(1, outcome.status(), descriptors + " descriptors: " + outcome);
                    assertEquals(1, told.size(), descriptors + " descriptors: " + outcome);
                    lines.add(told.getFirst());
                }
            }
        }
        assertTrue(lines.size() >= 2 && lines.size() < (ENOUGH - FEWEST) / 2, lines::toString);
        assertTrue(
                lines.stream().anyMatch(line -> line.contains("EMFILE") || line.contains(TOO_MANY)), lines::toString);
    }

    /// The class path with jars in the place of folders, as people run it: a jar that is open needs nothing more.
    private String jars() throws IOException {
        final List<String> path = new ArrayList<>();
        for (final String each : CommandProcess.classPath().split(File.pathSeparator)) {
            final Path entry = Path.of(each);
            if (!Files.isDirectory(entry)) {
                path.add(each);
            } else {
                path.add(jar(entry, directory.resolve(path.size() + ".jar")));
            }
        }
        return String.join(File.pathSeparator, path);
    }

    private static String jar(Path folder, Path jar) throws IOException {
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream jarred = new JarOutputStream(out);
                Stream<Path> all = Files.walk(folder)) {
            for (final Path each : all.filter(Files::isRegularFile).toList()) {
                jarred.putNextEntry(new JarEntry(folder.relativize(each).toString()));
                Files.copy(each, jarred);
            }
        }
        return jar.toString();
    }

    @Test
    @Tag("fault-58")
    void aProcessWithoutDescriptorsKeepsItsConnectionsAndRefusesOthers() throws Exception {
        final LonghaulConfig config =
                LonghaulConfig.builder().insecure(true).lanes(1).build();
        try (CommandProcess program =
                        CommandProcess.startProgram(limit(200), directory, jars(), GreedyServer.class.getName());
                Longhaul endpoint = Longhaul.open(config);
                Arena arena = Arena.ofShared()) {
            final InetSocketAddress address = new InetSocketAddress(
                    InetAddress.getLoopbackAddress(), Integer.parseInt(program.awaitOutput("listening on (\\d+)")));
            try (Connection established = endpoint.connect(address, PATIENCE)) {
                final RemoteRegion memory = established.lookup("memory").get();
                // What these need is loaded before the descriptors are gone.
                assertEquals("done", ask(established, "listen"));
                assertEquals("done", ask(established, "connect"));
                assertEquals("free 0", ask(established, "free"));
                takeAllUntil(established, () -> isRefused(ask(established, "connect")));
                takeAllUntil(established, () -> isRefused(ask(established, "listen")));
                takeAllUntil(established, () -> !canConnect(endpoint, address));
                exchange(established, memory, arena);

                assertEquals("free 0", ask(established, "free"));
                endpoint.connect(address, PATIENCE).close();
                exchange(established, memory, arena);
            }
        }
    }

    // The connections before are closed on the other end a little later, and give back what they had; and one
    // descriptor may be left.
    private static void takeAllUntil(Connection connection, Callable<Boolean> isRefused) throws Exception {
        for (int i = 0; i < 50; i++) {
            final String taken = ask(connection, "take");
            assertTrue(taken.matches("take [1-9]\\d*"), taken);
            if (isRefused.call()) {
                return;
            }
        }
        fail("works without descriptors");
    }

    private static boolean isRefused(String answer) {
        assertEquals(1, answer.lines().count(), answer);
        return answer.startsWith("ConnectionException: ") && answer.contains(TOO_MANY);
    }

    private static boolean canConnect(Longhaul endpoint, InetSocketAddress address) {
        try (Connection connection = endpoint.connect(address, Duration.ofSeconds(1))) {
            return connection.isOpen();
        } catch (ConnectionException e) {
            return false;
        }
    }

    private static String ask(Connection connection, String what) throws Exception {
        connection
                .send(MemorySegment.ofArray(what.getBytes(StandardCharsets.UTF_8)))
                .get();
        try (Message answer = connection.receive(PATIENCE)) {
            assertNotNull(answer, what);
            return new String(answer.segment().toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
        }
    }

    private static void exchange(Connection connection, RemoteRegion memory, Arena arena) throws Exception {
        final MemorySegment there = arena.allocate(memory.length(), 8);
        final MemorySegment back = arena.allocate(memory.length(), 8);
        for (int round = 1; round <= 20; round++) {
            there.fill((byte) round);
            connection.write(there, memory, 0).get();
            connection.read(memory, 0, back).get();
            assertArrayEquals(there.toArray(ValueLayout.JAVA_BYTE), back.toArray(ValueLayout.JAVA_BYTE));
        }
    }
}
