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

import org.jspecify.annotations.Nullable;

/// The streams of a connection.
final class StreamTable {
    StreamTable(EngineConfig config, ReceiveMemory memory, EventQueue events, Responses responses) {}

    /// Opens a stream of this side; null when there are as many as there may be.
    @Nullable EngineStream open() {
        throw new AssertionError("in progress");
    }

    /// True when a stream has bytes or an end to send and credit for it.
    boolean hasOutbound() {
        throw new AssertionError("in progress");
    }

    /// True when a stream has anything unsent, unacknowledged or waiting for credit: a draining close waits.
    boolean hasUnacknowledged() {
        throw new AssertionError("in progress");
    }

    /// Describes the next bytes to send, round robin over the streams: kind, flags, arguments, length, source, owner.
    ///
    /// @return false when there is nothing to send; the piece is then unchanged
    boolean fillNext(Piece piece, int maxBytes) {
        throw new AssertionError("in progress");
    }

    /// The application wrote to, read from, shut down or closed a stream.
    void onTouched(long nowNanos, EngineStream stream) {
        throw new AssertionError("in progress");
    }

    /// Sets the smoothed round trip for the tuning of windows.
    void rttNanos(long value) {
        throw new AssertionError("in progress");
    }

    /// Ends all streams: writers fail, readers fail behind what has arrived.
    void closeAll(String reason) {
        throw new AssertionError("in progress");
    }
}
