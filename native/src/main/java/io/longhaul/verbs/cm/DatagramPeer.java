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
package io.longhaul.verbs.cm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.longhaul.verbs.AddressVector;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/// Where a datagram peer is reached: what {@link CmEventType#ESTABLISHED} tells in {@link PortSpace#UDP}
/// (`struct rdma_ud_param`).
///
/// @param addressVector address, traffic class, flow label and hop limit, for an address handle
/// @param queuePairNumber the peer's queue pair
/// @param queueKey the key that its packets must carry
/// @param privateData what the peer's application sent, with zeros behind it
public record DatagramPeer(AddressVector addressVector, int queuePairNumber, int queueKey, ByteBuffer privateData) {
    private static final int GID_BYTES = 16;
    private static final int HOP_LIMIT_IF_NONE = 64;

    /// Makes the private data read-only.
    public DatagramPeer {
        privateData = privateData.asReadOnlyBuffer();
    }

    /// Copies a `struct rdma_ud_param` that librdmacm wrote, and the private data that it points to.
    static DatagramPeer read(MemorySegment struct) {
        long attr = CmLayouts.UdParam.AH_ATTR;
        byte[] gid = struct.asSlice(attr + CmLayouts.AhAttr.DGID, GID_BYTES).toArray(JAVA_BYTE);
        int hopLimit = struct.get(JAVA_BYTE, attr + CmLayouts.AhAttr.HOP_LIMIT) & 0xff;
        AddressVector vector = new AddressVector(
                address(gid),
                AddressVector.ROCE_UDP_PORT,
                struct.get(JAVA_BYTE, attr + CmLayouts.AhAttr.TRAFFIC_CLASS) & 0xff,
                struct.get(JAVA_INT, attr + CmLayouts.AhAttr.FLOW_LABEL) & 0xfffff,
                hopLimit == 0 ? HOP_LIMIT_IF_NONE : hopLimit);
        byte[] privateData = ConnectionParameters.privateData(
                struct.get(JAVA_LONG_UNALIGNED, CmLayouts.UdParam.PRIVATE_DATA),
                struct.get(JAVA_BYTE, CmLayouts.UdParam.PRIVATE_DATA_LEN) & 0xff);
        return new DatagramPeer(
                vector,
                struct.get(JAVA_INT, CmLayouts.UdParam.QP_NUM),
                struct.get(JAVA_INT, CmLayouts.UdParam.QKEY),
                ByteBuffer.wrap(privateData));
    }

    /// The IP address that a GID stands for; IPv4 is mapped into IPv6.
    static InetAddress address(byte[] gid) {
        try {
            return InetAddress.getByAddress(gid);
        } catch (UnknownHostException e) {
            throw new AssertionError("a GID has 16 bytes", e);
        }
    }
}
