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

/// One state of the state machine (draft-ietf-ccwg-bbr-06 §5.1): decides its gains and when it ends.
abstract sealed class Phase permits JumpStart, Startup, Drain, ProbeBw, ProbeRtt {
    /// Window gain wherever the queue is meant to stay small.
    static final double STEADY_WINDOW_GAIN = 1.25;

    final BbrController bbr;
    final BbrModel model;

    Phase(BbrController bbr, BbrModel model) {
        this.bbr = bbr;
        this.model = model;
    }

    /// Takes an acknowledgement that the model has already seen; may enter another phase.
    abstract void onAck(AckSample sample);

    /// Factor on the bandwidth that gives the pacing rate.
    abstract double pacingGain();

    /// Factor on the bandwidth-delay product that gives the window.
    abstract double windowGain();

    /// True while the phase overfills the path on purpose.
    abstract boolean probing();

    /// True when the acknowledgements that arrive now report on packets sent below the known bandwidth.
    boolean belowCapacity() {
        return false;
    }

    abstract String label();
}
