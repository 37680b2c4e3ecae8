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

import io.longhaul.congestion.AckSample;

/// Short-term bounds: what congestion lately left of the bandwidth and of the volume in flight.
///
/// Loss alone is no evidence; it becomes evidence together with queue delay or marks, or when it is far above what the
/// path loses while it is not full. Every cut is anchored at the rate that was delivered, which is this flow's share.
final class CongestionBounds {
    //= draft-ietf-ccwg-bbr-06 §2.10: a round of congestion keeps at least this share of the bound
    private static final double BETA = 0.7;
    /// Share of the delivered rate that marks leave at least.
    private static final double MARKED_SHARE = 0.9;
    /// Losses with a queue count when they exceed the floor by half and by this share.
    private static final double LOSS_SLACK = 0.005;
    private static final double FLOOR_MARGIN = 1.5;
    /// Loss that counts as congestion without any queue, when it lasts for two periods: a policer, a very short
    /// buffer.
    private static final double LOSS_ALONE_FRACTION = 0.05;
    private static final double LOSS_ALONE_FLOORS = 3;
    /// Loss at which the rate is halved, whatever else is known, when it lasts for two periods.
    private static final double LOSS_SAFETY_FRACTION = 0.2;
    /// Halvings in a row without a queue or marks.
    private static final int MAX_SAFETY_CUTS = 3;
    /// Share of the known rate that rounds without anything acknowledged leave at least.
    private static final double LEAST_STALLED_SHARE = 1.0 / 256;
    /// Rounds within which a cut can turn out to have been for nothing.
    private static final int UNDO_ROUNDS = 2;
    /// Fewest packets lost for a share to mean anything.
    static final int MIN_LOST_PACKETS = 4;
    /// Share of the delivered rate kept when the queue is four times too long ("quick adapt").
    private static final double QUICK_ADAPT = 0.96;
    /// Most of the rate that a standing queue takes at a time.
    private static final double MAX_DRAIN_SHARE = 0.03;
    private static final long NEVER = Long.MIN_VALUE;
    private static final int QUICK_ADAPT_QUEUES = 4;
    private static final int QUICK_ADAPT_RISES = 3;
    /// Share of a loss that must remain after the cut for it to be corruption.
    private static final double UNCHANGED_FRACTION = 0.6;
    /// Time after which a standing queue is judged, ns, where a round trip is longer: flows that meet in one queue
    /// then
    /// answer it equally often, whatever their round trips are.
    private static final long JUDGED_AFTER_NANOS = 25_000_000;
    /// Round trip beyond which only whole rounds are judged, ns: many cuts before the first is answered would take
    /// a
    /// route that became longer down to nothing.
    private static final long MAX_JUDGED_RTT_NANOS = 100_000_000;
    /// Rounds of draining after which a delay that does not yield belongs to the path.
    private static final int UNYIELDING_ROUNDS = 8;
    /// Relative difference below which two round trips are the same.
    private static final double FLAT_FRACTION = 0.03;
    /// Share of the queue, if it is one, below which a difference is none.
    private static final double FLAT_QUEUE_FRACTION = 0.25;

    /// Least long-term volume, in bandwidth-delay products: batches and late wake-ups must not starve the path.
    private static final double MIN_INFLIGHT_HI = 1.1;

    private final BbrModel model;
    private double bandwidthLo = Double.MAX_VALUE;
    private long inflightHiBytes = Long.MAX_VALUE;
    private double undoBandwidthLo = Double.MAX_VALUE;
    private long undoRound = Long.MIN_VALUE / 2;

    private boolean congested;
    private int safetyRounds;
    private int safetyCuts;
    private int lossRounds;
    private int delayRounds;
    private int delayChecks;
    private long checkNanos = NEVER;
    private long checkMinRttNanos = Long.MAX_VALUE;
    private double delayOnsetLo;
    private boolean lossySinceDelay;
    private double priorLatest;
    private long priorMinRttNanos;
    private boolean climbing;
    private boolean cutForLoss;
    private double lossAtCut;
    private double loBeforeCut;
    private long lossCutNanos = Long.MIN_VALUE;
    private long quickAdaptNanos = NEVER;

    CongestionBounds(BbrModel model) {
        this.model = model;
    }

    double bandwidthLo() {
        return bandwidthLo;
    }

    /// Forgets every bound and what led to it.
    void restart() {
        bandwidthLo = Double.MAX_VALUE;
        inflightHiBytes = Long.MAX_VALUE;
        congested = false;
        climbing = false;
        cutForLoss = false;
        safetyRounds = 0;
        safetyCuts = 0;
        lossRounds = 0;
        forgetDelay();
    }

