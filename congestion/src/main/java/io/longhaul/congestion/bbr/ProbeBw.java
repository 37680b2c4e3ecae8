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

/// ProbeBW: the steady state, a cycle of DOWN, CRUISE, REFILL and UP (draft-ietf-ccwg-bbr-06 §5.3.3).
///
/// {@snippet lang=text :
/// DOWN    0.95 x for a round, then until the queue is low: gives back what UP put into the queue, and shows what
///         the path loses when it is not full
/// CRUISE  1.0 x less what drains the queue above its low mark within one and a quarter round trips
/// REFILL  1.0 x for a round, so that UP starts from a full pipe
/// UP      pulses of 1.05, 1.1, 1.15, 1.25, 1.5, 2 x, a round each, each followed by a round of 1.0 x in which it is
///         judged; the first two are smaller over paths of more than 25 ms, the third only after a queue lately
/// }
final class ProbeBw extends Phase {
    enum Step {
        DOWN("ProbeBwDown"),
        CRUISE("ProbeBwCruise"),
        REFILL("ProbeBwRefill"),
        UP("ProbeBwUp");

        private final String label;

        Step(String label) {
            this.label = label;
        }
    }

    private static final double DOWN_GAIN = 0.95;
    /// Most that is made up for corruption while DOWN measures it.
    private static final double DOWN_COMPENSATION = 1.02;
    private static final double DOWN_DOUBT = 2;
    private static final double DOWN_DOUBT_ABOVE = 0.01;
    private static final int DOWN_MIN_ROUNDS = 2;
    private static final int DOWN_MAX_ROUNDS = 6;
    /// Rounds of DOWN in which queue, marks and losses are still those of UP.
    private static final int DOWN_GRACE_ROUNDS = 2;

    /// Most that CRUISE slows down for a queue.
    private static final double MAX_DRAIN = 0.15;
    /// Most that DOWN slows down: what UP put into the queue it takes out again.
    private static final double DOWN_MAX_DRAIN = 0.2;
    /// Round trips in which a queue above its low mark is to drain.
    private static final double DRAIN_ROUNDS = 1.25;
    /// Push while there is no queue at all, so that the bottleneck never idles by an estimate that is a little low.
    private static final double CRUISE_PUSH = 1.005;
    /// Part of the low mark of the queue below which there is none at all.
    private static final double IDLE_DIVISOR = 4;

    //= draft-ietf-ccwg-bbr-06 §5.3.3.5 type=deviation: 8 rounds and 1 s instead of up to 63 rounds and 2 to 3 s
    private static final int CRUISE_MIN_ROUNDS = 8;
    private static final long CRUISE_MIN_NANOS = 1_000_000_000L;
    /// On a short path what the hosts were slow to send or take passes for its rate, and often: it is probed
    /// sooner, with
    /// the gain of the draft, and pauses of the application do not put that off.
    private static final int SHORT_CRUISE_ROUND_TRIPS = 50;

    private static final long SHORT_CRUISE_MIN_NANOS = 20_000_000;
    private static final int SHORT_FIRST_PULSE = 3;

    /// Time after which a bound that a queue has left is tested, at the least: flows over short paths would else
    /// test
    /// it more often than those over long ones, and take from them.
    private static final int RELIEF_ROUNDS = 4;

    private static final long RELIEF_NANOS = 320_000_000L;
    /// Rounds after Drain in which losses and queue are Startup's.
    private static final int GRACE_ROUNDS = 3;
    /// Probes that follow one another quickly while it is not known whether the pipe was ever full, and rounds
    /// between.
    private static final int EARLY_PROBES = 3;
    private static final int EARLY_ROUNDS = 3;

    //= draft-ietf-ccwg-bbr-06 §5.3.3.4 type=deviation: 1.25 x from the start would overflow a buffer of 0.25 BDP
    private static final double[] UP_GAINS = {1.05, 1.1, 1.15, 1.25, 1.5, 2.0};
    /// Round trip up to which the first pulses are that large, ns, and how many of them shrink beyond it.
    private static final double FULL_PULSE_RTT_NANOS = 22e6;

