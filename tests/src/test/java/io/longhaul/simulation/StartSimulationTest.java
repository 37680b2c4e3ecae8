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
package io.longhaul.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// What a connection assumes of its path before anything has been delivered.
final class StartSimulationTest {
    private static final int SEEDS = 60;
    private static final int PACKET_BYTES = 9000;
    private static final long ROUND_TRIP_MILLIS = 40;

    /// Acknowledgements of probes are not repeated. Where they are lost, the answers show the round trip: the 1 ms
    /// that was assumed before would send 40 times the rate of an initial window.
    @Test
    void lostAcknowledgementsDoNotHideTheRoundTrip() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            final WireConfig.Builder link = WireConfig.builder()
                    .rateBitsPerSecond(1_000_000_000L)
                    .delay(Duration.ofMillis(ROUND_TRIP_MILLIS / 2))
                    .lossFraction(0.4);
            try (Pair pair = new Pair(
                            new Pair.Settings().seed(seed).ipBytes(PACKET_BYTES).link(link))
                    .establish()) {
                final long rate = pair.client.engine.statistics(pair.nowNanos()).pacingRateBytesPerSecond();
                final long most = 70L * PACKET_BYTES * 1000 / ROUND_TRIP_MILLIS;
                assertTrue(rate <= most, "starts at " + rate + " bytes/s, more than " + most + ", seed " + seed);
            }
        }
    }
}
