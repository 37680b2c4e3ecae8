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

/// ProbeRTT: sends a little less for a round, so that a standing queue shows itself (draft-ietf-ccwg-bbr-06 §5.3.4).
///
/// Costs a tenth of a round trip in 30 s, and only when the minimum was not seen again by itself and a queue stands.
final class ProbeRtt extends Phase {
    //= draft-ietf-ccwg-bbr-06 §5.3.4 type=deviation: half of the volume for 200 ms every 5 s would cost 2 %
    static final long MIN_RTT_WINDOW_NANOS = 30_000_000_000L;

    private static final double PACING_GAIN = 0.9;

    private long startRound;
    private long smallestNanos;

    ProbeRtt(BbrController bbr, BbrModel model) {
        super(bbr, model);
    }

    void enter() {
        startRound = model.rounds.count();
        smallestNanos = Long.MAX_VALUE;
    }

    @Override
    void onAck(AckSample sample) {
        if (sample.rttNanos > 0) {
            smallestNanos = Math.min(smallestNanos, sample.rttNanos);
        }
        // One round at the lower pace, one more until all of it has been reported on.
        if (model.rounds.count() - startRound < 2) {
            return;
        }
        if (smallestNanos == Long.MAX_VALUE) {
            model.queue.confirm(sample.nowNanos);
        } else {
            model.queue.rebase(sample.nowNanos, smallestNanos);
        }
        bbr.enterProbeBwCruise();
    }

    @Override
    double pacingGain() {
        return model.rounds.count() == startRound ? PACING_GAIN : 1.0;
    }

    @Override
    double windowGain() {
        return STEADY_WINDOW_GAIN;
    }

    @Override
    boolean probing() {
        return false;
    }

    @Override
    String label() {
        return "ProbeRtt";
    }
}
