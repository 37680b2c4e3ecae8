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

import static io.longhaul.congestion.bbr.BbrFixture.MILLI;
import static io.longhaul.congestion.bbr.BbrFixture.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.congestion.AckSample;
import io.longhaul.congestion.LinkModel;
import io.longhaul.congestion.LossSample;
import io.longhaul.congestion.ModelFlow;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What counts as congestion and what does not.
class BbrCongestionTest {
    private static final long RTT = 20 * MILLI;
    private static final double RATE = 200e6;
    private static final long BYTES_PER_ROUND = 500_000; // 200 Mb/s x 20 ms

    private final AckSample ack = new AckSample();
    private final LossSample loss = new LossSample();
    private BbrController bbr = new BbrController(BbrFixture.config(1400, RTT, RATE), 1);
    private long nowNanos = SECOND;
    private long deliveredBytes;

    @Test
    void keepsItsRateUnderLossWithoutDelay() {
        settle();
        final long before = bbr.bandwidthBytesPerSecond();
        for (int round = 0; round < 12; round++) {
            round(0.04, 0, 0);
        }
        assertEquals(before, bbr.bandwidthBytesPerSecond());
    }

    @Test
    void cutsUnderLossWithDelay() {
        //= draft-ietf-ccwg-bbr-06 §5.5.10 type=test
        settle();
        final long before = bbr.bandwidthBytesPerSecond();
        for (int round = 0; round < 4; round++) {
            round(0.04, 4 * MILLI, 0);
        }
        assertTrue(bbr.bandwidthBytesPerSecond() < before, "still " + bbr.bandwidthBytesPerSecond());
    }

    @Test
    @Tag("fault-24")
    void cutsUnderMarks() {
        //= draft-ietf-ccwg-bbr-06 §3.7 type=test
        settle();
        final long before = bbr.bandwidthBytesPerSecond();
        round(0, 0, 20);
        round(0, 0, 20);
        final long after = bbr.bandwidthBytesPerSecond();
        assertTrue(after < before, "still " + after);
        assertTrue(after > before * 0.7, "a few marks without a queue cost " + after + " of " + before);
    }

    @Test
    void halvesItsRateWhenAQuarterIsLostForTwoRounds() {
        //= draft-ietf-ccwg-bbr-06 §5.5.10 type=test
        settle();
        final long before = bbr.bandwidthBytesPerSecond();
        for (int round = 0; round < 3; round++) {
            round(0.25, 0, 0);
        }
        assertTrue(bbr.bandwidthBytesPerSecond() <= before * 0.51, "still " + bbr.bandwidthBytesPerSecond());
    }

    @Test
    void givesBackWhatSpuriousLossesTook() {
        //= draft-ietf-ccwg-bbr-06 §5.5.11 type=test
        settle();
        final long before = bbr.bandwidthBytesPerSecond();
        round(0.04, 4 * MILLI, 0);
        round(0.04, 4 * MILLI, 0);
        round(0.04, 4 * MILLI, 0);
        assertTrue(bbr.bandwidthBytesPerSecond() < before);
        bbr.onSpuriousLoss(nowNanos, 1400);
        assertEquals(before, bbr.bandwidthBytesPerSecond());
    }

    @Test
    void halvesItsRateOnceForASilenceAndNeedsLittleWindowUntilItEnds() {
        //= draft-ietf-ccwg-bbr-06 §2.6 type=test
        settle();
        final long before = bbr.bandwidthBytesPerSecond();
        for (int timeout = 0; timeout < 6; timeout++) {
            nowNanos += SECOND;
            bbr.onRetransmissionTimeout(nowNanos, 100_000);
        }
        assertEquals(before / 2.0, bbr.bandwidthBytesPerSecond(), 1);
        assertEquals(4 * 1400, bbr.congestionWindowBytes());
        for (int round = 0; round < 3; round++) {
            round(0, 0, 0);
        }
        assertEquals(before, bbr.bandwidthBytesPerSecond());
    }

    @Test
    @Tag("fault-22")
    void losesLittleToAPolicer() {
        //= draft-ietf-ccwg-bbr-06 §A.17 type=test
        final LinkModel link = new LinkModel(RATE, RTT, 1, 7).policer(RATE / 2, 200_000);
        final ModelFlow flow = BbrFixture.flow(link, 1400, RTT);
        link.runUntil(3 * SECOND);
        final double share = BbrFixture.share(link, flow, RATE / 2, 5 * SECOND);
        assertTrue(share >= 0.9, "delivered " + share + " of what the policer passes");
        assertTrue(flow.lossSinceMark() < 0.08, "lost " + flow.lossSinceMark());
    }

    @Test
    void livesBelowAMarkingThreshold() {
        final LinkModel link = new LinkModel(RATE, RTT, 1, 7).markAbove(MILLI);
        final ModelFlow flow = BbrFixture.flow(link, 1400, RTT);
        link.runUntil(3 * SECOND);
        final double share = BbrFixture.share(link, flow, RATE, 5 * SECOND);
        assertTrue(share >= 0.97, "delivered " + share + " of the bottleneck");
        assertEquals(0, flow.lossSinceMark());
    }

    /// Validates the declared rate and waits until the first probes are over.
    private void settle() {
        for (int round = 0; round < 32; round++) {
            round(0, 0, 0);
        }
        assertEquals("ProbeBwCruise", bbr.phase());
        assertEquals(RATE / 8, bbr.bandwidthBytesPerSecond(), RATE / 800);
    }

    /// One round trip of ten acknowledgements.
    private void round(double lossShare, long queueNanos, int marks) {
        final long roundStartBytes = deliveredBytes;
        for (int part = 0; part < 10; part++) {
            nowNanos += RTT / 10;
            if (lossShare > 0) {
                loss.nowNanos = nowNanos;
                loss.lostBytes = (long) (BYTES_PER_ROUND / 10 * lossShare);
                loss.lostPackets = loss.lostBytes / 1400 + 1;
                loss.newestLostSentNanos = nowNanos - RTT - queueNanos;
                bbr.onLoss(loss);
            }
            deliveredBytes += (long) (BYTES_PER_ROUND / 10 * (1 - lossShare));
            ack.nowNanos = nowNanos;
            ack.rttNanos = RTT + queueNanos;
            ack.newlyAckedBytes = (long) (BYTES_PER_ROUND / 10 * (1 - lossShare));
            ack.newlyAckedPackets = ack.newlyAckedBytes / 1400;
            ack.newlyCeMarkedPackets = marks / 10;
            ack.bytesInFlight = BYTES_PER_ROUND;
            ack.deliveredBytes = deliveredBytes;
            ack.packetDeliveredBytes = part == 0 ? roundStartBytes : 0;
            ack.deliveryRateBytesPerSecond = (long) (RATE / 8 * (1 - lossShare));
            bbr.onAck(ack);
        }
    }
}
