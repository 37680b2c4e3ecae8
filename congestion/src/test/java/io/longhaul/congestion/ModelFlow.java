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
package io.longhaul.congestion;

/// One sender and receiver over a {@link LinkModel}: packet threshold 3, batched acknowledgements, retransmission
/// timer.
public final class ModelFlow {
    private static final int RING = 1 << 19;
    private static final int MASK = RING - 1;
    private static final int REORDER_PACKETS = 3;
    private static final long QUANTUM_NANOS = 50_000;
    private static final byte IN_FLIGHT = 1;
    private static final byte DROPPED = 2;
    private static final byte MARKED = 4;
    private static final byte LOST = 8;

    private final LinkModel link;
    private final CongestionController controller;
    private final int packetBytes;
    private final Pacer pacer = new Pacer();
    private final DeliveryRateEstimator rate = new DeliveryRateEstimator();
    private final RttEstimator rtt;
    private final AckSample ack = new AckSample();
    private final LossSample loss = new LossSample();

    private final byte[] state = new byte[RING];
    private final long[] sent = new long[RING];
    private final long[] delivered = new long[RING];
    private final long[] deliveredAt = new long[RING];
    private final long[] firstSent = new long[RING];
    private final long[] inFlightAtSend = new long[RING];
    private final long[] lostAtSend = new long[RING];
    private final boolean[] limitedAtSend = new boolean[RING];

    private final long[] ackTime = new long[RING]; // [acknowledgement]
    private final long[] ackNewest = new long[RING];
    private final long[] ackHeld = new long[RING];
    private long ackHead;
    private long ackTail;
    private long batchFirstNanos;
    private long batchLastNanos;
    private long batchNewest = -1;
    private int batchPackets;

    private long nextNumber;
    private long ackedUpTo; // every number below has been seen by an acknowledgement
    private long lostUpTo; // every number below is settled
    private long bytesInFlight;
    private long lostBytes;
    private long nextSendNanos;
    private long timerNanos = Long.MAX_VALUE;
    private int timeouts;
    private long sizeBytes = Long.MAX_VALUE;
    private long completedNanos = -1;
    private double appBytesPerSecond;
    private long appSentBytes;
    private final long startNanos;
    private long markBytes;
    private long markNanos;
    private long markLostBytes;
    private long spuriousBytes;

    ModelFlow(LinkModel link, CongestionController controller, int packetBytes, long startNanos) {
        this.link = link;
        this.controller = controller;
        this.packetBytes = packetBytes;
        this.startNanos = startNanos;
        nextSendNanos = startNanos;
        rtt = new RttEstimator(link.rttNanos, 30_000_000_000L);
    }

    public ModelFlow size(long bytes) {
        sizeBytes = bytes;
        return this;
    }

    /// Limits what the application offers; 0 lifts the limit.
    public void appRate(double bitsPerSecond) {
        appBytesPerSecond = bitsPerSecond / 8;
        appSentBytes = (long) (link.nowNanos() / 1e9 * appBytesPerSecond);
        nextSendNanos = link.nowNanos();
    }

    public boolean isComplete() {
        return completedNanos >= 0;
    }

    public long completedNanos() {
        return completedNanos;
    }

    public long deliveredBytes() {
        return rate.deliveredBytes();
    }

    public long lostBytes() {
        return lostBytes;
    }

    public CongestionController controller() {
        return controller;
    }

    /// Starts a measurement.
    public void mark() {
        markBytes = rate.deliveredBytes();
        markNanos = link.nowNanos();
        markLostBytes = lostBytes;
    }

    /// Bits per second delivered since the mark.
    public double bitsPerSecondSinceMark() {
        return (rate.deliveredBytes() - markBytes) * 8e9 / (link.nowNanos() - markNanos);
    }

    /// Share of the bytes reported on since the mark that was lost.
    public double lossSinceMark() {
        final double lost = lostBytes - markLostBytes;
        return lost / Math.max(1, lost + rate.deliveredBytes() - markBytes);
    }

    long nextEventNanos() {
        if (isComplete()) {
            return Long.MAX_VALUE;
        }
        long next = Math.min(nextSendNanos, timerNanos);
        if (ackHead < ackTail) {
            next = Math.min(next, ackTime[(int) ackHead & MASK]);
        }
        if (batchPackets > 0) {
            next = Math.min(next, batchFirstNanos + link.ackDelayNanos);
        }
        return next;
    }

