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
    void scalesItsThresholdsWithTheRoundTrip() {
        feed(RTT, 1);
        assertEquals(MILLI / 2, queue.lowNanos());
        assertEquals(MILLI, queue.highNanos());
        final QueueDelay far = new QueueDelay(100 * MILLI);
        far.onSample(0, 100 * MILLI);
        assertEquals(2 * MILLI, far.lowNanos());
        assertEquals(5 * MILLI, far.highNanos());
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
        queue.onRoundEnd();
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
