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

import io.longhaul.ConnectionException;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.core.ConnectionEngine;
import io.longhaul.core.EngineConfig;
import io.longhaul.core.EngineEvent;
import io.longhaul.core.EngineStream;
import io.longhaul.core.ExposedRegions;
import io.longhaul.core.InboundMessage;
import io.longhaul.core.PacketSealer;
import io.longhaul.core.RegionTable;
import io.longhaul.core.Transmit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// One end of a simulated connection, and what its application saw.
public final class Side {
    /// What a lookup was answered.
    public record Found(OperationStatus status, long key, long length, int rights) {}

    /// The engine.
    public final ConnectionEngine engine;

    /// Regions exposed to the other side.
    public final ExposedRegions exposed = new ExposedRegions();

    /// Messages that arrived and were not taken by {@link #onMessage}.
    public final List<InboundMessage> messages = new ArrayList<>();

    /// Immediates that arrived.
    public final List<Long> immediates = new ArrayList<>();

    /// Streams that the peer opened.
    public final List<EngineStream> streams = new ArrayList<>();

    /// Answers to lookups by token.
    public final Map<Long, Found> found = new HashMap<>();

    /// How often each operation ended.
    public final Map<Operation, Integer> ends = new HashMap<>();

    /// Called for each message; null keeps it in {@link #messages}.
    public @Nullable Consumer<InboundMessage> onMessage;

    /// Called for each immediate.
    public @Nullable LongConsumer onImmediate;

    /// Called when an operation has ended.
    public @Nullable Consumer<Operation> onEnded;

    /// True once ESTABLISHED was seen.
    public boolean established;

    /// True once CLOSED was seen.
    public boolean closed;

    /// Reason of CLOSED.
    public ConnectionException.@Nullable Reason closeReason;

    final Transmit transmit = new Transmit();

    /// Memory that the peer may write directly; null when everything is sent.
    public final @Nullable SimulatedMemory memory;

    private final SideClock clock;
    private long pausedUntilNanos = Long.MIN_VALUE;
    private int backlogPackets = Integer.MAX_VALUE;

    Side(
            EngineConfig config,
            CongestionControllerFactory congestion,
            @Nullable SimulatedMemory memory,
            @Nullable PacketSealer sealer,
            SideClock clock,
            long trueNanos) {
        this.memory = memory;
        this.clock = clock;
        final SplittableRandom keys = new SplittableRandom(config.seed() ^ 0x5E55_101DL);
        engine = new ConnectionEngine(
                config, congestion, new RegionTable(keys::nextLong, exposed), clock(trueNanos), memory, sealer);
    }

    long clock(long trueNanos) {
        return clock.at(trueNanos);
    }

    long trueNanos(long engineNanos) {
        return engineNanos == ConnectionEngine.NO_TIMEOUT ? engineNanos : clock.when(engineNanos);
    }

    void pause(long untilNanos, int keptPackets) {
        pausedUntilNanos = untilNanos;
        backlogPackets = keptPackets;
    }

    long pausedUntilNanos() {
        return pausedUntilNanos;
    }

    boolean isPaused(long trueNanos) {
        return trueNanos < pausedUntilNanos;
    }

    // False for what found no room during a pause.
    boolean takesFromBacklog() {
        return backlogPackets-- > 0;
    }

    void backlogTaken() {
        backlogPackets = Integer.MAX_VALUE;
    }

    void onPacket(long trueNanos, SimulatedLink.Packet packet) {
        final long nowNanos = clock(trueNanos);
        if (packet.placed) {
            onPlaced(nowNanos, packet);
        } else {
            engine.onPacket(nowNanos, packet.lane, packet.bytes, 0, packet.length, packet.ce);
        }
    }

    // The device writes, then the engine hears of it; a write that the device refuses leaves no completion.
    private void onPlaced(long nowNanos, SimulatedLink.Packet packet) {
        if (memory != null && memory.write(packet)) {
            engine.onPlaced(nowNanos, packet.lane, packet.immediate, packet.length);
        }
    }

    void drainEvents() {
        EngineEvent event = engine.pollEvent();
        while (event != null) {
            onEvent(event);
            event = engine.pollEvent();
        }
    }

    private void onEvent(EngineEvent event) {
        switch (event.type()) {
            case ESTABLISHED -> established = true;
            case OPERATION_ENDED -> onOperationEnded(event);
            case MESSAGE -> onMessageEvent(event);
            case IMMEDIATE -> {
                immediates.add(event.value());
                if (onImmediate != null) {
                    onImmediate.accept(event.value());
                }
            }
            case STREAM_OPENED -> streams.add(java.util.Objects.requireNonNull(event.stream()));
            case STREAM_READY -> {
                // Tests poll their streams.
            }
            case LOOKUP_ENDED ->
                found.put(event.token(), new Found(event.status(), event.value(), event.length(), event.rights()));
            case CLOSED -> {
                closed = true;
                closeReason = event.closeReason();
            }
        }
    }

    private void onOperationEnded(EngineEvent event) {
        final Operation operation = java.util.Objects.requireNonNull(event.operation());
        operation.end(event.status(), event.value());
        ends.merge(operation, 1, Integer::sum);
        final Consumer<Operation> told = onEnded;
        if (told != null) {
            told.accept(operation);
        }
    }

    private void onMessageEvent(EngineEvent event) {
        final InboundMessage message = java.util.Objects.requireNonNull(event.message());
        final Consumer<InboundMessage> told = onMessage;
        if (told != null) {
            told.accept(message);
        } else {
            messages.add(message);
        }
    }
}
