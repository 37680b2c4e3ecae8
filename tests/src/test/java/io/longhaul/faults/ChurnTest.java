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
package io.longhaul.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Connection;
import io.longhaul.Grant;
import io.longhaul.Listener;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.Message;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.identity.PrivateAuthority;
import io.longhaul.sim.Pair;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/// Connections that are made, used and closed again and again: what a process holds stays the same.
/// {@code -Dlonghaul.cycles=N} sets how often.
@Timeout(24 * 3600)
class ChurnTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int MOST_HEAP_GROWTH_BYTES = 4 << 20;
    private static final int MOST_NATIVE_GROWTH_BYTES = 64 << 10;

    /// What the process holds: descriptors, mappings, native memory, heap after a collection.
    private record Held(long descriptors, long mappings, long nativeBytes, long heapBytes) {
        static Held now() throws IOException {
            for (int i = 0; i < 3; i++) {
                System.gc();
            }
            try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"));
                    Stream<String> mapped = Files.lines(Path.of("/proc/self/maps"))) {
                return new Held(
                        open.count(),
                        mapped.count(),
                        Trial.nativeBytes(),
                        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
            }
        }

        void assertNoMoreThan(Held before, long cycles) {
            final String what = cycles + " cycles: " + before + ", then " + this;
            System.out.println(what);
            assertTrue(descriptors <= before.descriptors + 4, what);
            // Threads of the compiler and of virtual threads map stacks and code.
            assertTrue(mappings <= before.mappings + 100, what);
            // Threads keep small buffers for reading and writing sockets.
            assertTrue(nativeBytes <= before.nativeBytes + MOST_NATIVE_GROWTH_BYTES, what);
            assertTrue(heapBytes <= before.heapBytes + MOST_HEAP_GROWTH_BYTES, what);
        }
    }

    @Test
    @Tag("fault-54")
    @EnabledOnOs(OS.LINUX)
    void realConnectionsLeaveNothing() throws Exception {
        churn(config().insecure(true).build());
    }

    @Test
    @Tag("fault-54")
    @EnabledOnOs(OS.LINUX)
    void sealedConnectionsLeaveNothing() throws Exception {
        churn(config().identity(PrivateAuthority.create().identity("host", "localhost", "127.0.0.1"))
                .build());
    }

    private static LonghaulConfig.Builder config() {
        return LonghaulConfig.builder().lanes(1).receiveQueuePackets(512).maxMemoryBytes(16 << 20);
    }

    private static void churn(LonghaulConfig config) throws Exception {
        final long cycles = Long.getLong("longhaul.cycles", 300);
        try (Arena arena = Arena.ofShared();
                Longhaul serving = Longhaul.open(config);
                Longhaul dialling = Longhaul.open(config);
                Listener listener = serving.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            final MemorySegment memory = arena.allocate(64 << 10);
            serving.expose("target", memory, Grant.of(Right.WRITE));
            for (int i = 0; i < 100; i++) {
                cycle(dialling, listener, memory, i);
            }
            final Held before = Held.now();
            for (int i = 0; i < cycles; i++) {
                cycle(dialling, listener, memory, i);
            }
            Held.now().assertNoMoreThan(before, cycles);
        }
    }

    private static void cycle(Longhaul dialling, Listener listener, MemorySegment memory, int number) throws Exception {
        final Connection client = dialling.connect(listener.localAddress(), PATIENCE);
        final Connection server = listener.accept(PATIENCE);
        assertNotNull(server);
        final RemoteRegion target = client.lookup("target").get();
        client.write(memory, target, 0).get();
        client.send(memory.asSlice(0, 1_000)).get();
        final Message message = server.receive(PATIENCE);
        assertNotNull(message);
        message.close();
        // Either side may close first, drained or at once.
        (number % 2 == 0 ? client : server).close(number % 3 == 0 ? Duration.ZERO : PATIENCE);
        (number % 2 == 0 ? server : client).close(PATIENCE);
    }

    @Test
    @Tag("fault-54")
    @EnabledOnOs(OS.LINUX)
    void simulatedConnectionsLeaveNothing() throws Exception {
        final long cycles = Long.getLong("longhaul.cycles", 1_000);
        try (Arena arena = Arena.ofShared()) {
            final MemorySegment memory = arena.allocate(16 << 10);
            for (int i = 0; i < 300; i++) {
                simulatedCycle(memory, i);
            }
            final Held before = Held.now();
            for (int i = 0; i < cycles; i++) {
                simulatedCycle(memory, i);
            }
            Held.now().assertNoMoreThan(before, cycles);
        }
    }

    private static void simulatedCycle(MemorySegment memory, long seed) {
        final FaultyPath path = new FaultyPath(seed);
        path.settings.ipBytes(1500).lanes(1).link(path.link().lossFraction(seed % 4 == 0 ? 0.05 : 0));
        try (Pair pair = new Pair(path.settings).establish()) {
            final Operation send = new Operation().send(memory, 0, memory.byteSize());
            pair.server.onMessage = message -> message.release();
            assertEquals(OperationStatus.SUCCESS, pair.complete(pair.client, send, 60 * Trial.SECOND));
            pair.client.engine.close(pair.clock(pair.client), seed % 2 == 0, "done");
            assertTrue(
                    pair.runUntil(
                            () -> pair.client.engine.isClosed() && pair.server.engine.isClosed(), 60 * Trial.SECOND),
                    () -> "seed " + seed + ": not closed");
        }
    }
}
