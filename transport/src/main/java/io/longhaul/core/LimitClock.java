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
package io.longhaul.core;

/// Says what held the sender back, as shares of time.
final class LimitClock {
    /// There was nothing to send.
    static final int APPLICATION = 0;
    /// The congestion window was full, or the pacer waited.
    static final int CONGESTION = 1;
    /// The receiver had given no credit.
    static final int CREDIT = 2;

    private final long[] nanos = new long[3]; // [limit]
    private int limit = APPLICATION;
    private long sinceNanos;

    LimitClock(long nowNanos) {
        sinceNanos = nowNanos;
    }

    void set(long nowNanos, int newLimit) {
        nanos[limit] += nowNanos - sinceNanos;
        sinceNanos = nowNanos;
        limit = newLimit;
    }

    long nanos(long nowNanos, int which) {
        return nanos[which] + (which == limit ? nowNanos - sinceNanos : 0);
    }
}
