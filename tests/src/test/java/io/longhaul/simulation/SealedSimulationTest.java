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
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConfigurationException;
import io.longhaul.ConnectionException;
import io.longhaul.ConnectionStatistics;
import io.longhaul.Grant;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.congestion.reserved.ReservedFactory;
import io.longhaul.core.SealingLimits;
import io.longhaul.sim.Pair;
import io.longhaul.sim.Route;
import io.longhaul.sim.Timeline;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Sealed connections over simulated paths: what they cost, how keys change, and what ends them.
@Timeout(120)
class SealedSimulationTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int MIB = 1 << 20;

    private static WireConfig.Builder link() {
        return WireConfig.builder().delay(Duration.ofMillis(10)).rateBitsPerSecond(500_000_000L);
    }

    private static SealingLimits limits(long softPackets, long hardPackets, long forgeries) {
        return new SealingLimits(softPackets, hardPackets, 1L << 40, 1L << 41, Long.MAX_VALUE, forgeries);
    }

    private static OperationStatus write(Pair pair, Arena arena, long bytes, long seconds) {
        final MemorySegment source = arena.allocate(bytes);
        source.fill((byte) 0x5a);
        final MemorySegment target = arena.allocate(bytes);
        pair.server.exposed.expose("target", target, Grant.of(Right.WRITE));
        final RemoteRegion region = pair.lookup(pair.client, "target");
        final OperationStatus status =
                pair.complete(pair.client, new Operation().write(source, 0, bytes, region, 0), seconds * SECOND);
        if (status == OperationStatus.SUCCESS) {
            assertEquals(-1, source.mismatch(target), "first byte that differs");
        }
        return status;
    }

    @Test
    void theTagCountsInThePayloadShare() {
        final Bulk sealed =
                Bulk.write(new Pair.Settings().ipBytes(1500).link(link()).sealed(), 0.02, 8 * MIB);
        final Bulk open = Bulk.write(new Pair.Settings().ipBytes(1500).link(link()), 0.02, 8 * MIB);
        assertTrue(sealed.statistics().sealed());
        assertFalse(open.statistics().sealed());
        assertEquals(1400, sealed.statistics().payloadBytesPerPacket());
        assertEquals(1412, open.statistics().payloadBytesPerPacket());
        assertTrue(sealed.efficiency(500e6) > 0.97 * open.efficiency(500e6), sealed.describe(500e6));
        assertEquals(0, sealed.statistics().corruptPackets());
    }

    @Test
    void equalRunsHaveEqualTraces() {
        final long[] hashes = new long[2];
        for (int i = 0; i < 2; i++) {
            try (Arena arena = Arena.ofShared();
                    Pair pair = new Pair(new Pair.Settings()
                                    .link(link().lossFraction(0.01))
                                    .sealed())
                            .establish()) {
                assertEquals(OperationStatus.SUCCESS, write(pair, arena, 2 * MIB, 60));
                hashes[i] = pair.traceHash();
            }
        }
        assertEquals(hashes[0], hashes[1]);
    }

    @Test
    @Tag("fault-50")
    void keysChangeInBothDirectionsDuringATransfer() {
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(new Pair.Settings()
                                .ipBytes(1500)
                                .lanes(4)
                                .link(link().lossFraction(0.01).duplicateFraction(0.1))
                                .sealed(limits(50, 1 << 20, 1 << 20)))
                        .establish()) {
            assertEquals(OperationStatus.SUCCESS, write(pair, arena, 24 * MIB, 60));
            final ConnectionStatistics client = pair.statistics(pair.client);
            final ConnectionStatistics server = pair.statistics(pair.server);
            assertTrue(client.keyUpdates() > 50, "client: " + client);
            assertTrue(server.keyUpdates() > 5, "a receiver that only acknowledges: " + server);
            assertTrue(server.replayedPackets() > 500, "duplicates of the network: " + server);
            assertEquals(0, server.corruptPackets());
            assertEquals(0, client.forgedPackets() + server.forgedPackets());
        }
    }

    /// 500 Mb/s, 10 ms; lane 2 delivers nothing for a while.
    private static final class Interrupted implements Route {
        private static final long FROM_NANOS = 100_000_000;
        private static final long TO_NANOS = 900_000_000;

        private final Timeline timeline;
        private long freeNanos;

        Interrupted(Timeline timeline) {
            this.timeline = timeline;
        }

        @Override
        public int offer(long nowNanos, int ipBytes, int lane, boolean ecnCapable) {
            freeNanos = Math.max(freeNanos, nowNanos) + ipBytes * 16L;
            return lane == 2 && nowNanos >= FROM_NANOS && nowNanos < TO_NANOS ? 0 : 1;
        }

        @Override
        public long deliveryNanos(int copy) {
            return Math.max(freeNanos, timeline.nowNanos()) + 10_000_000;
        }

        @Override
        public boolean isMarked() {
            return false;
        }

        @Override
        public int corruptBit(int bits) {
            return -1;
        }
    }

    @Test
    void aLaneThatDiesComesBackUnderANewKey() {
        final Timeline timeline = new Timeline();
        final Pair.Settings settings = new Pair.Settings()
                .lanes(4)
                .rateHint(500_000_000L)
                .congestion(new ReservedFactory())
                .routes(new Interrupted(timeline), new Interrupted(timeline))
                .sealed();
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(settings, timeline).establish()) {
            assertEquals(OperationStatus.SUCCESS, write(pair, arena, 96 * MIB, 60));
            final ConnectionStatistics client = pair.statistics(pair.client);
            assertEquals(1, client.keyUpdates(), "the key of the next incarnation");
            assertEquals(0, pair.statistics(pair.server).corruptPackets(), "nothing was refused");
        }
    }

    @Test
    void aPeerThatConfirmsNoNewKeyIsGivenUp() {
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(
                                new Pair.Settings().ipBytes(1500).link(link()).sealed(limits(50, 150, 1 << 20)))
                        .establish()) {
            // More than 86 packets are in flight before the first report of the second key can be here.
            assertEquals(OperationStatus.CONNECTION_LOST, write(pair, arena, 64 * MIB, 60));
            assertEquals(ConnectionException.Reason.KEY_LIMIT, pair.client.closeReason);
            assertTrue(pair.runUntil(() -> pair.server.closed, 10 * SECOND), "the server was not told");
            assertEquals(ConnectionException.Reason.PEER_RESET, pair.server.closeReason);
            assertTrue(pair.runUntil(pair.client.engine::isClosed, 10 * SECOND), "the client does not end");
        }
    }

    @Test
    @Tag("fault-51")
    void forgeriesEndTheConnectionAtTheirLimit() {
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(new Pair.Settings().link(link()).sealed(limits(1 << 20, 1 << 21, 1_000)))
                        .establish()) {
            assertEquals(OperationStatus.SUCCESS, write(pair, arena, MIB, 10));
            final MemorySegment forged = arena.allocate(200);
            final SplittableRandom random = new SplittableRandom(3);
            final long heard = pair.statistics(pair.server).receivedPackets();
            for (int i = 0; i < 1_000; i++) {
                assertFalse(pair.server.closed, "closed after " + i);
                forge(forged, random);
                pair.server.engine.onPacket(pair.nowNanos(), 0, forged, 0, 200, true);
                pair.runFor(1_000);
            }
            assertEquals(heard, pair.statistics(pair.server).receivedPackets(), "no forgery counts as heard");
            assertTrue(pair.runUntil(() -> pair.server.closed && pair.client.closed, 10 * SECOND), "not closed");
            assertEquals(ConnectionException.Reason.FORGERY_LIMIT, pair.server.closeReason);
            assertEquals(ConnectionException.Reason.PEER_RESET, pair.client.closeReason);
        }
    }

    // Right connection id, version, epoch, lane and incarnation; a number that was not taken.
    private static void forge(MemorySegment packet, SplittableRandom random) {
        final byte[] bytes = new byte[200];
        random.nextBytes(bytes);
        final byte[] header = {0, 0, 0, 0, 0, 0x5E, 0x27, (byte) 0xE2, 1, 0, 0, 0, 0, 1};
        System.arraycopy(header, 0, bytes, 0, header.length);
        packet.copyFrom(MemorySegment.ofArray(bytes));
    }

    @Test
    void placementIsRefused() {
        final ConfigurationException e = assertThrows(
                ConfigurationException.class,
                () -> new Pair(new Pair.Settings()
                                .link(link())
                                .placementLanes(1)
                                .sealed())
                        .close());
        assertTrue(e.getMessage().contains("sealed"), e.getMessage());
    }
}
