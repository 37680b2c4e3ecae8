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
import io.longhaul.Connection;
import io.longhaul.ConnectionException;
import io.longhaul.ConnectionException.Reason;
import io.longhaul.ConnectionStatistics;
import io.longhaul.ExposedRegion;
import io.longhaul.Grant;
import io.longhaul.Message;
import io.longhaul.Operation;
import io.longhaul.OperationException;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.core.InboundMessage;
import io.longhaul.core.RegionTable;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A connection in the application's hands. Everything that touches the engine goes through the mailbox of its driver.
final class EndpointConnection implements Connection {
    private static final int MAX_NAME_BYTES = 255;

    /// Time after an abort in which the agent must have ended the connection.
    private static final long ABORT_SECONDS = 5;

    private final long id;
    private final EngineAgent agent;
    private volatile ControlChannel channel;
    private final RegionTable regions;
    private final int maxOperations;
    private final Runnable whenRemoved;
    private final Mailbox mailbox;
    private final Backlog backlog = new Backlog(this);
    private final AtomicInteger outstanding = new AtomicInteger();
    private final CompletableFuture<Void> established = new CompletableFuture<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Arrivals arrivals = new Arrivals(this::onCallbackFailure);
    private volatile @Nullable ConnectionDriver driver;
    private volatile boolean closing;
    private volatile @Nullable Ending ending;

    /// How the connection ended.
    ///
    /// @param reason null after a graceful close by this side
    private record Ending(@Nullable Reason reason, String text) {}

    /// What a connection is made of.
    ///
    /// @param id its id
    /// @param agent the agent that serves it
    /// @param channel its control connection
    /// @param regions what it exposes
    /// @param maxOperations operations and look-ups that may be outstanding
    /// @param maxStreams streams that may be open
    /// @param whenRemoved run by the agent when the connection is out of service
    record Parts(
            long id,
            EngineAgent agent,
            ControlChannel channel,
            RegionTable regions,
            int maxOperations,
            int maxStreams,
            Runnable whenRemoved) {}

    EndpointConnection(Parts parts) {
        id = parts.id();
        agent = parts.agent();
        channel = parts.channel();
        regions = parts.regions();
        maxOperations = parts.maxOperations();
        whenRemoved = parts.whenRemoved();
        // Each operation and each stream is in the mailbox at most once; streams that were closed may be there
        // beside their successors.
        mailbox = new Mailbox(maxOperations + 2 * parts.maxStreams());
    }

    /// Joins both sides, before the connection is handed to the application.
    void attach(ConnectionDriver newDriver) {
        driver = newDriver;
    }

    private ConnectionDriver driver() {
        final ConnectionDriver attached = driver;
        if (attached == null) {
            throw new IllegalStateException("the connection is not in service yet");
        }
        return attached;
    }

    /// The control connection; without its TLS session after bootstrap.
    ControlChannel channel() {
        return channel;
    }

    Mailbox mailbox() {
        return mailbox;
    }

    // ---- descriptions ----

    @Override
    public long id() {
        return id;
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return channel.remoteAddress();
    }

    @Override
    public List<String> peerNames() {
        return channel.peerNames();
    }

    @Override
    public String deviceName() {
        return agent.port().device().name();
    }

    @Override
    public boolean isOpen() {
        return ending == null;
    }

    @Override
    public ConnectionStatistics statistics() {
        return agent.commands().call(driver()::statistics).join();
    }

    @Override
    public String toString() {
        return "connection " + Long.toHexString(id) + " to " + Bootstrap.text(remoteAddress());
    }

    // ---- operations ----

    @Override
    public boolean post(Operation operation) {
        Objects.requireNonNull(operation, "operation");
        if (closing) {
            throw endException();
        }
        return backlog.isEmpty() && tryPost(operation);
    }

    /// True while the application may post.
    boolean isPostable() {
        return !closing && ending == null;
    }

    /// True when no operation waits for room.
    boolean isBacklogEmpty() {
        return backlog.isEmpty();
    }

    /// Posts if there is room, be it that the connection closes: what was accepted before the close is still
    /// posted.
    ///
    /// @throws ConnectionException when the connection has ended
    boolean tryPost(Operation operation) {
        if (ending != null) {
            throw endException();
        }
        if (outstanding.incrementAndGet() > maxOperations) {
            outstanding.decrementAndGet();
            return false;
        }
        try {
            operation.begin();
        } catch (IllegalStateException e) {
            outstanding.decrementAndGet();
            throw e;
        }
        if (!mailbox.offer(operation)) {
            throw new AssertionError("the mailbox holds all operations that may be outstanding");
        }
        schedule();
        return true;
    }