    /// How they shrink. With 1 all flows that meet make queues of the same length, but those over long paths find
    /// too little room; with 0.5 they fill the queue of a flow over a short path.
    private static final double PULSE_EXPONENT = 0.75;

    private static final int SCALED_PULSES = 2;
    /// The pulse that is for paths on which queues have lately put a bound: others are there, and what is free of a
    /// queue for a moment is not all for one.
    private static final int SHARED_PULSE = 2;

    /// Share of the expected growth that must be delivered for the first pulse to have found room; and a later one,
    /// which
    /// is not to take from others what the path does not have.
    private static final double UP_GROWTH = 0.5;
    private static final double UP_CLEAR_GROWTH = 0.8;
    /// Rounds without any queue beyond those in which the push of CRUISE must have made one, if the path were full:
    /// the
    /// push itself takes up to 4 % of room without a probe.
    private static final int IDLE_ROUNDS = 5;
    /// Rounds by which this is spread, so that flows that see the same room do not take it in step.
    private static final int IDLE_SPREAD = 3;

    private static final double IDLE_GROWTH = 0.5;
    /// Below this many packets per round trip a pulse of 5 % is less than a packet or two: start higher.
    private static final int SMALL_BDP_PACKETS = 40;

    /// What the rate is multiplied by behind a pause while it was not tested, and the growth that has it done
    /// again.
    private static final double LEAP_GAIN = 2.0;
    /// The same where it was tested, long ago.
    private static final double SMALL_LEAP_GAIN = 1.25;

    private static final double LEAP_GROWTH = 1.2;
    private static final int LEAP_ROUNDS = 1;
    /// How long a test of the rate is believed.
    private static final long TEST_VALID_NANOS = 60_000_000_000L;

    private static final long NEVER = Long.MIN_VALUE;

    private Step step = Step.CRUISE;
    private long startRound;
    private long startNanos;
    private long waitNanos;
    private long waitRounds;
    private long graceRounds;
    private int earlyProbes;
    private long jitterState;
    private int idleRounds;
    private int idleWait;
    private boolean roomSeen;
    private double idleBase;

    private int pulse;
    private boolean pulsing;
    private double pulseBase;
    private boolean shared;
    private boolean policed;
    private int pulsesGrown;

    private long testedNanos = NEVER;
    private boolean leaping;
    private double leapGain;
    private long leapRound;
    private double leapBase;
    private long leapNanos;

    ProbeBw(BbrController bbr, BbrModel model, long seed) {
        super(bbr, model);
        jitterState = seed;
    }

    void enterCruise(long nowNanos) {
        begin(Step.CRUISE, nowNanos);
        leaping = false;
        //= draft-ietf-ccwg-bbr-06 §5.3.3.5: the wait is spread, so that flows do not probe in step
        final double spread = 0.75 + 0.5 * nextFraction();
        final boolean early = earlyProbes > 0;
        earlyProbes = early ? earlyProbes - 1 : 0;
        waitRounds = early ? EARLY_ROUNDS : CRUISE_MIN_ROUNDS;
        waitNanos = early ? 0 : (long) (cruiseNanos() * spread);
        graceRounds = 0;
        idleRounds = 0;
        idleWait = IDLE_ROUNDS + (int) (IDLE_SPREAD * nextFraction());
    }

    /// The application sends again after a pause.
    void resume(long nowNanos) {
        if (!isShort() || step != Step.CRUISE) {
            enterCruise(nowNanos);
        }
    }

    /// A path on which pauses of the hosts are longer than the round trip.
    private boolean isShort() {
        return model.queue.minRttNanos() < QueueDelay.SHORT_RTT_NANOS;
    }

    private long cruiseNanos() {
        return isShort()
                ? Math.max(SHORT_CRUISE_MIN_NANOS, SHORT_CRUISE_ROUND_TRIPS * model.queue.minRttNanos())
                : CRUISE_MIN_NANOS;
    }

