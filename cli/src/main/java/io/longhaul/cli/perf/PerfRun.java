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
import io.longhaul.ConnectionStatistics;
import io.longhaul.RemoteRegion;
import io.longhaul.cli.account.SenderAccount;
import io.longhaul.cli.control.ControlMessage.PerfClose;
import io.longhaul.cli.control.ControlMessage.PerfDigest;
import io.longhaul.cli.control.ControlMessage.PerfMark;
import io.longhaul.cli.control.ControlMessage.PerfMarked;
import io.longhaul.cli.control.ControlMessage.PerfOpen;
import io.longhaul.cli.control.ControlMessage.PerfReady;
import io.longhaul.cli.control.ControlMessage.PerfVerify;
import io.longhaul.cli.control.Inbox;
import io.longhaul.cli.control.RefusalException;
import io.longhaul.cli.transfer.Pattern;
import io.longhaul.cli.transfer.Regions;
import io.longhaul.cli.transfer.RingMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.zip.CRC32C;

/// One measurement: prepares the server, warms up, measures, verifies.
///
/// Threading: one thread.
public final class PerfRun {
    private static final Duration ANSWER = Duration.ofSeconds(60);

    private final Inbox inbox;
    private final Connection connection;
    private final PerfPlan plan;

    /// Prepares a measurement.
    public PerfRun(Inbox inbox, PerfPlan plan) {
        this.inbox = inbox;
        this.plan = plan;
        connection = inbox.connection();
    }

    /// Measures.
    ///
    /// @throws RefusalException when the server refuses or an operation fails
    /// @throws io.longhaul.ConnectionException when the connection is lost
    public PerfResult run() throws RefusalException, InterruptedException {
        inbox.send(new PerfOpen(plan.operation().ordinal(), plan.sizeBytes(), plan.slots(), plan.seed()));
        final String name = inbox.expect(PerfReady.class, ANSWER).region();
        final RemoteRegion remote =
                name.isEmpty() ? new RemoteRegion("", 0, 0, Set.of()) : Regions.lookUp(connection, name, ANSWER);
        try (RingMemory memory = new RingMemory(Math.toIntExact(plan.sizeBytes()), plan.slots())) {
            if (plan.operation() != PerfOperation.READ) {
                Pattern.fill(memory.segment().asByteBuffer(), plan.seed(), 0);
            }
            try (PerfLoad load = load(remote, memory)) {
                return measure(load, remote, memory);
            }
        }
    }

    private PerfLoad load(RemoteRegion remote, RingMemory memory) {
        if (plan.operation() == PerfOperation.STREAM) {
            return new StreamLoad(connection.openStream(), plan, memory.slot(0, Math.toIntExact(plan.sizeBytes())));
        }
        return new OperationLoad(connection, plan, remote, memory);
    }

    private PerfResult measure(PerfLoad load, RemoteRegion remote, RingMemory memory)
            throws RefusalException, InterruptedException {
        load.start();
        watch(load, plan.warmupNanos());
        final PerfMarked serverBefore = mark();
        final ConnectionStatistics before = connection.statistics();
        final long cpuBefore = ProcessorTime.nanos();
        final long began = System.nanoTime();
        load.beginRecording();
        watch(load, plan.measureNanos());
        load.endRecording();
        final double seconds = (System.nanoTime() - began) / 1e9;
        final long cpu = ProcessorTime.nanos() - cpuBefore;
        final ConnectionStatistics after = connection.statistics();
        final PerfMarked serverAfter = mark();
        load.stop();
        final boolean verified = isRight(load, remote, memory);
        inbox.send(new PerfClose());
        return new PerfResult(
                seconds,
                load.recorded(),
                load.histogram(),
                account(before, after, serverBefore, serverAfter),
                after,
                cpu / 1e9,
                (serverAfter.cpuNanos() - serverBefore.cpuNanos()) / 1e9,
                verified);
    }

    // Of the side that sends.
    private SenderAccount account(
            ConnectionStatistics before, ConnectionStatistics after, PerfMarked serverBefore, PerfMarked serverAfter) {
        return plan.operation() == PerfOperation.READ
                ? serverAfter.account().since(serverBefore.account())
                : SenderAccount.of(after).since(SenderAccount.of(before));
    }

    /// Waits, and ends at once when the load fails or the connection is lost.
    private void watch(PerfLoad load, long nanos) throws RefusalException, InterruptedException {
        final long deadline = System.nanoTime() + nanos;
        while (true) {
            final long left = deadline - System.nanoTime();
            if (left <= 0) {
                return;
            }
            final Inbox.Event event = inbox.take(Duration.ofNanos(Math.min(left, 50_000_000)));
            if (event instanceof Inbox.Arrived(var message)) {
                throw Inbox.unexpected(message);
            }
            final RefusalException failure = load.failure();
            if (failure != null) {
                throw failure;
            }
        }
    }

    private PerfMarked mark() throws RefusalException, InterruptedException {
        inbox.send(new PerfMark());
        return inbox.expect(PerfMarked.class, ANSWER);
    }

    private boolean isRight(PerfLoad load, RemoteRegion remote, RingMemory memory)
            throws RefusalException, InterruptedException {
        final long started = load.started();
        final long used = load.covered() * plan.sizeBytes();
        return switch (plan.operation()) {
            case WRITE -> {
                inbox.send(new PerfVerify(used));
                yield inbox.expect(PerfDigest.class, ANSWER).crc() == crc(memory, used);
            }
            case READ -> isPattern(memory.segment().asSlice(0, used).asByteBuffer());
            case SEND -> {
                final PerfMarked seen = mark();
                yield seen.messages() == started && seen.wrong() == 0;
            }
            case STREAM -> {
                final PerfMarked seen = mark();
                yield seen.messages() == started * plan.sizeBytes() && seen.wrong() == 0;
            }
            case ATOMIC -> sum(remote, memory) == started;
        };
    }

    private static int crc(RingMemory memory, long bytes) {
        final CRC32C crc = new CRC32C();
        crc.update(memory.segment().asSlice(0, bytes).asByteBuffer());
        return (int) crc.getValue();
    }

    private boolean isPattern(ByteBuffer bytes) {
        final ByteBuffer expected = ByteBuffer.allocateDirect(bytes.capacity());
        Pattern.fill(expected, plan.seed(), 0);
        return expected.flip().equals(bytes);
    }

    private long sum(RemoteRegion remote, RingMemory memory) throws RefusalException {
        try {
            connection.read(remote, 0, memory.segment()).join();
        } catch (CompletionException e) {
            throw new RefusalException(
                    io.longhaul.cli.control.RefusalCode.FAILED, "reading the counters back failed: " + e.getCause(), e);
        }
        final ByteBuffer counters = memory.segment().asByteBuffer().order(ByteOrder.nativeOrder());
        long sum = 0;
        while (counters.hasRemaining()) {
            sum += counters.getLong();
        }
        return sum;
    }
}
