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
package io.longhaul.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConnectionException;
import io.longhaul.Grant;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.core.EngineStream;
import io.longhaul.core.SealingLimits;
import io.longhaul.property.Workload;
import io.longhaul.sim.Pair;
import io.longhaul.sim.Side;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;

/// An end that is killed in some phase of a connection, and starts again: what the other end is told, and what the
/// packets
/// of the first life do to the second.
@Timeout(300)
class RestartFaultsTest {
    private static final long IDLE_NANOS = 10 * Trial.SECOND;
    private static final int MEMORY_BYTES = 1 << 20;
    private static final int PIECE_BYTES = 100_000;
    private static final Set<OperationStatus> ENDS =
            Set.of(OperationStatus.SUCCESS, OperationStatus.CONNECTION_LOST, OperationStatus.FLUSHED);

    /// A new key for every 20 packets.
    private static final SealingLimits MANY_KEYS =
            new SealingLimits(20, 1 << 24, 1 << 22, 1L << 40, 5_000_000_000L, 1L << 36);

    /// When an end is killed; seeds take one after the other.
    private enum Phase {
        HANDSHAKE,
        NOTHING_SENT,
        WRITE,
        READ,
        SEND,
        ATOMIC,
        STREAM,
        CLOSE,
        KEY_UPDATE,
        PATH_LOSS
    }

    @Seeds
    @Tag("fault-44")
    @Tag("fault-45")
    void anEndMayBeKilledInEveryPhaseAndStartAgain(long seed) {
        final Phase phase = Phase.values()[(int) (seed % Phase.values().length)];
        final long before = Trial.nativeBytes();
        try (Arena arena = Arena.ofShared()) {
            final List<EndFaultsTest.Captured> capture = new ArrayList<>();
            new FirstLife(seed, phase, arena).run(capture);
            secondLife(seed, arena, capture);
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError("seed " + seed + ", killed in " + phase + ": " + e.getMessage(), e);
        }
        assertTrue(Trial.nativeBytes() <= before, () -> "seed " + seed + ": native memory was not given back");
    }

    /// A connection up to the death of one end, and what the other one makes of it.
    private static final class FirstLife {
        private final FaultyPath path;
        private final Phase phase;
        private final Arena arena;
        private final boolean clientDies;
        private final boolean told;
        private final List<Operation> operations = new ArrayList<>(); // of the end that survives
        private @Nullable EngineStream stream; // of the end that survives

        FirstLife(long seed, Phase phase, Arena arena) {
            path = new FaultyPath(seed);
            this.phase = phase;
            this.arena = arena;
            clientDies = path.random.nextBoolean();
            told = path.random.nextBoolean();
            path.settings
                    .idleTimeoutNanos(IDLE_NANOS)
                    .sealed(phase == Phase.KEY_UPDATE ? MANY_KEYS : SealingLimits.DEFAULT);
            path.settings.link(
                    phase == Phase.PATH_LOSS
                            ? path.link().blackHoles(FaultyPath.holes(FaultyPath.hole(Trial.SECOND, 5 * Trial.SECOND)))
                            : path.link().lossFraction(0.01));
        }

        void run(List<EndFaultsTest.Captured> capture) {
            try (Pair pair = new Pair(path.settings)) {
                pair.tap = EndFaultsTest.into(capture, pair);
                final MemorySegment memory = reach(pair);
                final Side dead = clientDies ? pair.client : pair.server;
                final Side alive = clientDies ? pair.server : pair.client;
                pair.pause(dead, 3600 * Trial.SECOND, 0);
                if (told) {
                    // The kernel of the dead end closes the control connection.
                    pair.runFor(path.delay.toNanos());
                    alive.engine.onPeerLost(
                            pair.clock(alive), ConnectionException.Reason.PEER_RESET, "the control connection ended");
                }
                assertTrue(
                        pair.runUntil(() -> alive.closed, told ? Trial.MILLI : IDLE_NANOS + Trial.SECOND),
                        "the death was not noticed in time");
                check(alive);
                final byte[] then = memory.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
                assertTrue(pair.runUntil(alive.engine::isClosed, 60 * Trial.SECOND), "the engine does not end");
                pair.runFor(2 * Trial.SECOND);
                check(alive);
                assertEquals(-1, memory.mismatch(MemorySegment.ofArray(then)), "memory changed after the end was told");
            }
        }

