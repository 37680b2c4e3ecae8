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

import io.longhaul.ConfigurationException;
import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.congestion.RttEstimator;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The parts of one engine, made and joined; no rule of its own.
final class EngineParts {
    private static final long MIN_RTT_WINDOW_NANOS = 30_000_000_000L;
    private static final int SEND_WINDOW_CHUNKS = 64;
    private static final int INITIAL_WINDOW_BYTES = 256 * 1024;
    private static final int MIN_INITIAL_PACKETS = 16;
    private static final int MAX_INITIAL_PACKETS = 256;
    private static final long MAX_LATENESS_NANOS = 250_000;
    private static final int LATENESSES_PER_ROUND_TRIP = 64;

    final EngineConfig config;
    private final CongestionControllerFactory congestion;
    final long startNanos;
    final EventQueue events = new EventQueue();
    final AnswerQueue answers = new AnswerQueue();
    final OperationTable operations;
    final ReceiveMemory memory;
    final StreamTable streams;
    final MessageAssembler messages;
    final InboundPieces inbound;
    final ReceiveWindow receiveWindow;
    final ReceiveLanes receiveLanes;
    final AckScheduler acks;
    final SendLane[] lanes;
    final SendLane[] sendLanes; // those whose packets have numbers of their own
    final SendWindow window;
    final Flow flow;
    final Recovery recovery;
    final OutboundPieces pieces;
    final PathMtu mtu;
    final @Nullable PacketSealer sealer;
    final PacketVerifier verifier;
    final PacketWriter writer;
    final LaneScheduler laneScheduler;
    final ParitySender parity;
    final ParityReceiver repairs;
    final DataSender sender;
    final ProbeTimer probeTimer = new ProbeTimer();
    final Probes probes;
    final ProbeReplies replies = new ProbeReplies();
    final CloseHandshake closing = new CloseHandshake();
    final LimitClock limits;
    final ResentBytes resent = new ResentBytes();
    final OutboundPlacement outboundPlacement;
    final InboundPlacement inboundPlacement;
    final PlacedSender placedSender;

