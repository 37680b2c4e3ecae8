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
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.congestion.AckSample;
import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.LinkModel;
import io.longhaul.congestion.LossSample;
import io.longhaul.congestion.ModelFlow;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/// The laws of draft-ietf-ccwg-bbr-06 that the controller cites, each by itself: of the model from single
/// acknowledgements, of the phases from one flow on a simulated link.
class BbrLawsTest {
    private static final long RTT = 20 * MILLI;
    private static final double RATE = 200e6;
    private static final int PACKET = 1400;

    private final AckSample ack = new AckSample();
    private final BbrModel model = new BbrModel(BbrFixture.config(PACKET, RTT, 0));
    private long nowNanos = SECOND;
    private long deliveredBytes;

    /// A packet that was sent when so much had been delivered arrives a round trip after the last.
    private AckSample acked(long bytes, long deliveredAtSend, long rate, boolean appLimited) {
        nowNanos += RTT;
        deliveredBytes += bytes;
        ack.nowNanos = nowNanos;
        ack.rttNanos = RTT;
        ack.smoothedRttNanos = RTT;
        ack.newlyAckedBytes = bytes;
        ack.newlyAckedPackets = bytes / PACKET;
        ack.deliveredBytes = deliveredBytes;
        ack.packetDeliveredBytes = deliveredAtSend;
        ack.deliveryRateBytesPerSecond = rate;
        ack.appLimited = appLimited;
        return ack;
    }

    private static void runWhile(LinkModel link, BooleanSupplier condition) {
        final long limit = link.nowNanos() + 60 * SECOND;
        while (condition.getAsBoolean()) {
            assertTrue(link.nowNanos() < limit, "no change within a minute");
            link.runUntil(link.nowNanos() + MILLI / 4);
        }
    }

    @Test
    void aRoundEndsWithTheFirstAcknowledgementOfAPacketSentInIt() {
        //= draft-ietf-ccwg-bbr-06 §5.5.1 type=test
        final RoundCounter rounds = new RoundCounter();
        rounds.onAck(acked(10 * PACKET, 0, 0, false), false);
        assertEquals(1, rounds.count());
        rounds.onAck(acked(PACKET, 9 * PACKET, 0, false), false);
        assertFalse(rounds.started(), "sent before the round began");
        rounds.onAck(acked(PACKET, 10 * PACKET, 0, false), false);
        assertTrue(rounds.started());
        assertEquals(2, rounds.count());
        rounds.onAck(acked(0, deliveredBytes, 0, false), false);
        assertFalse(rounds.started(), "nothing was acknowledged");
    }

    @Test
    void aRoundThatLosesEndsThoughNothingIsAcknowledged() {
        final RoundCounter rounds = new RoundCounter();
        rounds.onAck(acked(PACKET, 0, 0, false), false);
        for (int i = 0; i < 20; i++) {
            rounds.onAck(acked(0, 0, 0, false), false);
            assertFalse(rounds.started(), "nothing was lost");
        }
        rounds.onAck(acked(PACKET, deliveredBytes, 0, false), false);
        for (int i = 1; i <= 12; i++) {
            rounds.onAck(acked(0, 0, 0, false), true);
            assertEquals(i % 4 == 0, rounds.stalled(), "round trip " + i);
            assertEquals(rounds.stalled(), rounds.started());
        }
        rounds.onAck(acked(PACKET, deliveredBytes, 0, false), true);
        assertTrue(rounds.started() && !rounds.stalled());
    }

    @Test
    void aRateThatLosesEverythingIsHalvedAgainAndAgainThoughReportsCome() {
        final LossSample loss = new LossSample();
        for (int i = 0; i < 8; i++) {
            assertEquals(0, stall(loss), "nothing is known of the path yet");
        }
        model.onAck(acked(PACKET, deliveredBytes, 1_000_000_000, false), false, false);
        for (int i = 1; i <= 8; i++) {
            stall(loss);
            assertEquals(1e9 / (1 << i), model.bandwidth(), 1, "stall " + i);
            assertEquals(0, model.loss.floorFraction(), "that says nothing about corruption");
        }
        stall(loss);
        assertEquals(1e9 / 256, model.bandwidth(), 1, "it must be possible to climb back");
    }

