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

import java.util.Arrays;

/// A set of addresses of native objects: open addressing, no allocation by a look-up.
final class AddressSet {
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;
    private static final int FIRST_CAPACITY = 16;

    private long[] places = new long[FIRST_CAPACITY]; // 0 where nothing is
    private int size;

    /// Whether it has an address; false for 0.
    boolean contains(long address) {
        if (address == 0) {
            return false;
        }
        for (int i = index(address, places.length); places[i] != 0; i = i + 1 & places.length - 1) {
            if (places[i] == address) {
                return true;
            }
        }
        return false;
    }

    void add(long address) {
        if (2 * (size + 1) > places.length) {
            rebuild(2 * places.length, 0);
        }
        size += insert(places, address);
    }

    void remove(long address) {
        // Removal is rare: building anew is simpler than closing the gap, and leaves no marks behind.
        if (contains(address)) {
            rebuild(places.length, address);
            size--;
        }
    }

    private void rebuild(int capacity, long without) {
        long[] old = Arrays.copyOf(places, places.length);
        places = new long[capacity];
        for (long each : old) {
            if (each != 0 && each != without) {
                insert(places, each);
            }
        }
    }

    private static int insert(long[] places, long address) {
        int i = index(address, places.length);
        while (places[i] != 0) {
            if (places[i] == address) {
                return 0;
            }
            i = i + 1 & places.length - 1;
        }
        places[i] = address;
        return 1;
    }

    private static int index(long address, int capacity) {
        return (int) (address * GOLDEN >>> 40) & capacity - 1;
    }
}
