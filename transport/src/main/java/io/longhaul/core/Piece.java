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

import io.longhaul.core.wire.OperationFlyweight;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// A piece of an operation with a range of CSNs of its own (a "segment" on the wire): what an OPERATION frame
/// describes.
///
/// Large operations are cut into pieces, so that answers and other streams are not held up behind them. Pieces are
/// pooled by
/// {@link OutboundPieces}.
final class Piece {
    /// Is told about the fate of a piece.
    interface Owner {
        /// Every chunk of the piece was acknowledged, or voided.
        ///
        /// @param voided true when at least one chunk was voided instead of received
        void onPieceDone(Piece piece, boolean voided);

        /// True while the bytes of the piece may be read; false voids what was not sent yet.
        default boolean mayRead() {
            return true;
        }

        /// The bytes of the piece can no longer be read; the piece is void from now on.
        default void onSourceFailed(Piece piece) {}
    }

    int kind;
    int flags;
    long operationId;
    long length;
    final long[] arguments = new long[4];
    MemorySegment source = MemorySegment.NULL;
    long sourceOffset;

    @Nullable
    Owner owner;

    /// Length of the message, write or read that the piece belongs to, bytes; 0 where there is none.
    long messageBytes;

    /// Where the piece stands in it, bytes.
    long messageOffset;

    /// Bytes of operations that wait behind it.
    long behindBytes;

    /// What is sent beside the chunks.
    final PieceProtection protection = new PieceProtection();

    /// Where the piece stands in its operation or stream, bytes; for the owner.
    long ownerOffset;

    long firstCsn;
    int chunkCount;
    int nextChunk;
    int doneChunks;
    int shortChunkBytes;
    int fullChunkBytes;
    boolean voided;

    /// Key under which its chunks are placed; null when they travel as SEND.
    OutboundPlacement.@Nullable Grant grant;

    void reset() {
        flags = 0;
        length = 0;
        source = MemorySegment.NULL;
        sourceOffset = 0;
        owner = null;
        ownerOffset = 0;
        messageBytes = 0;
        messageOffset = 0;
        behindBytes = 0;
        protection.clear();
        nextChunk = 0;
        doneChunks = 0;
        voided = false;
        grant = null;
    }

    long chunkOffset(int index) {
        return OperationFlyweight.chunkOffset(index, shortChunkBytes, fullChunkBytes);
    }

    int chunkBytes(int index) {
        return OperationFlyweight.chunkBytes(index, length, shortChunkBytes, fullChunkBytes);
    }
}
