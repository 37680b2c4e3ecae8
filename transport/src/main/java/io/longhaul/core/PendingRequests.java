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

import io.longhaul.OperationStatus;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Requests of ours that wait for an answer: reads, atomics, lookups. Implemented by the sending half.
interface PendingRequests {
    /// The peer answered a request for a key; key 0 gives none.
    default void onPlacementGrant(long operationId, long offset, long address, int key) {}

    /// Memory in which the bytes of an outstanding read belong, or null when there is no such read (it ended).
    @Nullable
    MemorySegment readTarget(long requestId);

    /// Where the read's bytes start in {@link #readTarget}; only for an outstanding read.
    long readTargetOffset(long requestId);

    /// Length of an outstanding read.
    long readLength(long requestId);

    /// A piece of the answer has been placed completely; the read ends when all its bytes are.
    void onReadPlaced(long requestId, long bytes);

    /// The answer to an atomic.
    void onAtomicResult(long requestId, long oldValue);

    /// The answer to a lookup.
    void onLookupAnswer(long requestId, long key, long lengthBytes, int rights);

    /// The peer refused an operation.
    void onReject(long operationId, OperationStatus status);
}
