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

import io.longhaul.ConnectionStatistics.ResendCause;
import io.longhaul.core.wire.OperationFlyweight;
import org.jspecify.annotations.Nullable;

/// Finds lost packets, lane by lane, and queues their chunks to be sent again.
///
/// A packet is lost when the receiver has reported a newer packet of the same lane and either the packet threshold or
/// the time
/// threshold has passed (RFC 9002 §6.1, RFC 8985 §6.2). Both thresholds grow when losses turn out to be reordering. A
/// packet
/// about which the acknowledgements say nothing is left alone.
final class Recovery {
    /// Lane timeouts in a row after which a lane is dead.
    static final int DEAD_AFTER_TIMEOUTS = 3;

    final SendWindow window;
    final RetransmitQueue queue = new RetransmitQueue();
    final Flow flow;
    final SendLane[] lanes;
    final Described described = new Described();
    final ResentBytes resent;
    private final int probedLanes;
    private final DuplicateReports duplicates = new DuplicateReports();
    final PartRecovery parts;
    private long spuriousPackets;
    private boolean parity;
    private @Nullable EngineTrace trace;
    private long lossTimeNanos = ConnectionEngine.NO_TIMEOUT;

    /// @param probedLanes those of the lanes, the first, that are probed while they are silent
    Recovery(SendWindow window, Flow flow, SendLane[] lanes, ResentBytes resent, int probedLanes) {
        this.probedLanes = probedLanes;
        this.resent = resent;
        this.window = window;
        this.flow = flow;
        parts = new PartRecovery(window, flow);
        this.lanes = lanes;
    }

    /// Tells a trace from now on.
    void trace(EngineTrace value) {
        trace = value;
    }

    /// Parity may repair losses at the far end from now on.
    void expectParity() {
        parity = true;
    }

    long spuriousPackets() {
        return spuriousPackets;
    }

    /// Earliest time at which a packet passes its time threshold.
    long lossTimeNanos() {
        return lossTimeNanos;
    }

    /// Takes a chunk that was newly acknowledged; the piece of the chunk is the caller's matter.
    void onChunkAcked(long csn, long nowNanos) {
        final SendLane lane = lanes[window.lane(csn)];
        final long packetNumber = window.packetNumber(csn);
        if (window.state(csn) == SendWindow.LOST) {
            onSpurious(csn, lane, packetNumber, nowNanos);
        } else if (lane.history.holds(packetNumber) && lane.history.state(packetNumber) == PacketHistory.IN_FLIGHT) {
            final boolean again = window.transmissions(csn) > 1;
            if (!again && lane.history.missedBy(packetNumber) > 0 && !parity) {
                lane.onLate(packetNumber, nowNanos);
            }
            final boolean early = again && isEarly(csn, lane, packetNumber, nowNanos);
            if (lane.history.onChunkAcked(packetNumber) <= 0) {
                if (early) {
                    onNeedless(csn, lane, packetNumber, nowNanos);
                }
                flow.onPacketAcked(lane, packetNumber, nowNanos);
            }
        }
        window.onAcked(csn);
    }

    // True for a retransmission that is acknowledged sooner than anything could have travelled: the first transmission
    // had arrived. A probe or a copy of a chunk that nobody took for lost tells nothing.
    private boolean isEarly(long csn, SendLane lane, long packetNumber, long nowNanos) {
        if (window.lostLane(csn) == SendWindow.NO_LANE) {
            return false;
        }
        final Piece piece = window.piece(csn);
        lane.resentFromLane = window.lostLane(csn);
        lane.resentPacketBytes = lane.history.bytes(packetNumber);
        lane.resentPacketChunks = Math.max(1, lane.history.chunkCount(packetNumber));
        lane.resentChunkBytes = piece.chunkBytes((int) (csn - piece.firstCsn));
        final long leastNanos = Math.max(flow.rtt.minNanos(), lane.minRttNanos());
        if (nowNanos - lane.history.sentNanos(packetNumber) >= leastNanos * 3 / 4) {
            return false;
        }
        resent.addNeedless(lane.resentChunkBytes);
        duplicates.onRecognised();
        return true;
    }

    // A whole packet, of which this was the last chunk, was sent again for nothing: one loss that was none.
    private void onNeedless(long csn, SendLane lane, long packetNumber, long nowNanos) {
        final SendLane wrong = lanes[window.lostLane(csn)];
        countSpurious(wrong, lane.history.bytes(packetNumber), nowNanos);
        learn(csn, wrong, window.lostPacketNumber(csn, wrong.history.nextPacketNumber() - 1), nowNanos);
    }

