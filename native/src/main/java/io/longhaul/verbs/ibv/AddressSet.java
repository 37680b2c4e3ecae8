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
package io.longhaul.verbs.ibv;

/// A set of addresses of native objects: open addressing, no allocation by a look-up. A removed address leaves a mark,
/// which goes at the next growth: both cost a constant time, amortised.
///
/// Threading: changes by any threads, look-ups by any thread beside them. A look-up finds every address that was added
/// before it and not removed.
final class AddressSet {
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;
    private static final int FIRST_CAPACITY = 16;

    /// Where an address was: no object has it, because none is that little aligned.
    private static final long REMOVED = 1;

    // [place], length a power of two, at least half of them 0: nothing is or was there. A longer one is filled before
    // it is published.
    private volatile long[] places = new long[FIRST_CAPACITY];
    private int size;
    private int used; // with the marks

    /// Whether it has an address; false for 0.
    boolean contains(long address) {
        return address != 0 && address != REMOVED && find(places, address) >= 0;
    }

    synchronized void add(long address) {
        long[] present = places;
        if (find(present, address) >= 0) {
            return;
        }
        if (2 * (used + 1) > present.length) {
            present = withoutMarks(present);
            used = size;
        }
        insert(present, address);
        size++;
        used++;
        places = present;
    }

    synchronized void remove(long address) {
        long[] present = places;
        int at = address == REMOVED ? -1 : find(present, address);
        if (at >= 0) {
            present[at] = REMOVED;
            size--;
            places = present;
        }
    }

    /// A copy in which at most a quarter is taken.
    private long[] withoutMarks(long[] from) {
        int capacity = FIRST_CAPACITY;
        while (capacity < 4 * (size + 1)) {
            capacity *= 2;
        }
        long[] made = new long[capacity];
        for (long each : from) {
            if (each != 0 && each != REMOVED) {
                insert(made, each);
            }
        }
        return made;
    }

    private static int find(long[] places, long address) {
        for (int i = index(address, places.length); places[i] != 0; i = i + 1 & places.length - 1) {
            if (places[i] == address) {
                return i;
            }
        }
        return -1;
    }

    private static void insert(long[] places, long address) {
        int i = index(address, places.length);
        while (places[i] != 0) {
            i = i + 1 & places.length - 1;
        }
        places[i] = address;
    }

    private static int index(long address, int capacity) {
        return (int) (address * GOLDEN >>> 40) & capacity - 1;
    }
}
