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
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Connection;
import io.longhaul.ConnectionStatistics;
import io.longhaul.ExposedRegion;
import io.longhaul.Grant;
import io.longhaul.LonghaulConfig;
import io.longhaul.Message;
import io.longhaul.Operation;
import io.longhaul.OperationException;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every kind of operation between two endpoints over the loopback.
@Timeout(60)
class OperationsTest {
    private static final Duration PATIENCE = EndpointPair.PATIENCE;

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    private static OperationStatus failure(CompletableFuture<?> future) {
        final CompletionException failed = assertThrows(
                CompletionException.class,
                () -> future.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join());
        return ((OperationException) failed.getCause()).status();
    }

    @Test
    void bothEndsDescribeTheConnection() throws Exception {
        try (EndpointPair pair = new EndpointPair()) {
            assertTrue(pair.client.isOpen() && pair.server.isOpen());
            assertEquals(pair.listener.localAddress(), pair.client.remoteAddress());
            assertEquals("soft0", pair.client.deviceName());
            final ConnectionStatistics statistics = pair.client.statistics();
            assertEquals(2, statistics.lanes());
            assertTrue(statistics.smoothedRttNanos() > 0);
            assertEquals("bbr", statistics.congestionController());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 1000, 100_000, 5_000_000})
    void writesReachTheRegion(long bytes) throws Exception {
        try (EndpointPair pair = new EndpointPair();
                Arena arena = Arena.ofShared()) {
            final MemorySegment target = arena.allocate(bytes + 16);
            final MemorySegment source = EndpointPair.randomBytes(arena, bytes, bytes);
            pair.serverEndpoint.expose("inbox", target, Grant.of(Right.WRITE));
            final RemoteRegion inbox = get(pair.client.lookup("inbox"));
            assertEquals(bytes + 16, inbox.length());
            get(pair.client.write(source, inbox, 8));
            assertEquals(-1, source.mismatch(target.asSlice(8, bytes)));
            assertEquals(0, target.get(ValueLayout.JAVA_LONG_UNALIGNED, bytes + 8));
            pair.close();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 1000, 5_000_000})
    void readsFetchTheRegion(long bytes) throws Exception {
        try (EndpointPair pair = new EndpointPair();
                Arena arena = Arena.ofShared()) {
            final MemorySegment source = EndpointPair.randomBytes(arena, bytes, bytes);
            final MemorySegment target = arena.allocate(bytes);
            pair.server.expose("data", source, Grant.of(Right.READ));
            get(pair.client.read(get(pair.client.lookup("data")), 0, target));
            assertEquals(-1, source.mismatch(target));
            pair.close();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 1000, 3_000_000})
    void messagesArriveWhole(long bytes) throws Exception {
        try (EndpointPair pair = new EndpointPair();
                Arena arena = Arena.ofShared()) {
            final MemorySegment source = EndpointPair.randomBytes(arena, bytes, bytes);
            final CompletableFuture<Void> sent = pair.client.send(source);
            try (Message message = pair.server.receive(PATIENCE)) {
                assertNotNull(message);
                assertEquals(bytes, message.length());
                assertEquals(-1, source.mismatch(message.segment()));
            }
            get(sent);
            pair.close();
        }
    }

    @Test
    void messagesKeepTheirOrderInBothDirections() throws Exception {
        try (EndpointPair pair = new EndpointPair();
                Arena arena = Arena.ofShared()) {
            final int count = 5000;
            for (final Connection sender : List.of(pair.client, pair.server)) {
                final Connection receiver = sender == pair.client ? pair.server : pair.client;
                final MemorySegment numbers = arena.allocate(8L * count);
                for (int i = 0; i < count; i++) {
                    numbers.setAtIndex(ValueLayout.JAVA_LONG, i, i);
                    sender.send(numbers.asSlice(8L * i, 8));
                }
                for (int i = 0; i < count; i++) {
                    try (Message message = receiver.receive(PATIENCE)) {
                        assertNotNull(message, "message " + i);
                        assertEquals(i, message.segment().get(ValueLayout.JAVA_LONG_UNALIGNED, 0));
                    }
                }
            }
            pair.close();
        }
    }

