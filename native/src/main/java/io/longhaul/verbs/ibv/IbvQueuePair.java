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
package io.longhaul.verbs.ibv;

import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.QueuePairState;
import io.longhaul.verbs.ReceiveRequests;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.ibv.IbvLayouts.IbvQp;
import io.longhaul.verbs.ibv.IbvLayouts.IbvQpInitAttr;
import io.longhaul.verbs.ibv.IbvLayouts.QpType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// A `struct ibv_qp`: its life and its fast path. Changes of state are in {@link QueuePairTransitions}.
final class IbvQueuePair implements QueuePair {
    private static final int BIND_MEMORY_WINDOW = SendRequests.Opcode.BIND_MEMORY_WINDOW.code();

    private final IbvDevice device;
    private final ContextOps ops;
    private final IbvProtectionDomain domain;
    private final Type type;
    private final IbvCompletionQueue sendQueue;
    private final IbvCompletionQueue receiveQueue;
    private final @Nullable IbvSharedReceiveQueue sharedQueue;
    private final long pointer;
    private final int number;
    private final QueuePairTransitions transitions;
    private final Arena arena = Arena.ofShared();
    private final RequestChain chain = new RequestChain(arena);
    private QueuePairState state = QueuePairState.RESET;
    private boolean failed; // a completion had an error since the device was last asked for the state
    private boolean closed;

    private IbvQueuePair(IbvDevice device, IbvProtectionDomain domain, QueuePairConfig config, long pointer) {
        this.device = device;
        this.domain = domain;
        this.pointer = pointer;
        ops = device.ops();
        type = config.type();
        sendQueue = device.own(config.sendQueue());
        receiveQueue = device.own(config.receiveQueue());
        number = RawMemory.getInt(pointer + IbvQp.QP_NUM);
        transitions = new QueuePairTransitions(device, type, pointer);
        sendQueue.addQueuePair(this);
        receiveQueue.addQueuePair(this);
        sharedQueue = domain.own(config.sharedReceiveQueue());
        if (sharedQueue != null) {
            sharedQueue.addUser(this);
        }
    }

    static IbvQueuePair create(IbvDevice device, IbvProtectionDomain domain, QueuePairConfig config) {
        try (Scratch scratch = new Scratch()) {
            MemorySegment attributes = scratch.allocate(IbvQpInitAttr.BYTES);
            attributes.set(
                    ValueLayout.JAVA_LONG,
                    IbvQpInitAttr.SEND_CQ,
                    device.own(config.sendQueue()).pointer());
            attributes.set(
                    ValueLayout.JAVA_LONG,
                    IbvQpInitAttr.RECV_CQ,
                    device.own(config.receiveQueue()).pointer());
            IbvSharedReceiveQueue shared = domain.own(config.sharedReceiveQueue());
            attributes.set(ValueLayout.JAVA_LONG, IbvQpInitAttr.SRQ, shared == null ? 0 : shared.pointer());
            attributes.set(ValueLayout.JAVA_INT, IbvQpInitAttr.CAP_MAX_SEND_WR, config.maxSendRequests());
            attributes.set(ValueLayout.JAVA_INT, IbvQpInitAttr.CAP_MAX_RECV_WR, config.maxReceiveRequests());
            attributes.set(ValueLayout.JAVA_INT, IbvQpInitAttr.CAP_MAX_SEND_SGE, SendRequests.MAX_SGES);
            attributes.set(
                    ValueLayout.JAVA_INT,
                    IbvQpInitAttr.CAP_MAX_RECV_SGE,
                    config.maxReceiveRequests() == 0 ? 0 : ReceiveRequests.MAX_SGES);
            attributes.set(ValueLayout.JAVA_INT, IbvQpInitAttr.CAP_MAX_INLINE_DATA, config.maxInlineBytes());
            attributes.set(ValueLayout.JAVA_INT, IbvQpInitAttr.QP_TYPE, typeCode(config.type()));
            long pointer = device.library().createQp(scratch, domain.pointer(), attributes.address());
            String arguments = config.type() + ", " + config.maxSendRequests() + " sends, "
                    + config.maxReceiveRequests() + " receives, " + config.maxInlineBytes() + " B inline";
            if (pointer == 0) {
                throw device.failure("ibv_create_qp", scratch.errno(), arguments);
            }
            if (RawMemory.getLong(pointer + IbvQp.CONTEXT) != device.handle().context()
                    || RawMemory.getLong(pointer + IbvQp.PD) != domain.pointer()
                    || RawMemory.getInt(pointer + IbvQp.QP_TYPE) != typeCode(config.type())) {
                throw new DeviceException(
                        DeviceException.Failure.of("ibv_create_qp", "")
                                .at(device.name(), 0)
                                .withRemedy("struct ibv_qp is not that of rdma-core 22 to 65"),
                        arguments);
            }
            return new IbvQueuePair(device, domain, config, pointer);
        }
    }

