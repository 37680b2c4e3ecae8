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

import io.longhaul.core.wire.AckFlyweight;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Takes acknowledgements: what arrived, credit, and per lane what the receiver saw.
final class AckProcessor {
    private final SendWindow window;
    private final Recovery recovery;
    private final Flow flow;
    private final SendLane[] lanes;
    private final OutboundPieces pieces;
    private final RunDecoder runs = new RunDecoder();
    private final int sendLanes;
    private final LaneWeights weights;
    private @Nullable PathLoss pathLoss;
    private boolean progress;

    /// Creates it.
    ///
    /// @param sendLanes lanes whose packets have numbers; those behind them place chunks, and are reported by CSN
    AckProcessor(Recovery recovery, OutboundPieces pieces, int sendLanes) {
        this.recovery = recovery;
        this.sendLanes = sendLanes;
        this.pieces = pieces;
        window = recovery.window;
        flow = recovery.flow;
        lanes = recovery.lanes;
        weights = new LaneWeights(Arrays.copyOf(lanes, sendLanes));
    }

    /// Has losses of the path followed from now on.
    void follow(PathLoss value) {
        pathLoss = value;
    }

    /// True when the last acknowledgement acknowledged something new.
    boolean madeProgress() {
        return progress;
    }

    /// Processes a frame that lies completely inside its packet.
    ///
    /// @return false when the peer acknowledged what was never sent or broke the format
    boolean onAck(long nowNanos, MemorySegment segment, long offset) {
        progress = false;
        final long cumulative = AckFlyweight.cumulativeCsn(segment, offset);
        final int laneEntries = AckFlyweight.lanes(segment, offset);
        if (cumulative < 0 || cumulative > window.nextCsn() || laneEntries > lanes.length) {
            return false;
        }
        flow.beginAck(nowNanos);
        window.onCredit(AckFlyweight.creditCsn(segment, offset));
        pieces.onMessageCredit(AckFlyweight.messageCreditBytes(segment, offset));
        ackRange(window.cumulativeCsn(), cumulative, nowNanos);
        if (!onRuns(segment, offset, laneEntries, nowNanos)) {
            return false;
        }
        window.advance();
        for (final SendLane lane : lanes) {
            lane.describedNewest = -1;
        }
        for (int i = 0; i < laneEntries; i++) {
            if (!onLane(segment, AckFlyweight.laneOffset(offset, i), nowNanos)) {
                return false;
            }
        }
        recovery.detect(nowNanos);
        weights.onAck(nowNanos, flow.rtt.smoothedNanos());
        flow.endAck(nowNanos);
        if (pathLoss != null) {
            pathLoss.onAck(nowNanos);
        }
        return true;
    }

    private boolean onRuns(MemorySegment segment, long offset, int laneEntries, long nowNanos) {
        final long base = AckFlyweight.baseCsn(segment, offset);
        final int runBytes = AckFlyweight.runBytes(segment, offset);
        if (base < 0 || base > window.nextCsn()) {
            return false;
        }
        runs.wrap(segment, AckFlyweight.laneOffset(offset, laneEntries), runBytes, base, window.nextCsn());
        while (runs.next()) {
            ackRange(runs.startCsn(), runs.startCsn() + runs.count(), nowNanos);
        }
        if (runs.isInvalid()) {
            return false;
        }
        recovery.described.set(base, runs.endCsn(), AckFlyweight.isTop(segment, offset));
        return true;
    }

    private void ackRange(long from, long to, long nowNanos) {
        long csn = window.nextUnacked(from, to);
        while (csn < to) {
            progress = true;
            recovery.onChunkAcked(csn, nowNanos);
            pieces.onChunkDone(window.piece(csn));
            csn = window.nextUnacked(csn + 1, to);
        }
    }

    private boolean onLane(MemorySegment segment, long laneOffset, long nowNanos) {
        final int index = AckFlyweight.lane(segment, laneOffset);
        if (index >= lanes.length) {
            return false;
        }
        final SendLane lane = lanes[index];
        final long reported = AckFlyweight.newestPacketNumber(segment, laneOffset);
        final boolean placed = index >= sendLanes;
        if (reported < 0 || reported >= (placed ? window.nextCsn() : lane.history.nextPacketNumber())) {
            return false;
        }
        final long newest = placed ? lane.history.find(reported) : reported;
        lane.describedNewest = newest;
        if (newest > lane.newestReported) {
            onNewestReported(lane, newest, AckFlyweight.ageNanos(segment, laneOffset), nowNanos);
        }
        final long packets = AckFlyweight.packets(segment, laneOffset);
        if (packets > lane.reportedPackets) {
            lane.reportedPackets = packets;
            lane.reportedBytes = AckFlyweight.receivedBytes(segment, laneOffset);
            // Counters modulo 2^32: the difference is right as long as fewer than 2^31 happen between two reports.
            final int ce = (int) (AckFlyweight.ceMarked(segment, laneOffset) - lane.reportedCe);
            if (ce > 0) {
                lane.reportedCe += ce;
                flow.onCeMarks(ce);
            }
            lane.reportedGaps = AckFlyweight.gaps(segment, laneOffset);
            // Modulo 2^32 as well.
            final int duplicates = (int) (AckFlyweight.duplicates(segment, laneOffset) - lane.reportedDuplicates);
            if (duplicates > 0) {
                lane.reportedDuplicates += duplicates;
                recovery.onDuplicates(lane, duplicates, nowNanos);
            }
        }
        return true;
    }

    private void onNewestReported(SendLane lane, long newest, long ageNanos, long nowNanos) {
        lane.newestReported = newest;
        lane.timeouts = 0;
        lane.dead = false;
        lane.silentSinceNanos = nowNanos;
        if (lane.history.holds(newest)) {
            lane.newestReportedSentNanos = lane.history.sentNanos(newest);
            // An age that saturated (4.3 s) hides the round trip.
            if (ageNanos < 0xffff_ffffL) {
                final long rttNanos = Math.max(1, nowNanos - lane.newestReportedSentNanos - ageNanos);
                lane.rtt.onSample(nowNanos, rttNanos);
                flow.rtt.onSample(nowNanos, rttNanos);
                flow.onRtt(rttNanos);
            }
        }
    }
}
