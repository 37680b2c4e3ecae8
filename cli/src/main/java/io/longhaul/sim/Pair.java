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
package io.longhaul.sim;

import io.longhaul.ConnectionStatistics;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.congestion.bbr.BbrFactory;
import io.longhaul.core.ConnectionEngine;
import io.longhaul.core.EngineConfig;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Two engines joined by two links in virtual time. Deterministic: equal settings give equal runs.
public final class Pair implements AutoCloseable {
    /// Bytes that IP, UDP, BTH, DETH and ICRC add to a packet of the software device (IPv4).
    public static final int LOWER_HEADER_BYTES = 20 + 8 + 12 + 8 + 4;

    private static final long MAX_STEPS = 400_000_000L;

    /// The side that connected.
    public final Side client;

    /// The side that listened.
    public final Side server;

    final SimulatedLink toServer;
    final SimulatedLink toClient;
    private final Arena arena = Arena.ofConfined();
    private long nowNanos;
    private long steps;
    private long traceHash = 1;

    /// Settings of a pair.
    public static final class Settings {
        WireConfig forward = WireConfig.builder().build();
        WireConfig backward = WireConfig.builder().build();
        CongestionControllerFactory congestion = new BbrFactory();
        int lanes = 1;
        int ipBytes = 9000;
        long rateHintBitsPerSecond;
        long maxMemoryBytes = 256L << 20;
        long seed = 1;
        int maxWindowChunks = 1 << 22;
        long idleTimeoutNanos = 10_000_000_000L;
        long operationTimeoutNanos = 120_000_000_000L;
        int placementLanes;
        boolean forgetfulMemory;

        /// Sets the link in both directions; the way back gets another seed.
        public Settings link(WireConfig.Builder link) {
            forward = link.seed(seed).build();
            backward = link.seed(seed + 0x9E37_79B9L).build();
            return this;
        }

        /// Sets the congestion controller.
        public Settings congestion(CongestionControllerFactory value) {
            congestion = value;
            return this;
        }

        /// Sets the number of lanes.
        public Settings lanes(int value) {
            lanes = value;
            return this;
        }

        /// Sets the largest IP packet.
        public Settings ipBytes(int value) {
            ipBytes = value;
            return this;
        }

        /// Declares the rate.
        public Settings rateHint(long bitsPerSecond) {
            rateHintBitsPerSecond = bitsPerSecond;
            return this;
        }

        /// Sets the cap of receive memory.
        public Settings maxMemory(long bytes) {
            maxMemoryBytes = bytes;
            return this;
        }

        /// Sets the seed; call before {@link #link}.
        public Settings seed(long value) {
            seed = value;
            return this;
        }

        /// Sets the idle timeout.
        public Settings idleTimeoutNanos(long value) {
            idleTimeoutNanos = value;
            return this;
        }

        /// Places large writes directly, over so many lanes; 0 sends them.
        public Settings placementLanes(int value) {
            placementLanes = value;
            return this;
        }

        /// Has keys stay valid after they were ended: what a broken device would do.
        public Settings forgetfulMemory(boolean value) {
            forgetfulMemory = value;
            return this;
        }

        @Nullable
        SimulatedMemory memory(boolean isClient) {
            return placementLanes == 0
                    ? null
                    : new SimulatedMemory(placementLanes, ipBytes, seed + (isClient ? 5 : 6), forgetfulMemory);
        }

        EngineConfig engine(boolean isClient) {
            final EngineConfig.PeerLimits peer = new EngineConfig.PeerLimits(
                    Math.min(8L << 20, maxMemoryBytes), maxMemoryBytes, 1 << 20, 1 << 18, 1024);
            return new EngineConfig(
                    isClient,
                    isClient ? 0xC11E57L : 0x5E27E2L,
                    isClient ? 0x5E27E2L : 0xC11E57L,
                    lanes,
                    (ipBytes - LOWER_HEADER_BYTES) & ~3,
                    Math.min(1280, ipBytes) - LOWER_HEADER_BYTES,
                    LOWER_HEADER_BYTES,
                    1_000_000,
                    rateHintBitsPerSecond / 8,
                    idleTimeoutNanos,
                    idleTimeoutNanos / 4,
                    operationTimeoutNanos,
                    maxMemoryBytes,
                    peer.messageCreditBytes(),
                    1 << 20,
                    1 << 18,
                    maxWindowChunks,
                    1 << 16,
                    1024,
                    1024,
                    peer,
                    seed + (isClient ? 0 : 77));
        }
    }

    /// Creates the pair; nothing has been sent yet.
    public Pair(Settings settings) {
        toServer = new SimulatedLink(settings.forward, LOWER_HEADER_BYTES);
        toClient = new SimulatedLink(settings.backward, LOWER_HEADER_BYTES);
        client = new Side(settings.engine(true), settings.congestion, settings.memory(true), arena);
        server = new Side(settings.engine(false), settings.congestion, settings.memory(false), arena);
    }

