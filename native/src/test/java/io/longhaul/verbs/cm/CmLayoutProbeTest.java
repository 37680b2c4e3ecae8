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

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.longhaul.verbs.CompilerProbe;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Compares every constant of {@link CmLayouts} with the headers of rdma-core.
@Timeout(120)
class CmLayoutProbeTest {
    private static final Map<String, String> STRUCTS = Map.of(
            "EventChannel", "rdma_event_channel",
            "Id", "rdma_cm_id",
            "ConnParam", "rdma_conn_param",
            "UdParam", "rdma_ud_param",
            "Event", "rdma_cm_event",
            "AhAttr", "ibv_ah_attr",
            "QpAttr", "ibv_qp_attr");

    /// Where the member is not the constant in lower case.
    private static final Map<String, String> MEMBERS = Map.of(
            "Id.SRC_ADDR", "route.addr.src_addr",
            "Id.DST_ADDR", "route.addr.dst_addr",
            "Event.PARAM_CONN", "param.conn",
            "Event.PARAM_UD", "param.ud",
            "AhAttr.DGID", "grh.dgid",
            "AhAttr.FLOW_LABEL", "grh.flow_label",
            "AhAttr.SGID_INDEX", "grh.sgid_index",
            "AhAttr.HOP_LIMIT", "grh.hop_limit",
            "AhAttr.TRAFFIC_CLASS", "grh.traffic_class");

    private static final int LEAST_EXPRESSIONS = 60;

    @ParameterizedTest
    @ValueSource(strings = {"amd64", "aarch64"})
    void everyOffsetAndNumberIsThatOfTheHeader(String processor)
            throws IOException, InterruptedException, IllegalAccessException {
        Optional<List<String>> compiler = CompilerProbe.compilerFor(processor);
        assumeTrue(compiler.isPresent(), "no C compiler for " + processor + " on this machine");
        CompilerProbe probe = new CompilerProbe(compiler.get(), List.of("rdma/rdma_cma.h"));
        Optional<String> reason = probe.unavailable();
        assumeTrue(reason.isEmpty(), reason.orElse(""));
        for (Class<?> each : CmLayouts.class.getDeclaredClasses()) {
            if (STRUCTS.containsKey(each.getSimpleName())) {
                expect(probe, each);
            }
        }
        expectNumbers(probe);
        probe.verify(LEAST_EXPRESSIONS);
    }

    private static void expect(CompilerProbe probe, Class<?> type) throws IllegalAccessException {
        String struct = STRUCTS.get(type.getSimpleName());
        for (Field field : type.getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers()) || field.getType() != int.class) {
                continue;
            }
            String name = type.getSimpleName() + "." + field.getName();
            String member = MEMBERS.getOrDefault(name, field.getName().toLowerCase(Locale.ROOT));
            if (field.getName().equals("BYTES")) {
                probe.size(struct, field.getInt(null));
            } else {
                probe.offset(struct, member, field.getInt(null));
            }
        }
    }

    private static void expectNumbers(CompilerProbe probe) {
        probe.expect("RDMA_OPTION_ID", CmLayouts.RDMA_OPTION_ID)
                .expect("RDMA_OPTION_ID_TOS", CmLayouts.RDMA_OPTION_ID_TOS)
                .expect("RDMA_OPTION_ID_REUSEADDR", CmLayouts.RDMA_OPTION_ID_REUSEADDR)
                .expect("RDMA_OPTION_ID_AFONLY", CmLayouts.RDMA_OPTION_ID_AFONLY)
                .expect("RDMA_OPTION_ID_ACK_TIMEOUT", CmLayouts.RDMA_OPTION_ID_ACK_TIMEOUT)
                .expect("RDMA_PS_TCP", PortSpace.TCP.code())
                .expect("RDMA_PS_UDP", PortSpace.UDP.code())
                .offset("ibv_context", "device", CmLayouts.Device.CONTEXT_DEVICE)
                .offset("ibv_device", "name", CmLayouts.Device.NAME)
                .expect("sizeof(((struct ibv_device *) 0)->name)", CmLayouts.Device.NAME_BYTES);
        for (CmEventType each : CmEventType.values()) {
            if (each != CmEventType.UNKNOWN) {
                probe.expect("RDMA_CM_EVENT_" + each.name(), each.code());
            }
        }
    }
}
