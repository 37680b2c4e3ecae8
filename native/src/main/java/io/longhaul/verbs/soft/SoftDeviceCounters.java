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

/// What happened to the packets of a software device, and why those that were dropped were dropped.
///
/// Threading: one thread counts, any thread reads; a reader may see counts that belong to different moments.
public final class SoftDeviceCounters {
    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);

    /// One counter. Those that say "dropped" count arriving packets that changed nothing.
    public enum Counter {
        /// Packets given to a socket, or to the emulated wire.
        SENT_PACKETS,
        /// Bytes of UDP payload of those.
        SENT_BYTES,
        /// System calls that sent something.
        SEND_CALLS,
        /// Packets that arrived at a queue pair.
        RECEIVED_PACKETS,
        /// Bytes of UDP payload of those.
        RECEIVED_BYTES,
        /// System calls that received something.
        RECEIVE_CALLS,
        /// Sends put off because the socket or the network device had no room.
        SEND_BACKPRESSURE,
        /// Packets longer than the path MTU: completed with an error, or lost when they had been on the
        /// emulated wire.
        SEND_TOO_LONG,
        /// Sends that the kernel refused for another reason (no route, firewall): lost.
        SEND_REFUSED,
        /// Times that the kernel refused segmentation offload and the packets were sent one by one.
        SEGMENTATION_FALLBACKS,
        /// Dropped: shorter than its headers, not a multiple of 4 bytes, or cut off on arrival.
        MALFORMED,
        /// Dropped: unknown opcode, transport version or partition.
        UNKNOWN_OPCODE,
        /// Dropped: no queue pair of that number, or not of the opcode's type, or not ready to receive.
        UNKNOWN_QUEUE_PAIR,
        /// Dropped: wrong queue key.
        WRONG_QUEUE_KEY,
        /// Dropped: a connected queue pair heard from another address than its peer's.
        WRONG_SOURCE,
        /// Dropped: the ICRC is wrong.
        WRONG_ICRC,
        /// Dropped: no receive was posted.
        NO_RECEIVE_POSTED,
        /// Dropped: the posted receive is too short for the message.
        RECEIVE_TOO_SHORT,
        /// Dropped: the remote key names no region of the domain, or one that may not be written.
        REMOTE_KEY_VIOLATION,
        /// Dropped: it would have written outside its region or its message.
        BOUNDS_VIOLATION,
        /// Dropped: part of a message of which an earlier packet is missing.
        BROKEN_MESSAGE,
        /// Dropped: the completion queue was full.
        COMPLETION_QUEUE_FULL,
        /// Packets whose IP identification had to be solved from the ICRC.
        SOLVED_IDENTIFICATION
    }

    // [counter]
    private final long[] counts = new long[Counter.values().length];

    /// Makes counters that are all 0.
    public SoftDeviceCounters() {}

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
