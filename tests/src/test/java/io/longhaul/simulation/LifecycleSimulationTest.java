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
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConnectionException;
import io.longhaul.Grant;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.core.EngineStream;
import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Ends: of operations by deadline, refusal and revocation, of streams, and of connections.
@Timeout(60)
class LifecycleSimulationTest {
    private static final long SECOND = 1_000_000_000L;

    private static WireConfig.Builder link() {
        return WireConfig.builder()
                .delay(Duration.ofMillis(10))
                .rateBitsPerSecond(200_000_000L)
                .lossFraction(0.01);
    }

    private static Pair pair() {
        return new Pair(new Pair.Settings().link(link())).establish();
    }

    @Test
    void anUnknownKeyIsRefusedAndLaterOperationsGoOn() {
        try (Arena arena = Arena.ofShared();
                Pair pair = pair()) {
            final MemorySegment target = arena.allocate(100_000);
            pair.server.exposed.expose("target", target, Grant.of(Right.WRITE));
            final RemoteRegion good = pair.lookup(pair.client, "target");
            final RemoteRegion bad = new RemoteRegion("target", good.key() + 1, good.length(), good.rights());
            final MemorySegment source = arena.allocate(100_000);
            source.fill((byte) 7);
            assertEquals(
                    OperationStatus.REMOTE_ACCESS_ERROR,
                    pair.complete(pair.client, new Operation().write(source, 0, 100_000, bad, 0), 5 * SECOND));
            assertEquals(0, target.get(ValueLayout.JAVA_BYTE, 0));
            assertEquals(
                    OperationStatus.REMOTE_ACCESS_ERROR,
                    pair.complete(pair.client, new Operation().read(good, 0, source, 0, 100), 5 * SECOND),
                    "a read of a region that grants writes only");
            assertEquals(
                    OperationStatus.SUCCESS,
                    pair.complete(pair.client, new Operation().write(source, 0, 100_000, good, 0), 5 * SECOND));
            assertEquals(7, target.get(ValueLayout.JAVA_BYTE, 99_999));
            assertFalse(pair.client.closed);
        }
    }