    private static int typeCode(Type type) {
        return switch (type) {
            case RC -> QpType.RC;
            case UC -> QpType.UC;
            case UD -> QpType.UD;
        };
    }

    @Override
    public Type type() {
        return type;
    }

    @Override
    public int number() {
        return number;
    }

    /// Asks the device, because an error of its own changes the state as well.
    @Override
    public QueuePairState state() {
        if (!closed) {
            state = transitions.queryState(state);
        }
        return state;
    }

    @Override
    public int udpPort() {
        return AddressVector.ROCE_UDP_PORT;
    }

    /// 0: the device derives the port from the number of the queue pair or the flow label.
    @Override
    public int sourcePortIndex() {
        return 0;
    }

    @Override
    public void configure(Attributes attributes) {
        requireOpen();
        transitions.configure(attributes, state);
    }

    @Override
    public void toInit(int access, int queueKey) {
        requireState(QueuePairState.RESET, QueuePairState.INIT);
        transitions.toInit(access, queueKey);
        state = QueuePairState.INIT;
    }

    @Override
    public void toReadyToReceive() {
        requireType(type == Type.UD, "a UD");
        requireState(QueuePairState.INIT, QueuePairState.RTR);
        transitions.toReadyToReceive();
        state = QueuePairState.RTR;
    }

    @Override
    public void toReadyToReceive(AddressVector remote, int remoteQueuePair, int receivePsn, int pathMtuBytes) {
        requireType(type != Type.UD, "a UC or RC");
        requireState(QueuePairState.INIT, QueuePairState.RTR);
        IbvProtectionDomain.requireRocePort(remote);
        transitions.toReadyToReceive(remote, remoteQueuePair, receivePsn, pathMtuBytes);
        state = QueuePairState.RTR;
    }

    @Override
    public void toReadyToSend(int sendPsn) {
        if (state == QueuePairState.SQD) {
            transitions.fromSendQueueDrained();
            state = QueuePairState.RTS;
            if (device.port().isSoftware()) {
                ringDoorbell();
            }
            transitions.limitRateIfChanged();
            return;
        }
        requireState(QueuePairState.RTR, QueuePairState.RTS);
        transitions.toReadyToSend(sendPsn);
        state = QueuePairState.RTS;
    }

    @Override
    public void toSendQueueDrained() {
        requireState(QueuePairState.RTS, QueuePairState.SQD);
        transitions.toSendQueueDrained();
        state = QueuePairState.SQD;
    }

    @Override
    public void toError() {
        requireOpen();
        transitions.toError();
        state = QueuePairState.ERR;
    }

    @Override
    public void reset() {
        requireOpen();
        transitions.reset();
        state = QueuePairState.RESET;
    }

    @Override
    public int postSend(SendRequests requests, int first, int count) {
        RequestChain.checkRange(first, count, requests.capacity());
        noticeError();
        if (state != QueuePairState.RTS && state != QueuePairState.SQD && state != QueuePairState.ERR) {
            throw new IllegalStateException("postSend on " + this + ": it must be in RTS first");
        }
        requireOpen();
        if (count == 0) {
            return 0;
        }
        MemorySegment slots = requests.segment();
        long begin = requests.offset(first);
        if (type == Type.UD) {
            requireAddressHandles(slots, begin, count);
        } else {
            requireWindowsAndRegions(slots, begin, count);
        }
        long end = begin + (long) (count - 1) * SendRequests.SLOT_BYTES + SendRequests.NEXT_OFFSET;
        long next = RequestChain.cut(slots, end);
        long address = slots.address() + begin;
        int errno = ops.postSend(pointer, address, chain.badRequestPointer());
        RequestChain.join(slots, end, next);
        int accepted = chain.accepted(errno, address, SendRequests.SLOT_BYTES, count);
        if (accepted == RequestChain.REFUSED) {
            throw refused("ibv_post_send", errno, chain.refused(address, SendRequests.SLOT_BYTES, count));
        }
        if (state == QueuePairState.ERR) {
            transitions.toError();
        }
        return accepted;
    }

    /// Soft-RoCE (Linux 6.1) does not look at what was posted in SQD before the next doorbell. Its driver rings
    /// even when it
    /// refuses a request: so it gets one that it must refuse, an atomic without
    /// the 8 bytes.
    private void ringDoorbell() {
        try (Scratch scratch = new Scratch()) {
            MemorySegment refused = scratch.allocate(SendRequests.SLOT_BYTES);
            refused.set(ValueLayout.JAVA_INT, SendRequests.OPCODE_OFFSET, SendRequests.Opcode.FETCH_AND_ADD.code());
            ops.postSend(pointer, refused.address(), chain.badRequestPointer());
        }
    }

