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
package io.longhaul.cli.perf;

import io.longhaul.congestion.Bandwidth;

/// A measurement.
///
/// @param operation what
/// @param sizeBytes length of an operation
/// @param depth operations outstanding at a time
/// @param rateBitsPerSecond intended rate, 0 for as fast as it goes
/// @param warmupNanos time before the measured interval
/// @param measureNanos the measured interval
/// @param seed seed of the bytes
public record PerfPlan(
        PerfOperation operation,
        long sizeBytes,
        int depth,
        long rateBitsPerSecond,
        long warmupNanos,
        long measureNanos,
        long seed) {
    /// Length of what an atomic works on.
    public static final long ATOMIC_BYTES = 8;

    /// Without a declared rate: enough for 10 Gb/s.
    private static final long ASSUMED_BITS_PER_SECOND = 10_000_000_000L;

    private static final int LEAST_DEPTH = 4;

    /// Small operations cost time per piece: more of them at a time do not help.
    private static final int MOST_DEPTH = 1024;

    /// Two round trips of data and two operations more: while one is acknowledged the next ones fill the pipe.
    ///
    /// Worked number: 10 Gb/s x 20 ms is 25 MB; of 1 MiB each, 2 x 24 + 2 = 50 operations.
    public static int depthFor(long sizeBytes, long rateBitsPerSecond, long rttNanos) {
        final long rate = rateBitsPerSecond > 0 ? rateBitsPerSecond : ASSUMED_BITS_PER_SECOND;
        final long wanted = 2 * (Bandwidth.bytesIn(rate / 8.0, rttNanos) / sizeBytes + 1) + 2;
        return Math.clamp(wanted, LEAST_DEPTH, MOST_DEPTH);
    }

    /// Places of that length on either side: every operation on a region has one of its own.
    public int slots() {
        return operation.needsRegion() ? depth : 1;
    }
}
