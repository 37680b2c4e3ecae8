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

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.Arrays;

/// What the two ends of a connection tell each other (`struct rdma_conn_param`). Immutable.
///
/// Sent with {@link CmId#connect} and {@link CmId#accept}, received with {@link CmEvent#parameters}. What is received
/// describes the sender, and is already turned round: responder resources are what this side must offer.
public final class ConnectionParameters {
    /// Most private data of {@link CmId#connect} in {@link PortSpace#TCP}.
    public static final int MAX_CONNECT_BYTES = 56;

    /// Most private data of {@link CmId#accept} in {@link PortSpace#TCP}.
    public static final int MAX_ACCEPT_BYTES = 196;

    /// Most private data of {@link CmId#reject} in {@link PortSpace#TCP}.
    public static final int MAX_REJECT_BYTES = 148;

    /// {@link #rnrRetryCount}: try for ever.
    public static final int RNR_RETRY_FOREVER = 7;

    private static final int MAX_U8 = 0xff;
    private static final int MAX_RETRIES = 7;
    private static final int MAX_QPN = 0xffffff;

    private final byte[] privateData;
    private final int responderResources;
    private final int initiatorDepth;
    private final int retryCount;
    private final int rnrRetryCount;
    private final boolean sharedReceiveQueue;
    private final int queuePairNumber;

    private ConnectionParameters(
            byte[] privateData,
            int responderResources,
            int initiatorDepth,
            int retryCount,
            int rnrRetryCount,
            boolean sharedReceiveQueue,
            int queuePairNumber) {
        this.privateData = privateData;
        this.responderResources = responderResources;
        this.initiatorDepth = initiatorDepth;
        this.retryCount = retryCount;
        this.rnrRetryCount = rnrRetryCount;
        this.sharedReceiveQueue = sharedReceiveQueue;
        this.queuePairNumber = queuePairNumber;
    }

    /// Parameters for a queue pair: no private data, no reads or atomics, 7 retries, waiting for receives for ever.
    ///
    /// @param queuePairNumber 24 bits
    public static ConnectionParameters of(int queuePairNumber) {
        checkRange("queuePairNumber", queuePairNumber, MAX_QPN);
        return new ConnectionParameters(new byte[0], 0, 0, MAX_RETRIES, RNR_RETRY_FOREVER, false, queuePairNumber);
    }

    /// The same with private data, copied. RoCE sends it in a field of fixed size: the receiver sees zeros behind
    /// it, and
    /// must learn its length from itself.
    ///
    /// @param bytes at most {@link #MAX_CONNECT_BYTES} or {@link #MAX_ACCEPT_BYTES}
    public ConnectionParameters withPrivateData(byte[] bytes) {
        checkRange("privateData.length", bytes.length, MAX_U8);
        return new ConnectionParameters(
                bytes.clone(),
                responderResources,
                initiatorDepth,
                retryCount,
                rnrRetryCount,
                sharedReceiveQueue,
                queuePairNumber);
    }

    /// The same for RDMA READ and atomics.
    ///
    /// @param newResponderResources how many of the peer's at a time this side serves (`max_dest_rd_atomic`),
    /// 0..255
    /// @param newInitiatorDepth how many this side sends at a time (`max_rd_atomic`), 0..255; devices allow 16 or
    /// so
    public ConnectionParameters withReads(int newResponderResources, int newInitiatorDepth) {
        checkRange("responderResources", newResponderResources, MAX_U8);
        checkRange("initiatorDepth", newInitiatorDepth, MAX_U8);
        return new ConnectionParameters(
                privateData,
                newResponderResources,
                newInitiatorDepth,
                retryCount,
                rnrRetryCount,
                sharedReceiveQueue,
                queuePairNumber);
    }

    /// The same with other retries.
    ///
    /// @param newRetryCount how often a packet is sent again after a timeout, 0..7; ignored when accepting, where
    /// the other
    ///     side's counts
    /// @param newRnrRetryCount how often after "receiver not ready", 0..6, or {@link #RNR_RETRY_FOREVER}
    public ConnectionParameters withRetries(int newRetryCount, int newRnrRetryCount) {
        checkRange("retryCount", newRetryCount, MAX_RETRIES);
        checkRange("rnrRetryCount", newRnrRetryCount, MAX_RETRIES);
        return new ConnectionParameters(
                privateData,
                responderResources,
                initiatorDepth,
                newRetryCount,
                newRnrRetryCount,
                sharedReceiveQueue,
                queuePairNumber);
    }

    /// The same, telling the peer whether the queue pair takes its receives from a shared queue.
    public ConnectionParameters withSharedReceiveQueue(boolean shared) {
        return new ConnectionParameters(
                privateData, responderResources, initiatorDepth, retryCount, rnrRetryCount, shared, queuePairNumber);
    }

