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

/// Reads the runs of an ACK: a reusable cursor over the runs of received CSNs. Never throws for what a peer sent.
final class RunDecoder {
    RunDecoder() {}

    /// Checks all runs and, when they are valid, stands before the first one.
    ///
    /// @param limitCsn no run may reach beyond it (exclusive): the CSN that will be sent next
    /// @return false when the runs are malformed: nothing may be believed
    boolean reset(MemorySegment segment, long offset, int runBytes, long baseCsn, long limitCsn) {
        throw new AssertionError("in progress");
    }

    /// Moves to the next run of received CSNs; false at the end.
    boolean next() {
        throw new AssertionError("in progress");
    }

    /// First CSN of the run.
    long startCsn() {
        throw new AssertionError("in progress");
    }

    /// Number of CSNs of the run, above 0.
    long count() {
        throw new AssertionError("in progress");
    }

    /// CSN behind everything that the runs describe, received or missing.
    long endCsn() {
        throw new AssertionError("in progress");
    }
}
