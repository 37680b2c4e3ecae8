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
package io.longhaul.property;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Grant;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.core.InboundMessage;
import io.longhaul.sim.Pair;
import io.longhaul.sim.Side;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Random operations of every kind with a model of what must come out: the memory of both sides, the order of messages
/// and
/// immediates, the sum of the atomics, and one end for each operation.
public final class Workload {
    private static final int REGION_BYTES = 1 << 20;
    private static final int COUNTERS_BYTES = 64;

    private final Pair pair;
    private final Side from;
    private final Side to;
    private final SplittableRandom random;
    private final MemorySegment remote;
    private final MemorySegment remoteModel;
    private final MemorySegment source;
    private final MemorySegment counters;
    private final RemoteRegion region;
    private final RemoteRegion counterRegion;
    private final List<Operation> operations = new ArrayList<>();
    private final List<MemorySegment> expectedMessages = new ArrayList<>();
    private final List<Operation> sends = new ArrayList<>(); // [message]
    private final List<Long> expectedImmediates = new ArrayList<>();
    private final List<Runnable> readChecks = new ArrayList<>();
    private final Arena arena;
    private long expectedSum;
    private int writeCursor;
    private int messagesSeen;
    private int nextMessage;

    /// Operations of the client on memory of the server.
    public Workload(Pair pair, Arena arena, long seed) {
        this(pair, arena, seed, pair.client);
    }

    /// Operations of one side on memory of the other.
    public Workload(Pair pair, Arena arena, long seed, Side from) {
        this.pair = pair;
        this.from = from;
        to = from == pair.client ? pair.server : pair.client;
        this.arena = arena;
        random = new SplittableRandom(seed ^ 0x0AD5L);
        remote = arena.allocate(REGION_BYTES);
        remoteModel = arena.allocate(REGION_BYTES);
        source = arena.allocate(REGION_BYTES);
        counters = arena.allocate(COUNTERS_BYTES, 8);
        for (long i = 0; i < REGION_BYTES; i += 8) {
            source.set(ValueLayout.JAVA_LONG, i, random.nextLong());
        }
        to.exposed.expose("memory", remote, Grant.of(Right.READ, Right.WRITE));
        to.exposed.expose("counters", counters, Grant.of(Right.ATOMIC, Right.READ));
        to.onMessage = this::onMessage;
        region = pair.lookup(from, "memory");
        counterRegion = pair.lookup(from, "counters");
    }

    // What was given up may be missing, nothing else, and nothing comes out of turn.
    private void onMessage(InboundMessage message) {
        messagesSeen++;
        while (nextMessage < expectedMessages.size()
                && !isEqual(message, expectedMessages.get(nextMessage))
                && sends.get(nextMessage).isDone()) {
            nextMessage++;
        }
        assertTrue(nextMessage < expectedMessages.size(), "a message too many");
        assertTrue(isEqual(message, expectedMessages.get(nextMessage)), "message " + nextMessage);
        nextMessage++;
        message.release();
    }

    private static boolean isEqual(InboundMessage message, MemorySegment expected) {
        return message.length() == expected.byteSize() && message.segment().mismatch(expected) == -1;
    }

    /// Posts a random operation.
    public void postOne() {
        switch (random.nextInt(8)) {
            case 0, 1 -> postSend();
            case 2, 3 -> postWrite(false);
            case 4 -> postWrite(true);
            case 5 -> postRead();
            case 6 -> postAdd();
            default -> postSwap();
        }
    }

    private int size(int limit) {
        return random.nextInt(3) == 0 ? random.nextInt(64) : random.nextInt(limit);
    }

    private void post(Operation operation) {
        operations.add(operation);
        pair.post(from, operation);
    }

    private void postSend() {
        final int length = size(200_000);
        final int offset = random.nextInt(REGION_BYTES - length);
        expectedMessages.add(source.asSlice(offset, length));
        final Operation operation = new Operation().send(source, offset, length);
        sends.add(operation);
        post(operation);
    }