    EngineParts(
            EngineConfig config,
            CongestionControllerFactory congestion,
            RegionTable regions,
            @Nullable PlacementPort placement,
            @Nullable PacketSealer sealer,
            long nowNanos) {
        this.config = config;
        this.congestion = congestion;
        this.sealer = sealer;
        startNanos = nowNanos;
        limits = new LimitClock(nowNanos);
        final int placementLanes = placement == null ? 0 : placement.lanes();
        outboundPlacement = new OutboundPlacement(placement != null, answers);
        inboundPlacement = new InboundPlacement(placement, regions, answers);
        operations = new OperationTable(config, events, answers, outboundPlacement);
        memory = new ReceiveMemory(config.maxMemoryBytes());
        streams = new StreamTable(config, memory, events, answers);
        messages = new MessageAssembler(config, memory, events, nowNanos);
        inbound = new InboundPieces(config, regions, messages, streams, operations, answers, events);
        if (placement != null) {
            inbound.placement(inboundPlacement);
        }
        receiveWindow = new ReceiveWindow(config.windowChunks(), config.maxWindowChunks());
        receiveLanes = new ReceiveLanes(config.lanes() + placementLanes);
        acks = new AckScheduler(receiveWindow, receiveLanes, nowNanos);
        lanes = new SendLane[config.lanes() + placementLanes];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new SendLane(i, config.initialRttNanos(), MIN_RTT_WINDOW_NANOS, nowNanos);
        }
        window = new SendWindow(
                SEND_WINDOW_CHUNKS, config.maxWindowChunks(), config.peer().windowChunks());
        mtu = new PathMtu(config);
        verifier = new PacketVerifier(config, sealer, receiveWindow);
        writer = new PacketWriter(config, sealer);
        flow = new Flow(
                congestion.create(congestionConfig(config.initialRttNanos())),
                new RttEstimator(config.initialRttNanos(), MIN_RTT_WINDOW_NANOS),
                new LargePackets(writer.ipBytes(config.basePacketBytes())));
        recovery = new Recovery(window, flow, lanes, resent, config.lanes());
        pieces = new OutboundPieces(
                operations,
                answers,
                streams,
                outboundPlacement,
                writer::frameRoom,
                packetBytes -> PlacedSender.chunkBytes(placement, config, packetBytes));
        sendLanes = Arrays.copyOf(lanes, config.lanes());
        laneScheduler = new LaneScheduler(sendLanes, true);
        parity = new ParitySender(config.fec(), window, flow, laneScheduler, writer);
        repairs = new ParityReceiver(receiveWindow, inbound, new PlacedMemory(regions, operations), config.fec());
        sender = new DataSender(recovery, pieces, laneScheduler, writer, mtu, parity);
        final SendLane[] placing = Arrays.copyOfRange(lanes, config.lanes(), lanes.length);
        placedSender = new PlacedSender(config, placement, sender, placing, mtu);
        if (placement != null) {
            sender.placedSender(placedSender);
        }
        if (parity.isEnabled()) {
            pieces.protectBy(parity, placement == null);
            recovery.expectParity();
            acks.beEager();
        }
        probes = new Probes(mtu, sendLanes, operations, sealer, config.seed(), nowNanos);
        seal(placement, nowNanos);
    }

    private void seal(@Nullable PlacementPort placement, long nowNanos) {
        if (sealer == null) {
            return;
        }
        if (placement != null) {
            throw new ConfigurationException("placement=DIRECT on a sealed connection: what a device places is not"
                    + " sealed; use placement=SEND, or an insecure connection");
        }
        sealer.attach(config, sendLanes, this::probeTimeoutNanos, nowNanos);
    }

    /// The path has been measured: the controller starts from its round trip and packet size, not from what
    /// bootstrap saw.
    void startFlow() {
        probes.teach(flow.rtt);
        probes.teach(lanes[0].rtt);
        flow.start(congestion.create(congestionConfig(flow.rtt.minNanos())));
    }

    /// A probe was answered.
    void onProbeAnswer(long nowNanos, int packetBytes, long nonce) {
        probes.onAnswer(nowNanos, nonce);
        mtu.onAnswer(nowNanos, packetBytes, smoothedRttNanos());
    }

    private CongestionConfig congestionConfig(long rttNanos) {
        final int packet = writer.ipBytes(mtu.packetBytes());
        final int initialPackets =
                Math.max(MIN_INITIAL_PACKETS, Math.min(MAX_INITIAL_PACKETS, INITIAL_WINDOW_BYTES / packet));
        return new CongestionConfig(
                packet,
                rttNanos,
                config.rateHintBytesPerSecond(),
                (long) packet * config.maxWindowChunks(),
                initialPackets);
    }

    /// Lets go of memory that only traffic needs, where there was none since the last call.
    void rest() {
        inbound.rest();
        messages.rest();
    }

    /// Gives back the memory of messages, and overwrites the keys.
    void free() {
        messages.close();
        if (sealer != null) {
            sealer.erase();
        }
    }

    long smoothedRttNanos() {
        return flow.rtt.smoothedNanos();
    }

    /// By how much the owner may be late and nobody minds: a 64th of the round trip, at most 250 us (64 KiB at 2
    /// Gb/s).
    long latenessNanos() {
        return Math.min(MAX_LATENESS_NANOS, smoothedRttNanos() / LATENESSES_PER_ROUND_TRIP);
    }

    /// Time after which silence makes a probe.
    //= RFC 8985 §7.2
    long probeTimeoutNanos() {
        final RttEstimator rtt = flow.rtt;
        return rtt.smoothedNanos()
                + Math.max(4 * rtt.varianceNanos(), 1_000_000)
                + AckScheduler.delayNanos(rtt.smoothedNanos());
    }

    /// Time between two steps of a close. A round trip that was measured across a pause of a process may be minutes
    /// long: who has heard nothing for the idle timeout has gone.
    long closeTimeoutNanos() {
        return Math.min(probeTimeoutNanos(), config.idleTimeoutNanos() / 3);
    }
}
