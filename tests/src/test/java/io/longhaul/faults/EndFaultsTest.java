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
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.core.EngineStream;
import io.longhaul.core.InboundMessage;
import io.longhaul.property.Workload;
import io.longhaul.sim.Pair;
import io.longhaul.sim.Side;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;

/// Ends at any moment, what comes after them, memory that is taken away, and credit that runs out.
@Timeout(300)
class EndFaultsTest {
    @Seeds
    @Tag("fault-63")
    @Tag("fault-65")
    void connectionsMayBeClosedAtAnyMomentByEitherOrBoth(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        final int who = path.random.nextInt(3);
        final long when = path.random.nextLong(150 * Trial.MILLI);
        final boolean drain = path.random.nextBoolean();
        final Trial trial = path.over(link -> link.lossFraction(0.05).duplicateFraction(0.2))
                .spread(5 * Trial.MILLI)
                .describedAs((drain ? "drained" : "cut") + " by " + who + " at " + when);
        if (who != 1) {
            trial.closingAt(when, true, drain);
        }
        if (who != 0) {
            trial.closingAt(when + path.random.nextLong(path.delay.toNanos()), false, path.random.nextBoolean());
        }
        trial.runToAnyEnd();
    }

    record Captured(boolean fromClient, int lane, byte[] bytes) {}

