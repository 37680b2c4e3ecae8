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

class ReorderToleranceTest {
    private static final long RTT = 20_000_000;
    private static final long STEP = RTT / 8;
    private static final long FORGETS_AFTER = 64 * RTT;

    private final ReorderTolerance tolerance = new ReorderTolerance();

    //= RFC 9002 §6.1.1 type=test
    @Test
    void startsWithThreePacketsAndAnEighthOfTheRoundTrip() {
        assertEquals(3, tolerance.packetThreshold());
        assertEquals(STEP, tolerance.windowNanos(RTT));
    }

    //= RFC 8985 §6.2 type=test
    @Test
    void theWindowIsAMillisecondOnShortPathsAndAQuarterOfTheShortestAtMost() {
        assertEquals(1_000_000, tolerance.windowNanos(5_000_000));
        assertEquals(500_000, tolerance.windowNanos(2_000_000));
        assertEquals(100_000, tolerance.windowNanos(200_000));
        assertEquals(50_000, tolerance.windowNanos(50_000), "never more than the round trip");
    }

    @Test
    void learnsFromOnePacketHowManyMayOvertake() {
        tolerance.onSpurious(0, 40, 0, RTT);
        assertEquals(61, tolerance.packetThreshold(), "half as much again");
        assertEquals(STEP, tolerance.windowNanos(RTT), "the time was not at fault");
        tolerance.onSpurious(1, 10, 0, RTT);
        assertEquals(61, tolerance.packetThreshold());
    }

    @Test
    void beyondItsLargestThresholdTimeAloneDecides() {
        tolerance.onSpurious(0, 171, 0, RTT);
        assertEquals(ReorderTolerance.TIME_ALONE, tolerance.packetThreshold());
    }

    @Test
    void learnsFromOnePacketHowLateOneMayBe() {
        tolerance.onSpurious(0, 1, 3 * STEP, RTT);
        assertEquals(5 * STEP, tolerance.windowNanos(RTT), "half as much again, in whole steps");
        tolerance.onSpurious(1, 1, 100 * STEP, RTT);
        assertEquals(RTT, tolerance.windowNanos(RTT));
    }

    @Test
    void unexplainedLessonsDoubleOnceInARoundTrip() {
        int expected = 3;
        for (long now = 0; expected < 256; now += RTT + 1) {
            for (int i = 0; i < 10; i++) {
                tolerance.onUnexplained(now + i, RTT);
            }
            expected = Math.min(256, 2 * expected);
            assertEquals(expected, tolerance.packetThreshold());
            now += 9;
        }
        tolerance.onUnexplained(1L << 40, RTT);
        assertEquals(ReorderTolerance.TIME_ALONE, tolerance.packetThreshold());
        assertEquals(RTT, tolerance.windowNanos(RTT), "eight steps");
    }

    @Test
    void growsBeforeAnythingIsDeclaredLostWrongly() {
        tolerance.onLate(0, 2, 0, RTT);
        assertEquals(4, tolerance.packetThreshold());
        tolerance.onLate(1, 3, 0, RTT);
        assertEquals(5, tolerance.packetThreshold());
    }

    @Test
    void forgetsByHalvesWhatNothingConfirms() {
        tolerance.onSpurious(0, 200, 3 * STEP, RTT);
        tolerance.forget(FORGETS_AFTER - 1, RTT);
        assertEquals(ReorderTolerance.TIME_ALONE, tolerance.packetThreshold());
        tolerance.forget(FORGETS_AFTER, RTT);
        assertEquals(256, tolerance.packetThreshold());
        assertEquals(2 * STEP, tolerance.windowNanos(RTT));
        for (int i = 2; i < 12; i++) {
            tolerance.forget(i * FORGETS_AFTER, RTT);
        }
        assertEquals(3, tolerance.packetThreshold());
        assertEquals(STEP, tolerance.windowNanos(RTT));
    }

    @Test
    void remembersWhatLatePacketsConfirm() {
        tolerance.onSpurious(0, 100, STEP, RTT);
        for (long now = RTT; now < 10 * FORGETS_AFTER; now += FORGETS_AFTER / 4) {
            tolerance.onLate(now, 90, STEP, RTT);
            tolerance.forget(now, RTT);
            assertEquals(151, tolerance.packetThreshold());
            assertTrue(tolerance.windowNanos(RTT) >= 2 * STEP);
        }
        for (long now = 10 * FORGETS_AFTER; now < 13 * FORGETS_AFTER; now += FORGETS_AFTER / 4) {
            tolerance.onLate(now, 5, 0, RTT);
            tolerance.forget(now, RTT);
        }
        assertTrue(tolerance.packetThreshold() < 151, "a little reordering confirms no large threshold");
    }
}
