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
package io.longhaul.cli.transfer;

import io.longhaul.ByteStream;
import io.longhaul.Connection;
import io.longhaul.ConnectionException;
import io.longhaul.ConnectionStatistics;
import io.longhaul.ExposedRegion;
import io.longhaul.Grant;
import io.longhaul.Message;
import io.longhaul.Operation;
import io.longhaul.OperationException;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/// A connection within the process: two of them, joined by one agent thread. Writes are placed by copying.
final class JoinedConnection implements Connection {
    private final ExecutorService agent;
    private final Map<String, MemorySegment> regions = new ConcurrentHashMap<>();
    private @Nullable JoinedConnection peer;
    private volatile @Nullable Listener listener;
    volatile long corruptByteAt = -1;
    volatile int declineEvery;
    volatile long loseAfterBytes = Long.MAX_VALUE;
    volatile long writtenBytes;
    private volatile boolean open = true;
    private int posts;

    private JoinedConnection(ExecutorService agent) {
        this.agent = agent;
    }

    static JoinedConnection[] pair() {
        final ExecutorService agent = Executors.newSingleThreadExecutor(
                task -> Thread.ofPlatform().daemon().name("agent").unstarted(task));
        final JoinedConnection first = new JoinedConnection(agent);
        final JoinedConnection second = new JoinedConnection(agent);
        first.peer = second;
        second.peer = first;
        return new JoinedConnection[] {first, second};
    }

    private JoinedConnection other() {
        return java.util.Objects.requireNonNull(peer);
    }

    private Listener told() {
        return java.util.Objects.requireNonNull(listener);
    }

    @Override
    public void listener(Listener value) {
        listener = value;
    }

    @Override
    public boolean post(Operation operation) {
        posts++;
        if (declineEvery > 0 && posts % declineEvery == 0) {
            return false;
        }
        operation.begin();
        agent.execute(() -> place(operation));
        return true;
    }

    private void place(Operation operation) {
        if (!open) {
            operation.end(OperationStatus.CONNECTION_LOST, 0);
            return;
        }
        final RemoteRegion remote = java.util.Objects.requireNonNull(operation.remote());
        final MemorySegment target = other().regions.get(remote.name());
        if (target == null) {
            operation.end(OperationStatus.REMOTE_ACCESS_ERROR, 0);
            return;
        }
        MemorySegment.copy(
                operation.local(), operation.localOffset(), target, operation.remoteOffset(), operation.length());
        if (corruptByteAt >= writtenBytes && corruptByteAt < writtenBytes + operation.length()) {
            final long at = operation.remoteOffset() + corruptByteAt - writtenBytes;
            target.set(ValueLayout.JAVA_BYTE, at, (byte) ~target.get(ValueLayout.JAVA_BYTE, at));
        }
        writtenBytes += operation.length();
        if (writtenBytes >= loseAfterBytes) {
            lose();
            operation.end(OperationStatus.CONNECTION_LOST, 0);
            return;
        }
        other().told().onImmediate(operation.immediate(), operation.length());
        operation.end(OperationStatus.SUCCESS, 0);
    }

    private void lose() {
        open = false;
        other().open = false;
        final ConnectionException cause =
                new ConnectionException(ConnectionException.Reason.IDLE_TIMEOUT, "nothing was heard");
        told().onClosed(cause);
        other().told().onClosed(cause);
    }

    @Override
    public CompletableFuture<Void> send(MemorySegment message) {
        final MemorySegment copy = MemorySegment.ofArray(message.toArray(ValueLayout.JAVA_BYTE));
        agent.execute(() -> {
            if (open) {
                other().told().onMessage(new Copied(copy));
            }
        });
        return CompletableFuture.completedFuture(null);
    }

    private record Copied(MemorySegment segment) implements Message {
        @Override
        public void close() {}
    }

    @Override
    public ExposedRegion expose(String name, MemorySegment segment, Grant grant) {
        regions.put(name, segment);
        return new ExposedRegion() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public long length() {
                return segment.byteSize();
            }

            @Override
            public void revoke() {
                CompletableFuture.runAsync(() -> regions.remove(name), agent).join();
            }
        };
    }

    @Override
    public CompletableFuture<RemoteRegion> lookup(String name) {
        final MemorySegment segment = other().regions.get(name);
        return segment == null
                ? CompletableFuture.failedFuture(new OperationException(OperationStatus.NOT_FOUND, "no " + name))
                : CompletableFuture.completedFuture(
                        new RemoteRegion(name, 1, segment.byteSize(), java.util.Set.of(io.longhaul.Right.WRITE)));
    }

    @Override
    public ConnectionStatistics statistics() {
        return new ConnectionStatistics(
                1_000_000,
                1_000_000,
                0,
                0,
                0,
                0,
                0,
                0,
                7,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                java.util.Map.of(),
                java.util.Map.of(),
                0,
                0,
                0,
                1412,
                1500,
                1,
                "bbr",
                "",
                false,
                0,
                0,
                0);
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void close(Duration timeout) {
        open = false;
    }

    @Override
    public long id() {
        return 1;
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return InetSocketAddress.createUnresolved("peer", 1);
    }

    @Override
    public String deviceName() {
        return "joined";
    }

    @Override
    public CompletableFuture<Void> write(MemorySegment source, RemoteRegion target, long targetOffset) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<Void> writeWithImmediate(
            MemorySegment source, RemoteRegion target, long targetOffset, int immediate) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<Void> read(RemoteRegion source, long sourceOffset, MemorySegment target) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<Long> fetchAndAdd(RemoteRegion target, long targetOffset, long delta) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<Long> compareAndSwap(RemoteRegion target, long targetOffset, long expected, long desired) {
        throw new UnsupportedOperationException();
    }

    @Override
    public @Nullable Message receive(Duration timeout) {
        return null;
    }

    @Override
    public long receiveImmediate(Duration timeout) {
        return -1;
    }

    @Override
    public ByteStream openStream() {
        throw new UnsupportedOperationException();
    }

    @Override
    public @Nullable ByteStream acceptStream(Duration timeout) {
        return null;
    }
}
