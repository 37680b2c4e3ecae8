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

import io.longhaul.congestion.AckSample;
import io.longhaul.congestion.CongestionController;
import io.longhaul.congestion.DeliveryRateEstimator;
import io.longhaul.congestion.LossSample;
import io.longhaul.congestion.Pacer;
import io.longhaul.congestion.RttEstimator;

/// Bytes in flight, and what the congestion controller is told about them. All sizes are IP bytes.
final class Flow {
    private static final long BURST_NANOS = 2_000_000;
    private static final long QUANTUM_NANOS = 50_000;
    private static final int MAX_QUANTUM_BYTES = 512 * 1024;
    private static final int MIN_BURST_PACKETS = 4;
    private static final int MAX_BURST_PACKETS = 64;

    private CongestionController controller;
    final RttEstimator rtt;
    final LargePackets large;
    private final Pacer pacer = new Pacer();
    private final DeliveryRateEstimator delivery = new DeliveryRateEstimator();
    private final AckSample ack = new AckSample();
    private final LossSample loss = new LossSample();

    private long bytesInFlight;
    private long lostBytes;
    private long lostPackets;
    private long newestAckedDelivered;

    Flow(CongestionController controller, RttEstimator rtt, LargePackets large) {
        this.controller = controller;
        this.rtt = rtt;
        this.large = large;
    }

    CongestionController controller() {
        return controller;
    }

    /// Replaces the controller before any data was sent: now the round trip is known.
    void start(CongestionController value) {
        assert bytesInFlight == 0 && delivery.deliveredBytes() == 0 : "data has been sent";
        controller = value;
    }

    long bytesInFlight() {
        return bytesInFlight;
    }

    long lostPackets() {
        return lostPackets;
    }

    long deliveredBytes() {
        return delivery.deliveredBytes();
    }

    boolean windowOpen() {
        return bytesInFlight < controller.congestionWindowBytes();
    }

    /// Refills the pacer and says whether a packet may leave.
    boolean paced(long nowNanos, int packetBytes) {
        final long rate = controller.pacingRateBytesPerSecond();
        pacer.refill(nowNanos, rate, burstBytes(rate, packetBytes));
        return pacer.maySend();
    }

    /// Nanoseconds until the pacer releases the next quantum: half of a burst at most, since what a bucket does not
    /// hold
    /// when the wait ends is lost.
    long pacedInNanos(int packetBytes) {
        final long rate = controller.pacingRateBytesPerSecond();
        final long quantum = Math.min((long) (rate * (QUANTUM_NANOS / 1e9)), MAX_QUANTUM_BYTES);
        final long halfBurst = burstBytes(rate, packetBytes) / 2;
        return pacer.nanosUntilSend(rate, Math.max(packetBytes, Math.min(quantum, halfBurst)));
    }

    /// Time by which a sender may be late and lose nothing of the rate, nanoseconds.
    long catchUpNanos(int packetBytes) {
        final long rate = Math.max(1, controller.pacingRateBytesPerSecond());
        return (long) (burstBytes(rate, packetBytes) * 1e9 / rate);
    }

    // What an agent that was away may catch up with: 2 ms of the rate, 4 packets at least, and at most 64 packets or
    // 1/400 of the window: bursts longer than that are themselves a source of loss.
    private long burstBytes(long rateBytesPerSecond, int packetBytes) {
        final long most = Math.max((long) MAX_BURST_PACKETS * packetBytes, controller.congestionWindowBytes() / 400);
        final long earned = (long) (rateBytesPerSecond * (BURST_NANOS / 1e9));
        return Math.max((long) MIN_BURST_PACKETS * packetBytes, Math.min(earned, most));
    }

    void onAppLimited() {
        delivery.onAppLimited(bytesInFlight);
    }

    /// A packet that counts was sent.
    void onSent(SendLane lane, long packetNumber, int bytes, long nowNanos, boolean appLimited) {
        delivery.onPacketSent(nowNanos, bytesInFlight);
        bytesInFlight += bytes;
        lane.bytesInFlight += bytes;
        final PacketHistory history = lane.history;
        history.keepDelivery(
                packetNumber,
                delivery.deliveredBytes(),
                delivery.deliveredNanos(),
                delivery.firstSentNanos(),
                delivery.appLimited());
        history.keepTotals(packetNumber, bytesInFlight, lostBytes);
        pacer.onSent(bytes);
        controller.onPacketSent(nowNanos, bytes, bytesInFlight, appLimited);
    }

    void beginAck(long nowNanos) {
        delivery.onAckBegin();
        ack.nowNanos = nowNanos;
        ack.rttNanos = -1;
        ack.newlyAckedBytes = 0;
        ack.newlyAckedPackets = 0;
        ack.newlyLostBytes = 0;
        ack.newlyCeMarkedPackets = 0;
        ack.priorBytesInFlight = bytesInFlight;
        newestAckedDelivered = -1;
        loss.nowNanos = nowNanos;
        loss.lostBytes = 0;
        loss.lostPackets = 0;
    }

