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

/// Round-trip time estimator of one lane or one connection.
///
/// {@snippet lang=text :
/// first sample:  srtt = r, var = r / 2
/// then:          var = 3/4 var + 1/4 |srtt - r|,   srtt = 7/8 srtt + 1/8 r
/// }
///
/// The minimum is windowed: a minimum older than the window is replaced by the newest sample, so that a route change is
/// seen. All values are nanoseconds.
public final class RttEstimator {
    private final long minWindowNanos;
    private long smoothedNanos;
    private long varianceNanos;
    private long minNanos = Long.MAX_VALUE;
    private long minStampNanos;
    private long latestNanos;
    private long samples;

    /// Creates an estimator.
    ///
    /// @param initialRttNanos value until the first sample, above 0
    /// @param minWindowNanos how long a minimum is believed, above 0
    public RttEstimator(long initialRttNanos, long minWindowNanos) {
        if (initialRttNanos <= 0 || minWindowNanos <= 0) {
            throw new IllegalArgumentException("initialRttNanos=" + initialRttNanos + ", minWindowNanos="
                    + minWindowNanos + ": both must be above 0");
        }
        this.minWindowNanos = minWindowNanos;
        smoothedNanos = initialRttNanos;
        varianceNanos = initialRttNanos / 2;
    }

    /// Takes a sample.
    ///
    /// @param nowNanos time of the sample
    /// @param rttNanos measured round trip without the peer's delay; values below 1 count as 1
    public void onSample(long nowNanos, long rttNanos) {
        final long rtt = Math.max(1, rttNanos);
        latestNanos = rtt;
        if (samples == 0) {
            //= RFC 6298 §2.2
            smoothedNanos = rtt;
            varianceNanos = rtt / 2;
        } else {
            //= RFC 6298 §2.3
            varianceNanos += (Math.abs(smoothedNanos - rtt) - varianceNanos) / 4;
            smoothedNanos += (rtt - smoothedNanos) / 8;
        }
        samples++;
        if (rtt <= minNanos || nowNanos - minStampNanos > minWindowNanos) {
            minNanos = rtt;
            minStampNanos = nowNanos;
        }
    }

    /// Smoothed round trip; the initial value before the first sample.
    public long smoothedNanos() {
        return smoothedNanos;
    }

    /// Mean deviation of the round trip.
    public long varianceNanos() {
        return varianceNanos;
    }

    /// Smallest round trip in the window; the smoothed value before the first sample.
    public long minNanos() {
        return samples == 0 ? smoothedNanos : minNanos;
    }

    /// Newest sample; 0 before the first.
    public long latestNanos() {
        return latestNanos;
    }

    /// Number of samples taken.
    public long samples() {
        return samples;
    }
}
