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

import io.longhaul.ConnectionException.Reason;
import io.longhaul.ConnectionStatistics;
import io.longhaul.Operation;
import io.longhaul.OperationException;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.core.ConnectionEngine;
import io.longhaul.core.EngineEvent;
import io.longhaul.core.EngineStream;
import io.longhaul.core.wire.PacketFlyweight;
import io.longhaul.qlog.QlogFile;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.Long2ObjectHashMap;
import org.agrona.collections.ObjectHashSet;
import org.jspecify.annotations.Nullable;

/// The agent's side of a connection: its engine, its far lanes, and what is outstanding in it.
///
/// Threading: belongs to one agent, as which {@link #run} takes over what other threads put into the mailbox.
final class ConnectionDriver implements Runnable {
    private static final int ITEMS_PER_TURN = 1024;
    private static final long MIN_GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long MAX_GRACE_NANOS = TimeUnit.SECONDS.toNanos(2);

    /// For {@link EngineAgent}: whether it stands in the list of those to be served.
    boolean isReady;

    /// For {@link DeadlineHeap}: place, or -1.
    int heapIndex = -1;

    /// For {@link DeadlineHeap}: when the engine wants to be called.
    long deadlineNanos;

    private final EngineAgent agent;
    private final EndpointConnection connection;
    private final ConnectionEngine engine;
    private final RemoteLane[] remotes; // [lane]
    private final @Nullable DirectLanes direct;
    private final DirectLanes.Sink directSink = new OwnArrivals();
    private final ObjectHashSet<Operation> operations = new ObjectHashSet<>();
    private final Int2ObjectHashMap<EndpointStream> streams = new Int2ObjectHashMap<>();
    private final Long2ObjectHashMap<PendingLookup> lookups = new Long2ObjectHashMap<>();
    private long nextToken;
    private @Nullable String deferredClose; // why, while operations wait for room
    private boolean ended;
    private boolean removed;
    private @Nullable QlogFile trace;
    private OperationStatus endStatus = OperationStatus.CONNECTION_LOST;
    private @Nullable ConnectionStatistics finalStatistics;

    /// A lookup that waits for its answer.
    private record PendingLookup(String name, CompletableFuture<RemoteRegion> result) {}

    /// Creates it.
    ///
    /// @param direct queue pairs for direct placement, or null
    ConnectionDriver(
            EngineAgent agent,
            EndpointConnection connection,
            ConnectionEngine engine,
            RemoteLane[] remotes,
            @Nullable DirectLanes direct) {
        this.direct = direct;
        this.agent = agent;
        this.connection = connection;
        this.engine = engine;
        this.remotes = remotes;
    }

    long connectionId() {
        return connection.id();
    }

    ConnectionEngine engine() {
        return engine;
    }

    int laneCount() {
        return remotes.length;
    }

    RemoteLane remote(int lane) {
        return remotes[lane];
    }

    /// True when a datagram that names this connection came from its peer's queue pair for the lane, at the peer's
    /// address: anything else does not reach the engine, nor its ciphers.
    ///
    /// @param lane lane on which it arrived
    /// @param source number of the queue pair that sent it
    boolean hears(int lane, int source, MemorySegment segment, long grhOffset) {
        return lane < remotes.length && remotes[lane].isSource(source, segment, grhOffset);
    }

    @Nullable
    DirectLanes direct() {
        return direct;
    }

    /// Has the engine traced, until the connection is out of service.
    void trace(QlogFile value) {
        trace = value;
        engine.trace(value);
    }

    /// Where goes what arrives on the connection's own queue pairs.
    DirectLanes.Sink directSink() {
        return directSink;
    }

    private final class OwnArrivals implements DirectLanes.Sink {
        @Override
        public void onPlaced(int lane, int immediate, int bytes) {
            if (removed) {
                return;
            }
            try {
                engine.onPlaced(agent.nowNanos(), lane, immediate, bytes);
            } catch (Throwable e) {
                fail(e);
            }
        }

        @Override
        public void onPacket(int lane, MemorySegment segment, long offset, int length) {
            if (length < PacketFlyweight.MIN_BYTES) {
                agent.counters().malformedPackets++;
            } else if (removed || PacketFlyweight.connectionId(segment, offset) != connectionId()) {
                agent.counters().unknownPackets++;
            } else {
                agent.counters().receivedPackets++;
                take(lane, segment, offset, length);
            }
        }

        @Override
        public void onPacketTooLarge(int lane, int length) {
            if (!removed) {
                engine.onPacketTooLarge(agent.nowNanos(), lane, length);
                agent.markReady(ConnectionDriver.this);
            }
        }

        private void take(int lane, MemorySegment segment, long offset, int length) {
            try {
                engine.onPacket(agent.nowNanos(), lane, segment, offset, length, false);
            } catch (Throwable e) {
                fail(e);
            }
        }
    }

