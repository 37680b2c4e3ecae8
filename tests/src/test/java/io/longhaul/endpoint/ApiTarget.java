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

import io.longhaul.ByteStream;
import io.longhaul.ConfigurationException;
import io.longhaul.Connection;
import io.longhaul.ConnectionException;
import io.longhaul.Grant;
import io.longhaul.Message;
import io.longhaul.Operation;
import io.longhaul.OperationException;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.fuzz.Fuzzer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.NullUnmarked;

/// Bytes as a sequence of calls of the public API, with arguments that are right, out of range, closed, revoked, null,
/// negative or huge. After each sequence: every call ended as documented, every accepted operation ended once, memory
/// that nobody may write is as it was, what was closed is gone, and no agent met an error.
///
/// Real endpoints over loopback; a connection that an input has not closed serves the next one.
@NullUnmarked // null is one of the arguments
final class ApiTarget implements Fuzzer.Target, AutoCloseable {
    private static final int MOST_CALLS = 48;
    private static final int CLOSING_EVERY = 64;

    /// What calls may throw: they are documented, with the exception of what null and the JDK's own types bring.
    private static final List<Class<? extends Exception>> DOCUMENTED = List.of(
            ConnectionException.class,
            ConfigurationException.class,
            OperationException.class,
            IllegalArgumentException.class, // arguments out of range
            IllegalStateException.class, // an operation that is posted, a message or arena that was closed
            IndexOutOfBoundsException.class, // a range outside of its segment
            ReadOnlyBufferException.class, // a stream read into a read-only buffer
            IOException.class); // streams

    /// A posting of a prepared operation.
    private record Posted(Operation operation, AtomicInteger accepted, AtomicInteger ends) {}

    private final ApiWorld world = new ApiWorld();
    private final ApiArguments arguments = new ApiArguments(world.arena);
    private final List<ApiWorld.Exposed> regions = new ArrayList<>();
    private final List<CompletableFuture<?>> futures = new ArrayList<>();
    private final List<Posted> operations = new ArrayList<>();
    private final List<Message> messages = new ArrayList<>();
    private final List<ByteStream> streams = new ArrayList<>();
    private final List<Arena> arenas = new ArrayList<>();
    private final AtomicInteger failures = new AtomicInteger(); // of the target's own callbacks
    private final Watchdog watchdog = new Watchdog();
    private ApiWorld.End end = world.client;
    private int outcome;
    private long inputs;

    /// Interrupts the thread of the target when an input takes for ever, and says where.
    private static final class Watchdog {
        private static final long LIMIT_NANOS = 30_000_000_000L;

        private volatile long sinceNanos;
        private volatile boolean watching;
        private volatile boolean ended;
        private volatile Thread watched = Thread.currentThread();

        Watchdog() {
            Thread.ofPlatform().daemon().name("api-watchdog").start(this::watch);
        }

        private void watch() {
            while (!ended) {
                LockSupport.parkNanos(LIMIT_NANOS / 30);
                if (watching && System.nanoTime() - sinceNanos > LIMIT_NANOS) {
                    System.out.println("an input hangs in " + List.of(watched.getStackTrace()));
                    watched.interrupt();
                    sinceNanos = System.nanoTime();
                }
            }
        }

        void begin() {
            watched = Thread.currentThread();
            sinceNanos = System.nanoTime();
            watching = true;
        }

        void end() {
            watching = false;
        }
    }

