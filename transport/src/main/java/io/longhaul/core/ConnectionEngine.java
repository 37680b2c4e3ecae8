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
package io.longhaul.core;

import io.longhaul.ConnectionException;
import io.longhaul.ConnectionStatistics;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.core.wire.CloseFlyweight;
import io.longhaul.core.wire.ProbeFlyweight;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// One connection: bytes in, bytes out. It opens no socket, reads no clock, starts no thread, and draws no random
/// number; equal calls give equal bytes.
///
/// Five verbs drive it: {@link #onPacket}, {@link #onTimeout}, {@link #pollTransmit}, {@link #nextTimeoutNanos},
/// {@link #pollEvent}. After any call the owner calls {@link #onTimeout} if it is due, {@link #pollTransmit} until it
/// returns 0, then {@link #pollEvent} until it returns null, and then waits until {@link #nextTimeoutNanos}.
///
/// Threading: single writer, the agent that owns the connection. Times are monotonic nanoseconds; deadlines are
/// compared by difference.
public final class ConnectionEngine {
    /// Returned by {@link #nextTimeoutNanos} when no timer runs.
    public static final long NO_TIMEOUT = Long.MAX_VALUE;

    private final EngineParts parts;
    private final RegionTable regions;
    private final AckProcessor ackProcessor;
    private final PacketReader reader;
    private final Transmitter transmitter;
    private final ProbeTimer probeTimer;
    private final CloseHandshake closing;
    private final PeerWatch peer;

    private boolean established;
    private boolean closedTold;
    private @Nullable TracePoints trace; // null while nobody looks
    private long laneCheckNanos = NO_TIMEOUT;

    /// Creates an engine; it starts by probing the path.
    ///
    /// @param congestion makes the congestion controller
    /// @param regions regions that the peer may use
    public ConnectionEngine(
            EngineConfig config, CongestionControllerFactory congestion, RegionTable regions, long nowNanos) {
        this(config, congestion, regions, nowNanos, null, null);
    }

    /// Creates an engine.
    ///
    /// @param congestion makes the congestion controller
    /// @param regions regions that the peer may use
    /// @param placement unreliable connections to the peer and memory that it may write; null to send everything
    /// @param sealer seals every packet, made for this engine; null to close them with a CRC32C
    /// @throws io.longhaul.ConfigurationException when chunks would be placed, which nothing seals
    public ConnectionEngine(
            EngineConfig config,
            CongestionControllerFactory congestion,
            RegionTable regions,
            long nowNanos,
            @Nullable PlacementPort placement,
            @Nullable PacketSealer sealer) {
        this.regions = regions;
        parts = new EngineParts(config, congestion, regions, placement, sealer, nowNanos);
        peer = new PeerWatch(config, nowNanos, parts::rest);
        probeTimer = parts.probeTimer;
        closing = parts.closing;
        ackProcessor = new AckProcessor(parts.recovery, parts.pieces, config.lanes());
        if (parts.parity.isEnabled()) {
            ackProcessor.follow(new PathLoss(
                    parts.recovery,
                    parts.sendLanes,
                    parts.parity.controller(),
                    parts.writer.ipBytes(config.maxPacketBytes())));
        }
        transmitter = new Transmitter(parts);
        reader = new PacketReader(
                parts.verifier,
                parts.receiveWindow,
                parts.receiveLanes,
                parts.inbound,
                parts.repairs,
                parts.acks,
                new FrameSink());
    }

    /// Tells a trace from now on; before the engine is first used.
    public void trace(EngineTrace value) {
        trace = new TracePoints(value, parts);
    }

    /// Takes a packet from the wire. Never throws for what a peer sent: bad packets are counted and dropped.
    ///
    /// @param lane lane on which it arrived (index of the receiving queue pair)
    /// @param ceMarked the IP header said Congestion Experienced
    /// @return false when it was dropped, and nothing has changed but a count
    public boolean onPacket(long nowNanos, int lane, MemorySegment segment, long offset, int length, boolean ceMarked) {
        if (isClosed()) {
            return false;
        }
        if (!reader.onPacket(nowNanos, segment, offset, length, ceMarked)) {
            return checkForgeries(nowNanos);
        }
        peer.onHeard(nowNanos);
        if (trace != null) {
            trace.onReceived(nowNanos, segment, offset, length);
        }
        if (regions.isGuessing()) {
            violate(nowNanos, "too many unknown region keys");
        }
        if (parts.answers.isOverfull()) {
            violate(nowNanos, "too many requests whose answers are not acknowledged");
        }
        return true;
    }

