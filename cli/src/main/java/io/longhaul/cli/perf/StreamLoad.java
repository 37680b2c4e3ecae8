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

import io.longhaul.ByteStream;
import io.longhaul.cli.control.RefusalCode;
import io.longhaul.cli.control.RefusalException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/// Blocks on one byte stream. The server sends back how many bytes it has read, as 8-byte numbers; a block has ended
/// when they cover it.
final class StreamLoad implements PerfLoad {
    private static final long LONGEST_NANOS = TimeUnit.HOURS.toNanos(1);
    private static final Duration STOP = Duration.ofSeconds(60);

    private final ByteStream stream;
    private final PerfPlan plan;
    private final ByteBuffer block;
    private final long[] intendedNanos; // [block mod depth]
    private final Semaphore room;
    private final Histogram histogram = new Histogram(LONGEST_NANOS, 3);
    private final AtomicLong started = new AtomicLong();
    private final Thread writer =
            Thread.ofPlatform().daemon().name("longhaul-load").unstarted(this::write);
    private final Thread reader =
            Thread.ofPlatform().daemon().name("longhaul-echo").unstarted(this::read);
    private volatile boolean stopping;
    private volatile boolean recording;
    private volatile long ended; // written by the reader only
    private volatile long recorded; // written by the reader only
    private volatile @Nullable RefusalException failure;

    StreamLoad(ByteStream stream, PerfPlan plan, ByteBuffer block) {
        this.stream = stream;
        this.plan = plan;
        this.block = block;
        intendedNanos = new long[plan.depth()];
        room = new Semaphore(plan.depth());
    }

    @Override
    public void start() {
        writer.start();
        reader.start();
    }

    private void write() {
        final double interval = plan.rateBitsPerSecond() == 0 ? 0 : 8e9 * plan.sizeBytes() / plan.rateBitsPerSecond();
        final long began = System.nanoTime();
        try {
            for (long i = 0; !stopping; i++) {
                final long intended = began + (long) (i * interval);
                while (interval > 0 && !stopping && intended - System.nanoTime() > 0) {
                    LockSupport.parkNanos(Math.max(1, intended - System.nanoTime()));
                }
                if (!room.tryAcquire(10, TimeUnit.MILLISECONDS)) {
                    i--;
                    continue;
                }
                intendedNanos[(int) (i % plan.depth())] = interval > 0 ? intended : System.nanoTime();
                started.set(i + 1);
                stream.write(block.duplicate());
            }
        } catch (IOException e) {
            fail(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void read() {
        final ByteBuffer counts = ByteBuffer.allocateDirect(64 * Long.BYTES);
        try {
            while (stream.read(counts) >= 0) {
                counts.flip();
                long seen = -1;
                while (counts.remaining() >= Long.BYTES) {
                    seen = counts.getLong();
                }
                counts.compact();
                if (seen >= 0) {
                    onEnded(seen / plan.sizeBytes());
                }
            }
        } catch (IOException e) {
            if (!stopping) {
                fail(e);
            }
        }
    }

    private void onEnded(long blocks) {
        final long now = System.nanoTime();
        final long from = ended;
        for (long i = from; i < Math.min(blocks, started.get()); i++) {
            if (recording) {
                final long count = recorded;
                histogram.recordValue(Math.clamp(now - intendedNanos[(int) (i % plan.depth())], 0, LONGEST_NANOS));
                recorded = count + 1;
            }
            ended = i + 1;
            room.release();
        }
    }

    private void fail(IOException e) {
        if (failure == null) {
            failure = new RefusalException(RefusalCode.FAILED, "the stream failed: " + e.getMessage(), e);
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
        writer.join();
        final long deadline = System.nanoTime() + STOP.toNanos();
        while (failure == null && ended < started.get()) {
            if (System.nanoTime() - deadline > 0) {
                throw new RefusalException(RefusalCode.FAILED, "the stream did not empty in time");
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
        return started.get();
    }

    @Override
    public int covered() {
        return 1;
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
        try {
            stream.close();
        } catch (IOException e) {
            return; // the connection is closed next
        }
    }
}
