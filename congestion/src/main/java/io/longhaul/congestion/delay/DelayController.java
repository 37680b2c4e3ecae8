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
package io.longhaul.congestion.delay;

import io.longhaul.congestion.AckSample;
import io.longhaul.congestion.Bandwidth;
import io.longhaul.congestion.BaseRtt;
import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.CongestionController;
import io.longhaul.congestion.LossSample;

/// Keeps the queueing delay at a target (Swift, SIGCOMM 2020).
///
/// {@snippet lang=text :
/// delay <= target:  window += sqrt(window) in a round trip                            packets
/// delay >  target:  window *= max(1 - 0.8 (delay - target) / delay, 0.5), once in a round trip
/// target = base + max(1 ms, base / 20) x (1 .. 2, more for small windows)
/// }
/// Worked number: 10 Gb/s x 20 ms: target 21 ms and a little, 2,800 packets, 53 more in each round trip, which is 0.4
/// ms of
/// queue.
///
/// Threading: single writer, like every controller.
public final class DelayController implements CongestionController {
    //= Swift, SIGCOMM 2020 §3.1
    private static final double BETA = 0.8;
    private static final double MAX_DECREASE = 0.5;
    /// Timeouts in a row after which the window is the least.
    private static final int RESET_TIMEOUTS = 3;
    /// Queue allowed: a twentieth of the round trip, and at least 1 ms.
    private static final int TARGET_DIVISOR = 20;
    private static final long TARGET_FLOOR_NANOS = 1_000_000;
    /// Windows between which flow scaling doubles the target, packets.
    //= Swift, SIGCOMM 2020 §3.5
    private static final double SCALING_MIN_PACKETS = 10;
    private static final double SCALING_MAX_PACKETS = 10_000;
    /// Round trip at which the increase is the square root of the window; longer ones grow more, so that flows of
    /// different length share.
    private static final double REFERENCE_RTT_NANOS = 20e6;
    private static final double MAX_RTT_SCALE = 4;
    private static final long STALE_NANOS = 30_000_000_000L;
    private static final double DRAIN = 0.75;
    private static final int MIN_WINDOW_PACKETS = 2;
    private static final double START_PACE = 2.0;
    private static final double PACE = 1.1;
    private static final double USED = 0.75;

    private final CongestionConfig config;
    private final BaseRtt base;
    private final double scalingAlpha;
    private final double scalingBeta;

    private double window; // packets
    private boolean starting = true;
    private long srttNanos;
    private long lastDecreaseNanos;
    private boolean decreased;
    private boolean late;
    private int timeouts;
    private long drainUntilNanos;
    private boolean draining;
    private long drainedMinNanos;
    private double restoreWindow;

    /// Creates a controller.
    public DelayController(CongestionConfig config) {
        this.config = config;
        base = new BaseRtt(config.initialRttNanos(), STALE_NANOS);
        srttNanos = config.initialRttNanos();
        scalingAlpha = 1 / (1 / Math.sqrt(SCALING_MIN_PACKETS) - 1 / Math.sqrt(SCALING_MAX_PACKETS));
        scalingBeta = -scalingAlpha / Math.sqrt(SCALING_MAX_PACKETS);
        window = config.initialWindowPackets();
        if (config.rateHintBytesPerSecond() > 0) {
            window = (double) Bandwidth.bytesIn(config.rateHintBytesPerSecond(), config.initialRttNanos())
                    / config.packetBytes();
            starting = false;
        }
        bound();
    }

    /// Round trip up to which the window grows, nanoseconds.
    long targetNanos() {
        final long share = Math.max(TARGET_FLOOR_NANOS, base.nanos() / TARGET_DIVISOR);
        final double scaling = Math.clamp(scalingAlpha / Math.sqrt(window) + scalingBeta, 0, 1);
        return base.nanos() + (long) (share * (1 + scaling));
    }

    @Override
    public void onPacketSent(long nowNanos, int bytes, long bytesInFlight, boolean appLimited) {
        // The window does not depend on what was sent.
    }

