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
package io.longhaul.congestion.cubic;

import io.longhaul.congestion.AckSample;
import io.longhaul.congestion.Bandwidth;
import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.CongestionController;
import io.longhaul.congestion.LossSample;

/// CUBIC, RFC 9438.
///
/// {@snippet lang=text :
/// W(t) = C (t - K)^3 + Wmax      K = cbrt((Wmax - window at the cut) / C)      packets, seconds
/// at a loss or a mark:  window = 0.7 window
/// }
/// Worked number: 10 Gb/s x 20 ms is 2,800 packets of 9,000 bytes; after a cut from there K is 12.8 s. With a loss of
/// 1e-4
/// the mean window is 690 packets (RFC 9438 §5.1): 2.5 Gb/s.
///
/// Threading: single writer, like every controller.
public final class CubicController implements CongestionController {
    //= RFC 9438 §4.1 and §4.6
    private static final double C = 0.4;
    private static final double BETA = 0.7;
    /// Increase that gives Reno's mean rate with this beta.
    //= RFC 9438 §4.3
    private static final double RENO_ALPHA = 3 * (1 - BETA) / (1 + BETA);
    /// Most that the target may be ahead of the window.
    //= RFC 9438 §4.2
    private static final double MAX_TARGET = 1.5;

    private static final int MIN_WINDOW_PACKETS = 2;
    private static final double SLOW_START_PACE = 2.0;
    private static final double AVOIDANCE_PACE = 1.25;
    /// Share of the window that must have been in flight for the window to grow.
    //= RFC 9438 §5.8
    private static final double USED = 0.75;
    private static final double NANOS = 1e9;

    private final CongestionConfig config;
    private final boolean fastConvergence;
    private HyStart start = new HyStart();
    private long srttNanos;

    // Window and its history, packets.
    private double window;
    private double slowStartThreshold = Double.MAX_VALUE;
    private double maximum;
    private double renoWindow;
    private double cutFrom;
    private double k;
    private long epochNanos;
    private boolean inEpoch;

    private long recoveryNanos;
    private boolean cutOnce;

    // What an undo brings back.
    private long undoBytes;
    private double undoWindow;
    private double undoThreshold;
    private double undoMaximum;

    /// Creates a controller.
    ///
    /// @param fastConvergence whether a cut below the last maximum lowers it (RFC 9438 §4.7)
    public CubicController(CongestionConfig config, boolean fastConvergence) {
        this.config = config;
        this.fastConvergence = fastConvergence;
        srttNanos = config.initialRttNanos();
        window = config.initialWindowPackets();
        if (config.rateHintBytesPerSecond() > 0) {
            final double bdp = Bandwidth.bytesIn(config.rateHintBytesPerSecond(), config.initialRttNanos());
            window = Math.max(MIN_WINDOW_PACKETS, bdp / config.packetBytes());
            slowStartThreshold = window;
        }
        bound();
    }

    @Override
    public void onPacketSent(long nowNanos, int bytes, long bytesInFlight, boolean appLimited) {
        //= RFC 9438 §5.8: the time without data is no time of the curve
        if (inEpoch && bytesInFlight <= bytes) {
            inEpoch = false;
        }
    }

    @Override
    public void onAck(AckSample sample) {
        if (sample.smoothedRttNanos > 0) {
            srttNanos = sample.smoothedRttNanos;
        }
        if (sample.newlyCeMarkedPackets > 0) {
            //= RFC 9438 §4.6: a mark counts as a loss
            cut(sample.nowNanos, 0);
        }
        final boolean used = sample.priorBytesInFlight >= USED * window * config.packetBytes();
        final boolean recovering = cutOnce && sample.nowNanos - recoveryNanos < srttNanos;
        if (sample.newlyAckedBytes <= 0) {
            return;
        }
        final double packets = (double) sample.newlyAckedBytes / config.packetBytes();
        if (window < slowStartThreshold) {
            slowStart(sample, packets, used);
        } else if (used && !recovering) {
            avoid(sample.nowNanos, packets);
        }
        bound();
    }

