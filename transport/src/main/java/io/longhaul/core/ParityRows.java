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

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Parities that arrived before there were enough of them to repair their group. Bounded; the oldest goes first.
final class ParityRows {
    /// Parities that are held at most: two pieces of 2 groups with 16 each.
    static final int MAX_ROWS = 64;

    // All empty before the first parity, then MAX_ROWS long.
    private long[] firstCsn = {};
    private int[] group = {};
    private int[] row = {};
    private long[] check = {};
    private boolean[] used = {};
    private MemorySegment[] bytes = {};
    private int next;
    private int count;

    ParityRows() {}

    boolean isEmpty() {
        return count == 0;
    }

    /// Keeps a parity, unless it is kept already.
    void keep(long pieceCsn, int groupIndex, int rowIndex, long sum, MemorySegment source, long offset, int length) {
        if (used.length == 0) {
            allocate();
        }
        for (int i = 0; i < MAX_ROWS; i++) {
            if (used[i] && firstCsn[i] == pieceCsn && group[i] == groupIndex && row[i] == rowIndex) {
                return;
            }
        }
        final int slot = next;
        next = next == MAX_ROWS - 1 ? 0 : next + 1;
        count += used[slot] ? 0 : 1;
        used[slot] = true;
        firstCsn[slot] = pieceCsn;
        group[slot] = groupIndex;
        row[slot] = rowIndex;
        check[slot] = sum;
        if (bytes[slot].byteSize() < length) {
            bytes[slot] = MemorySegment.ofArray(new byte[length]);
        }
        MemorySegment.copy(source, offset, bytes[slot], 0, length);
    }

    private void allocate() {
        firstCsn = new long[MAX_ROWS];
        group = new int[MAX_ROWS];
        row = new int[MAX_ROWS];
        check = new long[MAX_ROWS];
        used = new boolean[MAX_ROWS];
        bytes = new MemorySegment[MAX_ROWS];
        Arrays.fill(bytes, MemorySegment.NULL);
    }

    /// Finds the parities of a group.
    ///
    /// @param slots where their slots are written, as many as it has room for
    /// @return how many
    int find(long pieceCsn, int groupIndex, int[] slots) {
        int found = 0;
        for (int i = 0; i < used.length && found < slots.length; i++) {
            if (used[i] && firstCsn[i] == pieceCsn && group[i] == groupIndex) {
                slots[found++] = i;
            }
        }
        return found;
    }

    /// Which parity of its group a slot holds.
    int row(int slot) {
        return row[slot];
    }

    /// CRC32C of the chunks of its group, as the sender of the parity in a slot said.
    long check(int slot) {
        return check[slot];
    }

    /// The parity in a slot.
    MemorySegment bytes(int slot) {
        return bytes[slot];
    }

    /// Forgets the parities of a group.
    void drop(long pieceCsn, int groupIndex) {
        for (int i = 0; i < used.length; i++) {
            if (used[i] && firstCsn[i] == pieceCsn && group[i] == groupIndex) {
                used[i] = false;
                count--;
            }
        }
    }
}
