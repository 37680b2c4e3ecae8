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

import io.longhaul.ConnectionStatistics.ResendCause;
import java.util.EnumMap;
import java.util.Map;

/// Why application bytes were sent again: each byte, each time, has one cause.
final class ResentBytes {
    private static final ResendCause[] CAUSES = ResendCause.values();

    private final long[] bytes = new long[CAUSES.length]; // [cause]
    private long total;
    private long needless;

    ResentBytes() {}

    /// The cause that a number stands for.
    static ResendCause cause(int ordinal) {
        return CAUSES[ordinal];
    }

    void add(ResendCause cause, int count) {
        bytes[cause.ordinal()] += count;
        total += count;
    }

    /// Bytes turned out to have arrived before they were sent again.
    void addNeedless(long count) {
        needless += count;
    }

    long total() {
        return total;
    }

    long needless() {
        return Math.min(needless, total);
    }

    /// All causes with their bytes; they sum up to {@link #total}.
    Map<ResendCause, Long> byCause() {
        final EnumMap<ResendCause, Long> result = new EnumMap<>(ResendCause.class);
        for (final ResendCause each : CAUSES) {
            result.put(each, bytes[each.ordinal()]);
        }
        return result;
    }
}
