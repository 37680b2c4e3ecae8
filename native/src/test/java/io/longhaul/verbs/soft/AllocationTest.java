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
package io.longhaul.verbs.soft;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.verbs.QueuePair;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// No memory is allocated per packet once everything is warm.
@Timeout(30)
class AllocationTest {
    private static final int BATCH = 32;
    private static final int ROUNDS = 4000;

    /// The first ones allocate until the compiler has done its work, which on a busy machine is late.
    private static final int MOST_ATTEMPTS = 60;

    @Test
    void batchedPacketsAllocateNothing() {
        assertNoAllocation(builder -> builder);
    }

    @Test
    void plainPacketsAllocateNothing() {
        assertNoAllocation(builder -> builder.mode(SoftDeviceConfig.Mode.PLAIN));
    }

    @Test
    void packetsThroughTheWireAllocateNothing() {
        assertNoAllocation(builder -> builder.wire(WireConfig.builder()
                .delay(Duration.ofNanos(50_000))
                .rateBitsPerSecond(10_000_000_000L)
                .lossFraction(0.01)
                .build()));
    }

    private static void assertNoAllocation(UnaryOperator<SoftDeviceConfig.Builder> options) {
        try (SoftPair pair = new SoftPair(QueuePair.Type.UD, options, 0)) {
            for (int i = 0; i < SoftPair.DEPTH; i++) {
                pair.a.sends.payload(i, pair.a.region, 0, 1000);
            }
            pair.b.qp.postReceive(pair.b.receives, 0, SoftPair.DEPTH);
            double least = Double.MAX_VALUE;
            for (int attempt = 0; attempt < MOST_ATTEMPTS && least >= 1; attempt++) {
                least = Math.min(least, bytesPerPacket(pair));
            }
            assertTrue(least < 1, "allocated " + least + " B per packet");
        }
    }

    private static double bytesPerPacket(SoftPair pair) {
        long before = allocatedBytes();
        for (int round = 0; round < ROUNDS; round++) {
            pair.a.qp.postSend(pair.a.sends, 0, BATCH);
            for (int i = 0; i < 4; i++) {
                pair.progress();
                pair.a.queue.poll(pair.a.completions, 16);
                int received = pair.b.queue.poll(pair.b.completions, 16);
                for (int k = 0; k < received; k++) {
                    pair.b.qp.postReceive(pair.b.receives, (int) pair.b.completions.id(k), 1);
                }
            }
        }
        return (allocatedBytes() - before) / (double) (ROUNDS * BATCH);
    }

    /// Bytes that the current thread has allocated so far. By reflection: the module of these tests is that of the
    /// code, which does
    /// not require `jdk.management`.
    private static long allocatedBytes() {
        try {
            Object threads = Class.forName("java.lang.management.ManagementFactory")
                    .getMethod("getThreadMXBean")
                    .invoke(null);
            Method method =
                    Class.forName("com.sun.management.ThreadMXBean").getMethod("getCurrentThreadAllocatedBytes");
            return (long) method.invoke(threads);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }
}