    /// Sequences to begin with.
    static List<byte[]> corpus() {
        return List.of(
                // expose slot 0, look it up, write, read, add
                bytes(1, 0, 0, 0, 0, 7, 0, 0, 0, 3, 0, 0, 4, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0),
                // message, receive, close it twice
                bytes(7, 0, 0, 2, 0, 25, 0, 3, 12, 1, 0, 13, 0, 0, 13, 0, 0),
                // stream with bytes, accepted, read, closed
                bytes(15, 0, 16, 0, 0, 3, 25, 0, 3, 19, 1, 0, 17, 0, 1, 3, 18, 0, 0, 2, 18, 0, 1, 2),
                // expose, look up, write, revoke, write again
                bytes(1, 1, 2, 1, 0, 7, 0, 0, 0, 3, 0, 1, 4, 0, 0, 0, 0, 0, 2, 0, 0, 4, 0, 0, 0, 0, 0),
                // prepared operations, then an abort in the middle, and use after it
                bytes(10, 0, 0, 1, 0, 0, 0, 1, 10, 0, 1, 1, 0, 0, 0, 0, 20, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0),
                // memory that is freed while it is sent
                bytes(22, 0, 0, 0, 7, 0, 9, 0, 0, 22, 0, 1, 0, 7, 0, 9, 0, 0),
                // endpoints closed, and used afterwards
                bytes(24, 0, 3, 3, 26, 0, 77, 88, 7, 0, 0, 0, 0));
    }

