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
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import io.longhaul.linux.ReceiveBatch;
import io.longhaul.linux.SocketAddress;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.soft.SoftDeviceCounters.Counter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Checks arriving packets and hands the good ones to their queue pair. One for all queue pairs of a device.
///
/// Whatever arrives costs a bounded number of steps and no memory, never throws, and if it is dropped is counted under
/// one
/// reason. The cheap checks come first, the ICRC last: nothing is changed before it.
///
/// Threading: the owner thread of the data path.
final class Responder {
    private static final int DEFAULT_PARTITION_MASK = 0x7fff;

    private final SoftDevice device;
    private final SocketPool sockets;
    private final SoftDeviceCounters counters;
    private final IcrcIdentification identification;
    private final Icrc icrc;
    private final ReceiveBatch messages;
    private final MemorySegment buffers;
    private final ByteBuffer buffersView;
    private final InboundPacket packet;
    private final UdReceiver udReceiver;
    private final UcReceiver ucReceiver;

    Responder(
            Arena arena,
            SoftDevice device,
            SocketPool sockets,
            ReceiveBatch messages,
            IcrcIdentification identification) {
        this.device = device;
        this.sockets = sockets;
        this.counters = device.counters();
        this.identification = identification;
        this.messages = messages;
        icrc = new Icrc(arena, sockets.isIpv6());
        buffers = messages.buffers();
        buffersView = buffers.asByteBuffer();
        packet = new InboundPacket(buffers);
        udReceiver = new UdReceiver(arena, device, sockets);
        ucReceiver = new UcReceiver(device);
    }

    /// Receives what is at a socket, at most one batch.
    ///
    /// @return how many messages came
    int receive(int socketIndex) {
        int count = sockets.socket(socketIndex).receive(messages);
        if (count <= 0) {
            return 0;
        }
        counters.add(Counter.RECEIVE_CALLS, 1);
        int port = sockets.socket(socketIndex).port();
        for (int i = 0; i < count; i++) {
            onMessage(i, port);
        }
        return count;
    }

    /// One message: a datagram, or a row of them.
    private void onMessage(int index, int localPort) {
        if (messages.isTruncated(index)) {
            counters.add(Counter.MALFORMED, 1);
            return;
        }
        messages.readControl(index);
        packet.from(messages.names(), messages.nameOffset(index), messages.trafficClass());
        int addressOffset = icrc.socketAddressOffset();
        icrc.path(messages.names(), messages.nameOffset(index) + addressOffset, sockets.socketAddress(), addressOffset);
        icrc.ports(SocketAddress.port(messages.names(), messages.nameOffset(index)), localPort);
        long start = messages.bufferOffset(index);
        int length = messages.length(index);
        int segmentBytes = messages.segmentBytes() > 0 ? messages.segmentBytes() : Math.max(1, length);
        int place = 0;
        int offset = 0;
        do {
            int bytes = Math.min(segmentBytes, length - offset);
            onPacket(start + offset, bytes, place++);
            offset += bytes;
        } while (offset < length);
    }

    private void onPacket(long offset, int bytes, int place) {
        if (bytes < BthFlyweight.LENGTH_BYTES + Icrc.LENGTH_BYTES || (bytes & 3) != 0) {
            counters.add(Counter.MALFORMED, 1);
            return;
        }
        int traits = RoceOpcode.traits(BthFlyweight.opcode(buffers, offset));
        boolean defaultPartition =
                (BthFlyweight.partitionKey(buffers, offset) & DEFAULT_PARTITION_MASK) == DEFAULT_PARTITION_MASK;
        if (traits == 0 || BthFlyweight.version(buffers, offset) != 0 || !defaultPartition) {
            counters.add(Counter.UNKNOWN_OPCODE, 1);
            return;
        }
        int headerBytes = BthFlyweight.LENGTH_BYTES + RoceOpcode.extendedHeaderBytes(traits);
        int padBytes = BthFlyweight.padBytes(buffers, offset);
        int payloadBytes = bytes - headerBytes - padBytes - Icrc.LENGTH_BYTES;
        if (payloadBytes < 0) {
            counters.add(Counter.MALFORMED, 1);
            return;
        }
        SoftQueuePair qp = device.queuePairs().get(BthFlyweight.destinationQueuePair(buffers, offset));
        boolean datagram = (traits & RoceOpcode.DATAGRAM) != 0;
        if (qp == null || !qp.canReceive() || datagram != (qp.type() == QueuePair.Type.UD)) {
            counters.add(Counter.UNKNOWN_QUEUE_PAIR, 1);
            return;
        }
        if (!isForQueuePair(qp, offset, datagram)) {
            return;
        }
        int ipIdentification = checkIcrc(offset, bytes, headerBytes, place);
        if (ipIdentification < 0) {
            counters.add(Counter.WRONG_ICRC, 1);
            return;
        }
        packet.at(offset, traits, bytes, headerBytes, payloadBytes, ipIdentification);
        counters.add(Counter.RECEIVED_PACKETS, 1);
        counters.add(Counter.RECEIVED_BYTES, bytes);
        if (datagram) {
            udReceiver.onPacket(qp, packet);
        } else {
            ucReceiver.onPacket(qp, packet);
        }
    }