    // Four round trips that lose and have nothing acknowledged.
    private long stall(LossSample loss) {
        final long rounds = model.rounds.count();
        for (int i = 0; i < 4; i++) {
            loss.lostBytes = 100 * PACKET;
            loss.newestLostSentNanos = nowNanos;
            model.onLoss(loss);
            model.onAck(acked(0, 0, 0, false), false, true);
        }
        return model.rounds.count() - rounds;
    }

    @Test
    void aSampleLimitedByTheApplicationOnlyRaisesTheEstimate() {
        //= draft-ietf-ccwg-bbr-06 §5.5.5 type=test
        model.onAck(acked(PACKET, 0, 1_000_000, false), false, false);
        for (int i = 0; i < 3; i++) {
            model.onAck(acked(PACKET, deliveredBytes, 400_000, true), false, false);
            model.endCycle();
        }
        assertEquals(1_000_000, model.maxBandwidth(), "less, for lack of data");
        model.onAck(acked(PACKET, deliveredBytes, 1_500_000, true), false, false);
        assertEquals(1_500_000, model.maxBandwidth(), "more, in spite of that");
    }

    @Test
    void aRateIsBelievedForTheCycleAfterItsOwn() {
        //= draft-ietf-ccwg-bbr-06 §5.5.6 type=test
        model.onAck(acked(PACKET, 0, 1_000_000, false), false, false);
        model.endCycle();
        model.onAck(acked(PACKET, deliveredBytes, 800_000, false), false, false);
        assertEquals(1_000_000, model.maxBandwidth());
        model.endCycle();
        model.endCycle(); // without a sample: does not count
        assertEquals(1_000_000, model.maxBandwidth());
        model.onAck(acked(PACKET, deliveredBytes, 800_000, false), false, false);
        assertEquals(800_000, model.maxBandwidth());
    }

    @Test
    void theWindowHasRoomForTheLargestExcessOfTenRounds() {
        //= draft-ietf-ccwg-bbr-06 §5.5.9 type=test
        final AckAggregation aggregation = new AckAggregation();
        final long perRound = 100_000;
        final double rate = (double) perRound * SECOND / RTT;
        long round = 0;
        for (; round < 5; round++) {
            aggregation.onAck(acked(perRound, 0, 0, false), rate, round, 10 * perRound);
        }
        final long steady = aggregation.excessBytes();
        aggregation.onAck(acked(4 * perRound, 0, 0, false), rate, round, 10 * perRound);
        final long excess = aggregation.excessBytes();
        assertTrue(excess >= 3 * perRound && excess > steady, "four rounds at once: " + excess);
        for (long last = round + 10; round < last; round++) {
            assertEquals(excess, aggregation.excessBytes(), "round " + round);
            aggregation.onAck(acked(perRound / 4, 0, 0, false), rate, round, 10 * perRound);
        }
        aggregation.onAck(acked(perRound / 4, 0, 0, false), rate, round + 2, 10 * perRound);
        assertTrue(aggregation.excessBytes() < excess, "still " + aggregation.excessBytes());
    }

    @Test
    void theExcessIsABandwidthDelayProductAtMost() {
        //= draft-ietf-ccwg-bbr-06 §5.5.9 type=test
        final AckAggregation aggregation = new AckAggregation();
        aggregation.onAck(acked(1_000_000, 0, 0, false), 1_000_000, 1, 20_000);
        assertEquals(20_000, aggregation.excessBytes());
    }

