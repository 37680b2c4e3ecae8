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
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Connection;
import io.longhaul.ConnectionException;
import io.longhaul.ConnectionException.Reason;
import io.longhaul.Grant;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import java.io.File;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// How connections and endpoints end.
@Timeout(120)
class LifecycleTest {
    private static CompletableFuture<Optional<ConnectionException>> endOf(Connection connection) {
        final CompletableFuture<Optional<ConnectionException>> end = new CompletableFuture<>();
        connection.listener(new Connection.Listener() {
            @Override
            public void onClosed(@Nullable ConnectionException cause) {
                end.complete(Optional.ofNullable(cause));
            }
        });
        return end;
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(20, TimeUnit.SECONDS);
    }

    @Test
    void aGracefulCloseDeliversWhatWasPosted() throws Exception {
        try (EndpointPair pair = new EndpointPair();
                Arena arena = Arena.ofShared()) {
            final CompletableFuture<Optional<ConnectionException>> there = endOf(pair.server);
            final CompletableFuture<Optional<ConnectionException>> here = endOf(pair.client);
            final MemorySegment target = arena.allocate(8 << 20);
            pair.server.expose("inbox", target, Grant.of(Right.WRITE));
            final RemoteRegion inbox = get(pair.client.lookup("inbox"));
            final MemorySegment source = EndpointPair.randomBytes(arena, 8 << 20, 1);
            final CompletableFuture<Void> write = pair.client.write(source, inbox, 0);
            pair.client.close();
            assertTrue(write.isDone() && !write.isCompletedExceptionally());
            assertEquals(-1, source.mismatch(target));
            assertFalse(pair.client.isOpen());
            assertEquals(Optional.empty(), get(here));
            assertEquals(Reason.PEER_CLOSED, get(there).orElseThrow().reason());
            assertFalse(pair.server.isOpen());
            final Operation late = new Operation().send(source, 0, 1);
            assertEquals(
                    Reason.PEER_CLOSED,
                    assertThrows(ConnectionException.class, () -> pair.server.post(late))
                            .reason());
            assertEquals(
                    Reason.LOCALLY_CLOSED,
                    assertThrows(ConnectionException.class, () -> pair.client.post(late))
                            .reason());
            assertThrows(ConnectionException.class, () -> pair.server.receive(Duration.ofSeconds(20)));
            pair.close();
        }
    }