    /// The application sends again after a pause. Between pauses there may never be time for a probe: while none
    /// has
    /// shown that the path carries no more, the first round trip is one, at once again as long as that finds more,
    /// and
    /// else once in a second.
    ///
    /// @return whether it is
    //= draft-ietf-ccwg-bbr-06 §5.4.1 type=deviation: an estimate that was never tested is doubled behind a pause
    boolean leap(long nowNanos) {
        final boolean tested = testedNanos != NEVER && nowNanos - testedNanos < TEST_VALID_NANOS;
        final boolean due = leapBase == 0
                || model.bandwidth() >= LEAP_GROWTH * leapBase
                || nowNanos - leapNanos >= CRUISE_MIN_NANOS;
        if (tested || !due || step != Step.CRUISE || model.bounds.active()) {
            return false;
        }
        leaping = true;
        leapGain = testedNanos == NEVER ? LEAP_GAIN : SMALL_LEAP_GAIN;
        leapRound = model.rounds.count();
        leapBase = model.bandwidth();
        leapNanos = nowNanos;
        return true;
    }

    private boolean isLeaping(int rounds) {
        return leaping && step == Step.CRUISE && model.rounds.count() - leapRound < rounds;
    }

    /// Enters CRUISE; the first rounds still report on what Startup did.
    ///
    /// @param pipeFilled false when Startup ended before its plateau: the first probes then follow at once
    void enterAfterDrain(long nowNanos, boolean pipeFilled) {
        earlyProbes = pipeFilled ? 0 : EARLY_PROBES;
        testedNanos = pipeFilled ? nowNanos : NEVER;
        enterCruise(nowNanos);
        graceRounds = GRACE_ROUNDS;
    }

    /// Probes at once: what is known is a declared rate, and there may be more.
    void enterAfterJumpStart(long nowNanos) {
        earlyProbes = EARLY_PROBES - 1;
        enterRefill(nowNanos);
    }

    private void enterRefill(long nowNanos) {
        begin(Step.REFILL, nowNanos);
    }

    private void enterUp(long nowNanos) {
        begin(Step.UP, nowNanos);
        final long bdpPackets = model.bdpBytes() / model.config.packetBytes();
        pulse = bdpPackets >= SMALL_BDP_PACKETS ? 0 : bdpPackets >= SMALL_BDP_PACKETS / 2 ? 1 : 2;
        if (isShort()) {
            pulse = SHORT_FIRST_PULSE;
        }
        if (roomSeen) {
            // As much as the first pulse would show is known.
            pulse = Math.max(pulse, 1);
            roomSeen = false;
        }
        pulsing = true;
        shared = model.bounds.reliefLikely();
        pulseBase = model.bandwidth();
        policed = false;
        pulsesGrown = 0;
    }

    private void enterDown(long nowNanos) {
        begin(Step.DOWN, nowNanos);
        if (!model.lastRoundAppLimited()) {
            testedNanos = nowNanos;
        }
        if (pulsesGrown >= 2 && !model.queue.isHigh()) {
            // Much room and no queue at its end: what ended the probe was chance, and there may be more.
            earlyProbes = Math.max(earlyProbes, 1);
        }
        model.endCycle();
    }

    private void begin(Step next, long nowNanos) {
        step = next;
        startRound = model.rounds.count();
        startNanos = nowNanos;
    }

    @Override
    void onAck(AckSample sample) {
        switch (step) {
            case DOWN -> onAckDown(sample);
            case CRUISE -> onAckCruise(sample);
            case REFILL -> {
                if (model.rounds.started()) {
                    enterUp(sample.nowNanos);
                }
            }
            case UP -> onAckUp(sample);
        }
    }