    @Test
    void writesWithImmediateTellThePeerAfterTheBytes() throws Exception {
        try (EndpointPair pair = new EndpointPair();
                Arena arena = Arena.ofShared()) {
            final MemorySegment target = arena.allocate(1 << 20);
            final MemorySegment source = EndpointPair.randomBytes(arena, 1 << 20, 5);
            pair.server.expose("inbox", target, Grant.of(Right.WRITE));
            final RemoteRegion inbox = get(pair.client.lookup("inbox"));
            final CompletableFuture<Void> done = pair.client.writeWithImmediate(source, inbox, 0, 0xdeadbeef);
            assertEquals(0xdeadbeefL, pair.server.receiveImmediate(PATIENCE));
            assertEquals(-1, source.mismatch(target));
            get(done);
            assertEquals(-1, pair.server.receiveImmediate(Duration.ZERO));
            pair.close();
        }
    }

    @Test
    @Tag("fault-67")
    void atomicsHappenOnce() throws Exception {
        try (EndpointPair pair = new EndpointPair();
                Arena arena = Arena.ofShared()) {
            final MemorySegment counter = arena.allocate(16, 8);
            pair.server.expose("counter", counter, Grant.of(Right.ATOMIC));
            final RemoteRegion remote = get(pair.client.lookup("counter"));
            final List<CompletableFuture<Long>> added = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                added.add(pair.client.fetchAndAdd(remote, 8, 1));
            }
            for (int i = 0; i < added.size(); i++) {
                assertEquals(i, get(added.get(i)));
            }
            assertEquals(1000L, get(pair.client.compareAndSwap(remote, 8, 1000, 7)));
            assertEquals(7L, get(pair.client.compareAndSwap(remote, 8, 1000, 9)));
            assertEquals(7, counter.get(ValueLayout.JAVA_LONG, 8));
            pair.close();
        }
    }

    @Test
    @Tag("fault-34")
    void whatIsNotGrantedIsRefused() throws Exception {
        try (EndpointPair pair = new EndpointPair();
                Arena arena = Arena.ofShared()) {
            final MemorySegment memory = arena.allocate(64, 8);
            pair.server.expose("readable", memory, Grant.of(Right.READ));
            final RemoteRegion region = get(pair.client.lookup("readable"));
            assertEquals(OperationStatus.REMOTE_ACCESS_ERROR, failure(pair.client.write(memory, region, 0)));
            assertEquals(OperationStatus.REMOTE_RANGE_ERROR, failure(pair.client.read(region, 60, memory)));
            assertEquals(OperationStatus.NOT_FOUND, failure(pair.client.lookup("nothing")));
            assertTrue(pair.client.isOpen());
            pair.close();
        }
    }

    @Test
    @Tag("fault-34")
    void aRevokedRegionRefuses() throws Exception {
        try (EndpointPair pair = new EndpointPair();
                Arena arena = Arena.ofShared()) {
            final MemorySegment memory = arena.allocate(1 << 16);
            final ExposedRegion exposed =
                    pair.serverEndpoint.expose("shared", memory, Grant.of(Right.WRITE, Right.READ));
            final RemoteRegion region = get(pair.client.lookup("shared"));
            get(pair.client.write(memory, region, 0));
            exposed.revoke();
            exposed.revoke();
            assertEquals(OperationStatus.REMOTE_ACCESS_ERROR, failure(pair.client.write(memory, region, 0)));
            assertEquals(OperationStatus.NOT_FOUND, failure(pair.client.lookup("shared")));
            pair.serverEndpoint.expose("shared", memory, Grant.of(Right.READ)).close();
            pair.close();
        }
    }

    @Test
    void revokeDuringReadsLeavesNoReader() throws Exception {
        try (EndpointPair pair = new EndpointPair()) {
            final MemorySegment target = Arena.ofAuto().allocate(8 << 20);
            final Arena arena = Arena.ofShared();
            final ExposedRegion exposed = pair.server.expose("big", arena.allocate(8 << 20), Grant.of(Right.READ));
            final RemoteRegion region = get(pair.client.lookup("big"));
            final List<CompletableFuture<Void>> reads = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                reads.add(pair.client.read(region, 0, target));
            }
            exposed.revoke();
            arena.close();
            for (final CompletableFuture<Void> read : reads) {
                try {
                    get(read);
                } catch (java.util.concurrent.ExecutionException e) {
                    assertEquals(OperationStatus.REMOTE_ACCESS_ERROR, ((OperationException) e.getCause()).status());
                }
            }
            assertTrue(pair.server.isOpen() && pair.client.isOpen());
        }
    }

    @Test
    void postedOperationsAreReusedWithoutEnd() throws Exception {
        try (EndpointPair pair = new EndpointPair();
                Arena arena = Arena.ofShared()) {
            final MemorySegment memory = arena.allocate(4096);
            pair.server.expose("inbox", memory, Grant.of(Right.WRITE));
            final RemoteRegion inbox = get(pair.client.lookup("inbox"));
            final AtomicInteger left = new AtomicInteger(2000);
            final AtomicInteger ended = new AtomicInteger();
            final MemorySegment source = arena.allocate(4096);
            final Operation.CompletionListener again = done -> {
                assertEquals(OperationStatus.SUCCESS, done.status());
                ended.incrementAndGet();
                if (left.decrementAndGet() >= 0) {
                    done.write(source, 0, 4096, inbox, 0);
                    assertTrue(pair.client.post(done));
                }
            };
            for (int i = 0; i < 16; i++) {
                left.decrementAndGet();
                assertTrue(pair.client.post(
                        new Operation().write(source, 0, 4096, inbox, 0).onComplete(again)));
            }
            EndpointPair.await(() -> ended.get() == 2000, "2000 completions");
            pair.close();
        }
    }

    @Test
    void postingBeyondTheLimitIsDeclinedAndFuturesWait() throws Exception {
        final LonghaulConfig config = EndpointPair.small().maxOperations(4).build();
        try (EndpointPair pair = new EndpointPair(config);
                Arena arena = Arena.ofShared()) {
            final MemorySegment source = arena.allocate(64);
            final List<CompletableFuture<Void>> sends = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                sends.add(pair.client.send(source));
            }
            final Operation declined = new Operation().send(source, 0, 64);
            if (!pair.client.post(declined)) {
                assertFalse(declined.isDone());
            }
            for (final CompletableFuture<Void> send : sends) {
                get(send);
            }
            pair.close();
        }
    }

    @Test
    void aCallbackThatThrowsHarmsNobody() throws Exception {
        try (EndpointPair pair = new EndpointPair();
                Arena arena = Arena.ofShared()) {
            pair.server.listener(new Connection.Listener() {
                @Override
                public boolean onMessage(Message message) {
                    message.close();
                    throw new IllegalStateException("thrown by the test");
                }
            });
            final MemorySegment source = arena.allocate(10);
            final Operation throwing = new Operation().send(source, 0, 10).onComplete(done -> {
                throw new IllegalStateException("thrown by the test");
            });
            assertTrue(pair.client.post(throwing));
            get(pair.client.send(source));
            EndpointPair.await(throwing::isDone, "the first operation");
            get(pair.client.send(source));
            pair.close();
        }
    }

    @Test
    void aListenerGetsWhatWasQueuedBefore() throws Exception {
        try (EndpointPair pair = new EndpointPair();
                Arena arena = Arena.ofShared()) {
            get(pair.client.send(arena.allocate(3)));
            final List<Long> lengths = new java.util.concurrent.CopyOnWriteArrayList<>();
            pair.server.listener(new Connection.Listener() {
                @Override
                public boolean onMessage(Message message) {
                    lengths.add(message.length());
                    message.close();
                    return true;
                }
            });
            get(pair.client.send(arena.allocate(4)));
            EndpointPair.await(() -> lengths.equals(List.of(3L, 4L)), "both messages, in order: " + lengths);
            assertNull(pair.server.receive(Duration.ZERO));
            pair.close();
        }
    }
}
