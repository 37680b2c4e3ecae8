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
import io.longhaul.core.wire.OperationKind;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// The pieces that are arriving: checks every description, places every byte once, and runs ordered effects in CSN
/// order.
///
/// A chunk that was received never comes here again (the receive window drops it), and a piece that is complete and has
/// taken
/// effect is forgotten: from then on nothing can change the memory that it named.
final class InboundPieces {
    private final PieceIndex index = new PieceIndex();
    private final PartTable parts = new PartTable();
    private final OperationEffects effects;
    private final MessageAssembler messages;
    private final OrphanFrames orphanFrames;
    private final EarlyChunks early = new EarlyChunks();
    private long orphans;
    private boolean closed;

    InboundPieces(
            EngineConfig config,
            RegionTable regions,
            MessageAssembler messages,
            StreamTable streams,
            PendingRequests pending,
            Responses responses,
            EventQueue events) {
        this.messages = messages;
        orphanFrames = new OrphanFrames(messages.memory(), config.maxMemoryBytes());
        effects = new OperationEffects(config, regions, messages, streams, pending, responses, events);
    }

    /// Bytes of the OPERATION frame at {@code offset}, or -1 when it is malformed or longer than {@code available}.
    static int operationFrameBytes(MemorySegment packet, long offset, long available) {
        if (available < OperationFlyweight.FIXED_BYTES) {
            return -1;
        }
        final int kind = OperationFlyweight.kind(packet, offset);
        if (OperationKind.arguments(kind) < 0) {
            return -1;
        }
        final int bytes = OperationFlyweight.headerBytes(kind) + OperationFlyweight.dataBytes(packet, offset);
        return bytes <= available ? bytes : -1;
    }

    /// Bytes of the DATA frame at {@code offset}, or -1 when it is malformed or longer than {@code available}.
    static int dataFrameBytes(MemorySegment packet, long offset, long available) {
        if (available < DataFlyweight.HEADER_BYTES) {
            return -1;
        }
        final int bytes = dataHeaderBytes(packet, offset) + DataFlyweight.dataBytes(packet, offset);
        return bytes <= available ? bytes : -1;
    }

    private static int dataHeaderBytes(MemorySegment packet, long offset) {
        return DataFlyweight.isPart(packet, offset) ? DataFlyweight.PART_HEADER_BYTES : DataFlyweight.HEADER_BYTES;
    }

    /// Takes an OPERATION frame whose length was checked and whose CSN is NEW.
    Placement onOperation(long nowNanos, MemorySegment packet, long offset) {
        final long csn = OperationFlyweight.csn(packet, offset);
        final int chunkIndex = OperationFlyweight.chunkIndex(packet, offset);
        final InboundPiece described = index.take();
        if (!load(described, packet, offset, csn - chunkIndex) || chunkIndex >= described.chunkCount) {
            index.give(described);
            return effects.violation("an impossible geometry of a piece");
        }
        if (effects.isRefused(described)) {
            index.give(described);
            return Placement.REFUSED;
        }
        final int partOffset = OperationFlyweight.partOffset(packet, offset);
        final int bytes = OperationFlyweight.dataBytes(packet, offset);
        final long data = offset + OperationFlyweight.headerBytes(described.kind);
        final InboundPiece known = index.find(csn);
        if (known != null) {
            final boolean same = isSame(known, described);
            index.give(described);
            return same
                    ? place(nowNanos, known, csn, partOffset, packet, data, bytes)
                    : effects.violation("two descriptions of one piece");
        }
        final Placement begun = begin(nowNanos, described);
        if (begun != Placement.RECEIVED) {
            index.give(described);
            return begun;
        }
        index.add(described);
        orphanFrames.begin(described.firstCsn, described.endCsn());
        early.begin(described.firstCsn, described.endCsn());
        return place(nowNanos, described, csn, partOffset, packet, data, bytes);
    }

    // Reads the description of a piece; false when it makes no sense.
    private static boolean load(InboundPiece piece, MemorySegment packet, long offset, long firstCsn) {
        final int kind = OperationFlyweight.kind(packet, offset);
        final int arguments = OperationKind.arguments(kind);
        piece.kind = kind;
        piece.flags = OperationFlyweight.flags(packet, offset);
        piece.operationId = OperationFlyweight.operationId(packet, offset);
        piece.firstCsn = firstCsn;
        piece.length = OperationFlyweight.segmentBytes(packet, offset);
        piece.shortChunkBytes = OperationFlyweight.shortChunkBytes(packet, offset);
        piece.fullChunkBytes = OperationFlyweight.fullChunkBytes(packet, offset);
        piece.argument0 = arguments > 0 ? OperationFlyweight.argument(packet, offset, 0) : 0;
        piece.argument1 = arguments > 1 ? OperationFlyweight.argument(packet, offset, 1) : 0;
        piece.argument2 = arguments > 2 ? OperationFlyweight.argument(packet, offset, 2) : 0;
        piece.argument3 = arguments > 3 ? OperationFlyweight.argument(packet, offset, 3) : 0;
        if (firstCsn < 0
                || piece.shortChunkBytes == 0
                || piece.fullChunkBytes == 0
                || piece.length > OperationFlyweight.MAX_SEGMENT_BYTES
                || OperationFlyweight.chunkIndex(packet, offset) >= OperationFlyweight.SHORT_CHUNKS) {
            return false;
        }
        piece.chunkCount = OperationFlyweight.chunkCount(piece.length, piece.shortChunkBytes, piece.fullChunkBytes);
        return true;
    }

