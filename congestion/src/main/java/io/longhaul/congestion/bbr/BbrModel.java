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
import io.longhaul.congestion.Bandwidth;
import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.LossSample;
import io.longhaul.congestion.WindowedFilter;

/// The model of the path: bottleneck bandwidth, minimum round trip, losses, and the bounds that congestion puts on
/// them.
///
/// {@snippet lang=text :
/// bandwidth = min(largest delivery rate of two probing cycles, short-term bound)
/// bdp       = bandwidth x minimum round trip
/// }
/// Worked number: 100 Gb/s x 100 ms is a bandwidth-delay product of 1.25 GB.
final class BbrModel {
    /// Probing cycles for which a delivery rate is believed beside the present one (draft-ietf-ccwg-bbr-06 §2.11).
    private static final long BANDWIDTH_FILTER_CYCLES = 1;

    final CongestionConfig config;
    final RoundCounter rounds = new RoundCounter();
    final QueueDelay queue;
    final LossAccount loss;
    final AckAggregation aggregation = new AckAggregation();
    final CongestionBounds bounds;

    private final WindowedFilter maxBandwidth = new WindowedFilter(BANDWIDTH_FILTER_CYCLES);
    private long cycle;
    private boolean cycleSampled;
    private static final int COLLAPSE = 8;
    /// How long a start that found no more than before is believed.
    private static final long COLLAPSE_VALID_NANOS = 60_000_000_000L;

    private double peakBandwidth;
    private double collapsedBandwidth;
    private long collapsedNanos;
    private long seedBytesPerSecond;

    private long lastRoundBandwidth;
    private long roundBandwidth;
    private double lastRoundArrival;
    private long roundStartNanos;
    private long roundStartDeliveredBytes;
    private boolean lastRoundAppLimited;
    private boolean roundAppLimited;
    private long lastRoundMinRttNanos;
    private long nowNanos;
    private long deliveredBytes;

    BbrModel(CongestionConfig config) {
        this.config = config;
        queue = new QueueDelay(config.initialRttNanos());
        loss = new LossAccount(config.packetBytes());
        bounds = new CongestionBounds(this);
    }

    /// Updates everything that does not depend on the phase.
    ///
    /// @param probing true in phases that overfill the path on purpose: their queue is no news
    /// @param belowCapacity true when what is being reported on was sent below the known bandwidth
    void onAck(AckSample sample, boolean probing, boolean belowCapacity) {
        nowNanos = sample.nowNanos;
        deliveredBytes = sample.deliveredBytes;
        rounds.onAck(sample, hasBandwidth() && loss.presentLostPackets() >= CongestionBounds.MIN_LOST_PACKETS);
        if (rounds.started()) {
            endRound(probing, belowCapacity);
        }
        queue.onSample(sample.nowNanos, sample.rttNanos);
        loss.onAcked(sample.newlyAckedBytes, sample.newlyAckedPackets, sample.newlyCeMarkedPackets);
        onBandwidthSample(sample);
        bounds.onAck(sample, probing);
        aggregation.onAck(sample, bandwidth(), rounds.count(), bdpBytes());
    }

    private void endRound(boolean probing, boolean belowCapacity) {
        lastRoundBandwidth = roundBandwidth;
        lastRoundAppLimited = roundAppLimited;
        final long elapsedNanos = nowNanos - roundStartNanos;
        lastRoundArrival = elapsedNanos <= 0 || roundStartNanos == 0
                ? 0
                : Bandwidth.rate(deliveredBytes - roundStartDeliveredBytes, elapsedNanos);
        roundStartNanos = nowNanos;
        roundStartDeliveredBytes = deliveredBytes;
        roundBandwidth = 0;
        roundAppLimited = false;
        lastRoundMinRttNanos = queue.roundMinNanos();
        if (rounds.stalled()) {
            loss.reset();
            bounds.onStall();
        } else {
            loss.onRoundEnd(belowCapacity, !queue.roundMayOverflow() && !loss.presentMarked());
            bounds.onRoundEnd(probing);
        }
        queue.onRoundEnd(lastRoundBandwidth);
        queue.packetTime(hasBandwidth() ? Bandwidth.nanosFor(config.packetBytes(), bandwidth()) : 0);
    }

    //= draft-ietf-ccwg-bbr-06 §5.5.5: a sample limited by the application counts only when it raises the estimate
    private void onBandwidthSample(AckSample sample) {
        final long rate = sample.deliveryRateBytesPerSecond;
        roundAppLimited |= sample.appLimited;
        if (rate <= 0) {
            return;
        }
        roundBandwidth = Math.max(roundBandwidth, rate);
        if (!sample.appLimited || rate >= maxBandwidth()) {
            cycleSampled |= !sample.appLimited;
            maxBandwidth.update(cycle, rate);
        }
    }

