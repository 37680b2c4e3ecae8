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

import io.longhaul.congestion.AckSample;
import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.CongestionController;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.congestion.DeliveryRateEstimator;
import io.longhaul.congestion.LossSample;
import io.longhaul.congestion.RttEstimator;
import io.longhaul.sim.Timeline;
import java.util.ArrayDeque;

/// One TCP connection with selective acknowledgements, driven by a congestion controller: CUBIC, BBR as drafted.
///
/// Every packet is acknowledged by itself; one is lost when three sent after it have been acknowledged, or by timeout.
/// There
/// is no limit but the controller's window.
public final class ControlledFlow extends PacketModel {
    private static final byte FLYING = 1;
    private static final byte LOST = 2;
    private static final byte ACKED = 3;
    //= RFC 5681 §3.2
    private static final int THRESHOLD = 3;
    private static final long MIN_TIMEOUT_NANOS = 200_000_000L;
    private static final int INITIAL_PACKETS = 10;
    private static final int MAX_BACKOFF = 6;

    private final CongestionController controller;
    private final RttEstimator rtt;
    private final DeliveryRateEstimator rate = new DeliveryRateEstimator();
    private final AckSample ack = new AckSample();
    private final LossSample loss = new LossSample();
    private final int mask;

    // [transmission], ring: a retransmission is a new one
    private final byte[] state;
    private final long[] packet;
    private final long[] sent;
    private final long[] delivered;
    private final long[] deliveredAt;
    private final long[] firstSent;
    private final long[] inFlightAtSend;
    private final long[] lostAtSend;
    private final boolean[] limited;

    private final byte[] arrived; // [packet], ring at the receiver
    private long arrivedBase;

    private final ArrayDeque<Long> lostPackets = new ArrayDeque<>();
    private long next;
    private long transmission;
    private long settledUpTo;
    private long newestAcked = -1;
    private long acknowledgedPackets;
    private long bytesInFlight;
    private long lostBytes;
    private double paceNanos;
    private long timerNanos = NEVER;
    private int backoff;

    /// Creates a model.
    public ControlledFlow(
            Settings settings, Timeline timeline, CongestionControllerFactory factory, long maxWindowBytes) {
        super(settings, timeline);
        rtt = new RttEstimator(settings.rttNanos(), 30_000_000_000L);
        controller = factory.create(new CongestionConfig(
                settings.ipBytes(),
                settings.rttNanos(),
                0,
                Math.max(maxWindowBytes, 64L * settings.ipBytes()),
                INITIAL_PACKETS));
        final double reach = 4.0 * maxWindowBytes / settings.ipBytes() + 4096;
        final int slots = Integer.highestOneBit((int) Math.min(1 << 26, reach)) * 2;
        mask = slots - 1;
        state = new byte[slots];
        packet = new long[slots];
        sent = new long[slots];
        delivered = new long[slots];
        deliveredAt = new long[slots];
        firstSent = new long[slots];
        inFlightAtSend = new long[slots];
        lostAtSend = new long[slots];
        limited = new boolean[slots];
        arrived = new byte[slots];
    }

    @Override
    void onData(long nowNanos, long number) {
        final long which = packet[(int) number & mask];
        if (which >= arrivedBase && arrived[(int) which & mask] == 0) {
            arrived[(int) which & mask] = 1;
            arrivedPackets++;
            while (arrived[(int) arrivedBase & mask] == 1) {
                arrived[(int) arrivedBase & mask] = 0;
                arrivedBase++;
            }
        }
        acknowledge(nowNanos, number);
    }

    @Override
    void onAck(long nowNanos, long number) {
        if (number < settledUpTo) {
            return;
        }
        final int slot = (int) number & mask;
        if (state[slot] == LOST) {
            controller.onSpuriousLoss(nowNanos, settings.ipBytes());
        }
        if (state[slot] != FLYING) {
            return;
        }
        final long prior = bytesInFlight;
        state[slot] = ACKED;
        acknowledgedPackets++;
        bytesInFlight -= settings.ipBytes();
        rate.onAckBegin();
        rate.onPacketAcked(
                nowNanos,
                settings.ipBytes(),
                sent[slot],
                delivered[slot],
                deliveredAt[slot],
                firstSent[slot],
                limited[slot]);
        rtt.onSample(nowNanos, nowNanos - sent[slot]);
        newestAcked = Math.max(newestAcked, number);
        backoff = 0;
        findLosses(nowNanos, newestAcked - THRESHOLD);
        fillAck(nowNanos, slot, prior);
        controller.onAck(ack);
        armTimer(nowNanos);
    }

