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

import io.longhaul.FecPolicy;
import io.longhaul.Grant;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.core.ConnectionEngine;
import io.longhaul.core.EngineConfig;
import io.longhaul.core.EngineEvent;
import io.longhaul.core.EngineStream;
import io.longhaul.core.ExposedRegions;
import io.longhaul.core.FecConfig;
import io.longhaul.core.InboundMessage;
import io.longhaul.core.PacketSealer;
import io.longhaul.core.RegionTable;
import io.longhaul.core.SealingLimits;
import io.longhaul.core.SealingParameters;
import io.longhaul.core.SealingScratch;
import io.longhaul.core.Transmit;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Two engines joined in memory, with an application that repeats operations between them.
///
/// Time is virtual and jumps to whatever happens next, so nobody waits for the pacer. The path has a round trip of 200
/// us and
/// carries one packet a microsecond; packets stay in the buffer into which the engine wrote them until they are taken.
///
/// Threading: one thread.
final class EnginePair implements AutoCloseable {
    private static final int LOWER_HEADER_BYTES = 20 + 8 + 12 + 8 + 4;
    private static final long ONE_WAY_NANOS = 100_000;
    private static final long PACKET_NANOS = 1_000;
    private static final long REGION_BYTES = 4L << 20;
    private static final int OUTSTANDING_BYTES = 16 << 20;
    private static final int MAX_OUTSTANDING = 256;
    private static final int STREAM_BYTES = 64 * 1024;

    /// What the application does.
    enum Load {
        /// The client writes to the server's memory.
        WRITE,
        /// The client reads the server's memory.
        READ,
        /// The client sends messages, which the server releases at once.
        MESSAGE,
        /// The client writes to a stream, from which the server reads.
        STREAM
    }

    private final Arena arena = Arena.ofConfined();
    private final Direction toServer = new Direction(4096);
    private final Direction toClient = new Direction(4096);
    private final ExposedRegions exposed = new ExposedRegions();
    private final ConnectionEngine client;
    private final ConnectionEngine server;
    private final Transmit transmit = new Transmit();
    private final int slotBytes;
    private final MemorySegment streamBytes = arena.allocate(STREAM_BYTES, 64);
    private @Nullable EngineStream outbound;
    private @Nullable EngineStream inbound;
    private long nowNanos;
    private long regionKey;
    private long dataPackets;
    private boolean clientReady;
    private boolean serverReady;

    // Packets on their way in one direction: a ring of buffers, oldest first. A full ring loses packets.
    private final class Direction {
        final MemorySegment slots;
        final int[] lengths; // [slot], bytes
        final long[] arrivals; // [slot], nanoseconds
        final int[] lanes; // [slot]
        long head;
        long tail;
        long freeNanos;

        Direction(int capacity) {
            slots = arena.allocate((long) capacity * 9216, 64);
            lengths = new int[capacity];
            arrivals = new long[capacity];
            lanes = new int[capacity];
        }

        int slot(long position) {
            return (int) position & lengths.length - 1;
        }

        boolean isFull() {
            return tail - head == lengths.length;
        }

        long nextNanos() {
            return head == tail ? Long.MAX_VALUE : arrivals[slot(head)];
        }
    }

    /// @param bytes of an operation
    EnginePair(CongestionControllerFactory congestion, int ipBytes, int lanes, Load load, long bytes) {
        this(congestion, ipBytes, lanes, load, bytes, null);
    }

    /// @param bytes of an operation
    /// @param suite seals every packet; null for CRC32C
    EnginePair(
            CongestionControllerFactory congestion,
            int ipBytes,
            int lanes,
            Load load,
            long bytes,
            SealingParameters.@Nullable Suite suite) {
        slotBytes = 9216;
        final long rateHint = 0;
        final SplittableRandom random = new SplittableRandom(1);
        client = new ConnectionEngine(
                config(true, ipBytes, lanes, rateHint),
                congestion,
                new RegionTable(random::nextLong, new ExposedRegions()),
                0,
                null,
                sealer(suite, true));
        server = new ConnectionEngine(
                config(false, ipBytes, lanes, rateHint),
                congestion,
                new RegionTable(random::nextLong, exposed),
                0,
                null,
                sealer(suite, false));
        exposed.expose("target", arena.allocate(REGION_BYTES, 64), Grant.of(Right.READ, Right.WRITE));
        while (!clientReady || !serverReady) {
            step();
        }
        client.lookup(nowNanos, "target".getBytes(StandardCharsets.UTF_8), 1);
        while (regionKey == 0) {
            step();
        }
        if (load == Load.STREAM) {
            outbound = client.openStream();
        } else {
            post(load, bytes);
        }
    }

    private static @Nullable PacketSealer sealer(SealingParameters.@Nullable Suite suite, boolean isClient) {
        return suite == null
                ? null
                : new PacketSealer(
                        new SealingParameters(suite, new byte[SealingParameters.SECRET_BYTES], isClient),
                        SealingLimits.DEFAULT,
                        new SealingScratch(9216));
    }