    /// A copy of the private data; when received on RoCE, as long as the field, with zeros behind what was sent.
    public byte[] privateData() {
        return privateData.clone();
    }

    /// How many reads and atomics at a time this side serves.
    public int responderResources() {
        return responderResources;
    }

    /// How many reads and atomics at a time this side sends.
    public int initiatorDepth() {
        return initiatorDepth;
    }

    /// How often a packet is sent again after a timeout.
    public int retryCount() {
        return retryCount;
    }

    /// How often a message is sent again after "receiver not ready"; {@link #RNR_RETRY_FOREVER} knows no end.
    public int rnrRetryCount() {
        return rnrRetryCount;
    }

    /// Whether the queue pair takes its receives from a shared queue.
    public boolean sharedReceiveQueue() {
        return sharedReceiveQueue;
    }

    /// The number of the sender's queue pair.
    public int queuePairNumber() {
        return queuePairNumber;
    }

    /// Writes a `struct rdma_conn_param` and its private data.
    MemorySegment write(SegmentAllocator allocator) {
        MemorySegment struct = allocator.allocate(CmLayouts.ConnParam.BYTES, Long.BYTES);
        struct.fill((byte) 0);
        if (privateData.length > 0) {
            MemorySegment bytes = allocator.allocateFrom(JAVA_BYTE, privateData);
            struct.set(JAVA_LONG_UNALIGNED, CmLayouts.ConnParam.PRIVATE_DATA, bytes.address());
        }
        struct.set(JAVA_BYTE, CmLayouts.ConnParam.PRIVATE_DATA_LEN, (byte) privateData.length);
        struct.set(JAVA_BYTE, CmLayouts.ConnParam.RESPONDER_RESOURCES, (byte) responderResources);
        struct.set(JAVA_BYTE, CmLayouts.ConnParam.INITIATOR_DEPTH, (byte) initiatorDepth);
        struct.set(JAVA_BYTE, CmLayouts.ConnParam.FLOW_CONTROL, (byte) 1);
        struct.set(JAVA_BYTE, CmLayouts.ConnParam.RETRY_COUNT, (byte) retryCount);
        struct.set(JAVA_BYTE, CmLayouts.ConnParam.RNR_RETRY_COUNT, (byte) rnrRetryCount);
        struct.set(JAVA_BYTE, CmLayouts.ConnParam.SRQ, (byte) (sharedReceiveQueue ? 1 : 0));
        struct.set(JAVA_INT, CmLayouts.ConnParam.QP_NUM, queuePairNumber);
        return struct;
    }

    /// Copies a `struct rdma_conn_param` that librdmacm wrote, and the private data that it points to.
    static ConnectionParameters read(MemorySegment struct) {
        return new ConnectionParameters(
                privateData(
                        struct.get(JAVA_LONG_UNALIGNED, CmLayouts.ConnParam.PRIVATE_DATA),
                        unsigned(struct, CmLayouts.ConnParam.PRIVATE_DATA_LEN)),
                unsigned(struct, CmLayouts.ConnParam.RESPONDER_RESOURCES),
                unsigned(struct, CmLayouts.ConnParam.INITIATOR_DEPTH),
                unsigned(struct, CmLayouts.ConnParam.RETRY_COUNT),
                unsigned(struct, CmLayouts.ConnParam.RNR_RETRY_COUNT),
                unsigned(struct, CmLayouts.ConnParam.SRQ) != 0,
                struct.get(JAVA_INT, CmLayouts.ConnParam.QP_NUM));
    }

    static byte[] privateData(long address, int bytes) {
        return address == 0 || bytes == 0
                ? new byte[0]
                : CmLibrary.at(address, bytes).toArray(JAVA_BYTE);
    }

    private static int unsigned(MemorySegment struct, long offset) {
        return struct.get(JAVA_BYTE, offset) & 0xff;
    }

    private static void checkRange(String name, int value, int most) {
        if (value < 0 || value > most) {
            throw new IllegalArgumentException(name + " must be in 0.." + most + ", is " + value);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ConnectionParameters that
                && Arrays.equals(privateData, that.privateData)
                && responderResources == that.responderResources
                && initiatorDepth == that.initiatorDepth
                && retryCount == that.retryCount
                && rnrRetryCount == that.rnrRetryCount
                && sharedReceiveQueue == that.sharedReceiveQueue
                && queuePairNumber == that.queuePairNumber;
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(privateData) + queuePairNumber;
    }

    @Override
    public String toString() {
        return "ConnectionParameters[queuePairNumber=" + queuePairNumber + ", privateData=" + privateData.length
                + " B, responderResources=" + responderResources + ", initiatorDepth=" + initiatorDepth
                + ", retryCount=" + retryCount + ", rnrRetryCount=" + rnrRetryCount + ", sharedReceiveQueue="
                + sharedReceiveQueue + "]";
    }
}
