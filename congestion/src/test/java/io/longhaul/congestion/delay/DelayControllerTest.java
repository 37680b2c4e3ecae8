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
package io.longhaul.congestion.delay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.congestion.Acks;
import org.junit.jupiter.api.Test;

/// The laws of Swift (SIGCOMM 2020) as this controller has them, each against its closed form.
class DelayControllerTest {
    private static final long RTT = 20_000_000;
    private static final int WINDOW = 2500;

    private DelayController controller = new DelayController(Acks.declared(RTT, WINDOW));
    private Acks acks = new Acks(controller);

    private void use(DelayController value) {
        controller = value;
        acks = new Acks(value);
    }

    //= Swift, SIGCOMM 2020 §3.5 type=test
    @Test
    void theTargetDoublesItsAllowanceForSmallWindows() {
        // alpha / sqrt(w) + beta is 1 at 10 packets and 0 at 10,000.
        for (int packets : new int[] {4, 10, 100, 1000, 10_000, 50_000}) {
            use(new DelayController(Acks.declared(RTT, packets)));
            acks.round(RTT, 0.1, 0);
            final double alpha = 1 / (1 / Math.sqrt(10) - 1 / Math.sqrt(10_000));
            final double scaling = Math.clamp(alpha / Math.sqrt(packets) - alpha / Math.sqrt(10_000), 0, 1);
            assertEquals(RTT + 1_000_000 * (1 + scaling), controller.targetNanos(), 1000, packets + " packets");
        }
    }

    @Test
    void theAllowanceIsATwentiethOfLongPaths() {
        use(new DelayController(Acks.declared(5 * RTT, 100_000)));
        acks.round(5 * RTT, 0.1, 0);
        assertEquals(5 * RTT + 5_000_000, controller.targetNanos(), 1);
    }

    //= Swift, SIGCOMM 2020 §3.1 type=test
    @Test
    void growsByTheRootOfTheWindowInARoundTrip() {
        for (int round = 0; round < 20; round++) {
            final double before = acks.windowPackets();
            acks.round(RTT);
            assertEquals(before + Math.sqrt(before), acks.windowPackets(), 0.03 * Math.sqrt(before));
        }
    }

    @Test
    void longerPathsGrowMoreAndShorterOnesLess() {
        final long[] rtts = {2_000_000, 10_000_000, 40_000_000, 200_000_000};
        final double[] scales = {0.25, 0.5, 2, 4};
        for (int i = 0; i < rtts.length; i++) {
            use(new DelayController(Acks.declared(rtts[i], WINDOW)));
            acks.round(rtts[i]);
            assertEquals(WINDOW + 50 * scales[i], acks.windowPackets(), 0.03 * 50 * scales[i]);
        }
    }

    //= Swift, SIGCOMM 2020 §3.1 type=test
    @Test
    void shrinksByTheExcessOverTheTarget() {
        acks.round(RTT, 0.1, 0); // the base is known
        final double before = acks.windowPackets();
        final long delay = 25_000_000;
        final double excess = (double) (delay - controller.targetNanos()) / delay;
        acks.round(delay);
        assertEquals(before * (1 - 0.8 * excess), acks.windowPackets(), 0.001 * before);
    }

    //= Swift, SIGCOMM 2020 §3.1 type=test
    //= Swift, SIGCOMM 2020 §3.2 type=test
    @Test
    void shrinksToAHalfAtMostAndOnceInARoundTrip() {
        acks.round(RTT, 0.1, 0);
        final double before = acks.windowPackets();
        acks.round(10 * RTT);
        assertEquals(before / 2, acks.windowPackets(), 0.001 * before);
        acks.round(10 * RTT);
        assertEquals(before / 4, acks.windowPackets(), 0.001 * before);
    }

    @Test
    void marksShrinkByHalfTheirShare() {
        acks.round(RTT, 0.1, 0);
        final double before = acks.windowPackets();
        acks.round(RTT, 0.1, 40);
        assertEquals(before * 0.8, acks.windowPackets(), 0.005 * before);
    }

    //= Swift, SIGCOMM 2020 §3.4 type=test
    @Test
    void lossCountsOnlyWhileTheDelayIsHigh() {
        acks.round(RTT, 0.1, 0);
        final double before = acks.windowPackets();
        acks.lose(100);
        assertEquals(before, acks.windowPackets(), 0.1);
        acks.round(22_000_000, 0.1, 0);
        final double late = acks.windowPackets();
        assertTrue(late < before);
        acks.pass(22_000_000);
        acks.lose(1);
        assertEquals(late / 2, acks.windowPackets(), 1);
    }

    //= Swift, SIGCOMM 2020 §3.4 type=test
    @Test
    void theThirdTimeoutInARowStartsOver() {
        acks.timeOut();
        assertEquals(WINDOW / 2.0, acks.windowPackets(), 1);
        acks.pass(RTT);
        acks.timeOut();
        assertEquals(WINDOW / 4.0, acks.windowPackets(), 1);
        acks.pass(RTT);
        acks.timeOut();
        assertEquals(2, acks.windowPackets(), 0.01);
        assertEquals("DelayStart", controller.phase());
        acks.round(RTT);
        assertEquals(4, acks.windowPackets(), 0.1, "doubles");
    }

    @Test
    void withoutARateItDoublesUntilThereIsAQueueAndHalvesOnce() {
        use(new DelayController(Acks.config(RTT, 10)));
        for (int round = 1; round <= 6; round++) {
            acks.round(RTT);
            assertEquals(10 << round, acks.windowPackets(), 0.01 * (10 << round));
        }
        final double before = acks.windowPackets();
        acks.round(30_000_000, 0.1, 0);
        assertEquals(before / 2, acks.windowPackets(), 0.05 * before);
        assertEquals("DelayHold", controller.phase());
    }

    @Test
    void aBaseThatWasNotSeenForLongIsLookedForWithADrainedQueue() {
        acks.round(RTT, 0.1, 0);
        final long longer = 20_900_000; // below the target: the window neither grows, being unused, nor shrinks
        while (!controller.phase().equals("DelayDrain")) {
            acks.round(longer, 0.1, 0);
            assertTrue(acks.nowNanos() < 40_000_000_000L, "a base is stale after 30 s");
        }
        assertTrue(acks.nowNanos() > 30_000_000_000L);
        assertEquals(0.75 * WINDOW, acks.windowPackets(), 0.01 * WINDOW);
        while (controller.phase().equals("DelayDrain")) {
            acks.round(longer, 0.1, 0);
        }
        assertEquals(WINDOW, acks.windowPackets(), 0.01 * WINDOW);
        assertTrue(controller.targetNanos() > longer + 1_000_000, "the route is longer now");
    }
}
