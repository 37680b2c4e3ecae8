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
package io.longhaul.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Connection;
import io.longhaul.ConnectionException;
import io.longhaul.ConnectionException.Reason;
import io.longhaul.ConnectionStatistics;
import io.longhaul.Grant;
import io.longhaul.Listener;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Endpoints over a pretended long link: what is sent arrives as it was, whatever the link does.
@Timeout(120)
class WireTest {
    private static final int BYTES = 8 << 20;

    private static WireConfig.Builder wire() {
        return WireConfig.builder().delay(Duration.ofMillis(5)).rateBitsPerSecond(500_000_000L);
    }

    /// Writes over such a wire, compares, and closes gracefully.
    private static ConnectionStatistics transfer(WireConfig wire) throws Exception {
        try (EndpointPair pair =
                        new EndpointPair(EndpointPair.small().wire(wire).build());
                Arena arena = Arena.ofShared()) {
            final MemorySegment target = arena.allocate(BYTES);
            final MemorySegment source = EndpointPair.randomBytes(arena, BYTES, wire.seed());
            pair.server.expose("inbox", target, Grant.of(Right.WRITE));
            final RemoteRegion inbox = pair.client.lookup("inbox").get(20, TimeUnit.SECONDS);
            pair.client.write(source, inbox, 0).get(60, TimeUnit.SECONDS);
            assertEquals(-1, source.mismatch(target));
            final ConnectionStatistics statistics = pair.client.statistics();
            final CompletableFuture<Optional<ConnectionException>> there = endOf(pair.server);
            pair.client.close(Duration.ofSeconds(20));
            assertEquals(
                    Reason.PEER_CLOSED,
                    there.get(20, TimeUnit.SECONDS).orElseThrow().reason());
            pair.close();
            return statistics;
        }
    }

    private static CompletableFuture<Optional<ConnectionException>> endOf(Connection connection) {
        final CompletableFuture<Optional<ConnectionException>> end = new CompletableFuture<>();
        connection.listener(new Connection.Listener() {
            @Override
            public void onClosed(@Nullable ConnectionException cause) {
                end.complete(Optional.ofNullable(cause));
            }
        });
        return end;
    }

    @Test
    void measuresTheRoundTrip() throws Exception {
        final ConnectionStatistics statistics = transfer(wire().build());
        assertTrue(statistics.minRttNanos() >= 10_000_000, "min RTT " + statistics.minRttNanos());
    }

    @Test
    void asManyReadsAsAllowedFollowEachOther() throws Exception {
        final LonghaulConfig config =
                EndpointPair.small().wire(wire().build()).maxInboundReads(8).build();
        try (EndpointPair pair = new EndpointPair(config);
                Arena arena = Arena.ofShared()) {
            pair.server.expose("data", arena.allocate(BYTES), Grant.of(Right.READ));
            final RemoteRegion data = pair.client.lookup("data").get(20, TimeUnit.SECONDS);
            final MemorySegment target = arena.allocate(8 * 20_000);
            final AtomicInteger left = new AtomicInteger(200);
            final CompletableFuture<OperationStatus> end = new CompletableFuture<>();
            for (int i = 0; i < 8; i++) {
                final long place = 20_000L * i;
                final Operation read = new Operation();
                read.onComplete(done -> {
                    if (done.status() != OperationStatus.SUCCESS || left.decrementAndGet() == 0) {
                        end.complete(done.status());
                    } else {
                        pair.client.post(done.read(data, place, target, place, 20_000));
                    }
                });
                pair.client.post(read.read(data, place, target, place, 20_000));
            }
            assertEquals(OperationStatus.SUCCESS, end.get(60, TimeUnit.SECONDS));
            pair.close();
        }
    }

    @Test
    @Tag("fault-1")
    void repairsLosses() throws Exception {
        assertTrue(transfer(wire().lossFraction(0.02).build()).lostPackets() > 0);
    }

    @Test
    @Tag("fault-8")
    @Tag("fault-11")
    @Tag("fault-13")
    void survivesCorruptionDuplicatesAndReordering() throws Exception {
        transfer(wire().corruptFraction(0.01)
                .duplicateFraction(0.01)
                .reorder(0.01, Duration.ofMillis(3))
                .jitter(Duration.ofMillis(1))
                .build());
    }

