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
import io.longhaul.Message;
import io.longhaul.identity.PrivateAuthority;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What a connection of four lanes that has carried a message costs in the heap while nothing flows.
class IdleMemoryTest {
    private static final int WARM_UP = 10;
    private static final int CONNECTIONS = 100;
    private static final double MOST_BYTES = 32 * 1024;

    /// Just after the handshake: keys of four lanes, and the ciphers that a lane lets go of when it rests.
    private static final double MOST_SEALED_BYTES = 40 * 1024;

    @Test
    @Timeout(60)
    void anIdleConnectionTakesLessThan32KibOfHeapAtEachEnd() throws Exception {
        measure(EndpointPair.small().lanes(4).build(), MOST_BYTES);
    }

    @Test
    @Timeout(60)
    void aSealedOneTakesLessThan40KibJustAfterTheHandshake() throws Exception {
        measure(
                EndpointPair.small()
                        .lanes(4)
                        .insecure(false)
                        .identity(PrivateAuthority.create().identity("localhost", "127.0.0.1"))
                        .build(),
                MOST_SEALED_BYTES);
    }

    private static void measure(LonghaulConfig config, double mostBytes) throws Exception {
        try (Longhaul server = Longhaul.open(config);
                Longhaul client = Longhaul.open(config);
                Listener listener = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            final List<Connection> ends = new ArrayList<>(2 * (WARM_UP + CONNECTIONS));
            for (int i = 0; i < WARM_UP; i++) {
                open(client, listener, ends);
            }
            final long before = heapBytes();
            for (int i = 0; i < CONNECTIONS; i++) {
                open(client, listener, ends);
            }
            final double each = (heapBytes() - before) / (2.0 * CONNECTIONS);
            assertTrue(each < mostBytes, () -> String.format("%.0f bytes at each end", each));
            for (final Connection end : ends) {
                end.close(Duration.ZERO);
            }
        }
    }

    private static void open(Longhaul client, Listener listener, List<Connection> ends) throws Exception {
        final Connection there = client.connect(listener.localAddress(), EndpointPair.PATIENCE);
        final Connection here = listener.accept(EndpointPair.PATIENCE);
        assertNotNull(here);
        ends.add(there);
        ends.add(here);
        final MemorySegment bytes = Arena.ofAuto().allocate(64);
        there.send(bytes).get(EndpointPair.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        try (Message message = here.receive(EndpointPair.PATIENCE)) {
            assertNotNull(message);
        }
    }

    /// What is reachable: the least of some looks, as what other threads have just let go of is still counted.
    private static long heapBytes() {
        final Runtime runtime = Runtime.getRuntime();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
        }
        return least;
    }
}