    private boolean isForQueuePair(SoftQueuePair qp, long offset, boolean datagram) {
        if (datagram) {
            if (DethFlyweight.queueKey(buffers, offset + BthFlyweight.LENGTH_BYTES) != qp.queueKey()) {
                counters.add(Counter.WRONG_QUEUE_KEY, 1);
                return false;
            }
        } else if (!isFrom(qp.remote())) {
            counters.add(Counter.WRONG_SOURCE, 1);
            return false;
        }
        return true;
    }

    /// Whether the packet came from the peer's address; its port may be any.
    private boolean isFrom(@Nullable SoftAddressHandle peer) {
        if (peer == null) {
            return false;
        }
        MemorySegment names = packet.names();
        long addressOffset = icrc.socketAddressOffset();
        for (long i = addressOffset; i < addressOffset + icrc.addressBytes(); i += Integer.BYTES) {
            if (names.get(JAVA_INT_UNALIGNED, packet.nameOffset() + i)
                    != peer.socketAddress().get(JAVA_INT_UNALIGNED, i)) {
                return false;
            }
        }
        return true;
    }

    /// Checks the ICRC.
    ///
    /// @param place of the packet in its message: our own sender's identification, most likely
    /// @return the IP identification with which it is right (0 for IPv6), or -1 when it is wrong
    private int checkIcrc(long offset, int bytes, int headerBytes, int place) {
        icrc.start(buffers, offset, headerBytes, bytes);
        int position = (int) offset + headerBytes;
        int end = (int) offset + bytes - Icrc.LENGTH_BYTES;
        if (position < end) {
            icrc.update(buffersView.clear().position(position).limit(end));
        }
        int difference = icrc.finish() ^ Icrc.read(buffers, end);
        if (sockets.isIpv6()) {
            return difference == 0 ? 0 : -1;
        }
        if (difference == identification.difference(place, bytes)) {
            return place;
        }
        int solved = identification.solve(difference, bytes);
        if (solved > 0) {
            counters.add(Counter.SOLVED_IDENTIFICATION, 1);
        }
        return solved;
    }

    /// A packet that passed all checks, as the receivers see it.
    static final class InboundPacket {
        private final MemorySegment segment;
        private MemorySegment names;
        private long nameOffset;
        private int trafficClass;
        private long offset;
        private int traits;
        private int bytes;
        private int headerBytes;
        private int payloadBytes;
        private int ipIdentification;

        InboundPacket(MemorySegment segment) {
            this.segment = segment;
            names = segment;
        }

        private void from(MemorySegment sourceNames, long sourceNameOffset, int sourceTrafficClass) {
            names = sourceNames;
            nameOffset = sourceNameOffset;
            trafficClass = sourceTrafficClass;
        }

        private void at(
                long packetOffset, int packetTraits, int length, int headersLength, int payloadLength, int ipId) {
            offset = packetOffset;
            traits = packetTraits;
            bytes = length;
            headerBytes = headersLength;
            payloadBytes = payloadLength;
            ipIdentification = ipId;
        }

        /// The memory in which it lies.
        MemorySegment segment() {
            return segment;
        }

        /// Where the socket addresses lie.
        MemorySegment names() {
            return names;
        }

        /// Where the sender's address is in [#names()].
        long nameOffset() {
            return nameOffset;
        }

        int trafficClass() {
            return trafficClass;
        }

        boolean is(int trait) {
            return (traits & trait) != 0;
        }

        boolean isSolicited() {
            return BthFlyweight.isSolicited(segment, offset);
        }

        int psn() {
            return BthFlyweight.psn(segment, offset);
        }

        /// Where the headers behind the BTH begin.
        long extendedHeaderOffset() {
            return offset + BthFlyweight.LENGTH_BYTES;
        }

        /// The immediate data, if there is any: always the last header.
        int immediate() {
            return ImmDtFlyweight.immediate(segment, offset + headerBytes - ImmDtFlyweight.LENGTH_BYTES);
        }

        long payloadOffset() {
            return offset + headerBytes;
        }

        int payloadBytes() {
            return payloadBytes;
        }

        /// Length of the UDP payload.
        int bytes() {
            return bytes;
        }

        int ipIdentification() {
            return ipIdentification;
        }

        /// For debuggers.
        @Override
        public String toString() {
            return "packet of " + bytes + " B, opcode 0x" + Integer.toHexString(segment.get(JAVA_BYTE, offset) & 0xff);
        }
    }
}