    @Test
    @Tag("fault-10")
    void lanesMayDifferInLength() throws Exception {
        final WireConfig.Lane longer = new WireConfig.Lane(1, Duration.ofMillis(2), 0, WireConfig.Lane.NEVER);
        final ConnectionStatistics statistics =
                transfer(wire().lanes(List.of(longer)).build());
        assertTrue(statistics.retransmittedBytes() < BYTES / 5, "retransmitted " + statistics.retransmittedBytes());
    }

    @Test
    void aLaneMayDie() throws Exception {
        final WireConfig.Lane dying = new WireConfig.Lane(1, Duration.ZERO, 0, Duration.ofMillis(100));
        transfer(wire().lanes(List.of(dying)).build());
    }

    @Test
    @Tag("fault-75")
    void aBlockedDataPathIsToldInTime() {
        final LonghaulConfig config = EndpointPair.small()
                .wire(WireConfig.builder().lossFraction(1).build())
                .handshakeTimeout(Duration.ofMillis(600))
                .build();
        try (Longhaul server = Longhaul.open(config);
                Longhaul client = Longhaul.open(config);
                Listener listener = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            final long start = System.nanoTime();
            final ConnectionException blocked = assertThrows(
                    ConnectionException.class, () -> client.connect(listener.localAddress(), Duration.ofMillis(600)));
            assertEquals(Reason.DATA_PATH_BLOCKED, blocked.reason());
            assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(5), "took too long");
        }
    }

    @Test
    @Tag("fault-4")
    @Tag("fault-66")
    void aSilentPathEndsTheConnection() throws Exception {
        final WireConfig cut = wire().blackHoles(
                        List.of(new WireConfig.BlackHole(Duration.ofSeconds(1), Duration.ofDays(1))))
                .build();
        final LonghaulConfig config = EndpointPair.small()
                .wire(cut)
                .idleTimeout(Duration.ofMillis(1500))
                .keepAlive(Duration.ofMillis(300))
                .build();
        try (EndpointPair pair = new EndpointPair(config)) {
            final CompletableFuture<Optional<ConnectionException>> here = endOf(pair.client);
            final CompletableFuture<Optional<ConnectionException>> there = endOf(pair.server);
            final MemorySegment source = Arena.ofAuto().allocate(16 << 20);
            final Operation send = new Operation().send(source, 0, 16 << 20);
            final CompletableFuture<OperationStatus> end = new CompletableFuture<>();
            send.onComplete(done -> end.complete(done.status()));
            pair.client.post(send);
            // The other end may be the first to give up, and hang up.
            final Reason mine = here.get(60, TimeUnit.SECONDS).orElseThrow().reason();
            final Reason theirs = there.get(60, TimeUnit.SECONDS).orElseThrow().reason();
            assertTrue(mine == Reason.IDLE_TIMEOUT || theirs == Reason.IDLE_TIMEOUT, mine + " and " + theirs);
            assertNotNull(end.get(5, TimeUnit.SECONDS));
            pair.close();
        }
    }

    @Test
    void anOperationEndsByItsDeadline() throws Exception {
        final WireConfig slow = wire().rateBitsPerSecond(20_000_000L).build();
        try (EndpointPair pair =
                new EndpointPair(EndpointPair.small().wire(slow).build())) {
            final MemorySegment source = Arena.ofAuto().allocate(BYTES);
            final CompletableFuture<OperationStatus> end = new CompletableFuture<>();
            pair.client.post(new Operation()
                    .send(source, 0, BYTES)
                    .timeout(Duration.ofMillis(300))
                    .onComplete(done -> end.complete(done.status())));
            assertEquals(OperationStatus.DEADLINE_EXCEEDED, end.get(20, TimeUnit.SECONDS));
            assertTrue(pair.client.isOpen());
            pair.client.send(source.asSlice(0, 10)).get(20, TimeUnit.SECONDS);
            pair.close();
        }
    }
}
