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

import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionStatus;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.QueuePairState;
import io.longhaul.verbs.ReceiveRequests;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.WorkCompletions;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/// A UC or UD queue pair: its state and its two queues. What happens to requests is in [Requester] and [Responder].
final class SoftQueuePair implements QueuePair {
    /// Longest message of a UC queue pair.
    static final int MAX_MESSAGE_BYTES = 1 << 30;

    private static final int MIN_PATH_MTU_BYTES = 256;

    private final SoftDevice device;
    private final SoftProtectionDomain domain;
    private final Type type;
    private final SoftCompletionQueue sendCompletionQueue;
    private final SoftCompletionQueue receiveCompletionQueue;
    private final int number;
    private final int sourcePortIndex;
    private final Arena arena = Arena.ofShared();
    private final WorkQueue sendQueue;
    private final WorkQueue receiveQueue;
    private final InboundMessage inboundMessage = new InboundMessage();
    private QueuePairState state = QueuePairState.RESET;
    private int access;
    private int queueKey;
    private @Nullable SoftAddressHandle remote;
    private int remoteQueuePair;
    private int maxPacketPayloadBytes;
    private int sendPsn;
    private int sendOffset;
    private boolean stalled;
    private boolean closed;

    SoftQueuePair(SoftDevice device, SoftProtectionDomain domain, QueuePairConfig config) {
        this.device = device;
        this.domain = domain;
        type = config.type();
        sendCompletionQueue = device.own(config.sendQueue());
        receiveCompletionQueue = device.own(config.receiveQueue());
        device.requireWorkRequests(config.maxSendRequests(), config.maxReceiveRequests());
        sendQueue = new WorkQueue(arena, config.maxSendRequests(), SendRequests.SLOT_BYTES, SendRequests.SGE_OFFSET);
        receiveQueue = new WorkQueue(
                arena, config.maxReceiveRequests(), ReceiveRequests.SLOT_BYTES, ReceiveRequests.SGE_OFFSET);
        sourcePortIndex = device.chooseSourcePort(config.sourcePortIndex());
        maxPacketPayloadBytes = device.maxPayloadBytes();
        number = device.register(this);
        sendCompletionQueue.addUser(this);
        receiveCompletionQueue.addUser(this);
    }

    @Override
    public Type type() {
        return type;
    }

    @Override
    public int number() {
        return number;
    }

    @Override
    public QueuePairState state() {
        return state;
    }

    @Override
    public int udpPort() {
        return device.udpPort(sourcePortIndex);
    }

    @Override
    public int sourcePortIndex() {
        return sourcePortIndex;
    }

    /// Takes what says nothing to UC and UD, and refuses the rest.
    @Override
    public void configure(Attributes attributes) {
        if (attributes.serviceLevel() != 0
                || attributes.partitionKeyIndex() != 0
                || attributes.rateLimitBitsPerSecond() != 0) {
            throw new DeviceException(
                    DeviceException.Failure.of("ibv_modify_qp", "EOPNOTSUPP")
                            .at(device.name(), 0)
                            .withRemedy("the software device has no service levels, partitions and rate limits"),
                    attributes.toString());
        }
    }

    @Override
    public void toInit(int newAccess, int newQueueKey) {
        requireState(QueuePairState.RESET, QueuePairState.INIT);
        access = newAccess;
        queueKey = newQueueKey;
        state = QueuePairState.INIT;
    }

    @Override
    public void toReadyToReceive() {
        requireType(Type.UD);
        requireState(QueuePairState.INIT, QueuePairState.RTR);
        state = QueuePairState.RTR;
    }

    @Override
    public void toReadyToReceive(AddressVector vector, int remoteNumber, int receivePsn, int pathMtuBytes) {
        requireType(Type.UC);
        requireState(QueuePairState.INIT, QueuePairState.RTR);
        device.requireSameFamily(vector);
        int most = device.maxPayloadBytes();
        if (pathMtuBytes < MIN_PATH_MTU_BYTES || pathMtuBytes > most || (pathMtuBytes & 3) != 0) {
            throw new IllegalArgumentException("pathMtuBytes must be a multiple of 4 in " + MIN_PATH_MTU_BYTES + ".."
                    + most + ", is " + pathMtuBytes);
        }
        remote = new SoftAddressHandle(domain, vector, 0);
        remoteQueuePair = remoteNumber & BthFlyweight.MASK_24;
        maxPacketPayloadBytes = pathMtuBytes;
        inboundMessage.expect(receivePsn);
        state = QueuePairState.RTR;
    }

    @Override
    public void toReadyToSend(int newSendPsn) {
        if (state == QueuePairState.SQD) {
            state = QueuePairState.RTS;
            device.transmit(this);
            return;
        }
        requireState(QueuePairState.RTR, QueuePairState.RTS);
        sendPsn = newSendPsn & BthFlyweight.MASK_24;
        state = QueuePairState.RTS;
    }

    @Override
    public void toSendQueueDrained() {
        requireState(QueuePairState.RTS, QueuePairState.SQD);
        state = QueuePairState.SQD;
    }