    private static EngineConfig config(boolean isClient, int ipBytes, int lanes, long rateHint) {
        final EngineConfig.PeerLimits peer = new EngineConfig.PeerLimits(8L << 20, 64L << 20, 1 << 20, 16_384, 1024);
        return new EngineConfig(
                isClient,
                isClient ? 0xC11E57L : 0x5E27E2L,
                isClient ? 0x5E27E2L : 0xC11E57L,
                lanes,
                ipBytes - LOWER_HEADER_BYTES & ~3,
                1280 - LOWER_HEADER_BYTES,
                LOWER_HEADER_BYTES,
                2 * ONE_WAY_NANOS,
                rateHint,
                10_000_000_000L,
                2_500_000_000L,
                120_000_000_000L,
                256L << 20,
                8L << 20,
                1 << 20,
                16_384,
                1 << 20,
                1 << 16,
                1024,
                1024,
                peer,
                FecConfig.of(FecPolicy.OFF),
                7);
    }

    private void post(Load load, long bytes) {
        final RemoteRegion region =
                new RemoteRegion("target", regionKey, REGION_BYTES, Set.of(Right.READ, Right.WRITE));
        final MemorySegment local = arena.allocate(bytes, 64);
        final int count = Math.clamp(OUTSTANDING_BYTES / bytes, 4, MAX_OUTSTANDING);
        for (int i = 0; i < count; i++) {
            final Operation operation = new Operation().onComplete(this::repeat);
            switch (load) {
                case READ -> operation.read(region, 0, local, 0, bytes);
                case MESSAGE -> operation.send(local, 0, bytes);
                default -> operation.write(local, 0, bytes, region, 0);
            }
            operation.begin();
            post(operation);
        }
    }

    private void repeat(Operation operation) {
        if (operation.status() != OperationStatus.SUCCESS) {
            throw new IllegalStateException("an operation ended with " + operation.status());
        }
        operation.begin();
        post(operation);
    }

    private void post(Operation operation) {
        if (!client.post(nowNanos, operation)) {
            throw new IllegalStateException("the engine refused an operation");
        }
    }

    /// Goes on until so many more packets with data have arrived.
    long exchange(int packets) {
        final long end = dataPackets + packets;
        while (dataPackets < end) {
            step();
        }
        return nowNanos;
    }

    /// Bytes that were sent twice: 0 unless something is wrong.
    long retransmittedBytes() {
        return client.statistics(nowNanos).retransmittedBytes();
    }

    // Jumps to the next thing that happens, and has it happen.
    private void step() {
        final long next = Math.min(
                Math.min(toServer.nextNanos(), toClient.nextNanos()),
                Math.min(client.nextTimeoutNanos(), server.nextTimeoutNanos()));
        nowNanos = Math.max(nowNanos, next);
        deliver(toServer, server);
        deliver(toClient, client);
        pumpStream();
        serve(client, toServer);
        serve(server, toClient);
    }

    private void deliver(Direction from, ConnectionEngine engine) {
        while (from.nextNanos() <= nowNanos) {
            final int slot = from.slot(from.head);
            if (from.lengths[slot] > 256) {
                dataPackets++;
            }
            engine.onPacket(nowNanos, from.lanes[slot], from.slots, (long) slot * slotBytes, from.lengths[slot], false);
            from.head++;
        }
    }

    private void serve(ConnectionEngine engine, Direction to) {
        if (engine.nextTimeoutNanos() <= nowNanos) {
            engine.onTimeout(nowNanos);
        }
        drainEvents(engine);
        while (!to.isFull()) {
            final int slot = to.slot(to.tail);
            transmit.buffer(to.slots, (long) slot * slotBytes, slotBytes);
            final int length = engine.pollTransmit(nowNanos, transmit);
            if (length == 0) {
                break;
            }
            to.freeNanos = Math.max(to.freeNanos, nowNanos) + PACKET_NANOS;
            to.arrivals[slot] = to.freeNanos + ONE_WAY_NANOS;
            to.lengths[slot] = length;
            to.lanes[slot] = transmit.lane();
            to.tail++;
        }
    }

    // The application of a stream: writes what there is room for, and reads what is there.
    private void pumpStream() {
        final EngineStream out = outbound;
        if (out != null && out.write(streamBytes, 0, STREAM_BYTES) > 0) {
            client.onStreamTouched(nowNanos, out);
        }
        final EngineStream in = inbound;
        if (in != null && in.read(streamBytes, 0, STREAM_BYTES) > 0) {
            server.onStreamTouched(nowNanos, in);
        }
    }

    private void drainEvents(ConnectionEngine engine) {
        EngineEvent event = engine.pollEvent();
        while (event != null) {
            onEvent(engine, event);
            event = engine.pollEvent();
        }
    }

    private void onEvent(ConnectionEngine engine, EngineEvent event) {
        switch (event.type()) {
            case ESTABLISHED -> {
                clientReady |= engine == client;
                serverReady |= engine == server;
            }
            case OPERATION_ENDED -> {
                final Operation operation = event.operation();
                if (operation != null) {
                    operation.end(event.status(), event.value());
                }
            }
            case LOOKUP_ENDED -> regionKey = event.value();
            case MESSAGE -> {
                final InboundMessage message = event.message();
                if (message != null) {
                    message.release();
                    engine.onMessageReleased();
                }
            }
            case STREAM_OPENED -> inbound = event.stream();
            case CLOSED -> throw new IllegalStateException("closed: " + event.closeText());
            default -> {
                // Immediates are not used, and streams are looked at in any case.
            }
        }
    }

    @Override
    public void close() {
        client.free();
        server.free();
        arena.close();
    }
}
