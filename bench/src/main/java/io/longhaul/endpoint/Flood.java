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
import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.AddressHandle;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.WorkCompletions;
import io.longhaul.verbs.soft.SoftDeviceConfig;
import io.longhaul.verbs.soft.SoftDeviceProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;

/// A stranger who fills the data port, at a fixed rate, until it is closed.
final class Flood implements AutoCloseable {
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
    private static final int BATCH = 32;
    private static final int RANDOM_BYTES = 1400;

    /// Sends a batch.
    private interface Volley extends AutoCloseable {
        void send() throws IOException;

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
                    volley.send();
                    sent.addAndGet(BATCH);
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
                    public void send() throws IOException {
                        final InetSocketAddress to = new InetSocketAddress(
                                LOOPBACK,
                                lanes.get(random.nextInt(lanes.size())).udpPort());
                        for (int i = 0; i < BATCH; i++) {
                            final int length = random.nextInt(20, RANDOM_BYTES + 1);
                            final int at = random.nextInt(noise.length - length);
                            channel.send(bytes.limit(at + length).position(at), to);
                        }
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

    /// Gives queue pairs the numbers that they are to imitate, one after the other.
    private static final class Numbers implements RandomGenerator {
        private final SplittableRandom others;
        private final Iterator<LaneAddress> wanted;

        Numbers(List<LaneAddress> wanted, long seed) {
            this.wanted = wanted.iterator();
            others = new SplittableRandom(seed);
        }

        @Override
        public long nextLong() {
            return others.nextLong();
        }

        @Override
        public int nextInt(int least, int bound) {
            return wanted.hasNext() ? wanted.next().queuePair() : others.nextInt(least, bound);
        }
    }

    private static final class Forger implements Volley {
        private final Arena arena = Arena.ofShared();
        private final List<LaneAddress> lanes;
        private final long connectionId;
        private final RdmaDevice device;
        private final ProtectionDomain domain;
        private final CompletionQueue queue;
        private final MemorySegment memory = arena.allocate((long) BATCH * RANDOM_BYTES, 64);
        private final MemoryRegion region;
        private final List<QueuePair> queuePairs = new ArrayList<>(); // [lane]
        private final List<AddressHandle> handles;
        private final SendRequests sends = SendRequests.allocate(arena, BATCH);
        private final WorkCompletions completions = WorkCompletions.allocate(arena, BATCH);
        private long number;
        private int volleys;

        Forger(List<LaneAddress> lanes, List<LaneAddress> sources, long connectionId, long firstNumber, long seed) {
            this.lanes = lanes;
            this.connectionId = connectionId;
            number = firstNumber;
            device = new SoftDeviceProvider(SoftDeviceConfig.builder(LOOPBACK)
                            .name("forger")
                            .random(new Numbers(sources, seed))
                            .build())
                    .open();
            domain = device.allocateProtectionDomain();
            queue = device.createCompletionQueue(4 * BATCH, null);
            region = domain.registerMemory(memory, AccessFlags.LOCAL_WRITE);
            for (int i = 0; i < lanes.size(); i++) {
                final QueuePair queuePair =
                        domain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UD, queue, 2 * BATCH, BATCH));
                queuePair.toInit(0, 1);
                queuePair.toReadyToReceive();
                queuePair.toReadyToSend(0);
                queuePairs.add(queuePair);
            }
            handles = lanes.stream()
                    .map(lane -> domain.createAddressHandle(AddressVector.of(LOOPBACK, lane.udpPort())))
                    .toList();
            final SplittableRandom random = new SplittableRandom(seed);
            for (long i = 0; i < memory.byteSize(); i++) {
                memory.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
            }
            sends.flags(BATCH - 1, SendRequests.SIGNALED);
        }

        @Override
        public void send() {
            final int lane = volleys++ % lanes.size();
            final LaneAddress to = lanes.get(lane);
            for (int i = 0; i < BATCH; i++) {
                final long at = (long) i * RANDOM_BYTES;
                PacketFlyweight.putHeader(memory, at, connectionId, lane, number++);
                PacketFlyweight.putKey(memory, at, 0, 0);
                sends.payload(i, region, at, RANDOM_BYTES)
                        .destination(i, handles.get(lane), to.queuePair(), to.queueKey());
            }
            queuePairs.get(lane).postSend(sends, 0, BATCH);
            while (queue.poll(completions, BATCH) == 0) {
                Thread.onSpinWait();
            }
        }

        @Override
        public void close() {
            handles.forEach(AddressHandle::close);
            queuePairs.forEach(QueuePair::close);
            region.close();
            queue.close();
            domain.close();
            device.close();
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
