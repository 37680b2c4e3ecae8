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

/// What one round trip showed: queue delay, marks, losses, and the rate that was delivered.
final class Evidence {
    /// Time over which a minimum round trip is believed, ns.
    private static final long MIN_RTT_WINDOW_NANOS = 30_000_000_000L;
    /// Queue delay that counts as congestion: 5 % of the round trip, at least 1 ms.
    private static final long HIGH_FLOOR_NANOS = 1_000_000;
    private static final int HIGH_DIVISOR = 20;
    /// Change of the round trip between two rounds below which it is steady: 1 % of it, at least 200 us.
    private static final long STEADY_FLOOR_NANOS = 200_000;
    private static final int STEADY_DIVISOR = 100;

    private long minRttNanos;
    private long minStampNanos;
    private boolean hasSample;

    private long roundEndDeliveredBytes;
    private long roundStartNanos;
    private long roundStartDeliveredBytes;
    private long roundMinRttNanos = Long.MAX_VALUE;
    private long ackedBytes;
    private long lostBytes;
    private long markedPackets;
    private boolean appLimited;

    private long queueNanos;
    private long lastRoundMinRttNanos;
    private int steadyRounds;
    private double lossFraction;
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

    private void endRound(AckSample sample) {
        countSteadyRounds();
        queueNanos = roundMinRttNanos == Long.MAX_VALUE ? 0 : Math.max(0, roundMinRttNanos - minRttNanos);
        lossFraction = lostBytes == 0 ? 0 : (double) lostBytes / ((double) lostBytes + ackedBytes);
        marked = markedPackets > 0;
        wasAppLimited = appLimited;
        final long elapsedNanos = sample.nowNanos - roundStartNanos;
        deliveredBytesPerSecond = roundStartNanos == 0 || elapsedNanos <= 0
                ? 0
                : Bandwidth.rate(sample.deliveredBytes - roundStartDeliveredBytes, elapsedNanos);
        roundStartNanos = sample.nowNanos;
        roundStartDeliveredBytes = sample.deliveredBytes;
        roundEndDeliveredBytes = sample.deliveredBytes;
        clear();
    }

    // A queue moves with the rate; the same high round trip in round after round is a longer route.
    private void countSteadyRounds() {
        if (roundMinRttNanos == Long.MAX_VALUE) {
            return;
        }
        final long change = Math.abs(roundMinRttNanos - lastRoundMinRttNanos);
        steadyRounds = change <= Math.max(STEADY_FLOOR_NANOS, roundMinRttNanos / STEADY_DIVISOR) ? steadyRounds + 1 : 0;
        lastRoundMinRttNanos = roundMinRttNanos;
    }

    /// Rounds in a row in which the least round trip hardly changed.
    int steadyRounds() {
        return steadyRounds;
    }

    /// Takes the least round trip of the last round for that of the path.
    void adoptRoundTrip(long nowNanos) {
        minRttNanos = lastRoundMinRttNanos;
        minStampNanos = nowNanos;
        queueNanos = 0;
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

    /// True when a queue stood for the whole round.
    boolean delayed() {
        return queueNanos > Math.max(HIGH_FLOOR_NANOS, minRttNanos / HIGH_DIVISOR);
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
