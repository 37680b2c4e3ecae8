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
package io.longhaul.sim;

/// The monotonic clock of one end: another origin, a drift, and a granularity, as machines have them.
///
/// {@snippet lang=text :
/// shown = origin + floor(true x (1 + drift / 10^6) / step) x step
/// }
///
/// @param originNanos what it shows at virtual time 0; any number, negative ones too
/// @param driftMillionths how much faster than true time it runs, millionths
/// @param stepNanos it shows multiples of this, from its origin; at least 1
public record SideClock(long originNanos, int driftMillionths, long stepNanos) {
    /// A clock that shows virtual time.
    public static final SideClock TRUE = new SideClock(0, 0, 1);

    private static final long MILLION = 1_000_000;

    /// Checks the ranges.
    public SideClock {
        if (stepNanos < 1 || Math.abs((long) driftMillionths) >= MILLION) {
            throw new IllegalArgumentException("a clock needs a step above 0 and a drift below 10^6 millionths");
        }
    }

    /// What the clock shows.
    ///
    /// @param trueNanos virtual time, at least 0
    public long at(long trueNanos) {
        final long run = driftMillionths == 0
                ? trueNanos
                : trueNanos + trueNanos / MILLION * driftMillionths + trueNanos % MILLION * driftMillionths / MILLION;
        return originNanos + (stepNanos == 1 ? run : Math.floorDiv(run, stepNanos) * stepNanos);
    }

    /// The first virtual time at which the clock shows so much or more.
    public long when(long shownNanos) {
        final long run = shownNanos - originNanos;
        if (driftMillionths == 0 && stepNanos == 1) {
            return run;
        }
        final long least = -Math.floorDiv(-run, stepNanos) * stepNanos;
        long guess = Math.max(0, (long) (least / (1 + driftMillionths / 1e6)) - MILLION / 1000);
        while (at(guess) - shownNanos < 0) {
            guess++;
        }
        return guess;
    }
}
