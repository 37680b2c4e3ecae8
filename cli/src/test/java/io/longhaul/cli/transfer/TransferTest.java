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
package io.longhaul.cli.transfer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConnectionException;
import io.longhaul.cli.control.ControlMessage;
import io.longhaul.cli.control.Inbox;
import io.longhaul.cli.control.RefusalCode;
import io.longhaul.cli.control.RefusalException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Both ends of a transfer over a connection within the process.
@Timeout(60)
class TransferTest {
    private static final long SEED = 0x5E55_101DL;

    private final JoinedConnection[] pair = JoinedConnection.pair();
    private final Inbox sending = new Inbox(pair[0]);
    private final Inbox receiving = new Inbox(pair[1]);

    /// Keeps everything in memory.
    private static final class MemorySink implements BlockSink {
        byte[] bytes;
        int resume;
        boolean committed;
        boolean discarded;
        int restarts;
        long failAt = Long.MAX_VALUE;

        MemorySink(int size) {
            bytes = new byte[size];
        }

        @Override
        public long resumeBytes() {
            return resume;
        }

        @Override
        public void readBack(long offset, ByteBuffer target) {
            target.put(bytes, (int) offset, target.remaining());
        }

        @Override
        public void restart() {
            restarts++;
            Arrays.fill(bytes, (byte) 0);
        }

        @Override
        public void write(long offset, ByteBuffer block) throws IOException {
            if (offset + block.remaining() > failAt) {
                throw new IOException("No space left on device");
            }
            block.get(bytes, (int) offset, block.remaining());
        }

        @Override
        public void commit() {
            committed = true;
        }

        @Override
        public void discard() {
            discarded = true;
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0,65536",
        "1,65536",
        "65536,65536",
        "65537,65536",
        "1000000,131072",
        "5000000,262144",
        "5000000,67108864"
    })
    void movesEverything(int size, long window) throws Exception {
        final MemorySink sink = new MemorySink(size);
        final TransferReport report = transfer(sink, Pattern.source(SEED), size, window);
        assertArrayEquals(expected(size), sink.bytes);
        assertTrue(sink.committed);
        assertEquals(size, report.movedBytes());
        assertEquals(0, report.resumedBytes());
    }

    @Test
    void resumesBehindAPrefixThatIsTheSame() throws Exception {
        final int size = 3_000_000;
        final MemorySink sink = new MemorySink(size);
        sink.resume = 1_234_568;
        System.arraycopy(expected(size), 0, sink.bytes, 0, sink.resume);
        final TransferReport report = transfer(sink, Pattern.source(SEED), size, 262_144);
        assertArrayEquals(expected(size), sink.bytes);
        assertEquals(1_234_568, report.resumedBytes());
        assertEquals(0, sink.restarts);
    }

    @Test
    void resumesWhenOnlyTheEndIsMissing() throws Exception {
        final int size = 100_000;
        final MemorySink sink = new MemorySink(size);
        sink.resume = size;
        sink.bytes = expected(size);
        assertEquals(size, transfer(sink, Pattern.source(SEED), size, 65_536).resumedBytes());
        assertTrue(sink.committed);
    }

    @Test
    void startsAnewWhenThePrefixDiffers() throws Exception {
        final int size = 3_000_000;
        final MemorySink sink = new MemorySink(size);
        sink.resume = 1_000_000;
        final TransferReport report = transfer(sink, Pattern.source(SEED), size, 262_144);
        assertArrayEquals(expected(size), sink.bytes);
        assertEquals(0, report.resumedBytes());
        assertEquals(1, sink.restarts);
    }

    @Test
    @Tag("fault-17")
    void bytesThatChangeOnTheWayAreNotPutInPlace() throws Exception {
        pair[0].corruptByteAt = 777_777;
        final MemorySink sink = new MemorySink(2_000_000);
        final RefusalException e =
                assertThrows(RefusalException.class, () -> transfer(sink, Pattern.source(SEED), 2_000_000, 262_144));
        assertEquals(RefusalCode.DIGEST_MISMATCH, e.code());
        assertFalse(sink.committed);
        assertTrue(sink.discarded);
    }

    @Test
    void theReasonOfAReceiverThatGivesUpReachesTheSender() {
        final MemorySink sink = new MemorySink(2_000_000);
        sink.failAt = 1_000_000;
        final RefusalException e =
                assertThrows(RefusalException.class, () -> transfer(sink, Pattern.source(SEED), 2_000_000, 262_144));
        assertEquals(RefusalCode.NO_SPACE, e.code());
        assertTrue(e.isRemote());
    }

