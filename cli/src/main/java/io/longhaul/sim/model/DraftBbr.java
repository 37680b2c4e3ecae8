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
package io.longhaul.sim.model;

import io.longhaul.congestion.AckSample;
import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.CongestionController;
import io.longhaul.congestion.LossSample;
import io.longhaul.congestion.WindowedFilter;
import java.util.SplittableRandom;

/// BBR version 3 with the constants of its draft (draft-ietf-ccwg-bbr-06), as a baseline and as cross traffic; without
/// its
/// ECN response, its extra acknowledged filter and its idle restart.
///
/// What it costs by design on a long path: 1 % of the rate (pacing margin), and half the volume for 200 ms of every 5
/// s.
final class DraftBbr implements CongestionController {
    private enum Mode {
        STARTUP,
        DRAIN,
        DOWN,
        CRUISE,
        REFILL,
        UP,
        PROBE_RTT
    }

    //= draft-ietf-ccwg-bbr-06 §2.4 and §5
    private static final double STARTUP_PACE = 2.77;
    private static final double DRAIN_PACE = 0.5;
    private static final double DOWN_PACE = 0.9;
    private static final double UP_PACE = 1.25;
    private static final double UP_WINDOW = 2.25;
    private static final double WINDOW = 2.0;
    private static final double MARGIN = 0.01;
    private static final double LOSS_THRESHOLD = 0.02;
    private static final double BETA = 0.7;
    private static final double HEADROOM = 0.15;
    private static final int MIN_PIPE_PACKETS = 4;
    private static final double FULL_GROWTH = 1.25;
    private static final int FULL_ROUNDS = 3;
    private static final int STARTUP_LOSSES = 6;
    private static final long PROBE_RTT_EVERY_NANOS = 5_000_000_000L;
    private static final long MIN_RTT_WINDOW_NANOS = 10_000_000_000L;
    private static final long PROBE_RTT_NANOS = 200_000_000L;
    private static final double PROBE_RTT_WINDOW = 0.5;
    private static final long WAIT_BASE_NANOS = 2_000_000_000L;
    private static final int MAX_WAIT_ROUNDS = 63;

    private final CongestionConfig config;
    private final SplittableRandom random;
    private final WindowedFilter maxBandwidth = new WindowedFilter(1); // by cycle
    private Mode mode = Mode.STARTUP;
    private Mode beforeProbeRtt = Mode.CRUISE;

    private long cycles;
    private long minRttNanos;
    private long minRttStampNanos;
    private long probeRttMinNanos = Long.MAX_VALUE;
    private long probeRttStampNanos;
    private long probeRttDoneNanos;

    private long roundEndBytes;
    private boolean roundStart;
    private long roundsInMode;
    private long roundLostBytes;
    private long roundAckedBytes;
    private int roundLossEvents;
    private double roundMaxBandwidth;

    private double fullBandwidth;
    private int fullCount;
    private boolean filled;

    private double bandwidthLo = Double.MAX_VALUE;
    private double inflightLo = Double.MAX_VALUE;
    private double inflightHi = Double.MAX_VALUE;
    private double probeUpPackets;
    private double probeUpAcked;
    private int probeUpRounds;
    private long modeNanos;
    private long waitNanos;
    private long windowBytes;
    private double pace;

    DraftBbr(CongestionConfig config, long seed) {
        this.config = config;
        random = new SplittableRandom(seed);
        minRttNanos = config.initialRttNanos();
        windowBytes = (long) config.initialWindowPackets() * config.packetBytes();
        pace = STARTUP_PACE * windowBytes * 1e9 / minRttNanos;
    }

    @Override
    public void onPacketSent(long nowNanos, int bytes, long bytesInFlight, boolean appLimited) {
        // Nothing follows from it here.
    }

    @Override
    public void onAck(AckSample sample) {
        updateRound(sample);
        if (sample.deliveryRateBytesPerSecond > 0
                && (!sample.appLimited || sample.deliveryRateBytesPerSecond >= maxBandwidth.best())) {
            maxBandwidth.update(cycles, sample.deliveryRateBytesPerSecond);
            roundMaxBandwidth = Math.max(roundMaxBandwidth, sample.deliveryRateBytesPerSecond);
        }
        roundAckedBytes += sample.newlyAckedBytes;
        updateMinRtt(sample);
        switch (mode) {
            case STARTUP -> startup(sample);
            case DRAIN -> {
                if (sample.bytesInFlight <= bdp(1)) {
                    enterDown(sample.nowNanos);
                }
            }
            case PROBE_RTT -> probeRtt(sample);
            default -> probeBandwidth(sample);
        }
        if (roundStart) {
            closeRound();
        }
        control(sample);
    }

