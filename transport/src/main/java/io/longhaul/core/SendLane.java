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
    /// Packet threshold at the start.
    //= RFC 9002 §6.1.1
    static final int INITIAL_PACKET_THRESHOLD = 3;

    /// Packet threshold never grows beyond this.
    static final int MAX_PACKET_THRESHOLD = 256;

    private static final int INITIAL_CAPACITY = 256;
    private static final int MAX_REORDER_STEPS = 8;
    private static final int ROUNDS_PER_LESSON = 64;

    final int index;
    final PacketHistory history = new PacketHistory(INITIAL_CAPACITY);
    final RttEstimator rtt;

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

    /// Size of the packet that carried it, bytes.
    int resentPacketBytes;

    /// Gaps in the packet numbers that the receiver has seen, modulo 2^24.
    int reportedGaps;

    long bytesInFlight;
    int packetThreshold = INITIAL_PACKET_THRESHOLD;
    int reorderSteps = 1;

    /// Consecutive timeouts without a report from this lane.
    int timeouts;

    /// Time from which the lane's silence is counted.
    long silentSinceNanos;

    boolean dead;

    /// How often it has died: each time, its packets are sealed under a key of a new incarnation.
    int deaths;

    /// Share of the traffic beside other lanes, 1 to {@link LaneWeights#FULL}.
    int weight = LaneWeights.FULL;

    /// Spurious losses seen so far.
    int spuriousLessons;

    /// Time of the last lesson, or of the last one that was forgotten.
    private long lessonNanos;
    long nextRevivalNanos;

    SendLane(int index, long initialRttNanos, long minWindowNanos) {
        this.index = index;
        rtt = new RttEstimator(initialRttNanos, minWindowNanos);
    }

    /// A loss of this lane turned out to be none: be more patient.
    void onSpuriousLoss(long nowNanos) {
        lessonNanos = nowNanos;
        spuriousLessons++;
        packetThreshold = Math.min(MAX_PACKET_THRESHOLD, packetThreshold * 2);
        reorderSteps = Math.min(MAX_REORDER_STEPS, reorderSteps + 1);
    }

    /// True while the lane has been silent for a timeout, or longer: only probes go there where there are others.
    boolean isSilent() {
        return dead || timeouts > 0;
    }

    /// Forgets a lesson after some time without another, so that a path that has stopped to reorder is repaired
    /// quickly
    /// again: thresholds shrink by half, and the window by a step, in {@value #ROUNDS_PER_LESSON} round trips.
    void forget(long nowNanos) {
        if (packetThreshold == INITIAL_PACKET_THRESHOLD && reorderSteps == 1
                || nowNanos - lessonNanos < ROUNDS_PER_LESSON * rtt.smoothedNanos()) {
            return;
        }
        lessonNanos = nowNanos;
        packetThreshold = Math.max(INITIAL_PACKET_THRESHOLD, packetThreshold / 2);
        reorderSteps = Math.max(1, reorderSteps - 1);
    }

    /// Smallest round trip of the lane lately; 0 before the first sample.
    long minRttNanos() {
        return rtt.samples() == 0 ? 0 : rtt.minNanos();
    }

    /// How much later than its successors a packet may arrive: an eighth of the round trip, at least 1 ms or what
    /// the
    /// round trip allows, times the steps learned, at most the round trip.
    //= RFC 8985 §6.2 step 4
    long reorderWindowNanos() {
        final long srtt = rtt.smoothedNanos();
        final long step = Math.min(Math.max(srtt / 8, 1_000_000), Math.max(srtt / 4, 100_000));
        return Math.min(step * reorderSteps, srtt);
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
