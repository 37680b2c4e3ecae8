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

import io.longhaul.linux.Errno;
import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairState;
import io.longhaul.verbs.ibv.IbvLayouts.IbvQpAttr;
import io.longhaul.verbs.ibv.IbvLayouts.IbvQpInitAttr;
import io.longhaul.verbs.ibv.IbvLayouts.IbvQpRateLimitAttr;
import io.longhaul.verbs.ibv.IbvLayouts.QpAttrMask;
import io.longhaul.verbs.ibv.IbvLayouts.QpState;
import io.longhaul.verbs.ibv.IbvLayouts.VerbsContext;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.LockSupport;

/// The calls of `ibv_modify_qp` for each step, with the attributes that the InfiniBand Architecture Specification
/// (volume 1,
/// table "QP State Transition Properties") requires for the type.
final class QueuePairTransitions {
    private static final int MASK_24 = 0xffffff;
    private static final int REMOTE_ACCESS =
            AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE | AccessFlags.REMOTE_READ | AccessFlags.REMOTE_ATOMIC;
    private static final long DRAIN_LIMIT_NANOS = 5_000_000_000L;
    private static final long DRAIN_PAUSE_NANOS = 100_000;
    private static final QueuePairState[] STATES = QueuePairState.values();

    private final IbvDevice device;
    private final QueuePair.Type type;
    private final long queuePair;
    private QueuePair.Attributes settings = QueuePair.Attributes.DEFAULT;
    private long appliedRateBitsPerSecond;

    QueuePairTransitions(IbvDevice device, QueuePair.Type type, long queuePair) {
        this.device = device;
        this.type = type;
        this.queuePair = queuePair;
    }

    /// What the steps that follow are to use.
    ///
    /// @param state of the queue pair: in RTR and RTS some of it takes effect at once, in SQD the RNR timer only
    void configure(QueuePair.Attributes newSettings, QueuePairState state) {
        boolean isReady = state == QueuePairState.RTR || state == QueuePairState.RTS;
        boolean newTimer = !newSettings.minRnrTimer().equals(settings.minRnrTimer());
        try (Scratch scratch = new Scratch()) {
            if ((isReady || state == QueuePairState.SQD) && type == QueuePair.Type.RC && newTimer) {
                MemorySegment attributes = scratch.allocate(IbvQpAttr.BYTES);
                writeRnrTimer(attributes, newSettings);
                modify(scratch, attributes, QpAttrMask.MIN_RNR_TIMER, "minRnrTimer=" + newSettings.minRnrTimer());
            }
            if (!isReady) {
                requireRateLimit(newSettings);
            } else if (newSettings.rateLimitBitsPerSecond() != settings.rateLimitBitsPerSecond()) {
                limitRate(scratch, newSettings.rateLimitBitsPerSecond());
            }
        }
        settings = newSettings;
    }

    private void requireRateLimit(QueuePair.Attributes newSettings) {
        if (newSettings.rateLimitBitsPerSecond() != 0
                && device.ops().extension(VerbsContext.MODIFY_QP_RATE_LIMIT).address() == 0) {
            throw device.failure("ibv_modify_qp_rate_limit", Errno.EOPNOTSUPP, "");
        }
    }

    /// After SQD -> RTS: the rate limit that was set meanwhile.
    void limitRateIfChanged() {
        if (settings.rateLimitBitsPerSecond() != appliedRateBitsPerSecond) {
            try (Scratch scratch = new Scratch()) {
                limitRate(scratch, settings.rateLimitBitsPerSecond());
            }
        }
    }

    private static void writeRnrTimer(MemorySegment attributes, QueuePair.Attributes from) {
        attributes.set(ValueLayout.JAVA_BYTE, IbvQpAttr.MIN_RNR_TIMER, (byte) TimerCodes.rnrTimer(from.minRnrTimer()));
    }

