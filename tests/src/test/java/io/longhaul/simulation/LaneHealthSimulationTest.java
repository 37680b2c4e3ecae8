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
package io.longhaul.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConnectionStatistics;
import io.longhaul.ConnectionStatistics.ResendCause;
import io.longhaul.Grant;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.core.EngineTrace;
import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Lanes that die, return, or lose much: how soon they are left, what they get, and what it costs. Simulated.
@Timeout(120)
class LaneHealthSimulationTest {
    private static final long RATE = 1_000_000_000L;
    private static final long RTT_NANOS = 20_000_000;
    private static final int LANES = 4;
    private static final int BLOCK = 4 << 20;

    private static WireConfig.Builder link() {
        return WireConfig.builder().delay(Duration.ofMillis(10)).rateBitsPerSecond(RATE);
    }

    /// Keeps when chunks left on each lane.
    private static final class Departures implements EngineTrace {
        private record Departure(long atNanos, int lane, Content content) {}

        private final List<Departure> all = new ArrayList<>();

        @Override
        public void packetSent(
                long nowNanos, int lane, long packetNumber, int ipBytes, Content content, long firstCsn, int chunks) {
            if (content != Content.CONTROL) {
                all.add(new Departure(nowNanos, lane, content));
            }
        }

        @Override
        public void packetReceived(long nowNanos, int lane, long packetNumber, int bytes) {
            // Only what leaves matters.
        }

        @Override
        public void packetLost(
                long nowNanos, int lane, long packetNumber, ResendCause cause, long firstCsn, int chunks) {
            // The statistics have it.
        }

        @Override
        public void spuriousLoss(long nowNanos, int lane) {
            // The statistics have it.
        }

        @Override
        public void metrics(long nowNanos, Metrics values) {
            // Not needed.
        }

        @Override
        public void phase(long nowNanos, String from, String to) {
            // Not needed.
        }

        /// Share of a lane among the packets with chunks that left in a time.
        double share(int lane, long fromNanos, long toNanos) {
            final List<Departure> in = all.stream()
                    .filter(each -> each.atNanos >= fromNanos && each.atNanos < toNanos)
                    .toList();
            return (double) in.stream().filter(each -> each.lane == lane).count() / Math.max(1, in.size());
        }
    }

    /// A stream of writes over a pair of engines.
    private static final class Stream implements AutoCloseable {
        final Pair pair;
        final Departures departures = new Departures();
        private final Arena arena = Arena.ofShared();
        private final MemorySegment source = arena.allocate(BLOCK);
        private final RemoteRegion region;
        private boolean stopped;

        Stream(Pair.Settings settings) {
            pair = new Pair(settings).establish();
            pair.client.engine.trace(departures);
            pair.server.exposed.expose("target", arena.allocate(BLOCK), Grant.of(Right.WRITE));
            region = pair.lookup(pair.client, "target");
            for (int i = 0; i < 4; i++) {
                post();
            }
        }

        private void post() {
            pair.post(
                    pair.client,
                    new Operation()
                            .timeout(Duration.ofMinutes(5))
                            .onComplete(done -> {
                                assertEquals(OperationStatus.SUCCESS, done.status());
                                if (!stopped) {
                                    post();
                                }
                            })
                            .write(source, 0, BLOCK, region, 0));
        }

        double goodput(long forNanos) {
            final long before = pair.statistics(pair.server).payloadReceivedBytes();
            pair.runFor(forNanos);
            return (pair.statistics(pair.server).payloadReceivedBytes() - before) * 8e9 / forNanos;
        }

        @Override
        public void close() {
            stopped = true;
            pair.runFor(RTT_NANOS * 50);
            pair.close();
            arena.close();
        }
    }

    private static Pair.Settings settings(WireConfig.Builder link) {
        return new Pair.Settings().seed(11).lanes(LANES).link(link).rateHint(RATE);
    }

    @Test
    void aDeadLaneIsLeftWithinThreeRoundTripsAndTakenAgainWhenItReturns() {
        try (Stream stream = new Stream(settings(link()))) {
            stream.pair.runFor(1_000_000_000L);
            final long killed = stream.pair.nowNanos();
            assertEquals(0.25, stream.departures.share(2, killed - 10 * RTT_NANOS, killed), 0.05);
            stream.pair.toServerModel().killLane(2);
            final double after = stream.goodput(2_000_000_000L);
            final long later = stream.pair.nowNanos();
            assertEquals(0, stream.departures.share(2, killed + 3 * RTT_NANOS, later));
            assertTrue(after > 0.85 * RATE, () -> "goodput " + after);
            final ConnectionStatistics statistics = stream.pair.statistics(stream.pair.client);
            assertTrue(statistics.resentBytes(ResendCause.LANE_SILENT) > 0, statistics.toString());
            stream.pair.toServerModel().reviveLane(2);
            stream.pair.runFor(2_000_000_000L);
            final long end = stream.pair.nowNanos();
            assertEquals(0.25, stream.departures.share(2, end - 10 * RTT_NANOS, end), 0.05);
        }
    }

    @Test
    void aLaneThatLosesMuchGetsLittle() {
        final WireConfig.Builder link =
                link().lanes(List.of(new WireConfig.Lane(1, Duration.ZERO, 0.3, WireConfig.Lane.NEVER)));
        try (Stream stream = new Stream(settings(link))) {
            final long start = stream.pair.nowNanos();
            stream.pair.runFor(5 * RTT_NANOS);
            final double goodput = stream.goodput(2_000_000_000L);
            final long end = stream.pair.nowNanos();
            assertTrue(
                    stream.departures.share(1, start + 8 * RTT_NANOS, end) < 0.05,
                    () -> "share " + stream.departures.share(1, start + 8 * RTT_NANOS, end));
            assertTrue(stream.departures.share(1, end - 50 * RTT_NANOS, end) > 0.001, "it is still looked at");
            assertTrue(goodput > 0.85 * RATE, () -> "goodput " + goodput);
        }
    }

    @Test
    void lanesThatLoseAlikeAreUsedAlike() {
        try (Stream stream = new Stream(settings(link().lossFraction(0.02)))) {
            stream.pair.runFor(2_000_000_000L);
            final long end = stream.pair.nowNanos();
            for (int lane = 0; lane < LANES; lane++) {
                assertEquals(0.25, stream.departures.share(lane, end - 50 * RTT_NANOS, end), 0.05);
            }
        }
    }

    @Test
    void sixtyFourLanesWorkAsFour() {
        final Bulk bulk = Bulk.write(settings(link().lossFraction(0.001)).lanes(64), 0.020, 64 << 20);
        assertTrue(bulk.completionRatio(RATE) < 1.10, () -> bulk.describe(RATE));
    }

    @Test
    void theThirdTryIsSentTwiceWhereThereAreTwoLanes() {
        final WireConfig.Builder link = link().lossFraction(0.2);
        final Bulk two = Bulk.write(settings(link).lanes(2), 0.020, 16 << 20);
        assertTrue(two.statistics().parityBytes() > 0, "chunks that were lost twice leave twice");
        assertTrue(two.statistics().parityBytes() < two.statistics().retransmittedBytes() / 2, two::toString);
        final Bulk one = Bulk.write(settings(link).lanes(1), 0.020, 16 << 20);
        assertEquals(0, one.statistics().parityBytes());
    }
}
