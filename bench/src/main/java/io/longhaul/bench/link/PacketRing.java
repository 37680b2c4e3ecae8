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
package io.longhaul.bench.link;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Super-packets on a link: their bytes in a ring, in the order in which they were read, each until the last of its
/// segments has gone.
///
/// Threading: one thread.
final class PacketRing {
    private static final long ALIGNMENT = 64;
    private static final int INITIAL_PACKETS = 1024;

    private final MemorySegment memory;
    private final long capacityBytes;
    private final int longestBytes;
    private long headBytes;
    private long tailBytes;

    // [packet & mask], those from headPacket to tailPacket
    private long[] offsets = new long[INITIAL_PACKETS];
    private long[] ends = new long[INITIAL_PACKETS];
    private int[] lengths = new int[INITIAL_PACKETS];
    private int[] pending = new int[INITIAL_PACKETS];
    private long headPacket;
    private long tailPacket;

    /// Makes an empty ring.
    ///
    /// @param bytes room
    /// @param longestBytes length of the longest packet
    PacketRing(Arena arena, long bytes, int longestBytes) {
        this.longestBytes = longestBytes;
        capacityBytes = Math.max(bytes, 4L * longestBytes) / ALIGNMENT * ALIGNMENT;
        memory = arena.allocate(capacityBytes, ALIGNMENT);
    }

    MemorySegment memory() {
        return memory;
    }

    /// Where the longest packet can be written now.
    ///
    /// @return an offset, or -1 when there is no room
    long room() {
        long at = start();
        return at + longestBytes - headBytes > capacityBytes ? -1 : at % capacityBytes;
    }

    // Packets are not wrapped: where one might not fit before the end, it begins at the beginning.
    private long start() {
        long untilEnd = capacityBytes - tailBytes % capacityBytes;
        return untilEnd < longestBytes ? tailBytes + untilEnd : tailBytes;
    }

    /// Takes what was written at [#room()].
    ///
    /// @param segments how many of its segments are on the link
    /// @return its number, counted from 0
    long append(int length, int segments) {
        if (tailPacket - headPacket == offsets.length) {
            grow();
        }
        long at = start();
        tailBytes = at + ((length + ALIGNMENT - 1L) & -ALIGNMENT);
        int index = index(tailPacket);
        offsets[index] = at % capacityBytes;
        ends[index] = tailBytes;
        lengths[index] = length;
        pending[index] = segments;
        return tailPacket++;
    }

    long offset(long packet) {
        return offsets[index(packet)];
    }

    int length(long packet) {
        return lengths[index(packet)];
    }

    /// Tells that segments have gone; the room of a packet without segments is free once all before it are free.
    void release(long packet, int segments) {
        pending[index(packet)] -= segments;
        while (headPacket < tailPacket && pending[index(headPacket)] == 0) {
            headBytes = ends[index(headPacket)];
            headPacket++;
        }
    }

    private int index(long packet) {
        return (int) packet & offsets.length - 1;
    }

    private void grow() {
        int old = offsets.length;
        // Both halves hold what the old table held: numbers keep their place in the new one.
        offsets = twice(offsets);
        ends = twice(ends);
        lengths = Arrays.copyOf(lengths, 2 * old);
        pending = Arrays.copyOf(pending, 2 * old);
        System.arraycopy(lengths, 0, lengths, old, old);
        System.arraycopy(pending, 0, pending, old, old);
    }

    private static long[] twice(long[] table) {
        long[] result = Arrays.copyOf(table, 2 * table.length);
        System.arraycopy(table, 0, result, table.length, table.length);
        return result;
    }
}