    /// True while the short-term bound is below what the path was seen to carry.
    boolean active() {
        return bandwidthLo < 0.95 * model.maxBandwidth();
    }

    long inflightHiBytes() {
        return inflightHiBytes;
    }

    void setInflightHi(long bytes) {
        inflightHiBytes = Math.max(bytes, (long) (MIN_INFLIGHT_HI * model.bdpBytes()));
    }

    /// True when probing again soon makes sense: what was cut was cut for a queue, and queues pass.
    boolean reliefLikely() {
        return active() && !cutForLoss;
    }

    /// True when the present round lost so much that it counts without any queue.
    boolean lossAlone() {
        return model.loss.presentFraction() > lossAloneFraction()
                && model.loss.presentLostPackets() >= 2 * MIN_LOST_PACKETS
                && model.loss.presentBytes() >= model.bdpBytes() / 4;
    }

    void clearInflightHi() {
        inflightHiBytes = Long.MAX_VALUE;
    }

    /// True when the last whole round showed congestion that is not delay alone.
    boolean congested() {
        return congested;
    }

    /// True when the present round, so far, lost more than corruption explains and a queue or marks agree.
    boolean lossAgreed() {
        return model.loss.presentLostPackets() >= MIN_LOST_PACKETS
                && exceedsFloor(model.loss.presentFraction())
                && (model.queue.roundMayOverflow() || model.loss.presentMarked());
    }

    /// Lets a delivery rate that was reached by probing lift the bound.
    void raise(double deliveredBytesPerSecond) {
        if (deliveredBytesPerSecond > bandwidthLo) {
            bandwidthLo = deliveredBytesPerSecond;
        }
        if (bandwidthLo >= model.maxBandwidth()) {
            bandwidthLo = Double.MAX_VALUE;
        }
    }

    //= draft-ietf-ccwg-bbr-06 §5.5.10: once a round, bounds follow what was delivered
    void onRoundEnd(boolean probing) {
        final LossAccount loss = model.loss;
        final boolean delayed = model.queue.roundMayOverflow();
        final boolean lossy = exceedsFloor(loss.lossFraction());
        final boolean marked = loss.ceFraction() > 0;
        congested = marked || (lossy && delayed);
        if (loss.periodEnded()) {
            countSafety(marked || delayed);
            lossRounds = isShare(lossAloneFraction()) ? lossRounds + 1 : 0;
        }
        lossySinceDelay |= lossy;
        if (safetyRounds >= 2) {
            safetyRounds = 0;
            congested = true;
            onSafetyCut();
        } else if (probing) {
            forgetDelay();
        } else if (marked) {
            onMarks();
        } else if (lossy && delayed) {
            onLossWithDelay();
        } else if (lossRounds >= 2) {
            lossRounds = 0;
            onLossAlone();
        } else if (!onDelayedRound()) {
            onDelayAlone();
        }
        climb();
        priorLatest = model.shareBandwidth();
        priorMinRttNanos = model.lastRoundMinRttNanos();
    }

    /// Counts periods of very high loss. When halving again and again changes nothing and there is no queue and no
    /// mark, it
    /// is not our rate that loses.
    private void countSafety(boolean agreed) {
        if (!isShare(LOSS_SAFETY_FRACTION)) {
            safetyRounds = 0;
            safetyCuts = 0;
        } else if (agreed || safetyCuts < MAX_SAFETY_CUTS) {
            safetyRounds++;
        }
    }

    private double lossAloneFraction() {
        return Math.max(LOSS_ALONE_FRACTION, LOSS_ALONE_FLOORS * model.loss.floorFraction());
    }

    private boolean isShare(double fraction) {
        return model.loss.periodFraction() > fraction && model.loss.periodLostPackets() >= MIN_LOST_PACKETS;
    }

    private boolean exceedsFloor(double lossFraction) {
        return lossFraction > FLOOR_MARGIN * model.loss.floorFraction() + LOSS_SLACK;
    }

    //= draft-ietf-ccwg-bbr-06 §5.5.10 type=deviation: more than 20 % for two rounds halves the rate even without a
    // queue
    private void onSafetyCut() {
        final double bandwidth = model.bandwidth();
        safetyCuts++;
        cutForLoss(Math.max(bandwidth / 8, Math.min(bandwidth / 2, model.shareBandwidth())));
    }

