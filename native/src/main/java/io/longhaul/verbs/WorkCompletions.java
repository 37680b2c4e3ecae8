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
import java.nio.ByteOrder;
import java.util.Objects;

/// A reused array that [CompletionQueue#poll] fills: each slot is a `struct ibv_wc` (48 bytes).
///
/// The indices of the last poll are valid until the next one. Getters check their index against the capacity, not
/// against
/// what the last poll returned.
///
/// Threading: belongs to the polling thread.
public final class WorkCompletions {
    /// A slot, in bytes.
    public static final int SLOT_BYTES = 48;

    /// What stands before the payload in the buffer of a UD receive: the 40 bytes of a GRH. With IPv4, 20 bytes of
    /// nothing and then the IPv4 header; with IPv6, its header. [#congestionExperienced] reads its ECN bits.
    public static final int GRH_BYTES = 40;

    /// [#opcode]: a SEND was sent.
    public static final int OPCODE_SEND = 0;

    /// [#opcode]: an RDMA WRITE was sent.
    public static final int OPCODE_WRITE = 1;

    /// [#opcode]: an RDMA READ is done.
    public static final int OPCODE_READ = 2;

    /// [#opcode]: a COMPARE_AND_SWAP is done.
    public static final int OPCODE_COMPARE_AND_SWAP = 3;

    /// [#opcode]: a FETCH_AND_ADD is done.
    public static final int OPCODE_FETCH_AND_ADD = 4;

    /// [#opcode]: a memory window was bound.
    public static final int OPCODE_BIND_MEMORY_WINDOW = 5;

    /// [#opcode]: a key was invalidated.
    public static final int OPCODE_LOCAL_INVALIDATE = 6;

    /// [#opcode]: a message arrived.
    public static final int OPCODE_RECEIVE = 128;

    /// [#opcode]: an RDMA WRITE with immediate arrived.
    public static final int OPCODE_RECEIVE_WRITE_WITH_IMM = 129;

    /// [#flags]: the buffer begins with a GRH.
    public static final int WITH_GRH = 1;

    /// [#flags]: [#immediate] is valid.
    public static final int WITH_IMM = 2;

    /// Offset of `wr_id`, 8 bytes, in a slot.
    public static final int WR_ID_OFFSET = 0;

    /// Offset of `status`, 4 bytes.
    public static final int STATUS_OFFSET = 8;

    /// Offset of `opcode`, 4 bytes.
    public static final int OPCODE_OFFSET = 12;

    /// Offset of `vendor_err`, 4 bytes.
    public static final int VENDOR_ERROR_OFFSET = 16;

    /// Offset of `byte_len`, 4 bytes.
    public static final int BYTE_LENGTH_OFFSET = 20;

    /// Offset of `imm_data`, 4 bytes, in network order.
    public static final int IMMEDIATE_OFFSET = 24;

    /// Offset of `qp_num`, 4 bytes.
    public static final int QUEUE_PAIR_OFFSET = 28;

    /// Offset of `src_qp`, 4 bytes.
    public static final int SOURCE_QUEUE_PAIR_OFFSET = 32;

    /// Offset of `wc_flags`, 4 bytes.
    public static final int FLAGS_OFFSET = 36;

    private static final ValueLayout.OfInt BIG_ENDIAN_INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int IPV6_VERSION = 6;
    private static final int IPV4_IN_GRH_OFFSET = 20;
    private static final int ECN_MASK = 3;

    private final MemorySegment slots;
    private final int capacity;

    private WorkCompletions(MemorySegment slots, int capacity) {
        this.slots = slots;
        this.capacity = capacity;
    }

