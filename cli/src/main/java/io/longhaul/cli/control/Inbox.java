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
package io.longhaul.cli.control;

import io.longhaul.Connection;
import io.longhaul.ConnectionException;
import io.longhaul.Message;
import io.longhaul.Operation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Queues what happens on a connection, in one order, for the one thread that follows a dialogue with the peer.
///
/// Messages stay leased until they are taken, so that a flood of them is held back by the transport's credit.
/// Everything else is limited to {@link #MAX_EVENTS}.
///
/// Threading: filled on the connection's agent, emptied by one thread.
public final class Inbox implements Connection.Listener {
    /// What happened.
    public sealed interface Event {}

    /// A control message came.
    ///
    /// @param message what the peer says; never a Refusal
    public record Arrived(ControlMessage message) implements Event {}

    /// A write with immediate was placed.
    ///
    /// @param immediate its number
    /// @param lengthBytes its length
    public record Placed(int immediate, long lengthBytes) implements Event {}

    /// An operation of this side ended.
    ///
    /// @param operation which; its status says how
    public record Completed(Operation operation) implements Event {}

    private record Leased(Message message) implements Event {}

    private record Ended(@Nullable ConnectionException cause) implements Event {}

    /// Most events that may wait: more than any window has slots.
    static final int MAX_EVENTS = 1 << 16;

    private final Connection connection;
    private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final Deque<Event> putBack = new ArrayDeque<>();
    private volatile @Nullable Predicate<Message> payloadListener;
    private volatile boolean flooded;
    private @Nullable Ended ended;

    /// Creates an inbox and makes it the connection's listener.
    public Inbox(Connection connection) {
        this.connection = connection;
        connection.listener(this);
    }

    /// The connection.
    public Connection connection() {
        return connection;
    }

    /// Sets who takes messages that are no control messages, on the agent's thread; null queues them, which is an
    /// error.
    public void payloadListener(@Nullable Predicate<Message> listener) {
        payloadListener = listener;
    }

    @Override
    public boolean onMessage(Message message) {
        final Predicate<Message> listener = payloadListener;
        if (listener != null && !ControlCodec.isControl(message.segment().asByteBuffer()) && listener.test(message)) {
            return true;
        }
        events.add(new Leased(message));
        return true;
    }

    @Override
    public boolean onImmediate(int immediate, long lengthBytes) {
        if (events.size() >= MAX_EVENTS) {
            flooded = true;
        } else {
            events.add(new Placed(immediate, lengthBytes));
        }
        return true;
    }

    @Override
    public void onClosed(@Nullable ConnectionException cause) {
        events.add(new Ended(cause));
    }

    /// Queues the end of an operation: meant as its completion listener.
    public void onCompleted(Operation operation) {
        events.add(new Completed(operation));
    }

    /// Sends a control message. Does not wait; that the peer is gone is seen by {@link #take}.
    public void send(ControlMessage message) {
        final CompletableFuture<Void> _ = deliver(message);
    }

    /// Sends a control message.
    ///
    /// @return complete when the peer's endpoint has it, see {@link Connection#send}
    public CompletableFuture<Void> deliver(ControlMessage message) {
        final byte[] bytes = ControlCodec.encode(message);
        final MemorySegment segment = Arena.ofAuto().allocate(bytes.length);
        MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return connection.send(segment);
    }

    /// Waits for the next event.
    ///
    /// @return null when nothing happened in time, or nothing of interest
    /// @throws RefusalException when the peer refuses, or sent something malformed
    /// @throws ConnectionException when the connection has ended and nothing is queued
    public @Nullable Event take(Duration timeout) throws RefusalException, InterruptedException {
        final Event event = putBack.isEmpty() ? next(timeout) : putBack.poll();
        return event instanceof Leased leased ? read(leased.message()) : event;
    }

    /// Waits without limit: the end of the connection is an event, too.
    public Event take() throws RefusalException, InterruptedException {
        while (true) {
            final Event event = take(Duration.ofHours(1));
            if (event != null) {
                return event;
            }
        }
    }

    /// Waits for a control message of a type and keeps other events for later.
    ///
    /// @throws RefusalException when the peer refuses, sends another message, or does not answer in time
    public <T extends ControlMessage> T expect(Class<T> type, Duration timeout)
            throws RefusalException, InterruptedException {
        final long deadline = System.nanoTime() + timeout.toNanos();
        while (true) {
            final long left = deadline - System.nanoTime();
            final Event event = next(Duration.ofNanos(Math.max(0, left)));
            if (event == null) {
                throw new RefusalException(
                        RefusalCode.FAILED, "the peer did not answer within " + timeout.toSeconds() + " s");
            }
            if (!(event instanceof Leased leased)) {
                putBack.add(event);
                continue;
            }
            final Arrived arrived = read(leased.message());
            if (arrived == null) {
                continue;
            }
            final ControlMessage message = arrived.message();
            if (!type.isInstance(message)) {
                throw unexpected(message);
            }
            return type.cast(message);
        }
    }

    /// What to throw when the peer says something that it should not say now.
    public static RefusalException unexpected(ControlMessage message) {
        return new RefusalException(
                RefusalCode.BAD_REQUEST,
                "the peer sent " + message.getClass().getSimpleName() + " when it was not expected");
    }

    private @Nullable Event next(Duration timeout) throws RefusalException, InterruptedException {
        if (flooded) {
            throw new RefusalException(
                    RefusalCode.BAD_REQUEST, "the peer sent more than " + MAX_EVENTS + " immediates");
        }
        final Ended before = ended;
        if (before != null) {
            throw failure(before);
        }
        final Event event = events.poll(timeout.toNanos(), TimeUnit.NANOSECONDS);
        if (event instanceof Ended now) {
            ended = now;
            throw failure(now);
        }
        return event;
    }

    private static ConnectionException failure(Ended ended) {
        final ConnectionException cause = ended.cause();
        return cause != null
                ? new ConnectionException(cause.reason(), String.valueOf(cause.getMessage()), cause)
                : new ConnectionException(ConnectionException.Reason.LOCALLY_CLOSED, "the connection was closed here");
    }

    private static @Nullable Arrived read(Message message) throws RefusalException {
        final ControlMessage decoded;
        try (message) {
            final ByteBuffer bytes = message.segment().asByteBuffer();
            decoded = ControlCodec.decode(bytes);
        }
        if (decoded instanceof ControlMessage.Ping) {
            return null;
        }
        if (decoded instanceof ControlMessage.Refusal refusal) {
            throw new RefusalException(refusal);
        }
        return new Arrived(decoded);
    }
}
