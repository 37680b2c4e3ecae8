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

/// A fixed array of send work requests, written once and then only poked.
///
/// Each slot is a `struct ibv_send_wr` (128 bytes) followed by its two scatter/gather entries, so that a device posts
/// it as it
/// stands: serialised once, then only poked, what jVerbs called a stateful verb call. `next` of each slot names the
/// following one; a device that posts a part of the array ends the chain for the
/// duration of the call.
///
/// Threading: belongs to whoever prepares and posts; not shared between threads without a happens-before edge. Setters
/// return this object, so that a slot is prepared in one statement.
public final class SendRequests {
    /// A slot, in bytes.
    public static final int SLOT_BYTES = 160;

    /// Most scatter/gather entries of a slot.
    public static final int MAX_SGES = 2;

    /// Begin only when the reads and atomics before it are done; RC only.
    public static final int FENCE = 1;

    /// Make a completion when the send is done.
    public static final int SIGNALED = 2;

    /// Wake a receiver that waits for solicited messages only.
    public static final int SOLICITED = 4;

    /// Copy the payload while posting, so that its memory is free when the call returns. At most
    /// [DeviceCapabilities#maxInlineBytes()] bytes. The device reads the addresses in this process, whatever the
    /// local
    /// key: their arena must be open, or the process ends.
    public static final int INLINE = 8;

    /// Offset of `wr_id`, 8 bytes, in a slot.
    public static final int WR_ID_OFFSET = 0;

    /// Offset of `next`, 8 bytes.
    public static final int NEXT_OFFSET = 8;

    /// Offset of `sg_list`, 8 bytes.
    public static final int SG_LIST_OFFSET = 16;

    /// Offset of `num_sge`, 4 bytes.
    public static final int SGE_COUNT_OFFSET = 24;

    /// Offset of `opcode`, 4 bytes.
    public static final int OPCODE_OFFSET = 28;

    /// Offset of `send_flags`, 4 bytes.
    public static final int FLAGS_OFFSET = 32;

    /// Offset of `imm_data`, 4 bytes, in network order.
    public static final int IMMEDIATE_OFFSET = 36;

    /// Offset of `wr.rdma.remote_addr`, 8 bytes.
    public static final int REMOTE_ADDRESS_OFFSET = 40;

    /// Offset of `wr.rdma.rkey`, 4 bytes.
    public static final int REMOTE_KEY_OFFSET = 48;

    /// Offset of `wr.atomic.compare_add`, 8 bytes; `wr.atomic.remote_addr` is at [#REMOTE_ADDRESS_OFFSET].
    public static final int COMPARE_ADD_OFFSET = 48;

    /// Offset of `wr.atomic.swap`, 8 bytes.
    public static final int SWAP_OFFSET = 56;

    /// Offset of `wr.atomic.rkey`, 4 bytes.
    public static final int ATOMIC_KEY_OFFSET = 64;

    /// Offset of `bind_mw`, 48 bytes: window, key, region, address, length, access.
    public static final int BIND_WINDOW_OFFSET = 80;

    /// Offset of the region, 8 bytes, in `bind_mw`; the window is at 0.
    public static final int BIND_REGION_OFFSET = 16;

    /// Offset of `wr.ud.ah`, 8 bytes.
    public static final int ADDRESS_HANDLE_OFFSET = 40;

    /// Offset of `wr.ud.remote_qpn`, 4 bytes.
    public static final int REMOTE_QUEUE_PAIR_OFFSET = 48;

    /// Offset of `wr.ud.remote_qkey`, 4 bytes.
    public static final int REMOTE_QUEUE_KEY_OFFSET = 52;

    /// Offset of the first `struct ibv_sge`.
    public static final int SGE_OFFSET = 128;

    /// Length of a `struct ibv_sge`.
    public static final int SGE_BYTES = 16;

    /// Offset of `length`, 4 bytes, in a `struct ibv_sge`; `addr` is at 0.
    public static final int SGE_LENGTH_OFFSET = 8;

    /// Offset of `lkey`, 4 bytes, in a `struct ibv_sge`.
    public static final int SGE_KEY_OFFSET = 12;

