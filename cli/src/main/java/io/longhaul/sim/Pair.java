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

import io.longhaul.ConfigurationException;
import io.longhaul.ConnectionStatistics;
import io.longhaul.FecPolicy;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.congestion.bbr.BbrFactory;
import io.longhaul.core.ConnectionEngine;
import io.longhaul.core.SealingLimits;
import io.longhaul.qlog.QlogFile;
import io.longhaul.qlog.QlogTarget;
import io.longhaul.verbs.soft.LinkModel;
import io.longhaul.verbs.soft.WireConfig;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Two engines joined by two routes in virtual time. Deterministic: equal settings give equal runs.
///
/// Several pairs, and models of other transports, may share a timeline and lines.
public final class Pair implements Actor, AutoCloseable {
    /// Bytes that IP, UDP, BTH, DETH and ICRC add to a packet of the software device (IPv4).
    public static final int LOWER_HEADER_BYTES = 20 + 8 + 12 + 8 + 4;

    private static final int TRACE_STEP = 31;

    /// Sees every packet that arrives, before its engine does.
    public interface Tap {
        /// A packet arrives.
        void onPacket(Side at, int lane, MemorySegment packet, int length);
    }

    /// Who sees packets; null for nobody.
    public @Nullable Tap tap;

    /// The side that connected.
    public final Side client;

    /// The side that listened.
    public final Side server;

    private final SimulatedLink toServer;
    private final SimulatedLink toClient;
    private final @Nullable LinkModel forwardModel;
    private final Timeline timeline;
    private final long maxSteps;
    private final List<QlogFile> traces = new ArrayList<>();
    private long clientDueNanos;
    private long serverDueNanos;
    private long steps;
    private long traceHash = 1;

    /// Settings of a pair.
    public static final class Settings {
        WireConfig forward = WireConfig.builder().build();
        WireConfig backward = WireConfig.builder().build();

        @Nullable
        Route forwardRoute;

        @Nullable
        Route backwardRoute;

        CongestionControllerFactory congestion = new BbrFactory();
        int lanes = 1;
        int ipBytes = 9000;
        long rateHintBitsPerSecond;
        FecPolicy fec = FecPolicy.OFF;
        long maxMemoryBytes = 256L << 20;
        long seed = 1;
        int maxWindowChunks = 1 << 22;
        long idleTimeoutNanos = 10_000_000_000L;
        long operationTimeoutNanos = 120_000_000_000L;
        long maxSteps = 400_000_000L;
        int placementLanes;
        boolean forgetfulMemory;
        SideClock clientClock = SideClock.TRUE;
        SideClock serverClock = SideClock.TRUE;

        @Nullable
        SealingLimits sealing;

        @Nullable
        QlogTarget traces;

        String traceName = "";

        /// Sets the link in both directions; the way back gets another seed.
        public Settings link(WireConfig.Builder link) {
            forward = link.seed(seed).build();
            backward = link.seed(seed + 0x9E37_79B9L).build();
            return this;
        }

        /// Has both ends traced; null for no traces.
        ///
        /// @param name of the files
        public Settings traces(@Nullable QlogTarget target, String name) {
            traces = target;
            traceName = name;
            return this;
        }

        /// Sets the link of each direction.
        public Settings links(WireConfig toServer, WireConfig toClient) {
            forward = toServer;
            backward = toClient;
            return this;
        }

