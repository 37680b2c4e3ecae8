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
import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.congestion.RttEstimator;
import io.longhaul.core.wire.CloseFlyweight;
import io.longhaul.core.wire.ProbeFlyweight;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// One connection: bytes in, bytes out. It opens no socket, reads no clock, starts no thread, and draws no random number;
/// equal calls give equal bytes.
///
/// Five verbs drive it: {@link #onPacket}, {@link #onTimeout}, {@link #pollTransmit}, {@link #nextTimeoutNanos},
/// {@link #pollEvent}. After any call the owner calls {@link #pollTransmit} until it returns 0, then {@link #pollEvent} until
/// it returns null, and then waits until {@link #nextTimeoutNanos}.
///
/// Threading: single writer, the agent that owns the connection. Times are monotonic nanoseconds; deadlines are compared by
/// difference.
public final class ConnectionEngine {
    /// Returned by {@link #nextTimeoutNanos} when no timer runs.
    public static final long NO_TIMEOUT = Long.MAX_VALUE;

    private static final long MIN_RTT_WINDOW_NANOS = 30_000_000_000L;
    private static final int SEND_WINDOW_CHUNKS = 256;
    private static final int INITIAL_WINDOW_BYTES = 256 * 1024;

    private final EngineConfig config;
    private final EventQueue events = new EventQueue();
    private final AnswerQueue answers = new AnswerQueue();
    private final OperationTable operations;
    private final StreamTable streams;
    private final MessageAssembler messages;
    private final InboundPieces inbound;
    private final ReceiveMemory memory;
    private final RegionTable regions;
    private final ReceiveLanes receiveLanes;
    private final AckScheduler acks;
    private final SendLane[] lanes;
    private final SendWindow window;
    private final Flow flow;
    private final Recovery recovery;
    private final OutboundPieces pieces;
    private final AckProcessor ackProcessor;
    private final PathMtu mtu;
    private final PacketWriter writer;
    private final PacketReader reader;
    private final DataSender sender;
    private final LaneScheduler laneScheduler;
    private final ProbeTimer probeTimer = new ProbeTimer();
    private final Probes probes;
    private final ProbeReplies replies = new ProbeReplies();
    private final CloseHandshake closing = new CloseHandshake();
    private final LimitClock limits;
    private final long startNanos;

    private boolean established;
    private boolean closedTold;
    private int probesToSend;
    private long pacedNanos;
    private long lastHeardNanos;
    private long keepAliveNanos;
    private long laneCheckNanos = NO_TIMEOUT;