    private static final ValueLayout.OfInt BIG_ENDIAN_INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN);

    private final MemorySegment slots;
    private final int capacity;

    /// What a send does, with the numbers of `enum ibv_wr_opcode`.
    public enum Opcode {
        /// Writes the peer's memory; the peer is not told.
        WRITE,
        /// Writes the peer's memory and uses up one of its receives, which completes with the immediate.
        WRITE_WITH_IMM,
        /// Sends a message into the peer's next receive.
        SEND,
        /// Sends a message and 4 bytes of immediate data.
        SEND_WITH_IMM,
        /// Reads the peer's memory; RC only.
        READ,
        /// Swaps 8 bytes of the peer's memory if they have a certain value; RC only. See
        /// [SendRequests#compareAndSwap].
        COMPARE_AND_SWAP,
        /// Adds to 8 bytes of the peer's memory; RC only. See [SendRequests#fetchAndAdd].
        FETCH_AND_ADD,
        /// Ends the validity of a key of this side. See [SendRequests#invalidate].
        LOCAL_INVALIDATE,
        /// Lets the peer reach a part of a region through a window. See [SendRequests#bindWindow].
        BIND_MEMORY_WINDOW;

        /// The number of this opcode in a work request.
        @SuppressWarnings("EnumOrdinal") // the order is that of the C enumeration
        public int code() {
            return ordinal();
        }
    }

    private SendRequests(MemorySegment slots, int capacity) {
        this.slots = slots;
        this.capacity = capacity;
        for (int i = 0; i < capacity; i++) {
            long base = offset(i);
            slots.set(ValueLayout.JAVA_LONG, base + WR_ID_OFFSET, i);
            slots.set(
                    ValueLayout.JAVA_LONG, base + NEXT_OFFSET, i + 1 < capacity ? slots.address() + offset(i + 1) : 0L);
            slots.set(ValueLayout.JAVA_LONG, base + SG_LIST_OFFSET, slots.address() + base + SGE_OFFSET);
            slots.set(ValueLayout.JAVA_INT, base + OPCODE_OFFSET, Opcode.SEND.code());
        }
    }

    /// Makes an array of requests: each SEND, unsignaled, empty, with its index as id.
    ///
    /// @param arena what its memory belongs to; must outlive its use and be accessible to the posting thread
    /// @param capacity number of requests, at least 1
    public static SendRequests allocate(Arena arena, int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity must be at least 1, is " + capacity);
        }
        return new SendRequests(arena.allocate((long) capacity * SLOT_BYTES, 64), capacity);
    }

    /// The number of slots.
    public int capacity() {
        return capacity;
    }

    /// Sets the id that the completion will carry.
    public SendRequests id(int index, long id) {
        slots.set(ValueLayout.JAVA_LONG, offset(index) + WR_ID_OFFSET, id);
        return this;
    }

    /// Sets what the request does.
    public SendRequests opcode(int index, Opcode opcode) {
        slots.set(ValueLayout.JAVA_INT, offset(index) + OPCODE_OFFSET, opcode.code());
        return this;
    }

    /// Sets the flags: a sum of [#FENCE], [#SIGNALED], [#SOLICITED], [#INLINE].
    public SendRequests flags(int index, int flags) {
        slots.set(ValueLayout.JAVA_INT, offset(index) + FLAGS_OFFSET, flags);
        return this;
    }

    /// Sets the immediate data.
    public SendRequests immediate(int index, int immediate) {
        slots.set(BIG_ENDIAN_INT, offset(index) + IMMEDIATE_OFFSET, immediate);
        return this;
    }

    /// Sets the payload to one piece of a region.
    ///
    /// @param regionOffsetBytes where it begins, from the start of the region
    /// @param lengthBytes its length, 0 and more
    public SendRequests payload(int index, MemoryRegion region, long regionOffsetBytes, int lengthBytes) {
        long base = offset(index);
        writeSge(base + SGE_OFFSET, region.address() + regionOffsetBytes, lengthBytes, region.localKey());
        slots.set(ValueLayout.JAVA_INT, base + SGE_COUNT_OFFSET, 1);
        return this;
    }

    /// Adds a second piece after that of [#payload], which must have been called before for this slot.
    public SendRequests secondPayload(int index, MemoryRegion region, long regionOffsetBytes, int lengthBytes) {
        long base = offset(index);
        writeSge(base + SGE_OFFSET + SGE_BYTES, region.address() + regionOffsetBytes, lengthBytes, region.localKey());
        slots.set(ValueLayout.JAVA_INT, base + SGE_COUNT_OFFSET, MAX_SGES);
        return this;
    }

    /// Moves the first piece within its region, or to another address under the same local key: the cheapest poke.
    ///
    /// @param address absolute address, [MemoryRegion#address()] and more
    /// @param lengthBytes its length, 0 and more
    public SendRequests payloadAt(int index, long address, int lengthBytes) {
        long sge = offset(index) + SGE_OFFSET;
        slots.set(ValueLayout.JAVA_LONG, sge, address);
        slots.set(ValueLayout.JAVA_INT, sge + SGE_LENGTH_OFFSET, lengthBytes);
        return this;
    }

    /// Names the destination, UD.
    public SendRequests destination(int index, AddressHandle handle, int remoteQueuePair, int remoteQueueKey) {
        long base = offset(index);
        slots.set(ValueLayout.JAVA_LONG, base + ADDRESS_HANDLE_OFFSET, handle.handle());
        slots.set(ValueLayout.JAVA_INT, base + REMOTE_QUEUE_PAIR_OFFSET, remoteQueuePair);
        slots.set(ValueLayout.JAVA_INT, base + REMOTE_QUEUE_KEY_OFFSET, remoteQueueKey);
        return this;
    }

    /// Names the remote memory of an RDMA WRITE, UC and RC, or READ, RC.
    public SendRequests remoteMemory(int index, long remoteAddress, int remoteKey) {
        long base = offset(index);
        slots.set(ValueLayout.JAVA_LONG, base + REMOTE_ADDRESS_OFFSET, remoteAddress);
        slots.set(ValueLayout.JAVA_INT, base + REMOTE_KEY_OFFSET, remoteKey);
        return this;
    }

    /// Makes it a COMPARE_AND_SWAP, RC: the 8 bytes of the peer become `swap` if they are `compare`. What they were
    /// before
    /// goes to the payload, 8 bytes of a region with [AccessFlags#LOCAL_WRITE], in this host's byte order.
    ///
    /// @param remoteAddress a multiple of 8
    public SendRequests compareAndSwap(int index, long remoteAddress, int remoteKey, long compare, long swap) {
        writeAtomic(index, Opcode.COMPARE_AND_SWAP, remoteAddress, remoteKey);
        slots.set(ValueLayout.JAVA_LONG, offset(index) + COMPARE_ADD_OFFSET, compare);
        slots.set(ValueLayout.JAVA_LONG, offset(index) + SWAP_OFFSET, swap);
        return this;
    }

    /// Makes it a FETCH_AND_ADD, RC: `add` is added to the 8 bytes of the peer. What they were before goes to the
    /// payload,
    /// as with [#compareAndSwap].
    ///
    /// @param remoteAddress a multiple of 8
    public SendRequests fetchAndAdd(int index, long remoteAddress, int remoteKey, long add) {
        writeAtomic(index, Opcode.FETCH_AND_ADD, remoteAddress, remoteKey);
        slots.set(ValueLayout.JAVA_LONG, offset(index) + COMPARE_ADD_OFFSET, add);
        slots.set(ValueLayout.JAVA_LONG, offset(index) + SWAP_OFFSET, 0L);
        return this;
    }

    /// Makes it a LOCAL_INVALIDATE of the key of a memory window, UC and RC: the peer's requests with that key fail
    /// once it
    /// has completed.
    public SendRequests invalidate(int index, int remoteKey) {
        long base = offset(index);
        slots.set(ValueLayout.JAVA_INT, base + OPCODE_OFFSET, Opcode.LOCAL_INVALIDATE.code());
        slots.set(ValueLayout.JAVA_INT, base + IMMEDIATE_OFFSET, remoteKey);
        slots.set(ValueLayout.JAVA_INT, base + SGE_COUNT_OFFSET, 0);
        return this;
    }

    /// Makes it a BIND_MEMORY_WINDOW, UC and RC: when it has completed, the peer reaches a part of a region through
    /// `newKey`.
    ///
    /// @param newKey the key that the window gets: [MemoryRegion.Window#nextKey()]
    /// @param region a region with [AccessFlags#MEMORY_WINDOW_BIND]
    /// @param regionOffsetBytes where the part begins, from the start of the region
    /// @param access what the peer may do: a sum of [AccessFlags#REMOTE_WRITE], [AccessFlags#REMOTE_READ] and
    ///     [AccessFlags#REMOTE_ATOMIC]
    public SendRequests bindWindow(
            int index,
            MemoryRegion.Window window,
            int newKey,
            MemoryRegion region,
            long regionOffsetBytes,
            long lengthBytes,
            int access) {
        long base = offset(index);
        long bind = base + BIND_WINDOW_OFFSET;
        slots.set(ValueLayout.JAVA_INT, base + OPCODE_OFFSET, Opcode.BIND_MEMORY_WINDOW.code());
        slots.set(ValueLayout.JAVA_INT, base + SGE_COUNT_OFFSET, 0);
        slots.set(ValueLayout.JAVA_LONG, bind, window.handle());
        slots.set(ValueLayout.JAVA_INT, bind + 8, newKey);
        slots.set(ValueLayout.JAVA_LONG, bind + BIND_REGION_OFFSET, region.handle());
        slots.set(ValueLayout.JAVA_LONG, bind + 24, region.address() + regionOffsetBytes);
        slots.set(ValueLayout.JAVA_LONG, bind + 32, lengthBytes);
        slots.set(ValueLayout.JAVA_INT, bind + 40, access);
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

    private void writeAtomic(int index, Opcode opcode, long remoteAddress, int remoteKey) {
        long base = offset(index);
        slots.set(ValueLayout.JAVA_INT, base + OPCODE_OFFSET, opcode.code());
        slots.set(ValueLayout.JAVA_LONG, base + REMOTE_ADDRESS_OFFSET, remoteAddress);
        slots.set(ValueLayout.JAVA_INT, base + ATOMIC_KEY_OFFSET, remoteKey);
    }

    private void writeSge(long sge, long address, int lengthBytes, int localKey) {
        slots.set(ValueLayout.JAVA_LONG, sge, address);
        slots.set(ValueLayout.JAVA_INT, sge + SGE_LENGTH_OFFSET, lengthBytes);
        slots.set(ValueLayout.JAVA_INT, sge + SGE_KEY_OFFSET, localKey);
    }
}
