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
package io.longhaul.verbs.soft;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.longhaul.verbs.SendRequests;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A ring of posted work requests, copied from [SendRequests] or [io.longhaul.verbs.ReceiveRequests] slot by slot.
///
/// Threading: the owner thread of the data path.
final class WorkQueue {
    private final MemorySegment ring;
    private final int slotBytes;
    private final int sgeOffset;
    private final int maxRequests;
    private final int mask;
    private long head;
    private long tail;

    /// Makes an empty queue.
    ///
    /// @param slotBytes length of a slot
    /// @param sgeOffset where its scatter/gather entries begin
    WorkQueue(Arena arena, int maxRequests, int slotBytes, int sgeOffset) {
        this.maxRequests = maxRequests;
        this.slotBytes = slotBytes;
        this.sgeOffset = sgeOffset;
        int capacity = maxRequests < 2 ? 1 : Integer.highestOneBit(maxRequests - 1) << 1;
        mask = capacity - 1;
        ring = arena.allocate((long) capacity * slotBytes, 64);
    }

    int free() {
        return maxRequests - (int) (tail - head);
    }

    boolean isEmpty() {
        return head == tail;
    }

    /// The number of the oldest request.
    long head() {
        return head;
    }

    /// The number that the next request will have.
    long tail() {
        return tail;
    }

    /// Copies requests in; there must be room.
    void add(MemorySegment slots, long offset, int count) {
        for (int i = 0; i < count; i++) {
            MemorySegment.copy(slots, offset + (long) i * slotBytes, ring, slot(tail), slotBytes);
            tail++;
        }
    }

    /// Forgets all requests before one.
    void removeUntil(long request) {
        head = request;
    }

    void clear() {
        head = tail;
    }

    /// The memory of the slots.
    MemorySegment ring() {
        return ring;
    }

    /// Where a request is in [#ring()].
    long slot(long request) {
        return (request & mask) * slotBytes;
    }

    long id(long slot) {
        return ring.get(JAVA_LONG, slot);
    }

    int sgeCount(long slot) {
        return ring.get(JAVA_INT, slot + SendRequests.SGE_COUNT_OFFSET);
    }

    long sgeAddress(long slot, int index) {
        return ring.get(JAVA_LONG, slot + sgeOffset + (long) index * SendRequests.SGE_BYTES);
    }

    int sgeLength(long slot, int index) {
        return ring.get(
                JAVA_INT, slot + sgeOffset + (long) index * SendRequests.SGE_BYTES + SendRequests.SGE_LENGTH_OFFSET);
    }

    int sgeKey(long slot, int index) {
        return ring.get(
                JAVA_INT, slot + sgeOffset + (long) index * SendRequests.SGE_BYTES + SendRequests.SGE_KEY_OFFSET);
    }
}
