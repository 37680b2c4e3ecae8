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
package io.longhaul;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One operation in the words of the verbs: prepared once, posted with {@link Connection#post}, and free to be prepared
/// and
/// posted again after it ended. Nothing is allocated per posting.
///
/// {@snippet lang=java :
/// Operation op = new Operation().onComplete(done -> System.out.println(done.status()));
/// op.write(source, 0, source.byteSize(), remote, 0);
/// connection.post(op);
/// }
///
/// Memory: the local segment belongs to the caller and must stay alive and, for sends and writes, unchanged until the
/// operation has ended. It must be reachable from every thread (native memory of a shared, automatic or global arena).
///
/// Threading: prepared and posted by one thread at a time; {@link #status} may be read by any thread.
public final class Operation {
    /// What an operation does.
    public enum Kind {
        /// Two-sided: delivers one message to the peer, in the order of posting.
        SEND,
        /// One-sided write into a remote region.
        WRITE,
        /// One-sided write; afterwards the peer is told a 32-bit immediate, in the order of posting.
        WRITE_WITH_IMMEDIATE,
        /// One-sided read from a remote region.
        READ,
        /// Atomically adds to 8 remote bytes and returns what stood there.
        FETCH_AND_ADD,
        /// Atomically replaces 8 remote bytes if they hold the expected value and returns what stood there.
        COMPARE_AND_SWAP
    }

    /// Is told when an operation ended.
    @FunctionalInterface
    public interface CompletionListener {
        /// Called exactly once per posting, on the agent's thread: must not block. The operation may be posted
        /// again here. Its status was set just before: another thread that posts it again because it is done
        /// may be
        /// quicker than this call, which then finds it pending.
        void onComplete(Operation operation);
    }

    private static final VarHandle STATUS;

    static {
        try {
            STATUS = MethodHandles.lookup().findVarHandle(Operation.class, "status", OperationStatus.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private Kind kind = Kind.SEND;
    private MemorySegment local = MemorySegment.NULL;
    private long localOffset;
    private long length;
    private @Nullable RemoteRegion remote;
    private long remoteOffset;
    private int immediate;
    private long operand;
    private long swap;
    private boolean fenced;
    private long timeoutNanos;
    private long context;
    private @Nullable CompletionListener listener;
    private long result;
    private boolean posted;

    @SuppressWarnings("UnusedVariable") // read and written through STATUS
    private OperationStatus status = OperationStatus.PENDING;

    /// Creates an operation that is not prepared yet.
    public Operation() {}

    /// Prepares a message.
    ///
    /// @param source memory of the message
    /// @param offset where it starts in {@code source}, bytes
    /// @param lengthBytes its length, 0 and more
    public Operation send(MemorySegment source, long offset, long lengthBytes) {
        return prepare(Kind.SEND, source, offset, lengthBytes, null, 0);
    }

    /// Prepares a write of {@code lengthBytes} bytes to {@code targetOffset} of a remote region.
    public Operation write(
            MemorySegment source, long offset, long lengthBytes, RemoteRegion target, long targetOffset) {
        return prepare(Kind.WRITE, source, offset, lengthBytes, Objects.requireNonNull(target, "target"), targetOffset);
    }

    /// Turns a prepared write into a write with immediate: the peer learns {@code value} once the bytes are placed.
    public Operation withImmediate(int value) {
        checkIdle();
        if (kind != Kind.WRITE && kind != Kind.WRITE_WITH_IMMEDIATE) {
            throw new IllegalStateException("only a write carries an immediate, not " + kind);
        }
        kind = Kind.WRITE_WITH_IMMEDIATE;
        immediate = value;
        return this;
    }

    /// Prepares a read of {@code lengthBytes} bytes from {@code sourceOffset} of a remote region.
    public Operation read(RemoteRegion source, long sourceOffset, MemorySegment target, long offset, long lengthBytes) {
        return prepare(Kind.READ, target, offset, lengthBytes, Objects.requireNonNull(source, "source"), sourceOffset);
    }

    /// Prepares an atomic addition to the 8 bytes at {@code targetOffset}, a multiple of 8; {@link #result} is the
    /// old value.
    public Operation fetchAndAdd(RemoteRegion target, long targetOffset, long delta) {
        prepare(Kind.FETCH_AND_ADD, MemorySegment.NULL, 0, 0, Objects.requireNonNull(target, "target"), targetOffset);
        operand = delta;
        return this;
    }

    /// Prepares an atomic compare and swap of the 8 bytes at {@code targetOffset}; {@link #result} is the old
    /// value.
    public Operation compareAndSwap(RemoteRegion target, long targetOffset, long expected, long desired) {
        prepare(
                Kind.COMPARE_AND_SWAP,
                MemorySegment.NULL,
                0,
                0,
                Objects.requireNonNull(target, "target"),
                targetOffset);
        operand = expected;
        swap = desired;
        return this;
    }

    /// Makes the peer execute this read or atomic only after everything posted before it has been placed; without
    /// it, they are executed as soon as they arrive. It changes nothing for messages and immediates, which are
    /// always
    /// delivered in order, and nothing for writes, whose bytes are placed as they arrive: to order two writes, post
    /// the
    /// second when the first has ended, or let an immediate tell of both.
    public Operation fence(boolean value) {
        checkIdle();
        fenced = value;
        return this;
    }

    /// Sets the time after which the operation ends with {@link OperationStatus#DEADLINE_EXCEEDED}, counted from
    /// posting.
    ///
    /// @param timeout above zero
    public Operation timeout(Duration timeout) {
        checkIdle();
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("timeout=" + timeout + " must be above zero");
        }
        timeoutNanos = saturatedNanos(timeout);
        return this;
    }

    /// Sets a number of the caller's own.
    public Operation context(long value) {
        context = value;
        return this;
    }

    /// Sets the listener; null for none.
    public Operation onComplete(@Nullable CompletionListener value) {
        checkIdle();
        listener = value;
        return this;
    }

    private Operation prepare(
            Kind newKind,
            MemorySegment segment,
            long offset,
            long lengthBytes,
            @Nullable RemoteRegion region,
            long regionOffset) {
        checkIdle();
        if (newKind != Kind.FETCH_AND_ADD && newKind != Kind.COMPARE_AND_SWAP) {
            Objects.checkFromIndexSize(offset, lengthBytes, segment.byteSize());
            if (newKind == Kind.READ && segment.isReadOnly()) {
                throw new IllegalArgumentException("the target of a read is read-only");
            }
        }
        if (region != null && regionOffset < 0) {
            throw new IllegalArgumentException("remote offset " + regionOffset + " is negative");
        }
        kind = newKind;
        local = segment;
        localOffset = offset;
        length = lengthBytes;
        remote = region;
        remoteOffset = regionOffset;
        return this;
    }

    private void checkIdle() {
        if (posted) {
            throw new IllegalStateException("the operation is posted and has not ended");
        }
    }

    static long saturatedNanos(Duration duration) {
        try {
            return duration.toNanos();
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE;
        }
    }

    /// Marks the operation as posted. Called by the connection.
    public void begin() {
        checkIdle();
        posted = true;
        result = 0;
        STATUS.setRelease(this, OperationStatus.PENDING);
    }

    /// Ends the operation and tells the listener. Called once per posting, by the connection's agent.
    ///
    /// @param endStatus anything but PENDING
    /// @param resultValue old value of an atomic, or 0
    public void end(OperationStatus endStatus, long resultValue) {
        assert posted : "an operation ends once per posting";
        result = resultValue;
        posted = false;
        // Release: whoever reads the status with acquire sees the result and, for a read, the bytes.
        STATUS.setRelease(this, endStatus);
        final CompletionListener told = listener;
        if (told != null) {
            told.onComplete(this);
        }
    }

    /// How the operation ended, or PENDING.
    public OperationStatus status() {
        return (OperationStatus) STATUS.getAcquire(this);
    }

    /// True once the operation has ended.
    public boolean isDone() {
        return status() != OperationStatus.PENDING;
    }

    /// What stood in the remote memory before an atomic; meaningful after SUCCESS.
    public long result() {
        return result;
    }

    /// What the operation does.
    public Kind kind() {
        return kind;
    }

    /// Local memory: source of sends and writes, target of reads.
    public MemorySegment local() {
        return local;
    }

    /// Where the range starts in {@link #local}, bytes.
    public long localOffset() {
        return localOffset;
    }

    /// Length in bytes.
    public long length() {
        return length;
    }

    /// The remote region, or null for a message.
    public @Nullable RemoteRegion remote() {
        return remote;
    }

    /// Where the range starts in the remote region, bytes.
    public long remoteOffset() {
        return remoteOffset;
    }

    /// The 32-bit immediate of a write with immediate.
    public int immediate() {
        return immediate;
    }

    /// Addend of fetch-and-add, expected value of compare-and-swap.
    public long operand() {
        return operand;
    }

    /// Desired value of compare-and-swap.
    public long swap() {
        return swap;
    }

    /// True when the operation waits for all earlier ones.
    public boolean fenced() {
        return fenced;
    }

    /// Nanoseconds from posting to the deadline; 0 for the connection's default.
    public long timeoutNanos() {
        return timeoutNanos;
    }

    /// The caller's number.
    public long context() {
        return context;
    }
}
