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
package io.longhaul.congestion.bbr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class QueueDelayTest {
    private static final long MILLI = 1_000_000L;
    private static final long RTT = 20 * MILLI;
    private final QueueDelay queue = new QueueDelay(RTT);
    private long nowNanos;

    @Test
    void takesTheSmallestSampleOfAQuarterRoundTripForTheQueue() {
        //= draft-ietf-ccwg-bbr-06 §5.5.7 type=test
        feed(RTT, 10);
        feed(RTT + 3 * MILLI, 80); // long enough for the step itself to be forgotten as jitter
        assertEquals(3 * MILLI, queue.queueNanos());
        assertTrue(queue.isHigh());
    }

    @Test
    void doesNotTakeScatteredLateSamplesForAQueue() {
        feed(RTT, 10);
        for (int sample = 0; sample < 40; sample++) {
            feed(RTT + (sample % 4 == 0 ? 0 : 6 * MILLI), 1);
        }
        assertEquals(0, queue.queueNanos());
        assertTrue(queue.isLow());
    }

    @Test
    void judgesAQueueAlikeOverLongPathsAndShort() {
        feed(RTT, 1);
        assertEquals(MILLI / 2, queue.lowNanos());
        assertEquals(MILLI, queue.highNanos());
        final QueueDelay far = new QueueDelay(100 * MILLI);
        far.onSample(0, 100 * MILLI);
        assertEquals(MILLI / 2, far.lowNanos());
        assertEquals(MILLI, far.highNanos());
    }

    @Test
    void tellsJitterFromAQueueByItsFalls() {
        feed(RTT, 10);
        for (int sample = 0; sample < 80; sample++) {
            // A queue that competing flows fill and drain by a quarter of their rate.
            feed(RTT + (sample % 16 < 8 ? sample % 16 : 16 - sample % 16) * MILLI / 4, 1);
        }
        assertEquals(MILLI, queue.highNanos(), "a queue that moves is no noise");
        for (int sample = 0; sample < 80; sample++) {
            feed(RTT + (sample % 2) * 3 * MILLI, 1);
        }
        assertTrue(queue.highNanos() > 4 * MILLI, "jitter of 3 ms is noise: " + queue.highNanos());
    }

    @Test
    void judgesTheQueueOverAWholeRoundTripWhereJitterHoldsPacketsThatLong() {
        feed(RTT, 10);
        for (int burst = 0; burst < 12; burst++) {
            feed(RTT + 10 * MILLI, 9); // held for longer than a quarter of a round trip
            feed(RTT, 1);
            if (burst > 2) {
                assertTrue(queue.queueNanos() < MILLI, "queue of " + queue.queueNanos() + " ns after burst " + burst);
            }
        }
    }

    @Test
    void believesInARivalWhenYieldingNeverEmptiesTheQueueAndNowAndThenDoubtsIt() {
        feed(RTT, 10);
        int doubts = 0;
        for (int round = 0; round < 200; round++) {
            feed(RTT + 3 * MILLI, 20);
            queue.onRoundEnd(Math.max(50, 100 - round));
            if (round < 45) {
                assertFalse(queue.hasRival(), "too early, in round " + round);
                assertTrue(queue.isHigh() || round == 0);
            } else if (round >= 55 && !queue.hasRival()) {
                doubts++;
            }
        }
        assertTrue(doubts >= 16 && doubts <= 32, "rounds of doubt: " + doubts);
        feed(RTT + 3 * MILLI, 20);
        feed(RTT, 20);
        assertFalse(queue.hasRival(), "the queue was low");
    }

    @Test
    void doesNotTakeAQueueForTheWorkOfARivalWhileTheRateHolds() {
        feed(RTT, 10);
        for (int round = 0; round < 200; round++) {
            feed(RTT + 3 * MILLI / 2, 20);
            queue.onRoundEnd(100 - round % 10);
            assertFalse(queue.hasRival(), "in round " + round);
        }
    }

    @Test
    void doesNotCallTwoPacketsOfASlowPathAQueue() {
        feed(RTT, 1);
        queue.packetTime(10 * MILLI);
        feed(RTT + 20 * MILLI, 10);
        assertFalse(queue.isHigh());
    }

    @Test
    void tellsAStepFromARampOfTheRoundTrip() {
        feed(RTT, 10);
        feed(RTT + 10 * MILLI, 20);
        assertEquals(0, queue.risingBuckets());
        for (int sample = 0; sample < 20; sample++) {
            feed(RTT + 10 * MILLI + sample * MILLI, 1);
        }
        assertTrue(queue.risingBuckets() >= 3, "rising " + queue.risingBuckets());
    }

    @Test
    void remembersTheSmallestRoundTripOfAMinuteToJudgeLossesBy() {
        feed(RTT, 10);
        queue.rebase(nowNanos, RTT + 10 * MILLI);
        queue.onRoundEnd(100);
        feed(RTT + 10 * MILLI, 10);
        assertFalse(queue.isHigh());
        assertTrue(queue.roundMayOverflow());
    }

    private void feed(long rttNanos, int samples) {
        for (int sample = 0; sample < samples; sample++) {
            nowNanos += MILLI;
            queue.onSample(nowNanos, rttNanos);
        }
    }
}