    /// Takes the rate of a burst of an application that sends too little for samples, 0 for none: like those, it
    /// only
    /// raises the estimate.
    void onBurst(double rateBytesPerSecond) {
        if (rateBytesPerSecond > maxBandwidth()) {
            maxBandwidth.update(cycle, (long) rateBytesPerSecond);
        }
    }

    void onLoss(LossSample sample) {
        if (bounds.isNews(sample.newestLostSentNanos)) {
            loss.onLost(sample.lostBytes);
        }
    }

    //= draft-ietf-ccwg-bbr-06 §5.5.6: the filter's clock is the probing cycle; a cycle without a sample does not count
    void endCycle() {
        if (cycleSampled) {
            cycle++;
            cycleSampled = false;
        }
    }

    /// Starts the model from a rate that was measured by other means than a delivery-rate sample.
    void adopt(double rateBytesPerSecond) {
        maxBandwidth.reset(cycle, Math.max(1, (long) rateBytesPerSecond));
    }

    /// Gives up a declared rate for a measured one. If a silence was measured, the declared one shows it later.
    void retreat(double rateBytesPerSecond) {
        peakBandwidth = Math.max(peakBandwidth, config.rateHintBytesPerSecond());
        adopt(rateBytesPerSecond);
    }

    /// Sets the rate to assume until the first sample.
    void assume(double rateBytesPerSecond) {
        seedBytesPerSecond = Math.max(1, (long) rateBytesPerSecond);
    }

    boolean hasBandwidth() {
        return maxBandwidth.best() > 0;
    }

    /// True when the estimate no longer fills the smallest window although the path carried far more before: a
    /// silence of
    /// the path was taken for its rate. Paced so slowly, no sample could ever show otherwise.
    boolean isCollapsed() {
        final double bandwidth = bandwidth();
        peakBandwidth = Math.max(peakBandwidth, bandwidth);
        final double leastBytes = (double) BbrController.MIN_WINDOW_PACKETS * config.packetBytes();
        if (bandwidth * COLLAPSE >= peakBandwidth || bandwidth * queue.minRttNanos() / 1e9 >= leastBytes) {
            return false;
        }
        if (bandwidth <= 2 * collapsedBandwidth && nowNanos - collapsedNanos < COLLAPSE_VALID_NANOS) {
            // Starting over has found no more.
            peakBandwidth = bandwidth;
            return false;
        }
        return true;
    }

    /// Forgets a collapsed estimate; the next collapse is measured from what is found now.
    void restart(double rateBytesPerSecond) {
        collapsedBandwidth = bandwidth();
        collapsedNanos = nowNanos;
        adopt(rateBytesPerSecond);
        bounds.restart();
        peakBandwidth = rateBytesPerSecond;
    }

    /// Bandwidth to pace by, bounds included.
    double bandwidth() {
        return Math.min(maxBandwidth(), bounds.bandwidthLo());
    }

    /// Largest delivery rate of the last two cycles, or what is assumed before the first.
    double maxBandwidth() {
        return hasBandwidth() ? maxBandwidth.best() : seedBytesPerSecond;
    }

    /// Largest delivery rate of the last whole round and of the present one; 0 when neither had a sample.
    double latestBandwidth() {
        return Math.max(lastRoundBandwidth, roundBandwidth);
    }

    /// This flow's share of the bottleneck: the larger of {@link #latestBandwidth} and the rate at which
    /// acknowledgements
    /// arrived in the last round. The first is also limited by how fast we sent, which is no news about the path.
    double shareBandwidth() {
        return Math.max(latestBandwidth(), lastRoundArrival);
    }

    boolean lastRoundAppLimited() {
        return lastRoundAppLimited;
    }

    /// Queue that stood during the whole of the last round, ns; 0 when the round had no sample.
    long standingQueueNanos() {
        return lastRoundMinRttNanos == Long.MAX_VALUE ? 0 : lastRoundMinRttNanos - queue.minRttNanos();
    }

    long lastRoundMinRttNanos() {
        return lastRoundMinRttNanos;
    }

    long bdpBytes() {
        return Bandwidth.bytesIn(bandwidth(), queue.minRttNanos());
    }

    long nowNanos() {
        return nowNanos;
    }

    long deliveredBytes() {
        return deliveredBytes;
    }
}
