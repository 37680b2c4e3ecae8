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

/// The pieces that are arriving: checks every description, places every byte once, and runs ordered effects in CSN order.
final class InboundPieces {
    InboundPieces(
            EngineConfig config,
            RegionTable regions,
            MessageAssembler messages,
            StreamTable streams,
            PendingRequests pending,
            Responses responses,
            EventQueue events) {}

    /// Bytes of the OPERATION frame at {@code offset}, or -1 when it is malformed or longer than {@code available}.
    static int operationFrameBytes(MemorySegment packet, long offset, long available) {
        throw new AssertionError("in progress");
    }

    /// Bytes of the DATA frame at {@code offset}, or -1 when it is malformed or longer than {@code available}.
    static int dataFrameBytes(MemorySegment packet, long offset, long available) {
        throw new AssertionError("in progress");
    }

    /// Takes an OPERATION frame whose length was checked and whose CSN is NEW.
    Placement onOperation(long nowNanos, MemorySegment packet, long offset) {
        throw new AssertionError("in progress");
    }

    /// Takes a DATA frame whose length was checked and whose CSN is NEW.
    Placement onData(long nowNanos, MemorySegment packet, long offset) {
        throw new AssertionError("in progress");
    }

    /// Drops what is known of a voided operation. Called before the range is marked.
    void onVoid(long firstCsn, long count, long operationId) {
        throw new AssertionError("in progress");
    }

    /// Runs what had to wait for every smaller CSN: messages, immediates, fenced requests.
    ///
    /// @return RECEIVED, or PROTOCOL_ERROR
    Placement onCumulative(long nowNanos, long cumulativeCsn) {
        throw new AssertionError("in progress");
    }

    /// Why the latest PROTOCOL_ERROR was returned.
    String errorText() {
        throw new AssertionError("in progress");
    }

    /// Application bytes placed.
    long placedBytes() {
        throw new AssertionError("in progress");
    }

    /// DATA frames of unknown pieces.
    long orphans() {
        throw new AssertionError("in progress");
    }

    /// Forgets everything and gives back what partial messages hold.
    void close() {
        throw new AssertionError("in progress");
    }
}