    private void limitRate(Scratch scratch, long bitsPerSecond) {
        MemorySegment function = device.ops().extension(VerbsContext.MODIFY_QP_RATE_LIMIT);
        MemorySegment attributes = scratch.allocate(IbvQpRateLimitAttr.BYTES);
        // kbit/s, and 0 for no limit.
        long kilobits = bitsPerSecond == 0 ? 0 : Math.clamp(bitsPerSecond / 1_000, 1, 0xffff_ffffL);
        attributes.set(ValueLayout.JAVA_INT, IbvQpRateLimitAttr.RATE_LIMIT, (int) kilobits);
        int errno = function.address() == 0
                ? Errno.EOPNOTSUPP
                : ContextOps.modifyQpRateLimit(function, scratch, queuePair, attributes.address());
        if (errno != 0) {
            throw device.failure("ibv_modify_qp_rate_limit", errno, bitsPerSecond + " bit/s");
        }
        appliedRateBitsPerSecond = bitsPerSecond;
    }

    void toInit(int access, int queueKey) {
        try (Scratch scratch = new Scratch()) {
            MemorySegment attributes = begin(scratch, QpState.INIT);
            attributes.set(ValueLayout.JAVA_BYTE, IbvQpAttr.PORT_NUM, (byte)
                    device.config().port());
            attributes.set(ValueLayout.JAVA_SHORT, IbvQpAttr.PKEY_INDEX, (short) settings.partitionKeyIndex());
            int mask = QpAttrMask.STATE | QpAttrMask.PKEY_INDEX | QpAttrMask.PORT;
            if (type == QueuePair.Type.UD) {
                attributes.set(ValueLayout.JAVA_INT, IbvQpAttr.QKEY, queueKey);
                mask |= QpAttrMask.QKEY;
            } else {
                attributes.set(ValueLayout.JAVA_INT, IbvQpAttr.QP_ACCESS_FLAGS, access & REMOTE_ACCESS);
                mask |= QpAttrMask.ACCESS_FLAGS;
            }
            modify(scratch, attributes, mask, "INIT");
        }
    }

    void toReadyToReceive() {
        device.port().requireActive("ibv_modify_qp");
        try (Scratch scratch = new Scratch()) {
            modify(scratch, begin(scratch, QpState.RTR), QpAttrMask.STATE, "RTR");
        }
    }

    void toReadyToReceive(AddressVector remote, int remoteQueuePair, int receivePsn, int pathMtuBytes) {
        int mtu = DevicePort.mtuCode(pathMtuBytes);
        device.port().requireActive("ibv_modify_qp");
        try (Scratch scratch = new Scratch()) {
            MemorySegment attributes = begin(scratch, QpState.RTR);
            attributes.set(ValueLayout.JAVA_INT, IbvQpAttr.PATH_MTU, mtu);
            attributes.set(ValueLayout.JAVA_INT, IbvQpAttr.DEST_QP_NUM, remoteQueuePair & MASK_24);
            attributes.set(ValueLayout.JAVA_INT, IbvQpAttr.RQ_PSN, receivePsn & MASK_24);
            device.port().writeAddress("ibv_modify_qp", attributes, IbvQpAttr.AH_ATTR, remote, settings.serviceLevel());
            int mask = QpAttrMask.STATE | QpAttrMask.AV | QpAttrMask.PATH_MTU | QpAttrMask.DEST_QPN | QpAttrMask.RQ_PSN;
            if (type == QueuePair.Type.RC) {
                attributes.set(ValueLayout.JAVA_BYTE, IbvQpAttr.MAX_DEST_RD_ATOMIC, (byte) settings.maxReadsIn());
                writeRnrTimer(attributes, settings);
                mask |= QpAttrMask.MAX_DEST_RD_ATOMIC | QpAttrMask.MIN_RNR_TIMER;
            }
            modify(scratch, attributes, mask, "RTR, " + remote.address().getHostAddress() + ", " + pathMtuBytes + " B");
        }
    }

