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

import io.longhaul.Grant;
import io.longhaul.OperationStatus;
import io.longhaul.Right;
import java.lang.foreign.MemorySegment;
import java.util.function.LongSupplier;

/// What a connection may do with which region, by keys that only its peer knows.
///
/// Threading: {@link #expose} any thread, everything else the agent.
public final class RegionTable {
    /// A use of a region that outlives the call that began it.
    static final class Lease {
        Lease() {}

        /// True when the region was revoked since: send no further byte of it.
        boolean isRevoked() {
            throw new AssertionError("in progress");
        }

        /// Ends the use; exactly once.
        void release() {
            throw new AssertionError("in progress");
        }
    }

    /// Creates a table.
    ///
    /// @param randomKeys source of unpredictable keys
    /// @param shared regions of the endpoint
    public RegionTable(LongSupplier randomKeys, ExposedRegions shared) {}

    /// Exposes memory to this connection alone, see {@link ExposedRegions#expose}.
    public Region expose(String name, MemorySegment segment, Grant grant) {
        throw new AssertionError("in progress");
    }

    /// Begins a use of a region: SUCCESS, REMOTE_ACCESS_ERROR or REMOTE_RANGE_ERROR. After SUCCESS the caller ends it with
    /// {@link #done} or turns it into a {@link #lease}.
    OperationStatus check(long nowNanos, long key, Right right, long offset, long lengthBytes) {
        throw new AssertionError("in progress");
    }

    /// Memory of the region in use.
    MemorySegment segment() {
        throw new AssertionError("in progress");
    }

    /// Ends the use.
    void done() {
        throw new AssertionError("in progress");
    }

    /// Turns the use into a lease.
    Lease lease() {
        throw new AssertionError("in progress");
    }

    /// Leases that were not released yet.
    int leases() {
        throw new AssertionError("in progress");
    }

    /// Requests with keys that were never given.
    long wrongKeys() {
        throw new AssertionError("in progress");
    }

    /// True once the peer tried more than 64 wrong keys within a second: close the connection.
    boolean isGuessing() {
        throw new AssertionError("in progress");
    }
}
