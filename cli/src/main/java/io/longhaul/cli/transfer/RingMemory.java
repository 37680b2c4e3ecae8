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
package io.longhaul.cli.transfer;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// Native memory for a ring of slots.
///
/// Threading: any thread may read and write; made and closed by one.
public final class RingMemory implements AutoCloseable {
    private static final long PAGE = 4096;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;
    private final int slotBytes;
    private boolean abandoned;

    /// Allocates a ring.
    public RingMemory(int slotBytes, int slots) {
        this.slotBytes = slotBytes;
        segment = arena.allocate((long) slotBytes * slots, PAGE);
    }

    /// All of the ring.
    public MemorySegment segment() {
        return segment;
    }

    /// A view of the first bytes of a slot.
    public ByteBuffer slot(int slot, int lengthBytes) {
        return segment.asSlice((long) slot * slotBytes, lengthBytes).asByteBuffer();
    }

    /// Gives up closing: an operation that never ended may still use the memory, so that it must stay until the
    /// process ends.
    public void abandon() {
        abandoned = true;
    }

    @Override
    public void close() {
        if (!abandoned) {
            arena.close();
        }
    }
}
