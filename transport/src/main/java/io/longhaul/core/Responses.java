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

/// Answers that the receiving half asks the sending half to send, reliably.
interface Responses {
    /// Refuses an operation of the peer. The sender of the operation fails it and voids its chunks.
    void reject(long operationId, OperationStatus status);

    /// Answers a read with bytes of a region. {@code lease} is told when the region is no longer needed.
    void readResponse(long requestId, MemorySegment source, long offset, long lengthBytes, RegionTable.Lease lease);

    /// Answers an atomic.
    void atomicResponse(long requestId, long oldValue);

    /// Answers a lookup; no rights means not found.
    void lookupAnswer(long requestId, long key, long lengthBytes, int rights);

    /// Answers a request for a key; key 0 gives none.
    default void placementGrant(long operationId, long offset, long address, int key) {}

    /// Gives credit for a stream.
    void streamCredit(int streamId, long limitBytes);

    /// Tells the peer that nobody reads the stream any more.
    void streamStop(int streamId);
}