    void onEvent(long nowNanos) {
        if (batchPackets > 0 && batchFirstNanos + link.ackDelayNanos <= nowNanos) {
            flushBatch(batchFirstNanos + link.ackDelayNanos);
        }
        while (ackHead < ackTail && ackTime[(int) ackHead & MASK] <= nowNanos) {
            final int slot = (int) ackHead++ & MASK;
            if (!link.isHole(nowNanos)) {
                onAck(nowNanos, ackNewest[slot], ackHeld[slot]);
            }
        }
        if (timerNanos <= nowNanos) {
            onTimer(nowNanos);
        }
        if (!isComplete()) {
            send(nowNanos);
        }
    }

    private void send(long nowNanos) {
        if (nowNanos < startNanos) {
            nextSendNanos = startNanos;
            return;
        }
        final long pace = controller.pacingRateBytesPerSecond();
        final long quantum = Math.max(packetBytes, Bandwidth.bytesIn(pace, QUANTUM_NANOS));
        pacer.refill(nowNanos, pace, quantum);
        while (pacer.maySend()) {
            if (bytesInFlight + packetBytes > controller.congestionWindowBytes()) {
                nextSendNanos = Long.MAX_VALUE;
                return;
            }
            if (!hasData(nowNanos)) {
                rate.onAppLimited(bytesInFlight);
                return;
            }
            sendPacket(nowNanos);
        }
        nextSendNanos = nowNanos + Math.max(1, pacer.nanosUntilSend(pace, quantum));
    }

    private boolean hasData(long nowNanos) {
        nextSendNanos = Long.MAX_VALUE;
        if (rate.deliveredBytes() + bytesInFlight >= sizeBytes) {
            return false;
        }
        if (appBytesPerSecond > 0) {
            final long offered = (long) (nowNanos / 1e9 * appBytesPerSecond);
            if (offered - appSentBytes < packetBytes) {
                nextSendNanos =
                        nowNanos + Bandwidth.nanosFor(packetBytes - (offered - appSentBytes), appBytesPerSecond);
                return false;
            }
            appSentBytes += packetBytes;
        }
        return true;
    }

    private void sendPacket(long nowNanos) {
        final int slot = (int) nextNumber & MASK;
        rate.onPacketSent(nowNanos, bytesInFlight);
        bytesInFlight += packetBytes;
        pacer.onSent(packetBytes);
        sent[slot] = nowNanos;
        delivered[slot] = rate.deliveredBytes();
        deliveredAt[slot] = rate.deliveredNanos();
        firstSent[slot] = rate.firstSentNanos();
        inFlightAtSend[slot] = bytesInFlight;
        lostAtSend[slot] = lostBytes;
        limitedAtSend[slot] = rate.appLimited();
        controller.onPacketSent(nowNanos, packetBytes, bytesInFlight, rate.appLimited());
        final long arrival = link.transmit(nowNanos, packetBytes);
        if (arrival == Long.MIN_VALUE) {
            state[slot] = IN_FLIGHT | DROPPED;
        } else if (arrival < 0) {
            state[slot] = IN_FLIGHT | MARKED;
            onArrival(-arrival - 1, nextNumber);
        } else {
            state[slot] = IN_FLIGHT;
            onArrival(arrival, nextNumber);
        }
        nextNumber++;
        assert nextNumber - lostUpTo < RING : "the ring of packets is full";
        if (timerNanos == Long.MAX_VALUE) {
            armTimer(nowNanos);
        }
    }

    private void onArrival(long arrivalNanos, long number) {
        if (batchPackets > 0 && arrivalNanos > batchFirstNanos + link.ackDelayNanos) {
            flushBatch(batchFirstNanos + link.ackDelayNanos);
        }
        if (batchPackets++ == 0) {
            batchFirstNanos = arrivalNanos;
        }
        batchLastNanos = arrivalNanos;
        batchNewest = number;
        if (batchPackets >= link.ackPackets) {
            flushBatch(arrivalNanos);
        }
    }

    private void flushBatch(long flushNanos) {
        final int slot = (int) ackTail & MASK;
        final long previous = ackTail > ackHead ? ackTime[(int) (ackTail - 1) & MASK] : 0;
        ackTime[slot] = Math.max(previous, flushNanos + link.returnNanos());
        ackNewest[slot] = batchNewest;
        ackHeld[slot] = flushNanos - batchLastNanos;
        ackTail++;
        batchPackets = 0;
    }

