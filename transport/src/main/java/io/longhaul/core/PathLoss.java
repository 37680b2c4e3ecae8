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

import io.longhaul.core.fec.FecController;
import io.longhaul.core.fec.LossEstimator;

/// Tells the controller of forward error correction, once in a round trip, what the path loses and whether it is
/// congested.
///
/// The receiver counts the packets of each lane that arrived; how many were sent up to the newest of them is known
/// here. So
/// losses are seen whether or not they had to be repaired by sending again. Those that parity has repaired are reported
/// to
/// the congestion controller, which hears of no others in any other way.
final class PathLoss {
    private static final long LEAST_QUEUE_NANOS = 1_000_000;
    private static final int QUEUE_SHARE = 4;
    private static final int GAP_BITS = 24;

    private final Recovery recovery;
    private final Flow flow;
    private final SendLane[] lanes;
    private final FecController controller;
    private final LossEstimator estimator = new LossEstimator();
    private final long[] sent; // [lane], packets up to the newest at the last look
    private final long[] received;
    private final int[] gaps;
    private final int packetBytes;
    private long reportedPackets;
    private long marks;
    private long nextNanos;
    private boolean started;

    PathLoss(Recovery recovery, SendLane[] lanes, FecController controller, int packetBytes) {
        this.recovery = recovery;
        this.packetBytes = packetBytes;
        flow = recovery.flow;
        this.lanes = lanes;
        this.controller = controller;
        sent = new long[lanes.length];
        received = new long[lanes.length];
        gaps = new int[lanes.length];
    }

    /// An acknowledgement was taken.
    void onAck(long nowNanos) {
        if (started && nowNanos - nextNanos < 0) {
            return;
        }
        started = true;
        nextNanos = nowNanos + flow.rtt.smoothedNanos();
        long marked = 0;
        long missing = 0;
        for (final SendLane lane : lanes) {
            look(lane);
            marked += lane.reportedCe;
            missing += lane.newestReported + 1 - lane.reportedPackets;
        }
        reportRepaired(nowNanos, missing);
        final long queueNanos = flow.rtt.smoothedNanos() - flow.rtt.minNanos();
        final boolean congested =
                marked > marks || queueNanos > Math.max(LEAST_QUEUE_NANOS, flow.rtt.minNanos() / QUEUE_SHARE);
        marks = marked;
        controller.onPath(
                estimator,
                Math.max(1, flow.rtt.minNanos()),
                Math.max(1, flow.controller().pacingRateBytesPerSecond()),
                congested);
    }

    // What did not arrive, and was not declared lost either.
    private void reportRepaired(long nowNanos, long missingPackets) {
        final long known = flow.lostPackets() - recovery.spuriousPackets() + reportedPackets;
        final long repaired = missingPackets - known;
        if (repaired > 0) {
            reportedPackets += repaired;
            flow.onRepairedLoss(nowNanos, repaired, repaired * packetBytes);
        }
    }

    private void look(SendLane lane) {
        final int i = lane.index;
        final long newSent = lane.newestReported + 1 - sent[i];
        final long newReceived = lane.reportedPackets - received[i];
        final int newGaps = lane.reportedGaps - gaps[i] << 32 - GAP_BITS >>> 32 - GAP_BITS; // modulo 2^24
        if (newSent > 0) {
            estimator.onReport(newSent, newSent - newReceived, newGaps);
            sent[i] += newSent;
            received[i] += newReceived;
            gaps[i] += newGaps;
        }
    }
}
