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

/// The header that a TUN device with `IFF_VNET_HDR` puts before each packet: what is left to be done to it.
///
/// ```
/// 0 flags | 1 GSO type | 2 header bytes | 4 segment bytes | 6 checksum start | 8 checksum offset | 10 IP packet
/// ```
///
/// `struct virtio_net_hdr` of `linux/virtio_net.h`, in the byte order of the host.
final class VnetHeader {
    /// Its length.
    static final int BYTES = 10;

    /// The transport checksum is that of the pseudo header only.
    static final int NEEDS_CHECKSUM = 1;

    /// One packet.
    static final int GSO_NONE = 0;

    /// TCP over IPv4.
    static final int GSO_TCPV4 = 1;

    /// TCP over IPv6.
    static final int GSO_TCPV6 = 4;

    /// UDP datagrams of equal length.
    static final int GSO_UDP_L4 = 5;

    /// Beside the type: only the first segment has CWR.
    static final int GSO_ECN = 0x80;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.nativeOrder());

    private VnetHeader() {}

    static int flags(MemorySegment segment, long at) {
        return segment.get(JAVA_BYTE, at) & 0xff;
    }

    /// The type without [#GSO_ECN].
    static int gsoType(MemorySegment segment, long at) {
        return segment.get(JAVA_BYTE, at + 1) & 0xff & ~GSO_ECN;
    }

    static boolean hasGsoEcn(MemorySegment segment, long at) {
        return (segment.get(JAVA_BYTE, at + 1) & GSO_ECN) != 0;
    }

    static int segmentBytes(MemorySegment segment, long at) {
        return segment.get(SHORT, at + 4) & 0xffff;
    }

    static int checksumStart(MemorySegment segment, long at) {
        return segment.get(SHORT, at + 6) & 0xffff;
    }

    static void gsoType(MemorySegment segment, long at, int type) {
        segment.set(JAVA_BYTE, at + 1, (byte) type);
    }

    static void headerBytes(MemorySegment segment, long at, int bytes) {
        segment.set(SHORT, at + 2, (short) bytes);
    }

    static void segmentBytes(MemorySegment segment, long at, int bytes) {
        segment.set(SHORT, at + 4, (short) bytes);
    }

    /// Writes the header of a packet whose checksum the kernel is to fill in.
    static void write(MemorySegment segment, long at, int type, int headerBytes, int segmentBytes, int checksumStart) {
        segment.set(JAVA_BYTE, at, (byte) NEEDS_CHECKSUM);
        segment.set(JAVA_BYTE, at + 1, (byte) type);
        headerBytes(segment, at, headerBytes);
        segmentBytes(segment, at, segmentBytes);
        segment.set(SHORT, at + 6, (short) checksumStart);
        segment.set(SHORT, at + 8, (short) ((type & ~GSO_ECN) == GSO_UDP_L4 ? 6 : 16));
    }
}
