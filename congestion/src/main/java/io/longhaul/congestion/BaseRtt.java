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

/// The round trip without a queue, for controllers that judge by delay: the least that was seen lately.
///
/// A controller that keeps a queue never sees the empty path again, and a route may change. So the minimum goes stale;
/// then
/// the controller lets the queue drain and calls {@link #renew}.
public final class BaseRtt {
    private final long staleNanos;
    private long baseNanos;
    private long stampNanos;
    private boolean seen;

    /// Creates an estimate.
    ///
    /// @param initialNanos round trip until the first sample, above 0
    /// @param staleNanos age from which the minimum is not trusted, above 0
    public BaseRtt(long initialNanos, long staleNanos) {
        baseNanos = initialNanos;
        this.staleNanos = staleNanos;
    }

    /// Takes a sample; values below 1 are none.
    public void onSample(long nowNanos, long rttNanos) {
        if (rttNanos > 0 && (!seen || rttNanos <= baseNanos)) {
            seen = true;
            baseNanos = rttNanos;
            stampNanos = nowNanos;
        }
    }

    /// Smallest round trip that is believed.
    public long nanos() {
        return baseNanos;
    }

    /// True when the minimum has not been seen again for too long.
    public boolean isStale(long nowNanos) {
        return seen && nowNanos - stampNanos > staleNanos;
    }

    /// Replaces the minimum by what the drained path showed.
    ///
    /// @param rttNanos above 0
    public void renew(long nowNanos, long rttNanos) {
        seen = true;
        baseNanos = rttNanos;
        stampNanos = nowNanos;
    }
}
