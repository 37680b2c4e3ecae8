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

import java.util.Optional;

/// Struct offsets, sizes, and numbers of `infiniband/verbs.h`, rdma-core 22 to 65, 64-bit Linux.
///
/// One nested class per struct, named after it (`IbvContext` is `struct ibv_context`); its constants are the offsets of
/// the
/// members, named after them (`CMD_FD` is `cmd_fd`, `CAP_MAX_SEND_WR` is `cap.max_send_wr`), and `BYTES` is the size.
/// Structs
/// that hold a `pthread_mutex_t` have a tail that depends on the processor: see {@link Tail}.
///
/// Work requests and completions are laid out in {@link io.longhaul.verbs.SendRequests},
/// {@link io.longhaul.verbs.ReceiveRequests} and {@link io.longhaul.verbs.WorkCompletions}.
final class IbvLayouts {
    private IbvLayouts() {}

    /// What stands behind a mutex, by processor: glibc's `pthread_mutex_t` takes 40 bytes on x86-64 and 48 on
    /// aarch64;
    /// `pthread_cond_t` takes 48 on both.
    ///
    /// @param processor the value of the system property `os.arch`
    /// @param mutexBytes `sizeof(pthread_mutex_t)`
    record Tail(String processor, int mutexBytes) {
        static final Tail X86_64 = new Tail("amd64", 40);
        static final Tail AARCH64 = new Tail("aarch64", 48);

        private static final int CONDITION_BYTES = 48;
        private static final int POINTER_BYTES = 8;

        /// The table of the processor that this runs on.
        static Optional<Tail> ofThisProcessor() {
            return of(System.getProperty("os.arch", ""));
        }

        /// The table of a processor, empty when it is not known.
        ///
        /// @param processor as in the system property `os.arch`
        static Optional<Tail> of(String processor) {
            return switch (processor) {
                case "amd64", "x86_64" -> Optional.of(X86_64);
                case "aarch64" -> Optional.of(AARCH64);
                default -> Optional.empty();
            };
        }

        /// `ibv_context.abi_compat`.
        int contextAbiCompat() {
            return IbvContext.MUTEX + mutexBytes;
        }

        /// `sizeof(struct ibv_context)`.
        int contextBytes() {
            return contextAbiCompat() + POINTER_BYTES;
        }

        /// `ibv_cq.comp_events_completed`.
        int cqCompEventsCompleted() {
            return IbvCq.MUTEX + mutexBytes + CONDITION_BYTES;
        }

        /// `ibv_cq.async_events_completed`.
        int cqAsyncEventsCompleted() {
            return cqCompEventsCompleted() + Integer.BYTES;
        }

        /// `sizeof(struct ibv_cq)`.
        int cqBytes() {
            return cqCompEventsCompleted() + POINTER_BYTES;
        }

        /// `ibv_qp.events_completed`.
        int qpEventsCompleted() {
            return IbvQp.MUTEX + mutexBytes + CONDITION_BYTES;
        }

        /// `sizeof(struct ibv_qp)`.
        int qpBytes() {
            return qpEventsCompleted() + POINTER_BYTES;
        }

        /// `ibv_srq.events_completed`.
        int srqEventsCompleted() {
            return IbvSrq.MUTEX + mutexBytes + CONDITION_BYTES;
        }

        /// `sizeof(struct ibv_srq)`.
        int srqBytes() {
            return srqEventsCompleted() + POINTER_BYTES;
        }
    }

    /// `struct ibv_context`; `ops.*` are the function pointers that the inline functions of the header call.
    static final class IbvContext {
        static final int DEVICE = 0;
        static final int OPS = 8;
        static final int CMD_FD = 264;
        static final int ASYNC_FD = 268;
        static final int NUM_COMP_VECTORS = 272;
        static final int MUTEX = 280;
        static final int OPS_ALLOC_MW = 64;
        static final int OPS_BIND_MW = 72;
        static final int OPS_DEALLOC_MW = 80;
        static final int OPS_POLL_CQ = 96;
        static final int OPS_REQ_NOTIFY_CQ = 104;
        static final int OPS_POST_SRQ_RECV = 168;
        static final int OPS_POST_SEND = 208;
        static final int OPS_POST_RECV = 216;

