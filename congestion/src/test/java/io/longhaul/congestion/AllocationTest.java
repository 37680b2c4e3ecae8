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
package io.longhaul.congestion;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.congestion.bbr.BbrFactory;
import io.longhaul.congestion.reserved.ReservedFactory;
import java.lang.reflect.Method;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The whole path of a packet through controller, pacer and estimators allocates nothing after the start.
class AllocationTest {
    private static final long SECOND = 1_000_000_000L;

    @Test
    void allocatesNothingPerPacket() throws ReflectiveOperationException {
        allocatedBytes();
        for (final CongestionControllerFactory factory : List.of(new BbrFactory(), new ReservedFactory())) {
            final LinkModel link = new LinkModel(200e6, 20_000_000, 1, 5).loss(0.005);
            final CongestionConfig config = new CongestionConfig(1400, 20_000_000, 25_000_000, 1 << 30, 32);
            link.add(factory.create(config), 1400, 0);
            link.runUntil(SECOND);
            final long before = allocatedBytes();
            link.runUntil(3 * SECOND);
            final long bytes = allocatedBytes() - before;
            // About 35,000 packets; a few bytes are the measurement's own.
            assertTrue(bytes < 5_000, factory.name() + " allocated " + bytes + " bytes");
        }
    }

    /// Bytes that this thread has allocated; by reflection, because the module requires nothing but `java.base`.
    private static long allocatedBytes() throws ReflectiveOperationException {
        final Object threads = Class.forName("java.lang.management.ManagementFactory")
                .getMethod("getThreadMXBean")
                .invoke(null);
        final Method method =
                Class.forName("com.sun.management.ThreadMXBean").getMethod("getCurrentThreadAllocatedBytes");
        return (long) method.invoke(threads);
    }
}
