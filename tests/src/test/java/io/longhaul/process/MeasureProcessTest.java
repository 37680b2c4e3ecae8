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
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.process.CommandProcess.Outcome;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `perf` and `demo` between real processes.
@Timeout(120)
class MeasureProcessTest {
    @TempDir
    Path directory;

    @Test
    void measuresEveryOperation() throws Exception {
        try (ServedDirectory server = ServedDirectory.start(directory)) {
            for (String operation : new String[] {"write", "read", "send", "stream", "atomic"}) {
                final Outcome outcome = perf(server, operation);
                assertEquals(0, outcome.status(), operation + ": " + outcome);
                assertTrue(
                        outcome.has("op", "\"" + operation + "\"") && outcome.has("verified", "true"), outcome.out());
                assertTrue(outcome.number("operations") > 0, outcome.out());
                assertTrue(outcome.number("p50") <= outcome.number("max"), outcome.out());
                assertTrue(
                        outcome.number("cpu_seconds") > 0 && outcome.number("server_cpu_seconds") > 0, outcome.out());
            }
        }
    }

    private Outcome perf(ServedDirectory server, String operation) throws Exception {
        final String target = "127.0.0.1:" + server.port();
        if (operation.equals("atomic")) {
            return CommandProcess.run(
                    directory,
                    "perf",
                    target,
                    "--insecure",
                    "--op",
                    operation,
                    "--seconds",
                    "1",
                    "--warmup",
                    "200ms",
                    "--json");
        }
        return CommandProcess.run(
                directory,
                "perf",
                target,
                "--insecure",
                "--op",
                operation,
                "--size",
                "64KiB",
                "--seconds",
                "1",
                "--warmup",
                "200ms",
                "--depth",
                "16",
                "--json");
    }

    @Test
    void postsAtAGivenRate() throws Exception {
        try (ServedDirectory server = ServedDirectory.start(directory)) {
            final Outcome outcome = CommandProcess.run(
                    directory,
                    "perf",
                    "127.0.0.1:" + server.port(),
                    "--insecure",
                    "--size",
                    "10KB",
                    "--rate",
                    "8mbit",
                    "--seconds",
                    "2",
                    "--warmup",
                    "500ms",
                    "--json");
            assertEquals(0, outcome.status(), outcome.toString());
            assertEquals(200, outcome.number("operations"), 20, outcome.out());
        }
    }

    @Test
    void refusesWhatItsMemoryCannotHold() throws Exception {
        try (ServedDirectory server = ServedDirectory.start(directory, "--max-memory", "8MiB")) {
            final Outcome outcome = CommandProcess.run(
                    directory,
                    "perf",
                    "127.0.0.1:" + server.port(),
                    "--insecure",
                    "--size",
                    "1MiB",
                    "--depth",
                    "64",
                    "--json");
            assertEquals(1, outcome.status(), outcome.toString());
            assertTrue(outcome.err().contains("--max-memory"), outcome.err());
        }
    }

    @Test
    void demonstratesAndLeavesNoProcess() throws Exception {
        final Outcome outcome =
                CommandProcess.run(directory, "demo", "--km", "400", "--rate", "200mbit", "--size", "8MiB", "--json");
        assertEquals(0, outcome.status(), outcome.toString());
        assertTrue(outcome.has("verified", "true"), outcome.out());
        assertTrue(outcome.has("sealed", "true"), outcome.out());
        assertEquals(8 << 20, outcome.number("bytes"));
        assertEquals(4, outcome.number("link_rtt_ms"));
        assertTrue(outcome.number("efficiency") > 0 && outcome.number("efficiency") <= 1.0, outcome.out());
        assertGone(farSide(outcome.err()));
    }

    @Test
    void aKilledDemoLeavesNoProcess() throws Exception {
        try (CommandProcess demo = CommandProcess.start(directory, "demo", "--rate", "10mbit", "--size", "1GiB")) {
            final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (!demo.outcome().err().contains("runs as process") && System.nanoTime() - deadline < 0) {
                Thread.onSpinWait();
            }
            final long pid = farSide(demo.outcome().err());
            demo.kill();
            assertGone(pid);
        }
    }

    private static long farSide(String err) {
        final Matcher matcher = Pattern.compile("runs as process (\\d+)").matcher(err);
        assertTrue(matcher.find(), err);
        return Long.parseLong(matcher.group(1));
    }

    private static void assertGone(long pid) throws Exception {
        final ProcessHandle handle = ProcessHandle.of(pid).orElse(null);
        if (handle != null) {
            handle.onExit().get(15, TimeUnit.SECONDS);
        }
    }
}