    /// Creates an engine; it starts by probing the path.
    ///
    /// @param congestion makes the congestion controller
    /// @param regions regions that the peer may use
    /// @param nowNanos monotonic time
    public ConnectionEngine(
            EngineConfig config, CongestionControllerFactory congestion, RegionTable regions, long nowNanos) {
        this.config = config;
        this.regions = regions;
        startNanos = nowNanos;
        lastHeardNanos = nowNanos;
        keepAliveNanos = nowNanos + config.keepAliveNanos();
        limits = new LimitClock(nowNanos);
        operations = new OperationTable(config, events, answers);
        memory = new ReceiveMemory(config.maxMemoryBytes());
        streams = new StreamTable(config, memory, events, answers);
        messages = new MessageAssembler(config, memory, events);
        inbound = new InboundPieces(config, regions, messages, streams, operations, answers, events);
        final ReceiveWindow receiveWindow = new ReceiveWindow(config.windowChunks(), config.maxWindowChunks());
        receiveLanes = new ReceiveLanes(config.lanes());
        acks = new AckScheduler(receiveWindow, receiveLanes);
        lanes = new SendLane[config.lanes()];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new SendLane(i, config.initialRttNanos(), MIN_RTT_WINDOW_NANOS);
        }
        window = new SendWindow(SEND_WINDOW_CHUNKS, config.peer().windowChunks());
        mtu = new PathMtu(config);
        writer = new PacketWriter(config);
        flow = new Flow(
                congestion.create(congestionConfig(config, writer)),
                new RttEstimator(config.initialRttNanos(), MIN_RTT_WINDOW_NANOS));
        recovery = new Recovery(window, flow, lanes);
        pieces = new OutboundPieces(operations, answers, streams);
        ackProcessor = new AckProcessor(recovery, pieces);
        laneScheduler = new LaneScheduler(lanes);
        sender = new DataSender(recovery, pieces, laneScheduler, writer, mtu);
        probes = new Probes(mtu, lanes, operations, config.seed());
        reader = new PacketReader(config, receiveWindow, receiveLanes, inbound, acks, new FrameSink());
    }

    private static CongestionConfig congestionConfig(EngineConfig config, PacketWriter writer) {
        final int packet = writer.ipBytes(config.maxPacketBytes());
        final int initialPackets = Math.max(16, Math.min(256, INITIAL_WINDOW_BYTES / packet));
        return new CongestionConfig(
                packet,
                config.initialRttNanos(),
                config.rateHintBytesPerSecond(),
                (long) packet * config.maxWindowChunks(),
                initialPackets);
    }

    /// Takes a packet from the wire. Never throws for what a peer sent: bad packets are counted and dropped.
    ///
    /// @param lane lane on which it arrived (index of the receiving queue pair)
    /// @param ceMarked the IP header said Congestion Experienced
    public void onPacket(long nowNanos, int lane, MemorySegment segment, long offset, int length, boolean ceMarked) {
        if (isClosed()) {
            return;
        }
        if (reader.onPacket(nowNanos, segment, offset, length, ceMarked)) {
            lastHeardNanos = nowNanos;
        }
        if (regions.isGuessing()) {
            violate(nowNanos, "too many unknown region keys");
        }
    }

    // Frames that are not data.
    private final class FrameSink implements PacketReader.Frames {
        @Override
        public boolean onAck(long nowNanos, MemorySegment segment, long offset) {
            final long heardBefore = flow.rtt.samples();
            final boolean valid = ackProcessor.onAck(nowNanos, segment, offset);
            if (ackProcessor.madeProgress()) {
                mtu.onProgress();
            }
            if (ackProcessor.madeProgress() || flow.rtt.samples() != heardBefore) {
                probeTimer.onHeard();
                rearm(nowNanos);
                pacedNanos = nowNanos;
            }
            messages.rttNanos(flow.rtt.smoothedNanos());
            streams.rttNanos(flow.rtt.smoothedNanos());
            return valid;
        }

        @Override
        public void onProbe(long nowNanos, int flags, int packetBytes, long nonce, long wantedBytes) {
            if ((flags & ProbeFlyweight.FLAG_REPLY) != 0) {
                mtu.onAnswer(nowNanos, packetBytes, flow.rtt.smoothedNanos());
                establish();
                return;
            }
            if ((flags & ProbeFlyweight.FLAG_BLOCKED) != 0) {
                messages.onBlocked(wantedBytes);
                acks.force();
            } else {
                replies.add(packetBytes, nonce);
            }
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

    private void establish() {
        if (!established && mtu.isSettled()) {
            established = true;
            events.established();
        }
    }

    private void violate(long nowNanos, String text) {
        if (closing.isLive()) {
            end(OperationStatus.CONNECTION_LOST);
            closing.start(nowNanos, CloseFlyweight.CODE_PROTOCOL_VIOLATION, text);
            tellClosed(ConnectionException.Reason.PROTOCOL_VIOLATION, text);
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
        closing.onPeerClose(nowNanos, probeTimeoutNanos());
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
        operations.endAll(status);
        streams.closeAll("the connection has ended");
        answers.releaseAll();
        inbound.close();
        probeTimer.disarm();
    }

    private void tellClosed(ConnectionException.@Nullable Reason reason, String text) {
        if (!closedTold) {
            closedTold = true;
            events.closed(reason, text);
        }
    }

    private long probeTimeoutNanos() {
        final RttEstimator rtt = flow.rtt;
        return rtt.smoothedNanos()
                + Math.max(4 * rtt.varianceNanos(), 1_000_000)
                + AckScheduler.delayNanos(rtt.smoothedNanos());
    }

    private void rearm(long nowNanos) {
        if (window.isEmpty()) {
            probeTimer.disarm();
        } else {
            probeTimer.arm(nowNanos, probeTimeoutNanos(), flow.rtt.smoothedNanos());
        }
    }

    /// Runs timers that are due.
    public void onTimeout(long nowNanos) {
        if (closing.onTimeout(nowNanos)) {
            tellClosed(null, "");
        }
        messages.reclaim();
        if (messages.isCreditDue()) {
            acks.force();
        }
        if (isClosed() || !closing.isLive()) {
            return;
        }
        checkPeer(nowNanos);
        operations.expire(nowNanos);
        if (isDue(nowNanos, recovery.lossTimeNanos())) {
            flow.beginAck(nowNanos);
            recovery.detect(nowNanos);
            flow.reportLoss();
        }
        if (isDue(nowNanos, laneCheckNanos)) {
            flow.beginAck(nowNanos);
            laneCheckNanos = recovery.checkLanes(nowNanos, AckScheduler.delayNanos(flow.rtt.smoothedNanos()));
        }
        if (isDue(nowNanos, probeTimer.dueNanos())) {
            onProbeTimeout(nowNanos);
        }
        if (isDue(nowNanos, mtu.dueNanos(startNanos))) {
            mtu.onTimeout(nowNanos, flow.rtt.smoothedNanos());
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

    private void checkPeer(long nowNanos) {
        if (nowNanos - lastHeardNanos >= config.idleTimeoutNanos()) {
            onPeerLost(
                    nowNanos,
                    ConnectionException.Reason.IDLE_TIMEOUT,
                    "nothing was heard from the peer for " + config.idleTimeoutNanos() / 1_000_000 + " ms");
            return;
        }
        if (nowNanos - keepAliveNanos >= 0) {
            final long quietNanos = nowNanos - lastHeardNanos;
            if (quietNanos >= config.keepAliveNanos()) {
                probes.keepAlive();
                keepAliveNanos = nowNanos + config.keepAliveNanos();
            } else {
                keepAliveNanos = lastHeardNanos + config.keepAliveNanos();
            }
        }
    }

    private void onProbeTimeout(long nowNanos) {
        if (probeTimer.onExpired() && probeTimer.count() == ProbeTimer.RTO_AFTER) {
            flow.beginAck(nowNanos);
            recovery.declareAllLost(nowNanos);
        }
        if (probeTimer.count() > 1) {
            mtu.onProbeTimeout();
        }
        probesToSend = 2;
        rearm(nowNanos);
    }

    private boolean isDrained() {
        return operations.isEmpty() && !pieces.hasMore() && window.isEmpty() && !streams.hasUnacknowledged();
    }

    /// Writes the next packet, if one may leave now.
    ///
    /// @return its length in bytes (also in {@code out}, with the lane), or 0 when nothing may leave now
    public int pollTransmit(long nowNanos, Transmit out) {
        writer.begin(out, mtu.packetBytes());
        if (closing.put(nowNanos, probeTimeoutNanos(), writer)) {
            return finishControl(nowNanos, out, laneScheduler.other(0));
        }
        if (!closing.isLive()) {
            return 0;
        }
        if (!replies.isEmpty()) {
            replies.put(writer);
            return finishControl(nowNanos, out, laneScheduler.other(0));
        }
        if (acks.isDue(nowNanos, flow.rtt.smoothedNanos()) && putAck(nowNanos)) {
            return finishControl(nowNanos, out, laneScheduler.other(lastAckLane));
        }
        final int probe = pollProbe(nowNanos, out);
        return probe > 0 ? probe : pollData(nowNanos, out);
    }

    private int lastAckLane;

    private boolean putAck(long nowNanos) {
        final int bytes = acks.put(
                nowNanos,
                flow.rtt.smoothedNanos(),
                writer.segment(),
                writer.at(),
                writer.room(),
                messages.creditBytes());
        writer.advance(bytes);
        if (bytes > 0) {
            messages.onCreditSent();
        }
        return bytes > 0;
    }

    private int finishControl(long nowNanos, Transmit out, SendLane lane) {
        lastAckLane = lane.index;
        final int ipBytes = writer.ipBytes(writer.packetBytes());
        final long number = lane.history.addControl(nowNanos, ipBytes);
        flow.onControlSent(ipBytes);
        return writer.finish(out, lane.index, number);
    }

    private int pollProbe(long nowNanos, Transmit out) {
        writer.begin(out, config.maxPacketBytes());
        if (probes.put(nowNanos, probeTimeoutNanos(), writer)) {
            return finishControl(nowNanos, out, lanes[probes.lane()]);
        }
        writer.begin(out, mtu.packetBytes());
        while (probesToSend > 0) {
            probesToSend--;
            final int chunks = sender.fillProbe(probesToSend == 1);
            if (chunks > 0) {
                return finishData(nowNanos, out, sender.probeLane(), chunks);
            }
        }
        return 0;
    }

    private int pollData(long nowNanos, Transmit out) {
        if (!established || probeTimer.isSilent()) {
            return 0;
        }
        final boolean lost = sender.hasLost();
        if (!lost && !pieces.hasMore()) {
            limits.set(nowNanos, LimitClock.APPLICATION);
            if (flow.windowOpen()) {
                flow.onAppLimited();
            }
            return 0;
        }
        if (!lost && !window.hasCredit()) {
            limits.set(nowNanos, LimitClock.CREDIT);
            return 0;
        }
        limits.set(nowNanos, LimitClock.CONGESTION);
        if (!flow.windowOpen()) {
            return 0;
        }
        final int packet = writer.ipBytes(mtu.packetBytes());
        if (!flow.paced(nowNanos, packet)) {
            pacedNanos = nowNanos + flow.pacedInNanos(packet);
            return 0;
        }
        final int chunks = sender.fill();
        if (chunks == 0) {
            return 0;
        }
        return finishData(nowNanos, out, sender.lane(), chunks);
    }

    private int finishData(long nowNanos, Transmit out, SendLane lane, int chunks) {
        if (acks.isPending() && writer.room() >= acks.minBytes()) {
            putAck(nowNanos);
        }
        final int length = sender.finish(nowNanos, out, lane, chunks);
        probeTimer.arm(nowNanos, probeTimeoutNanos(), flow.rtt.smoothedNanos());
        if (lanes.length > 1 && laneCheckNanos == NO_TIMEOUT) {
            laneCheckNanos = nowNanos + lane.probeTimeoutNanos(0);
        }
        return length;
    }

    /// Time at which {@link #onTimeout} (and then {@link #pollTransmit}) must be called at the latest.
    public long nextTimeoutNanos() {
        long next = closing.dueNanos();
        if (isClosed() || !closing.isLive()) {
            return next;
        }
        next = Math.min(next, acks.dueNanos(flow.rtt.smoothedNanos()));
        next = Math.min(next, recovery.lossTimeNanos());
        next = Math.min(next, laneCheckNanos);
        next = Math.min(next, probeTimer.dueNanos());
        next = Math.min(next, mtu.dueNanos(startNanos));
        next = Math.min(next, operations.earliestDeadlineNanos());
        next = Math.min(next, Math.min(keepAliveNanos, lastHeardNanos + config.idleTimeoutNanos()));
        next = Math.min(next, probes.dueNanos(startNanos));
        return Math.min(next, sendDueNanos());
    }

    private long sendDueNanos() {
        if (!replies.isEmpty() || probesToSend > 0) {
            return startNanos;
        }
        final boolean mayFlow = established && !probeTimer.isSilent() && flow.windowOpen();
        if (!mayFlow) {
            return NO_TIMEOUT;
        }
        final boolean has = sender.hasLost() || pieces.hasMore() && window.hasCredit();
        return has ? pacedNanos : NO_TIMEOUT;
    }

    /// Takes the next event; the record is reused by the next call.
    public @Nullable EngineEvent pollEvent() {
        return events.poll();
    }

    /// Posts an operation on which {@link Operation#begin} was called. Its end is an event.
    ///
    /// @return false when the limit of outstanding operations is reached or the engine is closing; nothing was posted
    public boolean post(long nowNanos, Operation operation) {
        return closing.isOpen() && operations.post(nowNanos, operation);
    }

    /// Asks the peer for a region; the answer is an event with the token.
    ///
    /// @return false when the limit of outstanding operations is reached or the engine is closing
    public boolean lookup(long nowNanos, byte[] nameUtf8, long token) {
        return closing.isOpen() && operations.lookup(nowNanos, nameUtf8, token);
    }

    /// Opens a stream.
    ///
    /// @return null when the limit of streams is reached or the engine is closing
    public @Nullable EngineStream openStream() {
        return closing.isOpen() ? streams.open() : null;
    }

    /// Must be called on the agent's thread after the application wrote to, read from, or shut down a stream.
    public void onStreamTouched(long nowNanos, EngineStream stream) {
        streams.onTouched(nowNanos, stream);
    }

    /// Must be called on the agent's thread after a region was revoked: reads in progress of it end.
    public void onRegionsRevoked() {
        answers.dropRevoked();
    }

    /// Closes: with {@code drain}, new postings are refused and CLOSE is sent once everything posted has ended; without, what
    /// is outstanding ends as FLUSHED at once and CLOSE is sent. CLOSED is the last event.
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
        mtu.onTooLarge(length);
    }

    /// True once CLOSED was queued and nothing more will be sent.
    public boolean isClosed() {
        return closing.state() == CloseHandshake.State.CLOSED;
    }

    /// Largest packet that {@link #pollTransmit} writes now, bytes.
    public int packetBytes() {
        return mtu.packetBytes();
    }

    /// Frees the memory of the connection. Nothing may be called afterwards.
    public void free() {
        end(OperationStatus.CONNECTION_LOST);
        messages.close();
    }

    /// A snapshot of the counters.
    public ConnectionStatistics statistics(long nowNanos) {
        return new ConnectionStatistics(
                flow.rtt.smoothedNanos(),
                flow.rtt.minNanos(),
                writer.sentPackets(),
                writer.sentBytes(),
                receiveLanes.totalPackets(),
                receiveLanes.totalBytes() + receiveLanes.totalPackets() * config.lowerHeaderBytes(),
                sender.payloadBytes(),
                inbound.placedBytes(),
                sender.retransmittedBytes(),
                0,
                flow.lostPackets(),
                recovery.spuriousPackets(),
                receiveLanes.totalDuplicates(),
                reader.corruptPackets(),
                flow.controller.congestionWindowBytes(),
                flow.bytesInFlight(),
                flow.controller.pacingRateBytesPerSecond(),
                limits.nanos(nowNanos, LimitClock.CREDIT),
                limits.nanos(nowNanos, LimitClock.CONGESTION),
                limits.nanos(nowNanos, LimitClock.APPLICATION),
                probeTimer.probeTimeouts(),
                probeTimer.retransmissionTimeouts(),
                sender.payloadBytesPerPacket(),
                writer.ipBytes(mtu.packetBytes()),
                lanes.length,
                flow.controller.name(),
                flow.controller.phase());
    }
}