    /// Virtual time.
    public long nowNanos() {
        return nowNanos;
    }

    /// Hash over every packet that was sent, with its time.
    public long traceHash() {
        return traceHash;
    }

    /// Packets sent and timers run.
    public long steps() {
        return steps;
    }

    /// The link from client to server.
    public io.longhaul.verbs.soft.LinkModel toServerModel() {
        return toServer.model();
    }

    /// Runs until both sides are established.
    public Pair establish() {
        runUntil(() -> client.established && server.established, 30_000_000_000L);
        if (!client.established || !server.established) {
            throw new AssertionError("not established after " + nowNanos + " ns");
        }
        return this;
    }

    /// Runs until a condition holds or virtual time has passed.
    ///
    /// @return true when the condition holds
    public boolean runUntil(BooleanSupplier condition, long forNanos) {
        final long endNanos = nowNanos + forNanos;
        pump(client, toServer);
        pump(server, toClient);
        while (!condition.getAsBoolean()) {
            final long next = nextNanos();
            if (next > endNanos) {
                nowNanos = endNanos;
                return condition.getAsBoolean();
            }
            nowNanos = Math.max(nowNanos, next);
            step();
        }
        return true;
    }

    /// Runs for a virtual time.
    public void runFor(long forNanos) {
        runUntil(() -> false, forNanos);
    }

    private long nextNanos() {
        return Math.min(
                Math.min(toServer.nextDeliveryNanos(), toClient.nextDeliveryNanos()),
                Math.min(client.engine.nextTimeoutNanos(), server.engine.nextTimeoutNanos()));
    }

    private void step() {
        if (++steps > MAX_STEPS) {
            throw new AssertionError("livelock: " + steps + " steps at " + nowNanos + " ns");
        }
        deliver(toServer, server);
        deliver(toClient, client);
        pump(client, toServer);
        pump(server, toClient);
    }

    private void deliver(SimulatedLink link, Side side) {
        while (link.nextDeliveryNanos() <= nowNanos) {
            final SimulatedLink.Packet packet = link.deliver();
            if (packet.placed) {
                side.onPlaced(nowNanos, packet);
            } else {
                side.engine.onPacket(nowNanos, packet.lane, packet.bytes, 0, packet.length, packet.ce);
            }
            side.drainEvents();
            link.recycle(packet);
        }
    }

    private void pump(Side side, SimulatedLink link) {
        if (side.engine.nextTimeoutNanos() <= nowNanos) {
            side.engine.onTimeout(nowNanos);
        }
        side.drainEvents();
        side.transmit.buffer(side.buffer, 0, (int) side.buffer.byteSize());
        int length = side.engine.pollTransmit(nowNanos, side.transmit);
        while (length > 0) {
            steps++;
            traceHash = traceHash * 31 + nowNanos * 7 + length + side.transmit.lane();
            link.send(nowNanos, side.transmit);
            side.transmit.buffer(side.buffer, 0, (int) side.buffer.byteSize());
            length = side.engine.pollTransmit(nowNanos, side.transmit);
        }
        side.drainEvents();
    }

    /// Posts an operation.
    public void post(Side side, Operation operation) {
        operation.begin();
        if (!side.engine.post(nowNanos, operation)) {
            operation.end(OperationStatus.FLUSHED, 0);
            throw new AssertionError("post was refused");
        }
    }

    /// Posts and runs until the operation has ended.
    public OperationStatus complete(Side side, Operation operation, long forNanos) {
        post(side, operation);
        runUntil(operation::isDone, forNanos);
        return operation.status();
    }

    /// Asks for a region of the other side and runs until the answer is there.
    public RemoteRegion lookup(Side side, String name) {
        final long token = nowNanos ^ name.hashCode();
        side.engine.lookup(nowNanos, name.getBytes(StandardCharsets.UTF_8), token);
        runUntil(() -> side.found.containsKey(token), 30_000_000_000L);
        final Side.Found found = Objects.requireNonNull(side.found.get(token), "no answer to the lookup of " + name);
        final Set<Right> rights = Arrays.stream(Right.values())
                .filter(right -> (found.rights() & right.bit()) != 0)
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Right.class)));
        return new RemoteRegion(name, found.key(), found.length(), rights);
    }

    /// Statistics of a side.
    public ConnectionStatistics statistics(Side side) {
        return side.engine.statistics(nowNanos);
    }

    /// True when no packet flies and no timer but the idle ones would send.
    public boolean isQuiet() {
        return toServer.nextDeliveryNanos() == ConnectionEngine.NO_TIMEOUT
                && toClient.nextDeliveryNanos() == ConnectionEngine.NO_TIMEOUT;
    }

    @Override
    public void close() {
        client.engine.free();
        server.engine.free();
        toServer.close();
        toClient.close();
        arena.close();
    }
}