    @Test
    @Tag("fault-4")
    void aDeadlineEndsAnOperationOnceAndTheConnectionGoesOn() {
        final WireConfig.Builder hole =
                link().blackHoles(List.of(new WireConfig.BlackHole(Duration.ofSeconds(1), Duration.ofSeconds(2))));
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(new Pair.Settings().link(hole)).establish()) {
            final MemorySegment message = arena.allocate(300_000);
            pair.runFor(SECOND);
            final Operation late = new Operation().send(message, 0, 300_000).timeout(Duration.ofMillis(500));
            assertEquals(OperationStatus.DEADLINE_EXCEEDED, pair.complete(pair.client, late, 5 * SECOND));
            final Operation next = new Operation().send(message, 0, 1000);
            assertEquals(OperationStatus.SUCCESS, pair.complete(pair.client, next, 10 * SECOND));
            assertEquals(1, pair.client.ends.get(late));
            pair.runUntil(() -> !pair.server.messages.isEmpty(), 5 * SECOND);
            assertEquals(1, pair.server.messages.size());
            assertEquals(1000, pair.server.messages.getFirst().length());
        }
    }

    @Test
    void abandonedMessagesGiveTheirCreditBack() {
        try (Arena arena = Arena.ofShared();
                Pair pair = pair()) {
            final MemorySegment message = arena.allocate(2 << 20);
            pair.server.onMessage = m -> m.release();
            for (int i = 0; i < 40; i++) {
                final Operation late = new Operation().send(message, 0, 2 << 20).timeout(Duration.ofMillis(15));
                assertEquals(OperationStatus.DEADLINE_EXCEEDED, pair.complete(pair.client, late, 5 * SECOND));
            }
            final Operation last = new Operation().send(message, 0, 2 << 20);
            assertEquals(OperationStatus.SUCCESS, pair.complete(pair.client, last, 20 * SECOND));
        }
    }

    @Test
    void drainsBeforeAGracefulClose() {
        try (Arena arena = Arena.ofShared();
                Pair pair = pair()) {
            final MemorySegment message = arena.allocate(1_000_000);
            final Operation operation = new Operation().send(message, 0, 1_000_000);
            pair.post(pair.client, operation);
            pair.client.engine.close(pair.nowNanos(), true, "done");
            assertTrue(pair.runUntil(() -> pair.client.closed && pair.server.closed, 10 * SECOND), "did not close");
            assertEquals(OperationStatus.SUCCESS, operation.status());
            assertEquals(1, pair.server.messages.size());
            assertNull(pair.client.closeReason);
            assertEquals(ConnectionException.Reason.PEER_CLOSED, pair.server.closeReason);
        }
    }

    @Test
    void anAbortFlushesWhatIsOutstanding() {
        try (Arena arena = Arena.ofShared();
                Pair pair = pair()) {
            final MemorySegment message = arena.allocate(1_000_000);
            final Operation operation = new Operation().send(message, 0, 1_000_000);
            pair.post(pair.client, operation);
            pair.runFor(5_000_000L);
            pair.client.engine.close(pair.nowNanos(), false, "enough");
            assertTrue(pair.runUntil(() -> pair.client.closed && pair.server.closed, 10 * SECOND), "did not close");
            assertEquals(OperationStatus.FLUSHED, operation.status());
            assertEquals(ConnectionException.Reason.PEER_RESET, pair.server.closeReason);
        }
    }

    @Test
    @Tag("fault-66")
    void aSilentPeerIsGivenUpAfterTheIdleTimeout() {
        final WireConfig.Builder dead =
                link().blackHoles(List.of(new WireConfig.BlackHole(Duration.ofSeconds(1), Duration.ofHours(1))));
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(new Pair.Settings().link(dead)).establish()) {
            final MemorySegment message = arena.allocate(1000);
            pair.runFor(SECOND);
            final Operation operation = new Operation().send(message, 0, 1000);
            pair.post(pair.client, operation);
            assertTrue(pair.runUntil(() -> pair.client.closed && pair.server.closed, 11 * SECOND), "not noticed");
            assertEquals(ConnectionException.Reason.IDLE_TIMEOUT, pair.client.closeReason);
            assertEquals(OperationStatus.CONNECTION_LOST, operation.status());
        }
    }

    @Test
    void anIdleConnectionLives() {
        try (Pair pair = pair()) {
            pair.runFor(120 * SECOND);
            assertFalse(pair.client.closed || pair.server.closed);
            assertTrue(pair.statistics(pair.client).sentPackets() < 400, "an idle connection is quiet");
        }
    }

    @Test
    @Tag("fault-10")
    void oneLaneOfEightDies() {
        final WireConfig.Builder link =
                link().lanes(List.of(new WireConfig.Lane(3, Duration.ZERO, 0, Duration.ofMillis(200))));
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(new Pair.Settings().lanes(8).link(link)).establish()) {
            final MemorySegment message = arena.allocate(8 << 20);
            pair.server.onMessage = m -> m.release();
            final Operation operation = new Operation().send(message, 0, 8 << 20);
            final long start = pair.nowNanos();
            assertEquals(OperationStatus.SUCCESS, pair.complete(pair.client, operation, 20 * SECOND));
            final double seconds = (pair.nowNanos() - start) / 1e9;
            assertTrue(seconds < 1.0, "8 MiB at 200 Mb/s with a dead lane took " + seconds + " s");
        }
    }

    @Test
    void streamsHalfCloseAndCarryEveryByte() {
        try (Pair pair = pair()) {
            final EngineStream out = java.util.Objects.requireNonNull(pair.client.engine.openStream());
            final ByteBuffer bytes = ByteBuffer.allocate(3_000_000);
            for (int i = 0; i < bytes.capacity(); i++) {
                bytes.put(i, (byte) (i * 31 >>> 3));
            }
            final ByteBuffer got = ByteBuffer.allocate(3_000_000);
            final boolean[] shut = {false};
            final boolean done = pair.runUntil(() -> pumpStream(pair, out, bytes, got, shut), 20 * SECOND);
            assertTrue(done, "the stream stalled at " + got.position());
            assertEquals(bytes.flip(), got.flip());
        }
    }

    private static boolean pumpStream(Pair pair, EngineStream out, ByteBuffer from, ByteBuffer to, boolean[] shut) {
        if (from.hasRemaining() && out.write(from) > 0) {
            pair.client.engine.onStreamTouched(pair.nowNanos(), out);
        }
        if (!from.hasRemaining() && !shut[0]) {
            shut[0] = true;
            out.shutdownOutput();
            pair.client.engine.onStreamTouched(pair.nowNanos(), out);
        }
        if (pair.server.streams.isEmpty()) {
            return false;
        }
        final EngineStream in = pair.server.streams.getFirst();
        final int read = in.read(to);
        if (read > 0) {
            pair.server.engine.onStreamTouched(pair.nowNanos(), in);
        }
        return read == EngineStream.END;
    }
}
