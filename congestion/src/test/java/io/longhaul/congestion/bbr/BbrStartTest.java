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

import static io.longhaul.congestion.bbr.BbrFixture.GIB;
import static io.longhaul.congestion.bbr.BbrFixture.MILLI;
import static io.longhaul.congestion.bbr.BbrFixture.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.congestion.CongestionController;
import io.longhaul.congestion.LinkModel;
import io.longhaul.congestion.ModelFlow;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Simulated: how long a start takes, with and without a declared rate.
class BbrStartTest {
    private static final double RATE = 2e9;
    private static final long RTT = 20 * MILLI;

    @ParameterizedTest(name = "hint {0} of the rate, queue {1} BDP: at most {2}")
    @CsvSource({
        "0, 0.25, 1.12", "0, 1, 1.12", "0, 4, 1.12",
        "1, 0.25, 1.04", "1, 1, 1.04", "1, 4, 1.04",
        "2, 0.25, 1.06", "2, 1, 1.06", "0.5, 1, 1.06"
    })
    void completesAGibibyteAlmostAsFastAsTheLink(double hint, double queueBdp, double limit) {
        //= draft-ietf-ccwg-bbr-06 §5.3.1 type=test
        final LinkModel link = new LinkModel(RATE, RTT, queueBdp, 7);
        final ModelFlow flow = BbrFixture.flow(link, 8900, RTT, hint * RATE, 1).size(GIB);
        final double seconds = link.runToCompletion(flow, 20 * SECOND) / 1e9;
        final double ratio = seconds / (RTT / 1e9 + GIB * 8 / RATE);
        assertTrue(seconds > 0 && ratio <= limit, "completion ratio " + ratio);
    }

    @Test
    void pacesAtTheDeclaredRateFromTheFirstPacket() {
        final CongestionController bbr = new BbrController(BbrFixture.config(1400, RTT, 1e9), 1);
        assertEquals(125_000_000, bbr.pacingRateBytesPerSecond());
        assertTrue(bbr.congestionWindowBytes() >= 125_000_000 * RTT / SECOND);
        assertEquals("JumpStart", bbr.phase());
    }

    @Test
    void spreadsTheInitialWindowOverARoundTripWithoutADeclaredRate() {
        //= draft-ietf-ccwg-bbr-06 §5.6.2 type=test
        final CongestionController bbr = new BbrController(BbrFixture.config(1400, RTT, 0), 1);
        assertEquals(32 * 1400 * SECOND / RTT, bbr.pacingRateBytesPerSecond(), 1);
        assertTrue(bbr.congestionWindowBytes() >= 32 * 1400);
        assertEquals(0, bbr.bandwidthBytesPerSecond(), "nothing is known yet");
    }

    @Test
    void doesNotTakeCorruptionForAFullPipe() {
        //= draft-ietf-ccwg-bbr-06 §5.3.1.3 type=test
        final LinkModel link = new LinkModel(RATE, RTT, 1, 7).loss(0.05);
        final ModelFlow flow = BbrFixture.flow(link, 8900, RTT).size(GIB / 2);
        final double seconds = link.runToCompletion(flow, 20 * SECOND) / 1e9;
        final double ratio = seconds / (RTT / 1e9 + GIB / 2 * 8 / RATE);
        assertTrue(seconds > 0 && ratio <= 1.25, "completion ratio " + ratio);
    }

    @ParameterizedTest(name = "jitter of {0} us: {1} Gb/s")
    @CsvSource({"0, 2", "3000, 2", "6000, 2", "8000, 0.5"})
    void doesNotTakeJitterForAFullPipe(long jitterMicros, double least) {
        // Nothing limits the rate: 25 round trips of doubling, and of probes, must have left 100 Mb/s far behind.
        for (int seed = 1; seed <= 5; seed++) {
            final LinkModel link = new LinkModel(20e9, RTT, 1, seed).jitter(jitterMicros * 1000);
            final ModelFlow flow = BbrFixture.flow(link, 8900, RTT);
            link.runUntil(25 * RTT);
            final double reached = BbrFixture.share(link, flow, 1e9, 5 * RTT);
            assertTrue(reached >= least, "seed " + seed + ": reached " + reached + " Gb/s");
        }
    }

    @Test
    void drainsTheQueueOfStartupWithinAFewRoundTrips() {
        //= draft-ietf-ccwg-bbr-06 §5.3.2 type=test
        final LinkModel link = new LinkModel(RATE, RTT, 4, 7);
        BbrFixture.flow(link, 8900, RTT);
        link.runUntil(450 * MILLI);
        link.resetQueueStatistics();
        link.runUntil(600 * MILLI);
        assertTrue(link.queueQuantileNanos(0.99) <= RTT / 10, "queue " + link.queueQuantileNanos(0.99) + " ns");
    }

    @Test
    void doesNotLeaveStartupWhileTheApplicationLacksData() {
        //= draft-ietf-ccwg-bbr-06 §5.5.4 type=test
        final LinkModel link = new LinkModel(100e6, RTT, 1, 7);
        final ModelFlow flow = BbrFixture.flow(link, 1400, RTT);
        flow.appRate(2e6);
        link.runUntil(2 * SECOND);
        assertEquals("Startup", flow.controller().phase());
        flow.appRate(0);
        link.runUntil(3 * SECOND);
        assertTrue(BbrFixture.share(link, flow, 100e6, SECOND) >= 0.98);
    }
}
