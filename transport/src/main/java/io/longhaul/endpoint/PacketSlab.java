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

import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.ProtectionDomain;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Registered memory in equal slots of one packet each, with a stack of those that are free.
///
/// Threading: belongs to one agent.
final class PacketSlab implements AutoCloseable {
    private static final int ALIGNMENT_BYTES = 64;

    private final MemoryRegion region;
    private final MemorySegment segment;
    private final int slotBytes;
    private final int[] free; // [0, freeCount): slots that are free
    private int freeCount;

    /// Allocates and registers.
    ///
    /// @param arena owner of the memory
    /// @param access a sum of {@link io.longhaul.verbs.AccessFlags}
    /// @param slots number of slots, all free
    /// @param leastSlotBytes room of a slot, rounded up to 64
    PacketSlab(Arena arena, ProtectionDomain domain, int access, int slots, int leastSlotBytes) {
        slotBytes = roundUp(leastSlotBytes);
        segment = arena.allocate((long) slots * slotBytes, ALIGNMENT_BYTES);
        region = domain.registerMemory(segment, access);
        free = new int[slots];
        for (int slot = slots - 1; slot >= 0; slot--) {
            free[freeCount++] = slot;
        }
    }

    static int roundUp(int bytes) {
        return (bytes + ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES;
    }

    MemoryRegion region() {
        return region;
    }

    MemorySegment segment() {
        return segment;
    }

    int slotBytes() {
        return slotBytes;
    }

    int slots() {
        return free.length;
    }

    long offset(int slot) {
        return (long) slot * slotBytes;
    }

    int freeSlots() {
        return freeCount;
    }

    /// Takes a slot; only with {@link #freeSlots} above 0.
    int take() {
        return free[--freeCount];
    }

    void free(int slot) {
        free[freeCount++] = slot;
    }

    @Override
    public void close() {
        region.close();
    }
}
