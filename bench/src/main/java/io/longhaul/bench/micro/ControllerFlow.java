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
package io.longhaul.bench.micro;

import io.longhaul.congestion.AckSample;
import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.CongestionController;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.congestion.LossSample;

/// Drives a controller as the engine does, on a path of 10 Gb/s and 20 ms: 64 packets are sent, then one
/// acknowledgement takes
/// 64 packets out that left a round trip ago. Now and then one of them is lost.
///
/// Threading: one thread.
final class ControllerFlow {
    /// Packets between two acknowledgements.
    static final int PACKETS = 64;

    private static final int PACKET_BYTES = 9000;
    private static final long RATE = 1_250_000_000L;
    private static final long RTT_NANOS = 20_000_000L;
    private static final long PRODUCT_BYTES = RATE / 1000 * (RTT_NANOS / 1_000_000);
    private static final int LOSS_EVERY = 20; // acknowledgements; 1 packet of 1,280

    private final CongestionController controller;
    private final AckSample ack = new AckSample();
    private final LossSample loss = new LossSample();
    private long nowNanos = RTT_NANOS;
    private long deliveredBytes;
    private long inFlight = PRODUCT_BYTES;
    private long acks;

    ControllerFlow(CongestionControllerFactory factory) {
        controller = factory.create(new CongestionConfig(PACKET_BYTES, RTT_NANOS, RATE, 1L << 32, 32));
    }

    /// Sends and acknowledges 64 packets.
    long round() {
        long pacing = 0;
        for (int i = 0; i < PACKETS; i++) {
            inFlight += PACKET_BYTES;
            nowNanos += PACKET_BYTES * 1_000_000_000L / RATE;
            controller.onPacketSent(nowNanos, PACKET_BYTES, inFlight, false);
            pacing += controller.pacingRateBytesPerSecond() + controller.congestionWindowBytes();
        }
        final boolean lossy = ++acks % LOSS_EVERY == 0;
        final long prior = inFlight;
        inFlight -= (long) PACKETS * PACKET_BYTES;
        if (lossy) {
            onLoss();
        }
        final long acked = (long) (lossy ? PACKETS - 1 : PACKETS) * PACKET_BYTES;
        deliveredBytes += acked;
        ack.nowNanos = nowNanos;
        ack.rttNanos = RTT_NANOS + acks % 7 * 1000;
        ack.smoothedRttNanos = RTT_NANOS;
        ack.newlyAckedBytes = acked;
        ack.newlyAckedPackets = acked / PACKET_BYTES;
        ack.newlyLostBytes = lossy ? PACKET_BYTES : 0;
        ack.priorBytesInFlight = prior;
        ack.bytesInFlight = inFlight;
        ack.deliveredBytes = deliveredBytes;
        ack.packetDeliveredBytes = Math.max(0, deliveredBytes - PRODUCT_BYTES);
        ack.packetBytesInFlight = PRODUCT_BYTES;
        ack.lostBytesSincePacketSent = lossy ? PACKET_BYTES : 0;
        ack.deliveryRateBytesPerSecond = RATE;
        controller.onAck(ack);
        return pacing;
    }

    private void onLoss() {
        loss.nowNanos = nowNanos;
        loss.lostBytes = PACKET_BYTES;
        loss.lostPackets = 1;
        loss.bytesInFlight = inFlight;
        loss.packetBytesInFlight = PRODUCT_BYTES;
        loss.lostBytesSincePacketSent = PACKET_BYTES;
        loss.newestLostSentNanos = nowNanos - RTT_NANOS;
        controller.onLoss(loss);
    }
}