    /// True once it is out of service: its engine is not to be called any more.
    boolean isRemoved() {
        return removed;
    }

    /// True when the engine has nothing more to send or to tell.
    boolean isFinished() {
        return ended && !removed && engine.isClosed();
    }

    // ---- from the application ----

    /// Takes what is in the mailbox over.
    @Override
    public void run() {
        takeItems();
        agent.markReady(this);
    }

    /// Returns how many there were.
    private int takeItems() {
        final Mailbox mailbox = connection.mailbox();
        mailbox.beginTaking();
        if (!removed) {
            engine.onMessageReleased();
        }
        for (int count = 0; count < ITEMS_PER_TURN; count++) {
            final Object item = mailbox.poll();
            if (item == null) {
                return count;
            }
            take(item);
        }
        connection.schedule();
        return ITEMS_PER_TURN;
    }

    private void take(Object item) {
        if (item instanceof Operation operation) {
            post(operation);
        } else if (item instanceof EndpointStream stream) {
            touch(stream);
        }
    }

    private void post(Operation operation) {
        if (removed || ended) {
            finish(operation, endStatus, 0);
        } else if (engine.post(agent.nowNanos(), operation)) {
            operations.add(operation);
        } else {
            finish(operation, OperationStatus.FLUSHED, 0);
        }
    }

    /// Serves a stream that the application used.
    void touch(EndpointStream stream) {
        if (!removed) {
            engine.onStreamTouched(agent.nowNanos(), stream.engineStream());
        }
        if (!stream.isOpen()) {
            streams.remove(stream.id());
        }
    }

    /// Opens a stream; null when there are too many, or the connection has ended.
    @Nullable
    EndpointStream openStream() {
        final EngineStream stream = removed || ended ? null : engine.openStream();
        return stream == null ? null : adopt(stream);
    }

    private EndpointStream adopt(EngineStream engineStream) {
        final EndpointStream stream = new EndpointStream(connection, engineStream);
        streams.put(stream.id(), stream);
        agent.markReady(this);
        return stream;
    }

    /// Asks the peer for a region.
    void lookup(String name, CompletableFuture<RemoteRegion> result) {
        final long token = nextToken++;
        if (removed || ended) {
            result.completeExceptionally(connection.endException());
        } else if (engine.lookup(agent.nowNanos(), name.getBytes(StandardCharsets.UTF_8), token)) {
            lookups.put(token, new PendingLookup(name, result));
            agent.markReady(this);
        } else {
            result.completeExceptionally(new OperationException(
                    OperationStatus.REMOTE_RESOURCES_EXHAUSTED,
                    "lookup of \"" + name
                            + "\" not posted: too many operations are outstanding, or the connection closes"));
        }
    }

    ConnectionStatistics statistics() {
        final ConnectionStatistics last = finalStatistics;
        return last != null ? last : engine.statistics(agent.nowNanos());
    }

    /// Begins to close, after what was posted before.
    void close(boolean drain, String reason) {
        run();
        deferredClose = null;
        if (drain && !connection.isBacklogEmpty()) {
            deferredClose = reason;
        } else if (!removed && !ended) {
            engine.close(agent.nowNanos(), drain, reason);
            endStatus = OperationStatus.FLUSHED;
            agent.markReady(this);
            if (!drain) {
                // The application need not wait until the peer has heard of it; the engine does.
                dispatchEvents(Long.MAX_VALUE);
                end(Reason.LOCALLY_CLOSED, reason);
            }
        }
    }

    /// Says that the peer or the device is gone.
    void lose(Reason reason, String text) {
        if (!removed && !ended) {
            engine.onPeerLost(agent.nowNanos(), reason, text);
            agent.markReady(this);
        }
    }

    /// A region was revoked: reads of it that are being answered end.
    void onRegionsRevoked() {
        if (!removed) {
            engine.onRegionsRevoked();
            agent.markReady(this);
        }
    }

    /// Time that a close on the data path gets to arrive after the control connection ended.
    long controlGraceNanos() {
        return Math.min(MAX_GRACE_NANOS, MIN_GRACE_NANOS + 2 * statistics().smoothedRttNanos());
    }

    /// Has the engine do what is due.
    void runTimer(long nowNanos) {
        final long dueNanos = engine.nextTimeoutNanos();
        if (dueNanos != ConnectionEngine.NO_TIMEOUT && dueNanos - nowNanos <= 0) {
            engine.onTimeout(nowNanos);
        }
    }

    // ---- events of the engine ----

