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

import io.longhaul.core.wire.DataFlyweight;
import io.longhaul.core.wire.OperationFlyweight;
import java.util.ArrayDeque;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/// Chooses what is sent next: control answers first, then operations, answers to reads, and streams in turn, a piece at
/// a time.
///
/// Operations keep their order among themselves: the peer delivers messages and immediates in CSN order.
final class OutboundPieces {
    /// Largest piece without parity: an answer or another stream waits for at most so much.
    static final int PIECE_BYTES = 2 * 1024 * 1024;

    private static final int SOURCES = 3;

    private final OperationTable operations;
    private final AnswerQueue answers;
    private final StreamTable streams;
    private final OutboundPlacement placement;
    private final IntUnaryOperator frameRoom;
    private final IntUnaryOperator placedChunkBytes;
    private final ArrayDeque<Piece> pool = new ArrayDeque<>(1);
    private @Nullable Piece current;
    private @Nullable ParitySender parity;
    private boolean largePieces;
    private int turn;

    /// Creates it.
    ///
    /// @param placement keys under which pieces of writes may be placed
    /// @param frameRoom bytes for frames in a packet of a size
    /// @param placedChunkBytes largest chunk to be placed for the packet size of the path
    OutboundPieces(
            OperationTable operations,
            AnswerQueue answers,
            StreamTable streams,
            OutboundPlacement placement,
            IntUnaryOperator frameRoom,
            IntUnaryOperator placedChunkBytes) {
        this.frameRoom = frameRoom;
        this.placement = placement;
        this.placedChunkBytes = placedChunkBytes;
        this.operations = operations;
        this.answers = answers;
        this.streams = streams;
    }

    /// Has pieces protected by parity from now on.
    ///
    /// @param large also makes them larger where the rate allows it; a piece that is placed must fit under its key
    void protectBy(ParitySender sender, boolean large) {
        parity = sender;
        largePieces = large;
    }

    void onMessageCredit(long totalBytes) {
        operations.onMessageCredit(totalBytes);
    }

    /// The piece whose next chunk is to be sent, or null when there is none.
    ///
    /// @param firstCsn CSN that its first chunk would get
    /// @param packetBytes largest packet now
    @Nullable
    Piece current(long firstCsn, int packetBytes) {
        Piece piece = current;
        if (piece == null) {
            piece = next();
            if (piece != null) {
                start(piece, firstCsn, packetBytes);
                current = piece;
            }
        }
        return piece;
    }

    /// All chunks of the current piece were sent once.
    void finishCurrent() {
        current = null;
    }

    private @Nullable Piece next() {
        final Piece piece = pool.isEmpty() ? new Piece() : pool.pop();
        piece.reset();
        if (answers.fillControl(piece)) {
            return piece;
        }
        for (int i = 0; i < SOURCES; i++) {
            final int source = turn;
            turn = turn == SOURCES - 1 ? 0 : turn + 1;
            if (fill(source, piece)) {
                return piece;
            }
        }
        pool.push(piece);
        return null;
    }

    private int pieceBytes() {
        return parity == null || !largePieces ? PIECE_BYTES : parity.pieceBytes(PIECE_BYTES);
    }

    private boolean fill(int source, Piece piece) {
        return switch (source) {
            case 0 -> operations.fillNext(piece, pieceBytes());
            case 1 -> answers.fillRead(piece, pieceBytes());
            default -> streams.fillNext(piece, PIECE_BYTES);
        };
    }

    private void start(Piece piece, long firstCsn, int packetBytes) {
        final int room = frameRoom.applyAsInt(packetBytes);
        piece.firstCsn = firstCsn;
        piece.shortChunkBytes = room - OperationFlyweight.headerBytes(piece.kind);
        piece.grant = placement.find(piece);
        piece.fullChunkBytes =
                piece.grant == null ? room - DataFlyweight.HEADER_BYTES : placedChunkBytes.applyAsInt(packetBytes);
        piece.chunkCount = OperationFlyweight.chunkCount(piece.length, piece.shortChunkBytes, piece.fullChunkBytes);
        if (parity != null && piece.grant == null) {
            parity.protect(piece, room);
        }
    }

    /// A chunk of a piece was acknowledged.
    void onChunkDone(Piece piece) {
        if (++piece.doneChunks == piece.chunkCount) {
            final Piece.Owner owner = piece.owner;
            if (owner != null) {
                owner.onPieceDone(piece, piece.voided);
            }
            pool.push(piece);
        }
    }

    /// True when something could be sent if window, pacing and credit allowed.
    boolean hasMore() {
        return current != null || answers.hasMore() || operations.hasSendable() || streams.hasOutbound();
    }
}
