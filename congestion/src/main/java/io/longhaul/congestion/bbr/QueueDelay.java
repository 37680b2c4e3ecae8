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

/// Minimum round trip of the path, and how far the present round trip stands above it.
///
/// The queue delay is taken from the *smallest* sample of each quarter of a round trip, so that jitter and late
/// wake-ups
/// of the host do not look like a queue. Worked number: at 20 ms the thresholds are 0.5 ms (low) and 1 ms (congested);
/// at
/// 100 ms they are 2 ms and 5 ms.
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
    /// Mean distances from the smallest sample by which two smallest samples may differ without a queue.
    private static final double NOISE_FACTOR = 4;
    /// Shortest time over which a smallest sample is taken, ns: two quanta of the pacer.
    private static final long MIN_BUCKET_NANOS = 100_000;

    private static final int RISE_DIVISOR = 8;
    /// Packets that may wait for one another without being a queue.
    private static final int QUEUED_PACKETS = 2;

    /// Time for which the smallest round trip is remembered to judge losses by, ns: twice the window of the
    /// minimum.
    private static final long FLOOR_WINDOW_NANOS = 60_000_000_000L;

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
    private double jitterNanos;

    private long roundMinNanos = Long.MAX_VALUE;
    private long roundPeakNanos;

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
        jitterNanos += (Math.min(aboveNanos, minRttNanos) - jitterNanos) / 16;
        if (nowNanos - bucketStartNanos >= Math.max(MIN_BUCKET_NANOS, minRttNanos / 4)) {
            final long previousNanos = queueNanos;
            queueNanos = bucketMinNanos - minRttNanos;
            final boolean rises = queueNanos - previousNanos > (nowNanos - bucketStartNanos) / RISE_DIVISOR;
            risingBuckets = rises ? risingBuckets + 1 : 0;
            roundPeakNanos = Math.max(roundPeakNanos, queueNanos);
            bucketStartNanos = nowNanos;
            bucketMinNanos = Long.MAX_VALUE;
        }
    }

    /// Forgets the samples of the round that ended; {@link #roundMinNanos} and {@link #roundPeakNanos} begin anew.
    void onRoundEnd() {
        roundMinNanos = Long.MAX_VALUE;
        roundPeakNanos = queueNanos;
    }

    /// Says how long the bottleneck needs for a packet: on a slow path that alone is milliseconds.
    void packetTime(long nanos) {
        packetNanos = nanos;
    }

    /// Forgets the present queue, after a silence.
    void onRestart(long nowNanos) {
        queueNanos = 0;
        roundPeakNanos = 0;
        bucketStartNanos = nowNanos;
        bucketMinNanos = Long.MAX_VALUE;
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

    /// Present queue delay, at most a quarter of a round trip old.
    long queueNanos() {
        return queueNanos;
    }

    /// Quarters of a round trip for which the queue has been growing by an eighth of the time and more. A path that
    /// has
    /// become longer shows one; a rate that has fallen shows many.
    int risingBuckets() {
        return risingBuckets;
    }

    /// Mean distance of a sample from the smallest sample around it.
    long jitterNanos() {
        return (long) jitterNanos;
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
        return Math.max(floorNanos, (long) (LOW_FRACTION * minRttNanos)) + noiseNanos() / 2 + packetNanos;
    }

    /// Queue delay above which the path counts as congested.
    long highNanos() {
        final long floorNanos = minRttNanos < SHORT_RTT_NANOS ? SHORT_HIGH_FLOOR_NANOS : HIGH_FLOOR_NANOS;
        return Math.max(floorNanos, (long) (HIGH_FRACTION * minRttNanos)) + noiseNanos() + QUEUED_PACKETS * packetNanos;
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
        return queueNanos <= lowNanos();
    }

    boolean isHigh() {
        return queueNanos > highNanos();
    }
}