    @Test
    void futuresBeyondTheLimitAreStillPostedByAGracefulClose() throws Exception {
        try (EndpointPair pair =
                        new EndpointPair(EndpointPair.small().maxOperations(4).build());
                Arena arena = Arena.ofShared()) {
            final AtomicInteger received = new AtomicInteger();
            pair.server.listener(new Connection.Listener() {
                @Override
                public boolean onMessage(io.longhaul.Message message) {
                    received.incrementAndGet();
                    message.close();
                    return true;
                }
            });
            final List<CompletableFuture<Void>> sends = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                sends.add(pair.client.send(arena.allocate(100)));
            }
            pair.client.close(Duration.ofSeconds(20));
            for (final CompletableFuture<Void> send : sends) {
                get(send);
            }
            assertEquals(100, received.get());
            pair.close();
        }
    }

    @Test
    @Tag("fault-63")
    void anAbortEndsEveryOperationOnce() throws Exception {
        try (EndpointPair pair = new EndpointPair();
                Arena arena = Arena.ofShared()) {
            final CompletableFuture<Optional<ConnectionException>> there = endOf(pair.server);
            final MemorySegment target = arena.allocate(64 << 20);
            pair.server.expose("inbox", target, Grant.of(Right.WRITE));
            final RemoteRegion inbox = get(pair.client.lookup("inbox"));
            final MemorySegment source = arena.allocate(64 << 20);
            final AtomicInteger ends = new AtomicInteger();
            for (int i = 0; i < 50; i++) {
                assertTrue(pair.client.post(new Operation()
                        .write(source, 0, source.byteSize(), inbox, 0)
                        .onComplete(done -> ends.incrementAndGet())));
            }
            pair.client.close(Duration.ZERO);
            EndpointPair.await(() -> ends.get() == 50, "all operations end: " + ends.get());
            assertTrue(get(there).isPresent());
            pair.close();
            assertEquals(50, ends.get());
        }
    }

    @Test
    void closingAnEndpointEndsItsOperationsAndTellsThePeer() throws Exception {
        try (EndpointPair pair = new EndpointPair()) {
            final CompletableFuture<Optional<ConnectionException>> there = endOf(pair.server);
            final MemorySegment source = Arena.ofAuto().allocate(4 << 20);
            final List<Operation> posted = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                final Operation send = new Operation().send(source, 0, source.byteSize());
                posted.add(send);
                assertTrue(pair.client.post(send));
            }
            pair.clientEndpoint.close();
            for (final Operation send : posted) {
                assertTrue(send.isDone(), send.status().toString());
            }
            assertTrue(get(there).isPresent());
            assertThrows(ConnectionException.class, () -> pair.client.post(new Operation().send(source, 0, 1)));
            assertEquals(1, pair.client.statistics().lanes() / 2);
            pair.clientEndpoint.close();
        }
    }

    @Test
    void manyConnectionsShareAnEndpoint() throws Exception {
        try (EndpointPair pair = new EndpointPair();
                Arena arena = Arena.ofShared()) {
            final int count = 50;
            final MemorySegment source = EndpointPair.randomBytes(arena, 100_000, 6);
            final List<Connection> clients = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                clients.add(pair.clientEndpoint.connect(pair.listener.localAddress(), EndpointPair.PATIENCE));
            }
            final List<CompletableFuture<Void>> sends = new ArrayList<>();
            for (final Connection client : clients) {
                sends.add(client.send(source));
            }
            for (int i = 0; i < count; i++) {
                try (io.longhaul.Message message = pair.accept().receive(EndpointPair.PATIENCE)) {
                    assertNotNull(message);
                    assertEquals(-1, source.mismatch(message.segment()));
                }
            }
            for (final CompletableFuture<Void> send : sends) {
                get(send);
            }
            for (final Connection client : clients) {
                client.close();
            }
            pair.close();
        }
    }

    @Test
    @Tag("fault-44")
    void aKilledPeerIsNoticedPromptly() throws Exception {
        final ProcessBuilder builder = new ProcessBuilder(
                System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Victim.class.getName());
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        try (Longhaul endpoint = Longhaul.open(EndpointPair.small().build());
                io.longhaul.Listener listener =
                        endpoint.listen(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            builder.command().add(Integer.toString(listener.localAddress().getPort()));
            final Process process = builder.start();
            final Connection connection = listener.accept(Duration.ofSeconds(60));
            assertNotNull(connection);
            final CompletableFuture<Optional<ConnectionException>> end = endOf(connection);
            final MemorySegment source = Arena.ofAuto().allocate(1 << 20);
            final RemoteRegion never = new RemoteRegion("never", 1, 1 << 20, java.util.Set.of(Right.WRITE));
            process.destroyForcibly().waitFor();
            final Operation write = new Operation().write(source, 0, 1 << 20, never, 0);
            try {
                connection.post(write);
            } catch (ConnectionException e) {
                assertEquals(Reason.PEER_RESET, e.reason());
                return;
            }
            final ConnectionException cause = end.get(5, TimeUnit.SECONDS).orElseThrow();
            assertEquals(Reason.PEER_RESET, cause.reason());
            EndpointPair.await(write::isDone, "the write ends");
            assertEquals(OperationStatus.CONNECTION_LOST, write.status());
        }
    }

    /// A process to be killed: connects and waits.
    static final class Victim {
        private Victim() {}

        public static void main(String[] args) throws InterruptedException {
            final Longhaul endpoint = Longhaul.open(EndpointPair.small().build());
            endpoint.connect(
                            new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0])),
                            EndpointPair.PATIENCE)
                    .receive(Duration.ofMinutes(1));
        }
    }

    @Test
    @Tag("fault-53")
    void connectionsBeyondTheLimitAreRefused() throws Exception {
        final LonghaulConfig config = EndpointPair.small().maxConnections(1).build();
        try (EndpointPair pair = new EndpointPair(config);
                Longhaul another = Longhaul.open(config)) {
            final ConnectionException refused = assertThrows(
                    ConnectionException.class,
                    () -> another.connect(pair.listener.localAddress(), EndpointPair.PATIENCE));
            assertEquals(Reason.REFUSED, refused.reason());
            pair.client.close();
            EndpointPair.await(() -> !pair.server.isOpen(), "the place is free");
            EndpointPair.await(() -> connects(another, pair), "a place is free again");
        }
    }

    private static boolean connects(Longhaul endpoint, EndpointPair pair) {
        try {
            endpoint.connect(pair.listener.localAddress(), EndpointPair.PATIENCE);
            return true;
        } catch (ConnectionException e) {
            assertEquals(Reason.REFUSED, e.reason());
            return false;
        }
    }

    @Test
    @Tag("fault-54")
    void nothingIsLeftBehind() throws Exception {
        final File descriptors = new File("/proc/self/fd");
        openAndClose();
        final int before = count(descriptors);
        for (int i = 0; i < 10; i++) {
            openAndClose();
        }
        EndpointPair.await(() -> count(descriptors) <= before + 2, "descriptors are closed");
        EndpointPair.await(
                () -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().startsWith("longhaul-")),
                "threads have ended");
    }

    private static int count(File descriptors) {
        final String[] names = descriptors.list();
        return names == null ? 0 : names.length;
    }

    private static void openAndClose() throws Exception {
        try (EndpointPair pair = new EndpointPair()) {
            get(pair.client.send(Arena.ofAuto().allocate(100)));
        }
    }
}
