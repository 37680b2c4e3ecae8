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

/// Which CSNs were received: a circular bitmap over [cumulative, credit) that grows with the path and never shrinks.
final class ReceiveWindow {
    /// The CSN may be taken.
    static final int NEW = 0;

    /// The CSN was received or voided before.
    static final int DUPLICATE = 1;

    /// The peer had no credit for the CSN: a protocol violation.
    static final int BEYOND = 2;

    ReceiveWindow(int windowChunks, int maxWindowChunks) {}

    /// NEW, DUPLICATE or BEYOND.
    int status(long csn) {
        throw new AssertionError("in progress");
    }

    /// NEW when at least one CSN of the range is, DUPLICATE when none is, BEYOND when the range is empty, negative or over the credit.
    int rangeStatus(long firstCsn, long count) {
        throw new AssertionError("in progress");
    }

    /// Marks a CSN whose status is NEW as received.
    ///
    /// @return true when {@link #cumulativeCsn} advanced
    boolean mark(long csn) {
        throw new AssertionError("in progress");
    }

    /// Marks a range whose status is not BEYOND as received.
    ///
    /// @return true when {@link #cumulativeCsn} advanced
    boolean markRange(long firstCsn, long count) {
        throw new AssertionError("in progress");
    }

    /// Every smaller CSN was received.
    long cumulativeCsn() {
        throw new AssertionError("in progress");
    }

    /// The CSN behind the largest one received.
    long highestCsn() {
        throw new AssertionError("in progress");
    }

    /// CSNs below it may be sent; never decreases.
    long creditCsn() {
        throw new AssertionError("in progress");
    }

    /// Present size of the window, chunks.
    int capacityChunks() {
        throw new AssertionError("in progress");
    }

    /// Writes runs of received and missing CSNs in turn, received first, as varints, from {@code baseCsn} to
    /// {@link #highestCsn} or to where {@code maxBytes} end; the last run is then cut short.
    ///
    /// @param maxBytes at least 12
    /// @return bytes written
    int encodeRuns(long baseCsn, MemorySegment out, long offset, int maxBytes) {
        throw new AssertionError("in progress");
    }

    /// CSN behind the last one that the latest {@link #encodeRuns} described: the base of the next frame.
    long runsEndCsn() {
        throw new AssertionError("in progress");
    }
}