    private void fillAck(long nowNanos, int slot, long prior) {
        ack.nowNanos = nowNanos;
        ack.rttNanos = nowNanos - sent[slot];
        ack.smoothedRttNanos = rtt.smoothedNanos();
        ack.newlyAckedBytes = settings.ipBytes();
        ack.newlyAckedPackets = 1;
        ack.newlyCeMarkedPackets = 0;
        ack.priorBytesInFlight = prior;
        ack.bytesInFlight = bytesInFlight;
        ack.deliveredBytes = rate.deliveredBytes();
        ack.packetDeliveredBytes = rate.samplePacketDeliveredBytes();
        ack.packetBytesInFlight = inFlightAtSend[slot];
        ack.lostBytesSincePacketSent = lostBytes - lostAtSend[slot];
        ack.deliveryRateBytesPerSecond = rate.sampleBytesPerSecond(rtt.minNanos());
        ack.appLimited = rate.sampleAppLimited();
    }

    private void findLosses(long nowNanos, long upTo) {
        long count = 0;
        long newest = -1;
        while (settledUpTo <= upTo) {
            final int slot = (int) settledUpTo & mask;
            if (state[slot] == FLYING) {
                lose(slot);
                count++;
                newest = settledUpTo;
            }
            settledUpTo++;
        }
        ack.newlyLostBytes = count * settings.ipBytes();
        if (count > 0) {
            final int slot = (int) newest & mask;
            loss.nowNanos = nowNanos;
            loss.lostBytes = count * settings.ipBytes();
            loss.lostPackets = count;
            loss.bytesInFlight = bytesInFlight;
            loss.packetBytesInFlight = inFlightAtSend[slot];
            loss.lostBytesSincePacketSent = lostBytes - lostAtSend[slot];
            loss.newestLostSentNanos = sent[slot];
            controller.onLoss(loss);
        }
    }

    private void lose(int slot) {
        state[slot] = LOST;
        bytesInFlight -= settings.ipBytes();
        lostBytes += settings.ipBytes();
        lostPackets.add(packet[slot]);
    }

    private void armTimer(long nowNanos) {
        final long timeout = Math.max(MIN_TIMEOUT_NANOS, rtt.smoothedNanos() + 4 * rtt.varianceNanos());
        timerNanos = bytesInFlight == 0 ? NEVER : nowNanos + (timeout << backoff);
    }

    @Override
    long timerNanos() {
        return timerNanos;
    }

    @Override
    void onTimer(long nowNanos) {
        final long bytes = bytesInFlight;
        for (; settledUpTo < transmission; settledUpTo++) {
            final int slot = (int) settledUpTo & mask;
            if (state[slot] == FLYING) {
                lose(slot);
            }
        }
        backoff = Math.min(MAX_BACKOFF, backoff + 1);
        controller.onRetransmissionTimeout(nowNanos, bytes);
        timerNanos = NEVER;
    }

    @Override
    boolean hasPacket() {
        return (!lostPackets.isEmpty() || next < goalPackets)
                && bytesInFlight + settings.ipBytes() <= controller.congestionWindowBytes()
                && transmission - settledUpTo < mask
                && next - arrivedBase < mask;
    }

    @Override
    long paceNanos() {
        return (long) Math.ceil(paceNanos);
    }

    @Override
    boolean trySend(long nowNanos) {
        final Long again = lostPackets.poll();
        final long number = again == null ? next++ : again;
        final int slot = (int) transmission & mask;
        rate.onPacketSent(nowNanos, bytesInFlight);
        bytesInFlight += settings.ipBytes();
        state[slot] = FLYING;
        packet[slot] = number;
        sent[slot] = nowNanos;
        delivered[slot] = rate.deliveredBytes();
        deliveredAt[slot] = rate.deliveredNanos();
        firstSent[slot] = rate.firstSentNanos();
        inFlightAtSend[slot] = bytesInFlight;
        lostAtSend[slot] = lostBytes;
        limited[slot] = rate.appLimited();
        paceNanos = Math.max(paceNanos, nowNanos) + settings.ipBytes() * 1e9 / controller.pacingRateBytesPerSecond();
        final boolean last = lostPackets.isEmpty() && next >= goalPackets;
        controller.onPacketSent(nowNanos, settings.ipBytes(), bytesInFlight, last);
        if (last) {
            rate.onAppLimited(bytesInFlight);
        }
        send(nowNanos, transmission, again != null);
        transmission++;
        if (timerNanos == NEVER) {
            armTimer(nowNanos);
        }
        return true;
    }

    @Override
    long firstUnsent() {
        return next;
    }

    @Override
    boolean isAllAcknowledged() {
        return acknowledgedPackets >= goalPackets;
    }

    @Override
    public String phase() {
        return controller.phase();
    }

    @Override
    public long windowBytes() {
        return controller.congestionWindowBytes();
    }
}
