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
    private long spuriousPackets;
    private long lastSpuriousNanos;
    private boolean parity;
    private long lossTimeNanos = ConnectionEngine.NO_TIMEOUT;

    Recovery(SendWindow window, Flow flow, SendLane[] lanes) {
        this.window = window;
        this.flow = flow;
        this.lanes = lanes;
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
            onSpurious(lane, packetNumber, nowNanos);
        } else if (lane.history.holds(packetNumber)
                && lane.history.state(packetNumber) == PacketHistory.IN_FLIGHT
                && lane.history.onChunkAcked(packetNumber) <= 0) {
            detectEarlyArrival(csn, lane, packetNumber, nowNanos);
            flow.onPacketAcked(lane, packetNumber, nowNanos);
        }
        window.onAcked(csn);
    }

    // A retransmission that is acknowledged sooner than anything could have travelled: the first transmission had
    // arrived.
    private void detectEarlyArrival(long csn, SendLane lane, long packetNumber, long nowNanos) {
        if (window.transmissions(csn) > 1
                && nowNanos - lane.history.sentNanos(packetNumber) < flow.rtt.minNanos() * 3 / 4) {
            countSpurious(lanes[window.lostLane(csn)], lane.history.bytes(packetNumber), nowNanos);
        }
    }

    private void onSpurious(SendLane lane, long packetNumber, long nowNanos) {
        if (lane.history.holds(packetNumber) && lane.history.state(packetNumber) == PacketHistory.LOST) {
            lane.history.resolve(packetNumber, PacketHistory.ACKED);
            countSpurious(lane, lane.history.bytes(packetNumber), nowNanos);
        }
    }

    private void countSpurious(SendLane lane, int bytes, long nowNanos) {
        spuriousPackets++;
        flow.onSpuriousLoss(nowNanos, bytes);
        // One late burst is one lesson, not as many as it has packets.
        if (lane.spuriousLessons == 0 || nowNanos - lastSpuriousNanos > lane.rtt.smoothedNanos()) {
            lane.onSpuriousLoss(nowNanos);
            lastSpuriousNanos = nowNanos;
        }
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
        lane.forget(nowNanos);
        final long lossDelayNanos = lane.lossDelayNanos();
        final long minRttNanos = flow.rtt.minNanos();
        for (long pn = history.oldestUnresolved(); pn < newest; pn++) {
            if (history.state(pn) != PacketHistory.IN_FLIGHT) {
                continue;
            }
            if (history.isParityInFlight(pn)) {
                flow.onPacketAcked(lane, pn, nowNanos);
                continue;
            }
            if (isOvertaken(lane, pn)) {
                flow.onPacketOvertaken(lane, pn);
                continue;
            }
            if (!described.contains(history.firstCsn(pn))) {
                continue;
            }
            if (parity && isOpenToRepair(lane, pn, lossDelayNanos, nowNanos)) {
                continue;
            }
            final long ageNanos = nowNanos - history.sentNanos(pn);
            //= RFC 9002 §6.1.1 and §6.1.2
            if (ageNanos >= lossDelayNanos || (newest - pn >= lane.packetThreshold && ageNanos >= minRttNanos)) {
                declareLost(lane, pn);
            } else {
                final long waitNanos = newest - pn >= lane.packetThreshold ? minRttNanos : lossDelayNanos;
                lossTimeNanos = Math.min(lossTimeNanos, history.sentNanos(pn) + waitNanos);
            }
        }
        if (newest >= 0 && history.holds(newest) && history.isParityInFlight(newest)) {
            flow.onPacketAcked(lane, newest, nowNanos);
        }
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
                untilNanos = Math.min(
                        untilNanos,
                        protection.openUntilNanos(lanes, history.sentNanos(packetNumber), lossDelayNanos, nowNanos));
            }
        }
        if (untilNanos == Long.MAX_VALUE || untilNanos - nowNanos <= 0) {
            return false;
        }
        lossTimeNanos = Math.min(lossTimeNanos, untilNanos);
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

    private void declareLost(SendLane lane, long packetNumber) {
        final PacketHistory history = lane.history;
        final boolean part = history.isPart(packetNumber);
        final long end = history.firstCsn(packetNumber) + history.chunkCount(packetNumber);
        flow.onPacketLost(lane, packetNumber);
        for (long csn = history.firstCsn(packetNumber); csn < end; csn++) {
            final boolean owed = !window.isAcked(csn)
                    && window.state(csn) == SendWindow.IN_FLIGHT
                    && (part || isNewest(lane, packetNumber, csn));
            if (owed) {
                window.onLost(csn);
                queue.add(csn);
            }
        }
    }

    /// Declares everything in flight on a lane lost.
    void declareAllLost(SendLane lane) {
        final PacketHistory history = lane.history;
        for (long pn = history.oldestUnresolved(); pn < history.nextPacketNumber(); pn++) {
            if (history.state(pn) == PacketHistory.IN_FLIGHT) {
                declareLost(lane, pn);
            }
        }
    }

    /// Declares everything in flight lost: a retransmission timeout.
    void declareAllLost(long nowNanos) {
        final long bytes = flow.bytesInFlight();
        for (final SendLane lane : lanes) {
            declareAllLost(lane);
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
                continue;
            }
            final long oldest = lane.history.oldestUnresolved();
            final long silentSince = Math.max(lane.silentSinceNanos, lane.history.sentNanos(oldest));
            final long limitNanos = lane.probeTimeoutNanos(ackDelayNanos) + lane.reorderWindowNanos();
            final long due = silentSince + limitNanos;
            if (nowNanos - due < 0) {
                next = Math.min(next, due);
                continue;
            }
            if (!othersAreAhead(lane, oldest)) {
                next = Math.min(next, nowNanos + lane.reorderWindowNanos());
                continue;
            }
            lane.timeouts++;
            lane.silentSinceNanos = nowNanos;
            if (lane.timeouts >= DEAD_AFTER_TIMEOUTS && aliveLanes() > 1) {
                lane.dead = true;
                lane.deaths++;
                lane.nextRevivalNanos = nowNanos + 1_000_000_000L;
            }
            declareAllLost(lane);
        }
        flow.reportLoss();
        return next;
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
