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
package io.longhaul.bench.link;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// What the network card would do to a packet that is longer than the wire carries: cut it. Reads the headers of such a
/// super-packet, tells its segments, and writes the headers of any row of them, as `tcp4_gso_segment` of the kernel
/// does:
/// lengths, IP identification, sequence number, flags, checksum of the IP header, and the sum of the pseudo header from
/// which the transport checksum is made.
///
/// A view without memory of its own. A packet that is one segment is passed on as it is.
///
/// Threading: one thread.
final class SuperPacket {
    /// The longest headers: IPv4 with options, or IPv6, and TCP with options.
    static final int MAX_HEADER_BYTES = 120;

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int IPV6_HEADER_BYTES = 40;
    private static final int UDP_HEADER_BYTES = 8;
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int TCP_SEQUENCE = 4;
    private static final int TCP_FLAGS = 13;
    private static final int TCP_CHECKSUM = 16;
    private static final int FLAGS_OF_LAST = 0x09; // FIN, PSH
    private static final int FLAGS_OF_FIRST = 0x80; // CWR
    private static final int ECN_MASK = 3;

    private MemorySegment memory = MemorySegment.NULL;
    private long ip;
    private int packetBytes;
    private boolean ipv6;
    private int gsoType;
    private int ipHeaderBytes;
    private int headerBytes;
    private int segmentBytes;
    private int segments;

    /// Reads the headers.
    ///
    /// @param at where the [VnetHeader] is
    /// @param length of that and the packet
    /// @return false for what is no IP packet, or contradicts itself
    boolean read(MemorySegment buffer, long at, int length) {
        memory = buffer;
        ip = at + VnetHeader.BYTES;
        packetBytes = length - VnetHeader.BYTES;
        if (packetBytes < 20) {
            return false;
        }
        int version = (buffer.get(JAVA_BYTE, ip) & 0xf0) >> 4;
        ipv6 = version == 6;
        if (version != 4 && !ipv6 || ipv6 && packetBytes < IPV6_HEADER_BYTES) {
            return false;
        }
        ipHeaderBytes = ipv6 ? IPV6_HEADER_BYTES : (buffer.get(JAVA_BYTE, ip) & 15) * 4;
        gsoType = VnetHeader.gsoType(buffer, at);
        segments = 1;
        segmentBytes = packetBytes;
        headerBytes = 0;
        if (gsoType == VnetHeader.GSO_NONE) {
            return ipHeaderBytes >= 20;
        }
        // Extension headers of IPv6 make the transport begin later than this class believes: refuse.
        if (ipHeaderBytes < 20 || VnetHeader.checksumStart(buffer, at) != ipHeaderBytes) {
            return false;
        }
        return readTransport(at);
    }

    private boolean readTransport(long at) {
        boolean udp = gsoType == VnetHeader.GSO_UDP_L4;
        if (!udp && gsoType != VnetHeader.GSO_TCPV4 && gsoType != VnetHeader.GSO_TCPV6
                || packetBytes < ipHeaderBytes + (udp ? UDP_HEADER_BYTES : 20)) {
            return false;
        }
        int transportBytes =
                udp ? UDP_HEADER_BYTES : ((memory.get(JAVA_BYTE, ip + ipHeaderBytes + 12) & 0xf0) >> 4) * 4;
        headerBytes = ipHeaderBytes + transportBytes;
        segmentBytes = VnetHeader.segmentBytes(memory, at);
        int payload = packetBytes - headerBytes;
        if (segmentBytes == 0 || payload <= 0 || transportBytes < UDP_HEADER_BYTES) {
            return false;
        }
        segments = (payload + segmentBytes - 1) / segmentBytes;
        return true;
    }

    /// How many packets it is on the wire.
    int segments() {
        return segments;
    }

    /// The length of a segment's IP packet.
    int ipBytes(int segment) {
        return segments == 1 ? packetBytes : headerBytes + payloadBytes(segment, 1);
    }

    /// Whether its packets may be marked CE.
    boolean isEcnCapable() {
        int ecn = trafficClass() & ECN_MASK;
        return ecn == 1 || ecn == 2;
    }

    /// Where the payload of a row begins in the memory; of a single packet, the packet.
    long payloadOffset(int first) {
        return segments == 1 ? ip : ip + headerBytes + (long) first * segmentBytes;
    }

    /// The payload of a row; of a single packet, the packet.
    int payloadBytes(int first, int count) {
        if (segments == 1) {
            return packetBytes;
        }
        int begin = first * segmentBytes;
        return Math.min(count * segmentBytes, packetBytes - headerBytes - begin);
    }