    private void onAck(long nowNanos, long newest, long heldNanos) {
        final long priorInFlight = bytesInFlight;
        rate.onAckBegin();
        ack.newlyAckedBytes = 0;
        ack.newlyAckedPackets = 0;
        ack.newlyCeMarkedPackets = 0;
        for (long number = ackedUpTo; number <= newest; number++) {
            onPacketAcked(nowNanos, (int) number & MASK);
        }
        ackedUpTo = Math.max(ackedUpTo, newest + 1);
        detectLosses(nowNanos, newest - REORDER_PACKETS);
        final int slot = (int) newest & MASK;
        ack.rttNanos = nowNanos - sent[slot] - heldNanos;
        rtt.onSample(nowNanos, ack.rttNanos);
        if (ack.newlyAckedBytes == 0) {
            return;
        }
        ack.nowNanos = nowNanos;
        ack.smoothedRttNanos = rtt.smoothedNanos();
        ack.priorBytesInFlight = priorInFlight;
        ack.bytesInFlight = bytesInFlight;
        ack.deliveredBytes = rate.deliveredBytes();
        ack.packetDeliveredBytes = rate.samplePacketDeliveredBytes();
        ack.packetBytesInFlight = inFlightAtSend[slot];
        ack.lostBytesSincePacketSent = lostBytes - lostAtSend[slot];
        ack.deliveryRateBytesPerSecond = rate.sampleBytesPerSecond(rtt.minNanos());
        ack.appLimited = rate.sampleAppLimited();
        timeouts = 0;
        controller.onAck(ack);
        armTimer(nowNanos);
        nextSendNanos = Math.min(nextSendNanos, nowNanos);
        if (rate.deliveredBytes() >= sizeBytes) {
            completedNanos = nowNanos;
        }
    }

    private void onPacketAcked(long nowNanos, int slot) {
        if ((state[slot] & DROPPED) != 0) {
            return;
        }
        if ((state[slot] & LOST) != 0) {
            spuriousBytes += packetBytes;
            controller.onSpuriousLoss(nowNanos, packetBytes);
            state[slot] = 0;
            return;
        }
        rate.onPacketAcked(
                nowNanos,
                packetBytes,
                sent[slot],
                delivered[slot],
                deliveredAt[slot],
                firstSent[slot],
                limitedAtSend[slot]);
        ack.newlyAckedBytes += packetBytes;
        ack.newlyAckedPackets++;
        ack.newlyCeMarkedPackets += (state[slot] & MARKED) != 0 ? 1 : 0;
        bytesInFlight -= packetBytes;
        state[slot] = 0;
    }

    /// Declares lost what is in flight below a number.
    private void detectLosses(long nowNanos, long belowNumber) {
        loss.lostBytes = 0;
        long lastLost = -1;
        for (; lostUpTo < belowNumber; lostUpTo++) {
            final int slot = (int) lostUpTo & MASK;
            if ((state[slot] & IN_FLIGHT) != 0 && (state[slot] & LOST) == 0) {
                loss.lostBytes += packetBytes;
                bytesInFlight -= packetBytes;
                state[slot] |= LOST;
                lastLost = lostUpTo;
            }
        }
        ack.newlyLostBytes = loss.lostBytes;
        if (loss.lostBytes > 0) {
            lostBytes += loss.lostBytes;
            final int slot = (int) lastLost & MASK;
            loss.nowNanos = nowNanos;
            loss.lostPackets = loss.lostBytes / packetBytes;
            loss.bytesInFlight = bytesInFlight;
            loss.packetBytesInFlight = inFlightAtSend[slot];
            loss.lostBytesSincePacketSent = lostBytes - lostAtSend[slot];
            loss.newestLostSentNanos = sent[slot];
            controller.onLoss(loss);
        }
    }

    private void onTimer(long nowNanos) {
        if (bytesInFlight == 0) {
            timerNanos = Long.MAX_VALUE;
            return;
        }
        final long inFlight = bytesInFlight;
        for (; lostUpTo < nextNumber; lostUpTo++) {
            final int slot = (int) lostUpTo & MASK;
            if ((state[slot] & IN_FLIGHT) != 0 && (state[slot] & LOST) == 0) {
                state[slot] |= LOST;
                bytesInFlight -= packetBytes;
                lostBytes += packetBytes;
            }
        }
        timeouts++;
        controller.onRetransmissionTimeout(nowNanos, inFlight);
        nextSendNanos = nowNanos;
        armTimer(nowNanos);
    }

    private void armTimer(long nowNanos) {
        final long baseNanos = Math.max(
                2 * rtt.smoothedNanos(), rtt.smoothedNanos() + 4 * rtt.varianceNanos() + 2 * link.ackDelayNanos);
        final long capNanos = Math.max(4 * rtt.smoothedNanos(), 100_000_000L);
        timerNanos = nowNanos + Math.max(baseNanos, Math.min(capNanos, baseNanos << Math.min(timeouts, 10)));
        if (rate.deliveredBytes() >= sizeBytes) {
            timerNanos = Long.MAX_VALUE;
        }
    }

    public long spuriousBytes() {
        return spuriousBytes;
    }
}