    /// A policer loses nothing more once it gets what it passes; corruption does not care.
    private void onLossAlone() {
        final double fraction = model.loss.periodFraction();
        if (cutForLoss && lossAtCut > 0 && fraction > UNCHANGED_FRACTION * lossAtCut) {
            model.loss.adoptFloor(fraction);
            bandwidthLo = loBeforeCut;
            lossAtCut = 0;
            return;
        }
        congested = true;
        loBeforeCut = bandwidthLo;
        lossAtCut = fraction;
        cutForLoss(Math.max(model.shareBandwidth(), BETA * model.bandwidth()));
    }

    /// Returns to the rate before a probe that found nothing but loss.
    void withdraw(double bandwidth) {
        cutForLoss(bandwidth);
        lossAtCut = 0;
    }

    private void cutForLoss(double bandwidth) {
        rememberForUndo();
        cut(bandwidth);
        cutForLoss = true;
        lossCutNanos = model.nowNanos();
    }

    // Time since then, very long when it never was. A clock may have any origin, and overflow.
    private long since(long nanos) {
        return nanos == NEVER ? Long.MAX_VALUE : model.nowNanos() - nanos;
    }

    /// Says that what has been lost so far was answered by ending a probe.
    void answerLoss() {
        lossCutNanos = model.nowNanos();
    }

    /// True when a loss is news: losses of packets sent before the last cut for loss were answered by it.
    boolean isNews(long sentNanos) {
        return lossCutNanos == Long.MIN_VALUE || sentNanos - lossCutNanos >= 0;
    }

    //= draft-ietf-ccwg-bbr-06 §5.5.10 type=deviation: a round grows with the queue; a queue four times too long does
    // not wait
    void onAck(AckSample sample, boolean probing) {
        if (sample.rttNanos > 0) {
            checkMinRttNanos = Math.min(checkMinRttNanos, sample.rttNanos);
        }
        final boolean judgesWithinRounds = model.queue.minRttNanos() <= MAX_JUDGED_RTT_NANOS;
        if (judgesWithinRounds && since(checkNanos) >= JUDGED_AFTER_NANOS && !probing) {
            onDelayAlone();
        }
        final long queueNanos = model.queue.queueNanos();
        final boolean due = since(quickAdaptNanos) > model.queue.minRttNanos();
        final boolean tooLong = queueNanos > QUICK_ADAPT_QUEUES * model.queue.highNanos();
        final boolean rising = model.queue.risingBuckets() >= QUICK_ADAPT_RISES;
        final double delivered = sample.deliveryRateBytesPerSecond;
        if (due && tooLong && rising && !probing && !sample.appLimited && delivered > 0) {
            quickAdaptNanos = sample.nowNanos;
            if (delayChecks == 0) {
                delayOnsetLo = bandwidthLo;
            }
            cut(Math.max(QUICK_ADAPT * delivered, model.bandwidth() / 4));
        }
    }

    //= draft-ietf-ccwg-bbr-06 §3.7 type=deviation: the draft leaves ECN open; the cut drains the queue in about a
    // round
    private void onMarks() {
        final double queueShare = (double) model.queue.roundPeakNanos() / model.queue.minRttNanos();
        final double depth = Math.max(0.1, Math.min(0.5, queueShare));
        final double target = model.bandwidth() * (1 - depth * model.loss.ceFraction());
        cut(Math.max(target, MARKED_SHARE * model.shareBandwidth()));
    }

    private void onLossWithDelay() {
        final double latest = model.shareBandwidth();
        rememberForUndo();
        if (model.loss.lossFraction() > LOSS_ALONE_FRACTION && latest > 0) {
            cut(Math.max(QUICK_ADAPT * latest, model.bandwidth() / 4));
        } else {
            cut(Math.max(latest, BETA * model.bandwidth()));
        }
        lossCutNanos = model.nowNanos();
    }

    private void forgetDelay() {
        delayRounds = 0;
        delayChecks = 0;
        checkNanos = model.nowNanos();
        checkMinRttNanos = Long.MAX_VALUE;
    }

    /// True while rounds are counted that tell a longer path from a queue.
    boolean judgesDelay() {
        return delayRounds > 0;
    }

    /// Whole rounds are what tells a longer path from a queue, however lately the queue was judged within them.
    ///
    /// @return true when the delay of the last round belongs to the path
    private boolean onDelayedRound() {
        final boolean delayed = model.standingQueueNanos() > model.queue.highNanos();
        if (delayChecks == 0 || !delayed || model.lastRoundAppLimited() || model.queue.hasRival()) {
            return false;
        }
        delayRounds++;
        if (!isPathLonger(model.shareBandwidth())) {
            return false;
        }
        bandwidthLo = delayOnsetLo;
        forgetDelay();
        model.queue.rebase(model.nowNanos(), model.lastRoundMinRttNanos());
        return true;
    }

