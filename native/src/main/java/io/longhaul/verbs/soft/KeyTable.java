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
package io.longhaul.verbs.soft;

import org.jspecify.annotations.Nullable;

/// A hash table from 32-bit keys to objects: open addressing, no allocation by look-ups, at most half full.
///
/// Threading: one thread.
final class KeyTable<T> {
    private static final int MIN_CAPACITY = 16;
    private static final int MIX = 0x9e3779b9;

    // [slot], power of two; values[slot] == null marks a free slot
    private int[] keys = new int[MIN_CAPACITY];
    private @Nullable Object[] values = new @Nullable Object[MIN_CAPACITY];
    private int size;

    /// The object under a key, or null.
    @SuppressWarnings("unchecked")
    @Nullable
    T get(int key) {
        int mask = keys.length - 1;
        for (int slot = slotOf(key, mask); ; slot = slot + 1 & mask) {
            Object value = values[slot];
            if (value == null || keys[slot] == key) {
                return (T) value;
            }
        }
    }

    /// Adds an object under a key that is not there yet.
    void put(int key, T value) {
        if ((size + 1) * 2 > keys.length) {
            grow();
        }
        insert(key, value);
        size++;
    }

    /// Removes what is under a key.
    void remove(int key) {
        int mask = keys.length - 1;
        int slot = slotOf(key, mask);
        while (values[slot] != null && keys[slot] != key) {
            slot = slot + 1 & mask;
        }
        if (values[slot] == null) {
            return;
        }
        values[slot] = null;
        size--;
        // What stands behind it may have been pushed there by it: put it in again.
        for (int next = slot + 1 & mask; values[next] != null; next = next + 1 & mask) {
            Object moved = values[next];
            values[next] = null;
            insert(keys[next], moved);
        }
    }

    private void insert(int key, Object value) {
        int mask = keys.length - 1;
        int slot = slotOf(key, mask);
        while (values[slot] != null) {
            slot = slot + 1 & mask;
        }
        keys[slot] = key;
        values[slot] = value;
    }

    private void grow() {
        int[] oldKeys = keys;
        @Nullable Object[] oldValues = values;
        keys = new int[oldKeys.length * 2];
        values = new @Nullable Object[oldKeys.length * 2];
        for (int i = 0; i < oldKeys.length; i++) {
            Object value = oldValues[i];
            if (value != null) {
                insert(oldKeys[i], value);
            }
        }
    }

    private static int slotOf(int key, int mask) {
        int mixed = key * MIX;
        return (mixed ^ mixed >>> 15) & mask;
    }
}