    void onRtt(long rttNanos) {
        if (ack.rttNanos < 0 || rttNanos < ack.rttNanos) {
            ack.rttNanos = rttNanos;
        }
    }

    void onCeMarks(long packets) {
        ack.newlyCeMarkedPackets += packets;
    }

    void onPacketAcked(SendLane lane, long packetNumber, long nowNanos) {
        large.onAcked(lane.history.bytes(packetNumber));
        onPacketPassed(lane, packetNumber, nowNanos);
    }

    /// A packet that nobody waits for was reported, or a newer one of its lane: it counts as delivered, but proves
    /// nothing about the size that the path carries.
    void onPacketPassed(SendLane lane, long packetNumber, long nowNanos) {
        final PacketHistory history = lane.history;
        final int bytes = history.bytes(packetNumber);
        remove(lane, packetNumber, PacketHistory.ACKED);
        ack.newlyAckedBytes += bytes;
        ack.newlyAckedPackets++;
        delivery.onPacketAcked(
                nowNanos,
                bytes,
                history.sentNanos(packetNumber),
                history.delivered(packetNumber),
                history.deliveredNanos(packetNumber),
                history.firstSentNanos(packetNumber),
                history.appLimited(packetNumber));
        if (history.delivered(packetNumber) >= newestAckedDelivered) {
            newestAckedDelivered = history.delivered(packetNumber);
            ack.packetBytesInFlight = history.inFlightAtSend(packetNumber);
            ack.lostBytesSincePacketSent = lostBytes - history.lostAtSend(packetNumber);
        }
    }

    void onPacketLost(SendLane lane, long packetNumber) {
        final PacketHistory history = lane.history;
        final int bytes = history.bytes(packetNumber);
        remove(lane, packetNumber, PacketHistory.LOST);
        large.onLost(bytes);
        lostBytes += bytes;
        lostPackets++;
        ack.newlyLostBytes += bytes;
        loss.lostBytes += bytes;
        loss.lostPackets++;
        loss.packetBytesInFlight = history.inFlightAtSend(packetNumber);
        loss.lostBytesSincePacketSent = lostBytes - history.lostAtSend(packetNumber);
        loss.newestLostSentNanos = history.sentNanos(packetNumber);
    }

    /// The packet's chunks all arrived or travel again in a newer packet: it no longer counts, and says nothing.
    void onPacketOvertaken(SendLane lane, long packetNumber) {
        remove(lane, packetNumber, PacketHistory.LOST);
    }

    private void remove(SendLane lane, long packetNumber, byte state) {
        final int bytes = lane.history.bytes(packetNumber);
        lane.history.resolve(packetNumber, state);
        lane.bytesInFlight -= bytes;
        bytesInFlight -= bytes;
    }

    /// Tells the controller about the losses that were found, then about the acknowledgement.
    void endAck(long nowNanos) {
        reportLoss();
        if (ack.newlyAckedPackets == 0 && ack.rttNanos < 0 && ack.newlyCeMarkedPackets == 0) {
            return;
        }
        ack.smoothedRttNanos = rtt.smoothedNanos();
        ack.bytesInFlight = bytesInFlight;
        ack.deliveryRateBytesPerSecond = delivery.sampleBytesPerSecond(rtt.minNanos());
        ack.appLimited = delivery.sampleAppLimited();
        ack.deliveredBytes = delivery.deliveredBytes();
        ack.packetDeliveredBytes = delivery.samplePacketDeliveredBytes();
        ack.nowNanos = nowNanos;
        controller.onAck(ack);
    }

    /// Reports losses that a timer found.
    void reportLoss() {
        if (loss.lostPackets > 0) {
            loss.bytesInFlight = bytesInFlight;
            controller.onLoss(loss);
            loss.lostPackets = 0;
            loss.lostBytes = 0;
        }
    }

    /// Packets were lost that need not be sent again.
    void onRepairedLoss(long nowNanos, long packets, long bytes) {
        loss.nowNanos = nowNanos;
        loss.lostBytes = bytes;
        loss.lostPackets = packets;
        loss.bytesInFlight = bytesInFlight;
        loss.packetBytesInFlight = Math.max(bytesInFlight, bytes);
        loss.lostBytesSincePacketSent = bytes;
        loss.newestLostSentNanos = nowNanos - rtt.smoothedNanos();
        controller.onLoss(loss);
        loss.lostBytes = 0;
        loss.lostPackets = 0;
    }

    void onSpuriousLoss(long nowNanos, long bytes) {
        controller.onSpuriousLoss(nowNanos, bytes);
    }

    /// Drops the pending loss report: a retransmission timeout reports all of it itself.
    void onRetransmissionTimeout(long nowNanos, long bytesLost) {
        loss.lostPackets = 0;
        loss.lostBytes = 0;
        controller.onRetransmissionTimeout(nowNanos, bytesLost);
    }
}
