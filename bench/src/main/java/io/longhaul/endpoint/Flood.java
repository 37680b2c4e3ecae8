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

import io.longhaul.core.wire.PacketFlyweight;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// A stranger who fills the data port, at a fixed rate, until it is closed.
final class Flood implements AutoCloseable {
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
    private static final int BATCH = 32;
    private static final int RANDOM_BYTES = 1400;

    /// Sends a batch.
    private interface Volley extends AutoCloseable {
        /// Returns how many packets it had, at most {@link #BATCH}; 0 when there are no more.
        int send() throws IOException;

        @Override
        void close();
    }

    private final Thread thread;
    private volatile boolean goingOn = true;
    private final AtomicLong sent = new AtomicLong();

    private Flood(Volley volley, int packetsPerSecond) {
        thread = Thread.ofPlatform().daemon().name("flood").start(() -> run(volley, packetsPerSecond));
    }

    private void run(Volley volley, int packetsPerSecond) {
        try (volley) {
            final long start = System.nanoTime();
            while (goingOn) {
                final double due = (System.nanoTime() - start) / 1e9 * packetsPerSecond;
                if (sent.get() + BATCH > due) {
                    LockSupport.parkNanos(100_000);
                } else {
                    final int count = volley.send();
                    if (count == 0) {
                        return;
                    }
                    sent.addAndGet(count);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Random bytes, 20 to 1400 in a datagram.
    static Flood random(List<LaneAddress> lanes, int packetsPerSecond, long seed) throws IOException {
        final DatagramChannel channel = DatagramChannel.open();
        final SplittableRandom random = new SplittableRandom(seed);
        final byte[] noise = new byte[1 << 20];
        random.nextBytes(noise);
        final ByteBuffer bytes = ByteBuffer.allocateDirect(noise.length).put(noise);
        return new Flood(
                new Volley() {
                    @Override
                    public int send() throws IOException {
                        final InetSocketAddress to = new InetSocketAddress(
                                LOOPBACK,
                                lanes.get(random.nextInt(lanes.size())).udpPort());
                        for (int i = 0; i < BATCH; i++) {
                            final int length = random.nextInt(20, RANDOM_BYTES + 1);
                            final int at = random.nextInt(noise.length - length);
                            channel.send(bytes.limit(at + length).position(at), to);
                        }
                        return BATCH;
                    }

                    @Override
                    public void close() {
                        try {
                            channel.close();
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    }
                },
                packetsPerSecond);
    }

    /// What somebody on the path could send: RoCEv2 that is right down to the ICRC, the connection's id, its key's
    /// byte, and packet numbers that come next. Only the tag is wrong.
    ///
    /// @param lanes the victim's
    /// @param sources queue pairs from which the packets seem to come: the peer's, for each lane one, or none for
    /// others
    static Flood forged(
            List<LaneAddress> lanes,
            List<LaneAddress> sources,
            long connectionId,
            long firstNumber,
            int packetsPerSecond,
            long seed) {
        return new Flood(new Forger(lanes, sources, connectionId, firstNumber, seed), packetsPerSecond);
    }

    /// Everything that was recorded, once, each packet to its own queue pair and seemingly from where it came.
    ///
    /// @param targets queue pairs by the numbers of the recording
    /// @param sources queue pairs from which the packets seem to come, for each target one
    static Flood replayed(List<LaneAddress> targets, List<LaneAddress> sources, Path recording, int packetsPerSecond)
            throws IOException {
        return new Flood(new Replayer(targets, sources, recording), packetsPerSecond);
    }

    /// Waits until there is nothing left to send.
    void awaitEnd() throws InterruptedException {
        thread.join();
    }

    private static final class Forger implements Volley {
        private final Arena arena = Arena.ofShared();
        private final List<LaneAddress> lanes;
        private final long connectionId;
        private final MemorySegment memory = arena.allocate((long) BATCH * RANDOM_BYTES, 64);
        private final Impostor impostor;
        private long number;
        private int volleys;

        Forger(List<LaneAddress> lanes, List<LaneAddress> sources, long connectionId, long firstNumber, long seed) {
            this.lanes = lanes;
            this.connectionId = connectionId;
            number = firstNumber;
            final SplittableRandom random = new SplittableRandom(seed);
            for (long i = 0; i < memory.byteSize(); i++) {
                memory.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
            }
            impostor = new Impostor(lanes, sources, memory, BATCH, seed);
        }

        @Override
        public int send() {
            final int lane = volleys++ % lanes.size();
            for (int i = 0; i < BATCH; i++) {
                final long at = (long) i * RANDOM_BYTES;
                PacketFlyweight.putHeader(memory, at, connectionId, lane, number++);
                PacketFlyweight.putKey(memory, at, 0, 0);
                impostor.put(i, lane, at, RANDOM_BYTES);
            }
            impostor.send(lane, BATCH);
            return BATCH;
        }

        @Override
        public void close() {
            impostor.close();
            arena.close();
        }
    }

    private static final class Replayer implements Volley {
        private final Arena arena = Arena.ofShared();
        private final MemorySegment records;
        private final Impostor impostor;
        private long at;

        Replayer(List<LaneAddress> targets, List<LaneAddress> sources, Path recording) throws IOException {
            try (FileChannel file = FileChannel.open(recording, StandardOpenOption.READ)) {
                records = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena);
            }
            impostor = new Impostor(targets, sources, records, BATCH, 1);
        }

        // Up to a batch of packets that follow one another and went to one queue pair.
        @Override
        public int send() {
            int count = 0;
            int lane = -1;
            while (count < BATCH && at < records.byteSize()) {
                final int next = records.get(ValueLayout.JAVA_INT_UNALIGNED, at);
                if (lane >= 0 && next != lane) {
                    break;
                }
                lane = next;
                final int length = records.get(ValueLayout.JAVA_INT_UNALIGNED, at + Integer.BYTES);
                impostor.put(count++, lane, at + Recording.RECORD_HEADER_BYTES, length);
                at += Recording.RECORD_HEADER_BYTES + length;
            }
            if (count > 0) {
                impostor.send(lane, count);
            }
            return count;
        }

        @Override
        public void close() {
            impostor.close();
            arena.close();
        }
    }

    /// Packets sent so far.
    long sentPackets() {
        return sent.get();
    }

    @Override
    public void close() {
        goingOn = false;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
