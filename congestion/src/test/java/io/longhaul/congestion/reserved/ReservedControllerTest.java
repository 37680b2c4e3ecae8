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
package io.longhaul.congestion.reserved;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.CongestionController;
import io.longhaul.congestion.LinkModel;
import io.longhaul.congestion.ModelFlow;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReservedControllerTest {
    private static final long MILLI = 1_000_000L;
    private static final long SECOND = 1_000_000_000L;
    private static final long RTT = 20 * MILLI;
    private static final double RATE = 500e6;

    @Test
    void namesTheRemedyWhenNoRateIsDeclared() {
        final CongestionConfig config = new CongestionConfig(1400, RTT, 0, 1 << 30, 32);
        final ReservedFactory factory = new ReservedFactory();
        final IllegalArgumentException thrown =
                assertThrows(IllegalArgumentException.class, () -> factory.create(config));
        assertTrue(thrown.getMessage().contains("--rate-hint"), thrown.getMessage());
    }

    @Test
    void holdsTheDeclaredRateFromTheFirstPacketWithAGenerousWindow() {
        final CongestionController reserved = controller();
        assertEquals((long) (RATE / 8), reserved.pacingRateBytesPerSecond());
        assertTrue(reserved.congestionWindowBytes() >= 2 * RATE / 8 * RTT / SECOND);
        assertEquals("ReservedHold", reserved.phase());
    }

    @ParameterizedTest(name = "loss {0}")
    @CsvSource({"0", "0.001", "0.01", "0.1"})
    void takesLossForCorruption(double loss) {
        final LinkModel link = new LinkModel(RATE, RTT, 0.25, 7).loss(loss);
        final ModelFlow flow = link.add(controller(), 2800, 0);
        link.runUntil(SECOND);
        flow.mark();
        link.resetQueueStatistics();
        link.runUntil(4 * SECOND);
        final double share = flow.bitsPerSecondSinceMark() / RATE / (1 - loss);
        assertTrue(share >= 0.99, "delivered " + share + " of what corruption leaves");
        assertTrue(link.queueQuantileNanos(0.95) <= RTT / 10);
        assertEquals("ReservedHold", flow.controller().phase());
    }

    @ParameterizedTest(name = "to {0} of the rate, queue {1} BDP, loss {2}")
    @CsvSource({"0.1, 0.5, 0", "0.1, 2, 0", "0.3, 0.25, 0.001", "0.1, 0.5, 0.01", "0.5, 1, 0"})
    void doesNotTakeAFullBufferForALongerRoute(double fraction, double queueBdp, double loss) {
        final LinkModel link = new LinkModel(RATE, RTT, queueBdp, 7).loss(loss);
        final ModelFlow flow = link.add(controller(), 2800, 0);
        link.runUntil(SECOND);
        link.rate(RATE * fraction);
        link.runUntil(3 * SECOND);
        flow.mark();
        link.runUntil(6 * SECOND);
        final double share = flow.bitsPerSecondSinceMark() / (RATE * fraction) / (1 - loss);
        assertTrue(share >= 0.8, "delivered " + share + " of what was left");
        assertTrue(flow.lossSinceMark() <= loss + 0.6, "lost " + flow.lossSinceMark());
        // What waits in this model's queue still leaves at the old rate: that takes its time before the path is free.
        final long queueNanos = link.queueNanos();
        link.rate(RATE);
        link.runUntil(6 * SECOND + queueNanos + 6 * RTT);
        flow.mark();
        link.runUntil(6 * SECOND + queueNanos + 8 * RTT);
        final double again = flow.bitsPerSecondSinceMark() / RATE / (1 - loss);
        assertTrue(again >= 0.9, "six round trips after the path was free: " + again);
    }

    @Test
    void retreatsToTheDeliveredRateWhenAQueueAgreesAndClimbsBack() {
        final LinkModel link = new LinkModel(RATE, RTT, 1, 7);
        final ModelFlow flow = link.add(controller(), 2800, 0);
        link.runUntil(SECOND);
        link.rate(RATE / 2);
        link.runUntil(SECOND + 300 * MILLI);
        assertEquals("ReservedRetreat", flow.controller().phase());
        assertTrue(flow.controller().pacingRateBytesPerSecond() <= 0.55 * RATE / 8);
        flow.mark();
        link.runUntil(3 * SECOND);
        final double share = flow.bitsPerSecondSinceMark() / (RATE / 2);
        assertTrue(share >= 0.95, "delivered " + share + " of what was left");
        link.rate(RATE);
        link.runUntil(3 * SECOND + 500 * MILLI);
        assertEquals("ReservedHold", flow.controller().phase());
    }

    @Test
    void climbsBackWithinSixRoundTripsOfASilencesEnd() {
        final LinkModel link = new LinkModel(RATE, RTT, 1, 7).blackHole(SECOND, 3 * SECOND);
        final ModelFlow flow = link.add(controller(), 2800, 0);
        link.runUntil(2 * SECOND);
        assertEquals("ReservedSilent", flow.controller().phase());
        assertEquals((long) (RATE / 16), flow.controller().pacingRateBytesPerSecond());
        assertEquals(4 * 2800, flow.controller().congestionWindowBytes());
        link.runUntil(3 * SECOND + 100 * MILLI + 7 * RTT);
        assertEquals("ReservedHold", flow.controller().phase());
    }

    @Test
    void holdsTheRateAgainSoonAfterTheRouteHasBecomeLonger() {
        final LinkModel link = new LinkModel(RATE, RTT, 1, 7);
        final ModelFlow flow = link.add(controller(), 2800, 0);
        link.runUntil(SECOND);
        link.extraDelay(180 * MILLI);
        link.runUntil(6 * SECOND);
        assertEquals("ReservedHold", flow.controller().phase());
        flow.mark();
        link.runUntil(8 * SECOND);
        assertTrue(flow.bitsPerSecondSinceMark() >= 0.95 * RATE, "delivered " + flow.bitsPerSecondSinceMark());
    }

    @Test
    void followsARateThatComesBack() {
        final LinkModel link = new LinkModel(RATE, RTT, 0.5, 7);
        final ModelFlow flow = link.add(controller(), 2800, 0);
        link.runUntil(SECOND);
        link.rate(RATE / 10);
        link.runUntil(3 * SECOND);
        link.rate(RATE);
        // What waits when the rate comes back still leaves at the old one in this model: 5 round trips of queue.
        link.runUntil(3 * SECOND + 13 * RTT);
        flow.mark();
        link.runUntil(3 * SECOND + 15 * RTT);
        assertTrue(flow.bitsPerSecondSinceMark() >= 0.9 * RATE, "delivered " + flow.bitsPerSecondSinceMark());
    }

    @Test
    void retreatsUnderMarks() {
        final LinkModel link = new LinkModel(RATE / 2, RTT, 4, 7).markAbove(MILLI);
        final ModelFlow flow = link.add(controller(), 2800, 0);
        link.runUntil(SECOND);
        assertEquals("ReservedRetreat", flow.controller().phase());
        assertTrue(flow.lostBytes() == 0, "lost " + flow.lostBytes());
    }

    @Test
    void doesNotSpiralDownWhenLossDoesNotFollowTheRate() {
        final LinkModel link = new LinkModel(RATE, RTT, 1, 7).loss(0.3);
        final ModelFlow flow = link.add(controller(), 2800, 0);
        link.runUntil(5 * SECOND);
        assertEquals(RATE / 8 / 8, flow.controller().pacingRateBytesPerSecond(), RATE / 100);
    }

    private static CongestionController controller() {
        return new ReservedFactory().create(new CongestionConfig(2800, RTT, (long) (RATE / 8), 1 << 30, 32));
    }
}
