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
package io.longhaul.congestion.scavenger;

import io.longhaul.congestion.AckSample;
import io.longhaul.congestion.Bandwidth;
import io.longhaul.congestion.BaseRtt;
import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.CongestionController;
import io.longhaul.congestion.LossSample;

/// Uses what others leave (draft-irtf-iccrg-ledbat-plus-plus-01).
///
/// {@snippet lang=text :
/// delay <= target:  window += gain x max(1, window / 256) in a round trip                      packets
/// delay >  target:  window -= window x (delay / target - 1), at most half, in a round trip
/// target = max(0.5 ms, base / 40)
/// }
/// From time to time it falls to two packets for two round trips, so that the base is seen again and latecomers are not
/// mistaken for distance: nine times as long as the last such pause took is the wait to the next.
///
/// Worked number: 10 Gb/s x 20 ms: target 0.5 ms, 625 kB of queue; beside a TCP flow that fills a queue of 5 ms it
/// halves
/// in every round trip.
///
/// Threading: single writer, like every controller.
public final class ScavengerController implements CongestionController {
    private static final long TARGET_FLOOR_NANOS = 500_000;
    private static final int TARGET_DIVISOR = 40;
    //= draft-irtf-iccrg-ledbat-plus-plus-01 §4.2
    private static final int MAX_GAIN_DIVISOR = 16;
    private static final double MAX_DECREASE = 0.5;
    /// Windows above this many packets grow by a share of themselves: one packet would take minutes.
    private static final double GROWTH_PACKETS = 256;
    //= draft-irtf-iccrg-ledbat-plus-plus-01 §4.3
    private static final double START_EXIT = 0.75;
    //= draft-irtf-iccrg-ledbat-plus-plus-01 §4.4
    private static final int PAUSE_ROUND_TRIPS = 2;
    private static final int WAIT_FACTOR = 9;
    private static final int MIN_WINDOW_PACKETS = 2;
    private static final double LOSS_FRACTION = 0.01;
    private static final double START_PACE = 1.5;
    private static final double PACE = 1.05;
    private static final double USED = 0.75;

    private enum Mode {
        START,
        HOLD,
        PAUSE
    }

    private final CongestionConfig config;
    private final BaseRtt base;
    private Mode mode = Mode.START;
    private double window; // packets
    private double slowStartThreshold = Double.MAX_VALUE;
    private long srttNanos;
    private long modeNanos;
    private long nextPauseNanos;
    private long pauseStartNanos;
    private boolean pauseKnown;
    private long pauseMinNanos;
    private double delayTargets;
    private long roundEndBytes;
    private long roundLostBytes;
    private long roundAckedBytes;
    private boolean cutThisRound;

    /// Creates a controller. A declared rate is not used: who yields starts small.
    public ScavengerController(CongestionConfig config) {
        this.config = config;
        base = new BaseRtt(config.initialRttNanos(), Long.MAX_VALUE);
        srttNanos = config.initialRttNanos();
        window = MIN_WINDOW_PACKETS;
        bound();
    }

    @Override
    public void onPacketSent(long nowNanos, int bytes, long bytesInFlight, boolean appLimited) {
        // The window does not depend on what was sent.
    }

    @Override
    public void onAck(AckSample sample) {
        srttNanos = sample.smoothedRttNanos > 0 ? sample.smoothedRttNanos : srttNanos;
        base.onSample(sample.nowNanos, sample.rttNanos);
        if (sample.rttNanos > 0) {
            final long target = Math.max(TARGET_FLOOR_NANOS, base.nanos() / TARGET_DIVISOR);
            delayTargets = (double) (sample.rttNanos - base.nanos()) / target;
        }
        roundAckedBytes += sample.newlyAckedBytes;
        if (sample.newlyAckedBytes > 0 && sample.packetDeliveredBytes >= roundEndBytes) {
            roundEndBytes = sample.deliveredBytes;
            roundLostBytes = 0;
            roundAckedBytes = 0;
            cutThisRound = false;
        }
        if (sample.newlyCeMarkedPackets > 0) {
            halve(sample.nowNanos);
        }
        switch (mode) {
            case START -> start(sample);
            case HOLD -> hold(sample);
            case PAUSE -> pause(sample);
        }
        bound();
    }