    private static boolean isSame(InboundPiece a, InboundPiece b) {
        return a.kind == b.kind
                && a.flags == b.flags
                && a.operationId == b.operationId
                && a.firstCsn == b.firstCsn
                && a.length == b.length
                && a.shortChunkBytes == b.shortChunkBytes
                && a.fullChunkBytes == b.fullChunkBytes
                && a.argument0 == b.argument0
                && a.argument1 == b.argument1
                && a.argument2 == b.argument2
                && a.argument3 == b.argument3;
    }

    private Placement begin(long nowNanos, InboundPiece piece) {
        if (!index.isFree(piece.firstCsn, piece.endCsn())) {
            return effects.violation("pieces that overlap");
        }
        return effects.begin(nowNanos, piece);
    }

    /// Takes a description without bytes, whose length and first CSN were checked.
    Placement onDescription(long nowNanos, MemorySegment packet, long offset) {
        final long firstCsn = OperationFlyweight.csn(packet, offset);
        final InboundPiece described = index.take();
        if (!load(described, packet, offset, firstCsn)) {
            index.give(described);
            return effects.violation("an impossible geometry of a piece");
        }
        final Placement begun = effects.isRefused(described) ? Placement.REFUSED : begin(nowNanos, described);
        if (begun != Placement.RECEIVED) {
            index.give(described);
            return begun;
        }
        index.add(described);
        orphanFrames.begin(firstCsn, described.endCsn());
        early.begin(firstCsn, described.endCsn());
        return Placement.RECEIVED;
    }

    /// The piece that starts with a CSN; null when it is not known, or not wanted.
    @Nullable
    InboundPiece pieceAt(long firstCsn) {
        final InboundPiece piece = pieceWith(firstCsn);
        return piece != null && piece.firstCsn == firstCsn ? piece : null;
    }

    /// The piece to which a chunk belongs; null when it is not known, or not wanted.
    @Nullable
    InboundPiece pieceWith(long csn) {
        final InboundPiece piece = index.find(csn);
        return piece != null && !effects.isRefused(piece) ? piece : null;
    }

    /// Takes a chunk that was repaired, whose CSN is NEW.
    Placement onRepaired(long nowNanos, long csn, MemorySegment bytes, long offset) {
        final InboundPiece piece = pieceWith(csn);
        if (piece == null) {
            return Placement.REFUSED;
        }
        return place(nowNanos, piece, csn, 0, bytes, offset, piece.chunkBytes((int) (csn - piece.firstCsn)));
    }

    /// Takes a DATA frame whose length was checked and whose CSN is NEW.
    Placement onData(long nowNanos, MemorySegment packet, long offset) {
        final long csn = DataFlyweight.csn(packet, offset);
        final InboundPiece piece = index.find(csn);
        if (piece == null) {
            orphans++;
            if (!orphanFrames.isTaking()) { // else it is a kept frame that is being taken out
                final int bytes = dataHeaderBytes(packet, offset) + DataFlyweight.dataBytes(packet, offset);
                orphanFrames.keep(csn, packet, offset, bytes);
            }
            return Placement.ORPHAN;
        }
        if (effects.isRefused(piece)) {
            forget(piece);
            return Placement.REFUSED;
        }
        final int partOffset = DataFlyweight.isPart(packet, offset) ? DataFlyweight.partOffset(packet, offset) : 0;
        final long data = offset + dataHeaderBytes(packet, offset);
        return place(nowNanos, piece, csn, partOffset, packet, data, DataFlyweight.dataBytes(packet, offset));
    }

    /// The next frame that had come before the description which {@link #onOperation} took last; null when there is
    /// no
    /// more. Whoever takes it brings it to {@link #onData} if its CSN is NEW, and back to {@link #onKeptDone}.
    OrphanFrames.@Nullable Frame nextKept() {
        return orphanFrames.next();
    }

    /// Takes a frame of {@link #nextKept} back.
    void onKeptDone(OrphanFrames.Frame frame) {
        orphanFrames.release(frame);
    }

    /// Lets the peer place chunks of writes.
    void placement(InboundPlacement placement) {
        effects.placement(placement);
    }

