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

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A `struct msghdr` for sending, reused: destination, traffic class, pieces of payload, and how the kernel cuts them.
///
/// Threading: one thread.
public final class OutgoingMessage {
    private static final int CONTROL_MESSAGE_BYTES = SocketLayouts.controlSpace(Integer.BYTES);
    private static final int TRAFFIC_CLASS_OFFSET = SocketLayouts.CMSG_DATA;
    private static final int SEGMENT_OFFSET = CONTROL_MESSAGE_BYTES + SocketLayouts.CMSG_DATA;

    private final MemorySegment header;
    private final MemorySegment pieces;
    private final MemorySegment control;
    private final int maxPieces;
    private int pieceCount;

    /// Makes a message.
    ///
    /// @param ipv6 the family of the socket that it is for
    /// @param maxPieces most pieces of payload, at most 1,024 (`UIO_MAXIOV`)
    public OutgoingMessage(Arena arena, boolean ipv6, int maxPieces) {
        this.maxPieces = maxPieces;
        header = arena.allocate(SocketLayouts.MSGHDR_BYTES, 8);
        pieces = arena.allocate((long) maxPieces * SocketLayouts.IOVEC_BYTES, 8);
        control = arena.allocate(2L * CONTROL_MESSAGE_BYTES, 8);
        header.set(JAVA_LONG, SocketLayouts.MSG_IOV, pieces.address());
        header.set(JAVA_LONG, SocketLayouts.MSG_CONTROL, control.address());
        control.set(JAVA_LONG, 0, SocketLayouts.CMSG_DATA + (long) Integer.BYTES);
        control.set(JAVA_INT, SocketLayouts.CMSG_LEVEL, ipv6 ? SocketLayouts.SOL_IPV6 : SocketLayouts.SOL_IP);
        control.set(JAVA_INT, SocketLayouts.CMSG_TYPE, ipv6 ? SocketLayouts.IPV6_TCLASS : SocketLayouts.IP_TOS);
        control.set(JAVA_LONG, CONTROL_MESSAGE_BYTES, SocketLayouts.CMSG_DATA + (long) Short.BYTES);
        control.set(JAVA_INT, CONTROL_MESSAGE_BYTES + SocketLayouts.CMSG_LEVEL, SocketLayouts.SOL_UDP);
        control.set(JAVA_INT, CONTROL_MESSAGE_BYTES + SocketLayouts.CMSG_TYPE, SocketLayouts.UDP_SEGMENT);
    }

    /// Starts a message without pieces.
    ///
    /// @param address where a socket address lies, kept alive by the caller until the message was sent
    /// @param addressBytes its length
    /// @param trafficClass the ToS byte
    public void begin(long address, int addressBytes, int trafficClass) {
        header.set(JAVA_LONG, SocketLayouts.MSG_NAME, address);
        header.set(JAVA_INT, SocketLayouts.MSG_NAME_BYTES, addressBytes);
        control.set(JAVA_INT, TRAFFIC_CLASS_OFFSET, trafficClass);
        pieceCount = 0;
    }

    /// Adds a piece; one of 0 bytes adds nothing.
    public void add(long address, long bytes) {
        if (bytes == 0) {
            return;
        }
        assert pieceCount < maxPieces : "more pieces than the message was made for";
        long at = (long) pieceCount * SocketLayouts.IOVEC_BYTES;
        pieces.set(JAVA_LONG, at, address);
        pieces.set(JAVA_LONG, at + SocketLayouts.IOVEC_LENGTH, bytes);
        pieceCount++;
    }

    /// How many pieces there are.
    public int pieceCount() {
        return pieceCount;
    }

    /// Makes the message ready to be sent.
    ///
    /// @param firstPiece the first piece that belongs to it
    /// @param count how many pieces
    /// @param segmentBytes length of the datagrams into which the kernel cuts it, the last may be shorter; 0 sends
    /// one
    long finish(int firstPiece, int count, int segmentBytes) {
        header.set(JAVA_LONG, SocketLayouts.MSG_IOV, pieces.address() + (long) firstPiece * SocketLayouts.IOVEC_BYTES);
        header.set(JAVA_LONG, SocketLayouts.MSG_IOV_COUNT, count);
        long controlBytes = CONTROL_MESSAGE_BYTES;
        if (segmentBytes != 0) {
            control.set(JAVA_SHORT, SEGMENT_OFFSET, (short) segmentBytes);
            controlBytes += CONTROL_MESSAGE_BYTES;
        }
        header.set(JAVA_LONG, SocketLayouts.MSG_CONTROL_BYTES, controlBytes);
        return header.address();
    }
}