    private void onAckDown(AckSample sample) {
        final long roundsSeen = roundsSeen();
        if (roundsSeen < DOWN_MIN_ROUNDS && !model.bounds.congested()) {
            // What UP sent is still being reported on.
            model.bounds.raise(model.latestBandwidth());
        }
        if ((roundsSeen >= DOWN_MIN_ROUNDS && model.queue.isLow()) || roundsSeen >= DOWN_MAX_ROUNDS) {
            enterCruise(sample.nowNanos);
        }
    }

    private void onAckCruise(AckSample sample) {
        if (!model.rounds.started()) {
            return;
        }
        if (model.queue.expired(sample.nowNanos, ProbeRtt.MIN_RTT_WINDOW_NANOS)) {
            onMinRttExpired(sample);
            return;
        }
        final long roundsSeen = roundsSeen();
        // A quick probe into a delay that stands would end at once, and begin the rounds anew that tell whose it is.
        final boolean futile = waitNanos == 0 && model.queue.isHigh() && model.bounds.judgesDelay();
        final boolean waited = roundsSeen >= waitRounds && sample.nowNanos - startNanos >= waitNanos && !futile;
        // A bound left by congestion that has passed is tested sooner.
        final boolean relieved = roundsSeen >= RELIEF_ROUNDS
                && sample.nowNanos - startNanos >= RELIEF_NANOS
                && model.bounds.reliefLikely()
                && model.queue.isLow();
        if (waited || relieved || hasRoom()) {
            enterRefill(sample.nowNanos);
        }
    }

    /// Counts a round of CRUISE. Pushing into a full path for n rounds makes a queue of n x 0.5 % of the round
    /// trip: when
    /// there is none, and what is delivered grows with the push, the path has room, and waiting would waste it. A
    /// policer
    /// makes no queue either, but delivers no more.
    private boolean hasRoom() {
        final boolean limited = model.bounds.active() && !model.bounds.reliefLikely();
        if (!isIdle() || model.lastRoundAppLimited() || limited) {
            idleRounds = 0;
            return false;
        }
        if (idleRounds++ == 0) {
            idleBase = model.latestBandwidth();
        }
        final double push = (CRUISE_PUSH - 1) * model.queue.minRttNanos();
        final int needed = idleWait + (int) Math.ceil(model.queue.lowNanos() / IDLE_DIVISOR / push);
        final double grown = 1 + IDLE_GROWTH * (CRUISE_PUSH - 1) * (idleRounds - 1);
        roomSeen = idleRounds >= needed && model.latestBandwidth() >= idleBase * grown;
        return roomSeen;
    }

    private boolean isIdle() {
        return model.queue.queueNanos() < model.queue.lowNanos() / IDLE_DIVISOR && !model.bounds.congested();
    }

    private void onMinRttExpired(AckSample sample) {
        if (model.standingQueueNanos() < model.queue.lowNanos() || model.lastRoundAppLimited()) {
            model.queue.confirm(sample.nowNanos);
        } else {
            bbr.enterProbeRtt();
        }
    }

    private void onAckUp(AckSample sample) {
        model.bounds.raise(model.latestBandwidth());
        if (model.bounds.lossAgreed() || (roundsSeen() > 0 && model.bounds.congested())) {
            //= draft-ietf-ccwg-bbr-06 §5.3.3.4: congestion while probing sets the long-term volume
            model.bounds.setInflightHi(Math.max(sample.packetBytesInFlight, model.bdpBytes()));
            model.bounds.answerLoss();
            enterDown(sample.nowNanos);
        } else if (roundsSeen() > 0 && model.bounds.lossAlone()) {
            policed = true;
            model.bounds.withdraw(pulseBase);
            enterDown(sample.nowNanos);
        } else if (model.queue.isHigh()) {
            enterDown(sample.nowNanos);
        } else if (model.rounds.started()) {
            onRoundUp(sample);
        }
    }