    @Test
    void aRoundOfCongestionLeavesSevenTenths() {
        //= draft-ietf-ccwg-bbr-06 §2.10 type=test
        final long rate = 25_000_000;
        for (int i = 0; i < 10; i++) {
            model.onAck(acked(500_000, deliveredBytes, rate, false), false, false);
        }
        // A queue of 2.5 ms, and four in a hundred lost; hardly anything was delivered in that round.
        final LossSample loss = new LossSample();
        loss.lostPackets = 4;
        loss.lostBytes = 4 * PACKET;
        for (int i = 0; i < 3; i++) {
            loss.nowNanos = nowNanos;
            loss.newestLostSentNanos = nowNanos;
            model.onLoss(loss);
            acked(100 * PACKET, deliveredBytes, rate / 10, false);
            ack.rttNanos = RTT + 5 * MILLI / 2;
            final double before = model.bandwidth();
            model.onAck(ack, false, false);
            assertTrue(model.bandwidth() >= 0.7 * before - 1, "from " + before + " to " + model.bandwidth());
        }
        assertTrue(model.bandwidth() < rate, "still " + model.bandwidth());
    }

    @Test
    void startupDoublesTheRateInEachRound() {
        //= draft-ietf-ccwg-bbr-06 §2.13 type=test
        final LinkModel link = new LinkModel(100e9, RTT, 1, 7);
        final ModelFlow flow = BbrFixture.flow(link, 8900, RTT);
        link.runUntil(4 * RTT);
        final double before = flow.controller().bandwidthBytesPerSecond();
        link.runUntil(link.nowNanos() + 6 * RTT);
        final double after = flow.controller().bandwidthBytesPerSecond();
        // A round is a round trip and what its burst takes to pass: at the least five of them.
        assertTrue(after >= 32 * before, "from " + before + " to " + after);
        assertEquals("Startup", flow.controller().phase());
    }

    @Test
    void threeRoundsOfLittleGrowthAreAPlateau() {
        //= draft-ietf-ccwg-bbr-06 §5.3.1.2 type=test
        final BbrController bbr = new BbrController(BbrFixture.config(PACKET, RTT, 0), 1);
        bbr.onAck(acked(PACKET, 0, 1_000_000, false));
        bbr.onAck(acked(PACKET, deliveredBytes, 1_300_000, false));
        bbr.onAck(acked(PACKET, deliveredBytes, 1_700_000, false));
        for (int round = 0; round < 2; round++) {
            bbr.onAck(acked(PACKET, deliveredBytes, 1_900_000, false));
            assertEquals("Startup", bbr.phase(), "round " + round);
        }
        bbr.onAck(acked(PACKET, deliveredBytes, 2_000_000, false));
        assertEquals("Drain", bbr.phase());
    }

    @Test
    void theWindowOfTheSteadyStateHoldsABandwidthDelayProductAndAQuarter() {
        //= draft-ietf-ccwg-bbr-06 §5.6 type=test
        //= draft-ietf-ccwg-bbr-06 §5.6.4 type=test
        final LinkModel link = new LinkModel(RATE, RTT, 1, 7);
        final ModelFlow flow = BbrFixture.flow(link, PACKET, RTT);
        link.runUntil(3 * SECOND);
        runWhile(link, () -> !flow.controller().phase().equals("ProbeBwCruise"));
        final double bdp = RATE / 8 * RTT / 1e9;
        final double window = flow.controller().congestionWindowBytes() / bdp;
        assertTrue(window >= 1.25 && window <= 1.6, window + " bandwidth-delay products");
    }

    @Test
    void waitsBetweenProbesDifferBySeed() {
        //= draft-ietf-ccwg-bbr-06 §5.3.3.5 type=test
        final long[] starts = new long[4];
        for (int seed = 0; seed < starts.length; seed++) {
            final LinkModel link = new LinkModel(RATE, RTT, 1, 7);
            final ModelFlow flow = BbrFixture.flow(link, PACKET, RTT, 0, seed + 1);
            link.runUntil(3 * SECOND);
            runWhile(link, () -> !flow.controller().phase().equals("ProbeBwDown"));
            runWhile(link, () -> !flow.controller().phase().equals("ProbeBwCruise"));
            final long from = link.nowNanos();
            runWhile(link, () -> flow.controller().phase().equals("ProbeBwCruise"));
            starts[seed] = link.nowNanos() - from;
            assertTrue(starts[seed] <= 1_300 * MILLI, "waited " + starts[seed] + " ns");
            for (int other = 0; other < seed; other++) {
                assertNotEquals(starts[other], starts[seed], "seeds " + (other + 1) + " and " + (seed + 1));
            }
        }
    }

