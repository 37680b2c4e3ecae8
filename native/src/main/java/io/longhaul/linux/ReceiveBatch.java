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
package io.longhaul.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// An array of `struct mmsghdr` with their buffers, reused: what one `recvmmsg` brings.
///
/// With generic receive offload a message holds a row of datagrams of equal length, of which the last may be shorter.
///
/// Threading: one thread.
public final class ReceiveBatch {
    /// The longest message: an IPv6 datagram, or a row of datagrams under receive offload.
    public static final int BUFFER_BYTES = 1 << 16;

    private static final int CONTROL_BYTES = 128;
    private static final int NAME_STRIDE_BYTES = 32;

    private final int capacity;
    private final MemorySegment headers;
    private final MemorySegment pieces;
    private final MemorySegment names;
    private final MemorySegment controls;
    private final MemorySegment buffers;
    private int trafficClass;
    private int segmentBytes;
    private int used;

    /// Makes a batch of `capacity` messages; it takes 64 KiB for each.
    public ReceiveBatch(Arena arena, int capacity) {
        this.capacity = capacity;
        headers = arena.allocate((long) capacity * SocketLayouts.MMSGHDR_BYTES, 64);
        pieces = arena.allocate((long) capacity * SocketLayouts.IOVEC_BYTES, 8);
        names = arena.allocate((long) capacity * NAME_STRIDE_BYTES, 8);
        controls = arena.allocate((long) capacity * CONTROL_BYTES, 8);
        buffers = arena.allocate((long) capacity * BUFFER_BYTES, 64);
        for (int i = 0; i < capacity; i++) {
            long header = headerOffset(i);
            long piece = (long) i * SocketLayouts.IOVEC_BYTES;
            pieces.set(JAVA_LONG, piece, buffers.address() + bufferOffset(i));
            pieces.set(JAVA_LONG, piece + SocketLayouts.IOVEC_LENGTH, BUFFER_BYTES);
            headers.set(JAVA_LONG, header + SocketLayouts.MSG_NAME, names.address() + nameOffset(i));
            headers.set(JAVA_LONG, header + SocketLayouts.MSG_IOV, pieces.address() + piece);
            headers.set(JAVA_LONG, header + SocketLayouts.MSG_IOV_COUNT, 1L);
            headers.set(JAVA_LONG, header + SocketLayouts.MSG_CONTROL, controls.address() + controlOffset(i));
            rearm(i);
        }
    }

    /// Most messages at a time.
    public int capacity() {
        return capacity;
    }

    /// The memory of all buffers.
    public MemorySegment buffers() {
        return buffers;
    }

    /// Where the bytes of a message begin in [#buffers()].
    public long bufferOffset(int index) {
        return (long) index * BUFFER_BYTES;
    }

    /// How many bytes came.
    public int length(int index) {
        return headers.get(JAVA_INT, headerOffset(index) + SocketLayouts.MMSG_LENGTH);
    }

    /// Whether bytes or control data were cut off.
    public boolean isTruncated(int index) {
        int flags = headers.get(JAVA_INT, headerOffset(index) + SocketLayouts.MSG_FLAGS);
        return (flags & (SocketLayouts.MSG_TRUNC | SocketLayouts.MSG_CTRUNC)) != 0;
    }

    /// The memory of all source addresses.
    public MemorySegment names() {
        return names;
    }

    /// Where the source address of a message is in [#names()].
    public long nameOffset(int index) {
        return (long) index * NAME_STRIDE_BYTES;
    }

    /// Reads the control data of a message, for [#trafficClass()] and [#segmentBytes()].
    public void readControl(int index) {
        trafficClass = 0;
        segmentBytes = 0;
        long at = controlOffset(index);
        long end = at + headers.get(JAVA_LONG, headerOffset(index) + SocketLayouts.MSG_CONTROL_BYTES);
        while (at + SocketLayouts.CMSG_DATA <= end) {
            long bytes = controls.get(JAVA_LONG, at);
            if (bytes < SocketLayouts.CMSG_DATA) {
                return;
            }
            int level = controls.get(JAVA_INT, at + SocketLayouts.CMSG_LEVEL);
            int type = controls.get(JAVA_INT, at + SocketLayouts.CMSG_TYPE);
            if (level == SocketLayouts.SOL_UDP && type == SocketLayouts.UDP_GRO) {
                segmentBytes = controls.get(JAVA_INT, at + SocketLayouts.CMSG_DATA);
            } else if (level == SocketLayouts.SOL_IP && type == SocketLayouts.IP_TOS) {
                trafficClass = controls.get(JAVA_BYTE, at + SocketLayouts.CMSG_DATA) & 0xff;
            } else if (level == SocketLayouts.SOL_IPV6 && type == SocketLayouts.IPV6_TCLASS) {
                trafficClass = controls.get(JAVA_INT, at + SocketLayouts.CMSG_DATA) & 0xff;
            }
            at += bytes + 7 & ~7L;
        }
    }

    /// The ToS byte of the message last given to [#readControl]; 0 when the kernel did not tell.
    public int trafficClass() {
        return trafficClass;
    }

    /// The length of its datagrams when it holds a row of them; 0 when it is one datagram.
    public int segmentBytes() {
        return segmentBytes;
    }

    /// Makes the headers ready for `recvmmsg`.
    ///
    /// @return their address
    long prepare() {
        for (int i = 0; i < used; i++) {
            rearm(i);
        }
        used = 0;
        return headers.address();
    }

    /// Notes how many messages the kernel has filled.
    void used(int messages) {
        used = messages;
    }

    private void rearm(int index) {
        long header = headerOffset(index);
        headers.set(JAVA_INT, header + SocketLayouts.MSG_NAME_BYTES, NAME_STRIDE_BYTES);
        headers.set(JAVA_LONG, header + SocketLayouts.MSG_CONTROL_BYTES, CONTROL_BYTES);
        headers.set(JAVA_INT, header + SocketLayouts.MSG_FLAGS, 0);
    }

    private static long headerOffset(int index) {
        return (long) index * SocketLayouts.MMSGHDR_BYTES;
    }

    private static long controlOffset(int index) {
        return (long) index * CONTROL_BYTES;
    }
}
