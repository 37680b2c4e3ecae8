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

import io.longhaul.Connection;
import io.longhaul.ExposedRegion;
import io.longhaul.Listener;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Two endpoints on loopback with one connection, and for each side memory of which slots are exposed: what calls of
/// the public API are tried on, and what must hold afterwards.
final class ApiWorld implements AutoCloseable {
    static final int SLOTS = 4;
    static final int SLOT_BYTES = 4096;

    /// Longest message that either side takes: more than fits is refused.
    static final int MAX_MESSAGE_BYTES = 64 << 10;

    /// Longest that anything may take that is not told to wait for longer.
    static final long LIMIT_NANOS = 5_000_000_000L;

    static final long PARK_NANOS = 20_000;

    private static final int MOST_EXTRA = 3;

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final LonghaulConfig CONFIG = LonghaulConfig.builder()
            .insecure(true)
            .lanes(1)
            .receiveQueuePackets(64)
            .maxMemoryBytes(1 << 20)
            .creditBytes(256 << 10)
            .maxMessageBytes(MAX_MESSAGE_BYTES)
            .maxOperations(32)
            .maxStreams(4)
            .operationTimeout(Duration.ofSeconds(2))
            .build();

    /// One side: its endpoint, its end of the connection, its memory.
    static final class End {
        final MemorySegment memory;
        final int[] exposures = new int[SLOTS]; // [slot], regions that may be written
        private final MemorySegment frozen;

        @Nullable
        Endpoint endpoint;

        @Nullable
        Connection connection;

        // Slots lie between guards of their own size.
        End(Arena arena) {
            memory = arena.allocate((2L * SLOTS + 1) * SLOT_BYTES, 8);
            for (long i = 0; i < memory.byteSize(); i += Long.BYTES) {
                memory.set(ValueLayout.JAVA_LONG, i, i * 0x9E37_79B9_7F4A_7C15L);
            }
            frozen = arena.allocate(memory.byteSize(), 8).copyFrom(memory);
        }

        MemorySegment slot(int slot) {
            return memory.asSlice((2L * slot + 1) * SLOT_BYTES, SLOT_BYTES);
        }

        /// A region with a slot as its memory was made, which peers may write.
        void onExposed(int slot) {
            exposures[slot]++;
        }

        /// A region was revoked: from now on nothing may change, unless another one has the same slot.
        void onRevoked(int slot) {
            if (--exposures[slot] == 0) {
                final long offset = (2L * slot + 1) * SLOT_BYTES;
                MemorySegment.copy(memory, offset, frozen, offset, SLOT_BYTES);
            }
        }

        void check() {
            for (int piece = 0; piece < 2 * SLOTS + 1; piece++) {
                final long offset = (long) piece * SLOT_BYTES;
                if (piece % 2 == 1 && exposures[piece / 2] > 0) {
                    continue;
                }
                final long at = memory.asSlice(offset, SLOT_BYTES).mismatch(frozen.asSlice(offset, SLOT_BYTES));
                if (at >= 0) {
                    throw new AssertionError("memory that nobody may write changed: piece " + piece + " at " + at);
                }
            }
        }

        Endpoint endpoint() {
            return Objects.requireNonNull(endpoint);
        }

        Connection connection() {
            return Objects.requireNonNull(connection);
        }
    }

    /// A region and the slot that it exposes for writing, or -1.
    record Exposed(End end, ExposedRegion region, int slot) {}

    /// Records of errors: what reaches an agent's error handler is told as such.
    private static final class Errors extends Handler {
        private final List<String> seen = new ArrayList<>();

        @Override
        public synchronized void publish(LogRecord line) {
            if (line.getLevel().intValue() >= Level.SEVERE.intValue()) {
                final Throwable thrown = line.getThrown();
                seen.add(line.getMessage()
                        + (thrown == null ? "" : ": " + thrown + Arrays.toString(thrown.getStackTrace())));
            }
        }

