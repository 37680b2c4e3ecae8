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

/// Products of rates and times that cannot overflow.
///
/// Rates are bytes per second, times are nanoseconds. 400 Gb/s is 5e10 bytes per second; times 2e9 ns that is 1e20,
/// more
/// than a `long` holds, so the products are taken in `double` and saturate. Worked number: 100 Gb/s x 100 ms is a
/// bandwidth-delay product of 1.25 GB.
public final class Bandwidth {
    private static final double NANOS_PER_SECOND = 1e9;

    private Bandwidth() {}

    /// Bytes that a rate moves in a time, rounded down; {@link Long#MAX_VALUE} when there are more.
    ///
    /// @param rateBytesPerSecond rate, at least 0
    /// @param nanos time, at least 0
    public static long bytesIn(double rateBytesPerSecond, long nanos) {
        return (long) (rateBytesPerSecond * nanos / NANOS_PER_SECOND);
    }

    /// Nanoseconds that a rate needs for a number of bytes, rounded up; {@link Long#MAX_VALUE} when there are more.
    ///
    /// @param bytes number of bytes, at least 0
    /// @param rateBytesPerSecond rate, above 0
    public static long nanosFor(long bytes, double rateBytesPerSecond) {
        return (long) Math.ceil(bytes * NANOS_PER_SECOND / rateBytesPerSecond);
    }

    /// Bytes per second of a number of bytes moved in a time.
    ///
    /// @param bytes number of bytes, at least 0
    /// @param nanos time, above 0
    public static double rate(long bytes, long nanos) {
        return bytes * NANOS_PER_SECOND / nanos;
    }
}