    // True when the forgeries of this connection end it.
    private boolean checkForgeries(long nowNanos) {
        final boolean reached = parts.sealer != null && parts.sealer.isForgeryLimitReached() && closing.isLive();
        if (reached) {
            giveUp(nowNanos, ConnectionException.Reason.FORGERY_LIMIT, "too many forged packets");
        }
        return reached;
    }

    /// Takes the completion of a receive by RDMA WRITE WITH IMMEDIATE: the peer has placed a chunk, the device
    /// has written it. Never throws for what a peer sent.
    ///
    /// @param placementLane lane of the {@link PlacementPort} on which it arrived
    /// @param immediate the immediate
    /// @param length length of the write, bytes
    public void onPlaced(long nowNanos, int placementLane, int immediate, int length) {
        if (closing.isLive() && reader.onPlaced(nowNanos, placementLane, immediate, length)) {
            peer.onHeard(nowNanos);
        }
    }

    // Frames that are not data.
    private final class FrameSink implements PacketReader.Frames {
        @Override
        public boolean onAck(long nowNanos, MemorySegment segment, long offset) {
            return onAckFrame(nowNanos, segment, offset);
        }

        @Override
        public void onProbe(long nowNanos, int flags, int packetBytes, long nonce, long wantedBytes) {
            if ((flags & ProbeFlyweight.FLAG_REPLY) != 0) {
                parts.onProbeAnswer(nowNanos, packetBytes, nonce);
                establish();
            } else if ((flags & ProbeFlyweight.FLAG_BLOCKED) != 0) {
                parts.messages.onBlocked(wantedBytes);
                parts.acks.force();
            } else {
                parts.replies.add(packetBytes, nonce);
            }
        }

        @Override
        public boolean isLive() {
            return closing.isLive();
        }

        @Override
        public void onClose(long nowNanos, int code, String reason) {
            onPeerClose(nowNanos, code, reason);
        }

        @Override
        public void onViolation(long nowNanos, String text) {
            violate(nowNanos, text);
        }
    }

    private boolean onAckFrame(long nowNanos, MemorySegment segment, long offset) {
        if (!closing.isLive()) {
            return true;
        }
        final long samplesBefore = parts.flow.rtt.samples();
        final boolean valid = ackProcessor.onAck(nowNanos, segment, offset);
        if (parts.flow.large.takeArrived()) {
            parts.mtu.onProgress();
        } else if (parts.flow.large.takeSuspicion()) {
            parts.mtu.onProbeTimeout();
        }
        if (ackProcessor.madeProgress() || parts.flow.rtt.samples() != samplesBefore) {
            probeTimer.onHeard();
            rearm(nowNanos);
        }
        transmitter.onAck(nowNanos);
        parts.messages.rttNanos(parts.smoothedRttNanos());
        parts.streams.rttNanos(parts.smoothedRttNanos());
        if (trace != null) {
            trace.onMetrics(nowNanos);
        }
        return valid;
    }

    private void establish() {
        if (!established && parts.mtu.isSettled()) {
            established = true;
            parts.startFlow();
            transmitter.onEstablished();
            parts.events.established();
        }
    }

    private void violate(long nowNanos, String text) {
        close(nowNanos, CloseFlyweight.CODE_PROTOCOL_VIOLATION, ConnectionException.Reason.PROTOCOL_VIOLATION, text);
    }

    private void giveUp(long nowNanos, ConnectionException.Reason reason, String text) {
        close(nowNanos, CloseFlyweight.CODE_INTERNAL, reason, text);
    }

    private void close(long nowNanos, int code, ConnectionException.Reason reason, String text) {
        if (closing.isLive()) {
            end(OperationStatus.CONNECTION_LOST);
            closing.start(nowNanos, code, text);
            tellClosed(reason, text);
        }
    }

    private void onPeerClose(long nowNanos, int code, String reason) {
        if (code == CloseFlyweight.CODE_CONFIRMED) {
            if (closing.onConfirmed()) {
                tellClosed(null, "");
            }
            return;
        }
        final boolean ours = !closing.isLive();
        closing.onPeerClose(nowNanos, parts.closeTimeoutNanos());
        end(OperationStatus.CONNECTION_LOST);
        if (ours) {
            tellClosed(null, reason);
        } else {
            tellClosed(
                    code == CloseFlyweight.CODE_GRACEFUL
                            ? ConnectionException.Reason.PEER_CLOSED
                            : ConnectionException.Reason.PEER_RESET,
                    reason.isEmpty() ? "the peer closed the connection" : reason);
        }
    }