    private void onDelayAlone() {
        final long sinceNanos = since(checkNanos);
        if (checkMinRttNanos == Long.MAX_VALUE
                || sinceNanos < Math.min(JUDGED_AFTER_NANOS, model.queue.minRttNanos()) / 2) {
            return;
        }
        final long queueNanos = checkMinRttNanos - model.queue.minRttNanos();
        checkNanos = model.nowNanos();
        checkMinRttNanos = Long.MAX_VALUE;
        if (queueNanos <= model.queue.highNanos() || model.lastRoundAppLimited() || model.queue.hasRival()) {
            forgetDelay();
            return;
        }
        if (delayChecks++ == 0) {
            delayOnsetLo = bandwidthLo;
            lossySinceDelay = false;
        }
        final double latest = model.shareBandwidth();
        if (latest <= 0) {
            return;
        }
        if (queueNanos > QUICK_ADAPT_QUEUES * model.queue.highNanos()) {
            cut(Math.max(QUICK_ADAPT * latest, model.bandwidth() / 4));
        } else if (delayChecks > 1) {
            final double bandwidth = model.bandwidth();
            cut(
                    latest < 0.98 * bandwidth
                            ? Math.max(latest, BETA * bandwidth)
                            : bandwidth * (1 - drainShare(queueNanos)));
        }
    }

    /// Share of the rate that drains a queue to its low mark within a round trip.
    private double drainShare(long queueNanos) {
        return Math.min(MAX_DRAIN_SHARE, (double) (queueNanos - model.queue.lowNanos()) / model.queue.minRttNanos());
    }

    /// A queue shrinks when less is sent into it. A delay that stays while the delivered rate follows the cuts, or
    /// that
    /// outlasts many rounds of draining, is the path's own.
    private boolean isPathLonger(double latest) {
        final long rttNanos = model.lastRoundMinRttNanos();
        final double yieldedNanos =
                Math.min(FLAT_FRACTION * rttNanos, FLAT_QUEUE_FRACTION * model.standingQueueNanos());
        final boolean flat = Math.abs(rttNanos - priorMinRttNanos) < yieldedNanos;
        if (lossySinceDelay) {
            return false; // a buffer that others keep full also stays: then packets are lost
        }
        return (flat && delayRounds > 2 && latest < 0.93 * priorLatest) || delayRounds > UNYIELDING_ROUNDS;
    }

    private void cut(double bandwidth) {
        if (bandwidth >= model.bandwidth()) {
            return;
        }
        bandwidthLo = Math.max(1, bandwidth);
        climbing = false;
        cutForLoss = false;
    }

    /// Keeps the bound as it was before a run of cuts for loss.
    private void rememberForUndo() {
        final long round = model.rounds.count();
        if (round - undoRound > UNDO_ROUNDS) {
            undoBandwidthLo = bandwidthLo;
        }
        undoRound = round;
    }

    //= draft-ietf-ccwg-bbr-06 §5.5.11: losses that were none give back what they took
    void onSpuriousLoss() {
        if (model.rounds.count() - undoRound <= UNDO_ROUNDS) {
            bandwidthLo = Math.max(bandwidthLo, undoBandwidthLo);
        }
    }

    /// Halves the rate once for a silence, however many timeouts it has.
    void onTimeout(boolean first) {
        if (first) {
            bandwidthLo = Math.max(1, model.bandwidth() / 2);
            climbing = true;
        }
        safetyRounds = 0;
        lossRounds = 0;
        forgetDelay();
    }

    /// Halves the rate: for some round trips packets were lost, and nothing was acknowledged. Again each
    /// time, down to {@link #LEAST_STALLED_SHARE} of the known rate: climbing back must not take long.
    void onStall() {
        bandwidthLo = Math.max(Math.max(1, model.maxBandwidth() * LEAST_STALLED_SHARE), model.bandwidth() / 2);
        climbing = true;
        congested = true;
        safetyRounds = 0;
        lossRounds = 0;
        forgetDelay();
    }

    /// After a silence the known rate is taken up again, doubling in each round without congestion.
    private void climb() {
        if (!climbing || congested || model.queue.isHigh()) {
            return;
        }
        bandwidthLo *= 2;
        if (bandwidthLo >= model.maxBandwidth()) {
            bandwidthLo = Double.MAX_VALUE;
            climbing = false;
        }
    }
}
