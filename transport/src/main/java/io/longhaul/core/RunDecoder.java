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

import io.longhaul.core.wire.WireBytes;
import java.lang.foreign.MemorySegment;

/// Reads the runs of an ACK: a reusable cursor over the runs of received CSNs. Never throws for what a peer sent.
///
/// All runs are checked before the first one is given: no half of a malformed frame is ever believed.
final class RunDecoder {
    private static final int MAX_VARINT_BYTES = 9;
    private static final long MALFORMED = -1;

    private MemorySegment segment = MemorySegment.NULL;
    private long at;
    private long limit;
    private long position;
    private boolean received;
    private boolean invalid;
    private long start;
    private long count;
    private long end;

    RunDecoder() {}

    /// Checks all runs and, when they are valid, stands before the first one.
    ///
    /// @param limitCsn no run may reach beyond it (exclusive): the CSN that will be sent next
    /// @return false when the runs are malformed
    boolean wrap(MemorySegment source, long offset, int runBytes, long baseCsn, long limitCsn) {
        segment = source;
        at = offset;
        limit = offset + runBytes;
        position = baseCsn;
        end = baseCsn;
        invalid = !isValid(baseCsn, limitCsn);
        at = offset;
        received = true;
        start = baseCsn;
        count = 0;
        return !invalid;
    }

    private boolean isValid(long baseCsn, long limitCsn) {
        if (baseCsn < 0 || baseCsn > limitCsn || limit > segment.byteSize()) {
            return false;
        }
        boolean first = true;
        while (at < limit) {
            final long run = varint();
            // Only the first run may be empty: it says that the base is missing.
            if (run < 0 || run > limitCsn - end || run == 0 && !first) {
                return false;
            }
            end += run;
            first = false;
        }
        return true;
    }

    // Reads a variable-length integer of at most 63 bits.
    private long varint() {
        long value = 0;
        for (int i = 0; i < MAX_VARINT_BYTES; i++) {
            if (at == limit) {
                return MALFORMED;
            }
            final int octet = WireBytes.u8(segment, at++);
            value |= (octet & 0x7fL) << 7 * i;
            if (octet < 0x80) {
                return value;
            }
        }
        return MALFORMED;
    }

    /// True when the runs are malformed: nothing may be believed.
    boolean isInvalid() {
        return invalid;
    }

    /// Moves to the next run of received CSNs; false at the end, and at once when the runs are malformed.
    boolean next() {
        while (!invalid && at < limit) {
            final long run = varint();
            start = position;
            count = run;
            position += run;
            received = !received;
            if (!received && run > 0) {
                return true;
            }
        }
        return false;
    }

    /// First CSN of the run.
    long startCsn() {
        return start;
    }

    /// Number of CSNs of the run, above 0.
    long count() {
        return count;
    }

    /// CSN behind everything that the runs describe, received or missing; the base when there are none.
    long endCsn() {
        return end;
    }
}