    private void end(OperationStatus status) {
        parts.operations.endAll(status);
        parts.streams.closeAll("the connection has ended");
        parts.answers.releaseAll();
        parts.inbound.close();
        probeTimer.disarm();
    }

    private void tellClosed(ConnectionException.@Nullable Reason reason, String text) {
        if (!closedTold) {
            closedTold = true;
            parts.events.closed(reason, text);
        }
    }

    private void rearm(long nowNanos) {
        if (parts.window.isEmpty()) {
            probeTimer.disarm();
        } else {
            probeTimer.arm(nowNanos, parts.probeTimeoutNanos(), parts.smoothedRttNanos());
        }
    }

    /// Runs timers that are due.
    public void onTimeout(long nowNanos) {
        if (closing.onTimeout(nowNanos)) {
            tellClosed(null, "");
        }
        onMessageReleased();
        if (!closing.isLive()) {
            return;
        }
        if (peer.isLost(nowNanos)) {
            // Told to the peer: it may hear us well, and would learn of the end twice as late by itself.
            giveUp(nowNanos, ConnectionException.Reason.IDLE_TIMEOUT, peer.lossText());
        } else if (peer.isProbeDue(nowNanos)) {
            parts.probes.keepAlive();
        }
        parts.operations.expire(nowNanos);
        if (isDue(nowNanos, parts.recovery.lossTimeNanos())) {
            parts.flow.beginAck(nowNanos);
            parts.recovery.detect(nowNanos);
            parts.flow.reportLoss();
        }
        if (isDue(nowNanos, laneCheckNanos)) {
            parts.flow.beginAck(nowNanos);
            laneCheckNanos = parts.recovery.checkLanes(nowNanos, AckScheduler.delayNanos(parts.smoothedRttNanos()));
        }
        if (isDue(nowNanos, probeTimer.dueNanos())) {
            onProbeTimeout(nowNanos);
        }
        if (isDue(nowNanos, parts.mtu.dueNanos(parts.startNanos))) {
            parts.mtu.onTimeout(nowNanos, parts.smoothedRttNanos());
            establish();
        }
        if (closing.state() == CloseHandshake.State.DRAINING && isDrained()) {
            end(OperationStatus.FLUSHED);
            closing.startDrained(nowNanos);
        }
    }

    private static boolean isDue(long nowNanos, long dueNanos) {
        return dueNanos != NO_TIMEOUT && nowNanos - dueNanos >= 0;
    }

    private void onProbeTimeout(long nowNanos) {
        final boolean paced = parts.flow.bytesInFlight() == 0 && parts.sender.hasLost() && !probeTimer.isSilent();
        if (paced) {
            // Nothing flies because the pacer holds lost chunks back: the path is not silent, we are.
            rearm(nowNanos);
            return;
        }
        if (probeTimer.onExpired() && probeTimer.count() == ProbeTimer.RTO_AFTER) {
            parts.flow.beginAck(nowNanos);
            parts.recovery.declareAllLost(nowNanos);
        }
        if (probeTimer.count() > 1) {
            parts.mtu.onProbeTimeout();
        }
        transmitter.probeTail();
        rearm(nowNanos);
        if (trace != null) {
            trace.onMetrics(nowNanos);
        }
    }

    private boolean isDrained() {
        return parts.operations.isEmpty()
                && !parts.pieces.hasMore()
                && parts.window.isEmpty()
                && !parts.streams.hasUnacknowledged();
    }

    /// Writes the next packet, if one may leave now.
    ///
    /// @return its length in bytes (also in {@code out}, with the lane), or 0 when nothing may leave now
    public int pollTransmit(long nowNanos, Transmit out) {
        if (parts.sealer != null && !maySeal(nowNanos, parts.sealer)) {
            return 0;
        }
        final int length = transmitter.poll(nowNanos, out);
        if (length > 0 && parts.lanes.length > 1 && laneCheckNanos == NO_TIMEOUT) {
            laneCheckNanos = nowNanos + parts.probeTimeoutNanos();
        }
        if (length > 0 && trace != null) {
            trace.onSent(nowNanos, out);
        }
        return length;
    }

    private boolean maySeal(long nowNanos, PacketSealer sealer) {
        sealer.now(nowNanos);
        if (sealer.isExhausted()) {
            closing.abandon();
            return false;
        }
        if (sealer.isSpent()) {
            giveUp(nowNanos, ConnectionException.Reason.KEY_LIMIT, "the peer confirms no new key");
        }
        return true;
    }

