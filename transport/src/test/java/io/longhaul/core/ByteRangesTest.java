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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ByteRangesTest {
    @Test
    void agreesWithABitSet() {
        for (long seed = 1; seed <= 200; seed++) {
            final SplittableRandom random = new SplittableRandom(seed);
            final ByteRanges ranges = new ByteRanges(1000);
            final BitSet model = new BitSet();
            for (int i = 0; i < 60; i++) {
                final int from = random.nextInt(300);
                final int to = from + 1 + random.nextInt(12);
                assertTrue(ranges.add(from, to));
                model.set(from, to);
                assertEquals(rangesOf(model), ranges.size(), "seed " + seed);
                final int position = random.nextInt(320);
                assertEquals(
                        model.get(position) ? model.nextClearBit(position) : position,
                        ranges.contiguousEnd(position),
                        "seed " + seed);
                assertEquals(model.nextClearBit(0) >= 5, ranges.covers(5));
            }
        }
    }

    private static int rangesOf(BitSet model) {
        int count = 0;
        for (int at = model.nextSetBit(0); at >= 0; at = model.nextSetBit(model.nextClearBit(at))) {
            count++;
        }
        return count;
    }

    @Test
    void keepsToItsLimit() {
        final ByteRanges ranges = new ByteRanges(2);
        assertTrue(ranges.add(0, 1));
        assertTrue(ranges.add(10, 11));
        assertFalse(ranges.add(5, 6));
        assertTrue(ranges.add(1, 10), "joins what is there");
        assertEquals(1, ranges.size());
        ranges.clear();
        assertTrue(ranges.isEmpty());
    }
}