    /// A chunk is sent twice on purpose: the receiver will report a duplicate.
    void expectDuplicate() {
        duplicates.expect();
    }

    /// A chunk that was declared lost is sent again.
    void onResent() {
        duplicates.onResent();
    }

    /// The receiver has got more chunks twice on a lane.
    //= RFC 8985 §6.2 step 4
    void onDuplicates(SendLane lane, long more, long nowNanos) {
        final long needless = duplicates.onReported(more);
        if (parity) {
            return; // what parity restores comes a second time
        }
        final int wrong = lane.resentFromLane < 0 ? lane.index : lane.resentFromLane;
        resent.addNeedless(needless * lane.resentChunkBytes);
        lane.needlessChunks += (int) needless;
        while (lane.needlessChunks >= lane.resentPacketChunks) {
            lane.needlessChunks -= lane.resentPacketChunks;
            countSpurious(lanes[wrong], lane.resentPacketBytes, nowNanos);
            lanes[wrong].tolerance.onUnexplained(nowNanos, lanes[wrong].rtt.smoothedNanos());
        }
    }

    private void onSpurious(long csn, SendLane lane, long packetNumber, long nowNanos) {
        if (lane.history.holds(packetNumber) && lane.history.state(packetNumber) == PacketHistory.LOST) {
            lane.history.resolve(packetNumber, PacketHistory.ACKED);
            countSpurious(lane, lane.history.bytes(packetNumber), nowNanos);
            learn(csn, lane, packetNumber, nowNanos);
        }
    }

    // Later packets, or time, were taken as proof and were none. Silence that was none says nothing of reordering.
    private void learn(long csn, SendLane lane, long packetNumber, long nowNanos) {
        switch (window.lostCause(csn)) {
            case PACKET_THRESHOLD, TIME_THRESHOLD, PARITY_SHORT -> lane.onSpuriousLoss(packetNumber, nowNanos);
            default -> lane.tolerance.onUnexplained(nowNanos, lane.rtt.smoothedNanos());
        }
    }

    private void countSpurious(SendLane lane, int bytes, long nowNanos) {
        spuriousPackets++;
        if (trace != null) {
            trace.spuriousLoss(nowNanos, lane.index);
        }
        flow.onSpuriousLoss(nowNanos, bytes);
    }

    /// Looks for losses on every lane.
    void detect(long nowNanos) {
        lossTimeNanos = ConnectionEngine.NO_TIMEOUT;
        for (final SendLane lane : lanes) {
            if (lane.bytesInFlight > 0) {
                detect(lane, nowNanos);
            }
        }
    }

    private void detect(SendLane lane, long nowNanos) {
        final PacketHistory history = lane.history;
        final long newest = lane.describedNewest;
        lane.tolerance.forget(nowNanos, lane.rtt.smoothedNanos());
        final long lossDelayNanos = lane.lossDelayNanos();
        final long minRttNanos = Math.max(flow.rtt.minNanos(), lane.minRttNanos());
        for (long pn = history.oldestUnresolved(); pn < newest; pn++) {
            if (history.state(pn) != PacketHistory.IN_FLIGHT) {
                continue;
            }
            if (history.isParityInFlight(pn)) {
                flow.onPacketPassed(lane, pn, nowNanos);
                continue;
            }
            if (parts.settles(lane, pn, newest, nowNanos)) {
                continue;
            }
            if (isOvertaken(lane, pn)) {
                flow.onPacketOvertaken(lane, pn);
                continue;
            }
            if (!described.contains(history.firstCsn(pn))) {
                continue;
            }
            final long heldUntilNanos = history.sentNanos(pn) + 3 * lossDelayNanos;
            if (nowNanos - heldUntilNanos < 0 && mayBeHeld(history.firstCsn(pn))) {
                lossTimeNanos = Instants.earlier(lossTimeNanos, heldUntilNanos);
                continue;
            }
            history.onMissed(pn, newest - pn);
            if (parity && isOpenToRepair(lane, pn, lossDelayNanos, nowNanos)) {
                continue;
            }
            final long ageNanos = nowNanos - history.sentNanos(pn);
            //= RFC 9002 §6.1.1 and §6.1.2
            final boolean passed = newest - pn >= lane.tolerance.packetThreshold();
            if (passed && ageNanos >= minRttNanos) {
                declareLost(lane, pn, causeOf(lane, pn, ResendCause.PACKET_THRESHOLD), nowNanos);
            } else if (ageNanos >= lossDelayNanos) {
                declareLost(lane, pn, causeOf(lane, pn, ResendCause.TIME_THRESHOLD), nowNanos);
            } else {
                final long waitNanos = passed ? minRttNanos : lossDelayNanos;
                lossTimeNanos = Instants.earlier(lossTimeNanos, history.sentNanos(pn) + waitNanos);
            }
        }
        if (newest >= 0 && history.holds(newest) && history.isParityInFlight(newest)) {
            flow.onPacketAcked(lane, newest, nowNanos);
        }
    }