    /// Time at which {@link #onTimeout} (and then {@link #pollTransmit}) must be called at the latest.
    public long nextTimeoutNanos() {
        long next = closing.isConfirmPending() ? parts.startNanos : closing.dueNanos();
        if (!closing.isLive()) {
            return next;
        }
        if (closing.state() == CloseHandshake.State.DRAINING && isDrained()) {
            return parts.startNanos;
        }
        next = Instants.earlier(next, parts.acks.dueNanos(parts.smoothedRttNanos()));
        next = Instants.earlier(next, parts.recovery.lossTimeNanos());
        next = Instants.earlier(next, laneCheckNanos);
        next = Instants.earlier(next, probeTimer.dueNanos());
        next = Instants.earlier(next, parts.mtu.dueNanos(parts.startNanos));
        next = Instants.earlier(next, parts.operations.earliestDeadlineNanos());
        next = Instants.earlier(next, peer.dueNanos());
        next = Instants.earlier(next, parts.probes.dueNanos(parts.startNanos));
        return Instants.earlier(next, transmitter.dueNanos());
    }

    /// By how much the owner may be late with packets and timers, nanoseconds: a share of the round trip.
    public long latenessNanos() {
        return parts.latenessNanos();
    }

    /// Takes the next event; the record is reused by the next call.
    public @Nullable EngineEvent pollEvent() {
        return parts.events.poll();
    }

    /// Posts an operation on which {@link Operation#begin} was called. Its end is an event.
    ///
    /// @return false when the limit of outstanding operations is reached or the engine is closing; nothing was
    /// posted
    public boolean post(long nowNanos, Operation operation) {
        return closing.isOpen() && parts.operations.post(nowNanos, operation);
    }

    /// Counts receive memory against what the endpoint may promise; at the start.
    public void budget(ReceiveBudget value) {
        parts.memory.budget(value);
    }

    /// Asks the peer for a region; the answer is an event with the token.
    ///
    /// @return false when the limit of outstanding operations is reached or the engine is closing
    public boolean lookup(long nowNanos, byte[] nameUtf8, long token) {
        return closing.isOpen() && parts.operations.lookup(nowNanos, nameUtf8, token);
    }

    /// Opens a stream.
    ///
    /// @return null when the limit of streams is reached or the engine is closing
    public @Nullable EngineStream openStream() {
        return closing.isOpen() ? parts.streams.open() : null;
    }

    /// Must be called on the agent's thread after the application wrote to, read from, or shut down a stream.
    public void onStreamTouched(long nowNanos, EngineStream stream) {
        parts.streams.onTouched(nowNanos, stream);
    }

    /// Must be called on the agent's thread after a message was released: gives its credit back to the peer.
    public void onMessageReleased() {
        parts.messages.reclaim();
        if (parts.messages.isCreditDue()) {
            parts.acks.force();
        }
    }

    /// Must be called on the agent's thread after a region was revoked: reads in progress of it end.
    public void onRegionsRevoked() {
        parts.answers.dropRevoked();
        parts.inboundPlacement.dropRevoked();
    }

    /// Closes: with {@code drain}, new postings are refused and CLOSE is sent once everything posted has ended;
    /// without, what is outstanding ends as FLUSHED at once and CLOSE is sent. CLOSED is the last event.
    public void close(long nowNanos, boolean drain, String reason) {
        if (drain) {
            closing.drain(reason);
        } else if (closing.isLive()) {
            end(OperationStatus.FLUSHED);
            closing.start(nowNanos, CloseFlyweight.CODE_ABORTED, reason);
        }
    }

    /// Says that the peer is gone (its control connection broke): ends as CONNECTION_LOST.
    public void onPeerLost(long nowNanos, ConnectionException.Reason reason, String text) {
        if (isClosed()) {
            return;
        }
        end(OperationStatus.CONNECTION_LOST);
        closing.abandon();
        tellClosed(reason, text);
    }

    /// Says that the device refused a packet of this size: the path MTU shrinks at once.
    public void onPacketTooLarge(long nowNanos, int lane, int length) {
        parts.mtu.onTooLarge(length);
    }

    /// True once CLOSED was queued and nothing more will be sent.
    public boolean isClosed() {
        return closing.state() == CloseHandshake.State.CLOSED;
    }

    /// Largest packet that {@link #pollTransmit} writes now, bytes.
    public int packetBytes() {
        return parts.mtu.packetBytes();
    }

    /// Frees the memory of the connection. Nothing may be called afterwards.
    public void free() {
        end(OperationStatus.CONNECTION_LOST);
        parts.free();
    }

    /// A snapshot of the counters.
    public ConnectionStatistics statistics(long nowNanos) {
        return EngineStatistics.of(parts, reader.corruptPackets(), nowNanos);
    }
}