    /// A driver follows the pointer: what is not an open handle would end the process.
    private void requireAddressHandles(MemorySegment slots, long begin, int count) {
        AddressSet open = device.addressHandles();
        long known = 0;
        for (int i = 0; i < count; i++) {
            long handle = slots.get(
                    ValueLayout.JAVA_LONG,
                    begin + (long) i * SendRequests.SLOT_BYTES + SendRequests.ADDRESS_HANDLE_OFFSET);
            if (handle != known || handle == 0) {
                if (!open.contains(handle)) {
                    throw new IllegalArgumentException("request " + i
                            + " of the list names no open address handle of this device: set its destination");
                }
                known = handle;
            }
        }
    }

    /// A driver follows both pointers of a bind.
    private void requireWindowsAndRegions(MemorySegment slots, long begin, int count) {
        for (int i = 0; i < count; i++) {
            long slot = begin + (long) i * SendRequests.SLOT_BYTES;
            if (slots.get(ValueLayout.JAVA_INT, slot + SendRequests.OPCODE_OFFSET) != BIND_MEMORY_WINDOW) {
                continue;
            }
            long bind = slot + SendRequests.BIND_WINDOW_OFFSET;
            if (!device.memoryWindows().contains(slots.get(ValueLayout.JAVA_LONG, bind))) {
                throw new IllegalArgumentException(
                        "request " + i + " of the list binds no open memory window of this device");
            }
            if (!device.memoryRegions()
                    .contains(slots.get(ValueLayout.JAVA_LONG, bind + SendRequests.BIND_REGION_OFFSET))) {
                throw new IllegalArgumentException(
                        "request " + i + " of the list binds a window to no open memory region of this device");
            }
        }
    }

    @Override
    public int postReceive(ReceiveRequests requests, int first, int count) {
        RequestChain.checkRange(first, count, requests.capacity());
        requireOpen();
        noticeError();
        if (state == QueuePairState.RESET) {
            throw new IllegalStateException("postReceive on " + this + ": it must be in INIT first");
        }
        if (sharedQueue != null) {
            throw new IllegalStateException("postReceive on " + this + ": post to its shared receive queue");
        }
        if (count == 0) {
            return 0;
        }
        MemorySegment slots = requests.segment();
        long begin = requests.offset(first);
        long end = begin + (long) (count - 1) * ReceiveRequests.SLOT_BYTES + ReceiveRequests.NEXT_OFFSET;
        long next = RequestChain.cut(slots, end);
        long address = slots.address() + begin;
        int errno = ops.postRecv(pointer, address, chain.badRequestPointer());
        RequestChain.join(slots, end, next);
        int accepted = chain.accepted(errno, address, ReceiveRequests.SLOT_BYTES, count);
        if (accepted == RequestChain.REFUSED) {
            throw refused("ibv_post_recv", errno, chain.refused(address, ReceiveRequests.SLOT_BYTES, count));
        }
        if (state == QueuePairState.ERR) {
            // Soft-RoCE looks at receives when a packet comes: in ERR none does. Told again, it flushes.
            transitions.toError();
        }
        return accepted;
    }

    private DeviceException refused(String verb, int errno, String what) {
        return device.failure(
                verb, RequestChain.errorOf(errno), type + " queue pair 0x" + Integer.toHexString(number) + ", " + what);
    }

    /// Notes that one of its requests completed with an error: the device may have put it in ERR.
    void completionFailed() {
        failed = true;
    }

    /// Asks the device whether it is in ERR, once after a completion with an error.
    private void noticeError() {
        if (failed && !closed) {
            failed = false;
            if (state != QueuePairState.ERR && transitions.queryState(state) == QueuePairState.ERR) {
                state = QueuePairState.ERR;
            }
        }
    }

    private void requireState(QueuePairState needed, QueuePairState wanted) {
        requireOpen();
        if (state != needed) {
            throw new IllegalStateException(this + " cannot go to " + wanted + ": it must be in " + needed);
        }
    }

    private void requireType(boolean isRight, String needed) {
        if (!isRight) {
            throw new IllegalStateException(this + " cannot go to RTR like this: it must be " + needed);
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException(this + " is closed");
        }
    }

    @Override
    public void close() {
        if (!closed) {
            try (Scratch scratch = new Scratch()) {
                int errno = device.library().destroyQp(scratch, pointer);
                if (errno != 0) {
                    throw device.failure("ibv_destroy_qp", errno, "0x" + Integer.toHexString(number));
                }
            }
            closed = true;
            state = QueuePairState.RESET;
            sendQueue.removeQueuePair(this);
            receiveQueue.removeQueuePair(this);
            if (sharedQueue != null) {
                sharedQueue.removeUser(this);
            }
            domain.forget(this);
            arena.close();
        }
    }

    @Override
    public String toString() {
        return type + " queue pair 0x" + Integer.toHexString(number) + " in " + state;
    }
}
