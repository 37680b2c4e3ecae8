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

/// Reports to a controller what a path would: whole round trips, in many acknowledgements, each with the given delay.
public final class Acks {
    public static final int PACKET_BYTES = 1500;

    private static final int PER_ROUND = 50;

    private final CongestionController controller;
    private final AckSample sample = new AckSample();
    private final LossSample loss = new LossSample();
    private long nowNanos = 1_000_000_000L;
    private long deliveredBytes;

    public Acks(CongestionController controller) {
        this.controller = controller;
    }

    public static CongestionConfig config(long rttNanos, int windowPackets) {
        return new CongestionConfig(PACKET_BYTES, rttNanos, 0, 1L << 40, windowPackets);
    }

    /// A path whose declared rate fills a window of so many packets.
    public static CongestionConfig declared(long rttNanos, int windowPackets) {
        final long rate = Math.round((double) windowPackets * PACKET_BYTES * 1e9 / rttNanos);
        return new CongestionConfig(PACKET_BYTES, rttNanos, rate, 1L << 40, 10);
    }

    public double windowPackets() {
        return (double) controller.congestionWindowBytes() / PACKET_BYTES;
    }

    public long nowNanos() {
        return nowNanos;
    }

    public void pass(long nanos) {
        nowNanos += nanos;
    }

    /// A round trip in which as much as the window held at its start is acknowledged.
    public void round(long rttNanos) {
        round(rttNanos, 1, 0);
    }

    /// A round trip that used a share of the window, with so many marked packets of each hundred.
    public void round(long rttNanos, double used, int markedPercent) {
        final long window = controller.congestionWindowBytes();
        final long before = deliveredBytes;
        for (int i = 1; i <= PER_ROUND; i++) {
            nowNanos += rttNanos / PER_ROUND;
            final long until = before + (long) (used * window * i / PER_ROUND);
            // The sender fills the window again after each acknowledgement.
            final long inFlight = (long) (used * controller.congestionWindowBytes());
            ack(rttNanos, until - deliveredBytes, inFlight, before, markedPercent);
        }
    }

    private void ack(long rttNanos, long bytes, long inFlight, long deliveredAtSend, int markedPercent) {
        deliveredBytes += bytes;
        sample.nowNanos = nowNanos;
        sample.rttNanos = rttNanos;
        sample.smoothedRttNanos = rttNanos;
        sample.newlyAckedBytes = bytes;
        sample.newlyAckedPackets = 100;
        sample.newlyCeMarkedPackets = markedPercent;
        sample.priorBytesInFlight = inFlight;
        sample.bytesInFlight = inFlight - bytes;
        sample.deliveredBytes = deliveredBytes;
        sample.packetDeliveredBytes = deliveredAtSend;
        controller.onAck(sample);
    }

    /// One loss.
    ///
    /// @param sentNanos when the newest lost packet was sent
    public void lose(int packets, long sentNanos) {
        loss.nowNanos = nowNanos;
        loss.lostPackets = packets;
        loss.lostBytes = (long) packets * PACKET_BYTES;
        loss.newestLostSentNanos = sentNanos;
        controller.onLoss(loss);
    }

    public void lose(int packets) {
        lose(packets, nowNanos);
    }

    public void arriveAfterAll(int packets) {
        controller.onSpuriousLoss(nowNanos, (long) packets * PACKET_BYTES);
    }

    public void timeOut() {
        controller.onRetransmissionTimeout(nowNanos, controller.congestionWindowBytes());
    }
}