        private IbvContext() {}
    }

    /// `struct verbs_context`, which stands around a `struct ibv_context` when `abi_compat` is -1: offsets from the
    /// latter, all negative. A member exists when `sz` is at least `contextBytes - offset` and it is not null.
    static final class VerbsContext {
        static final int QUERY_PORT = -320;
        static final int ADVISE_MR = -312;
        static final int MODIFY_QP_RATE_LIMIT = -216;
        static final int MODIFY_CQ = -184;
        static final int QUERY_DEVICE_EX = -104;
        static final int CREATE_QP_EX = -56;
        static final int SZ = -8;

        private VerbsContext() {}
    }

    /// `struct ibv_device`.
    static final class IbvDevice {
        static final int NODE_TYPE = 16;
        static final int TRANSPORT_TYPE = 20;
        static final int NAME = 24;
        static final int DEV_NAME = 88;
        static final int DEV_PATH = 152;
        static final int IBDEV_PATH = 408;
        static final int BYTES = 664;

        private IbvDevice() {}
    }

    /// `struct ibv_pd`.
    static final class IbvPd {
        static final int CONTEXT = 0;
        static final int HANDLE = 8;
        static final int BYTES = 16;

        private IbvPd() {}
    }

    /// `struct ibv_mr`.
    static final class IbvMr {
        static final int CONTEXT = 0;
        static final int PD = 8;
        static final int ADDR = 16;
        static final int LENGTH = 24;
        static final int HANDLE = 32;
        static final int LKEY = 36;
        static final int RKEY = 40;
        static final int BYTES = 48;

        private IbvMr() {}
    }

    /// `struct ibv_mw`.
    static final class IbvMw {
        static final int CONTEXT = 0;
        static final int PD = 8;
        static final int RKEY = 16;
        static final int HANDLE = 20;
        static final int TYPE = 24;
        static final int BYTES = 32;

        private IbvMw() {}
    }

    /// `struct ibv_mw_bind`.
    static final class IbvMwBind {
        static final int WR_ID = 0;
        static final int SEND_FLAGS = 8;
        static final int BIND_INFO_MR = 16;
        static final int BIND_INFO_ADDR = 24;
        static final int BIND_INFO_LENGTH = 32;
        static final int BIND_INFO_MW_ACCESS_FLAGS = 40;
        static final int BYTES = 48;

        private IbvMwBind() {}
    }

    /// `struct ibv_comp_channel`.
    static final class IbvCompChannel {
        static final int CONTEXT = 0;
        static final int FD = 8;
        static final int REFCNT = 12;
        static final int BYTES = 16;

        private IbvCompChannel() {}
    }

    /// `struct ibv_cq`; the rest is in {@link Tail}.
    static final class IbvCq {
        static final int CONTEXT = 0;
        static final int CHANNEL = 8;
        static final int CQ_CONTEXT = 16;
        static final int HANDLE = 24;
        static final int CQE = 28;
        static final int MUTEX = 32;

        private IbvCq() {}
    }

    /// `struct ibv_qp`; the rest is in {@link Tail}.
    static final class IbvQp {
        static final int CONTEXT = 0;
        static final int QP_CONTEXT = 8;
        static final int PD = 16;
        static final int SEND_CQ = 24;
        static final int RECV_CQ = 32;
        static final int SRQ = 40;
        static final int HANDLE = 48;
        static final int QP_NUM = 52;
        static final int STATE = 56;
        static final int QP_TYPE = 60;
        static final int MUTEX = 64;

        private IbvQp() {}
    }

    /// `struct ibv_srq`; the rest is in {@link Tail}.
    static final class IbvSrq {
        static final int CONTEXT = 0;
        static final int SRQ_CONTEXT = 8;
        static final int PD = 16;
        static final int HANDLE = 24;
        static final int MUTEX = 32;

        private IbvSrq() {}
    }

