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

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Bad command lines: exit status 2, one line that names the option, nothing on standard output.
@ResourceLock(Resources.SYSTEM_OUT)
class UsageTest {
    private record Outcome(int status, String out, String err) {}

    private static Outcome run(String... args) {
        final PrintStream outBefore = System.out;
        final PrintStream errBefore = System.err;
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final ByteArrayOutputStream err = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
            final int status = Main.commandLine().execute(args);
            return new Outcome(status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(outBefore);
            System.setErr(errBefore);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nope",
                "serve",
                "serve --insecure --listen host:0x50",
                "serve --insecure --listen 4900",
                "serve --insecure --root /nonexistent/root",
                "serve --insecure --port 5",
                "cp",
                "cp a",
                "cp a b",
                "cp h:1/a h:1/b",
                "cp a h:0/b",
                "cp a h:65536/b --insecure",
                "cp a h:1/b",
                "cp a h:1/b c",
                "cp h:1/ b --insecure",
                "cp a h:1/b --insecure --lanes 0",
                "cp a h:1/b --insecure --lanes 65",
                "cp a h:1/b --insecure --lanes 1e3",
                "cp a h:1/b --insecure --dscp 64",
                "cp a h:1/b --insecure --fec sometimes",
                "cp a h:1/b --insecure --dscp -1",
                "cp a h:1/b --insecure --cc vegas",
                "cp a h:1/b --insecure --cc reserved",
                "cp a h:1/b --insecure --rate-hint 10",
                "cp a h:1/b --insecure --rate-hint NaNgbit",
                "cp a h:1/b --insecure --max-memory 10kb",
                "cp a h:1/b --insecure --max-memory 1KiB",
                "cp a h:1/b --insecure --insecure",
                "cp a h:1/b --insecure --lanes",
                "cp a h:1/b --insecure --emulate delay",
                "cp a h:1/b --insecure --emulate delay=1ms,delay=2ms",
                "cp a h:1/b --insecure --emulate loss=2",
                "cp a h:1/b --insecure --emulate reorder=1%",
                "cp a h:1/b --insecure --emulate delay=1ms --device mlx5_0",
                "perf",
                "perf host",
                "perf h:1",
                "perf h:1 --insecure --op wriet",
                "perf h:1 --insecure --size 0B",
                "perf h:1 --insecure --size 2GiB",
                "perf h:1 --insecure --op atomic --size 16B",
                "perf h:1 --insecure --seconds 0",
                "perf h:1 --insecure --seconds -1",
                "perf h:1 --insecure --seconds 1e9",
                "perf h:1 --insecure --warmup 99999h",
                "perf h:1 --insecure --depth -5",
                "perf h:1 --insecure --rate 0gbit",
                "pingpong",
                "pingpong rc",
                "pingpong uc --size 0",
                "pingpong uc --size 2147483648",
                "pingpong uc --mtu 1000",
                "pingpong uc --port 65536",
                "pingpong uc host --port 0",
                "pingpong uc --rx-depth 0",
                "pingpong ud --iters 0",
                "pingpong ud --timeout 5",
                "pingpong ud --address nowhere",
                "pingpong ud h1 h2",
                "plan",
                "plan --rate 1gbit",
                "plan --km 5",
                "plan --rate 1gbit --km 5 --rtt 5ms",
                "plan --rate 1gbit --km 5 --loss 100%",
                "plan --rate 1gbit --km -5",
                "plan --rate Infinity --km 5",
                "simulate",
                "simulate --rate 1gbit --rtt 10ms",
                "simulate --rate 1gbit --size 1MiB",
                "simulate --rate 1gbit --rtt 10ms --size 1MiB --seconds 3",
                "simulate --rate 1gbit --rtt 10ms --size 1MiB --runs 0",
                "simulate --rate 1gbit --rtt 10ms --size 1MiB --lanes 65",
                "simulate --rate 1gbit --rtt 10ms --size 1MiB --loss 100%",
                "simulate --rate 1gbit --rtt 10ms --size 1MiB --cc vegas",
                "simulate --rate 1gbit --rtt 10ms --size 1MiB --cc reserved --cold",
                "simulate --rate 1gbit --rtt 10ms --size 1MiB --scheme tcp",
                "simulate --rate 1gbit --rtt 10ms --size 1MiB --flows 2",
                "simulate --rate 1gbit --rtt 10ms --seconds 3 --flow rtt",
                "simulate --rate 1gbit --rtt 10ms --seconds 3 --flow speed=1",
                "simulate --rate 1gbit --rtt 10ms --seconds 3 --step 1s:mtu=5",
                "simulate --rate 1gbit --rtt 10ms --seconds 3 --step 1s",
                "simulate --rate 1gbit --rtt 10ms --seconds 3 --red 1MiB:1MiB:1%",
                "simulate --rate 1gbit --rtt 10ms --seconds 3 --policer 1gbit",
                "simulate --rate 1gbit --rtt 10ms --seconds 3 --queue xbdp",
                "simulate --rate 1gbit --rtt 10ms --seconds 3 --queue 1KiB",
                "simulate --rate 1gbit --rtt 10ms --seconds 3 --loss-trace /nonexistent/trace",
                "simulate --rate 1gbit --rtt 10ms --seconds 1",
                "demo --loss 51%",
                "demo --km 1e9",
                "demo --size 1",
                "demo --seed x",
                "demo --lanes 99",
                "test",
                "bench",
                "@file"
            })
    void badUsageIsOneLineAndStatusTwo(String line) {
        final Outcome outcome = run(line.isEmpty() ? new String[0] : line.split(" "));
        assertEquals(2, outcome.status(), outcome.err());
        assertEquals("", outcome.out());
        assertEquals(1, outcome.err().lines().count(), outcome.err());
        assertTrue(outcome.err().startsWith("longhaul"), outcome.err());
        assertFalse(outcome.err().contains("Exception"), outcome.err());
    }

