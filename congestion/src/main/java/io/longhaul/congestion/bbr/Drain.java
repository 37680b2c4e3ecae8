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

/// Drain: empties the queue that Startup left (draft-ietf-ccwg-bbr-06 §5.3.2).
///
/// The bottleneck is busy all the time, so the samples of this phase are the first that show its whole rate. It ends
/// when
/// the volume in flight fits the path, when the queue is seen to be gone, or after a few rounds.
final class Drain extends Phase {
    private static final double PACING_GAIN = 0.5;
    private static final double WINDOW_GAIN = 2.0;
    /// Rounds after which something else than our queue is in the way.
    private static final int MAX_ROUNDS = 4;

    private boolean pipeFilled;
    private long startRound;

    Drain(BbrController bbr, BbrModel model) {
        super(bbr, model);
    }

    void enter(boolean pipeFilled) {
        this.pipeFilled = pipeFilled;
        startRound = model.rounds.count();
    }

    @Override
    void onAck(AckSample sample) {
        final long roundsSeen = model.rounds.count() - startRound;
        final boolean empty = roundsSeen >= 1 && model.queue.isLow();
        if (sample.bytesInFlight <= model.bdpBytes() || empty || roundsSeen > MAX_ROUNDS) {
            bbr.enterProbeBwAfterDrain(pipeFilled);
        }
    }

    @Override
    double pacingGain() {
        return PACING_GAIN;
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
        return "Drain";
    }
}