    /// Tells the application what the engine has to tell, and takes over what it answers.
    ///
    /// @param mostNanos time after which no more are told, looked at after every fourth
    /// @return the number of events
    int dispatchEvents(long mostNanos) {
        int count = 0;
        EngineEvent event = removed ? null : engine.pollEvent();
        final long beganNanos = agent.nowNanos();
        // What is posted meanwhile is taken here: nobody else has to tell this driver.
        final boolean takes = event != null && connection.mailbox().schedule();
        try {
            while (event != null) {
                dispatch(event);
                count++;
                final boolean over = (count & 3) == 0 && System.nanoTime() - beganNanos > mostNanos;
                event = removed || over ? null : engine.pollEvent();
            }
        } finally {
            if (takes && takeItems() > 0) {
                agent.markReady(this);
            }
        }
        final String reason = deferredClose;
        if (reason != null && connection.isBacklogEmpty()) {
            close(true, reason);
        }
        return count;
    }

    private void dispatch(EngineEvent event) {
        switch (event.type()) {
            case ESTABLISHED -> connection.onEstablished();
            case OPERATION_ENDED -> onOperationEnded(event);
            case MESSAGE -> {
                if (event.message() != null) {
                    connection.onMessage(event.message());
                }
            }
            case IMMEDIATE -> connection.onImmediate((int) event.value(), event.length());
            case STREAM_OPENED -> {
                if (event.stream() != null) {
                    connection.onStream(adopt(event.stream()));
                }
            }
            case STREAM_READY -> {
                final EndpointStream stream = event.stream() == null
                        ? null
                        : streams.get(event.stream().id());
                if (stream != null) {
                    stream.onReady();
                }
            }
            case LOOKUP_ENDED -> onLookupEnded(event);
            case CLOSED -> end(event.closeReason(), event.closeText());
        }
    }

    private void onOperationEnded(EngineEvent event) {
        final Operation operation = event.operation();
        if (operation != null && operations.remove(operation)) {
            finish(operation, event.status(), event.value());
        }
    }

    private void finish(Operation operation, OperationStatus status, long value) {
        connection.releaseSlot();
        try {
            operation.end(status, value);
        } catch (Throwable e) {
            connection.onCallbackFailure("a completion listener", e);
        }
    }

    private void onLookupEnded(EngineEvent event) {
        final PendingLookup lookup = lookups.remove(event.token());
        if (lookup == null) {
            return;
        }
        if (event.status() == OperationStatus.SUCCESS) {
            lookup.result.complete(
                    new RemoteRegion(lookup.name, event.value(), event.length(), rights(event.rights())));
        } else {
            lookup.result.completeExceptionally(new OperationException(
                    event.status(),
                    "lookup of \"" + lookup.name + "\" at " + Bootstrap.text(connection.remoteAddress())
                            + " ended with " + event.status()));
        }
    }

    private static Set<Right> rights(int bits) {
        final EnumSet<Right> rights = EnumSet.noneOf(Right.class);
        for (final Right right : Right.values()) {
            if ((bits & right.bit()) != 0) {
                rights.add(right);
            }
        }
        return rights;
    }

    // ---- the end ----

    private void end(@Nullable Reason reason, String text) {
        if (ended) {
            return;
        }
        ended = true;
        if (reason == null || reason == Reason.LOCALLY_CLOSED) {
            endStatus = OperationStatus.FLUSHED;
        }
        connection.onEnded(reason, text);
        sweep();
    }

    /// Ends what the engine has left, or could not end because it failed.
    private void sweep() {
        for (final Operation operation : operations.toArray(new Operation[0])) {
            operations.remove(operation);
            finish(operation, endStatus, 0);
        }
        for (final PendingLookup lookup : lookups.values().toArray(new PendingLookup[0])) {
            lookup.result.completeExceptionally(connection.endException());
        }
        lookups.clear();
        for (final EndpointStream stream : streams.values().toArray(new EndpointStream[0])) {
            stream.onReady();
        }
        connection.failBacklog();
    }

    /// Takes a connection whose engine threw out of service: a fault in Longhaul, which the others must not suffer
    /// from.
    void fail(Throwable cause) {
        if (!removed) {
            agent.log().log(
                    Level.ERROR,
                    "the connection to " + Bootstrap.text(connection.remoteAddress())
                            + " failed inside; please report this",
                    cause);
            end(Reason.LOCALLY_CLOSED, "internal failure: " + cause);
            agent.remove(this);
        }
    }

    /// Is called by the agent when it has taken the connection out of service.
    void onRemoved() {
        if (removed) {
            return;
        }
        end(Reason.LOCALLY_CLOSED, "the connection was taken out of service");
        removed = true;
        try {
            finalStatistics = engine.statistics(agent.nowNanos());
            engine.free();
        } catch (RuntimeException | AssertionError e) {
            agent.log().log(Level.WARNING, "a failed connection did not free everything", e);
        }
        if (trace != null) {
            trace.end();
        }
        run();
        connection.onRemoved(agent.isStopping());
    }
}
