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

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Packets of one queue pair to one destination, made but not yet sent.
///
/// A packet is `headers | up to two pieces of payload where they lie | padding and ICRC`. Next to each stands how far
/// the send
/// queue has come with it, so that any number of packets from the first on can be accepted and the rest made anew
/// later.
///
/// Threading: the owner thread of the data path.
final class PacketBatch {
    /// Most packets.
    static final int CAPACITY = DatagramBurst.MAX_DATAGRAMS;

    /// Room for BTH, RETH or DETH, and ImmDt.
    static final int HEADER_STRIDE_BYTES = 64;

    /// Room for 3 bytes of padding and the ICRC.
    static final int TRAILER_STRIDE_BYTES = 8;

    private final MemorySegment headers;
    private final MemorySegment trailers;
    private final ByteBuffer zeros;

    // [packet], length CAPACITY
    private final int[] headerBytes = new int[CAPACITY];
    private final @Nullable SoftMemoryRegion[] firstRegion = new @Nullable SoftMemoryRegion[CAPACITY];
    private final long[] firstOffset = new long[CAPACITY];
    private final int[] firstBytes = new int[CAPACITY];
    private final @Nullable SoftMemoryRegion[] secondRegion = new @Nullable SoftMemoryRegion[CAPACITY];
    private final long[] secondOffset = new long[CAPACITY];
    private final int[] secondBytes = new int[CAPACITY];
    private final int[] padBytes = new int[CAPACITY];
    private final int[] icrcs = new int[CAPACITY];
    private final int[] packetBytes = new int[CAPACITY];

    // [packet]: where the send queue stands once the packet is accepted
    private final long[] nextRequest = new long[CAPACITY];
    private final int[] nextOffset = new int[CAPACITY];

    private int count;
    private int totalBytes;

    PacketBatch(Arena arena) {
        headers = arena.allocate((long) CAPACITY * HEADER_STRIDE_BYTES, 64);
        trailers = arena.allocate((long) CAPACITY * TRAILER_STRIDE_BYTES, 64);
        zeros = arena.allocate(4).asByteBuffer();
    }

    void clear() {
        count = 0;
        totalBytes = 0;
    }

    int count() {
        return count;
    }

    /// Whether a packet of some length may be the next, so that the batch can leave in one piece.
    boolean accepts(int bytes) {
        if (count == 0) {
            return true;
        }
        return count < CAPACITY
                && totalBytes + bytes <= DatagramBurst.MAX_BYTES
                && packetBytes[count - 1] == packetBytes[0]
                && bytes <= packetBytes[0];
    }

    /// The memory of the headers.
    MemorySegment headers() {
        return headers;
    }

    /// Where the headers of a packet begin in [#headers()].
    long headerOffset(int packet) {
        return (long) packet * HEADER_STRIDE_BYTES;
    }

    /// The memory of padding and ICRC.
    MemorySegment trailers() {
        return trailers;
    }

    /// Where the padding of a packet begins in [#trailers()]; it is always 0.
    long trailerOffset(int packet) {
        return (long) packet * TRAILER_STRIDE_BYTES;
    }

    /// Sets the payload of the packet that is being made.
    void payload(
            @Nullable SoftMemoryRegion region0,
            long offset0,
            int bytes0,
            @Nullable SoftMemoryRegion region1,
            long offset1,
            int bytes1) {
        firstRegion[count] = region0;
        firstOffset[count] = offset0;
        firstBytes[count] = bytes0;
        secondRegion[count] = region1;
        secondOffset[count] = offset1;
        secondBytes[count] = bytes1;
    }

    /// Ends the packet that is being made: its headers and payload are set.
    ///
    /// @param icrc knows the path already
    void seal(Icrc icrc, int headersLength, int pad, long requestAfter, int offsetAfter) {
        int packet = count;
        int bytes = headersLength + firstBytes[packet] + secondBytes[packet] + pad + Icrc.LENGTH_BYTES;
        headerBytes[packet] = headersLength;
        padBytes[packet] = pad;
        packetBytes[packet] = bytes;
        nextRequest[packet] = requestAfter;
        nextOffset[packet] = offsetAfter;
        icrc.start(headers, headerOffset(packet), headersLength, bytes);
        SoftMemoryRegion region = firstRegion[packet];
        if (region != null) {
            icrc.update(region.view(firstOffset[packet], firstBytes[packet]));
        }
        region = secondRegion[packet];
        if (region != null) {
            icrc.update(region.view(secondOffset[packet], secondBytes[packet]));
        }
        if (pad != 0) {
            icrc.update(zeros.clear().limit(pad));
            trailers.set(ValueLayout.JAVA_INT, trailerOffset(packet), 0);
        }
        icrcs[packet] = icrc.finish();
        totalBytes += bytes;
        count++;
    }

    /// The length of a packet, ICRC included.
    int packetBytes(int packet) {
        return packetBytes[packet];
    }

    /// The ICRC of a packet for IP identification 0.
    int icrc(int packet) {
        return icrcs[packet];
    }

    /// The request with which the send queue goes on after a packet.
    long nextRequest(int packet) {
        return nextRequest[packet];
    }

    /// How much of that request is sent after a packet.
    int nextOffset(int packet) {
        return nextOffset[packet];
    }

    /// Adds the pieces of a packet to a burst.
    void addTo(DatagramBurst burst, int packet) {
        burst.addPiece(headers.address() + headerOffset(packet), headerBytes[packet]);
        SoftMemoryRegion region = firstRegion[packet];
        if (region != null) {
            burst.addPiece(region.address() + firstOffset[packet], firstBytes[packet]);
        }
        region = secondRegion[packet];
        if (region != null) {
            burst.addPiece(region.address() + secondOffset[packet], secondBytes[packet]);
        }
        long trailer = trailerOffset(packet);
        burst.addPiece(trailers.address() + trailer, padBytes[packet] + Icrc.LENGTH_BYTES);
        burst.endDatagram(packetBytes[packet], icrcs[packet], trailers, trailer + padBytes[packet]);
    }

    /// Copies a packet, with its ICRC for identification 0.
    void copyTo(MemorySegment target, long offset, int packet) {
        long at = offset;
        MemorySegment.copy(headers, headerOffset(packet), target, at, headerBytes[packet]);
        at += headerBytes[packet];
        SoftMemoryRegion region = firstRegion[packet];
        if (region != null) {
            MemorySegment.copy(region.segment(), firstOffset[packet], target, at, firstBytes[packet]);
            at += firstBytes[packet];
        }
        region = secondRegion[packet];
        if (region != null) {
            MemorySegment.copy(region.segment(), secondOffset[packet], target, at, secondBytes[packet]);
            at += secondBytes[packet];
        }
        for (int i = 0; i < padBytes[packet]; i++) {
            target.set(ValueLayout.JAVA_BYTE, at++, (byte) 0);
        }
        Icrc.write(target, at, icrcs[packet]);
    }
}