    // True while the receiver may have got a chunk and cannot place it: all descriptions of its piece are lost, or
    // still on
    // their way on a longer lane. Then later packets prove nothing, nor does time before a description that was sent
    // again
    // could have been answered: afterwards its own loss is likelier, and what is held would keep the congestion window
    // from
    // letting it go again. The descriptions themselves are never held; once one is acknowledged, acknowledgements tell
    // the
    // truth about the others.
    private boolean mayBeHeld(long csn) {
        if (window.isAcked(csn)) {
            return false;
        }
        final Piece piece = window.piece(csn);
        return piece.doneChunks == 0 && csn - piece.firstCsn >= OperationFlyweight.SHORT_CHUNKS;
    }

    private ResendCause causeOf(SendLane lane, long packetNumber, ResendCause threshold) {
        final long first = lane.history.firstCsn(packetNumber);
        final long end = first + lane.history.chunkCount(packetNumber);
        final long missing = window.nextUnacked(first, end); // the first chunk may have arrived in another packet
        final boolean isProtected =
                parity && missing < end && window.piece(missing).protection.isOn();
        return isProtected ? ResendCause.PARITY_SHORT : threshold;
    }

    // True while all missing chunks of a packet may still be repaired at the far end by parity that is on its way: to
    // send
    // them again would cost more than it wins, and their later arrival would look like a loss that was none.
    private boolean isOpenToRepair(SendLane lane, long packetNumber, long lossDelayNanos, long nowNanos) {
        final PacketHistory history = lane.history;
        final long end = history.firstCsn(packetNumber) + history.chunkCount(packetNumber);
        long untilNanos = Long.MAX_VALUE;
        for (long csn = history.firstCsn(packetNumber); csn < end; csn++) {
            if (!window.isAcked(csn)) {
                final PieceProtection protection = window.piece(csn).protection;
                untilNanos = Instants.earlier(
                        untilNanos,
                        protection.openUntilNanos(lanes, history.sentNanos(packetNumber), lossDelayNanos, nowNanos));
            }
        }
        if (untilNanos == Long.MAX_VALUE || untilNanos - nowNanos <= 0) {
            return false;
        }
        lossTimeNanos = Instants.earlier(lossTimeNanos, untilNanos);
        return true;
    }

    // True when nothing is owed on behalf of this packet: its chunks have arrived or travel in a newer packet.
    private boolean isOvertaken(SendLane lane, long packetNumber) {
        final PacketHistory history = lane.history;
        final boolean part = history.isPart(packetNumber);
        final long end = history.firstCsn(packetNumber) + history.chunkCount(packetNumber);
        for (long csn = history.firstCsn(packetNumber); csn < end; csn++) {
            if (!window.isAcked(csn) && (part || isNewest(lane, packetNumber, csn))) {
                return false;
            }
        }
        return true;
    }

    private boolean isNewest(SendLane lane, long packetNumber, long csn) {
        return window.state(csn) == SendWindow.IN_FLIGHT
                && window.lane(csn) == lane.index
                && window.packetNumber(csn) == packetNumber;
    }

    private void declareLost(SendLane lane, long packetNumber, ResendCause cause, long nowNanos) {
        final PacketHistory history = lane.history;
        if (trace != null) {
            trace.packetLost(
                    nowNanos,
                    lane.index,
                    packetNumber,
                    cause,
                    history.firstCsn(packetNumber),
                    history.chunkCount(packetNumber));
        }
        final boolean part = history.isPart(packetNumber);
        final long end = history.firstCsn(packetNumber) + history.chunkCount(packetNumber);
        flow.onPacketLost(lane, packetNumber);
        for (long csn = history.firstCsn(packetNumber); csn < end; csn++) {
            final boolean owed = !window.isAcked(csn)
                    && window.state(csn) == SendWindow.IN_FLIGHT
                    && (part || isNewest(lane, packetNumber, csn));
            if (owed) {
                window.onLost(csn, cause);
                queue.add(csn);
            }
        }
    }

