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

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.longhaul.verbs.DeviceContract;
import io.longhaul.verbs.RdmaDevice;
import java.net.InetAddress;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/// The contract of all devices, on the classes that drive libibverbs and a library that delivers in memory: no RDMA is
/// needed,
/// so that this runs everywhere.
class FakeIbverbsContractTest extends DeviceContract {
    private static int liveBefore;

    private final FakeIbverbs fake = FakeIbverbs.loaded();

    @BeforeAll
    static void count() {
        liveBefore = FakeIbverbs.loaded().live();
    }

    @Override
    protected RdmaDevice openDevice(String name) {
        return fake.open();
    }

    @Override
    protected InetAddress address() {
        return InetAddress.ofLiteral("127.0.0.1");
    }

    @AfterAll
    static void nothingOfTheLibraryIsLeft() {
        assertEquals(liveBefore, FakeIbverbs.loaded().live());
    }
}