    @Test
    void aSourceThatChangedIsRefused() {
        final MemorySink sink = new MemorySink(500_000);
        final BlockSource changing = new BlockSource() {
            @Override
            public void read(long offset, ByteBuffer target) {
                Pattern.fill(target, SEED, offset);
            }

            @Override
            public void finish() throws RefusalException {
                throw new RefusalException(RefusalCode.SOURCE_CHANGED, "it changed");
            }
        };
        final RefusalException e =
                assertThrows(RefusalException.class, () -> transfer(sink, changing, 500_000, 131_072));
        assertEquals(RefusalCode.SOURCE_CHANGED, e.code());
        assertFalse(sink.committed);
    }

    @Test
    void postsAgainWhatTheConnectionDeclined() throws Exception {
        pair[0].declineEvery = 2;
        final MemorySink sink = new MemorySink(1_000_000);
        transfer(sink, Pattern.source(SEED), 1_000_000, 131_072);
        assertArrayEquals(expected(1_000_000), sink.bytes);
    }

    @Test
    void aLostConnectionEndsBothSides() {
        pair[0].loseAfterBytes = 600_000;
        final MemorySink sink = new MemorySink(2_000_000);
        final Exception e =
                assertThrows(ConnectionException.class, () -> transfer(sink, Pattern.source(SEED), 2_000_000, 262_144));
        assertTrue(
                String.valueOf(e.getMessage()).contains("lost")
                        || e.getMessage().contains("heard"),
                e.getMessage());
        assertFalse(sink.committed);
    }

    @Test
    void refusesAnAbsurdWindow() {
        for (ControlMessage.Window each : new ControlMessage.Window[] {
            new ControlMessage.Window("none", 65_536, 4, 0),
            new ControlMessage.Window("", 0, 0, 0),
            new ControlMessage.Window("none", 0, 4, 0),
            new ControlMessage.Window("none", 65_536, 4, 99_999_999)
        }) {
            assertThrows(
                    RefusalException.class,
                    () -> BlockSender.send(
                            sending,
                            each,
                            Pattern.source(SEED),
                            1_000_000,
                            BlockDigest.none(),
                            1 << 20,
                            TransferListener.NONE));
        }
    }

    @Test
    void refusesBlocksOutOfOrder() throws Exception {
        final FutureTask<TransferReport> receiver = start(() -> BlockReceiver.receive(
                receiving, new MemorySink(200_000), 200_000, 65_536, BlockDigest.none(), TransferListener.NONE));
        sending.expect(ControlMessage.Window.class, Duration.ofSeconds(5));
        sending.send(new ControlMessage.Start(0));
        receiving.onImmediate(1, 65_536);
        final ExecutionException e = assertThrows(ExecutionException.class, receiver::get);
        assertInstanceOf(RefusalException.class, e.getCause());
    }

    private TransferReport transfer(MemorySink sink, BlockSource source, long size, long windowBytes) throws Exception {
        final FutureTask<TransferReport> receiver = start(() -> {
            try {
                return BlockReceiver.receive(
                        receiving, sink, size, windowBytes, BlockDigest.sha256(), TransferListener.NONE);
            } catch (RefusalException e) {
                receiving.send(new ControlMessage.Refusal(e.code(), String.valueOf(e.getMessage())));
                throw e;
            } catch (IOException e) {
                receiving.send(new ControlMessage.Refusal(RefusalCode.NO_SPACE, String.valueOf(e.getMessage())));
                throw e;
            }
        });
        final ControlMessage.Window window = sending.expect(ControlMessage.Window.class, Duration.ofSeconds(5));
        try {
            return BlockSender.send(
                    sending, window, source, size, BlockDigest.sha256(), windowBytes, TransferListener.NONE);
        } catch (RefusalException e) {
            if (!e.isRemote()) {
                sending.send(new ControlMessage.Refusal(e.code(), String.valueOf(e.getMessage())));
            }
            throw e;
        } finally {
            try {
                receiver.get();
            } catch (ExecutionException e) {
                assertTrue(e.getCause() instanceof Exception);
            }
        }
    }

    private static FutureTask<TransferReport> start(Callable<TransferReport> work) {
        final FutureTask<TransferReport> task = new FutureTask<>(work);
        Thread.ofPlatform().daemon().name("receiver").start(task);
        return task;
    }

    private static byte[] expected(int size) {
        final ByteBuffer bytes = ByteBuffer.allocate(size);
        Pattern.fill(bytes, SEED, 0);
        return bytes.array();
    }
}