    private void updateRound(AckSample sample) {
        roundStart = sample.packetDeliveredBytes >= roundEndBytes;
        if (roundStart) {
            roundEndBytes = sample.deliveredBytes;
            roundsInMode++;
        }
    }

    private void closeRound() {
        if (filled && mode != Mode.UP && mode != Mode.REFILL && mode != Mode.PROBE_RTT && roundLostBytes > 0) {
            //= draft-ietf-ccwg-bbr-06 §5.5.10.3: a round with loss takes 30 % of the short-term bounds
            if (bandwidthLo == Double.MAX_VALUE) {
                bandwidthLo = maxBandwidth.best();
                inflightLo = windowBytes;
            }
            bandwidthLo = Math.max(roundMaxBandwidth, BETA * bandwidthLo);
            inflightLo = Math.max(roundAckedBytes, BETA * inflightLo);
        }
        roundLostBytes = 0;
        roundAckedBytes = 0;
        roundLossEvents = 0;
        roundMaxBandwidth = 0;
    }

    private boolean isLossTooHigh() {
        return roundLostBytes > LOSS_THRESHOLD * (roundLostBytes + roundAckedBytes) && roundLossEvents > 0;
    }

    private void updateMinRtt(AckSample sample) {
        if (sample.rttNanos <= 0) {
            return;
        }
        if (sample.rttNanos < probeRttMinNanos || sample.nowNanos - probeRttStampNanos > PROBE_RTT_EVERY_NANOS) {
            final boolean expired =
                    probeRttMinNanos != Long.MAX_VALUE && sample.nowNanos - probeRttStampNanos > PROBE_RTT_EVERY_NANOS;
            probeRttMinNanos = sample.rttNanos;
            probeRttStampNanos = sample.nowNanos;
            if (expired && mode != Mode.PROBE_RTT && filled) {
                beforeProbeRtt = mode;
                enter(Mode.PROBE_RTT, sample.nowNanos);
                probeRttDoneNanos = 0;
            }
        }
        if (probeRttMinNanos <= minRttNanos || sample.nowNanos - minRttStampNanos > MIN_RTT_WINDOW_NANOS) {
            minRttNanos = probeRttMinNanos;
            minRttStampNanos = probeRttStampNanos;
        }
    }

    private void startup(AckSample sample) {
        if (roundStart && !sample.appLimited) {
            if (maxBandwidth.best() >= fullBandwidth * FULL_GROWTH) {
                fullBandwidth = maxBandwidth.best();
                fullCount = 0;
            } else {
                filled = ++fullCount >= FULL_ROUNDS;
            }
            if (isLossTooHigh() && roundLossEvents >= STARTUP_LOSSES) {
                filled = true;
                inflightHi = Math.max(bdp(1), roundAckedBytes);
            }
        }
        if (filled) {
            enter(Mode.DRAIN, sample.nowNanos);
        }
    }

    private void probeRtt(AckSample sample) {
        if (probeRttDoneNanos == 0 && sample.bytesInFlight <= probeRttWindow()) {
            probeRttDoneNanos = sample.nowNanos + PROBE_RTT_NANOS;
        } else if (probeRttDoneNanos != 0 && sample.nowNanos >= probeRttDoneNanos) {
            probeRttStampNanos = sample.nowNanos;
            bandwidthLo = Double.MAX_VALUE;
            inflightLo = Double.MAX_VALUE;
            enter(beforeProbeRtt == Mode.STARTUP ? Mode.STARTUP : Mode.CRUISE, sample.nowNanos);
        }
    }

    private double probeRttWindow() {
        return Math.max(MIN_PIPE_PACKETS * (double) config.packetBytes(), bdp(PROBE_RTT_WINDOW));
    }

    private void probeBandwidth(AckSample sample) {
        final long sinceNanos = sample.nowNanos - modeNanos;
        switch (mode) {
            case DOWN -> {
                if (sinceNanos >= waitNanos) {
                    enterRefill(sample.nowNanos);
                } else if (sample.bytesInFlight <= Math.min(bdp(1), withHeadroom())) {
                    mode = Mode.CRUISE;
                }
            }
            case CRUISE -> {
                final long rounds = (long) Math.min(MAX_WAIT_ROUNDS, bdp(1) / config.packetBytes());
                if (sinceNanos >= waitNanos || roundsInMode >= rounds) {
                    enterRefill(sample.nowNanos);
                }
            }
            case REFILL -> {
                if (roundStart && roundsInMode > 1) {
                    enter(Mode.UP, sample.nowNanos);
                    probeUpRounds = 0;
                    raiseSlope();
                }
            }
            case UP -> {
                growHi(sample);
                if (isLossTooHigh()) {
                    inflightHi = Math.max(sample.packetBytesInFlight, bdp(1) * BETA);
                    enterDown(sample.nowNanos);
                } else if (sinceNanos > minRttNanos && sample.bytesInFlight > bdp(UP_PACE)) {
                    enterDown(sample.nowNanos);
                }
            }
            default -> throw new IllegalStateException("no phase of ProbeBW: " + mode);
        }
    }

