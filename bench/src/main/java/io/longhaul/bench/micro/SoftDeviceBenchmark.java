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
package io.longhaul.bench.micro;

import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.AddressHandle;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.ReceiveRequests;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.WorkCompletions;
import io.longhaul.verbs.soft.SoftDeviceConfig;
import io.longhaul.verbs.soft.SoftDeviceProvider;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// One datagram from one software device to another over the loopback interface: work request, RoCEv2 headers, ICRC,
/// system
/// call, system call, ICRC, placement, completion.
///
/// One operation = one packet, 64 of which are posted with one doorbell. Both devices run on the benchmark's thread.
/// Unit:
/// nanoseconds and bytes per packet. Target: below 1 byte allocated.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 1)
public class SoftDeviceBenchmark {
    private static final int PACKETS = 64;
    private static final int QUEUE_KEY = 0x11223344;
    private static final long PATIENCE_NANOS = 1_000_000_000L;
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

    /// Payload of a datagram, bytes: 64, that of a 1500-byte path, and the most that the device takes with 9000
    /// bytes.
    @Param({"64", "1448", "8936"})
    public int payloadBytes;

    /// How packets cross the kernel.
    @Param({"AUTO", "PLAIN"})
    public SoftDeviceConfig.Mode mode = SoftDeviceConfig.Mode.AUTO;

    private @Nullable Side from;
    private @Nullable Side to;
    private @Nullable AddressHandle handle;

    // A device with one UD queue pair and a buffer for each packet of a batch.
    private static final class Side implements AutoCloseable {
        final Arena arena = Arena.ofConfined();
        final RdmaDevice device;
        final ProtectionDomain domain;
        final CompletionQueue queue;
        final MemoryRegion region;
        final QueuePair queuePair;
        final SendRequests sends = SendRequests.allocate(arena, PACKETS);
        final ReceiveRequests receives = ReceiveRequests.allocate(arena, PACKETS);
        final WorkCompletions completions = WorkCompletions.allocate(arena, PACKETS);

        Side(String name, SoftDeviceConfig.Mode mode, int payloadBytes) {
            final SoftDeviceConfig config =
                    SoftDeviceConfig.builder(LOOPBACK).name(name).mode(mode).build();
            device = new SoftDeviceProvider(config).open(name);
            domain = device.allocateProtectionDomain();
            queue = device.createCompletionQueue(4 * PACKETS, null);
            final int slotBytes = payloadBytes + WorkCompletions.GRH_BYTES;
            region = domain.registerMemory(arena.allocate((long) PACKETS * slotBytes, 64), AccessFlags.LOCAL_WRITE);
            queuePair = domain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UD, queue, 2 * PACKETS, 2 * PACKETS));
            queuePair.toInit(0, QUEUE_KEY);
            queuePair.toReadyToReceive();
            queuePair.toReadyToSend(0);
            for (int i = 0; i < PACKETS; i++) {
                sends.payload(i, region, (long) i * slotBytes, payloadBytes);
                receives.buffer(i, region, (long) i * slotBytes, slotBytes);
            }
            sends.flags(PACKETS - 1, SendRequests.SIGNALED);
        }

        @Override
        public void close() {
            queuePair.close();
            region.close();
            queue.close();
            domain.close();
            device.close();
            arena.close();
        }
    }

    /// Opens the devices.
    @Setup(Level.Trial)
    public void open() {
        final Side sender = new Side("from", mode, payloadBytes);
        final Side receiver = new Side("to", mode, payloadBytes);
        final AddressHandle destination =
                sender.domain.createAddressHandle(AddressVector.of(LOOPBACK, receiver.queuePair.udpPort()));
        for (int i = 0; i < PACKETS; i++) {
            sender.sends.destination(i, destination, receiver.queuePair.number(), QUEUE_KEY);
        }
        from = sender;
        to = receiver;
        handle = destination;
    }

    /// Closes them.
    @TearDown(Level.Trial)
    public void close() {
        if (handle != null) {
            handle.close();
        }
        if (from != null) {
            from.close();
        }
        if (to != null) {
            to.close();
        }
    }

    /// Sends and receives a batch.
    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public int packet() {
        final Side sender = from;
        final Side receiver = to;
        if (sender == null || receiver == null) {
            throw new IllegalStateException("not open");
        }
        receiver.queuePair.postReceive(receiver.receives, 0, PACKETS);
        sender.queuePair.postSend(sender.sends, 0, PACKETS);
        final long start = System.nanoTime();
        int arrived = 0;
        int sent = 0;
        while (arrived < PACKETS || sent == 0) {
            sent += sender.queue.poll(sender.completions, PACKETS);
            arrived += receiver.queue.poll(receiver.completions, PACKETS);
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new IllegalStateException("only " + arrived + " of " + PACKETS + " packets came");
            }
        }
        return arrived;
    }
}