    /// Sees to it that the driver looks into the mailbox and serves the engine.
    void schedule() {
        if (mailbox.schedule()) {
            agent.commands().submit(driver());
        }
    }

    /// An operation has ended.
    void releaseSlot() {
        outstanding.decrementAndGet();
        if (!backlog.isEmpty()) {
            backlog.drain();
        }
    }

    /// The connection has ended: fails what waits for room.
    void failBacklog() {
        backlog.drain();
    }

    @Override
    public CompletableFuture<Void> write(MemorySegment source, RemoteRegion target, long targetOffset) {
        return backlog.post(new Operation().write(source, 0, source.byteSize(), target, targetOffset), result -> null);
    }

    @Override
    public CompletableFuture<Void> writeWithImmediate(
            MemorySegment source, RemoteRegion target, long targetOffset, int immediate) {
        final Operation operation = new Operation()
                .write(source, 0, source.byteSize(), target, targetOffset)
                .withImmediate(immediate);
        return backlog.post(operation, result -> null);
    }

    @Override
    public CompletableFuture<Void> read(RemoteRegion source, long sourceOffset, MemorySegment target) {
        return backlog.post(new Operation().read(source, sourceOffset, target, 0, target.byteSize()), result -> null);
    }

    @Override
    public CompletableFuture<Void> send(MemorySegment message) {
        return backlog.post(new Operation().send(message, 0, message.byteSize()), result -> null);
    }

    @Override
    public CompletableFuture<Long> fetchAndAdd(RemoteRegion target, long targetOffset, long delta) {
        return backlog.post(new Operation().fetchAndAdd(target, targetOffset, delta), result -> result);
    }

    @Override
    public CompletableFuture<Long> compareAndSwap(RemoteRegion target, long targetOffset, long expected, long desired) {
        return backlog.post(new Operation().compareAndSwap(target, targetOffset, expected, desired), result -> result);
    }

    // ---- regions ----

    @Override
    public ExposedRegion expose(String name, MemorySegment segment, Grant grant) {
        return new EndpointRegion(
                regions.expose(name, segment, grant),
                () -> agent.commands().submit(agent::onRegionsRevoked),
                agent.commands()::isAgentThread);
    }

    @Override
    public CompletableFuture<RemoteRegion> lookup(String name) {
        final int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (bytes < 1 || bytes > MAX_NAME_BYTES) {
            throw new IllegalArgumentException("a name has 1 to 255 UTF-8 bytes, not " + bytes);
        }
        final CompletableFuture<RemoteRegion> result = new CompletableFuture<>();
        if (closing || ending != null) {
            result.completeExceptionally(endException());
        } else {
            runOnAgent(() -> driver().lookup(name, result));
        }
        return result;
    }

    // ---- arrivals ----

    @Override
    public void listener(Listener newListener) {
        Objects.requireNonNull(newListener, "listener");
        runOnAgent(() -> {
            arrivals.listener(newListener);
            if (ending != null) {
                tellEnd();
            }
        });
    }

    @Override
    public @Nullable Message receive(Duration timeout) throws InterruptedException {
        return arrivals.message(timeout);
    }

    @Override
    public long receiveImmediate(Duration timeout) throws InterruptedException {
        return arrivals.immediate(timeout);
    }

    @Override
    public @Nullable ByteStream acceptStream(Duration timeout) throws InterruptedException {
        return arrivals.stream(timeout);
    }

    @Override
    public ByteStream openStream() {
        if (closing || ending != null) {
            throw endException();
        }
        final EndpointStream stream = agent.commands()
                .<@Nullable EndpointStream>call(driver()::openStream)
                .join();
        if (stream == null) {
            throw new OperationException(
                    OperationStatus.REMOTE_RESOURCES_EXHAUSTED,
                    "no stream can be opened: close some, raise maxStreams or the receive memory (maxMemoryBytes,"
                            + " limits), lower creditBytes; or the connection closes");
        }
        return stream;
    }

    /// A stream was used: the engine must look at it.
    void touch(EndpointStream stream) {
        if (!mailbox.offer(stream)) {
            runOnAgent(() -> driver().touch(stream));
            return;
        }
        schedule();
    }

    /// Has something run on the agent; at once when this is the agent.
    void runOnAgent(Runnable command) {
        if (agent.commands().isAgentThread()) {
            command.run();
        } else {
            agent.commands().submit(command);
        }
    }

