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
import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.CongestionController;
import io.longhaul.congestion.LossSample;

/// Holds the declared rate of a provisioned circuit.
///
/// {@snippet lang=text :
/// pacing rate = declared rate, or what congestion left of it
/// window      = 2 x rate x round trip + 4 packets
/// }
/// Loss counts as corruption unless a queue stands or marks agree. When they do, the rate falls to what was delivered,
/// and
/// climbs back to the declared rate in steps of one and a half round trips, which end as soon as a queue
/// grows. More than 20 % lost for two rounds, or a
/// silence,
/// halves
/// it. Worked number: 100 Gb/s x 100 ms gives a window of 2.5 GB.
///
/// Threading: single writer, like every controller.
public final class ReservedController implements CongestionController {
    /// Window in bandwidth-delay products: room for lost packets not yet detected and late acknowledgements.
    private static final int WINDOW_GAIN = 2;
    private static final int MIN_WINDOW_PACKETS = 4;
    /// Most that a clean round adds: this share of what the last retreat took, and four times the present rate. A
    /// path that
    /// is still narrow meets the first step with what its queue holds, not with a flood.
    private static final double CLIMB_SHARE = 2.0 / 3;
    private static final int CLIMB_GROWTH = 4;
    /// Round trips after a step in which a queue would have shown that it was too much, and rounds in which nothing
    /// else
    /// is decided.
    private static final double CLIMB_ROUND_TRIPS = 1.5;

    private static final int CLIMB_ROUNDS = 2;
    /// Rounds of a round trip that is high and does not follow the rate: a longer route, not a queue.
    private static final int ROUTE_ROUNDS = 4;
    private static final double ROUTE_RATE = 0.6;
    /// Share of the rate that a longer route delivers: a queue that the window alone keeps from growing delivers
    /// less.
    private static final double ROUTE_DELIVERED = 0.9;
    /// Rounds in which losses say that what was taken for a longer route was a full queue.
    private static final int ROUTE_TRIAL_ROUNDS = 16;
    /// Share of the delivered rate kept while a queue has to drain.
    private static final double DRAIN = 0.95;
    /// Share of the delivered rate below which the queue drains already: it needs time, not less.
    private static final double DRAINING = 0.97;
    /// Share of the rate that a round leaves at least when nothing is lost.
    private static final double MAX_CUT = 0.5;
    /// Loss that halves the rate by itself, when it lasts for two rounds.
    private static final double SAFETY_LOSS_FRACTION = 0.2;
    /// Halvings in a row without a queue or marks.
    private static final int MAX_SAFETY_CUTS = 3;
    private static final double FLOOR_FRACTION = 1.0 / 16;

    private final CongestionConfig config;
    private final double declaredBytesPerSecond;
    private final Evidence evidence;

    private double rateBytesPerSecond;
    private double climbBytesPerSecond;
    private int lossyRounds;
    private int safetyCuts;
    private int settlingRounds;
    private int trialRounds;
    private boolean climbing;
    private long climbNanos;
    private double beforeClimb;
    private boolean silent;
    private long deliveredBytes;
    private long windowBytes;

    /// Creates a controller.
    ///
    /// @throws IllegalArgumentException when the configuration declares no rate
    public ReservedController(CongestionConfig config) {
        if (config.rateHintBytesPerSecond() == 0) {
            throw new IllegalArgumentException(
                    "rateHintBytesPerSecond=0: the controller 'reserved' holds a declared rate;"
                            + " declare it with --rate-hint, or choose the controller 'bbr'");
        }
        this.config = config;
        declaredBytesPerSecond = config.rateHintBytesPerSecond();
        rateBytesPerSecond = declaredBytesPerSecond;
        evidence = new Evidence(config.initialRttNanos());
        updateWindow();
    }

    @Override
    public void onPacketSent(long nowNanos, int bytes, long bytesInFlight, boolean appLimited) {
        // The rate does not depend on what was sent.
    }

    @Override
    public void onAck(AckSample sample) {
        deliveredBytes = sample.deliveredBytes;
        silent = silent && sample.newlyAckedBytes == 0;
        if (evidence.onAck(sample)) {
            onRound(sample.nowNanos);
        }
        if (climbing && (evidence.queueGrows() || evidence.presentMarked())) {
            // The path is still narrow: what the step has put into the queue is enough.
            retreat(Math.max(beforeClimb, Math.min(rateBytesPerSecond, sample.deliveryRateBytesPerSecond) * DRAIN));
        } else if (climbing && sample.nowNanos - climbNanos >= CLIMB_ROUND_TRIPS * evidence.minRttNanos()) {
            climb(sample.nowNanos);
        }
        updateWindow();
    }

    @Override
    public void onLoss(LossSample sample) {
        evidence.onLost(sample.lostBytes);
    }

    @Override
    public void onSpuriousLoss(long nowNanos, long bytes) {
        evidence.onSpurious(bytes);
    }

