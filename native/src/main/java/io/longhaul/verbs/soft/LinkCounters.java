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

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// What a link did to its packets. Bytes count IP packets.
///
/// Threading: one thread counts, any thread reads; a reader may see counts that belong to different moments.
public final class LinkCounters {
    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);

    /// One counter.
    public enum Counter {
        /// Packets that were offered to the link.
        OFFERED_PACKETS,
        /// Bytes that were offered to the link.
        OFFERED_BYTES,
        /// Copies of packets that were sent on, duplicates included.
        DELIVERED_PACKETS,
        /// Bytes of copies that were sent on.
        DELIVERED_BYTES,
        /// Packets that found the queue full.
        QUEUE_DROPPED_PACKETS,
        /// Bytes that found the queue full.
        QUEUE_DROPPED_BYTES,
        /// Packets lost on the line, alone or in bursts.
        LOST_PACKETS,
        /// Bytes lost on the line.
        LOST_BYTES,
        /// Packets lost in a black hole or on a dead lane.
        BLACK_HOLE_PACKETS,
        /// Packets longer than the hidden MTU.
        TOO_LONG_PACKETS,
        /// Packets marked with CE.
        MARKED_PACKETS,
        /// Packets that others overtook.
        REORDERED_PACKETS,
        /// Packets that arrived twice.
        DUPLICATED_PACKETS,
        /// Packets with a flipped bit.
        CORRUPTED_PACKETS,
        /// Packets for which the delay line had no room: the memory was chosen too small.
        OVERFLOWED_PACKETS
    }

    // [counter]
    private final long[] counts = new long[Counter.values().length];

    /// Makes counters that are all 0.
    public LinkCounters() {}

    /// The present value of a counter.
    @SuppressWarnings("EnumOrdinal") // an index into an array of as many elements
    public long get(Counter counter) {
        return (long) ELEMENT.getOpaque(counts, counter.ordinal());
    }

    /// All counters in one line, those that are not 0.
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Counter counter : Counter.values()) {
            if (get(counter) != 0) {
                text.append(text.isEmpty() ? "" : " ")
                        .append(counter)
                        .append('=')
                        .append(get(counter));
            }
        }
        return text.toString();
    }

    @SuppressWarnings("EnumOrdinal") // an index into an array of as many elements
    void add(Counter counter, long amount) {
        int index = counter.ordinal();
        // Opaque: a reader sees whole values, in order; there is one writer.
        ELEMENT.setOpaque(counts, index, counts[index] + amount);
    }
}
