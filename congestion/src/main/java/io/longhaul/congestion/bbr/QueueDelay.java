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
package io.longhaul.congestion.bbr;

import io.longhaul.congestion.RttSwing;

/// Minimum round trip of the path, and how far the present round trip stands above it.
///
/// The queue delay is taken from the *smallest* sample of each quarter of a round trip, so that jitter and late
/// wake-ups
/// of the host do not look like a queue. Where jitter holds packets for longer than that, the smallest sample of up to
/// a
/// whole round trip counts. Beyond 20 ms the thresholds no longer grow with the round trip: flows over short and long
/// paths that meet in one queue must mean the same by it, or the one with the lower thresholds yields to the other.
/// Worked
/// number: from 20 ms on the thresholds are 0.5 ms (low) and 1 ms (congested).
///
/// Jitter is told from a queue by its falls: a queue shrinks by no more than the time in which it drains, and by far
/// less
/// while anybody still sends, but a packet that was late by chance is followed at once by one that was not.
final class QueueDelay {
    /// Smallest delay that is told from noise, ns: scheduling on a shared host is of this order.
    private static final long LOW_FLOOR_NANOS = 500_000;
    /// Share of the minimum round trip below which a queue counts as none.
    private static final double LOW_FRACTION = 0.02;
    /// Smallest delay that counts as congestion, ns.
    private static final long HIGH_FLOOR_NANOS = 1_000_000;
    /// Round trip below which pauses of the hosts are longer than the path, ns.
    static final long SHORT_RTT_NANOS = 5_000_000;
    /// Smallest delay that counts as congestion on such a path, ns.
    private static final long SHORT_HIGH_FLOOR_NANOS = 2_000_000;
    /// Share of the minimum round trip above which a queue counts as congestion.
    private static final double HIGH_FRACTION = 0.05;
    /// Round trip up to which these shares hold, ns.
    private static final double SHARE_RTT_NANOS = 20_000_000;
    /// Mean changes by jitter by which two smallest samples may differ without a queue.
    private static final double NOISE_FACTOR = 4;
    /// Shortest time over which a smallest sample is taken, ns: two quanta of the pacer.
    private static final long MIN_BUCKET_NANOS = 100_000;

    /// A quarter of a round trip is the shortest time in which a queue is judged.
    private static final int BUCKET_DIVISOR = 4;
    /// How many of the largest late arrivals fit the time in which a queue is judged.
    private static final int BUCKET_SWINGS = 2;
    /// Steepest fall of a queue, in parts of the time that it takes: nobody drains more than half of the rate.
    private static final int QUEUE_FALL_DIVISOR = 2;

    private static final int RISE_DIVISOR = 8;
    /// Packets that may wait for one another without being a queue.
    private static final int QUEUED_PACKETS = 2;

    /// Time for which the smallest round trip is remembered to judge losses by, ns: twice the window of the
    /// minimum.
    private static final long FLOOR_WINDOW_NANOS = 60_000_000_000L;

    /// Rounds, and time, in which the queue was never low although this flow yielded, before it is taken for the
    /// work of
    /// somebody who fills buffers: flows like ours either empty it within a few rounds, or share it in peace.
    private static final int RIVAL_ROUNDS = 24;

    private static final long RIVAL_NANOS = 1_000_000_000L;
    private static final double RIVAL_YIELDED = 0.85;
    /// Rounds for which a rival is believed, and rounds in which the queue is then given another chance to empty.
    private static final int RIVAL_BELIEF_ROUNDS = 40;

    private static final int RIVAL_TEST_ROUNDS = 8;

    private long minRttNanos;
    private long minStampNanos;
    private long floorRttNanos = Long.MAX_VALUE;
    private long floorStampNanos;
    private boolean hasSample;

    private long bucketStartNanos;
    private long bucketMinNanos = Long.MAX_VALUE;
    private long queueNanos;
    private int risingBuckets;
    private long packetNanos;
    private double spreadNanos;
    private double jitterNanos;
    private long previousRttNanos;
    private long previousNanos;
    private final RttSwing swing = new RttSwing();

    private long roundMinNanos = Long.MAX_VALUE;
    private long roundPeakNanos;
    private long lastLowNanos;
    private int roundsSinceLow;
    private double rateAtLow;
    private int beliefRounds;
    private int testRounds;

