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
package io.longhaul.verbs.soft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.ReceiveRequests;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.WorkCompletions;
import io.longhaul.verbs.soft.SoftDeviceCounters.Counter;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/// Two software devices on the loopback address, with one queue pair each that are connected to each other.
final class SoftPair implements AutoCloseable {
    static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
    static final int QUEUE_KEY = 0x1234;
    static final int DEPTH = 256;
    static final int REGION_BYTES = 4 << 20;

    final Arena arena = Arena.ofShared();
    final Side a;
    final Side b;

    /// One device with one of everything.
    final class Side implements AutoCloseable {
        final SoftDevice device;
        final ProtectionDomain domain;
        final CompletionQueue queue;
        final MemoryRegion region;
        final QueuePair qp;
        final SendRequests sends = SendRequests.allocate(arena, DEPTH);
        final ReceiveRequests receives = ReceiveRequests.allocate(arena, DEPTH);
        final WorkCompletions completions = WorkCompletions.allocate(arena, 16);

        Side(SoftDevice device, QueuePair.Type type) {
            this.device = device;
            domain = device.allocateProtectionDomain();
            queue = device.createCompletionQueue(4 * DEPTH, null);
            region = domain.registerMemory(
                    arena.allocate(REGION_BYTES, 64), AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE);
            qp = domain.createQueuePair(QueuePairConfig.of(type, queue, DEPTH, DEPTH));
            qp.toInit(AccessFlags.REMOTE_WRITE, QUEUE_KEY);
            for (int i = 0; i < DEPTH; i++) {
                sends.flags(i, SendRequests.SIGNALED);
                receives.buffer(i, region, i * 16_384L, 16_384);
            }
        }

        long counter(Counter counter) {
            return device.counters().get(counter);
        }

        @Override
        public void close() {
            qp.close();
            region.close();
            queue.close();
            domain.close();
            device.close();
        }
    }

    SoftPair(QueuePair.Type type, UnaryOperator<SoftDeviceConfig.Builder> options, int pathMtuBytes) {
        this(type, options, pathMtuBytes, UnaryOperator.identity());
    }

    /// Opens both.
    ///
    /// @param wrapping between device a and its egress
    SoftPair(
            QueuePair.Type type,
            UnaryOperator<SoftDeviceConfig.Builder> options,
            int pathMtuBytes,
            UnaryOperator<Egress> wrapping) {
        a = new Side(provider("a", options).open(wrapping), type);
        b = new Side(provider("b", options).open(), type);
        connect(a, b, pathMtuBytes);
        connect(b, a, pathMtuBytes);
    }

    static SoftPair datagrams() {
        return new SoftPair(QueuePair.Type.UD, builder -> builder, 0);
    }

    static SoftPair connected(int pathMtuBytes) {
        return new SoftPair(QueuePair.Type.UC, builder -> builder, pathMtuBytes);
    }

    private static SoftDeviceProvider provider(String name, UnaryOperator<SoftDeviceConfig.Builder> options) {
        SoftDeviceConfig.Builder builder = SoftDeviceConfig.builder(LOOPBACK)
                .name(name)
                .socketBufferBytes(4 << 20)
                .random(new SplittableRandom(name.hashCode()));
        return new SoftDeviceProvider(options.apply(builder).build());
    }

    private static void connect(Side from, Side to, int pathMtuBytes) {
        AddressVector vector = AddressVector.of(LOOPBACK, to.qp.udpPort());
        if (from.qp.type() == QueuePair.Type.UC) {
            from.qp.toReadyToReceive(vector, to.qp.number(), 100, pathMtuBytes);
        } else {
            from.qp.toReadyToReceive();
            var handle = (SoftAddressHandle) from.domain.createAddressHandle(vector);
            for (int i = 0; i < DEPTH; i++) {
                from.sends.destination(i, handle, to.qp.number(), QUEUE_KEY);
            }
        }
        from.qp.toReadyToSend(100);
    }

    void progress() {
        a.device.progress(System.nanoTime());
        b.device.progress(System.nanoTime());
    }

    /// Waits for exactly one completion of a side, which is then the first of its array.
    void awaitOne(Side side) {
        long start = System.nanoTime();
        while (side.queue.poll(side.completions, 1) == 0) {
            progress();
            if (System.nanoTime() - start > 5_000_000_000L) {
                fail("no completion; a: " + a.device.counters() + "; b: " + b.device.counters());
            }
        }
    }

    /// Makes progress for a while and expects no completion.
    void assertSilence(Side side) {
        long start = System.nanoTime();
        while (System.nanoTime() - start < 10_000_000L) {
            progress();
            assertEquals(0, side.queue.poll(side.completions, 1), "unexpected completion");
        }
    }

    /// Waits until a counter has a value.
    void awaitCounter(Side side, Counter counter, long value) {
        long start = System.nanoTime();
        while (side.counter(counter) < value) {
            progress();
            if (System.nanoTime() - start > 5_000_000_000L) {
                fail(counter + " is not " + value + " but " + side.device.counters());
            }
        }
        assertEquals(value, side.counter(counter), () -> counter + " of " + side.device.counters());
    }

    @Override
    public void close() {
        closeSide(a);
        closeSide(b);
        arena.close();
    }

    private static void closeSide(Side side) {
        if (side.sends != null && side.qp.type() == QueuePair.Type.UD) {
            long handle = side.sends.segment().get(ValueLayout.JAVA_LONG, 40);
            Objects.requireNonNull(side.device.addressHandles().get((int) handle))
                    .close();
        }
        side.close();
    }
}