    @Override
    public void toError() {
        state = QueuePairState.ERR;
        inboundMessage.abandon();
        sendOffset = 0;
        for (; !sendQueue.isEmpty(); sendQueue.removeUntil(sendQueue.head() + 1)) {
            flush(sendCompletionQueue, sendQueue, WorkCompletions.OPCODE_SEND);
        }
        for (; !receiveQueue.isEmpty(); receiveQueue.removeUntil(receiveQueue.head() + 1)) {
            flush(receiveCompletionQueue, receiveQueue, WorkCompletions.OPCODE_RECEIVE);
        }
    }

    @Override
    public void reset() {
        state = QueuePairState.RESET;
        inboundMessage.abandon();
        sendQueue.clear();
        receiveQueue.clear();
        sendOffset = 0;
        remote = null;
        maxPacketPayloadBytes = device.maxPayloadBytes();
    }

    @Override
    public int postSend(SendRequests requests, int first, int count) {
        checkRange(first, count, requests.capacity());
        if (state != QueuePairState.RTS && state != QueuePairState.SQD && state != QueuePairState.ERR) {
            throw new IllegalStateException("postSend on " + this + ": it must be in RTS first");
        }
        int accepted = 0;
        while (accepted < count) {
            int fitting = Math.min(count - accepted, sendQueue.free());
            if (fitting == 0) {
                break;
            }
            sendQueue.add(requests.segment(), requests.offset(first + accepted), fitting);
            accepted += fitting;
            if (state == QueuePairState.RTS) {
                device.transmit(this);
            } else if (state == QueuePairState.ERR) {
                toError();
            }
        }
        return accepted;
    }

    @Override
    public int postReceive(ReceiveRequests requests, int first, int count) {
        checkRange(first, count, requests.capacity());
        if (state == QueuePairState.RESET) {
            throw new IllegalStateException("postReceive on " + this + ": it must be in INIT first");
        }
        int accepted = Math.min(count, receiveQueue.free());
        if (accepted > 0) {
            receiveQueue.add(requests.segment(), requests.offset(first), accepted);
            if (state == QueuePairState.ERR) {
                toError();
            }
        }
        return accepted;
    }

    SoftProtectionDomain domain() {
        return domain;
    }

    SoftCompletionQueue sendCompletionQueue() {
        return sendCompletionQueue;
    }

    SoftCompletionQueue receiveCompletionQueue() {
        return receiveCompletionQueue;
    }

    WorkQueue sendQueue() {
        return sendQueue;
    }

    WorkQueue receiveQueue() {
        return receiveQueue;
    }

    InboundMessage inboundMessage() {
        return inboundMessage;
    }

    boolean canReceive() {
        return state == QueuePairState.RTR || state == QueuePairState.RTS || state == QueuePairState.SQD;
    }

    boolean canSend() {
        return state == QueuePairState.RTS;
    }

    int access() {
        return access;
    }

    int queueKey() {
        return queueKey;
    }

    /// The peer of a UC queue pair, from RTR on.
    @Nullable
    SoftAddressHandle remote() {
        return remote;
    }

    /// The number of the peer of a UC queue pair; 0 for UD.
    int remoteQueuePair() {
        return remoteQueuePair;
    }

    /// Most payload of one packet.
    int maxPacketPayloadBytes() {
        return maxPacketPayloadBytes;
    }

    /// The number of the next packet; only its lower 24 bits count.
    int sendPsn() {
        return sendPsn;
    }

    void advancePsn() {
        sendPsn = sendPsn + 1 & BthFlyweight.MASK_24;
    }

    /// How much of the oldest send is sent.
    int sendOffset() {
        return sendOffset;
    }

    void sendOffset(int offset) {
        sendOffset = offset;
    }

    /// Whether the device is to try again to send.
    boolean isStalled() {
        return stalled;
    }

    void stalled(boolean newStalled) {
        stalled = newStalled;
    }

    boolean isClosed() {
        return closed;
    }

    private void flush(SoftCompletionQueue completions, WorkQueue queue, int opcode) {
        if (completions.freeSlots() == 0) {
            device.counters().add(SoftDeviceCounters.Counter.COMPLETION_QUEUE_FULL, 1);
            return;
        }
        long id = queue.id(queue.slot(queue.head()));
        completions.begin(id, number, CompletionStatus.FLUSHED, opcode).publish(true);
    }

    private void requireState(QueuePairState needed, QueuePairState wanted) {
        if (state != needed) {
            throw new IllegalStateException(this + " cannot go to " + wanted + ": it must be in " + needed);
        }
    }

    private void requireType(Type needed) {
        if (type != needed) {
            throw new IllegalStateException(this + " cannot go to RTR like this: it must be a " + needed);
        }
    }

    private static void checkRange(int first, int count, int capacity) {
        if (first < 0 || count < 0 || count > capacity - first) {
            throw new IndexOutOfBoundsException(
                    "requests " + first + " and the " + count + " from it on are not all among the " + capacity);
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            reset();
            device.unregister(this);
            sendCompletionQueue.removeUser(this);
            receiveCompletionQueue.removeUser(this);
            domain.forget(this);
            arena.close();
        }
    }

    @Override
    public String toString() {
        return type + " queue pair 0x" + Integer.toHexString(number) + " in " + state;
    }
}