    @Test
    void badUsageInJsonIsOneObject() {
        final Outcome outcome = run("plan", "--rate", "2", "--km", "5", "--json");
        assertEquals(2, outcome.status());
        assertEquals(1, outcome.out().lines().count());
        assertTrue(
                outcome.out().startsWith("{\"error\": \"Invalid value for option '--rate': '2' has no unit;"),
                outcome.out());
        assertTrue(outcome.out().strip().endsWith("\"exit_status\": 2}"), outcome.out());
    }

    @Test
    void failureInJsonIsOneObjectAndStatusOne() {
        final Outcome outcome = run("cp", "/nonexistent/file", "127.0.0.1:1/x", "--insecure", "--json");
        assertEquals(1, outcome.status());
        assertEquals(1, outcome.out().lines().count());
        assertTrue(outcome.out().contains("no such file"), outcome.out());
    }

    @Test
    void planSpeaksForPeopleAndForPrograms() {
        final Outcome people = run("plan", "--rate", "100gbit", "--km", "2000", "--loss", "1e-4", "--size", "72TB");
        assertEquals(0, people.status(), people.err());
        assertTrue(people.out().contains("14.08%"), people.out());
        assertTrue(people.out().contains("1 h 36 min"), people.out());
        final Outcome programs = run("plan", "--rate", "100gbit", "--km", "2000", "--json");
        assertEquals(1, programs.out().lines().count());
        assertTrue(programs.out().contains("\"bdp_bytes\": 250000000"), programs.out());
    }

    @Test
    void everyCommandExplainsItself() {
        for (String each : Main.commandLine().getSubcommands().keySet()) {
            final Outcome outcome = run(each, "--help");
            assertEquals(0, outcome.status());
            assertTrue(outcome.out().contains("longhaul " + each), outcome.out());
        }
    }
}
