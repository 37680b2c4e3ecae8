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

import io.longhaul.congestion.RttEstimator;

/// The sending side of one lane: its packets, its round trip, and how much reordering it shows.
final class SendLane {
    private static final int INITIAL_CAPACITY = 8;

    final int index;
    final PacketHistory history = new PacketHistory(INITIAL_CAPACITY);
    final RttEstimator rtt;
    final ReorderTolerance tolerance = new ReorderTolerance();

    /// Newest packet number that the receiver reported; -1 before the first report.
    long newestReported = -1;

    /// Newest packet number in the acknowledgement that was taken last: what that one calls missing is missing with
    /// respect
    /// to this, not to what another acknowledgement, which overtook it on another lane, has reported. -1 when it
    /// names none.
    long describedNewest = -1;

    long newestReportedSentNanos;
    long reportedPackets;
    long reportedBytes;
    long reportedCe;
    long reportedDuplicates;

    /// Lane from which the chunk moved here that was sent again and acknowledged last; -1 before the first.
    int resentFromLane = -1;

    /// Size of the packet that carried it, bytes, and its chunks.
    int resentPacketBytes;

    int resentPacketChunks = 1;

    /// Data bytes of that chunk.
    int resentChunkBytes;

    /// Chunks that were sent again needlessly on this lane, of which no packet is made up yet.
    int needlessChunks;

    /// Gaps in the packet numbers that the receiver has seen, modulo 2^24.
    int reportedGaps;

    long bytesInFlight;

    /// Consecutive timeouts without a report from this lane.
    int timeouts;

    /// Time from which the lane's silence is counted.
    long silentSinceNanos;

    boolean dead;

    /// How often it has died: each time, its packets are sealed under a key of a new incarnation.
    int deaths;

    /// Share of the traffic beside other lanes, 1 to {@link LaneWeights#FULL}.
    int weight = LaneWeights.FULL;

    long nextRevivalNanos;

    /// @param nowNanos time from which its silence is counted until it is heard
    SendLane(int index, long initialRttNanos, long minWindowNanos, long nowNanos) {
        this.index = index;
        newestReportedSentNanos = nowNanos;
        silentSinceNanos = nowNanos;
        nextRevivalNanos = nowNanos;
        rtt = new RttEstimator(initialRttNanos, minWindowNanos);
    }

    /// True while the lane has been silent for a timeout, or longer: only probes go there where there are others.
    boolean isSilent() {
        return dead || timeouts > 0;
    }

    /// A packet that was declared lost had arrived, or had not been lost.
    ///
    /// @param packetNumber of it
    void onSpuriousLoss(long packetNumber, long nowNanos) {
        if (history.holds(packetNumber)) {
            tolerance.onSpurious(
                    nowNanos, newestReported - packetNumber, lateNanos(packetNumber, nowNanos), rtt.smoothedNanos());
        } else {
            tolerance.onUnexplained(nowNanos, rtt.smoothedNanos());
        }
    }

    /// A packet was acknowledged that acknowledgements had called missing.
    void onLate(long packetNumber, long nowNanos) {
        tolerance.onLate(
                nowNanos, history.missedBy(packetNumber), lateNanos(packetNumber, nowNanos), rtt.smoothedNanos());
    }

    private long lateNanos(long packetNumber, long nowNanos) {
        return nowNanos - history.sentNanos(packetNumber) - rtt.smoothedNanos();
    }

    /// Smallest round trip of the lane lately; 0 before the first sample.
    long minRttNanos() {
        return rtt.samples() == 0 ? 0 : rtt.minNanos();
    }

    /// How much later than its successors a packet may arrive.
    long reorderWindowNanos() {
        return tolerance.windowNanos(rtt.smoothedNanos());
    }

    /// Time after sending at which a packet that was overtaken counts as lost.
    long lossDelayNanos() {
        return Math.max(rtt.smoothedNanos(), rtt.latestNanos()) + reorderWindowNanos();
    }

    /// Retransmission timeout of the lane before backing off.
    //= RFC 8985 §7.2
    long probeTimeoutNanos(long ackDelayNanos) {
        return rtt.smoothedNanos() + Math.max(4 * rtt.varianceNanos(), 1_000_000) + ackDelayNanos;
    }
}
