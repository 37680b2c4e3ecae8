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
import io.longhaul.core.EngineStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// A byte stream in the application's hands: adds waiting to the engine's stream, which never waits.
final class EndpointStream implements ByteStream {
    private final EndpointConnection connection;
    private final EngineStream stream;
    private final ReentrantLock readers = new ReentrantLock(); // held during a read, so that a second reader waits
    private final ReentrantLock writers = new ReentrantLock();
    private final ReentrantLock lock = new ReentrantLock(); // guards the waiting only
    private final Condition ready = lock.newCondition();
    private volatile boolean closed;
    private volatile boolean outputShutDown;
    private volatile long timeoutNanos;
    private volatile @Nullable Runnable callback;

    EndpointStream(EndpointConnection connection, EngineStream stream) {
        this.connection = connection;
        this.stream = stream;
    }

    EngineStream engineStream() {
        return stream;
    }

    @Override
    public int id() {
        return stream.id();
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        if (!target.hasRemaining()) {
            checkOpen();
            return 0;
        }
        final Deadline deadline = deadline();
        lockFor(readers, deadline, "read");
        try {
            while (true) {
                final int count = tryRead(target);
                if (count != 0) {
                    return count;
                }
                await(this::isReadable, deadline, "read");
            }
        } finally {
            readers.unlock();
        }
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        final int total = source.remaining();
        final Deadline deadline = deadline();
        lockFor(writers, deadline, "write");
        try {
            while (source.hasRemaining()) {
                if (tryWrite(source) == 0) {
                    await(this::isWritable, deadline, "write");
                }
            }
            return total;
        } finally {
            writers.unlock();
        }
    }

    @Override
    public int tryRead(ByteBuffer target) throws IOException {
        checkOpen();
        final int count = stream.read(target);
        if (count == EngineStream.FAILED) {
            throw failure("read");
        }
        if (count > 0) {
            if (stream.isReadToTell()) {
                touch();
            }
        } else if (count == 0 && target.hasRemaining() && !connection.isOpen()) {
            return readAfterEnd(target);
        }
        return count;
    }

    /// What arrived before the connection ended is still given.
    private int readAfterEnd(ByteBuffer target) throws IOException {
        final int count = stream.read(target);
        if (count == 0 || count == EngineStream.FAILED) {
            throw failure("read");
        }
        return count;
    }

    @Override
    public int tryWrite(ByteBuffer source) throws IOException {
        checkOpen();
        if (outputShutDown) {
            throw new ClosedChannelException();
        }
        if (!connection.isOpen()) {
            throw failure("write");
        }
        if (!source.hasRemaining()) {
            return 0;
        }
        final int count = stream.write(source);
        if (count == EngineStream.FAILED) {
            throw failure("write");
        }
        if (count > 0) {
            touch();
        }
        return count;
    }

    @Override
    public boolean isReadable() {
        return closed || stream.isReadable() || !connection.isOpen();
    }

    @Override
    public boolean isWritable() {
        return closed || outputShutDown || stream.isWritable() || !connection.isOpen();
    }

    @Override
    public void onReady(Runnable newCallback) {
        callback = newCallback;
        if (isReadable() || isWritable()) {
            connection.runOnAgent(this::runCallback);
        }
    }

    @Override
    public void shutdownOutput() throws IOException {
        checkOpen();
        if (!outputShutDown) {
            outputShutDown = true;
            stream.shutdownOutput();
            touch();
            signal();
        }
    }

    @Override
    public void timeout(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("timeout=" + timeout + " is negative");
        }
        timeoutNanos = Saturation.nanos(timeout);
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            stream.close();
            touch();
            signal();
        }
    }

    /// Is called by the agent when the stream became readable, writable, or ended, and when the connection did.
    void onReady() {
        signal();
        runCallback();
    }

    private void runCallback() {
        final Runnable told = callback;
        if (told != null) {
            try {
                told.run();
            } catch (Throwable e) {
                connection.onCallbackFailure("the callback of a stream", e);
            }
        }
    }

    private void touch() {
        if (stream.requestTouch()) {
            connection.touch(this);
        }
    }

    private void signal() {
        lock.lock();
        try {
            ready.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void checkOpen() throws ClosedChannelException {
        if (closed) {
            throw new ClosedChannelException();
        }
    }

    private IOException failure(String what) {
        final String text = stream.failure();
        return new IOException(
                what + " on stream " + id() + " failed: " + (text.isEmpty() ? connection.endText() : text));
    }

    // ---- waiting ----

    /// The end of a blocking call.
    ///
    /// @param limited false to wait without limit
    /// @param nanos time of {@link System#nanoTime}
    private record Deadline(boolean limited, long nanos) {
        long remainingNanos() {
            return limited ? nanos - System.nanoTime() : Long.MAX_VALUE;
        }
    }

    private Deadline deadline() {
        final long nanos = timeoutNanos;
        return new Deadline(nanos != 0, System.nanoTime() + Math.min(nanos, Long.MAX_VALUE / 4));
    }

    private void lockFor(ReentrantLock users, Deadline deadline, String what) throws IOException {
        try {
            if (!users.tryLock(deadline.remainingNanos(), java.util.concurrent.TimeUnit.NANOSECONDS)) {
                throw timedOut(what);
            }
        } catch (InterruptedException e) {
            throw interrupted(what, e);
        }
    }

    /// Waits until a condition holds or the stream is closed by another thread. The engine changes the state before
    /// the agent signals under the lock, so that looking under the lock misses nothing.
    private void await(BooleanSupplier condition, Deadline deadline, String what) throws IOException {
        lock.lock();
        try {
            while (!condition.getAsBoolean()) {
                final long remainingNanos = deadline.remainingNanos();
                if (remainingNanos <= 0) {
                    throw timedOut(what);
                }
                ready.awaitNanos(remainingNanos);
            }
        } catch (InterruptedException e) {
            throw interrupted(what, e);
        } finally {
            lock.unlock();
        }
        if (closed) {
            throw new AsynchronousCloseException();
        }
    }

    private SocketTimeoutException timedOut(String what) {
        return new SocketTimeoutException(what + " on stream " + id() + " waited longer than "
                + Duration.ofNanos(timeoutNanos) + "; raise the stream's timeout, or find out why the peer is slow");
    }

    private InterruptedIOException interrupted(String what, InterruptedException cause) {
        Thread.currentThread().interrupt();
        final InterruptedIOException interruption =
                new InterruptedIOException(what + " on stream " + id() + " was interrupted; the stream is still open");
        interruption.initCause(cause);
        return interruption;
    }
}