        synchronized void check() {
            if (!seen.isEmpty()) {
                final String text = String.join("; ", seen);
                seen.clear();
                throw new AssertionError("an agent failed: " + text);
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    final Arena arena = Arena.ofShared();
    final End client = new End(arena);
    final End server = new End(arena);
    final List<Connection> extra = new ArrayList<>();
    private final Logger logger = Logger.getLogger("io.longhaul");
    private final Errors errors = new Errors();
    private final boolean usedParents = logger.getUseParentHandlers();

    @Nullable
    Listener listener;

    private boolean endpointsClosed = true;
    private long connections;

    ApiWorld() {
        logger.addHandler(errors);
        logger.setUseParentHandlers(false); // callbacks that throw are told by the thousand
    }

    Listener listener() {
        return Objects.requireNonNull(listener);
    }

    /// Connections made so far.
    long connections() {
        return connections;
    }

    /// Makes what an earlier input has closed.
    void repair() throws InterruptedException {
        if (endpointsClosed) {
            endpointsClosed = false;
            client.endpoint = (Endpoint) Longhaul.open(CONFIG);
            server.endpoint = (Endpoint) Longhaul.open(CONFIG);
            listener = server.endpoint().listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        }
        if (client.connection == null || server.connection == null) {
            closeConnections();
            connections++;
            client.connection = client.endpoint().connect(listener().localAddress(), PATIENCE);
            server.connection = listener().accept(PATIENCE);
            if (server.connection == null) {
                throw new AssertionError("the connection was not accepted");
            }
        }
    }

    /// Connects once more, unless there are many.
    void connectExtra(End from, InetSocketAddress address, Duration timeout) {
        if (extra.size() < MOST_EXTRA) {
            extra.add(from.endpoint().connect(address, timeout));
        }
    }

    /// Closes what is beside the connection, and forgets what has ended.
    ///
    /// @param all also the connection itself
    void settle(boolean all) throws InterruptedException {
        for (final Connection each : extra) {
            close(each);
        }
        extra.clear();
        final Connection one = client.connection;
        final Connection other = server.connection;
        if (all || one != null && !one.isOpen() || other != null && !other.isOpen()) {
            closeConnections();
        }
        if (one != null && other != null && client.connection == null) {
            awaitForgotten(client, one);
            awaitForgotten(server, other);
        }
        client.check();
        server.check();
        errors.check();
    }

    private static void awaitForgotten(End end, Connection connection) throws InterruptedException {
        final Endpoint endpoint = end.endpoint;
        if (endpoint == null) {
            return;
        }
        for (final PortAgent port : endpoint.openPorts()) {
            await(
                    () -> !port.agent()
                            .commands()
                            .call(() -> port.agent().isRegistered(connection.id()))
                            .join(),
                    "a closed connection is still in the table");
        }
    }

    /// Waits, within the limit.
    static void await(BooleanSupplier condition, String otherwise) throws InterruptedException {
        await(condition, () -> otherwise);
    }

    /// Waits, within the limit.
    static void await(BooleanSupplier condition, Supplier<String> otherwise) throws InterruptedException {
        final long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > LIMIT_NANOS) {
                throw new AssertionError(otherwise.get());
            }
            LockSupport.parkNanos(PARK_NANOS);
        }
    }

    private void closeConnections() {
        final Connection one = client.connection;
        final Connection other = server.connection;
        client.connection = null;
        server.connection = null;
        close(one);
        close(other);
    }

    private static void close(@Nullable Connection connection) {
        if (connection == null) {
            return;
        }
        final long start = System.nanoTime();
        connection.close(Duration.ofMillis(200));
        if (System.nanoTime() - start > LIMIT_NANOS) {
            throw new AssertionError("close(200 ms) took " + (System.nanoTime() - start) / 1_000_000 + " ms");
        }
        if (connection.isOpen()) {
            throw new AssertionError("open after close");
        }
    }

    /// Closes both endpoints, as an input may.
    void closeEndpoints() {
        endpointsClosed = true;
        final Listener listening = listener;
        if (listening != null) {
            listening.close();
        }
        for (final End end : List.of(client, server)) {
            final Endpoint endpoint = end.endpoint;
            if (endpoint != null) {
                endpoint.close();
                endpoint.close();
            }
        }
    }

    @Override
    public void close() throws InterruptedException {
        try {
            settle(true);
            closeEndpoints();
            errors.check();
        } finally {
            logger.removeHandler(errors);
            logger.setUseParentHandlers(usedParents);
            arena.close();
        }
    }
}
