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
package io.longhaul.congestion.scavenger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.congestion.Acks;
import org.junit.jupiter.api.Test;

/// The laws of draft-irtf-iccrg-ledbat-plus-plus-01 as this controller has them, each against its closed form.
class ScavengerControllerTest {
    private static final long RTT = 20_000_000;
    private static final long TARGET = 500_000;

    private ScavengerController controller = new ScavengerController(Acks.config(RTT, 32));
    private Acks acks = new Acks(controller);

    // Past the first pause, in the steady state, with some window.
    private void hold(long rttNanos, long queueNanos) {
        controller = new ScavengerController(Acks.config(rttNanos, 32));
        acks = new Acks(controller);
        for (int round = 0; round < 6; round++) {
            acks.round(rttNanos);
        }
        acks.round(rttNanos + queueNanos, 0.1, 0); // ends the start
        for (int round = 0; !controller.phase().equals("ScavengerPause"); round++) {
            assertTrue(round < 200, "the first pause comes two round trips after the start");
            acks.round(rttNanos, 0.1, 0);
        }
        while (!controller.phase().equals("ScavengerHold")) {
            acks.round(rttNanos);
        }
    }

    //= draft-irtf-iccrg-ledbat-plus-plus-01 §4.3 type=test
    @Test
    void startsWithTwoPacketsAndDoublesUntilThreeQuartersOfTheTarget() {
        assertEquals(2, acks.windowPackets(), 0.01);
        for (int round = 1; round <= 6; round++) {
            acks.round(round == 1 ? RTT : RTT + TARGET * 74 / 100);
            assertEquals(2 << round, acks.windowPackets(), 0.05 * (2 << round));
            assertEquals("ScavengerStart", controller.phase());
        }
        acks.round(RTT + TARGET, 0.1, 0);
        assertEquals("ScavengerHold", controller.phase());
    }

    //= draft-irtf-iccrg-ledbat-plus-plus-01 §4.2 type=test
    @Test
    void growsByItsGainInARoundTrip() {
        // gain = 1 / min(16, ceil(2 target / base)): 1 at 20 ms, 1 / 5 at 0.2 ms, 1 / 16 at 20 us
        final long[] rtts = {20_000_000, 200_000, 20_000};
        final double[] gains = {1, 0.2, 1.0 / 16};
        for (int i = 0; i < rtts.length; i++) {
            hold(rtts[i], TARGET);
            final double before = acks.windowPackets();
            for (int round = 0; round < 5; round++) {
                acks.round(rtts[i]);
            }
            assertEquals(before + 5 * gains[i], acks.windowPackets(), 0.1 * 5 * gains[i] + 0.01, rtts[i] + " ns");
        }
    }

    //= draft-irtf-iccrg-ledbat-plus-plus-01 §4.2 type=test
    @Test
    void shrinksByTheExcessOverTheTarget() {
        hold(RTT, TARGET);
        final double before = acks.windowPackets();
        acks.round(RTT + TARGET + TARGET / 5);
        assertEquals(before * 0.8, acks.windowPackets(), 0.01 * before);
    }

    //= draft-irtf-iccrg-ledbat-plus-plus-01 §4.2 type=test
    @Test
    void shrinksByHalfAtMost() {
        hold(RTT, TARGET);
        final double before = acks.windowPackets();
        acks.round(RTT + 100 * TARGET);
        assertEquals(before / 2, acks.windowPackets(), 0.01 * before);
    }

    //= draft-irtf-iccrg-ledbat-plus-plus-01 §4.4 type=test
    @Test
    void pausesForTwoRoundTripsAndWaitsNineTimesAsLongAsThePauseTook() {
        for (int round = 0; round < 6; round++) {
            acks.round(RTT);
        }
        acks.round(RTT + TARGET, 0.1, 0);
        final long held = acks.nowNanos();
        while (!controller.phase().equals("ScavengerPause")) {
            acks.round(RTT, 0.1, 0);
        }
        assertEquals(2, acks.windowPackets(), 0.01);
        assertEquals(2 * RTT, acks.nowNanos() - held, 2.0 * RTT);
        final long paused = acks.nowNanos();
        while (!controller.phase().equals("ScavengerHold")) {
            acks.round(RTT);
        }
        final long back = acks.nowNanos();
        assertTrue(back - paused >= 2 * RTT, "the pause");
        while (!controller.phase().equals("ScavengerPause")) {
            acks.round(RTT);
        }
        assertEquals(9.0 * (back - paused), acks.nowNanos() - back, 3.0 * RTT);
    }

    @Test
    void aQueueIsRecognisedAgainAfterAPauseThatSawTheEmptyPath() {
        hold(RTT, TARGET);
        // The route is longer now: the next pause sees it, and what is no queue does not shrink the window.
        final long longer = RTT + 5 * TARGET;
        while (!controller.phase().equals("ScavengerPause")) {
            acks.round(longer);
        }
        while (!controller.phase().equals("ScavengerHold")) {
            acks.round(longer);
        }
        final double before = acks.windowPackets();
        acks.round(longer);
        assertTrue(acks.windowPackets() >= before, "grows at the new distance");
    }

    @Test
    void lossesWithAQueueOrManyOfThemHalveOnceInARoundTrip() {
        hold(RTT, TARGET);
        final double before = acks.windowPackets();
        acks.lose(1);
        assertEquals(before, acks.windowPackets(), 0.1, "one packet without a queue is corruption");
        acks.lose(before > 4 ? 4 : 3);
        assertEquals(before / 2, acks.windowPackets(), 0.1, "more than 1 %");
        acks.lose(50);
        assertEquals(before / 2, acks.windowPackets(), 0.1, "once in a round trip");
    }

    @Test
    void marksHalve() {
        hold(RTT, TARGET);
        final double before = acks.windowPackets();
        acks.round(RTT, 0.1, 10);
        assertEquals(before / 2, acks.windowPackets(), 0.1 * before);
    }

    @Test
    void aTimeoutStartsOver() {
        hold(RTT, TARGET);
        acks.timeOut();
        assertEquals(2, acks.windowPackets(), 0.01);
        assertEquals("ScavengerStart", controller.phase());
    }
}
