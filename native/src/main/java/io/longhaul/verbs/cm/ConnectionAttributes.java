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
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.QueuePairState;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;

/// What a queue pair must be told to enter a state of this connection: a `struct ibv_qp_attr` and its mask, as
/// `rdma_init_qp_attr` filled them.
///
/// Everything that both sides agreed on is in it: peer, packet sequence numbers, path MTU, retries, the acknowledgement
/// timeout that was set, traffic class. Give {@link #segment()} and {@link #mask()} to `ibv_modify_qp` as they stand,
/// or
/// change single values first.
///
/// @param state the state to enter
/// @param segment the `struct ibv_qp_attr`, 144 bytes
/// @param mask which of its members are set (`enum ibv_qp_attr_mask`)
public record ConnectionAttributes(QueuePairState state, MemorySegment segment, int mask) {
    private static final int MASK_16 = 0xffff;
    private static final int MASK_20 = 0xfffff;
    private static final int MTU_256_CODE = 1;
    private static final int LEAST_MTU = 256;
    private static final int GID_BYTES = 16;
    private static final long ACK_TIMEOUT_UNIT_NANOS = 4096;

    /// The peer's address.
    public InetAddress peer() {
        return DatagramPeer.address(segment.asSlice(CmLayouts.QpAttr.AH_ATTR + CmLayouts.AhAttr.DGID, GID_BYTES)
                .toArray(JAVA_BYTE));
    }

    /// The way to the peer. Set for RTR.
    public AddressVector addressVector() {
        long at = CmLayouts.QpAttr.AH_ATTR;
        int hopLimit = unsigned(at + CmLayouts.AhAttr.HOP_LIMIT);
        AddressVector vector = AddressVector.of(peer(), AddressVector.ROCE_UDP_PORT);
        return new AddressVector(
                vector.address(),
                vector.udpPort(),
                trafficClass(),
                segment.get(JAVA_INT, at + CmLayouts.AhAttr.FLOW_LABEL) & MASK_20,
                hopLimit == 0 ? vector.hopLimit() : hopLimit);
    }

    /// The service level. Set for RTR.
    public int serviceLevel() {
        return unsigned(CmLayouts.QpAttr.AH_ATTR + CmLayouts.AhAttr.SL);
    }

    /// The place in the partition key table. Set for INIT.
    public int partitionKeyIndex() {
        return segment.get(JAVA_SHORT, CmLayouts.QpAttr.PKEY_INDEX) & MASK_16;
    }

    /// The index of this side's address in the table of the port.
    public int gidIndex() {
        return unsigned(CmLayouts.QpAttr.AH_ATTR + CmLayouts.AhAttr.SGID_INDEX);
    }

    /// The ToS byte.
    public int trafficClass() {
        return unsigned(CmLayouts.QpAttr.AH_ATTR + CmLayouts.AhAttr.TRAFFIC_CLASS);
    }

    /// The peer's queue pair. Set for RTR.
    public int remoteQueuePair() {
        return segment.get(JAVA_INT, CmLayouts.QpAttr.DEST_QP_NUM);
    }

    /// The packet sequence number that the peer starts with. Set for RTR.
    public int receivePsn() {
        return segment.get(JAVA_INT, CmLayouts.QpAttr.RQ_PSN);
    }

    /// The packet sequence number to start with. Set for RTS.
    public int sendPsn() {
        return segment.get(JAVA_INT, CmLayouts.QpAttr.SQ_PSN);
    }

    /// Most payload of a packet, in bytes: 256 to 4096. Set for RTR.
    public int pathMtuBytes() {
        return LEAST_MTU << segment.get(JAVA_INT, CmLayouts.QpAttr.PATH_MTU) - MTU_256_CODE;
    }

    /// How long RC waits for an acknowledgement before it sends again, in nanoseconds; 0 means for ever. Set for
    /// RTS.
    public long ackTimeoutNanos() {
        int exponent = unsigned(CmLayouts.QpAttr.TIMEOUT);
        return exponent == 0 ? 0 : ACK_TIMEOUT_UNIT_NANOS << exponent;
    }

    /// How often RC sends a packet again after a timeout. Set for RTS.
    public int retryCount() {
        return unsigned(CmLayouts.QpAttr.RETRY_CNT);
    }

    /// How often after "receiver not ready". Set for RTS.
    public int rnrRetryCount() {
        return unsigned(CmLayouts.QpAttr.RNR_RETRY);
    }

    /// How many reads and atomics at a time this side sends. Set for RTS.
    public int initiatorDepth() {
        return unsigned(CmLayouts.QpAttr.MAX_RD_ATOMIC);
    }

    /// How many reads and atomics at a time this side serves. Set for RTR.
    public int responderResources() {
        return unsigned(CmLayouts.QpAttr.MAX_DEST_RD_ATOMIC);
    }

    private int unsigned(long offset) {
        return segment.get(JAVA_BYTE, offset) & 0xff;
    }
}
