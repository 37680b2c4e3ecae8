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

import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.WorkCompletions;
import io.longhaul.verbs.soft.Responder.InboundPacket;
import io.longhaul.verbs.soft.SoftDeviceCounters.Counter;
import java.lang.foreign.MemorySegment;

/// Puts the packets of an unreliable connection together to messages.
///
/// A packet that starts a message is accepted whatever its number; every other must carry the next number of a message
/// that is
/// whole so far. A message of which a packet is missing is dropped and leaves no completion; a receive that it had
/// begun to
/// fill is kept for the next message. What a broken RDMA WRITE has written stays written.
///
/// Threading: the owner thread of the data path.
final class UcReceiver {
    private final SoftDevice device;
    private final SoftDeviceCounters counters;
    private final ReceiveWriter writer;

    UcReceiver(SoftDevice device) {
        this.device = device;
        this.counters = device.counters();
        writer = new ReceiveWriter(device);
    }

    void onPacket(SoftQueuePair qp, InboundPacket packet) {
        InboundMessage message = qp.inboundMessage();
        boolean starts = packet.is(RoceOpcode.STARTS);
        boolean write = packet.is(RoceOpcode.WRITE);
        //= IBTA volume 1 §9.8.2.2 UC: the responder takes up again with the first packet of a message.
        boolean continues = message.isContinuedBy(packet.psn(), write);
        if (starts ? message.isOpen() : !continues) {
            counters.add(Counter.BROKEN_MESSAGE, 1);
        }
        if (!starts && !continues) {
            message.abandon();
            return;
        }
        if (starts && !start(qp, packet, write)) {
            message.abandon();
            return;
        }
        if (!append(qp, packet, write)) {
            message.abandon();
            return;
        }
        message.advance(packet.psn(), packet.payloadBytes());
        if (packet.is(RoceOpcode.ENDS)) {
            finish(qp, packet, write);
            message.abandon();
        }
    }

    private boolean start(SoftQueuePair qp, InboundPacket packet, boolean write) {
        InboundMessage message = qp.inboundMessage();
        if (!write) {
            if (qp.receiveQueue().isEmpty()) {
                return drop(Counter.NO_RECEIVE_POSTED);
            }
            message.startSend();
            return true;
        }
        MemorySegment segment = packet.segment();
        long reth = packet.extendedHeaderOffset();
        long address = RethFlyweight.address(segment, reth);
        long length = RethFlyweight.lengthBytes(segment, reth);
        if (length == 0) {
            message.startWrite(null, 0, 0);
            return true;
        }
        SoftMemoryRegion region = device.regionsByRemoteKey().get(RethFlyweight.remoteKey(segment, reth));
        boolean allowed = region != null
                && region.domain() == qp.domain()
                && region.allows(AccessFlags.REMOTE_WRITE)
                && (qp.access() & AccessFlags.REMOTE_WRITE) != 0;
        if (region == null || !allowed) {
            return drop(Counter.REMOTE_KEY_VIOLATION);
        }
        if (!region.contains(address, length)) {
            return drop(Counter.BOUNDS_VIOLATION);
        }
        message.startWrite(region, address - region.address(), length);
        return true;
    }

    private boolean append(SoftQueuePair qp, InboundPacket packet, boolean write) {
        boolean ends = packet.is(RoceOpcode.ENDS);
        int bytes = packet.payloadBytes();
        boolean lengthFits = ends ? bytes <= qp.maxPacketPayloadBytes() : bytes == qp.maxPacketPayloadBytes();
        boolean emptyLast = ends && bytes == 0 && !packet.is(RoceOpcode.STARTS);
        if (!lengthFits || emptyLast) {
            return drop(Counter.BOUNDS_VIOLATION);
        }
        boolean completes = ends && (!write || packet.is(RoceOpcode.IMMEDIATE));
        if (completes && qp.receiveQueue().isEmpty()) {
            return drop(Counter.NO_RECEIVE_POSTED);
        }
        if (completes && qp.receiveCompletionQueue().freeSlots() == 0) {
            return drop(Counter.COMPLETION_QUEUE_FULL);
        }
        return write ? appendWrite(qp, packet, ends) : appendSend(qp, packet);
    }

    private boolean appendWrite(SoftQueuePair qp, InboundPacket packet, boolean ends) {
        InboundMessage message = qp.inboundMessage();
        long after = message.receivedBytes() + packet.payloadBytes();
        if (ends ? after != message.totalBytes() : after >= message.totalBytes()) {
            return drop(Counter.BOUNDS_VIOLATION);
        }
        SoftMemoryRegion region = message.region();
        if (packet.payloadBytes() == 0) {
            return true;
        }
        if (region == null || !region.isOpen()) {
            return drop(Counter.REMOTE_KEY_VIOLATION);
        }
        try {
            MemorySegment.copy(
                    packet.segment(),
                    packet.payloadOffset(),
                    region.segment(),
                    message.regionOffset() + message.receivedBytes(),
                    packet.payloadBytes());
        } catch (IllegalStateException | WrongThreadException e) {
            // The application closed the memory under its region: there is nothing left to write to.
            return drop(Counter.REMOTE_KEY_VIOLATION);
        }
        return true;
    }

    private boolean appendSend(SoftQueuePair qp, InboundPacket packet) {
        if (qp.receiveQueue().isEmpty()) {
            return drop(Counter.NO_RECEIVE_POSTED);
        }
        if (!writer.open(qp)) {
            return failReceive(qp);
        }
        long received = qp.inboundMessage().receivedBytes();
        if (received + packet.payloadBytes() > writer.capacity()) {
            return drop(Counter.RECEIVE_TOO_SHORT);
        }
        if (!writer.write(received, packet.segment(), packet.payloadOffset(), packet.payloadBytes())) {
            return failReceive(qp);
        }
        return true;
    }

    private boolean failReceive(SoftQueuePair qp) {
        if (qp.receiveCompletionQueue().freeSlots() == 0) {
            return drop(Counter.COMPLETION_QUEUE_FULL);
        }
        writer.fail(qp);
        return false;
    }

    private void finish(SoftQueuePair qp, InboundPacket packet, boolean write) {
        boolean withImmediate = packet.is(RoceOpcode.IMMEDIATE);
        if (write && !withImmediate) {
            return;
        }
        int opcode = write ? WorkCompletions.OPCODE_RECEIVE_WRITE_WITH_IMM : WorkCompletions.OPCODE_RECEIVE;
        writer.complete(qp, opcode)
                .received(
                        (int) qp.inboundMessage().receivedBytes(),
                        qp.remoteQueuePair(),
                        withImmediate ? WorkCompletions.WITH_IMM : 0)
                .immediate(withImmediate ? packet.immediate() : 0)
                .publish(packet.isSolicited());
    }

    private boolean drop(Counter reason) {
        counters.add(reason, 1);
        return false;
    }
}
