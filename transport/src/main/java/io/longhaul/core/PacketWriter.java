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
package io.longhaul.core;

import io.longhaul.core.wire.PacketFlyweight;
import io.longhaul.core.wire.WireBytes;
import java.lang.foreign.MemorySegment;

/// Writes one packet at a time: header, frames, CRC32C.
final class PacketWriter {
    private final long connectionId;
    private final int lowerHeaderBytes;
    private final Crc crc = new Crc();
    private MemorySegment segment = MemorySegment.NULL;
    private long start;
    private long at;
    private long limit;
    private long sentPackets;
    private long sentBytes;

    PacketWriter(EngineConfig config) {
        connectionId = config.remoteConnectionId();
        lowerHeaderBytes = config.lowerHeaderBytes();
    }

    /// Starts a packet of at most {@code maxBytes}.
    void begin(Transmit out, int maxBytes) {
        segment = out.segment();
        start = out.offset();
        at = start + PacketFlyweight.HEADER_BYTES;
        limit = start + Math.min(maxBytes, out.capacity()) - PacketFlyweight.TRAILER_BYTES;
    }

    MemorySegment segment() {
        return segment;
    }

    /// Where the next frame goes.
    long at() {
        return at;
    }

    /// Bytes left for frames.
    int room() {
        return (int) (limit - at);
    }

    void advance(int frameBytes) {
        at += frameBytes;
    }

    boolean isEmpty() {
        return at == start + PacketFlyweight.HEADER_BYTES;
    }

    /// Bytes that the packet will have.
    int packetBytes() {
        return (int) (at - start) + PacketFlyweight.TRAILER_BYTES;
    }

    /// Bytes that a packet of a length has on the wire, IP header and padding to 4 included.
    int ipBytes(int packetBytes) {
        return packetBytes + (-packetBytes & 3) + lowerHeaderBytes;
    }

    /// Fills the packet with padding up to a size.
    void padTo(int packetBytes) {
        final long end = start + packetBytes - PacketFlyweight.TRAILER_BYTES;
        if (end > at) {
            segment.asSlice(at, end - at).fill((byte) 0);
            at = end;
        }
    }

    /// Completes the packet.
    ///
    /// @return its length in bytes
    int finish(Transmit out, int lane, long packetNumber) {
        PacketFlyweight.putHeader(segment, start, connectionId, lane, packetNumber);
        final int length = packetBytes();
        final int covered = length - PacketFlyweight.TRAILER_BYTES;
        WireBytes.u32(segment, at, crc.of(segment, start, covered));
        out.lane = lane;
        out.length = length;
        sentPackets++;
        sentBytes += ipBytes(length);
        return length;
    }

    long sentPackets() {
        return sentPackets;
    }

    long sentBytes() {
        return sentBytes;
    }
}