    QueueDelay(long initialRttNanos) {
        minRttNanos = initialRttNanos;
    }

    void onSample(long nowNanos, long rttNanos) {
        if (rttNanos <= 0) {
            return;
        }
        if (!hasSample) {
            hasSample = true;
            bucketStartNanos = nowNanos;
            lastLowNanos = nowNanos;
            minRttNanos = rttNanos;
            minStampNanos = nowNanos;
        } else if (rttNanos <= minRttNanos) {
            //= draft-ietf-ccwg-bbr-06 §5.5.7: the smallest sample is the propagation delay of the path
            minRttNanos = rttNanos;
            minStampNanos = nowNanos;
        }
        if (rttNanos <= floorRttNanos || nowNanos - floorStampNanos > FLOOR_WINDOW_NANOS) {
            floorRttNanos = rttNanos <= floorRttNanos ? rttNanos : minRttNanos;
            floorStampNanos = nowNanos;
        }
        bucketMinNanos = Math.min(bucketMinNanos, rttNanos);
        roundMinNanos = Math.min(roundMinNanos, rttNanos);
        final double aboveNanos = Math.max(0, rttNanos - minRttNanos - queueNanos);
        spreadNanos += (Math.min(aboveNanos, minRttNanos) - spreadNanos) / 16;
        onFall(nowNanos, rttNanos);
        if (nowNanos - bucketStartNanos >= bucketLengthNanos()) {
            final long previousNanos = queueNanos;
            queueNanos = bucketMinNanos - minRttNanos;
            final boolean rises = queueNanos - previousNanos > (nowNanos - bucketStartNanos) / RISE_DIVISOR;
            risingBuckets = rises ? risingBuckets + 1 : 0;
            roundPeakNanos = Math.max(roundPeakNanos, queueNanos);
            if (queueNanos <= lowNanos()) {
                forgetRival(nowNanos);
            }
            bucketStartNanos = nowNanos;
            bucketMinNanos = Long.MAX_VALUE;
        }
    }

    private void onFall(long nowNanos, long rttNanos) {
        if (previousRttNanos != 0) {
            final long drainedNanos = (nowNanos - previousNanos) / QUEUE_FALL_DIVISOR;
            final long fallNanos = Math.max(0, previousRttNanos - rttNanos - drainedNanos);
            // Every fall was a rise before: twice the mean fall is the mean change.
            jitterNanos += (Math.min(2.0 * fallNanos, minRttNanos) - jitterNanos) / 16;
        }
        previousRttNanos = rttNanos;
        previousNanos = nowNanos;
        swing.onSample(nowNanos, rttNanos);
    }

    /// Time over which the smallest sample is taken: longer than jitter holds a packet, at most a round trip.
    private long bucketLengthNanos() {
        final long shortest = Math.max(MIN_BUCKET_NANOS, minRttNanos / BUCKET_DIVISOR);
        return Math.max(shortest, Math.min((long) (BUCKET_SWINGS * swing.nanos()), minRttNanos));
    }

    /// Forgets the samples of the round that ended; {@link #roundMinNanos} and {@link #roundPeakNanos} begin anew.
    ///
    /// @param rate bytes per second that the round delivered
    void onRoundEnd(double rate) {
        onRivalRound(rate);
        roundMinNanos = Long.MAX_VALUE;
        roundPeakNanos = queueNanos;
        swing.onRoundEnd();
    }

    /// Says how long the bottleneck needs for a packet: on a slow path that alone is milliseconds.
    void packetTime(long nanos) {
        packetNanos = nanos;
    }

    /// True when somebody who fills buffers keeps the queue from ever being low, however much this flow yields (the
    /// "competitive mode" of Copa, NSDI 2018 §4): then yielding more would give the path away, and only losses and
    /// marks
    /// say how much is too much. Every now and then the queue is given another chance to empty.
    boolean hasRival() {
        return beliefRounds > 0;
    }

    private void onRivalRound(double rate) {
        roundsSinceLow++;
        if (roundsSinceLow == 1) {
            rateAtLow = rate;
        }
        if (beliefRounds > 0) {
            beliefRounds--;
            testRounds = beliefRounds == 0 ? RIVAL_TEST_ROUNDS : 0;
        } else if (testRounds > 0) {
            testRounds--;
        } else if (roundsSinceLow >= RIVAL_ROUNDS
                && bucketStartNanos - lastLowNanos >= RIVAL_NANOS
                && rate < RIVAL_YIELDED * rateAtLow) {
            beliefRounds = RIVAL_BELIEF_ROUNDS;
        }
    }

