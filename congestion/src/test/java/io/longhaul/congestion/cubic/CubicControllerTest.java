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
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.congestion.Acks;
import org.junit.jupiter.api.Test;

/// The laws of RFC 9438, each against its closed form.
class CubicControllerTest {
    private static final long RTT = 100_000_000;
    private static final double C = 0.4;
    private static final double BETA = 0.7;

    private CubicController controller = new CubicController(Acks.declared(RTT, 1000), true);
    private Acks acks = new Acks(controller);

    private void use(long rttNanos, int packets) {
        controller = new CubicController(Acks.declared(rttNanos, packets), true);
        acks = new Acks(controller);
    }

    // The window after a cut, by the formula; packets and seconds.
    private static double curve(double seconds, double maximum, double atCut) {
        final double k = Math.cbrt((maximum - atCut) / C);
        return C * Math.pow(seconds - k, 3) + maximum;
    }

    //= RFC 9438 §4.6 type=test
    @Test
    void aLossLeavesSevenTenths() {
        acks.lose(1);
        assertEquals(700, acks.windowPackets(), 0.1);
    }

    @Test
    void lossesOfOneFlightAreOneCut() {
        final long sent = acks.nowNanos() - 1;
        acks.lose(1);
        acks.pass(RTT);
        acks.lose(5, sent);
        assertEquals(700, acks.windowPackets(), 0.1);
        acks.lose(1);
        assertEquals(490, acks.windowPackets(), 0.1, "a packet sent after the cut");
    }

    //= RFC 9438 §4.2 type=test
    //= RFC 9438 §4.1 type=test
    //= RFC 9438 §4.4 type=test
    //= RFC 9438 §4.5 type=test
    @Test
    void growsAlongItsCurve() {
        acks.lose(1);
        acks.round(RTT); // recovery: the window waits
        assertEquals(700, acks.windowPackets(), 1);
        final long epoch = acks.nowNanos();
        for (int round = 1; round <= 200; round++) {
            acks.round(RTT);
            final double seconds = (acks.nowNanos() - epoch) / 1e9;
            // The target is a round trip ahead, and a round trip leads to it.
            final double expected = curve(seconds, 1000, 700);
            assertEquals(expected, acks.windowPackets(), 0.015 * expected, "after " + seconds + " s");
        }
    }

    //= RFC 9438 §4.7 type=test
    @Test
    void fastConvergenceLowersTheMaximum() {
        acks.lose(1);
        acks.pass(1);
        acks.lose(1);
        assertEquals(490, acks.windowPackets(), 0.1);
        acks.round(RTT);
        final double maximum = 700 * (1 + BETA) / 2;
        final double k = Math.cbrt((maximum - 490) / C);
        for (int round = 0; round < k / 0.1; round++) {
            acks.round(RTT);
        }
        assertEquals(maximum, acks.windowPackets(), 0.01 * maximum, "the plateau of " + maximum);
    }

    @Test
    void withoutFastConvergenceTheMaximumIsWhereTheCutWas() {
        controller = new CubicController(Acks.declared(RTT, 1000), false);
        acks = new Acks(controller);
        acks.lose(1);
        acks.pass(1);
        acks.lose(1);
        acks.round(RTT);
        final double k = Math.cbrt((700 - 490) / C);
        for (int round = 0; round < k / 0.1; round++) {
            acks.round(RTT);
        }
        assertEquals(700, acks.windowPackets(), 7);
    }

    //= RFC 9438 §4.3 type=test
    @Test
    void isAsFastAsRenoOnShortPaths() {
        final long rtt = 1_000_000;
        final double alpha = 3 * (1 - BETA) / (1 + BETA);
        use(rtt, 100);
        acks.lose(1);
        acks.round(rtt);
        for (int round = 1; round <= 50; round++) {
            acks.round(rtt);
            assertEquals(70 + alpha * round, acks.windowPackets(), 1, "round " + round);
        }
        while (acks.windowPackets() < 100) {
            acks.round(rtt);
        }
        for (int round = 1; round <= 50; round++) {
            acks.round(rtt);
            assertEquals(100 + round, acks.windowPackets(), 2, "one packet in a round trip above the last window");
        }
    }

    //= RFC 9438 §4.2 type=test
    @Test
    void growsByHalfInARoundTripAtMost() {
        acks.lose(1);
        acks.round(RTT);
        acks.round(RTT);
        acks.pass(300_000_000_000L); // far up the curve
        for (int round = 0; round < 3; round++) {
            final double before = acks.windowPackets();
            acks.round(RTT);
            assertTrue(acks.windowPackets() <= 1.5 * before + 1, "from " + before + " to " + acks.windowPackets());
            assertTrue(acks.windowPackets() >= 1.4 * before);
        }
    }

    //= RFC 9438 §5.8 type=test
    @Test
    void aWindowThatIsNotUsedDoesNotGrow() {
        acks.lose(1);
        acks.round(RTT);
        for (int round = 0; round < 300; round++) {
            acks.round(RTT, 0.5, 0);
        }
        assertEquals(700, acks.windowPackets(), 1);
    }

    //= RFC 9438 §5.8 type=test
    @Test
    void timeWithoutDataIsNoTimeOfTheCurve() {
        acks.lose(1);
        acks.round(RTT);
        acks.round(RTT);
        final double before = acks.windowPackets();
        acks.pass(60_000_000_000L);
        controller.onPacketSent(acks.nowNanos(), Acks.PACKET_BYTES, Acks.PACKET_BYTES, false);
        acks.round(RTT);
        final double expected = curve(0.1, 1000, before);
        assertEquals(expected, acks.windowPackets(), 0.02 * expected);
    }

    //= RFC 9438 §4.6 type=test
    @Test
    void marksCountAsOneLossInARoundTrip() {
        acks.round(RTT, 1, 10);
        assertEquals(700, acks.windowPackets(), 15);
        final double before = acks.windowPackets();
        acks.round(RTT, 1, 10);
        assertEquals(BETA * before, acks.windowPackets(), 15);
    }

    //= RFC 9438 §4.9.2 type=test
    @Test
    void aCutIsTakenBackWhenAllThatItWasMadeForArrives() {
        acks.lose(3);
        acks.arriveAfterAll(2);
        assertEquals(700, acks.windowPackets(), 0.1);
        acks.arriveAfterAll(1);
        assertEquals(1000, acks.windowPackets(), 0.1);
    }

    //= RFC 9438 §4.8 type=test
    @Test
    void aTimeoutStartsOverUpToSevenTenths() {
        acks.timeOut();
        assertEquals(2, acks.windowPackets(), 0.01);
        assertEquals("CubicSlowStart", controller.phase());
        acks.round(RTT);
        assertEquals(4, acks.windowPackets(), 0.1, "slow start doubles");
        for (int round = 0; round < 12; round++) {
            acks.round(RTT);
        }
        assertEquals("CubicAvoidance", controller.phase());
        assertTrue(acks.windowPackets() >= 700, "slow start ends at seven tenths");
        assertTrue(acks.windowPackets() < 760, "and is slow from there: " + acks.windowPackets());
    }

    @Test
    void pacesAboveTheWindowsRate() {
        final double rate = 1000.0 * Acks.PACKET_BYTES / 0.1;
        assertEquals(1.25 * rate, controller.pacingRateBytesPerSecond(), 0.001 * rate);
        acks.timeOut();
        assertEquals(2.0 * 2 * Acks.PACKET_BYTES / 0.1, controller.pacingRateBytesPerSecond(), 10);
    }
}
