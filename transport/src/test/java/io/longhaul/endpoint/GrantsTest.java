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
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Connection;
import io.longhaul.ConnectionException;
import io.longhaul.ExposedRegion;
import io.longhaul.Grant;
import io.longhaul.Listener;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.identity.PrivateAuthority;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.EnumSet;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Grants between endpoints over the software device, sealed.
@Timeout(180)
class GrantsTest {
    private static final PrivateAuthority AUTHORITY = PrivateAuthority.create();
    private static final int BYTES = 1 << 20;
    private static final EnumSet<Right> ALL = EnumSet.allOf(Right.class);

    private static LonghaulConfig config(String name) {
        return EndpointPair.small()
                .insecure(false)
                .identity(AUTHORITY.identity(name, "localhost", "127.0.0.1"))
                .device("soft")
                .lanes(1)
                .build();
    }

    private static Listener listen(Longhaul server) {
        return server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    /// Guesses of this build; {@code -Dlonghaul.guesses=1048576} for more.
    private static final int GUESSES = Integer.getInteger("longhaul.guesses", 1 << 16);

    /// An authenticated peer posts operations under guessed keys: as many at a time as it may, over connection
    /// after
    /// connection, for it loses each of them.
    @Test
    void guessedKeysGiveNothingAndCostTheGuesserEveryConnection() throws Exception {
        try (Arena arena = Arena.ofShared();
                Longhaul server = Longhaul.open(config("server"));
                Longhaul guesser = Longhaul.open(config("guesser"));
                Longhaul bystander = Longhaul.open(config("bystander"));
                Listener listener = listen(server);
                Connection honest = bystander.connect(listener.localAddress(), EndpointPair.PATIENCE)) {
            final MemorySegment victim = EndpointPair.randomBytes(arena, BYTES, 1);
            final byte[] before = victim.toArray(ValueLayout.JAVA_BYTE);
            final MemorySegment inbox = arena.allocate(BYTES);
            server.expose("victim", victim, new Grant(ALL, null));
            server.expose("inbox", inbox, Grant.of(Right.WRITE));
            final RemoteRegion target = honest.lookup("inbox").get(20, TimeUnit.SECONDS);
            final MemorySegment source = EndpointPair.randomBytes(arena, BYTES, 2);
            final SplittableRandom random = new SplittableRandom(3);
            int guesses = 0;
            int connections = 0;
            while (guesses < GUESSES) {
                guesses += guess(guesser, listener, arena, random);
                connections++;
                if (connections % 4 == 0) {
                    inbox.fill((byte) 0);
                    honest.write(source, target, 0).get(20, TimeUnit.SECONDS);
                    assertEquals(-1, inbox.mismatch(source), "the other connection");
                }
            }
            assertEquals(-1, victim.mismatch(MemorySegment.ofArray(before)), "the victim's memory");
            assertTrue(honest.isOpen());
        }
    }

    /// Guesses until the connection is gone; gives the number of guesses.
    private static int guess(Longhaul guesser, Listener listener, Arena arena, SplittableRandom random)
            throws Exception {
        try (Connection connection = guesser.connect(listener.localAddress(), EndpointPair.PATIENCE)) {
            final MemorySegment bytes = arena.allocate(8, 8);
            final CompletableFuture<ConnectionException.Reason> lost = new CompletableFuture<>();
            connection.listener(new Connection.Listener() {
                @Override
                public void onClosed(@org.jspecify.annotations.Nullable ConnectionException cause) {
                    lost.complete(cause == null ? ConnectionException.Reason.LOCALLY_CLOSED : cause.reason());
                }
            });
            final AtomicInteger successes = new AtomicInteger();
            final int count = guesser.config().maxOperations();
            final CountDownLatch left = new CountDownLatch(count);
            for (int i = 0; i < count; i++) {
                final RemoteRegion guess = new RemoteRegion("victim", random.nextLong(), BYTES, ALL);
                final Operation operation = new Operation();
                switch (i % 3) {
                    case 0 -> operation.write(bytes, 0, 8, guess, 0);
                    case 1 -> operation.read(guess, 0, bytes, 0, 8);
                    default -> operation.fetchAndAdd(guess, 0, 1);
                }
                operation.onComplete(ended -> {
                    if (ended.status() == OperationStatus.SUCCESS) {
                        successes.incrementAndGet();
                    }
                    left.countDown();
                });
                try {
                    assertTrue(connection.post(operation), "the guesser may have that many outstanding");
                } catch (ConnectionException e) {
                    left.countDown(); // it is cut off already
                }
            }
            assertEquals(ConnectionException.Reason.PEER_RESET, lost.get(20, TimeUnit.SECONDS));
            assertTrue(left.await(20, TimeUnit.SECONDS), "operations that do not end");
            assertEquals(0, successes.get(), "guesses that were right");
            return count;
        }
    }

    @Test
    void aRegionOfOneConnectionIsNotThereForAnother() throws Exception {
        try (Arena arena = Arena.ofShared();
                Longhaul server = Longhaul.open(config("server"));
                Longhaul client = Longhaul.open(config("client"));
                Listener listener = listen(server);
                Connection one = client.connect(listener.localAddress(), EndpointPair.PATIENCE);
                Connection atServer = listener.accept(EndpointPair.PATIENCE);
                Connection other = client.connect(listener.localAddress(), EndpointPair.PATIENCE)) {
            assertNotNull(atServer);
            final MemorySegment memory = arena.allocate(4096);
            atServer.expose("mine", memory, Grant.of(Right.WRITE));
            final RemoteRegion region = one.lookup("mine").get(20, TimeUnit.SECONDS);
            final MemorySegment bytes = arena.allocate(8).fill((byte) 1);
            one.write(bytes, region, 0).get(20, TimeUnit.SECONDS);
            assertEquals(OperationStatus.REMOTE_ACCESS_ERROR, statusOf(other, bytes, region), "its key elsewhere");
            assertTrue(other.lookup("mine").handle((found, e) -> e != null).get(20, TimeUnit.SECONDS), "its name");
        }
    }

    private static OperationStatus statusOf(Connection connection, MemorySegment bytes, RemoteRegion region)
            throws Exception {
        final CompletableFuture<OperationStatus> end = new CompletableFuture<>();
        connection.post(new Operation()
                .write(bytes, 0, bytes.byteSize(), region, 0)
                .onComplete(ended -> end.complete(ended.status())));
        return end.get(20, TimeUnit.SECONDS);
    }

    @Test
    void memoryIsTheOwnersAgainWhenRevokeReturnsHoweverMuchIsUnderWay() throws Exception {
        try (Arena arena = Arena.ofShared();
                Longhaul server = Longhaul.open(config("server"));
                Longhaul client = Longhaul.open(config("client"));
                Listener listener = listen(server);
                Connection connection = client.connect(listener.localAddress(), EndpointPair.PATIENCE)) {
            final MemorySegment source = EndpointPair.randomBytes(arena, BYTES, 5);
            for (int round = 0; round < 20; round++) {
                final MemorySegment memory = arena.allocate(BYTES, 8);
                final ExposedRegion exposed = server.expose("r", memory, new Grant(ALL, null));
                final RemoteRegion region = connection.lookup("r").get(20, TimeUnit.SECONDS);
                final CountDownLatch left = new CountDownLatch(64);
                final CountDownLatch begun = new CountDownLatch(1 + round);
                for (int i = 0; i < 64; i++) {
                    final Operation operation = new Operation().write(source, 0, BYTES, region, 0);
                    operation.onComplete(ended -> {
                        begun.countDown();
                        left.countDown();
                    });
                    assertTrue(connection.post(operation));
                }
                assertTrue(begun.await(20, TimeUnit.SECONDS), "nothing goes on");
                exposed.revoke();
                memory.fill((byte) 9);
                assertTrue(left.await(20, TimeUnit.SECONDS), "operations that do not end");
                for (long i = 0; i < BYTES; i += 8) {
                    assertEquals(0x0909_0909_0909_0909L, memory.get(ValueLayout.JAVA_LONG, i), "round " + round);
                }
            }
        }
    }
}