    /// `struct ibv_srq_init_attr`.
    static final class IbvSrqInitAttr {
        static final int SRQ_CONTEXT = 0;
        static final int ATTR_MAX_WR = 8;
        static final int ATTR_MAX_SGE = 12;
        static final int ATTR_SRQ_LIMIT = 16;
        static final int BYTES = 24;

        private IbvSrqInitAttr() {}
    }

    /// `struct ibv_srq_attr`.
    static final class IbvSrqAttr {
        static final int MAX_WR = 0;
        static final int MAX_SGE = 4;
        static final int SRQ_LIMIT = 8;
        static final int BYTES = 12;

        private IbvSrqAttr() {}
    }

    /// `struct ibv_qp_init_attr`.
    static final class IbvQpInitAttr {
        static final int QP_CONTEXT = 0;
        static final int SEND_CQ = 8;
        static final int RECV_CQ = 16;
        static final int SRQ = 24;
        static final int CAP_MAX_SEND_WR = 32;
        static final int CAP_MAX_RECV_WR = 36;
        static final int CAP_MAX_SEND_SGE = 40;
        static final int CAP_MAX_RECV_SGE = 44;
        static final int CAP_MAX_INLINE_DATA = 48;
        static final int QP_TYPE = 52;
        static final int SQ_SIG_ALL = 56;
        static final int BYTES = 64;

        private IbvQpInitAttr() {}
    }

    /// `struct ibv_qp_attr`.
    static final class IbvQpAttr {
        static final int QP_STATE = 0;
        static final int CUR_QP_STATE = 4;
        static final int PATH_MTU = 8;
        static final int PATH_MIG_STATE = 12;
        static final int QKEY = 16;
        static final int RQ_PSN = 20;
        static final int SQ_PSN = 24;
        static final int DEST_QP_NUM = 28;
        static final int QP_ACCESS_FLAGS = 32;
        static final int CAP = 36;
        static final int AH_ATTR = 56;
        static final int ALT_AH_ATTR = 88;
        static final int PKEY_INDEX = 120;
        static final int ALT_PKEY_INDEX = 122;
        static final int EN_SQD_ASYNC_NOTIFY = 124;
        static final int SQ_DRAINING = 125;
        static final int MAX_RD_ATOMIC = 126;
        static final int MAX_DEST_RD_ATOMIC = 127;
        static final int MIN_RNR_TIMER = 128;
        static final int PORT_NUM = 129;
        static final int TIMEOUT = 130;
        static final int RETRY_CNT = 131;
        static final int RNR_RETRY = 132;
        static final int ALT_PORT_NUM = 133;
        static final int ALT_TIMEOUT = 134;
        static final int RATE_LIMIT = 136;
        static final int BYTES = 144;

        private IbvQpAttr() {}
    }

    /// `struct ibv_qp_rate_limit_attr`.
    static final class IbvQpRateLimitAttr {
        static final int RATE_LIMIT = 0;
        static final int MAX_BURST_SZ = 4;
        static final int TYPICAL_PKT_SZ = 8;
        static final int COMP_MASK = 12;
        static final int BYTES = 16;

        private IbvQpRateLimitAttr() {}
    }

    /// `struct ibv_ah_attr`, which begins with a `struct ibv_global_route`.
    static final class IbvAhAttr {
        static final int GRH_DGID = 0;
        static final int GRH_FLOW_LABEL = 16;
        static final int GRH_SGID_INDEX = 20;
        static final int GRH_HOP_LIMIT = 21;
        static final int GRH_TRAFFIC_CLASS = 22;
        static final int DLID = 24;
        static final int SL = 26;
        static final int SRC_PATH_BITS = 27;
        static final int STATIC_RATE = 28;
        static final int IS_GLOBAL = 29;
        static final int PORT_NUM = 30;
        static final int BYTES = 32;

        private IbvAhAttr() {}
    }