        // Each operation of the end that lives has ended once, and its streams know.
        private void check(Side alive) {
            for (final Operation each : operations) {
                assertTrue(ENDS.contains(each.status()), () -> each.kind() + " ended with " + each.status());
                assertEquals(1, alive.ends.get(each), () -> "ends of a " + each.kind());
            }
            final EngineStream used = stream;
            if (used != null) {
                assertEquals(EngineStream.FAILED, used.write(ByteBuffer.allocate(1)), "a stream goes on");
            }
        }

        /// Comes to a moment of the phase.
        ///
        /// @return the memory of the end that will survive
        private MemorySegment reach(Pair pair) {
            final MemorySegment memory = arena.allocate(MEMORY_BYTES, 8);
            if (phase == Phase.HANDSHAKE) {
                pair.runFor(path.random.nextLong(3 * path.delay.toNanos()));
                return memory;
            }
            pair.establish();
            if (phase == Phase.NOTHING_SENT) {
                return memory;
            }
            pair.client.onMessage = message -> message.release();
            pair.server.onMessage = message -> message.release();
            final Grant all = Grant.of(Right.READ, Right.WRITE, Right.ATOMIC);
            (clientDies ? pair.server : pair.client).exposed.expose("memory", memory, all);
            (clientDies ? pair.client : pair.server).exposed.expose("memory", arena.allocate(MEMORY_BYTES, 8), all);
            if (phase == Phase.PATH_LOSS) {
                pair.runFor(Math.max(0, Trial.SECOND - 10 * Trial.MILLI - pair.nowNanos()));
            }
            // Looked up beforehand: the path may be lost afterwards.
            final RemoteRegion ofServer = phase == Phase.PATH_LOSS ? null : pair.lookup(pair.client, "memory");
            final RemoteRegion ofClient = phase == Phase.PATH_LOSS ? null : pair.lookup(pair.server, "memory");
            post(pair, pair.client, ofServer);
            post(pair, pair.server, ofClient);
            if (phase == Phase.CLOSE) {
                final Side closing = path.random.nextBoolean() ? pair.client : pair.server;
                closing.engine.close(pair.clock(closing), path.random.nextBoolean(), "enough");
            }
            final long most = phase == Phase.PATH_LOSS ? 3 * Trial.SECOND : 3 * path.delay.toNanos() + 20 * Trial.MILLI;
            pair.runFor(path.random.nextLong(most));
            return memory;
        }

        private void post(Pair pair, Side from, @Nullable RemoteRegion target) {
            final boolean survives = from == (clientDies ? pair.server : pair.client);
            if (phase == Phase.STREAM) {
                final EngineStream opened = Objects.requireNonNull(from.engine.openStream());
                opened.write(ByteBuffer.allocate(PIECE_BYTES));
                from.engine.onStreamTouched(pair.clock(from), opened);
                stream = survives ? opened : stream;
            }
            for (int i = 0; i < 8; i++) {
                final Operation operation = operation(target, i);
                pair.post(from, operation);
                if (survives) {
                    operations.add(operation);
                }
            }
        }

        private Operation operation(@Nullable RemoteRegion target, int number) {
            final MemorySegment local = arena.allocate(PIECE_BYTES, 8).fill((byte) (number + 1));
            final long offset = (long) number * PIECE_BYTES;
            if (target == null) {
                return new Operation().send(local, 0, PIECE_BYTES);
            }
            return switch (phase) {
                case READ -> new Operation().read(target, offset, local, 0, PIECE_BYTES);
                case SEND, STREAM -> new Operation().send(local, 0, PIECE_BYTES);
                case ATOMIC -> new Operation().fetchAndAdd(target, 0, 1);
                default -> new Operation().write(local, 0, PIECE_BYTES, target, offset);
            };
        }
    }

    // The ids of the connection are the same, which they never are in earnest; the secret is another one.
    private static void secondLife(long seed, Arena arena, List<EndFaultsTest.Captured> capture) {
        final FaultyPath again = new FaultyPath(seed + 1_000_000);
        again.settings.sealed().link(again.link());
        try (Pair pair = new Pair(again.settings)) {
            EndFaultsTest.replay(capture, pair, arena); // before it is established
            pair.establish();
            final Workload workload = new Workload(pair, arena, seed + 1);
            EndFaultsTest.replay(capture, pair, arena);
            assertFalse(pair.client.closed || pair.server.closed, "packets of the first life ended the second");
            for (int i = 0; i < 10; i++) {
                workload.postOne();
            }
            assertTrue(pair.runUntil(workload::isDone, 60 * Trial.SECOND), "stalled in the second life");
            workload.check();
        }
    }
}
