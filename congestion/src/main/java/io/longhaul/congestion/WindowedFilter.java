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

/// Largest value of a sliding window, in constant space (K. Nichols' windowed estimator: the three best of the window).
///
/// The window counts whatever the caller counts: nanoseconds, rounds or cycles. A value is believed while its age is at
/// most the window. The answer is exact for values that never fall, and otherwise at most a quarter of a window late.
public final class WindowedFilter {
    private static final int KEPT = 3;

    private final long window;
    private final long[] values = new long[KEPT]; // [best, second, third]
    private final long[] stamps = new long[KEPT]; // when each value was seen
    private boolean empty = true;

    /// Creates an empty filter.
    ///
    /// @param window age up to which a value is believed, in the caller's unit of time, at least 0
    public WindowedFilter(long window) {
        if (window < 0) {
            throw new IllegalArgumentException("window=" + window + " is negative");
        }
        this.window = window;
    }

    /// Takes a value seen at a time that is never below the time of an earlier call.
    public void update(long now, long value) {
        if (empty || value >= values[0] || now - stamps[2] > window) {
            reset(now, value);
            return;
        }
        if (value >= values[1]) {
            set(1, now, value);
            set(2, now, value);
        } else if (value >= values[2]) {
            set(2, now, value);
        }
        expire(now, value);
    }

    /// Forgets everything but one value.
    public void reset(long now, long value) {
        empty = false;
        for (int slot = 0; slot < KEPT; slot++) {
            set(slot, now, value);
        }
    }

    /// Largest value of the window; 0 before the first.
    public long best() {
        return empty ? 0 : values[0];
    }

    private void expire(long now, long value) {
        if (now - stamps[0] > window) {
            // The best is too old: the runners-up move forward, twice when the next one is too old as well.
            shift(now, value);
            if (now - stamps[0] > window) {
                shift(now, value);
            }
        } else if (stamps[1] == stamps[0] && now - stamps[1] > window / 4) {
            // A quarter of the window has passed without a runner-up: take one from the newer part.
            set(1, now, value);
            set(2, now, value);
        } else if (stamps[2] == stamps[1] && now - stamps[2] > window / 2) {
            set(2, now, value);
        }
    }

    private void shift(long now, long value) {
        set(0, stamps[1], values[1]);
        set(1, stamps[2], values[2]);
        set(2, now, value);
    }

    private void set(int slot, long stamp, long value) {
        stamps[slot] = stamp;
        values[slot] = value;
    }
}
