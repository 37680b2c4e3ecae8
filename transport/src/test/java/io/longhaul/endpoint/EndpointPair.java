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

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Connection;
import io.longhaul.Listener;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/// Two endpoints in one process with a connection between them.
final class EndpointPair implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(20);

    final Longhaul serverEndpoint;
    final Longhaul clientEndpoint;
    final Listener listener;
    final Connection client;
    final Connection server;

    EndpointPair() throws InterruptedException {
        this(small().build());
    }

    EndpointPair(LonghaulConfig config) throws InterruptedException {
        serverEndpoint = Longhaul.open(config);
        clientEndpoint = Longhaul.open(config);
        listener = serverEndpoint.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        client = clientEndpoint.connect(listener.localAddress(), PATIENCE);
        server = accept();
    }

    /// A configuration for tests: few and short queues.
    static LonghaulConfig.Builder small() {
        return LonghaulConfig.builder()
                .insecure(true)
                .lanes(2)
                .receiveQueuePackets(512)
                .maxMemoryBytes(64 << 20);
    }

    Connection accept() throws InterruptedException {
        final Connection accepted = listener.accept(PATIENCE);
        assertNotNull(accepted, "no connection was accepted");
        return accepted;
    }

    static MemorySegment randomBytes(Arena arena, long bytes, long seed) {
        final MemorySegment segment = arena.allocate(Math.max(1, bytes), 8).asSlice(0, bytes);
        final SplittableRandom random = new SplittableRandom(seed);
        long offset = 0;
        for (; offset + 8 <= bytes; offset += 8) {
            segment.set(ValueLayout.JAVA_LONG, offset, random.nextLong());
        }
        for (; offset < bytes; offset++) {
            segment.set(ValueLayout.JAVA_BYTE, offset, (byte) random.nextInt());
        }
        return segment;
    }

    static void await(BooleanSupplier condition, String what) throws InterruptedException {
        final long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, what);
            Thread.onSpinWait();
            Thread.yield();
        }
    }

    @Override
    public void close() {
        clientEndpoint.close();
        serverEndpoint.close();
    }
}
