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

import org.agrona.collections.Long2LongHashMap;

/// Chunks that were placed before the description of their piece came, on other lanes: their bytes lie in memory, only
/// the note is kept.
final class EarlyChunks {
    /// Notes at most; what is not noted is repeated by the sender.
    static final int MAX_CHUNKS = 1 << 16;

    private static final long NONE = -1;

    private final Long2LongHashMap bytesByCsn = new Long2LongHashMap(NONE);
    private final CsnCursor taking = new CsnCursor();
    private long notedEnd;
    private int bytes;

    EarlyChunks() {}

    /// Notes a chunk. The first note stays: a chunk is placed once, another note is forged.
    void add(long csn, int chunkBytes) {
        if (bytesByCsn.size() < MAX_CHUNKS && !bytesByCsn.containsKey(csn)) {
            bytesByCsn.put(csn, chunkBytes);
            notedEnd = Math.max(notedEnd, csn + 1);
        }
    }

    /// The chunks of [firstCsn, endCsn) can be taken now. Costs the smaller of the range and of what is noted.
    void begin(long firstCsn, long endCsn) {
        final long end = Math.min(endCsn, notedEnd);
        if (end - firstCsn <= bytesByCsn.size()) {
            taking.startAll(firstCsn, end);
            return;
        }
        taking.startPicked();
        final Long2LongHashMap.KeyIterator keys = bytesByCsn.keySet().iterator();
        while (keys.hasNext()) {
            final long csn = keys.nextValue();
            if (csn >= firstCsn && csn < end) {
                taking.pick(csn);
            }
        }
        taking.sort();
    }

    /// Takes the next of them; -1 when there is no more.
    long next() {
        while (taking.hasNext()) {
            final long csn = taking.next();
            final long found = bytesByCsn.remove(csn);
            if (found != NONE) {
                bytes = (int) found;
                return csn;
            }
        }
        return NONE;
    }

    /// Length of the chunk that was taken last.
    int bytes() {
        return bytes;
    }

    /// Forgets the chunks of a range.
    void drop(long firstCsn, long endCsn) {
        if (bytesByCsn.isEmpty()) {
            return;
        }
        if (endCsn - firstCsn <= bytesByCsn.size()) {
            for (long csn = firstCsn; csn < endCsn; csn++) {
                bytesByCsn.remove(csn);
            }
            return;
        }
        final Long2LongHashMap.KeyIterator keys = bytesByCsn.keySet().iterator();
        while (keys.hasNext()) {
            final long csn = keys.nextValue();
            if (csn >= firstCsn && csn < endCsn) {
                keys.remove();
            }
        }
    }
}