    private void forgetRival(long nowNanos) {
        lastLowNanos = nowNanos;
        roundsSinceLow = 0;
        beliefRounds = 0;
        testRounds = 0;
    }

    /// Forgets the present queue, after a silence.
    void onRestart(long nowNanos) {
        forgetRival(nowNanos);
        queueNanos = 0;
        roundPeakNanos = 0;
        bucketStartNanos = nowNanos;
        bucketMinNanos = Long.MAX_VALUE;
        previousRttNanos = 0;
        swing.onRestart();
    }

    /// Takes a larger minimum: the path has become longer.
    void rebase(long nowNanos, long rttNanos) {
        minRttNanos = rttNanos;
        minStampNanos = nowNanos;
        onRestart(nowNanos);
    }

    /// Says that the minimum is still good.
    void confirm(long nowNanos) {
        minStampNanos = nowNanos;
    }

    boolean expired(long nowNanos, long windowNanos) {
        return hasSample && nowNanos - minStampNanos > windowNanos;
    }

    long minRttNanos() {
        return minRttNanos;
    }

    /// Present queue delay, at most a quarter of a round trip old, or a whole one where jitter is large.
    long queueNanos() {
        return queueNanos;
    }

    /// Quarters of a round trip for which the queue has been growing by an eighth of the time and more. A path that
    /// has
    /// become longer shows one; a rate that has fallen shows many.
    int risingBuckets() {
        return risingBuckets;
    }

    /// Mean distance of a sample from the smallest sample around it, jitter and changes of the queue alike.
    long spreadNanos() {
        return (long) spreadNanos;
    }

    /// Largest fall of the round trip lately that no queue can show: how late jitter makes packets.
    long swingNanos() {
        return (long) swing.nanos();
    }

    /// Smallest sample of the present round, {@link Long#MAX_VALUE} before its first.
    long roundMinNanos() {
        return roundMinNanos;
    }

    /// Largest queue delay of the present round.
    long roundPeakNanos() {
        return roundPeakNanos;
    }

    /// True when the present round had a queue that losses may come from. Here the smallest round trip of a whole
    /// minute
    /// counts: a minimum that was taken anew while others filled the buffer must not turn overflow into corruption.
    boolean roundMayOverflow() {
        final long hiddenNanos = floorRttNanos == Long.MAX_VALUE ? 0 : minRttNanos - floorRttNanos;
        final long noiseNanos = noiseNanos();
        return roundPeakNanos + hiddenNanos
                > highNanos() - noiseNanos + Math.min(noiseNanos, (long) (HIGH_FRACTION * minRttNanos));
    }

    /// Queue delay up to which the path counts as free of queues.
    long lowNanos() {
        final long floorNanos = minRttNanos < SHORT_RTT_NANOS ? SHORT_HIGH_FLOOR_NANOS / 2 : LOW_FLOOR_NANOS;
        return Math.max(floorNanos, (long) (LOW_FRACTION * scaleNanos())) + noiseNanos() / 2 + packetNanos;
    }

    /// Queue delay above which the path counts as congested.
    long highNanos() {
        final long floorNanos = minRttNanos < SHORT_RTT_NANOS ? SHORT_HIGH_FLOOR_NANOS : HIGH_FLOOR_NANOS;
        return Math.max(floorNanos, (long) (HIGH_FRACTION * scaleNanos()))
                + noiseNanos()
                + QUEUED_PACKETS * packetNanos;
    }

    private double scaleNanos() {
        return Math.min(minRttNanos, SHARE_RTT_NANOS);
    }

    /// What a few packets that wait for one another add on a slow path.
    long queuedPacketsNanos() {
        return QUEUED_PACKETS * packetNanos;
    }

    /// What jitter may add to the smallest sample of a bucket; bounded, so that a queue cannot pass for noise.
    long noiseNanos() {
        return Math.min((long) (NOISE_FACTOR * jitterNanos), minRttNanos / 4);
    }

    boolean isLow() {
        return queueNanos <= lowNanos() || hasRival();
    }

    boolean isHigh() {
        return queueNanos > highNanos() && !hasRival();
    }
}
