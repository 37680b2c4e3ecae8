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

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// Connections on which nothing is sent.
final class IdleSimulationTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int MINUTES = 10;

    /// A question and its answer for each side, and nothing about the answer: 10,000 idle connections are many
    /// packets
    /// otherwise.
    @Test
    void onlyAskWhetherThePeerLives() {
        final WireConfig.Builder link =
                WireConfig.builder().rateBitsPerSecond(2_000_000_000L).delay(Duration.ofMillis(1));
        final Pair.Settings settings = new Pair.Settings()
                .seed(1)
                .lanes(8)
                .idleTimeoutNanos(10 * SECOND)
                .link(link);
        try (Pair pair = new Pair(settings).establish()) {
            pair.runFor(10 * SECOND); // the path is explored
            final long before = pair.steps();
            pair.runFor(MINUTES * 60 * SECOND);
            final long each = (pair.steps() - before) / (MINUTES * 24); // in 2.5 s
            assertTrue(each >= 2 && each <= 6, () -> each + " packets in a keep-alive interval");
            assertFalse(pair.client.closed || pair.server.closed);
        }
    }
}