    @Override
    public void onRetransmissionTimeout(long nowNanos, long bytesLost) {
        if (!silent) {
            retreat(rateBytesPerSecond / 2);
        }
        silent = true;
        lossyRounds = 0;
        evidence.restart(deliveredBytes);
        updateWindow();
    }

    @Override
    public long congestionWindowBytes() {
        return windowBytes;
    }

    @Override
    public long pacingRateBytesPerSecond() {
        return Math.max(1, (long) rateBytesPerSecond);
    }

    @Override
    public long bandwidthBytesPerSecond() {
        return pacingRateBytesPerSecond();
    }

    @Override
    public String phase() {
        if (silent) {
            return "ReservedSilent";
        }
        return rateBytesPerSecond < declaredBytesPerSecond ? "ReservedRetreat" : "ReservedHold";
    }

    @Override
    public String name() {
        return ReservedFactory.NAME;
    }

    private void onRound(long nowNanos) {
        if (evidence.delayed()
                && !evidence.marked()
                && evidence.steadyRounds() >= ROUTE_ROUNDS
                && evidence.deliveredBytesPerSecond() > ROUTE_DELIVERED * rateBytesPerSecond
                && rateBytesPerSecond < ROUTE_RATE * declaredBytesPerSecond) {
            evidence.adoptRoundTrip(nowNanos);
            trialRounds = ROUTE_TRIAL_ROUNDS;
        } else if (trialRounds > 0) {
            trialRounds--;
            if (evidence.overflows()) {
                trialRounds = 0;
                evidence.restoreRoundTrip();
            }
        }
        final boolean agreed = evidence.marked() || evidence.delayed();
        countSafety(agreed);
        if (settlingRounds > 0 && lossyRounds < 2 && (agreed || climbing)) {
            // What is reported now was sent before the last change. A path that is free after a retreat has room.
            settlingRounds--;
        } else if (lossyRounds >= 2) {
            lossyRounds = 0;
            safetyCuts++;
            retreat(rateBytesPerSecond / 2);
        } else if (agreed && !evidence.appLimited()) {
            yieldToQueue(evidence.deliveredBytesPerSecond());
        } else if (!agreed && safetyCuts == 0) {
            climb(nowNanos);
        }
    }

    // While a queue stands, the path delivers its rate, whatever is sent: a little less than that drains the queue.
    private void yieldToQueue(double delivered) {
        if (delivered <= 0) {
            return;
        }
        if (evidence.marked()) {
            retreat(Math.min(rateBytesPerSecond, delivered) * DRAIN);
        } else if (rateBytesPerSecond < DRAINING * delivered) {
            retreat(Math.min(declaredBytesPerSecond, delivered * DRAIN));
        } else {
            // A full queue delivers at the rate of the path; a route that grows longer delivers nothing for a while.
            final double least = evidence.overflows() ? 0 : rateBytesPerSecond * MAX_CUT;
            retreat(Math.max(least, Math.min(rateBytesPerSecond, delivered) * DRAIN));
        }
    }

    private void climb(long nowNanos) {
        climbNanos = nowNanos;
        climbing = rateBytesPerSecond < declaredBytesPerSecond;
        beforeClimb = rateBytesPerSecond;
        final double step = Math.min(climbBytesPerSecond, CLIMB_GROWTH * rateBytesPerSecond);
        rateBytesPerSecond = Math.min(declaredBytesPerSecond, rateBytesPerSecond + step);
        settlingRounds = climbing ? CLIMB_ROUNDS : 0;
    }

    /// Counts rounds of very high loss. When halving again and again changes nothing and there is no queue and no
    /// mark, it
    /// is not our rate that loses.
    private void countSafety(boolean agreed) {
        if (evidence.lossFraction() <= SAFETY_LOSS_FRACTION) {
            lossyRounds = 0;
            // A round that happens to lose a little less than the others is no end of it.
            safetyCuts = evidence.lossFraction() <= SAFETY_LOSS_FRACTION / 2 ? 0 : safetyCuts;
        } else if (agreed || safetyCuts < MAX_SAFETY_CUTS) {
            lossyRounds++;
        }
    }

    private void retreat(double target) {
        rateBytesPerSecond = Math.max(declaredBytesPerSecond * FLOOR_FRACTION, target);
        settlingRounds = 1;
        climbing = false;
        climbBytesPerSecond = (declaredBytesPerSecond - rateBytesPerSecond) * CLIMB_SHARE;
    }

    private void updateWindow() {
        final long minBytes = (long) MIN_WINDOW_PACKETS * config.packetBytes();
        final double bytes =
                silent ? minBytes : WINDOW_GAIN * declaredBytesPerSecond * evidence.minRttNanos() / 1e9 + minBytes;
        windowBytes = Math.min(config.maxWindowBytes(), Math.max(minBytes, (long) bytes));
    }
}
