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

/// The functions of `libibverbs.so.1` that are called by name. The inline ones of the header are in {@link ContextOps}.
///
/// A plain look-up gives the default version of each, `IBVERBS_1.1` and later, which is the right one.
enum VerbsSymbol {
    IBV_GET_DEVICE_LIST(true),
    IBV_FREE_DEVICE_LIST(true),
    IBV_GET_DEVICE_NAME(true),
    IBV_OPEN_DEVICE(true),
    IBV_CLOSE_DEVICE(true),
    IBV_QUERY_DEVICE(true),
    IBV_QUERY_PORT(true),
    IBV_QUERY_GID(true),
    IBV_ALLOC_PD(true),
    IBV_DEALLOC_PD(true),
    IBV_REG_MR(true),
    IBV_DEREG_MR(true),
    IBV_CREATE_COMP_CHANNEL(true),
    IBV_DESTROY_COMP_CHANNEL(true),
    IBV_CREATE_CQ(true),
    IBV_DESTROY_CQ(true),
    IBV_GET_CQ_EVENT(true),
    IBV_ACK_CQ_EVENTS(true),
    IBV_CREATE_QP(true),
    IBV_MODIFY_QP(true),
    IBV_QUERY_QP(true),
    IBV_DESTROY_QP(true),
    IBV_CREATE_AH(true),
    IBV_DESTROY_AH(true),
    IBV_CREATE_SRQ(true),
    IBV_MODIFY_SRQ(true),
    IBV_QUERY_SRQ(true),
    IBV_DESTROY_SRQ(true),
    IBV_GET_ASYNC_EVENT(true),
    IBV_ACK_ASYNC_EVENT(true),

    /// Since rdma-core 28; without it, `ibv_reg_mr` and no relaxed ordering.
    IBV_REG_MR_IOVA2(false),

    /// Since rdma-core 33; without it, `ibv_query_gid` and sysfs.
    _IBV_QUERY_GID_EX(false);

    private final String cName;
    private final boolean required;

    VerbsSymbol(boolean required) {
        this.required = required;
        cName = name().toLowerCase(java.util.Locale.ROOT);
    }

    /// The name in the library.
    String cName() {
        return cName;
    }

    /// Whether a library without it is of no use.
    boolean isRequired() {
        return required;
    }
}
