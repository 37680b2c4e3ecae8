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
package io.longhaul.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.longhaul.Grant;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.sim.Pair;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Large writes into slots of a region. When either application is told that a write is complete, its slot is compared
/// and painted over: from then on any byte that still arrives shows.
final class PaintedSlots {
    static final int SLOT_BYTES = 1 << 20;
    private static final byte PAINT = (byte) 0xA5;

    private final Pair pair;
    private final SplittableRandom random;
    private final MemorySegment remote;
    private final MemorySegment source;
    private final RemoteRegion region;
    private final int slots;
    private final int[] lengths;
    private final boolean[] painted;
    private final List<Operation> operations = new ArrayList<>();
    private int posted;

    PaintedSlots(Pair pair, Arena arena, long seed, int slots) {
        this.pair = pair;
        this.slots = slots;
        random = new SplittableRandom(seed ^ 0x51075L);
        remote = arena.allocate((long) slots * SLOT_BYTES, 8);
        source = arena.allocate((long) slots * SLOT_BYTES, 8);
        for (long i = 0; i < source.byteSize(); i += 8) {
            source.set(ValueLayout.JAVA_LONG, i, random.nextLong() | 1);
        }
        lengths = new int[slots];
        painted = new boolean[slots];
        pair.server.exposed.expose("slots", remote, Grant.of(Right.WRITE));
        pair.server.onImmediate = immediate -> paint((int) immediate);
        pair.client.onEnded = operation -> {
            if (operation.status() == OperationStatus.SUCCESS) {
                paint((int) operation.context());
            }
        };
        region = pair.lookup(pair.client, "slots");
    }

    /// Posts a write to the next slot, with an immediate or without.
    void postOne() {
        final int slot = posted++;
        lengths[slot] = random.nextInt(3) == 0
                ? 1 + random.nextInt(SLOT_BYTES)
                : SLOT_BYTES - random.nextInt(2) * random.nextInt(5000);
        final long at = (long) slot * SLOT_BYTES;
        final Operation operation = new Operation().context(slot).write(source, at, lengths[slot], region, at);
        if (random.nextBoolean()) {
            operation.withImmediate(slot);
        }
        operations.add(operation);
        pair.post(pair.client, operation);
    }

    private void paint(int slot) {
        if (painted[slot]) {
            return;
        }
        painted[slot] = true;
        final MemorySegment there = slice(remote, slot);
        assertEquals(-1, there.mismatch(slice(source, slot)), "slot " + slot + " when it was complete");
        there.fill(PAINT);
    }

    private MemorySegment slice(MemorySegment of, int slot) {
        return of.asSlice((long) slot * SLOT_BYTES, lengths[slot]);
    }

    boolean isDone() {
        return posted == slots && operations.stream().allMatch(Operation::isDone);
    }

    /// Slots in which something changed after completion.
    int changedSlots() {
        int changed = 0;
        for (int slot = 0; slot < slots; slot++) {
            final MemorySegment there = slice(remote, slot);
            boolean whole = true;
            for (long i = 0; i < there.byteSize() && whole; i++) {
                whole = there.get(ValueLayout.JAVA_BYTE, i) == PAINT;
            }
            changed += whole ? 0 : 1;
        }
        return changed;
    }

    void checkEnds() {
        for (final Operation operation : operations) {
            assertEquals(OperationStatus.SUCCESS, operation.status(), "write of slot " + operation.context());
            assertEquals(1, pair.client.ends.get(operation), "ends of slot " + operation.context());
        }
    }
}
