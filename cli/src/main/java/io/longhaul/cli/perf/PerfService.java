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
import io.longhaul.ExposedRegion;
import io.longhaul.Grant;
import io.longhaul.Message;
import io.longhaul.Right;
import io.longhaul.cli.account.SenderAccount;
import io.longhaul.cli.control.ControlMessage;
import io.longhaul.cli.control.ControlMessage.PerfClose;
import io.longhaul.cli.control.ControlMessage.PerfDigest;
import io.longhaul.cli.control.ControlMessage.PerfMark;
import io.longhaul.cli.control.ControlMessage.PerfMarked;
import io.longhaul.cli.control.ControlMessage.PerfOpen;
import io.longhaul.cli.control.ControlMessage.PerfReady;
import io.longhaul.cli.control.ControlMessage.PerfVerify;
import io.longhaul.cli.control.Inbox;
import io.longhaul.cli.control.RefusalCode;
import io.longhaul.cli.control.RefusalException;
import io.longhaul.cli.transfer.Pattern;
import io.longhaul.cli.transfer.RingMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;

/// The server's half of a measurement.
///
/// Threading: one thread; messages are counted on the agent, a stream is read by a thread of its own.
public final class PerfService {
    private static final AtomicLong REGIONS = new AtomicLong();

    /// One message of so many is compared byte by byte, the others by their length: comparing must not be what is
    /// measured.
    private static final int COMPARE_EVERY = 64;

    private static final int STREAM_BYTES = 1 << 20;
    private static final Duration STREAM_TIMEOUT = Duration.ofSeconds(30);

    private final Inbox inbox;
    private final PerfOpen request;
    private final PerfOperation operation;
    private volatile long received; // written by the agent or the stream's thread only
    private volatile long wrong; // likewise

    private PerfService(Inbox inbox, PerfOpen request, PerfOperation operation) {
        this.inbox = inbox;
        this.request = request;
        this.operation = operation;
    }

    /// Serves one measurement until the client ends it.
    ///
    /// @param mostBytes cap of the memory
    /// @throws RefusalException when the request is beyond the cap or makes no sense
    public static void serve(Inbox inbox, PerfOpen request, long mostBytes)
            throws RefusalException, InterruptedException {
        final PerfOperation[] all = PerfOperation.values();
        if (request.operation() >= all.length) {
            throw new RefusalException(RefusalCode.BAD_REQUEST, "this server does not know that operation");
        }
        if (request.sizeBytes() > Integer.MAX_VALUE || request.sizeBytes() * request.slots() > mostBytes) {
            throw new RefusalException(
                    RefusalCode.LIMIT_REACHED,
                    "the measurement needs " + request.slots() + " x " + request.sizeBytes()
                            + " bytes of the server's memory, which gives " + mostBytes
                            + "; lower --size or --depth, or raise --max-memory of the server");
        }
        new PerfService(inbox, request, all[request.operation()]).run();
    }

    private void run() throws RefusalException, InterruptedException {
        switch (operation) {
            case WRITE, READ, ATOMIC -> serveRegion();
            case SEND -> {
                final ByteBuffer expected = expectedBlock();
                inbox.payloadListener(message -> count(message, expected));
                try {
                    inbox.send(new PerfReady(""));
                    answer(ByteBuffer.allocate(0));
                } finally {
                    inbox.payloadListener(null);
                }
            }
            case STREAM -> {
                final Thread reader =
                        Thread.ofPlatform().daemon().name("longhaul-stream").start(this::readStream);
                inbox.send(new PerfReady(""));
                answer(ByteBuffer.allocate(0));
                reader.interrupt();
            }
        }
    }

    private void serveRegion() throws RefusalException, InterruptedException {
        final Set<Right> rights = switch (operation) {
            case WRITE -> Set.of(Right.WRITE);
            case READ -> Set.of(Right.READ);
            default -> Set.of(Right.ATOMIC, Right.READ);
        };
        final String name = "longhaul.perf." + REGIONS.incrementAndGet();
        try (RingMemory memory = new RingMemory((int) request.sizeBytes(), request.slots())) {
            final ByteBuffer bytes = memory.segment().asByteBuffer();
            if (operation == PerfOperation.READ) {
                Pattern.fill(bytes.duplicate(), request.seed(), 0);
            }
            try (ExposedRegion _ = inbox.connection().expose(name, memory.segment(), new Grant(rights, null))) {
                inbox.send(new PerfReady(name));
                answer(bytes);
            }
        }
    }

    private ByteBuffer expectedBlock() {
        final ByteBuffer expected = ByteBuffer.allocateDirect((int) request.sizeBytes());
        Pattern.fill(expected, request.seed(), 0);
        return expected.flip();
    }

    private boolean count(Message message, ByteBuffer expected) {
        final long number = received;
        try (message) {
            final boolean right = message.length() == request.sizeBytes()
                    && (number % COMPARE_EVERY != 0
                            || message.segment().asByteBuffer().equals(expected));
            if (!right) {
                countWrong();
            }
        }
        received = number + 1;
        return true;
    }

    private void countWrong() {
        final long before = wrong;
        wrong = before + 1;
    }

    private void readStream() {
        final ByteBuffer expected = expectedBlock();
        final ByteBuffer bytes = ByteBuffer.allocateDirect(STREAM_BYTES);
        final ByteBuffer echo = ByteBuffer.allocateDirect(Long.BYTES);
        try (ByteStream stream = inbox.connection().acceptStream(STREAM_TIMEOUT)) {
            if (stream == null) {
                return;
            }
            long echoed = 0;
            while (stream.read(bytes.clear()) >= 0) {
                compareStream(bytes.flip(), expected);
                final long blocks = received / request.sizeBytes();
                if (blocks > echoed) {
                    echoed = blocks;
                    stream.write(echo.clear().putLong(0, blocks * request.sizeBytes()));
                }
            }
        } catch (IOException e) {
            return; // the client is told by its own end of the stream
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Compares the first bytes of each piece with what must stand there.
    private void compareStream(ByteBuffer bytes, ByteBuffer expected) {
        final int at = (int) (received % request.sizeBytes());
        final int length = Math.min(bytes.remaining(), Math.min(expected.capacity() - at, 512));
        if (!bytes.slice(0, length).equals(expected.slice(at, length))) {
            countWrong();
        }
        final long before = received;
        received = before + bytes.remaining();
    }

    private void answer(ByteBuffer region) throws RefusalException, InterruptedException {
        while (true) {
            switch (inbox.take()) {
                case Inbox.Arrived(PerfMark()) ->
                    inbox.send(new PerfMarked(
                            ProcessorTime.nanos(),
                            received,
                            wrong,
                            SenderAccount.of(inbox.connection().statistics())));
                case Inbox.Arrived(PerfVerify(var bytes))
                when bytes <= region.capacity() -> {
                    final CRC32C crc = new CRC32C();
                    crc.update(region.slice(0, (int) bytes));
                    inbox.send(new PerfDigest((int) crc.getValue()));
                }
                case Inbox.Arrived(PerfClose()) -> {
                    return;
                }
                case Inbox.Arrived(ControlMessage other) -> throw Inbox.unexpected(other);
                default -> {}
            }
        }
    }
}
