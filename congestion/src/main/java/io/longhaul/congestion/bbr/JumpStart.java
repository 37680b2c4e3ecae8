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

/// Jump start: paces at a declared or remembered rate from the first packet on, and retreats when the path objects.
///
/// After careful resume (draft-ietf-tsvwg-careful-resume): the rate is unvalidated until a whole round trip sent at it
/// has
/// been reported on. The path objects by delay, by marks or by losing more than a tenth; the retreat is to the rate at
/// which acknowledgements arrive, which is the bottleneck's own.
final class JumpStart extends Phase {
    private static final double WINDOW_GAIN = 1.5;
    /// Share of what was sent that must arrive.
    private static final double DELIVERED_FRACTION = 0.9;
    private static final int LOSS_PACKETS = 8;
    private static final int SMALL_TALK_PACKETS = 4;
    /// Rounds after which everything that was sent in the first round trip has been reported on.
    private static final int VALIDATION_ROUNDS = 2;

    private long firstAckNanos;
    private long lastAckNanos;
    private long ackedBytes;
    private boolean started;
    private int roundsSeen;

    JumpStart(BbrController bbr, BbrModel model) {
        super(bbr, model);
    }

    @Override
    void onAck(AckSample sample) {
        // A few packets in flight are small talk before the first transfer: the jump has not begun.
        // A gap of more than a round trip between acknowledgements is a silence, not a rate.
        final boolean gap = started && sample.nowNanos - lastAckNanos > 2 * model.queue.minRttNanos();
        lastAckNanos = sample.nowNanos;
        if (!started || gap || sample.priorBytesInFlight <= (long) SMALL_TALK_PACKETS * model.config.packetBytes()) {
            started = true;
            firstAckNanos = sample.nowNanos;
            ackedBytes = 0;
        } else {
            ackedBytes += sample.newlyAckedBytes;
        }
        if (objects()) {
            retreat(sample);
        } else if (model.rounds.started() && ++roundsSeen > VALIDATION_ROUNDS && !model.lastRoundAppLimited()) {
            bbr.enterProbeBwAfterJumpStart();
        }
    }

    private boolean objects() {
        final boolean lost = model.loss.presentFraction() > 1 - DELIVERED_FRACTION
                && model.loss.presentLostPackets() >= LOSS_PACKETS;
        return lost || model.queue.isHigh() || model.loss.presentMarked() || model.bounds.lossAgreed();
    }

    /// Adopts the rate of the acknowledgements once they have been arriving for an eighth of a round trip.
    private void retreat(AckSample sample) {
        final long elapsedNanos = sample.nowNanos - firstAckNanos;
        if (elapsedNanos <= Math.max(1, model.queue.minRttNanos() / 8)) {
            return;
        }
        final double ackRate = Bandwidth.rate(ackedBytes, elapsedNanos);
        if (ackRate > 0 && !sample.appLimited) {
            model.retreat(Math.max(Math.min(ackRate, model.config.rateHintBytesPerSecond()), model.latestBandwidth()));
        }
        bbr.enterDrain(false);
    }

    @Override
    double pacingGain() {
        return 1.0;
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
        return "JumpStart";
    }
}
