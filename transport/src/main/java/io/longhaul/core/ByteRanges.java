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

/// Disjoint ranges of bytes inside a chunk or a block, sorted, neighbours merged.
final class ByteRanges {
    private final int maxRanges;
    private int[] bounds = new int[4]; // start, end, start, end ...
    private int length; // of bounds in use

    ByteRanges(int maxRanges) {
        this.maxRanges = maxRanges;
    }

    void clear() {
        length = 0;
    }

    boolean isEmpty() {
        return length == 0;
    }

    /// Number of ranges.
    int size() {
        return length >> 1;
    }

    /// Adds [from, to), which may overlap what is there.
    ///
    /// @return false when there would be too many ranges; nothing was added
    boolean add(int from, int to) {
        assert from < to : "a range is not empty";
        // [first, behind) are the bounds of the ranges that touch the new one.
        int first = length;
        while (first > 0 && bounds[first - 1] >= from) {
            first -= 2;
        }
        int behind = first;
        while (behind < length && bounds[behind] <= to) {
            behind += 2;
        }
        if (first == behind) {
            return insert(first, from, to);
        }
        bounds[first] = Math.min(bounds[first], from);
        bounds[first + 1] = Math.max(bounds[behind - 1], to);
        System.arraycopy(bounds, behind, bounds, first + 2, length - behind);
        length -= behind - first - 2;
        return true;
    }

    private boolean insert(int at, int from, int to) {
        if (length >> 1 == maxRanges) {
            return false;
        }
        if (length == bounds.length) {
            bounds = Arrays.copyOf(bounds, 2 * length);
        }
        System.arraycopy(bounds, at, bounds, at + 2, length - at);
        bounds[at] = from;
        bounds[at + 1] = to;
        length += 2;
        return true;
    }

    /// End of the range that holds {@code position}, or {@code position} when none does.
    int contiguousEnd(int position) {
        for (int i = 0; i < length && bounds[i] <= position; i += 2) {
            if (position < bounds[i + 1]) {
                return bounds[i + 1];
            }
        }
        return position;
    }

    /// True when [0, size) is covered.
    boolean covers(int size) {
        return length > 0 && bounds[0] == 0 && bounds[1] >= size;
    }
}
