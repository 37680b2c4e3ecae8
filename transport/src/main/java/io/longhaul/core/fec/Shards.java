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
package io.longhaul.core.fec;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Where up to 128 stretches of bytes lie: the chunks of a group, or its parities. Reused; refers to memory, holds
/// none.
public final class Shards {
    // Empty before the first stretch, then as long as a list can be.
    private MemorySegment[] segments = {};
    private long[] offsets = {};
    private int[] bytes = {};
    private int count;

    /// Creates an empty list.
    public Shards() {}

    /// Forgets everything, so that no memory is referred to any longer.
    public void clear() {
        Arrays.fill(segments, 0, count, MemorySegment.NULL);
        count = 0;
    }

    /// Appends a stretch.
    ///
    /// @param length bytes, 0 and more
    public void add(MemorySegment segment, long offset, int length) {
        if (segments.length == 0) {
            segments = new MemorySegment[ReedSolomon.MAX_CHUNKS];
            Arrays.fill(segments, MemorySegment.NULL);
            offsets = new long[ReedSolomon.MAX_CHUNKS];
            bytes = new int[ReedSolomon.MAX_CHUNKS];
        }
        segments[count] = segment;
        offsets[count] = offset;
        bytes[count++] = length;
    }

    /// Stretches.
    public int count() {
        return count;
    }

    /// Memory of a stretch.
    public MemorySegment segment(int index) {
        return segments[index];
    }

    /// Where a stretch starts in its memory.
    public long offset(int index) {
        return offsets[index];
    }

    /// Length of a stretch.
    public int bytes(int index) {
        return bytes[index];
    }
}