        /// Sets the routes, instead of links.
        public Settings routes(Route toServer, Route toClient) {
            forwardRoute = toServer;
            backwardRoute = toClient;
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

        /// Sets when parity is sent.
        public Settings fec(FecPolicy value) {
            fec = value;
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

        /// Sets the steps after which a run counts as a livelock.
        public Settings maxSteps(long value) {
            maxSteps = value;
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

        /// Sets the clocks of the two ends.
        public Settings clocks(SideClock client, SideClock server) {
            clientClock = client;
            serverClock = server;
            return this;
        }

        /// Sets how long an operation may take that names no time of its own.
        public Settings operationTimeoutNanos(long value) {
            operationTimeoutNanos = value;
            return this;
        }

        /// Seals every packet; the secret follows from the seed.
        public Settings sealed() {
            return sealed(SealingLimits.DEFAULT);
        }

        /// Seals every packet.
        ///
        /// @param limits when keys change
        public Settings sealed(SealingLimits limits) {
            sealing = limits;
            return this;
        }
    }

    /// Creates the pair on a timeline of its own; nothing has been sent yet.
    public Pair(Settings settings) {
        this(settings, new Timeline());
    }

    /// Creates the pair on a timeline; nothing has been sent yet.
    public Pair(Settings settings, Timeline timeline) {
        this.timeline = timeline;
        maxSteps = settings.maxSteps;
        final Route there = settings.forwardRoute;
        final Route back = settings.backwardRoute;
        forwardModel = there == null ? new LinkModel(settings.forward, 0) : null;
        toServer = link(there == null ? new WireRoute(Objects.requireNonNull(forwardModel)) : there, settings);
        toClient = link(back == null ? new WireRoute(new LinkModel(settings.backward, 0)) : back, settings);
        client = SideFactory.create(settings, true, timeline.nowNanos());
        server = SideFactory.create(settings, false, timeline.nowNanos());
        final QlogTarget target = settings.traces;
        if (target != null) {
            traces.add(trace(target, settings.traceName, client, true));
            traces.add(trace(target, settings.traceName, server, false));
        }
        timeline.join(this);
    }

    private QlogFile trace(QlogTarget target, String name, Side side, boolean isClient) {
        final String end = isClient ? "client" : "server";
        final QlogFile trace = target.openDirect(
                name + '-' + end, new QlogFile.Head("simulated " + end, name, isClient, timeline.nowNanos(), 0));
        side.engine.trace(trace);
        return trace;
    }

    private static SimulatedLink link(Route route, Settings settings) {
        return new SimulatedLink(route, LOWER_HEADER_BYTES, settings.ipBytes);
    }

    /// Virtual time.
    public long nowNanos() {
        return timeline.nowNanos();
    }

    /// What the clock of a side shows, nanoseconds: the time that its engine must be given.
    public long clock(Side side) {
        return side.clock(timeline.nowNanos());
    }

    /// Lets a side do nothing for a while, as a process that was stopped. What arrives meanwhile waits.
    ///
    /// @param forNanos from now
    /// @param keptPackets packets that its receive buffers hold; those that arrive later are lost
    public void pause(Side side, long forNanos, int keptPackets) {
        side.pause(timeline.nowNanos() + forNanos, keptPackets);
    }

    /// Hash over every packet that was sent, its bytes and its time.
    public long traceHash() {
        return traceHash;
    }

    /// Packets sent.
    public long steps() {
        return steps;
    }

    /// The link from client to server.
    ///
    /// @throws IllegalStateException when the pair has routes
    public LinkModel toServerModel() {
        if (forwardModel == null) {
            throw new IllegalStateException("the pair has routes, not links");
        }
        return forwardModel;
    }

    /// Runs until both sides are established.
    public Pair establish() {
        runUntil(() -> client.established && server.established, 30_000_000_000L);
        if (!client.established || !server.established) {
            throw new AssertionError("not established after " + nowNanos() + " ns");
        }
        return this;
    }

    /// Runs until a condition holds or virtual time has passed.
    ///
    /// @return true when the condition holds
    public boolean runUntil(BooleanSupplier condition, long forNanos) {
        return timeline.runUntil(condition, forNanos);
    }

    /// Runs for a virtual time.
    public void runFor(long forNanos) {
        timeline.runFor(forNanos);
    }

    @Override
    public long nextNanos() {
        return Math.min(
                Math.max(Math.min(toServer.nextDeliveryNanos(), serverDueNanos), server.pausedUntilNanos()),
                Math.max(Math.min(toClient.nextDeliveryNanos(), clientDueNanos), client.pausedUntilNanos()));
    }

    @Override
    public void wake(long nowNanos) {
        clientDueNanos = pump(nowNanos, client, toServer);
        serverDueNanos = pump(nowNanos, server, toClient);
    }

    @Override
    public void run(long nowNanos) {
        if (deliver(nowNanos, toServer, server) || serverDueNanos <= nowNanos) {
            serverDueNanos = pump(nowNanos, server, toClient);
        }
        if (deliver(nowNanos, toClient, client) || clientDueNanos <= nowNanos) {
            clientDueNanos = pump(nowNanos, client, toServer);
        }
    }

    private boolean deliver(long nowNanos, SimulatedLink link, Side side) {
        if (side.isPaused(nowNanos)) {
            return false;
        }
        boolean any = false;
        while (link.nextDeliveryNanos() <= nowNanos) {
            final SimulatedLink.Packet packet = link.deliver();
            if (side.takesFromBacklog()) {
                if (tap != null && !packet.placed) {
                    tap.onPacket(side, packet.lane, packet.bytes, packet.length);
                }
                side.onPacket(nowNanos, packet);
            }
            side.drainEvents();
            link.recycle(packet);
            any = true;
        }
        side.backlogTaken();
        return any;
    }

    private long pump(long trueNanos, Side side, SimulatedLink link) {
        if (side.isPaused(trueNanos)) {
            return side.pausedUntilNanos();
        }
        final ConnectionEngine engine = side.engine;
        final long nowNanos = side.clock(trueNanos);
        final long dueNanos = engine.nextTimeoutNanos();
        if (dueNanos != ConnectionEngine.NO_TIMEOUT && nowNanos - dueNanos >= 0) {
            engine.onTimeout(nowNanos);
        }
        side.drainEvents();
        SimulatedLink.Packet packet = link.take();
        side.transmit.buffer(packet.bytes, 0, (int) packet.bytes.byteSize());
        int length = engine.pollTransmit(nowNanos, side.transmit);
        while (length > 0) {
            trace(trueNanos, packet, length, side.transmit.lane());
            link.send(trueNanos, packet, side.transmit);
            packet = link.take();
            side.transmit.buffer(packet.bytes, 0, (int) packet.bytes.byteSize());
            length = engine.pollTransmit(nowNanos, side.transmit);
        }
        link.recycle(packet);
        side.drainEvents();
        return side.trueNanos(engine.nextTimeoutNanos());
    }

    // A packet ends in its CRC32C: with it, the hash is one over all bytes.
    private void trace(long nowNanos, SimulatedLink.Packet packet, int length, int lane) {
        if (++steps > maxSteps) {
            throw new AssertionError("livelock: " + steps + " packets at " + nowNanos + " ns");
        }
        final int crc = packet.bytes.get(ValueLayout.JAVA_INT_UNALIGNED, Math.max(0, length - Integer.BYTES));
        traceHash = ((traceHash * TRACE_STEP + nowNanos) * TRACE_STEP + length + lane) * TRACE_STEP + crc;
    }

    /// Posts an operation.
    public void post(Side side, Operation operation) {
        operation.begin();
        if (!side.engine.post(clock(side), operation)) {
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
        final long token = nowNanos() ^ name.hashCode();
        side.engine.lookup(clock(side), name.getBytes(StandardCharsets.UTF_8), token);
        runUntil(() -> side.found.containsKey(token), 300_000_000_000L);
        final Side.Found found = Objects.requireNonNull(side.found.get(token), "no answer to the lookup of " + name);
        final Set<Right> rights = Arrays.stream(Right.values())
                .filter(right -> (found.rights() & right.bit()) != 0)
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Right.class)));
        return new RemoteRegion(name, found.key(), found.length(), rights);
    }

    /// Statistics of a side.
    public ConnectionStatistics statistics(Side side) {
        return side.engine.statistics(clock(side));
    }

    /// True when no packet flies and no timer but the idle ones would send.
    public boolean isQuiet() {
        return toServer.nextDeliveryNanos() == ConnectionEngine.NO_TIMEOUT
                && toClient.nextDeliveryNanos() == ConnectionEngine.NO_TIMEOUT;
    }

    @Override
    public void close() {
        traces.forEach(QlogFile::close);
        client.engine.free();
        server.engine.free();
        toServer.close();
        toClient.close();
        for (final QlogFile trace : traces) {
            final IOException failure = trace.failure();
            if (failure != null) {
                throw new ConfigurationException("the trace " + trace.path() + " ended early: " + failure.getMessage()
                        + "; choose a place with room");
            }
        }
    }
}
