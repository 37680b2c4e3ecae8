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

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.longhaul.linux.SocketAddress;
import io.longhaul.verbs.WorkCompletions;
import io.longhaul.verbs.soft.Responder.InboundPacket;
import io.longhaul.verbs.soft.SoftDeviceCounters.Counter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Places datagrams: the 40 bytes of a GRH, then the payload.
///
/// The GRH is what rxe and NICs make of RoCEv2: with IPv4 20 bytes of 0 and the IPv4 header, with IPv6 its header. A
/// socket does not
/// tell the hop limit, which stands as 64.
///
/// Threading: the owner thread of the data path.
final class UdReceiver {
    private static final int IPV4_OFFSET = WorkCompletions.GRH_BYTES - Icrc.IPV4_HEADER_BYTES;
    private static final int HOP_LIMIT = 64;
    private static final int PROTOCOL_UDP = 17;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final SoftDeviceCounters counters;
    private final SocketPool sockets;
    private final ReceiveWriter writer;
    private final MemorySegment grh;

    UdReceiver(Arena arena, SoftDevice device, SocketPool sockets) {
        this.counters = device.counters();
        this.sockets = sockets;
        writer = new ReceiveWriter(device);
        grh = arena.allocate(WorkCompletions.GRH_BYTES, 8);
    }

    void onPacket(SoftQueuePair qp, InboundPacket packet) {
        if (qp.receiveQueue().isEmpty()) {
            counters.add(Counter.NO_RECEIVE_POSTED, 1);
            return;
        }
        SoftCompletionQueue completions = qp.receiveCompletionQueue();
        if (completions.freeSlots() == 0) {
            counters.add(Counter.COMPLETION_QUEUE_FULL, 1);
            return;
        }
        if (!writer.open(qp)) {
            writer.fail(qp);
            return;
        }
        int bytes = WorkCompletions.GRH_BYTES + packet.payloadBytes();
        if (writer.capacity() < bytes) {
            counters.add(Counter.RECEIVE_TOO_SHORT, 1);
            return;
        }
        if (sockets.isIpv6()) {
            writeIpv6(packet);
        } else {
            writeIpv4(packet);
        }
        boolean written = writer.write(0, grh, 0, WorkCompletions.GRH_BYTES)
                && writer.write(
                        WorkCompletions.GRH_BYTES, packet.segment(), packet.payloadOffset(), packet.payloadBytes());
        if (!written) {
            writer.fail(qp);
            return;
        }
        int source = DethFlyweight.sourceQueuePair(packet.segment(), packet.extendedHeaderOffset());
        boolean withImmediate = packet.is(RoceOpcode.IMMEDIATE);
        writer.complete(qp, WorkCompletions.OPCODE_RECEIVE)
                .received(bytes, source, WorkCompletions.WITH_GRH | (withImmediate ? WorkCompletions.WITH_IMM : 0))
                .immediate(withImmediate ? packet.immediate() : 0)
                .publish(packet.isSolicited());
    }

    private void writeIpv4(InboundPacket packet) {
        int at = IPV4_OFFSET;
        int totalBytes = Icrc.IPV4_HEADER_BYTES + Icrc.UDP_HEADER_BYTES + packet.bytes();
        grh.set(INT, at, 0x45000000 | packet.trafficClass() << 16 | totalBytes);
        grh.set(INT, at + 4L, packet.ipIdentification() << 16 | 0x4000);
        grh.set(INT, at + 8L, HOP_LIMIT << 24 | PROTOCOL_UDP << 16);
        MemorySegment.copy(packet.names(), packet.nameOffset() + SocketAddress.IPV4_ADDRESS_OFFSET, grh, at + 12L, 4);
        MemorySegment.copy(sockets.socketAddress(), SocketAddress.IPV4_ADDRESS_OFFSET, grh, at + 16L, 4);
        int sum = 0;
        for (int i = 0; i < Icrc.IPV4_HEADER_BYTES; i += Short.BYTES) {
            sum += grh.get(SHORT, at + i) & 0xffff;
        }
        sum = (sum & 0xffff) + (sum >>> 16);
        sum = (sum & 0xffff) + (sum >>> 16);
        grh.set(SHORT, at + 10L, (short) ~sum);
    }

    private void writeIpv6(InboundPacket packet) {
        grh.set(INT, 0, 6 << 28 | packet.trafficClass() << 20);
        grh.set(SHORT, 4, (short) (Icrc.UDP_HEADER_BYTES + packet.bytes()));
        grh.set(JAVA_BYTE, 6, (byte) PROTOCOL_UDP);
        grh.set(JAVA_BYTE, 7, (byte) HOP_LIMIT);
        MemorySegment.copy(packet.names(), packet.nameOffset() + SocketAddress.IPV6_ADDRESS_OFFSET, grh, 8, 16);
        MemorySegment.copy(sockets.socketAddress(), SocketAddress.IPV6_ADDRESS_OFFSET, grh, 24, 16);
    }
}