    /// Declares everything in flight on a lane lost.
    private void declareAllLost(SendLane lane, ResendCause cause, long nowNanos) {
        final PacketHistory history = lane.history;
        for (long pn = history.oldestUnresolved(); pn < history.nextPacketNumber(); pn++) {
            if (history.state(pn) == PacketHistory.IN_FLIGHT) {
                declareLost(lane, pn, cause, nowNanos);
            }
        }
    }

    /// Declares everything in flight lost: a retransmission timeout.
    void declareAllLost(long nowNanos) {
        final long bytes = flow.bytesInFlight();
        for (final SendLane lane : lanes) {
            declareAllLost(lane, ResendCause.TIMEOUT, nowNanos);
        }
        flow.onRetransmissionTimeout(nowNanos, bytes);
        lossTimeNanos = ConnectionEngine.NO_TIMEOUT;
    }

    /// Looks for lanes that have gone silent while others speak: their packets are lost, and after three timeouts
    /// in a row the
    /// lane is dead. A queue that grows delays all lanes alike, so time alone is no evidence: packets that were
    /// sent later on
    /// another lane must have been reported. Returns the earliest time at which to look again.
    long checkLanes(long nowNanos, long ackDelayNanos) {
        long next = ConnectionEngine.NO_TIMEOUT;
        if (lanes.length == 1) {
            return next;
        }
        for (final SendLane lane : lanes) {
            if (lane.bytesInFlight == 0) {
                next = Instants.earlier(next, checkLeftLane(lane, nowNanos, ackDelayNanos));
                continue;
            }
            final long oldest = lane.history.oldestUnresolved();
            final long silentSince = Instants.later(lane.silentSinceNanos, lane.history.sentNanos(oldest));
            final long limitNanos = lane.probeTimeoutNanos(ackDelayNanos) + lane.reorderWindowNanos();
            final long due = silentSince + limitNanos;
            if (nowNanos - due < 0) {
                next = Instants.earlier(next, due);
                continue;
            }
            if (!othersAreAhead(lane, oldest)) {
                next = Instants.earlier(next, nowNanos + lane.reorderWindowNanos());
                continue;
            }
            onSilent(lane, nowNanos);
            if (lane.index < probedLanes && !lane.dead) {
                next = Instants.earlier(next, nowNanos + limitNanos); // as a lane that was left
            }
            declareAllLost(lane, lane.dead ? ResendCause.LANE_DEAD : ResendCause.LANE_SILENT, nowNanos);
        }
        flow.reportLoss();
        return next;
    }

    private void onSilent(SendLane lane, long nowNanos) {
        lane.timeouts++;
        lane.silentSinceNanos = nowNanos;
        lane.nextRevivalNanos = nowNanos;
        if (lane.timeouts >= DEAD_AFTER_TIMEOUTS && aliveLanes() > 1) {
            lane.dead = true;
            lane.deaths++;
            lane.nextRevivalNanos = nowNanos + 1_000_000_000L;
        }
    }

    // A silent lane was left, and only probes go there. Returns when to look again.
    private long checkLeftLane(SendLane lane, long nowNanos, long ackDelayNanos) {
        if (lane.index >= probedLanes || lane.dead || lane.timeouts == 0) {
            return ConnectionEngine.NO_TIMEOUT;
        }
        final long limitNanos = lane.probeTimeoutNanos(ackDelayNanos) + lane.reorderWindowNanos();
        if (nowNanos - lane.silentSinceNanos >= limitNanos) {
            boolean heard = false;
            for (final SendLane other : lanes) {
                heard |= other != lane && other.newestReportedSentNanos - lane.silentSinceNanos > 0;
            }
            if (heard) {
                onSilent(lane, nowNanos);
            }
            return lane.dead ? ConnectionEngine.NO_TIMEOUT : nowNanos + limitNanos;
        }
        return lane.silentSinceNanos + limitNanos;
    }

    private boolean othersAreAhead(SendLane lane, long oldestPacket) {
        final long sentNanos = lane.history.sentNanos(oldestPacket);
        for (final SendLane other : lanes) {
            final long skewNanos = Math.max(0, lane.rtt.smoothedNanos() - other.rtt.smoothedNanos());
            final long aheadNanos = other.newestReportedSentNanos - sentNanos;
            if (other != lane && other.newestReported >= 0 && aheadNanos > lane.reorderWindowNanos() + skewNanos) {
                return true;
            }
        }
        return false;
    }

    private int aliveLanes() {
        int alive = 0;
        for (final SendLane lane : lanes) {
            alive += lane.dead ? 0 : 1;
        }
        return alive;
    }
}
