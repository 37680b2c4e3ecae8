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
package io.longhaul.cli.perf;

import io.longhaul.Connection;
import io.longhaul.LonghaulException;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.cli.control.RefusalCode;
import io.longhaul.cli.control.RefusalException;
import io.longhaul.cli.transfer.RingMemory;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/// A fixed number of operations that are posted again and again, without allocating.
///
/// Without a rate, an operation is posted again where it completed, on the agent's thread. With a rate, a thread posts
/// at the intended times; when no operation is free it waits, and the time lost counts (no coordinated omission).
final class OperationLoad implements PerfLoad {
    private static final long LONGEST_NANOS = TimeUnit.HOURS.toNanos(1);
    private static final long STOP_NANOS = TimeUnit.SECONDS.toNanos(60);

    /// Below this the pacing thread spins: a park takes about 60 us.
    private static final long SPIN_NANOS = 100_000;

    private final Connection connection;
    private final PerfPlan plan;
    private final RemoteRegion remote;
    private final RingMemory memory;
    private final ArrayBlockingQueue<Operation> free;
    private final Histogram histogram = new Histogram(LONGEST_NANOS, 3);
    private final AtomicLong outstanding = new AtomicLong();
    private final AtomicLong postings = new AtomicLong();
    private final Thread poster;
    private volatile int covered; // written by the poster only
    private volatile boolean stopping;
    private volatile boolean recording;
    private volatile @Nullable RefusalException failure;
    private volatile long recorded; // written by the agent only

    OperationLoad(Connection connection, PerfPlan plan, RemoteRegion remote, RingMemory memory) {
        this.connection = connection;
        this.plan = plan;
        this.remote = remote;
        this.memory = memory;
        final Operation[] operations = new Operation[plan.depth()];
        free = new ArrayBlockingQueue<>(plan.depth());
        for (int i = 0; i < operations.length; i++) {
            operations[i] = new Operation().onComplete(this::onComplete);
            prepare(operations[i], i % plan.slots() * plan.sizeBytes());
            free.add(operations[i]);
        }
        poster = Thread.ofPlatform().daemon().name("longhaul-load").unstarted(this::post);
    }

    @Override
    public void start() {
        poster.start();
    }

    /// Posts what is free: everything once and what was declined, or, with a rate, at the intended times.
    private void post() {
        final double interval = plan.rateBitsPerSecond() == 0 ? 0 : 8e9 * plan.sizeBytes() / plan.rateBitsPerSecond();
        final long began = System.nanoTime();
        try {
            for (long i = 0; !stopping; i++) {
                long intended = began + (long) (i * interval);
                if (interval > 0) {
                    sleepUntil(intended);
                }
                final Operation operation = take();
                if (operation == null) {
                    return;
                }
                if (interval == 0) {
                    intended = System.nanoTime();
                }
                while (!stopping && !tryPost(operation, intended)) {
                    LockSupport.parkNanos(50_000);
                }
                // The queue hands out every operation once before any for the second time.
                covered = (int) Math.min(i + 1, plan.slots());
            }
        } catch (LonghaulException e) {
            fail(new RefusalException(RefusalCode.FAILED, String.valueOf(e.getMessage()), e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable Operation take() throws InterruptedException {
        while (!stopping) {
            final Operation operation = free.poll(10, TimeUnit.MILLISECONDS);
            if (operation != null) {
                return operation;
            }
        }
        return null;
    }

    private void sleepUntil(long nanos) {
        long left = nanos - System.nanoTime();
        while (left > 0 && !stopping) {
            if (left > SPIN_NANOS) {
                LockSupport.parkNanos(left - SPIN_NANOS);
            } else {
                Thread.onSpinWait();
            }
            left = nanos - System.nanoTime();
        }
    }

    private void prepare(Operation operation, long offset) {
        switch (plan.operation()) {
            case WRITE -> operation.write(memory.segment(), offset, plan.sizeBytes(), remote, offset);
            case READ -> operation.read(remote, offset, memory.segment(), offset, plan.sizeBytes());
            case SEND -> operation.send(memory.segment(), 0, plan.sizeBytes());
            case ATOMIC -> operation.fetchAndAdd(remote, offset, 1);
            case STREAM -> throw new IllegalStateException("a stream has a load of its own");
        }
    }

    private boolean tryPost(Operation operation, long intendedNanos) {
        operation.context(intendedNanos);
        outstanding.incrementAndGet();
        boolean posted = false;
        try {
            posted = connection.post(operation);
        } finally {
            if (!posted) {
                outstanding.decrementAndGet();
            }
        }
        if (posted) {
            postings.incrementAndGet();
        }
        return posted;
    }

    private void onComplete(Operation operation) {
        final long now = System.nanoTime();
        if (operation.status() == OperationStatus.SUCCESS) {
            if (recording) {
                final long count = recorded;
                histogram.recordValue(Math.clamp(now - operation.context(), 0, LONGEST_NANOS));
                recorded = count + 1;
            }
        } else if (!stopping) {
            fail(new RefusalException(
                    RefusalCode.FAILED,
                    "a " + operation.kind() + " of " + operation.length() + " bytes ended with " + operation.status()));
        }
        if (!stopping && (plan.rateBitsPerSecond() > 0 || !repost(operation, now))) {
            free.add(operation);
        }
        outstanding.decrementAndGet();
    }

    private boolean repost(Operation operation, long now) {
        try {
            return tryPost(operation, now);
        } catch (LonghaulException e) {
            fail(new RefusalException(RefusalCode.FAILED, String.valueOf(e.getMessage()), e));
            return false;
        }
    }

    private void fail(RefusalException cause) {
        if (failure == null) {
            failure = cause;
        }
        stopping = true;
    }

    @Override
    public void beginRecording() {
        recording = true;
    }

    @Override
    public void endRecording() {
        recording = false;
    }

    @Override
    public void stop() throws RefusalException, InterruptedException {
        stopping = true;
        poster.join();
        final long deadline = System.nanoTime() + STOP_NANOS;
        while (outstanding.get() > 0) {
            if (System.nanoTime() - deadline > 0) {
                throw new RefusalException(RefusalCode.FAILED, outstanding.get() + " operations did not end in time");
            }
            TimeUnit.MILLISECONDS.sleep(1);
        }
        final RefusalException cause = failure;
        if (cause != null) {
            throw cause;
        }
    }

    @Override
    public long recorded() {
        return recorded;
    }

    @Override
    public long started() {
        return postings.get();
    }

    @Override
    public int covered() {
        return covered;
    }

    @Override
    public Histogram histogram() {
        return histogram;
    }

    @Override
    public @Nullable RefusalException failure() {
        return failure;
    }

    @Override
    public void close() {
        stopping = true;
        if (outstanding.get() > 0) {
            memory.abandon();
        }
    }
}