    /// Takes a chunk that the peer has placed, whose CSN is NEW: its bytes lie where they belong.
    Placement onPlaced(long nowNanos, long csn, int bytes) {
        final InboundPiece piece = index.find(csn);
        if (piece == null) {
            orphans++;
            early.add(csn, bytes);
            return Placement.ORPHAN;
        }
        if (effects.isRefused(piece)) {
            forget(piece);
            return Placement.REFUSED;
        }
        final int chunkIndex = (int) (csn - piece.firstCsn);
        final long at = piece.chunkOffset(chunkIndex);
        if (bytes != piece.chunkBytes(chunkIndex)) {
            return Placement.MISMATCHED;
        }
        final Placement placed = effects.placed(nowNanos, piece, at, bytes);
        if (placed == Placement.REFUSED) {
            forget(piece);
        }
        if (placed != Placement.RECEIVED) {
            return placed;
        }
        if (!parts.isEmpty()) {
            parts.remove(csn);
        }
        return finishChunk(nowNanos, piece, at, bytes);
    }

    /// The next chunk that was placed before the description which {@link #onOperation} took last; -1 when there is
    /// no
    /// more. Whoever takes it brings it to {@link #onPlaced} if its CSN is NEW.
    long nextEarly() {
        return early.next();
    }

    /// Length of that chunk.
    int earlyBytes() {
        return early.bytes();
    }

    // Places the bytes of a chunk, or of a part of it, of a piece in the index.
    private Placement place(
            long nowNanos, InboundPiece piece, long csn, int partOffset, MemorySegment packet, long data, int bytes) {
        final int chunkIndex = (int) (csn - piece.firstCsn);
        final int chunkBytes = piece.chunkBytes(chunkIndex);
        if (partOffset + bytes > chunkBytes || bytes == 0 && chunkBytes > 0) {
            return effects.violation("data that do not fit their chunk");
        }
        final long at = piece.chunkOffset(chunkIndex);
        final Placement placed = effects.place(nowNanos, piece, at + partOffset, packet, data, bytes);
        if (placed == Placement.REFUSED) {
            forget(piece);
        }
        if (placed != Placement.RECEIVED) {
            return placed;
        }
        if (bytes < chunkBytes) {
            if (!parts.add(csn, partOffset, partOffset + bytes, chunkBytes)) {
                return Placement.PARTIAL;
            }
        } else if (!parts.isEmpty()) {
            parts.remove(csn);
        }
        return finishChunk(nowNanos, piece, at, chunkBytes);
    }

    private Placement finishChunk(long nowNanos, InboundPiece piece, long at, int chunkBytes) {
        effects.onChunk(nowNanos, piece, at, chunkBytes);
        return ++piece.received == piece.chunkCount ? complete(nowNanos, piece) : Placement.RECEIVED;
    }

    private Placement complete(long nowNanos, InboundPiece piece) {
        if (effects.isOrdered(piece)) {
            return Placement.RECEIVED;
        }
        final Placement result = effects.complete(nowNanos, piece);
        forget(piece);
        return result;
    }

    private void forget(InboundPiece piece) {
        index.remove(piece);
        index.give(piece);
    }

    /// Drops what is known of a voided operation. Called before the range is marked.
    void onVoid(long firstCsn, long count, long operationId) {
        final long endCsn = firstCsn + count;
        InboundPiece piece = index.floor(firstCsn);
        if (piece == null) {
            piece = index.first();
        }
        while (piece != null && piece.firstCsn < endCsn) {
            final @Nullable InboundPiece next = index.after(piece);
            if (piece.operationId == operationId && piece.endCsn() > firstCsn) {
                forget(piece);
            }
            piece = next;
        }
        parts.removeRange(firstCsn, endCsn);
        orphanFrames.drop(firstCsn, endCsn);
        early.drop(firstCsn, endCsn);
        effects.onVoid(operationId);
    }

    /// Runs what had to wait for every smaller CSN: messages, immediates, fenced requests.
    ///
    /// @return RECEIVED, or PROTOCOL_ERROR
    Placement onCumulative(long nowNanos, long cumulativeCsn) {
        InboundPiece piece = index.first();
        while (piece != null && piece.endCsn() <= cumulativeCsn) {
            if (piece.received != piece.chunkCount) {
                effects.onIncomplete(piece);
            } else if (!effects.isRefused(piece) && effects.inOrder(nowNanos, piece) == Placement.PROTOCOL_ERROR) {
                return Placement.PROTOCOL_ERROR;
            }
            forget(piece);
            piece = index.first();
        }
        return Placement.RECEIVED;
    }

    /// Why the latest PROTOCOL_ERROR was returned.
    String errorText() {
        return effects.errorText();
    }

    /// Application bytes placed.
    long placedBytes() {
        return effects.placedBytes();
    }

    /// Gives back what waits for frames that come before their piece.
    void rest() {
        orphanFrames.rest();
    }

    /// DATA frames of unknown pieces.
    long orphans() {
        return orphans;
    }

    /// Pieces in progress, or waiting for their turn.
    int pieces() {
        return index.size();
    }

    /// Forgets everything and gives back what partial messages hold. Nothing else may be called afterwards.
    void close() {
        if (closed) {
            return;
        }
        closed = true;
        InboundPiece piece = index.first();
        while (piece != null) {
            forget(piece);
            piece = index.first();
        }
        orphanFrames.close();
        effects.close();
        messages.close();
    }
}
