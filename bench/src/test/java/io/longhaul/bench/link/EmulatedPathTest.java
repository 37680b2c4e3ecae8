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
package io.longhaul.bench.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.longhaul.bench.peers.TcpMessages;
import io.longhaul.verbs.soft.LinkCounters.Counter;
import io.longhaul.verbs.soft.WireConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The kernel's TCP over the link: needs root, and is skipped with the reason without it.
@Timeout(120)
final class EmulatedPathTest {
    private static final int SIZE = 1 << 20;

    @BeforeAll
    static void needsRoot() {
        String reason = NetworkPair.unavailable().orElse("");
        assumeTrue(reason.isEmpty(), reason);
    }

    private static List<String> java(String... args) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                TcpMessages.class.getName()));
        command.addAll(List.of(args));
        return command;
    }

    private static double number(String json, String field) {
        Matcher matcher = Pattern.compile("\"" + field + "\": ([0-9.]+)").matcher(json);
        assertTrue(matcher.find(), json);
        return Double.parseDouble(matcher.group(1));
    }

    @Test
    void tcpCrossesItWithTheDelayAndTheRateOfTheModelAndLosesWhatItLoses() throws Exception {
        WireConfig there = WireConfig.builder()
                .rateBitsPerSecond(200_000_000)
                .delay(Duration.ofMillis(10))
                .queueBytes(4 << 20)
                .lossFraction(0.005)
                .seed(3)
                .maxMemoryBytes(32 << 20)
                .build();
        WireConfig back = WireConfig.builder()
                .delay(Duration.ofMillis(10))
                .maxMemoryBytes(32 << 20)
                .build();
        String name;
        try (NetworkPair namespaces = new NetworkPair();
                EmulatedPath path = new EmulatedPath(namespaces, there, back, 9000)) {
            name = namespaces.left();
            Process server = namespaces
                    .program(true, java("serve", NetworkPair.RIGHT_ADDRESS, "0"))
                    .redirectError(Redirect.INHERIT)
                    .start();
            try {
                String json = load(namespaces, server);
                // 20 ms there and back, and 42 ms for a mebibyte on the line: no message can be faster.
                assertEquals(40, number(json, "operations"));
                assertTrue(number(json, "p50") >= 62_000, json);
                assertTrue(number(json, "p50") < 1_000_000, json);
            } finally {
                server.destroyForcibly();
            }
            assertTrue(path.link().counters(0).get(Counter.LOST_PACKETS) > 5);
            assertTrue(path.link().counters(0).get(Counter.OFFERED_PACKETS) > 41L * SIZE / 9000);
            assertTrue(path.link().counters(0).get(Counter.LOST_PACKETS)
                    < path.link().counters(0).get(Counter.OFFERED_PACKETS) / 20);
            assertEquals(0, path.link().refusedWrites());
            path.link().check();
        }
        assertFalse(Files.exists(Path.of("/run/netns", name)));
    }

    private static String load(NetworkPair namespaces, Process server) throws IOException, InterruptedException {
        BufferedReader output =
                new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
        String port = String.valueOf((int) number(String.valueOf(output.readLine()), "port"));
        Process load = namespaces
                .program(
                        false,
                        java("load", NetworkPair.RIGHT_ADDRESS, port, String.valueOf(SIZE), "1", "40", "0", "50"))
                .redirectError(Redirect.INHERIT)
                .start();
        String json = new String(load.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(load.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, load.exitValue(), json);
        return json;
    }

    @Test
    void namespacesFilesAndLimitsGoWhenTheirProcessIsKilled() throws Exception {
        String limit = limit();
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Holder.class.getName()));
        Process holder =
                new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
        BufferedReader output =
                new BufferedReader(new InputStreamReader(holder.getInputStream(), StandardCharsets.UTF_8));
        Path left = Path.of("/run/netns", String.valueOf(output.readLine()));
        Path folder = Path.of(String.valueOf(output.readLine()));
        assertTrue(Files.exists(left));
        assertTrue(Files.exists(folder.resolve("file")));
        holder.destroyForcibly().waitFor();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while ((Files.exists(left) || Files.exists(folder) || !limit().equals(limit)) && System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
        assertFalse(Files.exists(left));
        assertFalse(Files.exists(folder));
        assertEquals(limit, limit());
    }

    private static String limit() throws IOException {
        try (var in = Files.newInputStream(Path.of("/proc/sys/net/core/rmem_max"))) {
            byte[] bytes = new byte[32];
            return new String(bytes, 0, in.read(bytes), StandardCharsets.US_ASCII);
        }
    }

    /// Holds namespaces until it is killed.
    static final class Holder {
        private Holder() {}

        public static void main(String[] args) throws Exception {
            NetworkPair pair = new NetworkPair();
            Files.writeString(pair.folder().resolve("file"), "left behind");
            System.out.println(pair.left());
            System.out.println(pair.folder());
            Thread.sleep(Duration.ofMinutes(1));
            pair.close();
        }
    }
}
