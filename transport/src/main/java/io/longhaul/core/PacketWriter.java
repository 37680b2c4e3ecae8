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
import org.jspecify.annotations.Nullable;

/// Writes one packet at a time: header, frames, and the CRC32C or the tag of the sealer.
final class PacketWriter {
    private final long connectionId;
    private final int lowerHeaderBytes;
    private final int trailerBytes;
    private final @Nullable PacketSealer sealer;
    private final Crc crc = new Crc();
    private MemorySegment segment = MemorySegment.NULL;
    private long start;
    private long at;
    private long limit;
    private long sentPackets;
    private long sentBytes;

    /// @param sealer seals the packets, or null
    PacketWriter(EngineConfig config, @Nullable PacketSealer sealer) {
        this.sealer = sealer;
        trailerBytes = sealer == null ? PacketFlyweight.TRAILER_BYTES : PacketFlyweight.TAG_BYTES;
        connectionId = config.remoteConnectionId();
        lowerHeaderBytes = config.lowerHeaderBytes();
    }

    /// Starts a packet of at most {@code maxBytes}.
    void begin(Transmit out, int maxBytes) {
        segment = sealer == null ? out.segment() : sealer.outbound();
        start = sealer == null ? out.offset() : 0;
        at = start + PacketFlyweight.HEADER_BYTES;
        limit = start + Math.min(maxBytes, out.capacity()) - trailerBytes;
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

    /// Bytes for frames in a packet.
    int frameRoom(int packetBytes) {
        return packetBytes - PacketFlyweight.HEADER_BYTES - trailerBytes;
    }

    /// Bytes that the packet will have.
    int packetBytes() {
        return (int) (at - start) + trailerBytes;
    }

    /// Bytes that a packet of a length has on the wire, IP header and padding to 4 included.
    int ipBytes(int packetBytes) {
        return packetBytes + (-packetBytes & 3) + lowerHeaderBytes;
    }

    /// Fills the packet with padding up to a size.
    void padTo(int packetBytes) {
        final long end = start + packetBytes - trailerBytes;
        if (end > at) {
            segment.asSlice(at, end - at).fill((byte) 0);
            at = end;
        }
    }

    /// Completes the packet.
    ///
    /// @return its length in bytes
    int finish(Transmit out, int lane, long packetNumber) {
        final int length = packetBytes();
        final int covered = length - trailerBytes;
        if (sealer == null) {
            PacketFlyweight.putHeader(segment, start, connectionId, lane, packetNumber);
            WireBytes.u32(segment, at, crc.of(segment, start, covered));
        } else {
            sealer.seal(connectionId, lane, packetNumber, covered, out.segment(), out.offset());
        }
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
