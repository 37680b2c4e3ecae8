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
package io.longhaul.verbs;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/// A fixed array of receive work requests, written once and then only poked.
///
/// Each slot is a `struct ibv_recv_wr` (32 bytes) followed by its two scatter/gather entries. See [SendRequests] for
/// how
/// slots are chained and who may touch them.
public final class ReceiveRequests {
    /// A slot, in bytes.
    public static final int SLOT_BYTES = 64;

    /// Most scatter/gather entries of a slot.
    public static final int MAX_SGES = 2;

    /// Offset of `wr_id`, 8 bytes, in a slot.
    public static final int WR_ID_OFFSET = 0;

    /// Offset of `next`, 8 bytes.
    public static final int NEXT_OFFSET = 8;

    /// Offset of `sg_list`, 8 bytes.
    public static final int SG_LIST_OFFSET = 16;

    /// Offset of `num_sge`, 4 bytes.
    public static final int SGE_COUNT_OFFSET = 24;

    /// Offset of the first `struct ibv_sge`; its fields are as in [SendRequests].
    public static final int SGE_OFFSET = 32;

    private final MemorySegment slots;
    private final int capacity;

    private ReceiveRequests(MemorySegment slots, int capacity) {
        this.slots = slots;
        this.capacity = capacity;
        for (int i = 0; i < capacity; i++) {
            long base = offset(i);
            slots.set(ValueLayout.JAVA_LONG, base + WR_ID_OFFSET, i);
            slots.set(
                    ValueLayout.JAVA_LONG, base + NEXT_OFFSET, i + 1 < capacity ? slots.address() + offset(i + 1) : 0L);
            slots.set(ValueLayout.JAVA_LONG, base + SG_LIST_OFFSET, slots.address() + base + SGE_OFFSET);
        }
    }

    /// Makes an array of requests, each empty, with its index as id.
    ///
    /// @param arena what its memory belongs to; must outlive its use and be accessible to the posting thread
    /// @param capacity number of requests, at least 1
    public static ReceiveRequests allocate(Arena arena, int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity must be at least 1, is " + capacity);
        }
        return new ReceiveRequests(arena.allocate((long) capacity * SLOT_BYTES, 64), capacity);
    }

    /// The number of slots.
    public int capacity() {
        return capacity;
    }

    /// Sets the id that the completion will carry.
    public ReceiveRequests id(int index, long id) {
        slots.set(ValueLayout.JAVA_LONG, offset(index) + WR_ID_OFFSET, id);
        return this;
    }

    /// Sets the buffer to one piece of a region, which needs [AccessFlags#LOCAL_WRITE].
    ///
    /// @param regionOffsetBytes where it begins, from the start of the region
    /// @param lengthBytes its length, 0 and more; UD needs [WorkCompletions#GRH_BYTES] more than the payload
    public ReceiveRequests buffer(int index, MemoryRegion region, long regionOffsetBytes, int lengthBytes) {
        writeSge(index, 0, region, regionOffsetBytes, lengthBytes);
        return this;
    }

    /// Adds a second piece after that of [#buffer], which must have been called before for this slot.
    public ReceiveRequests secondBuffer(int index, MemoryRegion region, long regionOffsetBytes, int lengthBytes) {
        writeSge(index, 1, region, regionOffsetBytes, lengthBytes);
        return this;
    }

    /// The memory of all slots. For devices.
    public MemorySegment segment() {
        return slots;
    }

    /// Where a slot begins in [#segment()]. For devices.
    ///
    /// @throws IndexOutOfBoundsException when there is no such slot
    public long offset(int index) {
        return (long) Objects.checkIndex(index, capacity) * SLOT_BYTES;
    }

    private void writeSge(int index, int sgeIndex, MemoryRegion region, long regionOffsetBytes, int lengthBytes) {
        long base = offset(index);
        long sge = base + SGE_OFFSET + (long) sgeIndex * SendRequests.SGE_BYTES;
        slots.set(ValueLayout.JAVA_LONG, sge, region.address() + regionOffsetBytes);
        slots.set(ValueLayout.JAVA_INT, sge + SendRequests.SGE_LENGTH_OFFSET, lengthBytes);
        slots.set(ValueLayout.JAVA_INT, sge + SendRequests.SGE_KEY_OFFSET, region.localKey());
        slots.set(ValueLayout.JAVA_INT, base + SGE_COUNT_OFFSET, sgeIndex + 1);
    }
}
