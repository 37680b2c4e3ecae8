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

import io.longhaul.ConnectionStatistics.Limit;
import java.util.EnumMap;
import java.util.Map;

/// For how long what has held the sender back. Every nanosecond since the start belongs to exactly one limit.
///
/// The pacer releases quanta and lets an agent that was away catch up; while it can, waiting for it is the pacer's
/// time.
/// What goes beyond that is lost for good, and the sender's own.
final class LimitClock {
    private static final Limit[] LIMITS = Limit.values();

    private final long[] nanos = new long[LIMITS.length]; // [limit]
    private Limit limit = Limit.PATH;
    private long sinceNanos;
    private long pacedUntilNanos;

    LimitClock(long nowNanos) {
        sinceNanos = nowNanos;
    }

    /// Says what holds the sender back from now on.
    void set(long nowNanos, Limit newLimit) {
        final long late = lateNanos(nowNanos);
        nanos[limit.ordinal()] += nowNanos - sinceNanos - late;
        nanos[Limit.SENDER.ordinal()] += late;
        sinceNanos = nowNanos;
        limit = newLimit;
    }

    /// The pacer holds the sender back.
    ///
    /// @param untilNanos time from which its arrears could not be made up any more
    void pace(long nowNanos, long untilNanos) {
        set(nowNanos, Limit.PACER);
        pacedUntilNanos = untilNanos;
    }

    private long lateNanos(long nowNanos) {
        return limit == Limit.PACER ? Math.clamp(nowNanos - pacedUntilNanos, 0, nowNanos - sinceNanos) : 0;
    }

    /// All limits with their times; they sum up to the time since the start.
    Map<Limit, Long> nanos(long nowNanos) {
        set(nowNanos, limit);
        final EnumMap<Limit, Long> result = new EnumMap<>(Limit.class);
        for (final Limit each : LIMITS) {
            result.put(each, nanos[each.ordinal()]);
        }
        return result;
    }
}