    @Test
    void aProbeBeginsWithAPulseOfATwentiethAndEndsBelowTheRate() {
        //= draft-ietf-ccwg-bbr-06 §5.3.3.4 type=test
        //= draft-ietf-ccwg-bbr-06 §5.3.3.2 type=test
        final LinkModel link = new LinkModel(RATE, RTT, 1, 7);
        final ModelFlow flow = BbrFixture.flow(link, PACKET, RTT);
        link.runUntil(3 * SECOND);
        runWhile(link, () -> !flow.controller().phase().equals("ProbeBwRefill"));
        runWhile(link, () -> !flow.controller().phase().equals("ProbeBwUp"));
        assertEquals(1.05, pace(flow), 0.001);
        runWhile(link, () -> !flow.controller().phase().equals("ProbeBwDown"));
        assertTrue(pace(flow) <= 0.951, "paces at " + pace(flow));
        assertTrue(flow.controller().bandwidthBytesPerSecond() <= 1.01 * RATE / 8, "the probe found nothing");
    }

    private static double pace(ModelFlow flow) {
        return (double) flow.controller().pacingRateBytesPerSecond()
                / flow.controller().bandwidthBytesPerSecond();
    }

    // Nearly everything is lost while an application sends too little for a sample: no round ends.
    private LossSample lost(long packets) {
        final LossSample loss = new LossSample();
        loss.nowNanos = nowNanos;
        loss.lostPackets = packets;
        loss.lostBytes = packets * PACKET;
        loss.newestLostSentNanos = nowNanos;
        return loss;
    }

    @Test
    void anAssumedRateThatLosesNearlyEverythingIsGivenUp() {
        final CongestionConfig config = BbrFixture.config(PACKET, RTT, 0);
        final BbrController bbr = new BbrController(config, 1);
        final long assumed = bbr.pacingRateBytesPerSecond();
        final long windows = 2L * config.initialWindowPackets();
        bbr.onAck(acked(PACKET, 0, 1000, true));
        bbr.onLoss(lost(windows - 1));
        bbr.onAck(acked(0, 0, 0, true));
        assertEquals(assumed, bbr.pacingRateBytesPerSecond(), "a burst may take a window");
        bbr.onLoss(lost(1));
        bbr.onAck(acked(0, 0, 0, true));
        assertEquals(assumed / 4.0, bbr.pacingRateBytesPerSecond(), 1);
        for (int i = 0; i < 20; i++) {
            bbr.onLoss(lost(windows));
            bbr.onAck(acked(0, 0, 0, true));
        }
        assertTrue(bbr.pacingRateBytesPerSecond() > 0, "never to nothing");
        bbr.onAck(acked(PACKET, deliveredBytes, assumed, true));
        assertTrue(bbr.pacingRateBytesPerSecond() >= assumed, "what is measured counts at once");
    }

    @Test
    void aSilenceThatWasTakenForTheRateOfADeclaredPathIsRecognised() {
        final BbrModel declared = new BbrModel(BbrFixture.config(PACKET, RTT, RATE));
        declared.assume(RATE / 8);
        declared.onAck(acked(0, 0, 0, false), true, false);
        declared.retreat(500);
        assertTrue(declared.isCollapsed(), "a packet in three seconds on a path of 200 Mb/s");
        declared.restart(4.0 * PACKET * SECOND / RTT);
        assertFalse(declared.isCollapsed());
        declared.adopt(600);
        assertFalse(declared.isCollapsed(), "a start has found no more: it is the path's");
    }
}
