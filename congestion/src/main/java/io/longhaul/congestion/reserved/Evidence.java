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
package io.longhaul.congestion.reserved;

import io.longhaul.congestion.AckSample;
import io.longhaul.congestion.Bandwidth;
import io.longhaul.congestion.RttSwing;

/// What one round trip showed: queue delay, marks, losses, and the rate that was delivered.
final class Evidence {
    /// Time over which a minimum round trip is believed, ns.
    private static final long MIN_RTT_WINDOW_NANOS = 30_000_000_000L;
    /// Queue delay that counts as congestion: 5 % of the round trip, at least 1 ms.
    private static final long HIGH_FLOOR_NANOS = 1_000_000;
    private static final int HIGH_DIVISOR = 20;
    /// Most of the round trip that counts as jitter: a queue must not pass for it.
    private static final int JITTER_DIVISOR = 4;
    /// Change of the round trip between two rounds below which it is steady: 1 % of it, at least 200 us.
    private static final long STEADY_FLOOR_NANOS = 200_000;
    private static final int STEADY_DIVISOR = 100;
    /// Loss of a round that shows a full buffer rather than a longer route: this much more than half as much again
    /// as the
    /// path loses anyhow.
    private static final double OVERFLOW_FRACTION = 0.01;

    /// A queue that a climb may make before it ends: an eighth of the round trip, at least 2 ms, in the smallest
    /// sample of
    /// as long a time.
    private static final long GROWTH_FLOOR_NANOS = 2_000_000;

    private static final int GROWTH_DIVISOR = 8;

    private static final double OVERFLOW_FACTOR = 1.5;
    private static final int FLOOR_ROUNDS = 8;

    private final RttSwing swing = new RttSwing();
    private long minRttNanos;
    private long minStampNanos;
    private boolean hasSample;

    private long roundEndDeliveredBytes;
    private long roundStartNanos;
    private long roundStartDeliveredBytes;
    private long roundMinRttNanos = Long.MAX_VALUE;
    private long shortStartNanos;
    private boolean shortStarted; // before, the start is no time: a clock may stand below 0
    private long shortMinNanos = Long.MAX_VALUE;
    private long shortQueueNanos;
    private boolean queueGrows;
    private long ackedBytes;
    private long lostBytes;
    private long markedPackets;
    private boolean appLimited;

    private long queueNanos;
    private long lastRoundMinRttNanos;
    private int steadyRounds;
    private double lossFraction;
    private double floorLossFraction;
    private long priorMinRttNanos;
    private double deliveredBytesPerSecond;
    private boolean marked;
    private boolean wasAppLimited;

    Evidence(long initialRttNanos) {
        minRttNanos = initialRttNanos;
    }

    void onLost(long bytes) {
        lostBytes += bytes;
    }

    void onSpurious(long bytes) {
        lostBytes = Math.max(0, lostBytes - bytes);
    }

    /// Takes an acknowledgement; true when it ends a round, whose figures the getters then give.
    boolean onAck(AckSample sample) {
        onRtt(sample.nowNanos, sample.rttNanos);
        if (sample.rttNanos > 0) {
            swing.onSample(sample.nowNanos, sample.rttNanos);
        }
        onShortMinimum(sample.nowNanos, sample.rttNanos);
        final boolean ended = sample.packetDeliveredBytes >= roundEndDeliveredBytes && sample.newlyAckedBytes > 0;
        if (ended) {
            endRound(sample);
        }
        ackedBytes += sample.newlyAckedBytes;
        markedPackets += sample.newlyCeMarkedPackets;
        appLimited |= sample.appLimited;
        if (sample.rttNanos > 0) {
            roundMinRttNanos = Math.min(roundMinRttNanos, sample.rttNanos);
        }
        return ended;
    }

    /// Forgets the present round, after a silence.
    void restart(long deliveredBytes) {
        roundEndDeliveredBytes = deliveredBytes;
        roundStartNanos = 0;
        swing.onRestart();
        clear();
    }

    private void onRtt(long nowNanos, long rttNanos) {
        if (rttNanos <= 0) {
            return;
        }
        final boolean expired = nowNanos - minStampNanos > MIN_RTT_WINDOW_NANOS;
        if (!hasSample || rttNanos <= minRttNanos || expired) {
            // On a circuit of our own a queue is the exception: an old minimum gives way to the last round's.
            minRttNanos = !hasSample || rttNanos <= minRttNanos || roundMinRttNanos == Long.MAX_VALUE
                    ? rttNanos
                    : roundMinRttNanos;
            minStampNanos = nowNanos;
            hasSample = true;
        }
    }