    //= draft-ietf-ccwg-bbr-06 §5.3.3.6: the bound grows exponentially while probing finds room
    private void growHi(AckSample sample) {
        if (inflightHi == Double.MAX_VALUE) {
            return;
        }
        if (roundStart) {
            raiseSlope();
        }
        probeUpAcked += (double) sample.newlyAckedBytes / config.packetBytes();
        if (probeUpAcked >= probeUpPackets) {
            inflightHi += Math.floor(probeUpAcked / probeUpPackets) * config.packetBytes();
            probeUpAcked %= probeUpPackets;
        }
    }

    private void raiseSlope() {
        probeUpPackets = Math.max(1, (double) windowBytes / config.packetBytes() / (1L << Math.min(30, probeUpRounds)));
        probeUpRounds++;
    }

    private void enterDown(long nowNanos) {
        enter(Mode.DOWN, nowNanos);
        cycles++;
        waitNanos = WAIT_BASE_NANOS + random.nextLong(1_000_000_000L);
    }

    private void enterRefill(long nowNanos) {
        bandwidthLo = Double.MAX_VALUE;
        inflightLo = Double.MAX_VALUE;
        enter(Mode.REFILL, nowNanos);
    }

    private void enter(Mode next, long nowNanos) {
        mode = next;
        modeNanos = nowNanos;
        roundsInMode = 0;
    }

    private double bandwidth() {
        return Math.min(maxBandwidth.best(), bandwidthLo);
    }

    private double bdp(double gain) {
        return gain * maxBandwidth.best() * minRttNanos / 1e9;
    }

    private double withHeadroom() {
        return inflightHi == Double.MAX_VALUE ? Double.MAX_VALUE : inflightHi * (1 - HEADROOM);
    }

    private void control(AckSample sample) {
        final double minBytes = (double) MIN_PIPE_PACKETS * config.packetBytes();
        final double gain = switch (mode) {
            case STARTUP -> STARTUP_PACE;
            case DRAIN -> DRAIN_PACE;
            case DOWN -> DOWN_PACE;
            case UP -> UP_PACE;
            default -> 1.0;
        };
        final double rate = gain * bandwidth() * (1 - MARGIN);
        if (filled || rate > pace) {
            pace = rate;
        }
        double window =
                (mode == Mode.UP ? UP_WINDOW : WINDOW) * bdp(1) * (bandwidth() / Math.max(1, maxBandwidth.best()))
                        + 3.0 * config.packetBytes();
        if (!filled) {
            window = Math.max(window, windowBytes + sample.newlyAckedBytes);
        }
        if (mode == Mode.PROBE_RTT) {
            window = Math.min(window, probeRttWindow());
        } else if (mode == Mode.CRUISE || mode == Mode.DOWN) {
            window = Math.min(window, withHeadroom());
        } else if (filled) {
            window = Math.min(window, inflightHi);
        }
        window = Math.min(window, inflightLo);
        windowBytes = (long) Math.clamp(window, minBytes, (double) config.maxWindowBytes());
    }

    @Override
    public void onLoss(LossSample sample) {
        roundLostBytes += sample.lostBytes;
        roundLossEvents++;
    }

    @Override
    public void onSpuriousLoss(long nowNanos, long bytes) {
        roundLostBytes = Math.max(0, roundLostBytes - bytes);
    }

    @Override
    public void onRetransmissionTimeout(long nowNanos, long bytesLost) {
        windowBytes = (long) MIN_PIPE_PACKETS * config.packetBytes();
    }

    @Override
    public long congestionWindowBytes() {
        return windowBytes;
    }

    @Override
    public long pacingRateBytesPerSecond() {
        return Math.max(config.packetBytes(), (long) pace);
    }

    @Override
    public long bandwidthBytesPerSecond() {
        return maxBandwidth.best();
    }

    @Override
    public String phase() {
        return "Draft" + mode;
    }

    @Override
    public String name() {
        return "bbr3";
    }
}
