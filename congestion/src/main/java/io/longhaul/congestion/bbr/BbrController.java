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
import io.longhaul.congestion.CongestionController;
import io.longhaul.congestion.LossSample;

/// BBR after draft-ietf-ccwg-bbr-06, re-tuned for long provisioned paths (see the package's table of departures).
///
/// {@snippet lang=text :
/// pacing rate = gain x bandwidth / (1 - corruption)
/// window      = window gain x bdp + bandwidth x (jitter + 1 ms at most) + batches + 4 packets
/// }
/// Window and rate are computed once for each acknowledgement; asking for them costs nothing. Nothing is allocated
/// after
/// construction. Worked number: 2 Gb/s x 20 ms is a bandwidth-delay product of 5 MB; the window of the steady state is
/// 6.25 MB plus what batches need, 0.16 MB.
///
/// Threading: single writer, like every controller.
public final class BbrController implements CongestionController {
    //= draft-ietf-ccwg-bbr-06 §2.6: the least that keeps acknowledgements flowing
    static final int MIN_WINDOW_PACKETS = 4;
    /// Share of the long-term volume left to others.
    private static final double HEADROOM = 0.02;
    /// Longest that a receiver holds an acknowledgement back, ns, and the share of the round trip that bounds it.
    private static final long ACK_DELAY_NANOS = 1_000_000;
    private static final int ACK_DELAY_DIVISOR = 16;
    /// How long either end may be away from its processor without the window running dry: short paths are shorter
    /// than a
    /// scheduler's turn.
    private static final long SCHEDULING_NANOS = 1_000_000;
    /// Slowest pace: a packet in this many seconds.
    private static final int SLOWEST_PACKET_SECONDS = 4;

    private final CongestionConfig config;
    private final BbrModel model;
    private final JumpStart jumpStart;
    private final Startup startup;
    private final Drain drain;
    private final ProbeBw probeBw;
    private final ProbeRtt probeRtt;
    private final BurstRate burst;
    private Phase phase;

    private boolean silent;
    private boolean lastWasLimited = true;
    private long windowBytes;
    private long pacingBytesPerSecond;

    /// Creates a controller.
    ///
    /// @param config path as known at the start
    /// @param seed selects the sequence by which waits between probes are spread
    public BbrController(CongestionConfig config, long seed) {
        this.config = config;
        model = new BbrModel(config);
        jumpStart = new JumpStart(this, model);
        startup = new Startup(this, model);
        drain = new Drain(this, model);
        probeBw = new ProbeBw(this, model, seed);
        probeRtt = new ProbeRtt(this, model);
        burst = new BurstRate(config.packetBytes());
        if (config.rateHintBytesPerSecond() > 0) {
            phase = jumpStart;
            model.assume(config.rateHintBytesPerSecond());
        } else {
            phase = startup;
            model.assume(Bandwidth.rate(initialWindowBytes(), config.initialRttNanos()));
        }
        updateControl();
    }

    @Override
    public void onPacketSent(long nowNanos, int bytes, long bytesInFlight, boolean appLimited) {
        //= draft-ietf-ccwg-bbr-06 §5.4.1: after an idle time the known rate is paced, without a probe. Nothing in
        // flight is
        // no idleness by itself: at a pace of less than a packet in a round trip that is the rule.
        final boolean wasIdle = bytesInFlight <= bytes && lastWasLimited;
        final boolean resumes = wasIdle || lastWasLimited && burst.isOver(nowNanos, model.queue.minRttNanos());
        lastWasLimited = appLimited;
        if (wasIdle && model.hasBandwidth() && !silent) {
            model.queue.onRestart(nowNanos);
            if (phase == probeBw) {
                probeBw.resume(nowNanos);
            }
            updateControl();
        }
        burst.onSent(nowNanos, bytes, resumes);
        if (resumes && phase == probeBw && !silent && probeBw.leap(nowNanos)) {
            updateControl();
        }
    }

    @Override
    public void onAck(AckSample sample) {
        if (silent && sample.newlyAckedBytes > 0) {
            silent = false;
            model.loss.reset();
        }
        model.onAck(sample, phase.probing(), phase.belowCapacity());
        final double burstRate = burst.onAck(sample, model.queue.minRttNanos());
        if (sample.appLimited && (phase == startup || phase == probeBw)) {
            model.onBurst(burstRate);
        }
        phase.onAck(sample);
        if (phase == probeBw && sample.newlyAckedBytes > 0 && model.isCollapsed()) {
            restart();
        }
        updateControl();
    }

