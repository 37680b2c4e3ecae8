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

/// Startup: doubles the rate in each round until the pipe is full (draft-ietf-ccwg-bbr-06 §5.3.1).
final class Startup extends Phase {
    //= draft-ietf-ccwg-bbr-06 §2.13: 4 ln 2, the least that lets the rate double in each round
    private static final double PACING_GAIN = 2.77;
    private static final double WINDOW_GAIN = 2.0;
    //= draft-ietf-ccwg-bbr-06 §5.3.1.2: growth below this for three rounds is a plateau
    private static final double FULL_GROWTH = 1.25;
    private static final int FULL_ROUNDS = 3;
    /// Queue that ends Startup: an eighth of the round trip, and at least 1 ms.
    private static final int QUEUE_DIVISOR = 8;
    private static final long QUEUE_FLOOR_NANOS = 1_000_000;
    /// The same on paths that are shorter than a scheduler's turn: there a pause of a host looks like a queue.
    private static final long SHORT_QUEUE_FLOOR_NANOS = 5_000_000;
    /// Loss that ends Startup by itself: above every corrupting path, below what doubling into a short buffer
    /// loses.
    private static final double LOSS_FRACTION = 0.10;
    private static final int LOSS_PACKETS = 8;

    /// Loss at which a rate that was only assumed is too high, and the initial windows that must be lost first: a
    /// burst
    /// takes one.
    private static final double HOPELESS_FRACTION = 0.5;

    private static final int HOPELESS_WINDOWS = 2;
    /// What is left of it.
    private static final double HOPELESS_SHARE = 0.25;

    /// Growth within a round at which the pipe is not full yet.
    private static final double DOUBLING = 1.5;

    private double fullBandwidth;
    private double roundBandwidth;
    private double nextRoundBandwidth;
    private int flatRounds;
    private boolean restarted;

    Startup(BbrController bbr, BbrModel model) {
        super(bbr, model);
    }

    /// Begins again after the model was lost.
    void restart() {
        fullBandwidth = 0;
        flatRounds = 0;
        roundBandwidth = 0;
        nextRoundBandwidth = 0;
        restarted = true;
    }

    /// True when this is not the start of the connection: the initial window is for beginners.
    boolean isRestarted() {
        return restarted;
    }

    @Override
    void onAck(AckSample sample) {
        if (isHopeless()) {
            model.assume(HOPELESS_SHARE * model.bandwidth());
            model.loss.reset();
        }
        if (model.rounds.started()) {
            roundBandwidth = nextRoundBandwidth;
            nextRoundBandwidth = model.hasBandwidth() ? model.maxBandwidth() : 0;
        }
        if (isPlateau()) {
            bbr.enterDrain(true);
        } else if (isQueue() || isHighLoss()) {
            bbr.enterDrain(false);
        }
    }

    // An application that sends little gives no samples, and what it loses ends no round when next to nothing arrives:
    // a
    // policer that passes far less than is assumed would be fed for ever.
    private boolean isHopeless() {
        return !model.hasBandwidth()
                && model.loss.presentFraction() > HOPELESS_FRACTION
                && model.loss.presentLostPackets() >= (long) HOPELESS_WINDOWS * model.config.initialWindowPackets();
    }

    private boolean isPlateau() {
        if (!model.rounds.started() || model.lastRoundAppLimited() || !model.hasBandwidth()) {
            return false;
        }
        if (model.maxBandwidth() >= fullBandwidth * FULL_GROWTH) {
            fullBandwidth = model.maxBandwidth();
            flatRounds = 0;
            return false;
        }
        return ++flatRounds >= FULL_ROUNDS;
    }

    //= draft-ietf-ccwg-bbr-06 §5.3.1 type=deviation: a queue shows a full pipe rounds before the plateau does
    private boolean isQueue() {
        final long minRttNanos = model.queue.minRttNanos();
        final long floorNanos = minRttNanos < QueueDelay.SHORT_RTT_NANOS ? SHORT_QUEUE_FLOOR_NANOS : QUEUE_FLOOR_NANOS;
        final long limitNanos = Math.max(floorNanos, minRttNanos / QUEUE_DIVISOR);
        return model.hasBandwidth()
                && model.queue.queueNanos() > limitNanos + model.queue.queuedPacketsNanos()
                && !(model.queue.swingNanos() > limitNanos / 2 && isDoubling());
    }

    /// True while what is delivered grows as what is sent does: then a delay is no queue, where jitter is known to
    /// make
    /// such delays. Without jitter nobody waits for that.
    private boolean isDoubling() {
        return model.maxBandwidth() >= DOUBLING * roundBandwidth;
    }

    //= draft-ietf-ccwg-bbr-06 §5.3.1.3 type=deviation: 10 % instead of 2 %, or any congestive loss with a queue or
    // marks
    private boolean isHighLoss() {
        return model.hasBandwidth()
                && (model.bounds.lossAgreed()
                        || model.bounds.congested()
                        || (model.loss.presentFraction() > LOSS_FRACTION
                                && model.loss.presentLostPackets() >= LOSS_PACKETS));
    }

    @Override
    double pacingGain() {
        //= draft-ietf-ccwg-bbr-06 §5.6.2 type=deviation: the initial window is spread over a round trip
        return model.hasBandwidth() ? PACING_GAIN : 1.0;
    }

    @Override
    double windowGain() {
        return WINDOW_GAIN;
    }

    @Override
    boolean probing() {
        return true;
    }

    @Override
    String label() {
        return "Startup";
    }
}
