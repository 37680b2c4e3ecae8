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

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.longhaul.linux.Errno;
import io.longhaul.verbs.CompletionStatus;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.WorkCompletions;
import io.longhaul.verbs.soft.DatagramBurst.Outcome;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Turns posted sends into packets and gives them to the egress. One for all queue pairs of a device.
///
/// A send completes when its last packet was taken by the socket or the wire. What the egress does not take now is made
/// anew
/// later: the send queue moves on by accepted packets only.
///
/// Threading: the owner thread of the data path.
final class Requester {
    private static final ValueLayout.OfInt BIG_ENDIAN_INT = JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN);

    private final SoftDevice device;
    private final Egress egress;
    private final SocketPool sockets;
    private final PacketBatch batch;
    private final Icrc icrc;

    // The request being made into packets.
    private int opcode;
    private int flags;
    private int immediate;
    private long totalBytes;
    private @Nullable SoftMemoryRegion firstRegion;
    private long firstOffset;
    private int firstBytes;
    private @Nullable SoftMemoryRegion secondRegion;
    private long secondOffset;
    private int secondBytes;
    private @Nullable SoftAddressHandle destination;

    /// Where the batch goes.
    private @Nullable SoftAddressHandle batchDestination;

    /// Signaled requests that the batch will complete.
    private int completionsInBatch;

    Requester(Arena arena, SoftDevice device, Egress egress, SocketPool sockets) {
        this.device = device;
        this.egress = egress;
        this.sockets = sockets;
        batch = new PacketBatch(arena);
        icrc = new Icrc(arena, sockets.isIpv6());
    }

    /// Sends what is posted on a queue pair.
    ///
    /// @return true when nothing is left, false when it must be called again later
    boolean transmit(SoftQueuePair qp) {
        while (!qp.sendQueue().isEmpty()) {
            fillBatch(qp);
            SoftAddressHandle target = batchDestination;
            if (batch.count() == 0 || target == null) {
                return qp.sendQueue().isEmpty();
            }
            int done = egress.send(batch, qp.sourcePortIndex(), target);
            for (int i = 0; i < done; i++) {
                accept(qp, batch.nextRequest(i), batch.nextOffset(i));
            }
            if (egress.outcome() == Outcome.TOO_LONG && done < batch.count()) {
                failHead(qp, CompletionStatus.LOCAL_LENGTH_ERROR, Errno.EMSGSIZE);
            } else if (done < batch.count()) {
                return false;
            }
        }
        return true;
    }

    /// Makes packets until the queue is empty, the batch is full or the next packet does not belong to it.
    private void fillBatch(SoftQueuePair qp) {
        batch.clear();
        batchDestination = null;
        completionsInBatch = 0;
        WorkQueue queue = qp.sendQueue();
        long request = queue.head();
        int offset = qp.sendOffset();
        while (request != queue.tail()) {
            long slot = queue.slot(request);
            CompletionStatus status = read(qp, slot);
            if (status != CompletionStatus.SUCCESS) {
                if (batch.count() != 0 || qp.sendCompletionQueue().freeSlots() == 0) {
                    return;
                }
                failHead(qp, status, 0);
                request = queue.head();
                offset = 0;
                continue;
            }
            int payloadBytes = (int) Math.min(totalBytes - offset, qp.maxPacketPayloadBytes());
            boolean last = offset + payloadBytes == totalBytes;
            if (!belongsToBatch(qp, last, payloadBytes, offset)) {
                return;
            }
            if (batch.count() == 0) {
                startBatch(qp);
            }
            long nextRequest = last ? request + 1 : request;
            int nextOffset = last ? 0 : offset + payloadBytes;
            addPacket(qp, slot, offset, payloadBytes, nextRequest, nextOffset);
            request = nextRequest;
            offset = nextOffset;
        }
    }

    private boolean belongsToBatch(SoftQueuePair qp, boolean last, int payloadBytes, int offset) {
        if (last && (flags & SendRequests.SIGNALED) != 0) {
            if (qp.sendCompletionQueue().freeSlots() <= completionsInBatch) {
                return false;
            }
        }
        if (batch.count() == 0) {
            return true;
        }
        int headers = BthFlyweight.LENGTH_BYTES
                + RoceOpcode.extendedHeaderBytes(RoceOpcode.traits(wireOpcode(qp, offset, last)));
        int bytes = headers + (payloadBytes + 3 & ~3) + Icrc.LENGTH_BYTES;
        return destination == batchDestination && batch.accepts(bytes);
    }

    private void startBatch(SoftQueuePair qp) {
        batchDestination = destination;
        int addressOffset = icrc.socketAddressOffset();
        SoftAddressHandle target = Objects.requireNonNull(destination);
        icrc.path(sockets.socketAddress(), addressOffset, target.socketAddress(), addressOffset);
        icrc.ports(sockets.socket(qp.sourcePortIndex()).port(), target.udpPort());
    }

    private int wireOpcode(SoftQueuePair qp, int offset, boolean last) {
        boolean withImmediate = opcode == SendRequests.Opcode.SEND_WITH_IMM.code()
                || opcode == SendRequests.Opcode.WRITE_WITH_IMM.code();
        if (qp.type() == QueuePair.Type.UD) {
            return withImmediate ? RoceOpcode.UD_SEND_ONLY_IMM : RoceOpcode.UD_SEND_ONLY;
        }
        return RoceOpcode.uc(isWrite(opcode), offset == 0, last, withImmediate);
    }

    private void addPacket(
            SoftQueuePair qp, long slot, int offset, int payloadBytes, long nextRequest, int nextOffset) {
        WorkQueue queue = qp.sendQueue();
        boolean last = nextOffset == 0;
        int wireOpcode = wireOpcode(qp, offset, last);
        int traits = RoceOpcode.traits(wireOpcode);
        int pad = -payloadBytes & 3;
        int packet = batch.count();
        MemorySegment headers = batch.headers();
        long start = batch.headerOffset(packet);
        boolean solicited = last && (flags & SendRequests.SOLICITED) != 0;
        BthFlyweight.writeOpcode(headers, start, wireOpcode, solicited, pad);
        int remoteQueuePair = qp.remoteQueuePair();
        long at = start + BthFlyweight.LENGTH_BYTES;
        if ((traits & RoceOpcode.DATAGRAM) != 0) {
            remoteQueuePair = queue.ring().get(JAVA_INT, slot + SendRequests.REMOTE_QUEUE_PAIR_OFFSET);
            int queueKey = queue.ring().get(JAVA_INT, slot + SendRequests.REMOTE_QUEUE_KEY_OFFSET);
            DethFlyweight.write(headers, at, queueKey, qp.number());
            at += DethFlyweight.LENGTH_BYTES;
        }
        BthFlyweight.writeDestination(headers, start, remoteQueuePair, qp.sendPsn() + packet);
        if ((traits & RoceOpcode.RETH) != 0) {
            long remoteAddress = queue.ring().get(JAVA_LONG, slot + SendRequests.REMOTE_ADDRESS_OFFSET);
            int remoteKey = queue.ring().get(JAVA_INT, slot + SendRequests.REMOTE_KEY_OFFSET);
            RethFlyweight.write(headers, at, remoteAddress, remoteKey, (int) totalBytes);
            at += RethFlyweight.LENGTH_BYTES;
        }
        if ((traits & RoceOpcode.IMMEDIATE) != 0) {
            ImmDtFlyweight.write(headers, at, immediate);
            at += ImmDtFlyweight.LENGTH_BYTES;
        }
        choosePayload(offset, payloadBytes);
        batch.seal(icrc, (int) (at - start), pad, nextRequest, nextOffset);
        if (last && (flags & SendRequests.SIGNALED) != 0) {
            completionsInBatch++;
        }
    }

    /// Finds the one or two pieces of the request that lie between two offsets of the message.
    private void choosePayload(int offset, int bytes) {
        int fromFirst = Math.max(0, Math.min(bytes, firstBytes - offset));
        int fromSecond = bytes - fromFirst;
        long offsetInSecond = Math.max(0, offset - firstBytes);
        batch.payload(
                fromFirst == 0 ? null : firstRegion,
                firstOffset + offset,
                fromFirst,
                fromSecond == 0 ? null : secondRegion,
                secondOffset + offsetInSecond,
                fromSecond);
    }

    /// Reads and checks a request.
    private CompletionStatus read(SoftQueuePair qp, long slot) {
        WorkQueue queue = qp.sendQueue();
        opcode = queue.ring().get(JAVA_INT, slot + SendRequests.OPCODE_OFFSET);
        flags = queue.ring().get(JAVA_INT, slot + SendRequests.FLAGS_OFFSET);
        immediate = queue.ring().get(BIG_ENDIAN_INT, slot + SendRequests.IMMEDIATE_OFFSET);
        if ((flags & SendRequests.INLINE) != 0) {
            return CompletionStatus.LOCAL_QUEUE_PAIR_OPERATION_ERROR;
        }
        int sges = queue.sgeCount(slot);
        if (sges < 0 || sges > SendRequests.MAX_SGES) {
            return CompletionStatus.LOCAL_QUEUE_PAIR_OPERATION_ERROR;
        }
        firstBytes = sges > 0 ? queue.sgeLength(slot, 0) : 0;
        secondBytes = sges > 1 ? queue.sgeLength(slot, 1) : 0;
        SoftMemoryRegion region0 = firstBytes == 0 ? null : readable(qp, slot, 0, firstBytes);
        SoftMemoryRegion region1 = secondBytes == 0 ? null : readable(qp, slot, 1, secondBytes);
        if (firstBytes != 0 && region0 == null || secondBytes != 0 && region1 == null) {
            return CompletionStatus.LOCAL_PROTECTION_ERROR;
        }
        firstRegion = region0;
        firstOffset = region0 == null ? 0 : queue.sgeAddress(slot, 0) - region0.address();
        secondRegion = region1;
        secondOffset = region1 == null ? 0 : queue.sgeAddress(slot, 1) - region1.address();
        totalBytes = (long) firstBytes + secondBytes;
        return readDestination(qp, slot);
    }

    private CompletionStatus readDestination(SoftQueuePair qp, long slot) {
        if (qp.type() == QueuePair.Type.UC) {
            destination = qp.remote();
            if (opcode < 0 || opcode > SendRequests.Opcode.SEND_WITH_IMM.code()) {
                return CompletionStatus.LOCAL_QUEUE_PAIR_OPERATION_ERROR;
            }
            return totalBytes > SoftQueuePair.MAX_MESSAGE_BYTES
                    ? CompletionStatus.LOCAL_LENGTH_ERROR
                    : CompletionStatus.SUCCESS;
        }
        if (opcode != SendRequests.Opcode.SEND.code() && opcode != SendRequests.Opcode.SEND_WITH_IMM.code()) {
            return CompletionStatus.LOCAL_QUEUE_PAIR_OPERATION_ERROR;
        }
        long handle = qp.sendQueue().ring().get(JAVA_LONG, slot + SendRequests.ADDRESS_HANDLE_OFFSET);
        SoftAddressHandle found = device.addressHandles().get((int) handle);
        destination = found;
        if (found == null || found.domain() != qp.domain()) {
            return CompletionStatus.LOCAL_QUEUE_PAIR_OPERATION_ERROR;
        }
        return totalBytes > qp.maxPacketPayloadBytes() ? CompletionStatus.LOCAL_LENGTH_ERROR : CompletionStatus.SUCCESS;
    }

    /// The region of a scatter/gather entry, or null when the queue pair may not read there.
    private @Nullable SoftMemoryRegion readable(SoftQueuePair qp, long slot, int sge, int bytes) {
        WorkQueue queue = qp.sendQueue();
        SoftMemoryRegion region = device.regionsByLocalKey().get(queue.sgeKey(slot, sge));
        boolean allowed =
                region != null && region.domain() == qp.domain() && region.contains(queue.sgeAddress(slot, sge), bytes);
        return allowed ? region : null;
    }

    /// Moves the send queue on by one packet that was taken.
    private void accept(SoftQueuePair qp, long nextRequest, int nextOffset) {
        qp.advancePsn();
        if (nextOffset == 0) {
            completeHead(qp, CompletionStatus.SUCCESS, 0);
        } else {
            qp.sendOffset(nextOffset);
        }
        assert qp.sendQueue().head() == nextRequest : "packets are accepted in order";
    }

    private void failHead(SoftQueuePair qp, CompletionStatus status, int vendorError) {
        completeHead(qp, status, vendorError);
        if (status == CompletionStatus.LOCAL_PROTECTION_ERROR
                || status == CompletionStatus.LOCAL_QUEUE_PAIR_OPERATION_ERROR) {
            qp.toError();
        }
    }

    private void completeHead(SoftQueuePair qp, CompletionStatus status, int vendorError) {
        WorkQueue queue = qp.sendQueue();
        long slot = queue.slot(queue.head());
        int requestFlags = queue.ring().get(JAVA_INT, slot + SendRequests.FLAGS_OFFSET);
        int requestOpcode = queue.ring().get(JAVA_INT, slot + SendRequests.OPCODE_OFFSET);
        queue.removeUntil(queue.head() + 1);
        qp.sendOffset(0);
        boolean success = status == CompletionStatus.SUCCESS;
        if (success && (requestFlags & SendRequests.SIGNALED) == 0) {
            return;
        }
        SoftCompletionQueue completions = qp.sendCompletionQueue();
        if (completions.freeSlots() == 0) {
            device.counters().add(SoftDeviceCounters.Counter.COMPLETION_QUEUE_FULL, 1);
            return;
        }
        int completionOpcode = isWrite(requestOpcode) ? WorkCompletions.OPCODE_WRITE : WorkCompletions.OPCODE_SEND;
        completions
                .begin(queue.id(slot), qp.number(), status, completionOpcode)
                .vendorError(vendorError)
                .publish(false);
    }

    private static boolean isWrite(int opcode) {
        return opcode == SendRequests.Opcode.WRITE.code() || opcode == SendRequests.Opcode.WRITE_WITH_IMM.code();
    }
}
