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

/// Decides when to acknowledge, and writes the frames.
///
/// Every 64 packets, or after min(1 ms, RTT / 32) at the latest; at once when an operation is complete or a hole
/// opened, but
/// never more often than that delay. When everything has arrived and the peer falls silent, the last acknowledgement is
/// sent once more, on another lane where there is one: the completion of the peer's operation waits for it.
final class AckScheduler {
    private static final int PACKETS_PER_ACK = 64;
    private static final long MAX_DELAY_NANOS = 1_000_000;
    private static final long MIN_DELAY_NANOS = 10_000;
    private static final int RTT_SHARE = 32;
    private static final int EAGER_SHARE = 8;

    /// Frames of one acknowledgement at most; a window with more holes is described in turn.
    private static final int MAX_FRAMES = 4;

    private final ReceiveWindow window;
    private final ReceiveLanes lanes;
    private boolean eager;
    private boolean done;
    private int repeats;
    private int pendingPackets;
    private boolean chunksPending;
    private boolean urgent;
    private boolean forced;
    private long firstPendingNanos;
    private long lastAckNanos;
    private boolean everSent;
    private boolean repeatArmed;
    private long repeatNanos;
    private int framesLeft;
    private long cursorCsn;

    AckScheduler(ReceiveWindow window, ReceiveLanes lanes, long nowNanos) {
        this.window = window;
        this.lanes = lanes;
        lastAckNanos = nowNanos;
    }

    /// Delay that an acknowledgement may have.
    static long delayNanos(long smoothedRttNanos) {
        return Math.max(MIN_DELAY_NANOS, Math.min(MAX_DELAY_NANOS, smoothedRttNanos / RTT_SHARE));
    }

    /// Where losses are repaired without a round trip, the acknowledgement that completes an operation must not
    /// cost more
    /// than its way: it leaves after an eighth of the delay at the latest, and again after another eighth.
    void beEager() {
        eager = true;
    }

    /// An ack-eliciting packet arrived.
    ///
    /// @param hasChunks false when it only asks something: nothing of the peer's waits for its acknowledgement
    /// @param isUrgent it completed an operation or opened a hole
    /// @param isDone nothing that has begun to arrive is incomplete
    void onPacket(long nowNanos, boolean hasChunks, boolean isUrgent, boolean isDone) {
        done = isDone;
        chunksPending |= hasChunks;
        if (pendingPackets++ == 0) {
            firstPendingNanos = nowNanos;
        }
        urgent |= isUrgent;
        repeatArmed = false;
    }

    /// Credit has grown noticeably, or the peer asked: acknowledge now.
    void force() {
        forced = true;
    }

    /// Time at which an acknowledgement is due.
    long dueNanos(long smoothedRttNanos) {
        if (framesLeft > 0 || forced || pendingPackets >= PACKETS_PER_ACK) {
            return lastAckNanos;
        }
        final long delay = delayNanos(smoothedRttNanos);
        if (pendingPackets > 0) {
            final long latest = firstPendingNanos + delay;
            if (eager && done) {
                return Instants.later(firstPendingNanos, lastAckNanos + delay / EAGER_SHARE);
            }
            return urgent && (!everSent || firstPendingNanos - lastAckNanos >= delay) ? firstPendingNanos : latest;
        }
        return repeatArmed ? repeatNanos : ConnectionEngine.NO_TIMEOUT;
    }

    boolean isDue(long nowNanos, long smoothedRttNanos) {
        final long due = dueNanos(smoothedRttNanos);
        return due != ConnectionEngine.NO_TIMEOUT && nowNanos - due >= 0;
    }

    /// True when an acknowledgement may ride along in a packet that leaves anyway.
    boolean isPending() {
        return pendingPackets > 0;
    }

    /// Smallest room in which an acknowledgement is worth writing.
    int minBytes() {
        return AckFlyweight.bytes(lanes.entries(Integer.MAX_VALUE), 16);
    }

    /// Writes one frame.
    ///
    /// @return its length in bytes; 0 when {@code room} is too small
    int put(long nowNanos, long smoothedRttNanos, MemorySegment segment, long offset, int room, long messageCredit) {
        final int entries = lanes.entries((room - AckFlyweight.FIXED_BYTES - 16) / AckFlyweight.LANE_BYTES);
        final int runRoom = room - AckFlyweight.bytes(entries, 0);
        if (runRoom < 16) {
            return 0;
        }
        final long cumulative = window.cumulativeCsn();
        final long base = Math.max(cumulative, cursorCsn);
        AckFlyweight.put(segment, offset, entries, cumulative, window.creditCsn(), messageCredit);
        lanes.put(nowNanos, segment, offset, entries);
        final int runBytes =
                window.encodeRuns(base, segment, AckFlyweight.laneOffset(offset, entries), Math.min(runRoom, 0xffff));
        final boolean top = window.runsEndCsn() >= window.highestCsn();
        AckFlyweight.putRuns(segment, offset, base, runBytes, top);
        onSent(nowNanos, smoothedRttNanos, top);
        return AckFlyweight.bytes(entries, runBytes);
    }

    private void onSent(long nowNanos, long smoothedRttNanos, boolean top) {
        final boolean wasRepeat = pendingPackets == 0 && !forced && framesLeft == 0;
        final boolean isAwaited = pendingPackets == 0 || forced || chunksPending;
        if (top) {
            cursorCsn = 0;
            framesLeft = 0;
        } else {
            cursorCsn = window.runsEndCsn();
            framesLeft = framesLeft == 0 ? MAX_FRAMES - 1 : framesLeft - 1;
        }
        pendingPackets = 0;
        chunksPending = false;
        urgent = false;
        forced = false;
        everSent = true;
        lastAckNanos = nowNanos;
        final long delay = delayNanos(smoothedRttNanos);
        repeats = wasRepeat ? repeats + 1 : 0;
        final boolean soon = eager && done && repeats == 0;
        final int most = eager && done ? 2 : 1;
        repeatArmed = isAwaited && repeats < most && window.cumulativeCsn() == window.highestCsn();
        repeatNanos = nowNanos + (soon ? delay / EAGER_SHARE : 2 * delay);
    }
}
