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
package io.longhaul.endpoint;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.fuzz.Fuzzer;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Sequences of calls of the public API, in any order and with any arguments.
@Timeout(6000)
class ApiSequenceFuzzTest {
    /// A sequence crosses sockets and threads.
    private static final int SLOWER = 100;

    /// An input may close both endpoints, which are opened again for the next one.
    private static final long MOST_BYTES = 8 << 20;

    private static final long MOST_NANOS = 100_000_000;

    /// Threads keep small buffers for reading and writing sockets.
    private static final int MOST_GROWTH_BYTES = 64 << 10;

    private static final long END_NANOS = 60_000_000_000L;

    @Test
    void callsEndAsDocumentedWhateverTheirOrder() throws Exception {
        final long before = nativeBytes();
        try (ApiTarget target = new ApiTarget()) {
            new Fuzzer("calls of the API", ApiTarget.corpus(), target)
                    .allowing(MOST_BYTES, MOST_NANOS)
                    .run(SLOWER);
            System.out.println("calls of the API: " + target.connections() + " connections");
        }
        // Handshakes that were under way end on threads of their own, and further carriers of virtual threads, which
        // may have such buffers too, half a minute after their last work.
        final long limit = System.nanoTime() + END_NANOS;
        while (nativeBytes() > before + MOST_GROWTH_BYTES && System.nanoTime() - limit < 0) {
            Thread.sleep(20);
        }
        assertTrue(
                nativeBytes() <= before + MOST_GROWTH_BYTES,
                () -> "native memory was " + before + " bytes, is " + nativeBytes());
    }

    private static long nativeBytes() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }
}
