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

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.CompilerProbe;
import io.longhaul.verbs.ReceiveRequests;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.WorkCompletions;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Compares every constant of {@link IbvLayouts}, and of the work requests, with the headers of rdma-core.
@Timeout(120)
class LayoutProbeTest {
    /// Members of members: in the names of constants, their dots are underscores.
    private static final List<String> DOTTED =
            List.of("bind_mw.bind_info.", "bind_mw.", "bind_info.", "wr.atomic.", "cap.", "attr.", "grh.", "ops.");

    /// The enumerations, by the prefix of their constants in C.
    private static final Map<String, String> ENUMERATIONS = Map.ofEntries(
            Map.entry("QpAttrMask", "IBV_QP_"),
            Map.entry("QpState", "IBV_QPS_"),
            Map.entry("QpType", "IBV_QPT_"),
            Map.entry("WrOpcode", "IBV_WR_"),
            Map.entry("PortState", "IBV_PORT_"),
            Map.entry("GidType", "IBV_GID_TYPE_"),
            Map.entry("LinkLayer", "IBV_LINK_LAYER_"),
            Map.entry("Access", "IBV_ACCESS_"),
            Map.entry("EventType", "IBV_EVENT_"));

    /// Not in the header: what is allocated, and the size of a struct that has grown since.
    private static final Set<String> NO_EXPRESSION = Set.of("IbvPortAttr.ROOM_BYTES", "IbvPortAttr.BYTES");

    private static final int LEAST_EXPRESSIONS = 300;

    @ParameterizedTest
    @ValueSource(strings = {"amd64", "aarch64"})
    void everyOffsetAndNumberIsThatOfTheHeader(String processor)
            throws IOException, InterruptedException, IllegalAccessException {
        Optional<List<String>> compiler = CompilerProbe.compilerFor(processor);
        assumeTrue(compiler.isPresent(), "no C compiler for " + processor + " on this machine");
        CompilerProbe probe = new CompilerProbe(compiler.get(), List.of("infiniband/verbs.h"));
        Optional<String> reason = probe.unavailable();
        assumeTrue(reason.isEmpty(), reason.orElse(""));
        expectLayouts(probe);
        expectTail(probe, IbvLayouts.Tail.of(processor).orElseThrow());
        expectWorkRequests(probe);
        expectCompletions(probe);
        probe.verify(LEAST_EXPRESSIONS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"amd64", "aarch64"})
    void portAttributesFitIntoTheirRoom(String processor) throws IOException, InterruptedException {
        Optional<List<String>> compiler = CompilerProbe.compilerFor(processor);
        assumeTrue(compiler.isPresent(), "no C compiler for " + processor + " on this machine");
        CompilerProbe probe = new CompilerProbe(compiler.get(), List.of("infiniband/verbs.h"));
        Optional<String> reason = probe.unavailable();
        assumeTrue(reason.isEmpty(), reason.orElse(""));
        long bytes = probe.size("ibv_port_attr", 0).values().values().iterator().next();
        assertTrue(
                bytes >= IbvLayouts.IbvPortAttr.BYTES && bytes <= IbvLayouts.IbvPortAttr.ROOM_BYTES,
                () -> "sizeof(struct ibv_port_attr) is " + bytes);
    }

    /// Goes through all nested classes, so that no constant is left out.
    private static void expectLayouts(CompilerProbe probe) throws IllegalAccessException {
        for (Class<?> each : IbvLayouts.class.getDeclaredClasses()) {
            if (each.isRecord()) {
                continue;
            }
            for (Field field : each.getDeclaredFields()) {
                String name = each.getSimpleName() + "." + field.getName();
                boolean constant = Modifier.isStatic(field.getModifiers()) && field.getType() == int.class;
                if (constant && !field.isSynthetic() && !NO_EXPRESSION.contains(name)) {
                    expect(probe, each.getSimpleName(), field.getName(), field.getInt(null));
                }
            }
        }
    }

    private static void expect(CompilerProbe probe, String type, String constant, int value) {
        String prefix = ENUMERATIONS.get(type);
        if (prefix != null) {
            probe.expect(prefix + constant, value);
        } else if (type.equals("VerbsContext")) {
            String member = constant.toLowerCase(Locale.ROOT);
            probe.expect(
                    "(long) offsetof(struct verbs_context, " + member
                            + ") - (long) offsetof(struct verbs_context, context)",
                    value);
        } else if (constant.equals("BYTES")) {
            probe.size(struct(type), value);
        } else {
            probe.offset(struct(type), member(type, constant), value);
        }
    }

    /// `IbvQpAttr` is `ibv_qp_attr`.
    private static String struct(String type) {
        return Pattern.compile("(?<=.)([A-Z])").matcher(type).replaceAll("_$1").toLowerCase(Locale.ROOT);
    }

    private static String member(String type, String constant) {
        String name = constant.toLowerCase(Locale.ROOT);
        for (String dotted : DOTTED) {
            String flat = dotted.replace('.', '_');
            if (name.startsWith(flat) && !(type.equals("IbvQpAttr") && flat.equals("cap_"))) {
                return dotted + name.substring(flat.length());
            }
        }
        // Both ibv_device and verbs_context have members that begin with an underscore; none of them is used.
        return name;
    }

    private static void expectTail(CompilerProbe probe, IbvLayouts.Tail tail) {
        probe.expect("sizeof(pthread_mutex_t)", tail.mutexBytes())
                .offset("ibv_context", "abi_compat", tail.contextAbiCompat())
                .size("ibv_context", tail.contextBytes())
                .offset("ibv_cq", "comp_events_completed", tail.cqCompEventsCompleted())
                .offset("ibv_cq", "async_events_completed", tail.cqAsyncEventsCompleted())
                .size("ibv_cq", tail.cqBytes())
                .offset("ibv_qp", "events_completed", tail.qpEventsCompleted())
                .size("ibv_qp", tail.qpBytes())
                .offset("ibv_srq", "events_completed", tail.srqEventsCompleted())
                .size("ibv_srq", tail.srqBytes());
    }