    void toReadyToSend(int sendPsn) {
        try (Scratch scratch = new Scratch()) {
            MemorySegment attributes = begin(scratch, QpState.RTS);
            attributes.set(ValueLayout.JAVA_INT, IbvQpAttr.SQ_PSN, sendPsn & MASK_24);
            int mask = QpAttrMask.STATE | QpAttrMask.SQ_PSN;
            if (type == QueuePair.Type.RC) {
                attributes.set(
                        ValueLayout.JAVA_BYTE, IbvQpAttr.TIMEOUT, (byte) TimerCodes.ackTimeout(settings.ackTimeout()));
                attributes.set(ValueLayout.JAVA_BYTE, IbvQpAttr.RETRY_CNT, (byte) settings.retryCount());
                attributes.set(ValueLayout.JAVA_BYTE, IbvQpAttr.RNR_RETRY, (byte) settings.rnrRetryCount());
                attributes.set(ValueLayout.JAVA_BYTE, IbvQpAttr.MAX_RD_ATOMIC, (byte) settings.maxReadsOut());
                mask |= QpAttrMask.TIMEOUT | QpAttrMask.RETRY_CNT | QpAttrMask.RNR_RETRY | QpAttrMask.MAX_QP_RD_ATOMIC;
            }
            modify(scratch, attributes, mask, "RTS, " + settings);
            if (settings.rateLimitBitsPerSecond() != 0) {
                limitRate(scratch, settings.rateLimitBitsPerSecond());
            }
        }
    }

    void toSendQueueDrained() {
        try (Scratch scratch = new Scratch()) {
            modify(scratch, begin(scratch, QpState.SQD), QpAttrMask.STATE, "SQD");
        }
    }

    /// SQD -> RTS, which the device refuses until everything that it had begun is sent. An interrupted thread waits
    /// as
    /// well, and stays interrupted.
    void fromSendQueueDrained() {
        boolean interrupted = false;
        try (Scratch scratch = new Scratch()) {
            MemorySegment attributes = begin(scratch, QpState.RTS);
            long start = System.nanoTime();
            while (true) {
                interrupted |= Thread.interrupted(); // parkNanos would return at once
                int errno = device.library().modifyQp(scratch, queuePair, attributes.address(), QpAttrMask.STATE);
                if (errno == 0) {
                    return;
                }
                if (errno != Errno.EINVAL || System.nanoTime() - start > DRAIN_LIMIT_NANOS) {
                    throw device.failure("ibv_modify_qp", errno, "RTS from SQD");
                }
                LockSupport.parkNanos(DRAIN_PAUSE_NANOS);
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    void toError() {
        try (Scratch scratch = new Scratch()) {
            modify(scratch, begin(scratch, QpState.ERR), QpAttrMask.STATE, "ERR");
        }
    }

    void reset() {
        try (Scratch scratch = new Scratch()) {
            modify(scratch, begin(scratch, QpState.RESET), QpAttrMask.STATE, "RESET");
            appliedRateBitsPerSecond = 0;
        }
    }

    /// The state as the device has it; what is known already when it does not answer.
    QueuePairState queryState(QueuePairState known) {
        try (Scratch scratch = new Scratch()) {
            MemorySegment attributes = scratch.allocate(IbvQpAttr.BYTES);
            MemorySegment init = scratch.allocate(IbvQpInitAttr.BYTES);
            int errno = device.library()
                    .queryQp(scratch, queuePair, attributes.address(), QpAttrMask.STATE, init.address());
            int code = attributes.get(ValueLayout.JAVA_INT, IbvQpAttr.QP_STATE);
            return errno == 0 && code >= 0 && code < STATES.length ? STATES[code] : known;
        }
    }

    private static MemorySegment begin(Scratch scratch, int state) {
        MemorySegment attributes = scratch.allocate(IbvQpAttr.BYTES);
        attributes.set(ValueLayout.JAVA_INT, IbvQpAttr.QP_STATE, state);
        return attributes;
    }

    private void modify(Scratch scratch, MemorySegment attributes, int mask, String arguments) {
        int errno = device.library().modifyQp(scratch, queuePair, attributes.address(), mask);
        if (errno != 0) {
            throw device.failure("ibv_modify_qp", errno, type + ", " + arguments);
        }
    }
}