    /// `struct ibv_port_attr`; 52 bytes until rdma-core 48, 56 from 49 on. {@link #ROOM_BYTES} is what is
    /// allocated, zeroed.
    static final class IbvPortAttr {
        static final int STATE = 0;
        static final int MAX_MTU = 4;
        static final int ACTIVE_MTU = 8;
        static final int GID_TBL_LEN = 12;
        static final int PORT_CAP_FLAGS = 16;
        static final int MAX_MSG_SZ = 20;
        static final int PKEY_TBL_LEN = 32;
        static final int LID = 34;
        static final int SM_LID = 36;
        static final int LMC = 38;
        static final int ACTIVE_WIDTH = 43;
        static final int ACTIVE_SPEED = 44;
        static final int PHYS_STATE = 45;
        static final int LINK_LAYER = 46;
        static final int FLAGS = 47;
        static final int PORT_CAP_FLAGS2 = 48;
        static final int ROOM_BYTES = 64;
        static final int BYTES = 52;

        private IbvPortAttr() {}
    }

    /// `struct ibv_device_attr`.
    static final class IbvDeviceAttr {
        static final int FW_VER = 0;
        static final int NODE_GUID = 64;
        static final int SYS_IMAGE_GUID = 72;
        static final int MAX_MR_SIZE = 80;
        static final int PAGE_SIZE_CAP = 88;
        static final int VENDOR_ID = 96;
        static final int VENDOR_PART_ID = 100;
        static final int HW_VER = 104;
        static final int MAX_QP = 108;
        static final int MAX_QP_WR = 112;
        static final int DEVICE_CAP_FLAGS = 116;
        static final int MAX_SGE = 120;
        static final int MAX_SGE_RD = 124;
        static final int MAX_CQ = 128;
        static final int MAX_CQE = 132;
        static final int MAX_MR = 136;
        static final int MAX_PD = 140;
        static final int MAX_QP_RD_ATOM = 144;
        static final int MAX_RES_RD_ATOM = 152;
        static final int MAX_QP_INIT_RD_ATOM = 156;
        static final int ATOMIC_CAP = 164;
        static final int MAX_MW = 176;
        static final int MAX_AH = 200;
        static final int MAX_SRQ = 212;
        static final int MAX_SRQ_WR = 216;
        static final int MAX_SRQ_SGE = 220;
        static final int MAX_PKEYS = 224;
        static final int LOCAL_CA_ACK_DELAY = 226;
        static final int PHYS_PORT_CNT = 227;
        static final int BYTES = 232;

        private IbvDeviceAttr() {}
    }

    /// `struct ibv_gid_entry`, since rdma-core 35.
    static final class IbvGidEntry {
        static final int GID = 0;
        static final int GID_INDEX = 16;
        static final int PORT_NUM = 20;
        static final int GID_TYPE = 24;
        static final int NDEV_IFINDEX = 28;
        static final int BYTES = 32;

        private IbvGidEntry() {}
    }

    /// `struct ibv_async_event`.
    static final class IbvAsyncEvent {
        static final int ELEMENT = 0;
        static final int EVENT_TYPE = 8;
        static final int BYTES = 16;

        private IbvAsyncEvent() {}
    }

    /// The parts of `struct ibv_send_wr` that no plain send has: atomics and the binding of a memory window.
    static final class IbvSendWr {
        static final int WR_ATOMIC_REMOTE_ADDR = 40;
        static final int WR_ATOMIC_COMPARE_ADD = 48;
        static final int WR_ATOMIC_SWAP = 56;
        static final int WR_ATOMIC_RKEY = 64;
        static final int BIND_MW_MW = 80;
        static final int BIND_MW_RKEY = 88;
        static final int BIND_MW_BIND_INFO_MR = 96;
        static final int BIND_MW_BIND_INFO_ADDR = 104;
        static final int BIND_MW_BIND_INFO_LENGTH = 112;
        static final int BIND_MW_BIND_INFO_MW_ACCESS_FLAGS = 120;
        static final int BYTES = 128;

        private IbvSendWr() {}
    }

