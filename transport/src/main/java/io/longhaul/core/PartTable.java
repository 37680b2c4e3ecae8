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

import java.util.ArrayDeque;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/// Chunks that travel in parts, because the path MTU has shrunk since they were cut: which of their bytes are here.
///
/// Bounded: when there are too many, the chunk with the highest CSN is forgotten, since the sender repeats it as a
/// whole and
/// the lowest one is what everything waits for.
final class PartTable {
    static final int MAX_CHUNKS = 1024;

    private static final int MAX_RANGES = 16;

    private final Long2ObjectHashMap<ByteRanges> byCsn = new Long2ObjectHashMap<>();
    private final ArrayDeque<ByteRanges> pool = new ArrayDeque<>(1);

    PartTable() {}

    boolean isEmpty() {
        return byCsn.isEmpty();
    }

    /// Notes that [from, to) of a chunk was placed.
    ///
    /// @return true when the chunk is complete and was removed
    boolean add(long csn, int from, int to, int chunkBytes) {
        ByteRanges ranges = byCsn.get(csn);
        if (ranges == null) {
            if (byCsn.size() >= MAX_CHUNKS && !dropHighest(csn)) {
                return false;
            }
            ranges = pool.isEmpty() ? new ByteRanges(MAX_RANGES) : pool.pop();
            byCsn.put(csn, ranges);
        }
        // Beyond the limit the part is not noted: the sender repeats it.
        if (!ranges.add(from, to) || !ranges.covers(chunkBytes)) {
            return false;
        }
        remove(csn);
        return true;
    }

    private boolean dropHighest(long than) {
        long highest = than;
        final Long2ObjectHashMap<ByteRanges>.KeyIterator keys = byCsn.keySet().iterator();
        while (keys.hasNext()) {
            highest = Math.max(highest, keys.nextLong());
        }
        if (highest == than) {
            return false;
        }
        remove(highest);
        return true;
    }

    /// Forgets a chunk.
    void remove(long csn) {
        final @Nullable ByteRanges ranges = byCsn.remove(csn);
        if (ranges != null) {
            ranges.clear();
            pool.push(ranges);
        }
    }

    /// Forgets the chunks of a range.
    void removeRange(long firstCsn, long endCsn) {
        if (byCsn.isEmpty()) {
            return;
        }
        if (endCsn - firstCsn <= MAX_CHUNKS) {
            for (long csn = firstCsn; csn < endCsn; csn++) {
                remove(csn);
            }
            return;
        }
        final Long2ObjectHashMap<ByteRanges>.KeyIterator keys = byCsn.keySet().iterator();
        while (keys.hasNext()) {
            final long csn = keys.nextLong();
            if (csn >= firstCsn && csn < endCsn) {
                keys.remove();
            }
        }
    }
}
