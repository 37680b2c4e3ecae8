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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ByteStream;
import io.longhaul.ConfigurationException;
import io.longhaul.Connection;
import io.longhaul.ConnectionException;
import io.longhaul.ConnectionException.Reason;
import io.longhaul.ConnectionStatistics.Limit;
import io.longhaul.Grant;
import io.longhaul.Listener;
import io.longhaul.Longhaul;
import io.longhaul.Longhaul.Limits;
import io.longhaul.LonghaulConfig;
import io.longhaul.Operation;
import io.longhaul.OperationException;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.identity.PrivateAuthority;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What an endpoint takes from its peers, and what it refuses.
@Timeout(120)
class AdmissionTest {
    private static final PrivateAuthority AUTHORITY = PrivateAuthority.create();
    private static final int MIB = 1 << 20;

    private static LonghaulConfig.Builder server(Limits limits) {
        return EndpointPair.small()
                .insecure(false)
                .identity(AUTHORITY.identity("server", "localhost"))
                .lanes(1)
                .limits(limits);
    }

    private static Longhaul client(String name) {
        return Longhaul.open(EndpointPair.small()
                .insecure(false)
                .identity(AUTHORITY.identity(name))
                .lanes(1)
                .build());
    }

    private static Listener listen(Longhaul endpoint) {
        return endpoint.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    private static String refusal(Longhaul client, Listener listener) {
        final ConnectionException refused = assertThrows(
                ConnectionException.class, () -> client.connect(listener.localAddress(), EndpointPair.PATIENCE));
        assertEquals(Reason.REFUSED, refused.reason());
        return String.valueOf(refused.getMessage());
    }

    @Test
    void aPeerHasSoManyConnectionsAndTakesNoneOfOthers() throws Exception {
        try (Longhaul server = Longhaul.open(server(new Limits(2, 1L << 30, 10)).build());
                Listener listener = listen(server);
                Longhaul one = client("one");
                Longhaul other = client("other")) {
            final Connection first = one.connect(listener.localAddress(), EndpointPair.PATIENCE);
            one.connect(listener.localAddress(), EndpointPair.PATIENCE);
            final String text = refusal(one, listener);
            assertTrue(text.contains("limits.connectionsPerPeer=2"), text);
            assertTrue(
                    other.connect(listener.localAddress(), EndpointPair.PATIENCE)
                            .isOpen(),
                    "another peer");
            first.close();
            EndpointPair.await(() -> connects(one, listener), "a place that is free again");
        }
    }

    private static boolean connects(Longhaul endpoint, Listener listener) {
        try {
            return endpoint.connect(listener.localAddress(), EndpointPair.PATIENCE)
                    .isOpen();
        } catch (ConnectionException e) {
            return false;
        }
    }

    @Test
    void connectionsWhoseMemoryIsNotThereAreRefusedUntilItIs() throws Exception {
        final LonghaulConfig config = server(new Limits(100, 3 * MIB, 10))
                .maxMemoryBytes(2 * MIB)
                .creditBytes(MIB)
                .build();
        try (Longhaul server = Longhaul.open(config);
                Listener listener = listen(server);
                Longhaul client = client("client")) {
            final List<Connection> open = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                open.add(client.connect(listener.localAddress(), EndpointPair.PATIENCE));
            }
            final String text = refusal(client, listener);
            assertTrue(text.contains("limits.totalMemoryBytes=3145728"), text);
            open.getFirst().close();
            EndpointPair.await(() -> connects(client, listener), "memory that is there again");
        }
    }

    @Test
    void lookupsBeyondTheKeysOfAConnectionSayThatThereAreTooMany() throws Exception {
        try (Arena arena = Arena.ofShared();
                Longhaul server =
                        Longhaul.open(server(new Limits(10, 1L << 30, 2)).build());
                Listener listener = listen(server);
                Longhaul client = client("client");
                Connection connection = client.connect(listener.localAddress(), EndpointPair.PATIENCE)) {
            for (int i = 0; i < 3; i++) {
                server.expose("r" + i, arena.allocate(8), Grant.of(Right.READ));
            }
            connection.lookup("r0").join();
            connection.lookup("r1").join();
            final CompletionException refused = assertThrows(
                    CompletionException.class, () -> connection.lookup("r2").join());
            assertEquals(
                    OperationStatus.REMOTE_RESOURCES_EXHAUSTED, ((OperationException) refused.getCause()).status());
            connection.lookup("r0").join();
        }
    }

    @Test
    void streamsThatTheMemoryDoesNotAllowAreNotOpened() throws Exception {
        final LonghaulConfig config =
                EndpointPair.small().maxMemoryBytes(4 * MIB).creditBytes(MIB).build();
        try (EndpointPair pair = new EndpointPair(config)) {
            final List<ByteStream> open = new ArrayList<>();
            final OperationException refused = assertThrows(OperationException.class, () -> {
                while (open.size() < 100) {
                    open.add(pair.client.openStream());
                }
            });
            assertEquals(OperationStatus.REMOTE_RESOURCES_EXHAUSTED, refused.status());
            assertEquals(3, open.size(), "4 MiB, of which messages have one");
            open.getFirst().close();
        }
    }

    @Test
    void impossibleLimitsAreRefused() {
        assertThrows(ConfigurationException.class, () -> new Limits(0, 1L << 30, 1));
        assertThrows(ConfigurationException.class, () -> new Limits(1, 1000, 1));
        assertThrows(ConfigurationException.class, () -> new Limits(1, 1L << 30, 0));
        final ConfigurationException e = assertThrows(
                ConfigurationException.class,
                () -> EndpointPair.small()
                        .creditBytes(4 * MIB)
                        .limits(new Limits(1, 2 * MIB, 1))
                        .build());
        assertTrue(String.valueOf(e.getMessage()).contains("limits.totalMemoryBytes"), e.getMessage());
    }

    /// One peer's application reads nothing while that peer sends all it can; another peer is served as if it were
    /// alone.
    @Test
    void aStalledPeerTakesNothingFromAnother() throws Exception {
        try (Arena arena = Arena.ofShared();
                EndpointPair pair = new EndpointPair();
                Longhaul other = Longhaul.open(EndpointPair.small().build());
                Connection honest = other.connect(pair.listener.localAddress(), EndpointPair.PATIENCE)) {
            assertNotNull(pair.accept());
            final MemorySegment message = EndpointPair.randomBytes(arena, 256 * 1024, 1);
            int posted = 0;
            while (posted < 4096 && pair.client.post(new Operation().send(message, 0, message.byteSize()))) {
                posted++;
            }
            assertEquals(4096, posted, "1 GiB of messages that nobody reads");
            EndpointPair.await(
                    () -> pair.client.statistics().limitedNanos(Limit.RECEIVER) > 0,
                    "the stalled peer runs out of credit");
            final MemorySegment inbox = arena.allocate(16 * MIB);
            final MemorySegment bytes = EndpointPair.randomBytes(arena, 16 * MIB, 2);
            pair.serverEndpoint.expose("inbox", inbox, Grant.of(Right.WRITE));
            final RemoteRegion region = honest.lookup("inbox").get(20, TimeUnit.SECONDS);
            for (int i = 0; i < 8; i++) {
                inbox.fill((byte) 0);
                honest.write(bytes, region, 0).get(20, TimeUnit.SECONDS);
                assertEquals(-1, inbox.mismatch(bytes));
            }
            assertTrue(pair.client.isOpen(), "back-pressure is no error");
        }
    }
}