    private static void expectWorkRequests(CompilerProbe probe) {
        probe.offset("ibv_send_wr", "wr_id", SendRequests.WR_ID_OFFSET)
                .offset("ibv_send_wr", "next", SendRequests.NEXT_OFFSET)
                .offset("ibv_send_wr", "sg_list", SendRequests.SG_LIST_OFFSET)
                .offset("ibv_send_wr", "num_sge", SendRequests.SGE_COUNT_OFFSET)
                .offset("ibv_send_wr", "opcode", SendRequests.OPCODE_OFFSET)
                .offset("ibv_send_wr", "send_flags", SendRequests.FLAGS_OFFSET)
                .offset("ibv_send_wr", "imm_data", SendRequests.IMMEDIATE_OFFSET)
                .offset("ibv_send_wr", "wr.rdma.remote_addr", SendRequests.REMOTE_ADDRESS_OFFSET)
                .offset("ibv_send_wr", "wr.rdma.rkey", SendRequests.REMOTE_KEY_OFFSET)
                .offset("ibv_send_wr", "wr.ud.ah", SendRequests.ADDRESS_HANDLE_OFFSET)
                .offset("ibv_send_wr", "wr.ud.remote_qpn", SendRequests.REMOTE_QUEUE_PAIR_OFFSET)
                .offset("ibv_send_wr", "wr.ud.remote_qkey", SendRequests.REMOTE_QUEUE_KEY_OFFSET)
                .size("ibv_send_wr", SendRequests.SGE_OFFSET)
                .size("ibv_sge", SendRequests.SGE_BYTES)
                .offset("ibv_sge", "addr", 0)
                .offset("ibv_sge", "length", SendRequests.SGE_LENGTH_OFFSET)
                .offset("ibv_sge", "lkey", SendRequests.SGE_KEY_OFFSET)
                .offset("ibv_recv_wr", "wr_id", ReceiveRequests.WR_ID_OFFSET)
                .offset("ibv_recv_wr", "next", ReceiveRequests.NEXT_OFFSET)
                .offset("ibv_recv_wr", "sg_list", ReceiveRequests.SG_LIST_OFFSET)
                .offset("ibv_recv_wr", "num_sge", ReceiveRequests.SGE_COUNT_OFFSET)
                .size("ibv_recv_wr", ReceiveRequests.SGE_OFFSET)
                .expect("IBV_SEND_SIGNALED", SendRequests.SIGNALED)
                .expect("IBV_SEND_SOLICITED", SendRequests.SOLICITED)
                .expect("IBV_SEND_INLINE", SendRequests.INLINE)
                .expect("IBV_WR_RDMA_WRITE + 0", SendRequests.Opcode.WRITE.code())
                .expect("IBV_WR_RDMA_WRITE_WITH_IMM + 0", SendRequests.Opcode.WRITE_WITH_IMM.code())
                .expect("IBV_WR_SEND + 0", SendRequests.Opcode.SEND.code())
                .expect("IBV_WR_SEND_WITH_IMM + 0", SendRequests.Opcode.SEND_WITH_IMM.code())
                .expect("IBV_WR_RDMA_READ + 0", SendRequests.Opcode.READ.code())
                .expect("IBV_ACCESS_LOCAL_WRITE", AccessFlags.LOCAL_WRITE)
                .expect("IBV_ACCESS_REMOTE_WRITE", AccessFlags.REMOTE_WRITE);
    }

    private static void expectCompletions(CompilerProbe probe) {
        probe.offset("ibv_wc", "wr_id", WorkCompletions.WR_ID_OFFSET)
                .offset("ibv_wc", "status", WorkCompletions.STATUS_OFFSET)
                .offset("ibv_wc", "opcode", WorkCompletions.OPCODE_OFFSET)
                .offset("ibv_wc", "vendor_err", WorkCompletions.VENDOR_ERROR_OFFSET)
                .offset("ibv_wc", "byte_len", WorkCompletions.BYTE_LENGTH_OFFSET)
                .offset("ibv_wc", "imm_data", WorkCompletions.IMMEDIATE_OFFSET)
                .offset("ibv_wc", "qp_num", WorkCompletions.QUEUE_PAIR_OFFSET)
                .offset("ibv_wc", "src_qp", WorkCompletions.SOURCE_QUEUE_PAIR_OFFSET)
                .offset("ibv_wc", "wc_flags", WorkCompletions.FLAGS_OFFSET)
                .size("ibv_wc", WorkCompletions.SLOT_BYTES)
                .size("ibv_grh", WorkCompletions.GRH_BYTES)
                .expect("IBV_WC_SEND", WorkCompletions.OPCODE_SEND)
                .expect("IBV_WC_RDMA_WRITE", WorkCompletions.OPCODE_WRITE)
                .expect("IBV_WC_RDMA_READ", WorkCompletions.OPCODE_READ)
                .expect("IBV_WC_RECV", WorkCompletions.OPCODE_RECEIVE)
                .expect("IBV_WC_RECV_RDMA_WITH_IMM", WorkCompletions.OPCODE_RECEIVE_WRITE_WITH_IMM)
                .expect("IBV_WC_GRH", WorkCompletions.WITH_GRH)
                .expect("IBV_WC_WITH_IMM", WorkCompletions.WITH_IMM);
    }
}
