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

import java.util.Arrays;

/// Weighs the lanes by what they deliver: the share of its packets that arrives, beside that of the best lane.
///
/// Once in a round trip the receiver's counts are compared with what was sent. A lane that delivers clearly less than
/// the
/// best one has its weight multiplied by the square of the ratio: one that loses 30 % falls from 1 to 1/16 in three
/// rounds. It is never left entirely, so that it is seen when it recovers; after {@value #GOOD_ROUNDS} good rounds its
/// weight doubles. Clearly: 5 % of the packets, and three standard deviations of what the best lane would lose.
final class LaneWeights {
    /// Weight of a lane that delivers as well as the best.
    static final int FULL = 16;

    private static final int LEAST = 1;
    private static final int LEAST_PACKETS = 32;
    private static final int GOOD_ROUNDS = 4;
    private static final double WORSE = 0.05;
    private static final double DEVIATIONS = 3;

    private final SendLane[] lanes;
    private final long[] sent; // [lane], packets up to the newest at the last look
    private final long[] received; // [lane]
    private final double[] ratios; // [lane], at the last look that saw enough; -1 before the first
    private final long[] packets; // [lane], on which the ratio stands
    private final int[] goodRounds; // [lane]
    private long nextNanos;
    private boolean started;

    LaneWeights(SendLane[] lanes) {
        this.lanes = lanes;
        sent = new long[lanes.length];
        received = new long[lanes.length];
        ratios = new double[lanes.length];
        packets = new long[lanes.length];
        goodRounds = new int[lanes.length];
        Arrays.fill(ratios, -1);
    }

    /// An acknowledgement was taken.
    void onAck(long nowNanos, long smoothedRttNanos) {
        if (lanes.length == 1 || started && nowNanos - nextNanos < 0) {
            return;
        }
        started = true;
        nextNanos = nowNanos + smoothedRttNanos;
        for (int i = 0; i < lanes.length; i++) {
            look(i);
        }
        for (int i = 0; i < lanes.length; i++) {
            final double best = bestBeside(i);
            if (packets[i] >= LEAST_PACKETS && best >= 0) {
                weigh(i, Math.max(best, ratios[i]));
            }
        }
    }

    // Slow lanes see enough packets in different looks: each is compared with what the others showed last.
    private double bestBeside(int lane) {
        double best = -1;
        for (int i = 0; i < lanes.length; i++) {
            if (i != lane) {
                best = Math.max(best, ratios[i]);
            }
        }
        return best;
    }

    private void look(int i) {
        final SendLane lane = lanes[i];
        packets[i] = lane.newestReported + 1 - sent[i];
        if (packets[i] >= LEAST_PACKETS) {
            final long arrived = lane.reportedPackets - received[i];
            ratios[i] = Math.clamp((double) arrived / packets[i], 0, 1);
            sent[i] += packets[i];
            received[i] = lane.reportedPackets;
        }
    }

    private void weigh(int i, double best) {
        final SendLane lane = lanes[i];
        final double lost = (1 - ratios[i]) * packets[i];
        final double usual = (1 - best) * packets[i];
        if (lost > usual + DEVIATIONS * Math.sqrt(usual) + WORSE * packets[i]) {
            final double share = ratios[i] / best;
            lane.weight = Math.max(LEAST, (int) (lane.weight * share * share));
            goodRounds[i] = 0;
        } else if (lane.weight < FULL && ++goodRounds[i] >= GOOD_ROUNDS) {
            lane.weight = Math.min(FULL, 2 * lane.weight);
            goodRounds[i] = 0;
        }
    }
}