    private void slowStart(AckSample sample, double packets, boolean used) {
        final boolean over = start.onAck(sample.rttNanos, sample.packetDeliveredBytes, sample.deliveredBytes);
        if (used) {
            window += packets * start.growth();
        }
        if (over) {
            slowStartThreshold = window;
        }
    }

    //= RFC 9438 §4.2 to §4.5
    private void avoid(long nowNanos, double packets) {
        if (!inEpoch) {
            inEpoch = true;
            epochNanos = nowNanos;
            renoWindow = window;
            if (maximum <= window) {
                maximum = window;
                k = 0;
            } else {
                k = Math.cbrt((maximum - window) / C);
            }
        }
        final double seconds = (nowNanos - epochNanos) / NANOS;
        renoWindow += (renoWindow < cutFrom ? RENO_ALPHA : 1) * packets / window;
        final double now = at(seconds);
        if (now < renoWindow) {
            window = Math.max(window, renoWindow);
            return;
        }
        final double target = Math.clamp(at(seconds + srttNanos / NANOS), window, MAX_TARGET * window);
        window += (target - window) / window * Math.min(packets, window);
    }

    private double at(double seconds) {
        final double t = seconds - k;
        return C * t * t * t + maximum;
    }

    @Override
    public void onLoss(LossSample sample) {
        // Packets sent before the last cut say nothing new.
        if (!cutOnce || sample.newestLostSentNanos - recoveryNanos > 0) {
            cut(sample.nowNanos, sample.lostBytes);
        } else {
            undoBytes += undoBytes > 0 ? sample.lostBytes : 0;
        }
    }

    //= RFC 9438 §4.6 and §4.7
    private void cut(long nowNanos, long lostBytes) {
        if (cutOnce && lostBytes == 0 && nowNanos - recoveryNanos < srttNanos) {
            return;
        }
        undoBytes = lostBytes;
        undoWindow = window;
        undoThreshold = slowStartThreshold;
        undoMaximum = maximum;
        cutOnce = true;
        recoveryNanos = nowNanos;
        cutFrom = window;
        maximum = fastConvergence && window < maximum ? window * (1 + BETA) / 2 : window;
        window *= BETA;
        bound();
        slowStartThreshold = window;
        inEpoch = false;
    }

    //= RFC 9438 §4.9.2: everything that the cut was made for has arrived
    @Override
    public void onSpuriousLoss(long nowNanos, long bytes) {
        if (undoBytes <= 0) {
            return;
        }
        undoBytes -= bytes;
        if (undoBytes <= 0 && undoWindow > window) {
            window = undoWindow;
            slowStartThreshold = undoThreshold;
            maximum = undoMaximum;
            inEpoch = false;
            bound();
        }
    }

    //= RFC 9438 §4.8
    @Override
    public void onRetransmissionTimeout(long nowNanos, long bytesLost) {
        cut(nowNanos, bytesLost);
        undoBytes = 0;
        window = MIN_WINDOW_PACKETS;
        start = new HyStart();
        bound();
    }

    private void bound() {
        final double most = (double) config.maxWindowBytes() / config.packetBytes();
        window = Math.clamp(window, MIN_WINDOW_PACKETS, most);
    }

    @Override
    public long congestionWindowBytes() {
        return Math.clamp((long) (window * config.packetBytes()), config.packetBytes(), config.maxWindowBytes());
    }

    @Override
    public long pacingRateBytesPerSecond() {
        final double gain = window < slowStartThreshold ? SLOW_START_PACE : AVOIDANCE_PACE;
        return Math.max(1, (long) (gain * Bandwidth.rate(congestionWindowBytes(), srttNanos)));
    }

    @Override
    public long bandwidthBytesPerSecond() {
        return (long) Bandwidth.rate(congestionWindowBytes(), srttNanos);
    }

    @Override
    public String phase() {
        return window < slowStartThreshold ? "CubicSlowStart" : "CubicAvoidance";
    }

    @Override
    public String name() {
        return CubicFactory.NAME;
    }
}
