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

/// The uses that a grant with a limited number has left on one connection.
///
/// A use is an operation; a write may arrive in several pieces. As the peer numbers its operations, a write that was
/// admitted may
/// not move more bytes than the region has, and nothing else goes on under a number that was used: with n uses nobody
/// reads or writes more than n times the region.
final class GrantUses {
    private static final long UNKNOWN = -1;

    private final long regionBytes;
    private final Long2LongHashMap bytesOf =
            new Long2LongHashMap(UNKNOWN); // [operation id]: bytes of its pieces so far
    private int left;

    /// @param uses operations, 1 and more
    /// @param regionBytes length of the region
    GrantUses(int uses, long regionBytes) {
        left = uses;
        this.regionBytes = regionBytes;
    }

    /// Admits a piece of an operation, whose range was checked.
    ///
    /// @param goesOn further pieces of the operation may follow
    /// @return false when there is no use left, or the operation moves more than the region has
    boolean admit(long operationId, long bytes, boolean goesOn) {
        final long before = bytesOf.get(operationId);
        if (before == UNKNOWN) {
            if (left == 0) {
                return false;
            }
            left--;
            bytesOf.put(operationId, goesOn ? bytes : regionBytes);
            return true;
        }
        if (!goesOn || bytes == 0 || bytes > regionBytes - before) {
            return false;
        }
        bytesOf.put(operationId, before + bytes);
        return true;
    }

    /// True when no further operation is admitted.
    boolean isSpent() {
        return left == 0;
    }
}