    private void onRoundUp(AckSample sample) {
        if (pulsing) {
            pulsing = false;
            return;
        }
        final double expected = pulseBase * (upGain() - 1);
        final double needed = pulse == 0 ? UP_GROWTH : UP_CLEAR_GROWTH;
        final boolean grew = model.latestBandwidth() >= pulseBase + needed * expected;
        // A queue at the end of a pulse says that what grew was taken from others: a larger pulse would only fill it.
        if (model.lastRoundAppLimited() || !grew || !model.queue.isLow()) {
            model.bounds.clearInflightHi();
            enterDown(sample.nowNanos);
            return;
        }
        model.bounds.clearInflightHi();
        pulsesGrown++;
        pulse = Math.min(pulse + 1, UP_GAINS.length - 1);
        pulse += pulse == SHARED_PULSE && !shared ? 1 : 0;
        pulsing = true;
        pulseBase = model.bandwidth();
    }

    private long roundsSeen() {
        return model.rounds.count() - startRound;
    }

    @Override
    double pacingGain() {
        return switch (step) {
            case DOWN ->
                roundsSeen() == 0
                        ? Math.min(downGain(), queueGain(DOWN_MAX_DRAIN, 1))
                        : queueGain(DOWN_MAX_DRAIN, DRAIN_ROUNDS);
            case CRUISE -> isLeaping(LEAP_ROUNDS) ? leapGain : cruiseGain();
            case REFILL -> 1.0;
            case UP -> pulsing ? upGain() : 1.0;
        };
    }

    /// A pulse is a round trip long: over long paths a smaller one puts as much into a full queue, and rates are
    /// known
    /// better there.
    private double upGain() {
        final double scale = Math.min(1, Math.pow(FULL_PULSE_RTT_NANOS / model.queue.minRttNanos(), PULSE_EXPONENT));
        return pulse < SCALED_PULSES ? 1 + (UP_GAINS[pulse] - 1) * scale : UP_GAINS[pulse];
    }

    /// The more the path is believed to corrupt, the lower DOWN goes: if it is our overflow after all, it must
    /// show.
    private double downGain() {
        return DOWN_GAIN - DOWN_DOUBT * Math.max(0, model.loss.floorFraction() - DOWN_DOUBT_ABOVE);
    }

    //= draft-ietf-ccwg-bbr-06 §5.3.3.2 type=deviation: the queue, not a fixed margin, decides how far below 1.0
    private double cruiseGain() {
        return isIdle() ? CRUISE_PUSH : queueGain(MAX_DRAIN, DRAIN_ROUNDS);
    }

    private double queueGain(double most, double rounds) {
        final long excessNanos = model.queue.queueNanos() - model.queue.lowNanos();
        if (excessNanos <= 0 || model.queue.hasRival()) {
            return 1.0;
        }
        return 1.0 - Math.min(most, excessNanos / (rounds * model.queue.minRttNanos()));
    }

    /// Most that pacing may make up for corruption: less while it is being measured.
    double maxCompensation() {
        return step == Step.DOWN && roundsSeen() == 0 ? DOWN_COMPENSATION : Double.MAX_VALUE;
    }

    @Override
    double windowGain() {
        if (isLeaping(LEAP_ROUNDS)) {
            return leapGain + 0.25;
        }
        return step == Step.UP ? Math.max(STEADY_WINDOW_GAIN, UP_GAINS[pulse] + 0.25) : STEADY_WINDOW_GAIN;
    }

    @Override
    boolean probing() {
        return switch (step) {
            case UP, REFILL -> true;
            case DOWN -> roundsSeen() < DOWN_GRACE_ROUNDS;
            case CRUISE -> roundsSeen() < graceRounds || isLeaping(GRACE_ROUNDS);
        };
    }

    @Override
    boolean belowCapacity() {
        return step == Step.DOWN && roundsSeen() == 1 && !policed;
    }

    @Override
    String label() {
        return step.label;
    }

    /// Next value of a fixed sequence in 0..1 (SplitMix64), which the seed selects.
    private double nextFraction() {
        jitterState += 0x9E3779B97F4A7C15L;
        long z = jitterState;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return ((z ^ (z >>> 31)) >>> 11) * 0x1.0p-53;
    }
}
