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
import java.nio.ByteBuffer;

/// A byte stream: an application side for one reader and one writer, and the agent's side inside the engine.
///
/// After a call that moved bytes or closed something, the caller sees to it that the agent calls
/// {@link ConnectionEngine#onStreamTouched}, unless {@link #requestTouch} says that this is under way.
public final class EngineStream implements Piece.Owner {
    /// Returned by reads at the end of the stream.
    public static final int END = -1;

    /// Returned by reads and writes when the stream has failed, see {@link #failure}.
    public static final int FAILED = -2;

    EngineStream() {}

    /// Number of the stream, unique in its connection.
    public int id() {
        throw new AssertionError("in progress");
    }

    /// Takes what there is room for.
    ///
    /// @return bytes taken, 0 when there is no room, or FAILED
    public int write(ByteBuffer source) {
        throw new AssertionError("in progress");
    }

    /// Takes what there is room for.
    ///
    /// @return bytes taken, 0 when there is no room, or FAILED
    public int write(MemorySegment source, long offset, long lengthBytes) {
        throw new AssertionError("in progress");
    }

    /// Gives what has arrived in order.
    ///
    /// @return bytes read, 0 when nothing has arrived, END or FAILED
    public int read(ByteBuffer target) {
        throw new AssertionError("in progress");
    }

    /// Gives what has arrived in order.
    ///
    /// @return bytes read, 0 when nothing has arrived, END or FAILED
    public int read(MemorySegment target, long offset, long lengthBytes) {
        throw new AssertionError("in progress");
    }

    /// Ends the output behind what was written. Idempotent.
    public void shutdownOutput() {
        throw new AssertionError("in progress");
    }

    /// Ends both directions: what was written is still sent, unread input is dropped. Idempotent.
    public void close() {
        throw new AssertionError("in progress");
    }

    /// True when a read would not return 0.
    public boolean isReadable() {
        throw new AssertionError("in progress");
    }

    /// True when a write would not return 0.
    public boolean isWritable() {
        throw new AssertionError("in progress");
    }

    /// True when the peer does not read any more: writes fail.
    public boolean isPeerStopped() {
        throw new AssertionError("in progress");
    }

    /// Why reads or writes return FAILED, or an empty text.
    public String failure() {
        throw new AssertionError("in progress");
    }

    /// Asks for a call of {@link ConnectionEngine#onStreamTouched}.
    ///
    /// @return true when the caller must arrange it, false when an earlier request is still to be served
    public boolean requestTouch() {
        throw new AssertionError("in progress");
    }

    @Override
    public void onPieceDone(Piece piece, boolean voided) {
        throw new AssertionError("in progress");
    }
}
