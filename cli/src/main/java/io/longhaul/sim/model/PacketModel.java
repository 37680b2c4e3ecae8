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
package io.longhaul.sim.model;

import io.longhaul.sim.Actor;
import io.longhaul.sim.Line;
import io.longhaul.sim.Route;
import io.longhaul.sim.Timeline;
import io.longhaul.sim.Transport;

/// What all models share: two routes, packets of one size with numbers, acknowledgements, a timer, and counters.
public abstract class PacketModel implements Transport, Actor {
    static final long NEVER = Long.MAX_VALUE;
    private static final int ACK_IP_BYTES = 64;
    private static final double BITS_NANOS = 8e9;
    private static final int TRACE_STEP = 31;

    final Timeline timeline;
    final Settings settings;
    private final Flights data = new Flights();
    private final Flights acks = new Flights();
    private final double packetNanos;
    private double lineNanos;
    private long traceHash = 1;
    private long sentPackets;
    private long retransmittedPackets;

    /// Packets to move in all; {@link Long#MAX_VALUE} for a stream.
    long goalPackets;

    /// Packets that have arrived, each counted once.
    long arrivedPackets;

    /// How much of the last packet of the transfers is missing, bytes.
    private long unusedBytes;

    /// What a model is told.
    ///
    /// @param there route of the data
    /// @param home route of the acknowledgements
    /// @param rateBitsPerSecond of the line
    /// @param rttNanos round trip without queues
    /// @param payloadBytes application bytes of a packet
    /// @param headerBytes IP bytes that are added to it
    public record Settings(
            Route there, Route home, long rateBitsPerSecond, long rttNanos, int payloadBytes, int headerBytes) {
        /// IP bytes of a packet.
        public int ipBytes() {
            return payloadBytes + headerBytes;
        }

        /// Packets that the line carries in a round trip.
        public double packetsInFlight() {
            return rateBitsPerSecond / BITS_NANOS * rttNanos / (ipBytes() + Line.ETHERNET_BYTES);
        }
    }

    PacketModel(Settings settings, Timeline timeline) {
        this.settings = settings;
        this.timeline = timeline;
        packetNanos = (settings.ipBytes() + Line.ETHERNET_BYTES) * BITS_NANOS / settings.rateBitsPerSecond();
        timeline.join(this);
    }

    /// A packet arrives at the receiver.
    abstract void onData(long nowNanos, long number);

    /// An acknowledgement arrives at the sender.
    abstract void onAck(long nowNanos, long number);

    /// When {@link #onTimer} is due.
    abstract long timerNanos();

    abstract void onTimer(long nowNanos);

    /// Sends a packet, if one may leave.
    ///
    /// @return false when none may
    abstract boolean trySend(long nowNanos);

    /// True when a packet may leave as soon as the line, or the pace, lets it.
    abstract boolean hasPacket();

    /// Earliest time at which the next packet may leave; the line's own by default.
    long paceNanos() {
        return (long) Math.ceil(lineNanos);
    }

    /// True when the sender knows that everything has arrived.
    abstract boolean isAllAcknowledged();

    void send(long nowNanos, long number, boolean again) {
        sentPackets++;
        retransmittedPackets += again ? 1 : 0;
        traceHash = (traceHash * TRACE_STEP + nowNanos) * TRACE_STEP + number;
        lineNanos = Math.max(lineNanos, nowNanos) + packetNanos;
        final int copies = settings.there().offer(nowNanos, settings.ipBytes(), 0, false);
        for (int i = 0; i < copies; i++) {
            data.add(settings.there().deliveryNanos(i), number);
        }
    }

    void acknowledge(long nowNanos, long number) {
        final int copies = settings.home().offer(nowNanos, ACK_IP_BYTES, 0, false);
        for (int i = 0; i < copies; i++) {
            acks.add(settings.home().deliveryNanos(i), number);
        }
    }

    @Override
    public long nextNanos() {
        final long sending = hasPacket() ? paceNanos() : NEVER;
        return Math.min(Math.min(data.nextNanos(), acks.nextNanos()), Math.min(timerNanos(), sending));
    }

    @Override
    public void wake(long nowNanos) {
        // Everything follows from the state.
    }

    @Override
    public void run(long nowNanos) {
        while (data.nextNanos() <= nowNanos) {
            onData(nowNanos, data.take());
        }
        while (acks.nextNanos() <= nowNanos) {
            onAck(nowNanos, acks.take());
        }
        if (timerNanos() <= nowNanos) {
            onTimer(nowNanos);
        }
        while (hasPacket() && paceNanos() <= nowNanos && trySend(nowNanos)) {
            // One packet for each turn.
        }
    }

    @Override
    public void establish(long longestBytes) {
        // A model is ready.
    }

    @Override
    public void startStream() {
        goalPackets = Long.MAX_VALUE / 4;
    }

    @Override
    public void stopStream() {
        goalPackets = Math.min(goalPackets, firstUnsent());
    }

    /// Number of the first packet that was never sent.
    abstract long firstUnsent();

    @Override
    public void startTransfer(long bytes) {
        final long packets = (bytes + settings.payloadBytes() - 1) / settings.payloadBytes();
        unusedBytes += packets * settings.payloadBytes() - bytes;
        goalPackets += packets;
    }

    @Override
    public boolean isDone() {
        return isAllAcknowledged();
    }

    @Override
    public long deliveredBytes() {
        return arrivedPackets * settings.payloadBytes() - unusedBytes;
    }

    @Override
    public long retransmittedBytes() {
        return retransmittedPackets * settings.payloadBytes();
    }

    @Override
    public long parityBytes() {
        return 0;
    }

    @Override
    public long sentBytes() {
        return (sentPackets - retransmittedPackets) * settings.payloadBytes() - parityBytes();
    }

    @Override
    public long spuriousPackets() {
        return 0;
    }

    @Override
    public long sentPackets() {
        return sentPackets;
    }

    @Override
    public int payloadBytesPerPacket() {
        return settings.payloadBytes();
    }

    @Override
    public int ipBytesPerPacket() {
        return settings.ipBytes();
    }

    @Override
    public String phase() {
        return "";
    }

    @Override
    public long windowBytes() {
        return 0;
    }

    @Override
    public long traceHash() {
        return traceHash;
    }

    @Override
    public String failure() {
        return "";
    }

    @Override
    public void verify() {
        // There are no payloads.
    }

    @Override
    public void close() {
        // There is nothing to free.
    }
}
