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
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConnectionStatistics;
import io.longhaul.Grant;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.sim.Pair;
import io.longhaul.sim.Side;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A recording of everything that crossed the wire, played back to both ends: at once, after the end, and to a
/// connection that has taken the place of the first.
@Timeout(60)
class ReplaySimulationTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int BYTES = 1 << 20;

    private record Recorded(boolean toServer, int lane, byte[] bytes) {}

    private final List<Recorded> recording = new ArrayList<>();

    private static Pair.Settings settings(long seed) {
        return new Pair.Settings()
                .seed(seed) // the secret follows from it
                .lanes(2)
                .link(WireConfig.builder()
                        .delay(Duration.ofMillis(5))
                        .rateBitsPerSecond(500_000_000L)
                        .lossFraction(0.01))
                .sealed();
    }

    private Pair recorded() {
        final Pair pair = new Pair(settings(1));
        pair.tap = (at, lane, packet, length) -> recording.add(
                new Recorded(at == pair.server, lane, packet.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE)));
        return pair.establish();
    }

    private static void work(Pair pair, MemorySegment source) {
        final RemoteRegion region = pair.lookup(pair.client, "r");
        for (int i = 0; i < 5; i++) {
            final Operation write =
                    new Operation().write(source, 0, BYTES, region, 0).withImmediate(i);
            assertEquals(OperationStatus.SUCCESS, pair.complete(pair.client, write, 30 * SECOND));
            final Operation add = new Operation().fetchAndAdd(region, 0, 1);
            assertEquals(OperationStatus.SUCCESS, pair.complete(pair.client, add, 30 * SECOND));
            final Operation send = new Operation().send(source, 0, 1000);
            assertEquals(OperationStatus.SUCCESS, pair.complete(pair.client, send, 30 * SECOND));
        }
        pair.runFor(SECOND);
    }

    /// Gives the recording to both ends; none of it is taken, and nothing leaves for it.
    private void play(Pair pair) {
        play(pair, 2);
    }

    /// @param most packets that may leave meanwhile
    private void play(Pair pair, int most) {
        final long sentBefore = pair.statistics(pair.client).sentPackets()
                + pair.statistics(pair.server).sentPackets();
        for (final Recorded packet : recording) {
            final Side side = packet.toServer ? pair.server : pair.client;
            final MemorySegment bytes = MemorySegment.ofArray(packet.bytes);
            assertFalse(
                    side.engine.onPacket(pair.nowNanos(), packet.lane, bytes, 0, packet.bytes.length, false),
                    "a packet was taken again");
        }
        pair.runFor(SECOND / 10);
        final long sentAfter = pair.statistics(pair.client).sentPackets()
                + pair.statistics(pair.server).sentPackets();
        assertTrue(sentAfter - sentBefore <= most, "answers to a recording: " + (sentAfter - sentBefore));
    }

    @Test
    void aFullReplayChangesNothing() {
        try (Arena arena = Arena.ofShared();
                Pair pair = recorded()) {
            final MemorySegment memory = arena.allocate(BYTES, 8);
            final MemorySegment source = arena.allocate(BYTES).fill((byte) 3);
            pair.server.exposed.expose("r", memory, Grant.of(Right.WRITE, Right.ATOMIC));
            work(pair, source);
            assertTrue(recording.size() > 500, "packets recorded: " + recording.size());
            final int messages = pair.server.messages.size();
            final int immediates = pair.server.immediates.size();
            memory.fill((byte) 7);
            final ConnectionStatistics before = pair.statistics(pair.server);
            play(pair);
            final ConnectionStatistics after = pair.statistics(pair.server);
            final long toServer = recording.stream().filter(Recorded::toServer).count();
            assertEquals(toServer, after.replayedPackets() - before.replayedPackets(), "all are known as repeats");
            assertEquals(0, after.forgedPackets());
            assertEquals(before.receivedPackets(), after.receivedPackets());
            assertEquals(messages, pair.server.messages.size());
            assertEquals(immediates, pair.server.immediates.size());
            assertUnchanged(memory);
            pair.client.engine.close(pair.nowNanos(), true, "");
            assertFalse(pair.client.engine.isClosed() || pair.server.engine.isClosed(), "they still talk of the end");
            play(pair, 20);
            assertEquals(
                    2 * toServer,
                    pair.statistics(pair.server).replayedPackets() - before.replayedPackets(),
                    "all are known as repeats while the connection ends");
            assertTrue(pair.runUntil(() -> pair.client.closed && pair.server.closed, 10 * SECOND), "does not close");
            pair.runFor(10 * SECOND);
            // Here an engine hears nothing; that an endpoint finds none is ForeignPacketsTest's.
            assertTrue(pair.client.engine.isClosed() && pair.server.engine.isClosed());
            assertUnchanged(memory);
        }
    }

    @Test
    void aRecordingIsWorthNothingAfterARestartEvenUnderTheSameConnectionIds() {
        try (Arena arena = Arena.ofShared()) {
            final MemorySegment source = arena.allocate(BYTES).fill((byte) 3);
            try (Pair pair = recorded()) {
                pair.server.exposed.expose("r", arena.allocate(BYTES, 8), Grant.of(Right.WRITE, Right.ATOMIC));
                work(pair, source);
            }
            try (Pair pair = new Pair(settings(2)).establish()) {
                final MemorySegment memory = arena.allocate(BYTES, 8);
                pair.server.exposed.expose("r", memory, Grant.of(Right.WRITE, Right.ATOMIC));
                memory.fill((byte) 7);
                pair.runFor(SECOND); // until the path is measured
                play(pair);
                assertUnchanged(memory);
                assertEquals(0, pair.server.messages.size());
                assertTrue(pair.statistics(pair.server).forgedPackets() > 100, "they are forgeries now");
                work(pair, source);
                assertEquals(5, pair.server.messages.size());
            }
        }
    }

    private static void assertUnchanged(MemorySegment memory) {
        for (long i = 0; i < BYTES; i += 8) {
            assertEquals(0x0707_0707_0707_0707L, memory.get(ValueLayout.JAVA_LONG, i), "byte " + i);
        }
    }
}