    // ---- events, on the agent ----

    void onEstablished() {
        established.complete(null);
    }

    void onMessage(InboundMessage inbound) {
        arrivals.onMessage(new EndpointMessage(this, inbound));
    }

    void onImmediate(int value, long lengthBytes) {
        if (!arrivals.onImmediate(value, lengthBytes)) {
            driver().close(
                            false,
                            "nobody takes the immediates that arrive, more than " + Arrivals.MAX_QUEUED_IMMEDIATES);
        }
    }

    void onStream(EndpointStream stream) {
        arrivals.onStream(stream);
    }

    private void tellEnd() {
        final Ending how = ending;
        arrivals.onClosed(how == null || how.reason() == null ? null : endException());
    }

    /// A callback of the application threw: it is told, and nothing else suffers.
    void onCallbackFailure(String what, Throwable cause) {
        agent.counters().callbackFailures++;
        agent.log().log(Level.WARNING, what + " of " + this + " threw; callbacks must not", cause);
    }

    // ---- the end ----

    /// Waits until packets have crossed both ways.
    ///
    /// @throws ConnectionException when the connection ended first
    /// @return false when they did not in time
    boolean awaitEstablished(long deadlineNanos) throws InterruptedException {
        try {
            established.get(deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
            return true;
        } catch (java.util.concurrent.TimeoutException e) {
            return false;
        } catch (java.util.concurrent.ExecutionException e) {
            throw endException();
        }
    }

    /// Waits until the control connection ends. A graceful close that is under way on the data path then gets the
    /// time to arrive; without one, the peer is lost.
    void watchControl() {
        // Nothing more will be said there: what TLS holds, 40 KiB, is not kept for the life of the connection.
        channel = channel.withoutSession();
        final String what = channel.awaitEndText();
        if (ending != null) {
            return;
        }
        final long graceNanos =
                agent.commands().call(driver()::controlGraceNanos).join();
        try {
            if (!ended.await(graceNanos, TimeUnit.NANOSECONDS)) {
                agent.commands()
                        .submit(() -> driver().lose(
                                        Reason.PEER_RESET,
                                        "the control connection to " + Bootstrap.text(remoteAddress()) + ' ' + what));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// The engine has ended; the first call counts.
    void onEnded(@Nullable Reason reason, String text) {
        final boolean answered = closing && reason == Reason.PEER_RESET && outstanding.get() == 0;
        ending = new Ending(answered ? null : reason, text);
        arrivals.end(this::endException);
        established.completeExceptionally(endException());
        ended.countDown();
        tellEnd();
    }

    /// The agent serves this connection no more.
    ///
    /// @param forgotten true when nobody can take what has arrived: the endpoint is closed
    void onRemoved(boolean forgotten) {
        if (forgotten) {
            arrivals.drop();
        }
        channel.close();
        channel = channel.withoutSession();
        whenRemoved.run();
    }

    /// Why nothing can be posted any more; a new exception for each caller.
    ConnectionException endException() {
        final Ending how = ending;
        if (how == null || how.reason() == null) {
            return new ConnectionException(Reason.LOCALLY_CLOSED, this + " was closed by this side");
        }
        return new ConnectionException(how.reason(), this + " has ended: " + how.text());
    }

    String endText() {
        final Ending how = ending;
        return how == null ? "the connection closes" : "the connection has ended: " + how.text();
    }

    @Override
    public void close(Duration timeout) {
        final boolean drain = !timeout.isNegative() && !timeout.isZero();
        requestClose(drain, "closed by the application");
        if (agent.commands().isAgentThread()) {
            return; // A callback must not wait for its own thread; the close goes on without it.
        }
        final boolean interrupted = awaitClose(drain, timeout);
        arrivals.drop();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /// Waits until the connection has ended, and hurries it when it does not in time.
    ///
    /// @return true when the wait was interrupted
    private boolean awaitClose(boolean drain, Duration timeout) {
        boolean interrupted = false;
        try {
            if (drain && ended.await(Saturation.nanos(timeout), TimeUnit.NANOSECONDS)) {
                return false;
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        requestClose(false, "closed by the application, which did not wait longer");
        try {
            ended.await(ABORT_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        return interrupted;
    }

    private void requestClose(boolean drain, String reason) {
        closing = true;
        if (ending == null) {
            runOnAgent(() -> driver().close(drain, reason));
        }
    }
}