    // Writes never overlap, so their order among themselves does not matter.
    private void postWrite(boolean immediate) {
        final int length = Math.min(size(120_000), REGION_BYTES - writeCursor);
        final int offset = random.nextInt(REGION_BYTES - length + 1);
        MemorySegment.copy(source, offset, remoteModel, writeCursor, length);
        final Operation operation = new Operation().write(source, offset, length, region, writeCursor);
        if (immediate) {
            final int value = random.nextInt();
            expectedImmediates.add(value & 0xffff_ffffL);
            operation.withImmediate(value);
        }
        post(operation);
        writeCursor += length;
    }

    // A fenced read sees every write that was posted before it.
    private void postRead() {
        final int length = Math.min(size(150_000), writeCursor);
        final int offset = writeCursor == length ? 0 : random.nextInt(writeCursor - length);
        final MemorySegment target = arena.allocate(Math.max(1, length));
        final MemorySegment expected = arena.allocate(Math.max(1, length));
        MemorySegment.copy(remoteModel, offset, expected, 0, length);
        post(new Operation().read(region, offset, target, 0, length).fence(true));
        final int index = operations.size();
        readChecks.add(() -> assertEquals(-1, target.mismatch(expected), "read of operation " + index));
    }

    private void postAdd() {
        final long delta = random.nextInt(1000);
        expectedSum += delta;
        post(new Operation().fetchAndAdd(counterRegion, 0, delta));
    }

    private void postSwap() {
        // The second counter never holds this value: the swap must not happen.
        post(new Operation().compareAndSwap(counterRegion, 8, Long.MIN_VALUE, 1));
    }

    /// True when every operation has ended.
    public boolean isEnded() {
        return operations.stream().allMatch(Operation::isDone);
    }

    /// True when every operation has ended and every message was delivered.
    public boolean isDone() {
        return isEnded() && messagesSeen == expectedMessages.size();
    }

    /// Checks that each operation has ended once, however, and that the memory holds nothing that was not written
    /// there.
    public void checkEnds() {
        for (int i = 0; i < operations.size(); i++) {
            assertTrue(
                    operations.get(i).isDone(),
                    "operation " + i + " " + operations.get(i).kind() + " has not ended");
            assertEquals(1, from.ends.get(operations.get(i)), "ends of operation " + i);
        }
        for (long i = 0; i < REGION_BYTES; i++) {
            final byte is = remote.get(ValueLayout.JAVA_BYTE, i);
            if (is != 0 && is != remoteModel.get(ValueLayout.JAVA_BYTE, i)) {
                throw new AssertionError("nobody wrote what is in the memory at " + i);
            }
        }
        assertTrue(counters.get(ValueLayout.JAVA_LONG, 0) <= expectedSum, "an addition happened twice");
    }

    /// Number of operations that ended so.
    public long count(OperationStatus status) {
        return operations.stream().filter(each -> each.status() == status).count();
    }

    /// Checks that everything came out as the model says.
    public void check() {
        for (int i = 0; i < operations.size(); i++) {
            final Operation operation = operations.get(i);
            assertEquals(OperationStatus.SUCCESS, operation.status(), "operation " + i + " " + operation.kind());
            assertEquals(1, from.ends.get(operation), "ends of operation " + i);
        }
        assertEquals(-1, remote.mismatch(remoteModel), "remote memory");
        assertEquals(expectedImmediates, to.immediates, "immediates in order");
        assertEquals(expectedSum, counters.get(ValueLayout.JAVA_LONG, 0), "sum of the atomic additions");
        assertEquals(0, counters.get(ValueLayout.JAVA_LONG, 8), "failed swaps");
        readChecks.forEach(Runnable::run);
    }

    /// Copy of the memory that must not change any more.
    public MemorySegment snapshot() {
        final MemorySegment copy = arena.allocate(REGION_BYTES);
        copy.copyFrom(remote);
        return copy;
    }

    /// Checks that nothing came late.
    public void checkUnchanged(MemorySegment snapshot) {
        assertEquals(-1, remote.mismatch(snapshot), "memory changed after completion");
    }
}
