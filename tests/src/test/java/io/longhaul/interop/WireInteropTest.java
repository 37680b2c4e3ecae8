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
package io.longhaul.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.ibv.IbvDeviceConfig;
import io.longhaul.verbs.ibv.IbvDeviceProvider;
import io.longhaul.verbs.soft.SoftDevice;
import io.longhaul.verbs.soft.SoftDeviceConfig;
import io.longhaul.verbs.soft.SoftDeviceProvider;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/// The software device and the kernel's Soft-RoCE understand each other: every operation, both ways, IPv4 and IPv6.
@Tag("guest")
@Timeout(300)
class WireInteropTest {
    private static final String DEVICE = "rxe_a";

    @BeforeAll
    static void joinTheHosts() throws Exception {
        FarHost.up();
    }

    @TestFactory
    List<DynamicTest> ipv4() throws Exception {
        return exchange("10.77.0.1", "10.77.0.2");
    }

    @TestFactory
    List<DynamicTest> ipv6() throws Exception {
        return exchange("fd77::1", "fd77::2");
    }

    private static List<DynamicTest> exchange(String verbsAddress, String softAddress) throws Exception {
        final List<DynamicTest> tests = new ArrayList<>();
        final InetAddress local = InetAddress.ofLiteral(verbsAddress);
        try (RdmaDevice verbs = new IbvDeviceProvider(IbvDeviceConfig.DEFAULT.withLocalAddress(local)).open(DEVICE)) {
            for (SoftDeviceConfig.Mode mode : List.of(SoftDeviceConfig.Mode.BATCHED, SoftDeviceConfig.Mode.PLAIN)) {
                try (SoftDevice soft = FarHost.call(() -> open(softAddress, mode))) {
                    assertEquals(mode == SoftDeviceConfig.Mode.BATCHED, soft.isBatched());
                    for (InteropRow row : new WireMatrix(soft, verbs, local).run()) {
                        tests.add(DynamicTest.dynamicTest(row.title(), () -> assertTrue(row.works(), row.result())));
                    }
                }
            }
        }
        return tests;
    }

    private static SoftDevice open(String address, SoftDeviceConfig.Mode mode) {
        return new SoftDeviceProvider(SoftDeviceConfig.builder(InetAddress.ofLiteral(address))
                        .firstUdpPort(AddressVector.ROCE_UDP_PORT)
                        .mode(mode)
                        .build())
                .open();
    }
}
