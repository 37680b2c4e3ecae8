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
package io.longhaul.congestion.cubic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/// The laws of RFC 9406.
class HyStartTest {
    private static final long RTT = 64_000_000;

    private final HyStart start = new HyStart();
    private long delivered;

    // A round of ten acknowledgements; true when slow start is over.
    private boolean round(long rttNanos) {
        final long sentAt = delivered;
        boolean over = false;
        for (int i = 0; i < 10; i++) {
            delivered += 1000;
            over |= start.onAck(rttNanos, sentAt, delivered);
        }
        return over;
    }

    //= RFC 9406 §4.2 type=test
    @Test
    void aSteadyRoundTripLetsTheWindowDouble() {
        for (int i = 0; i < 30; i++) {
            assertFalse(round(RTT + i % 2 * 3_000_000));
            assertEquals(1, start.growth());
        }
    }

    //= RFC 9406 §4.2 type=test
    @Test
    void aRoundTripThatGrewByAnEighthSlowsDownAndEndsAfterFiveRounds() {
        round(RTT);
        assertFalse(round(RTT + RTT / 8 - 1));
        assertEquals(1, start.growth(), "not yet an eighth");
        round(RTT);
        assertFalse(round(RTT + RTT / 8));
        assertEquals(0.25, start.growth());
        int rounds = 0;
        while (!round(RTT + RTT / 8)) {
            rounds++;
        }
        assertEquals(4, rounds, "the fifth begins over");
    }

    //= RFC 9406 §4.2 type=test
    @Test
    void aRoundTripThatFallsAgainWasNoSign() {
        round(RTT);
        round(RTT + RTT / 8);
        assertEquals(0.25, start.growth());
        round(RTT);
        assertEquals(1, start.growth());
    }

    //= RFC 9406 §4.3 type=test
    @Test
    void theThresholdIsAtLeastFourAndAtMostSixteenMilliseconds() {
        round(8_000_000);
        round(11_999_999);
        assertEquals(1, start.growth());
        final HyStart other = new HyStart();
        long bytes = 0;
        for (long rtt : new long[] {400_000_000, 416_000_000}) {
            final long sentAt = bytes;
            for (int i = 0; i < 10; i++) {
                bytes += 1000;
                other.onAck(rtt, sentAt, bytes);
            }
        }
        assertEquals(0.25, other.growth());
    }

    //= RFC 9406 §4.2 type=test
    @Test
    void fewerThanEightSamplesJudgeNothing() {
        round(RTT);
        final long sentAt = delivered;
        for (int i = 0; i < 7; i++) {
            delivered += 1000;
            start.onAck(2 * RTT, sentAt, delivered);
        }
        assertEquals(1, start.growth());
        delivered += 1000;
        start.onAck(2 * RTT, sentAt, delivered);
        assertEquals(0.25, start.growth());
        assertTrue(start.growth() < 1);
    }
}
