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

import java.util.Arrays;

/// CSNs to be looked at, in order: all of a range, or those that were picked from a set which is smaller than the
/// range.
///
/// Threading: the agent.
final class CsnCursor {
    private long next;
    private long end;
    private long[] picked = new long[16]; // [0, count), in order
    private int count;
    private int position;

    /// Starts with all of [first, end).
    void startAll(long first, long endCsn) {
        stop();
        next = first;
        end = Math.max(first, endCsn);
    }

    /// Starts with nothing, for {@link #pick}.
    void startPicked() {
        stop();
    }

    /// Adds one, in any order; {@link #sort} after the last.
    void pick(long csn) {
        if (count == picked.length) {
            picked = Arrays.copyOf(picked, count * 2);
        }
        picked[count++] = csn;
    }

    /// Puts what was picked in order.
    void sort() {
        Arrays.sort(picked, 0, count);
    }

    boolean hasNext() {
        return next < end || position < count;
    }

    /// The next one; only with {@link #hasNext}.
    long next() {
        return next < end ? next++ : picked[position++];
    }

    /// Leaves out the rest.
    void stop() {
        next = end;
        count = 0;
        position = 0;
    }
}