    private static byte[] bytes(int... values) {
        final byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    long connections() {
        return world.connections();
    }

    @Override
    public int accept(byte[] bytes) throws Exception {
        watchdog.begin();
        world.repair();
        arguments.begin(bytes);
        outcome = 0;
        for (int calls = 0; calls < MOST_CALLS && arguments.hasMore(); calls++) {
            final int which = arguments.next(28);
            end = arguments.next(2) == 0 ? world.client : world.server;
            attempt(which);
        }
        settle();
        watchdog.end();
        return outcome;
    }

    private void attempt(int which) throws Exception {
        final long start = System.nanoTime();
        int came = 0;
        try {
            call(which);
        } catch (NullPointerException e) {
            if (!arguments.hadNull()) {
                throw e; // for no argument of this call
            }
            came = 99;
        } catch (Exception e) {
            if (e instanceof InterruptedException || DOCUMENTED.stream().noneMatch(each -> each.isInstance(e))) {
                throw e;
            }
            came = e instanceof ConnectionException ended
                    ? 10 + ended.reason().ordinal()
                    : e.getClass().hashCode() % 97;
        }
        arguments.beginCall();
        if (System.nanoTime() - start > ApiWorld.LIMIT_NANOS) {
            throw new AssertionError("call " + which + " took " + (System.nanoTime() - start) / 1_000_000 + " ms");
        }
        outcome = 31 * outcome + 100 * which + came;
    }

    private void call(int which) throws Exception {
        if (which < 4) {
            callRegion(which);
        } else if (which < 12) {
            callOperation(which);
        } else if (which < 20) {
            callArrival(which);
        } else {
            callEnd(which);
        }
    }

    private static <T> T pick(List<T> all, int index) {
        return all.isEmpty() ? null : all.get(index % all.size());
    }

    // ---- regions ----

    private void callRegion(int which) {
        switch (which) {
            case 0, 1 -> expose(which == 0);
            case 2 -> {
                final ApiWorld.Exposed exposed = pick(regions, arguments.next(8));
                if (exposed != null) {
                    revoke(exposed);
                    exposed.region().revoke(); // idempotent
                    regions.remove(exposed);
                }
            }
            default -> {
                final CompletableFuture<RemoteRegion> found = end.connection().lookup(arguments.name());
                futures.add(found);
                awaitQuietly(found);
                if (found.isDone() && !found.isCompletedExceptionally()) {
                    arguments.remotes.addFirst(found.join());
                }
            }
        }
    }

    private void expose(boolean shared) {
        final int slot = arguments.next(ApiWorld.SLOTS);
        final String name = arguments.name();
        final int kind = arguments.next(8);
        final MemorySegment memory = kind < 6 ? end.slot(slot) : arguments.segment();
        final Grant grant = arguments.grant();
        final var region = shared
                ? end.endpoint().expose(name, memory, grant)
                : end.connection().expose(name, memory, grant);
        final boolean writable = kind < 6
                && (grant.rights().contains(Right.WRITE) || grant.rights().contains(Right.ATOMIC));
        if (writable) {
            end.onExposed(slot);
        }
        regions.add(new ApiWorld.Exposed(end, region, writable ? slot : -1));
    }

    private static void revoke(ApiWorld.Exposed exposed) {
        exposed.region().revoke();
        if (exposed.slot() >= 0) {
            exposed.end().onRevoked(exposed.slot());
        }
    }

    private static void awaitQuietly(CompletableFuture<?> future) {
        final long start = System.nanoTime();
        while (!future.isDone() && System.nanoTime() - start < 200_000_000L) {
            LockSupport.parkNanos(ApiWorld.PARK_NANOS);
        }
    }

    // ---- operations ----

    private void callOperation(int which) {
        final Connection connection = end.connection();
        switch (which) {
            case 4 -> futures.add(connection.write(arguments.segment(), arguments.remote(), arguments.number()));
            case 5 ->
                futures.add(connection.writeWithImmediate(
                        arguments.segment(), arguments.remote(), arguments.number(), arguments.next(256)));
            case 6 -> futures.add(connection.read(arguments.remote(), arguments.number(), arguments.segment()));
            case 7 -> futures.add(connection.send(arguments.segment()));
            case 8 -> futures.add(connection.fetchAndAdd(arguments.remote(), arguments.number(), arguments.number()));
            case 9 ->
                futures.add(connection.compareAndSwap(
                        arguments.remote(), arguments.number(), arguments.number(), arguments.number()));
            case 10 -> postPrepared(connection);
            default -> {
                final Posted again = pick(operations, arguments.next(8));
                if (again == null) {
                    connection.post(arguments.given(null));
                } else if (arguments.next(2) == 0) {
                    again.operation().context(1).fence(arguments.next(2) == 0);
                } else {
                    post(connection, again);
                }
            }
        }
    }

    private void postPrepared(Connection connection) {
        final Operation operation = new Operation();
        final int kind = arguments.next(8);
        switch (kind) {
            case 0 -> operation.send(arguments.segment(), arguments.number(), arguments.number());
            case 1 ->
                operation.write(
                        arguments.segment(),
                        arguments.number(),
                        arguments.number(),
                        arguments.remote(),
                        arguments.number());
            case 2 ->
                operation
                        .write(
                                arguments.segment(),
                                arguments.number(),
                                arguments.number(),
                                arguments.remote(),
                                arguments.number())
                        .withImmediate(arguments.next(256));
            case 3 ->
                operation.read(
                        arguments.remote(),
                        arguments.number(),
                        arguments.segment(),
                        arguments.number(),
                        arguments.number());
            case 4 -> operation.fetchAndAdd(arguments.remote(), arguments.number(), arguments.number());
            case 5 ->
                operation.compareAndSwap(
                        arguments.remote(), arguments.number(), arguments.number(), arguments.number());
            case 6 -> operation.withImmediate(1);
            default -> operation.send(arguments.huge, 0, 100);
        }
        final int more = arguments.next(8);
        if (more == 6) {
            operation.timeout(arguments.time());
        } else if (more == 7) {
            operation.fence(true);
        }
        final Posted posted = new Posted(operation, new AtomicInteger(), new AtomicInteger());
        operation.onComplete(listener(connection, posted, arguments.next(8)));
        operations.add(posted);
        post(connection, posted);
    }

    private static void post(Connection connection, Posted posted) {
        // Before it: it may end, and be posted again, before post() returns.
        posted.accepted().incrementAndGet();
        boolean accepted = false;
        try {
            accepted = connection.post(posted.operation());
        } finally {
            if (!accepted) {
                posted.accepted().decrementAndGet();
            }
        }
    }

    /// A listener that counts, and then does what one may do, or must not.
    private Operation.CompletionListener listener(Connection connection, Posted posted, int which) {
        return operation -> {
            // An input that finds the operation done may post it once more before its listener runs.
            final boolean postedAgain = posted.accepted().get() > posted.ends().get() + 1;
            if (operation.status() == OperationStatus.PENDING && !postedAgain) {
                failures.incrementAndGet();
            }
            final int ends = posted.ends().incrementAndGet();
            switch (which) {
                case 3 -> throw new IllegalStateException("a listener that throws");
                case 4 -> {
                    if (ends < 3) {
                        post(connection, posted);
                    }
                }
                case 5 -> connection.close(Duration.ofMillis(1));
                case 6 -> futures(connection);
                case 7 -> connection.statistics();
                default -> {}
            }
        };
    }

    private static void futures(Connection connection) {
        connection.lookup("a");
        connection.openStream().timeout(Duration.ofMillis(1));
    }

    // ---- what arrives ----

    private void callArrival(int which) throws Exception {
        final Connection connection = end.connection();
        switch (which) {
            case 12 -> add(messages, connection.receive(arguments.shortTime()));
            case 13 -> {
                final Message message = pick(messages, arguments.next(4));
                if (message != null) {
                    message.close();
                    message.close();
                    message.segment(); // refused
                }
            }
            case 14 -> connection.receiveImmediate(arguments.shortTime());
            case 15 -> streams.add(connection.openStream());
            case 16, 17, 18 -> {
                final ByteStream stream = pick(streams, arguments.next(4));
                if (stream != null) {
                    use(stream, which);
                }
            }
            default -> add(streams, connection.acceptStream(arguments.shortTime()));
        }
    }

    private static <T> void add(List<T> all, T value) {
        if (value != null) {
            all.add(value);
        }
    }

    private void use(ByteStream stream, int which) throws IOException {
        final int how = arguments.next(8);
        final ByteBuffer buffer = ByteBuffer.allocate(Math.clamp(arguments.number(), 0, 70_000));
        final ByteBuffer given = how == 7 ? arguments.given(null) : how == 6 ? buffer.asReadOnlyBuffer() : buffer;
        stream.timeout(Duration.ofMillis(2));
        switch (which) {
            case 16 -> {
                if (how < 4) {
                    stream.tryWrite(given);
                } else {
                    stream.write(given);
                }
            }
            case 17 -> {
                if (how < 4) {
                    stream.tryRead(given);
                } else {
                    stream.read(given);
                }
            }
            default -> {
                switch (how) {
                    case 0 -> stream.shutdownOutput();
                    case 1, 2 -> stream.close();
                    case 3 -> stream.timeout(arguments.time());
                    case 4 ->
                        stream.onReady(() -> {
                            throw new IllegalStateException("a callback that throws");
                        });
                    case 5 -> stream.onReady(arguments.given(null));
                    default -> stream.isReadable();
                }
            }
        }
    }

    // ---- ends, and other calls ----

    private void callEnd(int which) throws Exception {
        final Connection connection = end.connection();
        switch (which) {
            case 20 -> connection.close(arguments.shortTime());
            case 21 -> connection.listener(listener(arguments.next(4)));
            case 22 -> callArena();
            case 23 -> {
                connection.statistics();
                outcome += connection.isOpen() ? 1 : 0;
                connection.peerNames();
                connection.remoteAddress();
                connection.deviceName();
            }
            case 24 -> world.connectExtra(end, arguments.address(world.listener()), arguments.connectTime());
            case 25 -> LockSupport.parkNanos(20_000L << arguments.next(5));
            case 26 -> {
                // Costs much: by two bytes only.
                if (arguments.next(256) == 77 && arguments.next(256) == 88) {
                    world.closeEndpoints(); // later calls use them
                }
            }
            default -> add(world.extra, world.listener().accept(arguments.shortTime()));
        }
    }

    private Connection.Listener listener(int which) {
        return switch (which) {
            case 0 -> new Connection.Listener() {};
            case 1 ->
                new Connection.Listener() {
                    @Override
                    public boolean onMessage(Message message) {
                        message.close();
                        return true;
                    }
                };
            case 2 ->
                new Connection.Listener() {
                    @Override
                    public boolean onMessage(Message message) {
                        message.close();
                        throw new IllegalStateException("a listener that throws");
                    }

                    @Override
                    public boolean onStream(ByteStream stream) {
                        throw new AssertionError("a listener that throws");
                    }

                    @Override
                    public void onClosed(ConnectionException cause) {
                        throw new IllegalStateException("a listener that throws");
                    }
                };
            default -> arguments.given(null);
        };
    }

    private void callArena() {
        if (arguments.next(2) == 0 || arenas.isEmpty()) {
            final Arena arena = Arena.ofShared();
            arenas.add(arena);
            arguments.segments.add(arena.allocate(1L << arguments.next(17), 8));
        } else {
            arenas.getLast().close(); // its segment stays in use
        }
    }

    // ---- afterwards ----

    private void settle() throws Exception {
        for (final ByteStream stream : streams) {
            stream.close();
        }
        for (final ApiWorld.End each : List.of(world.client, world.server)) {
            if (each.connection != null) {
                each.connection.listener(new Connection.Listener() {});
            }
        }
        ApiWorld.await(this::allEnded, "an operation was accepted and has not ended");
        for (final ApiWorld.Exposed exposed : regions) {
            revoke(exposed);
        }
        messages.forEach(Message::close);
        drain();
        world.settle(++inputs % CLOSING_EVERY == 0);
        for (final Posted each : operations) {
            // A listener that posts again may be just about to be refused.
            ApiWorld.await(
                    () -> each.ends().get() == each.accepted().get(),
                    () -> each.operation().kind() + " was accepted " + each.accepted() + " times, and ended "
                            + each.ends() + " times");
        }
        if (failures.get() > 0) {
            throw new AssertionError("a listener was told of an operation that is pending");
        }
        for (final Arena arena : arenas) {
            ApiWorld.await(() -> isClosed(arena), "an arena is in use for ever");
        }
        for (final List<?> each : List.of(regions, futures, operations, messages, streams, arenas)) {
            each.clear();
        }
        arguments.forget();
    }

    private static boolean isClosed(Arena arena) {
        try {
            if (arena.scope().isAlive()) {
                arena.close();
            }
            return true;
        } catch (IllegalStateException e) {
            return false; // in use by a call of the device
        }
    }

    private boolean allEnded() {
        drain();
        for (final CompletableFuture<?> each : futures) {
            if (!each.isDone()) {
                return false;
            }
            checkCause(each);
        }
        return operations.stream()
                .allMatch(each -> each.ends().get() >= each.accepted().get());
    }

    private static void checkCause(CompletableFuture<?> future) {
        try {
            future.join();
        } catch (CompletionException e) {
            if (!(e.getCause() instanceof OperationException) && !(e.getCause() instanceof ConnectionException)) {
                throw new AssertionError("a future failed with " + e.getCause(), e);
            }
        }
    }

    /// Takes what has arrived, so that nothing waits for room.
    private void drain() {
        for (final ApiWorld.End each : List.of(world.client, world.server)) {
            final Connection connection = each.connection;
            if (connection == null) {
                continue;
            }
            try {
                for (Message m = connection.receive(Duration.ZERO); m != null; m = connection.receive(Duration.ZERO)) {
                    m.close();
                }
            } catch (ConnectionException | InterruptedException e) {
                continue; // it has ended: nothing waits
            }
            try {
                ByteStream stream = connection.acceptStream(Duration.ZERO);
                while (stream != null) {
                    stream.close();
                    stream = connection.acceptStream(Duration.ZERO);
                }
            } catch (ConnectionException | InterruptedException | IOException e) {
                outcome += 0; // it has ended: nothing waits
            }
        }
    }

    @Override
    public void close() throws Exception {
        watchdog.ended = true;
        world.close();
        arguments.close();
    }
}