    /// `enum ibv_qp_attr_mask`.
    static final class QpAttrMask {
        static final int STATE = 1 << 0;
        static final int CUR_STATE = 1 << 1;
        static final int EN_SQD_ASYNC_NOTIFY = 1 << 2;
        static final int ACCESS_FLAGS = 1 << 3;
        static final int PKEY_INDEX = 1 << 4;
        static final int PORT = 1 << 5;
        static final int QKEY = 1 << 6;
        static final int AV = 1 << 7;
        static final int PATH_MTU = 1 << 8;
        static final int TIMEOUT = 1 << 9;
        static final int RETRY_CNT = 1 << 10;
        static final int RNR_RETRY = 1 << 11;
        static final int RQ_PSN = 1 << 12;
        static final int MAX_QP_RD_ATOMIC = 1 << 13;
        static final int ALT_PATH = 1 << 14;
        static final int MIN_RNR_TIMER = 1 << 15;
        static final int SQ_PSN = 1 << 16;
        static final int MAX_DEST_RD_ATOMIC = 1 << 17;
        static final int PATH_MIG_STATE = 1 << 18;
        static final int CAP = 1 << 19;
        static final int DEST_QPN = 1 << 20;
        static final int RATE_LIMIT = 1 << 25;

        private QpAttrMask() {}
    }

    /// `enum ibv_qp_state`.
    static final class QpState {
        static final int RESET = 0;
        static final int INIT = 1;
        static final int RTR = 2;
        static final int RTS = 3;
        static final int SQD = 4;
        static final int SQE = 5;
        static final int ERR = 6;
        static final int UNKNOWN = 7;

        private QpState() {}
    }

    /// `enum ibv_qp_type`.
    static final class QpType {
        static final int RC = 2;
        static final int UC = 3;
        static final int UD = 4;

        private QpType() {}
    }

    /// `enum ibv_wr_opcode`.
    static final class WrOpcode {
        static final int RDMA_WRITE = 0;
        static final int RDMA_WRITE_WITH_IMM = 1;
        static final int SEND = 2;
        static final int SEND_WITH_IMM = 3;
        static final int RDMA_READ = 4;
        static final int ATOMIC_CMP_AND_SWP = 5;
        static final int ATOMIC_FETCH_AND_ADD = 6;
        static final int LOCAL_INV = 7;
        static final int BIND_MW = 8;

        private WrOpcode() {}
    }

    /// `enum ibv_port_state`.
    static final class PortState {
        static final int NOP = 0;
        static final int DOWN = 1;
        static final int INIT = 2;
        static final int ARMED = 3;
        static final int ACTIVE = 4;
        static final int ACTIVE_DEFER = 5;

        private PortState() {}
    }

    /// `enum ibv_gid_type`.
    static final class GidType {
        static final int IB = 0;
        static final int ROCE_V1 = 1;
        static final int ROCE_V2 = 2;

        private GidType() {}
    }

    /// `IBV_LINK_LAYER_*`.
    static final class LinkLayer {
        static final int UNSPECIFIED = 0;
        static final int INFINIBAND = 1;
        static final int ETHERNET = 2;

        private LinkLayer() {}
    }

    /// `enum ibv_access_flags`, what {@link io.longhaul.verbs.AccessFlags} does not have.
    static final class Access {
        static final int MW_BIND = 1 << 4;
        static final int RELAXED_ORDERING = 1 << 20;

        private Access() {}
    }

    /// `enum ibv_event_type`.
    static final class EventType {
        static final int CQ_ERR = 0;
        static final int QP_FATAL = 1;
        static final int QP_REQ_ERR = 2;
        static final int QP_ACCESS_ERR = 3;
        static final int COMM_EST = 4;
        static final int SQ_DRAINED = 5;
        static final int PATH_MIG = 6;
        static final int PATH_MIG_ERR = 7;
        static final int DEVICE_FATAL = 8;
        static final int PORT_ACTIVE = 9;
        static final int PORT_ERR = 10;
        static final int LID_CHANGE = 11;
        static final int PKEY_CHANGE = 12;
        static final int SM_CHANGE = 13;
        static final int SRQ_ERR = 14;
        static final int SRQ_LIMIT_REACHED = 15;
        static final int QP_LAST_WQE_REACHED = 16;
        static final int CLIENT_REREGISTER = 17;
        static final int GID_CHANGE = 18;
        static final int WQ_FATAL = 19;

        private EventType() {}
    }
}