    static Pair.Tap into(List<Captured> capture, Pair pair) {
        return (at, lane, packet, length) -> capture.add(
                new Captured(at == pair.server, lane, packet.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE)));
    }

    static void replay(List<Captured> capture, Pair pair, Arena arena) {
        final MemorySegment segment = arena.allocate(9_000);
        for (final Captured each : capture) {
            MemorySegment.copy(MemorySegment.ofArray(each.bytes), 0, segment, 0, each.bytes.length);
            final Side to = each.fromClient ? pair.server : pair.client;
            to.engine.onPacket(pair.clock(to), each.lane, segment, 0, each.bytes.length, false);
        }
        pair.runFor(Trial.SECOND);
    }

    @Seeds
    @Tag("fault-32")
    @Tag("fault-45")
    @Tag("fault-46")
    void aRecordingOfAWholeSessionHasNoEffectDuringItAndAfterARestart(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        path.settings.sealed().link(path.link().duplicateFraction(0.1));
        final List<Captured> capture = new ArrayList<>();
        try (Arena arena = Arena.ofShared()) {
            try (Pair pair = new Pair(path.settings)) {
                pair.tap = into(capture, pair);
                final Workload workload = work(pair.establish(), arena, seed);
                pair.runFor(Trial.SECOND);
                pair.tap = null;
                pair.runFor(Trial.SECOND);
                final MemorySegment snapshot = workload.snapshot();
                final long received = pair.statistics(pair.server).receivedPackets();
                // What a queue has dropped arrives for the first time; a few packets more keep the connection alive.
                final long most = pair.statistics(pair.client).sentPackets() + 20;
                replay(capture, pair, arena);
                workload.check();
                workload.checkUnchanged(snapshot);
                final long now = pair.statistics(pair.server).receivedPackets();
                assertTrue(
                        now <= most,
                        () -> "seed " + seed + ": of " + most + " packets " + now + " were received, " + received
                                + " before the replay");
            }
            // Another secret, as after a restart; the connection ids are the same, which they never are in earnest.
            final FaultyPath again = new FaultyPath(seed + 1_000_000);
            again.settings.sealed().link(again.link());
            try (Pair pair = new Pair(again.settings).establish()) {
                final Workload workload = new Workload(pair, arena, seed + 1);
                replay(capture, pair, arena);
                assertTrue(!pair.client.closed && !pair.server.closed, "a recording ended the next connection");
                workload.postOne();
                assertTrue(pair.runUntil(workload::isDone, 60 * Trial.SECOND), "stalled after the replay");
                workload.check();
            }
        }
    }

    private static Workload work(Pair pair, Arena arena, long seed) {
        final Workload workload = new Workload(pair, arena, seed);
        for (int i = 0; i < 20; i++) {
            workload.postOne();
        }
        assertTrue(pair.runUntil(workload::isDone, 120 * Trial.SECOND), "stalled");
        return workload;
    }

    @Seeds
    @Tag("fault-61")
    void sourcesThatAreFreedWhileTheyAreSentEndTheirOperationOnly(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        path.settings.link(path.link().lossFraction(0.02));
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(path.settings).establish()) {
            pair.server.onMessage = InboundMessage::release;
            final List<Operation> doomed = new ArrayList<>();
            final List<Operation> others = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                try (Arena shortLived = Arena.ofShared()) {
                    doomed.add(post(pair, new Operation().send(shortLived.allocate(400_000), 0, 400_000)));
                    others.add(post(pair, new Operation().send(arena.allocate(50_000), 0, 50_000)));
                    pair.runFor(path.random.nextLong(40 * Trial.MILLI));
                }
            }
            final boolean ended = pair.runUntil(
                    () -> doomed.stream().allMatch(Operation::isDone)
                            && others.stream().allMatch(Operation::isDone),
                    120 * Trial.SECOND);
            assertTrue(ended, () -> "seed " + seed + ": stalled");
            for (final Operation each : others) {
                assertEquals(OperationStatus.SUCCESS, each.status(), () -> "seed " + seed);
            }
            for (final Operation each : doomed) {
                assertEquals(1, pair.client.ends.get(each), () -> "seed " + seed);
                assertTrue(
                        each.status() == OperationStatus.SUCCESS || each.status() == OperationStatus.LOCAL_ACCESS_ERROR,
                        () -> "seed " + seed + ": " + each.status());
            }
        }
    }

    private static Operation post(Pair pair, Operation operation) {
        pair.post(pair.client, operation);
        return operation;
    }

    @Seeds
    @Tag("fault-38")
    @Tag("fault-39")
    void creditThatRunsOutOnBothSidesNeverStandsStill(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        path.settings.maxMemory(256L << 10);
        final long from = Trial.SECOND;
        final boolean silence = path.random.nextBoolean();
        path.settings.routes(
                new FaultyRoute(path.link().lossFraction(0.3).seed(seed).build())
                        .losing(nanos -> silence && nanos >= from && nanos < from + 5 * Trial.SECOND),
                new FaultyRoute(path.link().lossFraction(0.3).seed(seed + 1).build()));
        new Trial(path.settings, seed)
                .operations(40)
                .spread(10 * Trial.MILLI)
                .limit(110 * Trial.SECOND)
                .describedAs(silence ? "with 5 s of silence" : "30 % lost")
                .run();
    }

    @Seeds
    @Tag("fault-40")
    @Tag("fault-41")
    void aReceiverThatHoldsItsMessagesStopsNothingButMessages(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        path.settings.maxMemory(1L << 20).link(path.link().lossFraction(0.01));
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(path.settings).establish()) {
            final List<InboundMessage> held = new ArrayList<>();
            final Workload workload = new Workload(pair, arena, seed, pair.server);
            pair.server.onMessage = held::add;
            final MemorySegment message = arena.allocate(100_000);
            final List<Operation> sends = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                sends.add(post(pair, new Operation().send(message, 0, 100_000)));
            }
            pair.runFor(3 * Trial.SECOND);
            assertTrue(sends.stream().anyMatch(each -> !each.isDone()), "the memory was not used up");
            // The other direction knows nothing of it.
            for (int i = 0; i < 20; i++) {
                workload.postOne();
            }
            assertTrue(pair.runUntil(workload::isDone, 60 * Trial.SECOND), () -> "seed " + seed + ": held up");
            workload.check();
            pair.server.onMessage = InboundMessage::release;
            held.forEach(InboundMessage::release);
            pair.server.engine.onMessageReleased();
            assertTrue(
                    pair.runUntil(() -> sends.stream().allMatch(Operation::isDone), 60 * Trial.SECOND),
                    () -> "seed " + seed + ": stalled");
        }
    }

    @Seeds
    @Tag("fault-64")
    void streamsThatCloseEachDirectionInAnyOrderCarryEveryByte(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        path.settings.link(path.link().lossFraction(path.oneOf(0, 0.02, 0.1)).duplicateFraction(0.1));
        try (Pair pair = new Pair(path.settings).establish()) {
            final EngineStream here = Objects.requireNonNull(pair.client.engine.openStream());
            final StreamEnd client = new StreamEnd(pair, pair.client, path.random.nextInt(400_000), seed);
            client.stream = here;
            final StreamEnd server = new StreamEnd(pair, pair.server, path.random.nextInt(400_000), seed + 1);
            final boolean done = pair.runUntil(
                    () -> {
                        if (server.stream == null && !pair.server.streams.isEmpty()) {
                            server.stream = pair.server.streams.getFirst();
                        }
                        return client.pump() & server.pump();
                    },
                    120 * Trial.SECOND);
            assertTrue(done, () -> "seed " + seed + ": stalled");
            assertEquals(client.sent, server.received(), () -> "seed " + seed);
            assertEquals(server.sent, client.received(), () -> "seed " + seed);
        }
    }

    /// One end of a stream: writes its bytes, ends its direction, and reads until the end of the other.
    private static final class StreamEnd {
        private final Pair pair;
        private final Side side;
        private final ByteBuffer sent;
        private final ByteBuffer toSend;
        private final ByteBuffer got = ByteBuffer.allocate(400_000);
        private boolean shut;
        private boolean ended;
        private @Nullable EngineStream stream;

        StreamEnd(Pair pair, Side side, int bytes, long seed) {
            this.pair = pair;
            this.side = side;
            final byte[] content = new byte[bytes];
            new SplittableRandom(seed).nextBytes(content);
            sent = ByteBuffer.wrap(content);
            toSend = ByteBuffer.wrap(content);
        }

        ByteBuffer received() {
            return got.flip();
        }

        boolean pump() {
            final EngineStream used = stream;
            if (used == null) {
                return false;
            }
            boolean touched = toSend.hasRemaining() && used.write(toSend) > 0;
            if (!toSend.hasRemaining() && !shut) {
                shut = true;
                touched = true;
                used.shutdownOutput();
            }
            final int read = ended ? 0 : used.read(got);
            ended |= read == EngineStream.END;
            if (touched || read > 0) {
                side.engine.onStreamTouched(pair.clock(side), used);
            }
            return shut && ended;
        }
    }
}