    @Override
    public void onAck(AckSample sample) {
        srttNanos = sample.smoothedRttNanos > 0 ? sample.smoothedRttNanos : srttNanos;
        base.onSample(sample.nowNanos, sample.rttNanos);
        drain(sample);
        if (sample.newlyAckedBytes > 0) {
            timeouts = 0;
        }
        final long delayNanos = sample.rttNanos;
        if (delayNanos > 0) {
            late = delayNanos > targetNanos();
        }
        if (sample.newlyCeMarkedPackets > 0 && sample.newlyAckedPackets > 0) {
            final double marked = Math.min(1, (double) sample.newlyCeMarkedPackets / sample.newlyAckedPackets);
            decrease(sample.nowNanos, 1 - marked * MAX_DECREASE);
        } else if (late && delayNanos > 0) {
            decrease(sample.nowNanos, Math.max(1 - BETA * (delayNanos - targetNanos()) / delayNanos, 1 - MAX_DECREASE));
        } else if (!late && !draining && sample.newlyAckedBytes > 0) {
            increase(sample);
        }
        bound();
    }

    private void increase(AckSample sample) {
        if (sample.priorBytesInFlight < USED * window * config.packetBytes()) {
            return;
        }
        final double packets = (double) sample.newlyAckedBytes / config.packetBytes();
        if (starting) {
            window += packets;
            return;
        }
        final double scale = Math.clamp(base.nanos() / REFERENCE_RTT_NANOS, 1 / MAX_RTT_SCALE, MAX_RTT_SCALE);
        window += scale * Math.max(1, Math.sqrt(window)) * Math.min(1, packets / window);
    }

    private void decrease(long nowNanos, double factor) {
        //= Swift, SIGCOMM 2020 §3.2: at most once in a round trip
        if (decreased && nowNanos - lastDecreaseNanos < srttNanos) {
            return;
        }
        decreased = true;
        lastDecreaseNanos = nowNanos;
        window *= starting ? 1 - MAX_DECREASE : factor;
        starting = false;
    }

    // Lets the queue run empty for two round trips when the base has not been seen for long.
    private void drain(AckSample sample) {
        if (!draining && !starting && base.isStale(sample.nowNanos)) {
            draining = true;
            drainUntilNanos = sample.nowNanos + 2 * srttNanos;
            drainedMinNanos = Long.MAX_VALUE;
            restoreWindow = window;
            window *= DRAIN;
        } else if (draining) {
            drainedMinNanos = sample.rttNanos > 0 ? Math.min(drainedMinNanos, sample.rttNanos) : drainedMinNanos;
            if (sample.nowNanos - drainUntilNanos >= 0 && drainedMinNanos != Long.MAX_VALUE) {
                draining = false;
                base.renew(sample.nowNanos, drainedMinNanos);
                window = Math.max(window, restoreWindow);
            }
        }
    }

    //= Swift, SIGCOMM 2020 §3.4 type=deviation: loss counts while the delay is high; else the path corrupts
    @Override
    public void onLoss(LossSample sample) {
        if (late) {
            decrease(sample.nowNanos, 1 - MAX_DECREASE);
            bound();
        }
    }

    @Override
    public void onSpuriousLoss(long nowNanos, long bytes) {
        // Nothing was taken for it.
    }

    //= Swift, SIGCOMM 2020 §3.4
    @Override
    public void onRetransmissionTimeout(long nowNanos, long bytesLost) {
        timeouts++;
        if (timeouts >= RESET_TIMEOUTS) {
            window = MIN_WINDOW_PACKETS;
            starting = true;
        } else {
            decrease(nowNanos, 1 - MAX_DECREASE);
        }
        draining = false;
        bound();
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
        final double gain = starting ? START_PACE : PACE;
        return Math.max(1, (long) (gain * Bandwidth.rate(congestionWindowBytes(), srttNanos)));
    }

    @Override
    public long bandwidthBytesPerSecond() {
        return (long) Bandwidth.rate(congestionWindowBytes(), srttNanos);
    }

    @Override
    public String phase() {
        if (draining) {
            return "DelayDrain";
        }
        return starting ? "DelayStart" : "DelayHold";
    }

    @Override
    public String name() {
        return DelayFactory.NAME;
    }
}