    private void onShortMinimum(long nowNanos, long rttNanos) {
        if (rttNanos > 0) {
            shortMinNanos = Math.min(shortMinNanos, rttNanos);
        }
        final long growthNanos = Math.max(GROWTH_FLOOR_NANOS, minRttNanos / GROWTH_DIVISOR);
        final boolean due = !shortStarted || nowNanos - shortStartNanos >= growthNanos;
        if (due && shortMinNanos != Long.MAX_VALUE) {
            shortStarted = true;
            shortQueueNanos = Math.max(0, shortMinNanos - minRttNanos);
            queueGrows = shortQueueNanos > growthNanos;
            shortStartNanos = nowNanos;
            shortMinNanos = Long.MAX_VALUE;
        }
    }

    /// True when a queue has lately grown beyond what a climb may make.
    boolean queueGrows() {
        return queueGrows;
    }

    private void endRound(AckSample sample) {
        lossFraction = lostBytes == 0 ? 0 : (double) lostBytes / ((double) lostBytes + ackedBytes);
        countSteadyRounds();
        queueNanos = roundMinRttNanos == Long.MAX_VALUE ? 0 : Math.max(0, roundMinRttNanos - minRttNanos);
        if (!delayed() && markedPackets == 0) {
            floorLossFraction += (lossFraction - floorLossFraction) / FLOOR_ROUNDS;
        }
        marked = markedPackets > 0;
        wasAppLimited = appLimited;
        final long elapsedNanos = sample.nowNanos - roundStartNanos;
        deliveredBytesPerSecond = roundStartNanos == 0 || elapsedNanos <= 0
                ? 0
                : Bandwidth.rate(sample.deliveredBytes - roundStartDeliveredBytes, elapsedNanos);
        roundStartNanos = sample.nowNanos;
        roundStartDeliveredBytes = sample.deliveredBytes;
        roundEndDeliveredBytes = sample.deliveredBytes;
        swing.onRoundEnd();
        clear();
    }

    // A queue moves with the rate, or is full and loses; the same high round trip in round after round, without more
    // loss
    // than ever, is a longer route.
    private void countSteadyRounds() {
        if (roundMinRttNanos == Long.MAX_VALUE) {
            return;
        }
        final long change = Math.abs(roundMinRttNanos - lastRoundMinRttNanos);
        final boolean steady = change <= Math.max(STEADY_FLOOR_NANOS, roundMinRttNanos / STEADY_DIVISOR);
        steadyRounds = steady && !overflows() ? steadyRounds + 1 : 0;
        lastRoundMinRttNanos = roundMinRttNanos;
    }

    /// Rounds in a row in which the least round trip hardly changed.
    int steadyRounds() {
        return steadyRounds;
    }

    /// True when the last round lost more than the path loses while it is not full.
    boolean overflows() {
        return lossFraction > OVERFLOW_FACTOR * floorLossFraction + OVERFLOW_FRACTION;
    }

    /// Takes the least round trip of the last round for that of the path.
    void adoptRoundTrip(long nowNanos) {
        priorMinRttNanos = minRttNanos;
        minRttNanos = lastRoundMinRttNanos;
        minStampNanos = nowNanos;
        queueNanos = 0;
        shortQueueNanos = 0;
        queueGrows = false;
        steadyRounds = 0;
    }

    /// Takes back what {@link #adoptRoundTrip} took: it was a queue after all.
    void restoreRoundTrip() {
        minRttNanos = Math.min(minRttNanos, priorMinRttNanos);
        queueNanos = Math.max(0, lastRoundMinRttNanos - minRttNanos);
        steadyRounds = 0;
    }

    private void clear() {
        roundMinRttNanos = Long.MAX_VALUE;
        ackedBytes = 0;
        lostBytes = 0;
        markedPackets = 0;
        appLimited = false;
    }

    long minRttNanos() {
        return minRttNanos;
    }

    /// True when a queue stood for the whole round and still stands.
    boolean delayed() {
        final long highNanos = Math.max(HIGH_FLOOR_NANOS, minRttNanos / HIGH_DIVISOR);
        return Math.min(queueNanos, shortQueueNanos) > highNanos + jitterNanos();
    }

    /// What jitter may add to every sample of a round: packets that keep their order wait for the latest before
    /// them.
    private long jitterNanos() {
        return Math.min((long) swing.nanos(), minRttNanos / JITTER_DIVISOR);
    }

    /// True when a packet of the present round was marked.
    boolean presentMarked() {
        return markedPackets > 0;
    }

    /// True when a packet of the round was marked.
    boolean marked() {
        return marked;
    }

    /// Share of the round's bytes that was lost, 0..1.
    double lossFraction() {
        return lossFraction;
    }

    /// Rate delivered in the round; 0 when unknown.
    double deliveredBytesPerSecond() {
        return deliveredBytesPerSecond;
    }

    /// True when the application lacked data in the round.
    boolean appLimited() {
        return wasAppLimited;
    }
}
