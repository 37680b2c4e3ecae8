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
package io.longhaul.qlog;

import io.longhaul.ConnectionStatistics.ResendCause;
import io.longhaul.core.EngineTrace;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The trace of one connection in one file.
///
/// Events wait in a ring of {@value #RING_EVENTS} (2.9 MB); the agent never waits for the file. What finds no room is
/// left
/// out, and the trace says how many events are missing and where. A file that cannot be written any more ends the
/// trace,
/// not the connection.
///
/// Threading: one agent tells. {@link #write} belongs to one other thread, or, in virtual time, to the same one.
public final class QlogFile implements EngineTrace, AutoCloseable {
    /// Events that may wait to be written.
    static final int RING_EVENTS = 32_768;

    private static final int FLUSH_CHARACTERS = 64 * 1024;

    private final EventRing ring;
    private final Path path;
    private final Writer file;
    private final StringBuilder text = new StringBuilder();
    private final EventText events;
    private final boolean direct;
    private volatile @Nullable Thread waiting;
    private volatile @Nullable IOException failure;
    private volatile boolean ended;
    private long toldDropped;
    private long lastNanos;

    /// What the first record of a file says.
    ///
    /// @param title of the trace
    /// @param groupId same for the two ends of a connection, where it is known
    /// @param client the vantage point
    /// @param zeroNanos monotonic time that the trace calls 0
    /// @param referenceMillis wall-clock time then, milliseconds since 1970; 0 in virtual time
    public record Head(String title, String groupId, boolean client, long zeroNanos, long referenceMillis) {}

    private QlogFile(Path path, Head head, int ringEvents, boolean direct) throws IOException {
        this.path = path;
        this.direct = direct;
        ring = new EventRing(ringEvents);
        events = new EventText(text, head.zeroNanos());
        lastNanos = head.zeroNanos();
        file = Files.newBufferedWriter(path, StandardCharsets.US_ASCII);
        events.header(head.title(), head.groupId(), head.client(), head.referenceMillis());
    }

    /// Opens a trace that another thread writes.
    static QlogFile buffered(Path path, Head head, int ringEvents) throws IOException {
        return new QlogFile(path, head, ringEvents, false);
    }

    /// Opens a trace that the telling thread writes itself, so that nothing is ever missing: for virtual time.
    ///
    /// @throws IOException when the file cannot be made
    public static QlogFile direct(Path path, Head head) throws IOException {
        return new QlogFile(path, head, 1024, true);
    }

    /// Where it is written.
    public Path path() {
        return path;
    }

    /// Has the agent wake this thread when much waits.
    void wake(Thread writer) {
        waiting = writer;
    }

    @Override
    public void packetSent(
            long nowNanos, int lane, long packetNumber, int ipBytes, Content content, long firstCsn, int chunks) {
        final int at = claim(EventText.SENT, nowNanos);
        if (at >= 0) {
            packet(at, lane, packetNumber, ipBytes);
            chunks(at, content.ordinal(), firstCsn, chunks);
            publish(null);
        }
    }

    @Override
    public void packetReceived(long nowNanos, int lane, long packetNumber, int bytes) {
        final int at = claim(EventText.RECEIVED, nowNanos);
        if (at >= 0) {
            packet(at, lane, packetNumber, bytes);
            publish(null);
        }
    }

    @Override
    public void packetLost(long nowNanos, int lane, long packetNumber, ResendCause cause, long firstCsn, int chunks) {
        final int at = claim(EventText.LOST, nowNanos);
        if (at >= 0) {
            packet(at, lane, packetNumber, 0);
            chunks(at, cause.ordinal(), firstCsn, chunks);
            publish(null);
        }
    }

    @Override
    public void spuriousLoss(long nowNanos, int lane) {
        final int at = claim(EventText.SPURIOUS, nowNanos);
        if (at >= 0) {
            ring.put(at + 2, lane);
            publish(null);
        }
    }

    @Override
    public void metrics(long nowNanos, Metrics values) {
        final int at = claim(EventText.METRICS, nowNanos);
        if (at >= 0) {
            ring.put(at + 2, values.minRttNanos);
            ring.put(at + 3, values.smoothedRttNanos);
            ring.put(at + 4, values.latestRttNanos);
            ring.put(at + 5, values.rttVarianceNanos);
            ring.put(at + 6, values.congestionWindowBytes);
            ring.put(at + 7, values.bytesInFlight);
            ring.put(at + 8, values.pacingRateBytesPerSecond);
            ring.put(at + 9, values.probeTimeouts);
            publish(null);
        }
    }

    @Override
    public void phase(long nowNanos, String from, String to) {
        final int at = claim(EventText.PHASE, nowNanos);
        if (at >= 0) {
            publish(from + '\n' + to); // a few times a second at most
        }
    }

    private int claim(int type, long nowNanos) {
        if (ended) {
            return -1;
        }
        final int at = ring.claim();
        if (at >= 0) {
            ring.put(at, type);
            ring.put(at + 1, nowNanos);
        }
        return at;
    }

    private void packet(int at, int lane, long packetNumber, int bytes) {
        ring.put(at + 2, lane);
        ring.put(at + 3, packetNumber);
        ring.put(at + 4, bytes);
    }

    private void chunks(int at, int which, long firstCsn, int chunks) {
        ring.put(at + 5, which);
        ring.put(at + 6, firstCsn);
        ring.put(at + 7, chunks);
    }

    private void publish(@Nullable String said) {
        ring.publish(said);
        if (direct) {
            write();
            return;
        }
        final Thread writer = waiting;
        if (writer != null && ring.isHalfFull()) {
            LockSupport.unpark(writer);
        }
    }

    /// Writes what waits.
    ///
    /// @return true when there was something
    boolean write() {
        boolean any = false;
        int at = ring.poll();
        while (at >= 0) {
            lastNanos = ring.get(at + 1);
            events.event(ring, at, ring.text());
            ring.release();
            any = true;
            if (text.length() >= FLUSH_CHARACTERS) {
                flush();
            }
            at = ring.poll();
        }
        final long dropped = ring.dropped();
        if (dropped > toldDropped) {
            events.dropped(lastNanos, dropped - toldDropped);
            toldDropped = dropped;
        }
        return any;
    }

    private void flush() {
        try {
            if (failure == null) {
                file.append(text);
            }
        } catch (IOException e) {
            failure = e;
            ended = true;
        }
        text.setLength(0);
    }

    /// Hands everything that was written to the operating system.
    void sync() {
        flush();
        try {
            if (failure == null) {
                file.flush();
            }
        } catch (IOException e) {
            failure = e;
            ended = true;
        }
    }

    /// Why the trace ended before its connection; null when it did not.
    public @Nullable IOException failure() {
        return failure;
    }

    /// No more is told: the writer may finish.
    public void end() {
        ended = true;
    }

    boolean isEnded() {
        return ended;
    }

    /// Writes the rest and closes the file. The writing thread.
    @Override
    public void close() {
        ended = true;
        write();
        sync();
        try {
            file.close();
        } catch (IOException e) {
            failure = failure == null ? e : failure;
        }
    }
}