    /// Makes an array.
    ///
    /// @param arena what its memory belongs to; must outlive its use and be accessible to the polling thread
    /// @param capacity number of completions, at least 1
    public static WorkCompletions allocate(Arena arena, int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity must be at least 1, is " + capacity);
        }
        return new WorkCompletions(arena.allocate((long) capacity * SLOT_BYTES, 64), capacity);
    }

    /// The number of slots.
    public int capacity() {
        return capacity;
    }

    /// The id of the request that ended.
    public long id(int index) {
        return slots.get(ValueLayout.JAVA_LONG, offset(index) + WR_ID_OFFSET);
    }

    /// Whether it did what it was told.
    public boolean isSuccess(int index) {
        return slots.get(ValueLayout.JAVA_INT, offset(index) + STATUS_OFFSET) == 0;
    }

    /// How it ended. When it is not [CompletionStatus#SUCCESS], only id, status, vendor error and queue pair are
    /// valid.
    public CompletionStatus status(int index) {
        return CompletionStatus.ofCode(slots.get(ValueLayout.JAVA_INT, offset(index) + STATUS_OFFSET));
    }

    /// The device's own number for the error; an `errno` of the software device.
    public int vendorError(int index) {
        return slots.get(ValueLayout.JAVA_INT, offset(index) + VENDOR_ERROR_OFFSET);
    }

    /// What ended: one of the `OPCODE_*` constants.
    public int opcode(int index) {
        return slots.get(ValueLayout.JAVA_INT, offset(index) + OPCODE_OFFSET);
    }

    /// Whether something arrived, as opposed to: was sent. Valid on success.
    public boolean isReceive(int index) {
        return (opcode(index) & OPCODE_RECEIVE) != 0;
    }

    /// How many bytes arrived, for UD including [#GRH_BYTES]. For sends it means nothing.
    public int byteLength(int index) {
        return slots.get(ValueLayout.JAVA_INT, offset(index) + BYTE_LENGTH_OFFSET);
    }

    /// The immediate data, valid with [#WITH_IMM].
    public int immediate(int index) {
        return slots.get(BIG_ENDIAN_INT, offset(index) + IMMEDIATE_OFFSET);
    }

    /// The number of the queue pair, of this side, whose request ended.
    public int queuePair(int index) {
        return slots.get(ValueLayout.JAVA_INT, offset(index) + QUEUE_PAIR_OFFSET);
    }

    /// The number of the queue pair that sent the datagram, UD receives only.
    public int sourceQueuePair(int index) {
        return slots.get(ValueLayout.JAVA_INT, offset(index) + SOURCE_QUEUE_PAIR_OFFSET);
    }

    /// A sum of [#WITH_GRH] and [#WITH_IMM].
    public int flags(int index) {
        return slots.get(ValueLayout.JAVA_INT, offset(index) + FLAGS_OFFSET);
    }

    /// Whether [#immediate] is valid.
    public boolean hasImmediate(int index) {
        return (flags(index) & WITH_IMM) != 0;
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

    /// The traffic class (ToS byte: DSCP and ECN) of a received datagram.
    ///
    /// @param buffer where the GRH lies
    /// @param grhOffsetBytes where it begins in `buffer`
    public static int trafficClass(MemorySegment buffer, long grhOffsetBytes) {
        int first = buffer.get(ValueLayout.JAVA_BYTE, grhOffsetBytes) & 0xff;
        if (first >>> 4 == IPV6_VERSION) {
            int second = buffer.get(ValueLayout.JAVA_BYTE, grhOffsetBytes + 1) & 0xff;
            return (first & 0xf) << 4 | second >>> 4;
        }
        return buffer.get(ValueLayout.JAVA_BYTE, grhOffsetBytes + IPV4_IN_GRH_OFFSET + 1) & 0xff;
    }

    /// Whether a router (or the emulated wire) marked a received datagram with ECN codepoint CE.
    public static boolean congestionExperienced(MemorySegment buffer, long grhOffsetBytes) {
        return (trafficClass(buffer, grhOffsetBytes) & ECN_MASK) == AddressVector.CONGESTION_EXPERIENCED;
    }
}
