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
package io.longhaul.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class LaneWeightsTest {
    private static final long ROUND = 20_000_000;

    private final SendLane[] lanes = {
        new SendLane(0, 1_000_000, 1_000_000_000, 0), new SendLane(1, 1_000_000, 1_000_000_000, 0)
    };
    private final LaneWeights weights = new LaneWeights(lanes);
    private long nowNanos;

    private void round(SendLane lane, int packets, int arrived) {
        lane.newestReported += packets;
        lane.reportedPackets += arrived;
        nowNanos += ROUND;
        weights.onAck(nowNanos, ROUND);
    }

    /// Slow lanes: in no look do both have enough packets to be judged.
    @Test
    void lanesThatAreSeenInTurnsAreCompared() {
        for (int i = 0; i < 10; i++) {
            round(lanes[0], 40, 40);
            round(lanes[1], 40, 28);
        }
        assertEquals(LaneWeights.FULL, lanes[0].weight);
        assertEquals(1, lanes[1].weight);
    }

    @Test
    void aLaneThatRecoversComesBack() {
        lanesThatAreSeenInTurnsAreCompared();
        for (int i = 0; i < 16; i++) {
            round(lanes[0], 40, 40);
            round(lanes[1], 40, 40);
        }
        assertEquals(LaneWeights.FULL, lanes[1].weight);
    }

    @Test
    void aLaneThatIsAloneIsNotJudged() {
        for (int i = 0; i < 10; i++) {
            round(lanes[1], 40, 28);
        }
        assertTrue(lanes[1].weight == LaneWeights.FULL, "nothing better is known");
    }
}
