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
package io.longhaul.congestion;

/// The largest fall of the round trip lately that no queue can show: how late jitter makes packets.
///
/// A queue shrinks by no more than the time in which it drains, and by far less while anybody still sends, but a packet
/// that was late by chance is followed at once by one that was not. Where a lane keeps its order, dense packets are all
/// about as late as jitter makes any of them; only what is rarer, the acknowledgements, swings by as much.
public final class RttSwing {
    /// Steepest fall of a queue, in parts of the time that it takes: nobody drains more than half of the rate.
    private static final int QUEUE_FALL_DIVISOR = 2;
    /// Part of the largest swing that a round forgets.
    private static final int DECAY = 8;

    private long peakNanos;
    private long peakStampNanos;
    private double swingNanos;

    /// Creates a swing of 0.
    public RttSwing() {
        // Nothing was seen yet.
    }

    /// Takes a sample, above 0.
    public void onSample(long nowNanos, long rttNanos) {
        final long belowPeakNanos = peakNanos - rttNanos;
        if (peakNanos > 0 && belowPeakNanos > (nowNanos - peakStampNanos) / QUEUE_FALL_DIVISOR) {
            swingNanos = Math.max(swingNanos, belowPeakNanos);
        } else {
            peakNanos = rttNanos;
            peakStampNanos = nowNanos;
        }
    }

    /// Forgets an eighth of the swing.
    public void onRoundEnd() {
        swingNanos -= swingNanos / DECAY;
    }

    /// Forgets the last peak, after a silence.
    public void onRestart() {
        peakNanos = 0;
    }

    /// Largest fall, ns, 0 and more.
    public double nanos() {
        return swingNanos;
    }
}
