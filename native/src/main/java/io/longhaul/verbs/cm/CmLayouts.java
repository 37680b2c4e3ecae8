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

/// Struct offsets, sizes and numbers of `rdma/rdma_cma.h`, rdma-core 22 to 65, 64-bit Linux; the same on x86-64 and
/// aarch64, because no struct of librdmacm that applications see holds a mutex.
///
/// One nested class per struct, named after it; its constants are the offsets of the members, named after them.
final class CmLayouts {
    /// Level of the options that belong to an identifier.
    static final int RDMA_OPTION_ID = 0;

    /// One byte: the type of service.
    static final int RDMA_OPTION_ID_TOS = 0;

    /// An `int`: whether a port may be bound again.
    static final int RDMA_OPTION_ID_REUSEADDR = 1;

    /// An `int`: whether a wildcard address stands for its own family only.
    static final int RDMA_OPTION_ID_AFONLY = 2;

    /// One byte: the acknowledgement timeout of RC, 4.096 us × 2^value.
    static final int RDMA_OPTION_ID_ACK_TIMEOUT = 3;

    private CmLayouts() {}

    /// `struct rdma_event_channel`.
    static final class EventChannel {
        static final int FD = 0;
        static final int BYTES = 4;

        private EventChannel() {}
    }

    /// `struct rdma_cm_id`.
    static final class Id {
        static final int VERBS = 0;
        static final int CHANNEL = 8;
        static final int CONTEXT = 16;
        static final int QP = 24;
        static final int SRC_ADDR = 32;
        static final int DST_ADDR = 160;
        static final int PS = 344;
        static final int PORT_NUM = 348;
        static final int BYTES = 416;

        private Id() {}
    }

    /// `struct rdma_conn_param`.
    static final class ConnParam {
        static final int PRIVATE_DATA = 0;
        static final int PRIVATE_DATA_LEN = 8;
        static final int RESPONDER_RESOURCES = 9;
        static final int INITIATOR_DEPTH = 10;
        static final int FLOW_CONTROL = 11;
        static final int RETRY_COUNT = 12;
        static final int RNR_RETRY_COUNT = 13;
        static final int SRQ = 14;
        static final int QP_NUM = 16;
        static final int BYTES = 24;

        private ConnParam() {}
    }

    /// `struct rdma_ud_param`.
    static final class UdParam {
        static final int PRIVATE_DATA = 0;
        static final int PRIVATE_DATA_LEN = 8;
        static final int AH_ATTR = 16;
        static final int QP_NUM = 48;
        static final int QKEY = 52;
        static final int BYTES = 56;

        private UdParam() {}
    }

    /// `struct rdma_cm_event`.
    static final class Event {
        static final int ID = 0;
        static final int LISTEN_ID = 8;
        static final int EVENT = 16;
        static final int STATUS = 20;
        static final int PARAM_CONN = 24;
        static final int PARAM_UD = 24;
        static final int BYTES = 80;

        private Event() {}
    }

    /// The members of `struct ibv_ah_attr` that name a peer on RoCE.
    static final class AhAttr {
        static final int DGID = 0;
        static final int FLOW_LABEL = 16;
        static final int SGID_INDEX = 20;
        static final int HOP_LIMIT = 21;
        static final int TRAFFIC_CLASS = 22;
        static final int SL = 26;
        static final int PORT_NUM = 30;

        private AhAttr() {}
    }

    /// The members of `struct ibv_qp_attr` that `rdma_init_qp_attr` fills.
    static final class QpAttr {
        static final int QP_STATE = 0;
        static final int PATH_MTU = 8;
        static final int QKEY = 16;
        static final int RQ_PSN = 20;
        static final int SQ_PSN = 24;
        static final int DEST_QP_NUM = 28;
        static final int QP_ACCESS_FLAGS = 32;
        static final int AH_ATTR = 56;
        static final int PKEY_INDEX = 120;
        static final int MAX_RD_ATOMIC = 126;
        static final int MAX_DEST_RD_ATOMIC = 127;
        static final int MIN_RNR_TIMER = 128;
        static final int PORT_NUM = 129;
        static final int TIMEOUT = 130;
        static final int RETRY_CNT = 131;
        static final int RNR_RETRY = 132;
        static final int BYTES = 144;

        private QpAttr() {}
    }

    /// Where the name of a device is: `ibv_context.device`, `ibv_device.name`.
    static final class Device {
        static final int CONTEXT_DEVICE = 0;
        static final int NAME = 24;
        static final int NAME_BYTES = 64;

        private Device() {}
    }
}
