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
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/// The command `simulate`, as people and programs see it.
@ResourceLock(Resources.SYSTEM_OUT)
@Timeout(120)
class SimulateTest {
    private static String run(int status, String line) {
        final PrintStream before = System.out;
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
            assertEquals(status, Main.commandLine().execute(line.split(" ")));
            return out.toString(StandardCharsets.UTF_8);
        } finally {
            System.setOut(before);
        }
    }

    @Test
    void transfersGiveOneJsonObjectWithTheAgreedFields() {
        final String out = run(
                0, "simulate --rate 1gbit --rtt 10ms --loss 1e-3 --burst 4 --reorder 1% --size 64KiB --runs 20 --json");
        assertEquals(1, out.lines().count());
        for (String field : new String[] {
            "\"simulated\": true", "\"runs\": 20", "\"efficiency\": ", "\"completion_ratio\": {\"mean\": ", "\"p50\": ",
            "\"p99\": ", "\"p999\": ", "\"retransmitted_fraction\": ", "\"parity_fraction\": ",
                    "\"payload_share\": 0.98"
        }) {
            assertTrue(out.contains(field), field + " is missing in " + out);
        }
    }

    @Test
    void streamsCallTheirFiguresSimulated() {
        final String out = run(0, "simulate --rate 1gbit --rtt 10ms --loss 1e-3 --seconds 2 --flows 2 --cold");
        assertTrue(out.contains("(simulated)"), out);
        assertTrue(out.contains("Jain's index"), out);
    }

    @Test
    void printsTheSameTraceHashForTheSameSeed() {
        final String line = "simulate --rate 1gbit --rtt 10ms --loss 1% --size 1MiB --runs 3 --seed 9 --json";
        assertEquals(hash(run(0, line)), hash(run(0, line)));
    }

    private static String hash(String json) {
        final int at = json.indexOf("\"trace_hash\"");
        return json.substring(at, json.indexOf(',', at));
    }
}