    // Starts over from the smallest window: exponential growth finds the path again in a few round trips.
    private void restart() {
        model.restart(Bandwidth.rate((long) MIN_WINDOW_PACKETS * config.packetBytes(), model.queue.minRttNanos()));
        startup.restart();
        phase = startup;
    }

    @Override
    public void onLoss(LossSample sample) {
        model.onLoss(sample);
    }

    @Override
    public void onSpuriousLoss(long nowNanos, long bytes) {
        model.loss.onSpurious(bytes);
        model.bounds.onSpuriousLoss();
        updateControl();
    }

    @Override
    public void onRetransmissionTimeout(long nowNanos, long bytesLost) {
        model.bounds.onTimeout(!silent);
        silent = true;
        model.rounds.restart(model.deliveredBytes());
        model.loss.reset();
        model.queue.onRestart(nowNanos);
        if (phase == probeBw || phase == probeRtt) {
            phase = probeBw;
            probeBw.enterCruise(nowNanos);
        }
        updateControl();
    }

    @Override
    public long congestionWindowBytes() {
        return windowBytes;
    }

    @Override
    public long pacingRateBytesPerSecond() {
        return pacingBytesPerSecond;
    }

    @Override
    public long bandwidthBytesPerSecond() {
        final boolean known = model.hasBandwidth() || config.rateHintBytesPerSecond() > 0;
        return known ? Math.max(1, (long) model.bandwidth()) : 0;
    }

    @Override
    public String phase() {
        return phase.label();
    }

    @Override
    public String name() {
        return BbrFactory.NAME;
    }

    void enterDrain(boolean pipeFilled) {
        phase = drain;
        model.aggregation.reset();
        drain.enter(pipeFilled);
    }

    void enterProbeBwCruise() {
        phase = probeBw;
        probeBw.enterCruise(model.nowNanos());
    }

    void enterProbeBwAfterDrain(boolean pipeFilled) {
        phase = probeBw;
        probeBw.enterAfterDrain(model.nowNanos(), pipeFilled);
    }

    void enterProbeBwAfterJumpStart() {
        phase = probeBw;
        probeBw.enterAfterJumpStart(model.nowNanos());
    }

    void enterProbeRtt() {
        phase = probeRtt;
        probeRtt.enter();
    }

    //= draft-ietf-ccwg-bbr-06 §5.6: the control parameters follow the model at every acknowledgement
    private void updateControl() {
        pacingBytesPerSecond = pacingRate();
        windowBytes = window();
    }

    //= draft-ietf-ccwg-bbr-06 §5.6.2 type=deviation: no margin, and what the path corrupts is sent on top
    private long pacingRate() {
        final double maxCompensation = phase == probeBw ? probeBw.maxCompensation() : Double.MAX_VALUE;
        final double compensation = Math.min(maxCompensation, 1 / (1 - model.loss.floorFraction()));
        final double rate = phase.pacingGain() * model.bandwidth() * compensation;
        return Math.max(Math.max(1, config.packetBytes() / SLOWEST_PACKET_SECONDS), (long) rate);
    }

    //= draft-ietf-ccwg-bbr-06 §5.6.4: the window follows the volume that the path holds, within its bounds
    private long window() {
        final long minBytes = (long) MIN_WINDOW_PACKETS * config.packetBytes();
        if (silent) {
            return minBytes;
        }
        final long roundTripNanos = model.queue.minRttNanos();
        final long ackDelayNanos = Math.min(ACK_DELAY_NANOS, roundTripNanos / ACK_DELAY_DIVISOR);
        // While the rate doubles, a growing queue looks like jitter: no room for that.
        final long jitterNanos = phase == startup ? 0 : model.queue.spreadNanos();
        final long slackNanos = Math.max(SCHEDULING_NANOS, 2 * ackDelayNanos + 2 * jitterNanos);
        double bytes = phase.windowGain() * model.bandwidth() * roundTripNanos / 1e9;
        bytes += model.bandwidth() * slackNanos / 1e9 + minBytes;
        if (phase == startup && !startup.isRestarted()) {
            // A growing rate looks like acknowledgements that run ahead: no room for that here.
            bytes = Math.max(bytes, initialWindowBytes());
        } else {
            bytes += model.aggregation.excessBytes();
        }
        if (!phase.probing() && model.bounds.inflightHiBytes() != Long.MAX_VALUE) {
            final double hiBytes = (1 - HEADROOM) * model.bounds.inflightHiBytes();
            bytes = Math.min(bytes, Math.max(hiBytes, model.bdpBytes() + minBytes));
        }
        return Math.min(config.maxWindowBytes(), Math.max(minBytes, (long) bytes));
    }

    private long initialWindowBytes() {
        return (long) config.initialWindowPackets() * config.packetBytes();
    }
}
