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
package io.longhaul.sim.experiment;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.congestion.catalog.ControllerCatalog;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Simulated: our own flows over paths of different length that share one line.
@Timeout(120)
class SharedLineTest {
    // Two that start within a round trip of each other disturb each other's Startup, and who then begins with how much
    // is chance: over the first 40 s Jain's index is 0.79 to 1.00. What must not depend on it is where they end.
    @ParameterizedTest(name = "20 and {0} ms, the latter {1} ms later")
    @CsvSource({"80, 0", "80, 100", "40, 30"})
    void flowsOverShortAndLongPathsShareInPeace(int farMillis, int laterMillis) {
        final PathSettings path = new PathSettings();
        path.rateBitsPerSecond = 1_000_000_000L;
        path.rttNanos = 20_000_000;
        final List<FlowSettings> flows = new ArrayList<>();
        flows.add(new FlowSettings("longhaul", "bbr", path.rttNanos, 0, Long.MAX_VALUE, false));
        flows.add(new FlowSettings(
                "longhaul", "bbr", farMillis * 1_000_000L, laterMillis * 1_000_000L, Long.MAX_VALUE, false));
        final StreamExperiment done = new StreamExperiment(
                        path, flows, ControllerCatalog::find, 75_000_000_000L, 40_000_000_000L)
                .run(seconds -> {});
        final String reached = "Jain " + done.jain() + ", utilisation " + done.utilisation() + ", queue p95 "
                + done.queueP95Nanos() / 1e6 + " ms, seed " + path.seed;
        assertTrue(done.jain() >= 0.9, reached);
        assertTrue(done.utilisation() >= 0.95, reached);
        assertTrue(done.queueP95Nanos() <= 4_000_000, reached);
    }
}