    private void start(AckSample sample) {
        if (delayTargets > START_EXIT || window >= slowStartThreshold) {
            mode = Mode.HOLD;
            if (!pauseKnown) {
                // The first pause comes two round trips after the first start.
                nextPauseNanos = sample.nowNanos + PAUSE_ROUND_TRIPS * srttNanos;
            } else {
                nextPauseNanos = sample.nowNanos + WAIT_FACTOR * (sample.nowNanos - pauseStartNanos);
            }
            return;
        }
        if (isUsed(sample)) {
            window += (double) sample.newlyAckedBytes / config.packetBytes();
        }
    }

    private void hold(AckSample sample) {
        if (sample.nowNanos - nextPauseNanos >= 0) {
            mode = Mode.PAUSE;
            pauseKnown = true;
            pauseStartNanos = sample.nowNanos;
            modeNanos = sample.nowNanos;
            pauseMinNanos = Long.MAX_VALUE;
            slowStartThreshold = Math.max(MIN_WINDOW_PACKETS, window);
            window = MIN_WINDOW_PACKETS;
            return;
        }
        final double share = Math.min(1, (double) sample.newlyAckedBytes / config.packetBytes() / window);
        if (delayTargets > 1) {
            //= draft-irtf-iccrg-ledbat-plus-plus-01 §4.2: at most half in a round trip
            window -= window * share * Math.min(MAX_DECREASE, delayTargets - 1);
        } else if (isUsed(sample)) {
            window += share * gain() * Math.max(1, window / GROWTH_PACKETS);
        }
    }

    private double gain() {
        final double target = Math.max(TARGET_FLOOR_NANOS, base.nanos() / (double) TARGET_DIVISOR);
        return 1 / Math.min(MAX_GAIN_DIVISOR, Math.ceil(2 * target / base.nanos()));
    }

    private void pause(AckSample sample) {
        if (sample.rttNanos > 0) {
            pauseMinNanos = Math.min(pauseMinNanos, sample.rttNanos);
        }
        if (sample.nowNanos - modeNanos >= PAUSE_ROUND_TRIPS * srttNanos) {
            if (pauseMinNanos != Long.MAX_VALUE) {
                base.renew(sample.nowNanos, pauseMinNanos);
            }
            mode = Mode.START;
        }
    }

    private boolean isUsed(AckSample sample) {
        return sample.priorBytesInFlight >= USED * window * config.packetBytes();
    }

    @Override
    public void onLoss(LossSample sample) {
        roundLostBytes += sample.lostBytes;
        final boolean many = roundLostBytes > LOSS_FRACTION * (roundLostBytes + roundAckedBytes)
                && roundLostBytes > 2L * config.packetBytes();
        if (many || delayTargets > MAX_DECREASE) {
            halve(sample.nowNanos);
        }
        bound();
    }

    private void halve(long nowNanos) {
        if (cutThisRound) {
            return;
        }
        cutThisRound = true;
        window *= MAX_DECREASE;
        if (mode == Mode.START) {
            slowStartThreshold = window;
            mode = Mode.HOLD;
            nextPauseNanos = nowNanos
                    + (pauseKnown
                            ? WAIT_FACTOR * Math.max(srttNanos, nowNanos - pauseStartNanos)
                            : PAUSE_ROUND_TRIPS * srttNanos);
        }
    }

    @Override
    public void onSpuriousLoss(long nowNanos, long bytes) {
        roundLostBytes = Math.max(0, roundLostBytes - bytes);
    }

    @Override
    public void onRetransmissionTimeout(long nowNanos, long bytesLost) {
        slowStartThreshold = Math.max(MIN_WINDOW_PACKETS, window / 2);
        window = MIN_WINDOW_PACKETS;
        mode = Mode.START;
        roundLostBytes = 0;
        roundAckedBytes = 0;
    }

    private void bound() {
        window = Math.clamp(window, MIN_WINDOW_PACKETS, (double) config.maxWindowBytes() / config.packetBytes());
    }

    @Override
    public long congestionWindowBytes() {
        return Math.clamp((long) (window * config.packetBytes()), config.packetBytes(), config.maxWindowBytes());
    }

    @Override
    public long pacingRateBytesPerSecond() {
        final double gain = mode == Mode.START ? START_PACE : PACE;
        return Math.max(1, (long) (gain * Bandwidth.rate(congestionWindowBytes(), srttNanos)));
    }

    @Override
    public long bandwidthBytesPerSecond() {
        return (long) Bandwidth.rate(congestionWindowBytes(), srttNanos);
    }

    @Override
    public String phase() {
        return switch (mode) {
            case START -> "ScavengerStart";
            case HOLD -> "ScavengerHold";
            case PAUSE -> "ScavengerPause";
        };
    }

    @Override
    public String name() {
        return ScavengerFactory.NAME;
    }
}