    /// Marks a single packet CE where it lies.
    void markInPlace() {
        mark(memory, ip);
    }

    /// Writes what comes before the payload of a row of segments.
    ///
    /// @param out at least [VnetHeader#BYTES] + [#MAX_HEADER_BYTES]
    /// @param marked whether to mark the row CE
    /// @return bytes written
    int writeHeaders(MemorySegment out, int first, int count, boolean marked) {
        MemorySegment.copy(memory, ip - VnetHeader.BYTES, out, 0, VnetHeader.BYTES);
        if (segments == 1) {
            // Still called GSO where the payload is one segment long: not so for who receives it.
            VnetHeader.gsoType(out, 0, VnetHeader.GSO_NONE);
            VnetHeader.segmentBytes(out, 0, 0);
            return VnetHeader.BYTES;
        }
        MemorySegment.copy(memory, ip, out, VnetHeader.BYTES, headerBytes);
        VnetHeader.headerBytes(out, 0, headerBytes);
        if (count == 1) {
            VnetHeader.gsoType(out, 0, VnetHeader.GSO_NONE);
            VnetHeader.segmentBytes(out, 0, 0);
        } else if (first != 0 && VnetHeader.hasGsoEcn(out, 0)) {
            VnetHeader.gsoType(out, 0, gsoType);
        }
        int payload = payloadBytes(first, count);
        long to = VnetHeader.BYTES;
        if (marked) {
            mark(out, to);
        }
        writeIp(out, to, first, payload);
        writeTransport(out, to + ipHeaderBytes, first, first + count == segments, payload);
        return VnetHeader.BYTES + headerBytes;
    }

    private void writeIp(MemorySegment out, long to, int first, int payload) {
        if (ipv6) {
            out.set(SHORT, to + 4, (short) (headerBytes - IPV6_HEADER_BYTES + payload));
            return;
        }
        out.set(SHORT, to + 2, (short) (headerBytes + payload));
        out.set(SHORT, to + 4, (short) (out.get(SHORT, to + 4) + first));
        out.set(SHORT, to + 10, (short) 0);
        out.set(SHORT, to + 10, (short) ~fold(sum(out, to, ipHeaderBytes)));
    }

    private void writeTransport(MemorySegment out, long to, int first, boolean last, int payload) {
        int length = headerBytes - ipHeaderBytes + payload;
        boolean udp = gsoType == VnetHeader.GSO_UDP_L4;
        if (udp) {
            out.set(SHORT, to + 4, (short) length);
        } else {
            out.set(INT, to + TCP_SEQUENCE, out.get(INT, to + TCP_SEQUENCE) + first * segmentBytes);
            int flags = out.get(JAVA_BYTE, to + TCP_FLAGS) & 0xff;
            flags &= (last ? 0xff : ~FLAGS_OF_LAST) & (first == 0 ? 0xff : ~FLAGS_OF_FIRST);
            out.set(JAVA_BYTE, to + TCP_FLAGS, (byte) flags);
        }
        long header = VnetHeader.BYTES;
        long addresses = ipv6 ? sum(out, header + 8, 32) : sum(out, header + 12, 8);
        out.set(SHORT, to + (udp ? 6 : TCP_CHECKSUM), (short) fold(addresses + (udp ? UDP : TCP) + length));
    }

    private int trafficClass() {
        return ipv6 ? (memory.get(SHORT, ip) & 0xffff) >> 4 & 0xff : memory.get(JAVA_BYTE, ip + 1) & 0xff;
    }

    private void mark(MemorySegment packet, long at) {
        if (ipv6) {
            packet.set(SHORT, at, (short) (packet.get(SHORT, at) | ECN_MASK << 4));
            return;
        }
        packet.set(JAVA_BYTE, at + 1, (byte) (packet.get(JAVA_BYTE, at + 1) | ECN_MASK));
        packet.set(SHORT, at + 10, (short) 0);
        packet.set(SHORT, at + 10, (short) ~fold(sum(packet, at, ipHeaderBytes)));
    }

    /// RFC 1071: the sum of 16-bit words; an even number of bytes.
    private static long sum(MemorySegment segment, long at, int bytes) {
        long sum = 0;
        for (int i = 0; i < bytes; i += 2) {
            sum += segment.get(SHORT, at + i) & 0xffff;
        }
        return sum;
    }

    private static int fold(long sum) {
        long folded = sum;
        while (folded > 0xffff) {
            folded = (folded & 0xffff) + (folded >>> 16);
        }
        return (int) folded;
    }
}
