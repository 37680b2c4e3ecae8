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

import io.longhaul.linux.SocketAddress;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;

/// The invariant CRC of RoCEv2: the last 4 bytes of every packet, stored little-endian.
///
/// It is the CRC-32 of Ethernet over 8 bytes of ones (in place of the local route header), then the IP header, the UDP
/// header, the BTH and the rest, in which everything that routers may change counts as ones: ToS, TTL and header
/// checksum of
/// IPv4; traffic class, flow label and hop limit of IPv6; the UDP checksum; byte 4 of the BTH.
///
/// A UDP socket neither chooses nor sees the identification of the IPv4 header. Here the ICRC is always computed for
/// identification 0; [IcrcIdentification] turns it into that of another one.
///
/// ```
/// scratch:  8 x ff | IPv4 header 20 or IPv6 header 40 | UDP header 8 | BTH 12 | DETH/RETH/ImmDt
/// ```
///
/// Threading: one thread.
final class Icrc {
    /// Length on the wire.
    static final int LENGTH_BYTES = 4;

    static final int IPV4_HEADER_BYTES = 20;
    static final int IPV6_HEADER_BYTES = 40;
    static final int UDP_HEADER_BYTES = 8;

    /// How many bytes of the CRC's input follow the identification in a packet with IPv4, besides the UDP payload.
    static final int IPV4_BYTES_AFTER_IDENTIFICATION = IPV4_HEADER_BYTES - 6 + UDP_HEADER_BYTES;

    private static final int PREFIX_BYTES = 8;
    private static final int IPV4_PROTOCOL_UDP = 17;
    private static final int SCRATCH_BYTES = 128;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt LITTLE_ENDIAN_INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final boolean ipv6;
    private final int ipHeaderBytes;
    private final int udpOffset;
    private final int bthOffset;
    private final MemorySegment scratch;
    private final ByteBuffer scratchBuffer;
    private final CRC32 crc = new CRC32();

    Icrc(Arena arena, boolean ipv6) {
        this.ipv6 = ipv6;
        ipHeaderBytes = ipv6 ? IPV6_HEADER_BYTES : IPV4_HEADER_BYTES;
        udpOffset = PREFIX_BYTES + ipHeaderBytes;
        bthOffset = udpOffset + UDP_HEADER_BYTES;
        scratch = arena.allocate(SCRATCH_BYTES, 8);
        scratchBuffer = scratch.asByteBuffer();
        scratch.asSlice(0, PREFIX_BYTES).fill((byte) 0xff);
        if (ipv6) {
            scratch.set(INT, PREFIX_BYTES, 0x6fffffff);
            scratch.set(INT, PREFIX_BYTES + 4, IPV4_PROTOCOL_UDP << 8 | 0xff);
        } else {
            scratch.set(INT, PREFIX_BYTES, 0x45ff0000);
            scratch.set(INT, PREFIX_BYTES + 4, 0x00004000);
            scratch.set(INT, PREFIX_BYTES + 8, 0xff000000 | IPV4_PROTOCOL_UDP << 16 | 0xffff);
        }
        scratch.set(SHORT, udpOffset + 6, (short) 0xffff);
    }

    /// Says between which ports and addresses the next packets travel. Addresses are raw bytes, 4 or 16.
    void path(MemorySegment source, long sourceOffset, MemorySegment destination, long destinationOffset) {
        int bytes = ipv6 ? 16 : 4;
        int at = PREFIX_BYTES + (ipv6 ? 8 : 12);
        MemorySegment.copy(source, sourceOffset, scratch, at, bytes);
        MemorySegment.copy(destination, destinationOffset, scratch, at + bytes, bytes);
    }

    /// Says between which UDP ports the next packets travel.
    void ports(int sourcePort, int destinationPort) {
        scratch.set(INT, udpOffset, sourcePort << 16 | destinationPort);
    }

    /// Starts the ICRC of a packet with its headers.
    ///
    /// @param headers BTH and the headers behind it
    /// @param headerBytes their length
    /// @param udpPayloadBytes length of the whole packet, ICRC included
    void start(MemorySegment headers, long offset, int headerBytes, int udpPayloadBytes) {
        int udpBytes = UDP_HEADER_BYTES + udpPayloadBytes;
        if (ipv6) {
            scratch.set(SHORT, PREFIX_BYTES + 4, (short) udpBytes);
        } else {
            scratch.set(SHORT, PREFIX_BYTES + 2, (short) (IPV4_HEADER_BYTES + udpBytes));
        }
        scratch.set(SHORT, udpOffset + 4, (short) udpBytes);
        MemorySegment.copy(headers, offset, scratch, bthOffset, headerBytes);
        scratch.set(ValueLayout.JAVA_BYTE, bthOffset + BthFlyweight.UNPROTECTED_OFFSET, (byte) 0xff);
        scratchBuffer.clear().limit(bthOffset + headerBytes);
        crc.reset();
        crc.update(scratchBuffer);
    }

    /// Goes on with payload or padding: the bytes from position to limit of a direct buffer, which it consumes.
    void update(ByteBuffer bytes) {
        crc.update(bytes);
    }

    /// The ICRC for identification 0.
    int finish() {
        return (int) crc.getValue();
    }

    /// Writes an ICRC as it stands in a packet.
    static void write(MemorySegment packet, long offset, int icrc) {
        packet.set(LITTLE_ENDIAN_INT, offset, icrc);
    }

    /// Reads the ICRC of a packet.
    static int read(MemorySegment packet, long offset) {
        return packet.get(LITTLE_ENDIAN_INT, offset);
    }

    /// The length of the raw address in a socket address.
    int addressBytes() {
        return ipv6 ? 16 : 4;
    }

    /// Where the raw address is in a socket address.
    int socketAddressOffset() {
        return ipv6 ? SocketAddress.IPV6_ADDRESS_OFFSET : SocketAddress.IPV4_ADDRESS_OFFSET;
    }

    /// The length of the IP header.
    int ipHeaderBytes() {
        return ipHeaderBytes;
    }
}
