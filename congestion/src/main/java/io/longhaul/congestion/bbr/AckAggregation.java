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
import io.longhaul.congestion.WindowedFilter;

/// Measures by how much acknowledgements run ahead of the bandwidth when they arrive in batches.
final class AckAggregation {
    /// Rounds over which the largest excess is kept (draft-ietf-ccwg-bbr-06 §2.12).
    private static final long FILTER_ROUNDS = 10;

    private final WindowedFilter excessBytes = new WindowedFilter(FILTER_ROUNDS);
    private long epochStartNanos;
    private long epochAckedBytes;
    private boolean started;

    //= draft-ietf-ccwg-bbr-06 §5.5.9: the window has room for the largest excess over the expected volume
    void onAck(AckSample sample, double bandwidthBytesPerSecond, long round, long bdpBytes) {
        if (!started) {
            started = true;
            epochStartNanos = sample.nowNanos;
        }
        long expectedBytes = Bandwidth.bytesIn(bandwidthBytesPerSecond, sample.nowNanos - epochStartNanos);
        if (epochAckedBytes <= expectedBytes) {
            epochAckedBytes = 0;
            epochStartNanos = sample.nowNanos;
            expectedBytes = 0;
        }
        epochAckedBytes += sample.newlyAckedBytes;
        final long excess = Math.max(0, epochAckedBytes - expectedBytes);
        excessBytes.update(round, Math.min(excess, bdpBytes));
    }

    /// Forgets what was measured while the bandwidth was still growing.
    void reset() {
        started = false;
        epochAckedBytes = 0;
        excessBytes.reset(0, 0);
    }

    long excessBytes() {
        return excessBytes.best();
    }
}
