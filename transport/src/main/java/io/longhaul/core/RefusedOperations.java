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
import org.agrona.collections.LongHashSet;

/// The operations that were refused or voided lately: their chunks are on their way, and must neither take effect nor
/// be
/// refused again.
final class RefusedOperations {
    static final int MAX_OPERATIONS = 4096;

    private static final int INITIAL_OPERATIONS = 4;

    private final LongHashSet ids = new LongHashSet();
    private long[] ring = new long[INITIAL_OPERATIONS]; // doubles up to MAX_OPERATIONS, before it is written round
    private long added;

    RefusedOperations() {}

    /// Notes an operation; the oldest one is forgotten for it.
    ///
    /// @return false when it was noted before
    boolean add(long operationId) {
        if (!ids.add(operationId)) {
            return false;
        }
        final int slot = (int) (added++ % MAX_OPERATIONS);
        if (slot == ring.length) {
            ring = Arrays.copyOf(ring, 2 * slot);
        }
        if (added > MAX_OPERATIONS) {
            ids.remove(ring[slot]);
        }
        ring[slot] = operationId;
        return true;
    }

    boolean contains(long operationId) {
        return added > 0 && ids.contains(operationId);
    }
}
