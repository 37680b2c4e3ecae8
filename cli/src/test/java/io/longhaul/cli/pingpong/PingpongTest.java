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
package io.longhaul.cli.pingpong;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.soft.SoftDevice;
import io.longhaul.verbs.soft.SoftDeviceConfig;
import io.longhaul.verbs.soft.SoftDeviceProvider;
import io.longhaul.verbs.soft.WireConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Both ends in one process, each with a software device at UDP port 4791 of a loopback address of its own.
@Timeout(60)
class PingpongTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration IMPATIENCE = Duration.ofMillis(200);

    private static PingpongPlan plan(QueuePair.Type type, int size, int iterations, boolean sleeps, Duration timeout) {
        return new PingpongPlan(type, size, iterations, 1024, 16, sleeps, true, timeout);
    }

    /// An address that no other process of this machine uses.
    private static InetAddress address(int host) {
        final int pid = (int) (ProcessHandle.current().pid() & 0xffff);
        return InetAddress.ofLiteral("127." + (64 + host) + "." + (pid >> 8) + "." + (pid & 0xff));
    }

    private static SoftDevice device(int host, @Nullable WireConfig wire) {
        return new SoftDeviceProvider(SoftDeviceConfig.builder(address(host))
                        .firstUdpPort(AddressVector.ROCE_UDP_PORT)
                        .wire(wire)
                        .build())
                .open();
    }

    private static PingpongResult end(PingpongPlan plan, int host, @Nullable WireConfig wire, Rendezvous peer)
            throws IOException {
        try (SoftDevice device = device(host, wire);
                peer) {
            return Pingpong.run(plan, device, device.portAttributes().gids().getFirst(), peer, text -> {});
        }
    }

    private static FutureTask<PingpongResult> background(Callable<PingpongResult> end) {
        final FutureTask<PingpongResult> task = new FutureTask<>(end);
        Thread.ofPlatform().daemon().start(task);
        return task;
    }

    private static PingpongResult exchange(PingpongPlan server, PingpongPlan client, @Nullable WireConfig wire)
            throws Exception {
        try (ServerSocket listener = Rendezvous.listen(0)) {
            final FutureTask<PingpongResult> serving =
                    background(() -> end(server, 1, null, Rendezvous.accept(listener)));
            final PingpongResult result = end(
                    client, 2, wire, Rendezvous.connect(new InetSocketAddress("127.0.0.1", listener.getLocalPort())));
            assertEquals(client.iterations(), serving.get().iterations());
            return result;
        }
    }

    @ParameterizedTest
    @CsvSource({
        "UC, 1, false",
        "UC, 1024, false",
        "UC, 5000, false",
        "UC, 4096, true",
        "UD, 1, false",
        "UD, 1024, true",
    })
    void everyMessageComesBackUnchanged(QueuePair.Type type, int size, boolean sleeps) throws Exception {
        final PingpongPlan plan = plan(type, size, 50, sleeps, PATIENCE);
        final PingpongResult result = exchange(plan, plan, null);
        assertEquals(50, result.unchanged());
        assertEquals(2L * 50 * size, result.bytes());
        assertTrue(result.seconds() > 0 && result.bitsPerSecond() > 0 && result.microsPerIteration() > 0);
    }

    @Test
    void aLostMessageEndsInASentenceAndNotInAHang() {
        final WireConfig losing = WireConfig.builder().lossFraction(1).build();
        final PingpongPlan plan = plan(QueuePair.Type.UC, 1024, 5, false, IMPATIENCE);
        final IOException failure = assertThrows(IOException.class, () -> exchange(plan, plan, losing));
        assertTrue(failure.getMessage().startsWith("no answer to message 1 of 5 for 0.2 s; UC"), failure.getMessage());
    }

    @Test
    void endsThatWereToldDifferentSizesSaySo() {
        final PingpongPlan server = plan(QueuePair.Type.UD, 512, 5, false, PATIENCE);
        final PingpongPlan client = plan(QueuePair.Type.UD, 256, 5, false, IMPATIENCE);
        assertThrows(IOException.class, () -> exchange(server, client, null));
        final ExecutionException failure = assertThrows(ExecutionException.class, () -> {
            try (ServerSocket listener = Rendezvous.listen(0)) {
                final FutureTask<PingpongResult> serving =
                        background(() -> end(server, 1, null, Rendezvous.accept(listener)));
                final InetSocketAddress address = new InetSocketAddress("127.0.0.1", listener.getLocalPort());
                assertThrows(IOException.class, () -> end(client, 2, null, Rendezvous.connect(address)));
                serving.get();
            }
        });
        assertEquals(
                "the peer sends messages of 256 B, this end of 512 B: give both the same --size",
                failure.getCause().getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET / HTTP/1.0 | does not speak the protocol",
                "0000:000011:09fd16:00000000000000000000000000000000 | start it with -g",
                "0000:000011:09fd16:fe80000000000000942821fffe88e2eb | both must be IPv4",
                "'' | closed the connection",
            })
    void aPeerThatSaysSomethingElseIsRefusedWithTheReason(String said, String reason) throws Exception {
        final PingpongPlan plan = plan(QueuePair.Type.UC, 1024, 5, false, IMPATIENCE);
        try (ServerSocket listener = Rendezvous.listen(0)) {
            final FutureTask<PingpongResult> serving =
                    background(() -> end(plan, 1, null, Rendezvous.accept(listener)));
            try (Socket peer = new Socket("127.0.0.1", listener.getLocalPort())) {
                if (!said.isEmpty()) {
                    peer.getOutputStream()
                            .write(Arrays.copyOf(said.getBytes(StandardCharsets.US_ASCII), Contact.BYTES));
                }
            }
            final ExecutionException failure = assertThrows(ExecutionException.class, serving::get);
            assertTrue(failure.getCause() instanceof IOException, failure.toString());
            assertTrue(
                    failure.getCause().getMessage().contains(reason),
                    failure.getCause().getMessage());
        }
    }
}
