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

import io.longhaul.ConnectionStatistics.ResendCause;
import io.longhaul.core.wire.DataFlyweight;
import io.longhaul.core.wire.OperationFlyweight;
import io.longhaul.core.wire.OperationKind;
import io.longhaul.core.wire.VoidFlyweight;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Writes packets with chunks: new ones, lost ones, and probes for the tail.
final class DataSender {
    private static final int NONE = -1;

    private final Recovery recovery;
    private final SendWindow window;
    private final Flow flow;
    private final OutboundPieces pieces;
    private final LaneScheduler lanes;
    private final PacketWriter writer;
    private final PathMtu mtu;
    private final ParitySender parity;
    private long partCsn = NONE;
    private int partOffset;
    private long firstCsn;
    private boolean part;
    private boolean partFollows;
    private @Nullable ResendCause partAgain; // why the chunk in parts is sent again; null when it is new
    private boolean copying;
    private boolean probing;
    private long payloadBytes;
    private final ResentBytes resent;
    private @Nullable PlacedSender placed;

    DataSender(
            Recovery recovery,
            OutboundPieces pieces,
            LaneScheduler lanes,
            PacketWriter writer,
            PathMtu mtu,
            ParitySender parity) {
        this.recovery = recovery;
        this.pieces = pieces;
        this.lanes = lanes;
        this.writer = writer;
        this.mtu = mtu;
        this.parity = parity;
        resent = recovery.resent;
        window = recovery.window;
        flow = recovery.flow;
    }

    SendWindow window() {
        return window;
    }

    Flow flow() {
        return flow;
    }

    OutboundPieces pieces() {
        return pieces;
    }

    /// Leaves chunks to direct placement.
    void placedSender(PlacedSender sender) {
        placed = sender;
    }

    /// Application bytes sent for the first time.
    long payloadBytes() {
        return payloadBytes;
    }

    /// Application bytes sent again.
    long retransmittedBytes() {
        return resent.total();
    }

    /// True when a lost chunk waits.
    boolean hasLost() {
        return partCsn != NONE || recovery.queue.peekLost(window) != NONE;
    }

    /// True when the next packet would carry the last chunk of something new, and have room for more.
    ///
    /// @param spareBytes room that has to be left for another frame
    boolean isNextSmall(int spareBytes) {
        if (hasLost() || !window.hasCredit()) {
            return false;
        }
        final Piece piece = pieces.current(window.nextCsn(), mtu.packetBytes());
        if (piece == null || piece.voided || placed != null && placed.takes(piece)) {
            return false;
        }
        final int index = piece.nextChunk;
        return index == piece.chunkCount - 1
                && headerBytes(piece, index) + piece.chunkBytes(index) + spareBytes <= writer.room();
    }

    /// Writes frames of lost chunks, or of new ones. The packet is not finished.
    ///
    /// @return number of chunks; 0 when there is nothing that may be sent
    int fill() {
        if (partCsn != NONE && continuePart()) {
            return 1;
        }
        final long lost = recovery.queue.peekLost(window);
        if (lost != NONE) {
            recovery.queue.skip();
            return fillLost(lost);
        }
        return fillNew();
    }

    /// Finishes a packet that {@link #fill} has begun, and enters it into the books.
    int finish(long nowNanos, Transmit out, SendLane lane, int chunks) {
        final int ipBytes = writer.ipBytes(writer.packetBytes());
        final boolean appLimited = isAppLimited();
        final long number = part
                ? lane.history.addPart(nowNanos, ipBytes, firstCsn)
                : lane.history.addData(nowNanos, ipBytes, firstCsn, chunks);
        for (long csn = firstCsn; csn < firstCsn + chunks; csn++) {
            window.onSent(csn, lane.index, number);
        }
        flow.onSent(lane, number, ipBytes, nowNanos, appLimited);
        return writer.finish(out, lane.index, number);
    }

    /// Lane for the packet that {@link #fill} has begun: lost chunks leave the lane that lost them.
    SendLane lane() {
        if (part && partFollows) {
            // Parts are acknowledged together: on two lanes, the one that is ahead would look lost.
            return lanes.same(window.lane(firstCsn));
        }
        final boolean again = window.state(firstCsn) == SendWindow.LOST;
        return again ? lanes.other(window.lane(firstCsn)) : lanes.next(writer.packetBytes());
    }

    private int fillLost(long csn) {
        firstCsn = csn;
        part = false;
        if (window.piece(csn).voided) {
            return putVoid(csn, lostRun(csn));
        }
        int chunks = 0;
        while (isLost(csn + chunks) && putChunk(csn + chunks)) {
            parity.onRetransmitted(csn + chunks, window.transmissions(csn + chunks));
            chunks++;
        }
        return chunks > 0 ? chunks : startPart(csn);
    }

    private boolean isLost(long csn) {
        return csn < window.nextCsn() && window.state(csn) == SendWindow.LOST;
    }

    private int lostRun(long csn) {
        final Piece piece = window.piece(csn);
        int count = 1;
        while (isLost(csn + count) && window.piece(csn + count) == piece) {
            count++;
        }
        return count;
    }

    private int fillNew() {
        firstCsn = window.nextCsn();
        part = false;
        int chunks = 0;
        while (window.hasCredit()) {
            final Piece piece = pieces.current(window.nextCsn(), mtu.packetBytes());
            if (piece == null) {
                break;
            }
            if (piece.voided) {
                return chunks > 0 ? chunks : openVoid(piece);
            }
            if (placed != null && placed.takes(piece)) {
                return chunks;
            }
            if (!fits(piece, piece.nextChunk)) {
                return chunks > 0 ? chunks : openPart(piece);
            }
            final long csn = open(piece);
            putChunk(csn);
            chunks++;
        }
        return chunks;
    }

    /// Gives the next chunk of the current piece its CSN.
    long open(Piece piece) {
        final long csn = window.open(piece);
        piece.nextChunk++;
        if (piece.nextChunk == piece.chunkCount) {
            pieces.finishCurrent();
        }
        parity.onChunkOpened(piece);
        return csn;
    }

    private int openVoid(Piece piece) {
        final int count = (int) Math.min(window.room(), piece.chunkCount - piece.nextChunk);
        for (int i = 0; i < count; i++) {
            open(piece);
        }
        return putVoid(firstCsn, count);
    }

    private int putVoid(long csn, int count) {
        VoidFlyweight.put(writer.segment(), writer.at(), csn, count, window.piece(csn).operationId);
        writer.advance(VoidFlyweight.BYTES);
        return count;
    }

    private boolean fits(Piece piece, int index) {
        return headerBytes(piece, index) + piece.chunkBytes(index) <= writer.room();
    }

    private static int headerBytes(Piece piece, int index) {
        return index < OperationFlyweight.SHORT_CHUNKS
                ? OperationFlyweight.headerBytes(piece.kind)
                : DataFlyweight.HEADER_BYTES;
    }

    // Writes the frame of a whole chunk, or says that it does not fit (or belongs to a void piece).
    private boolean putChunk(long csn) {
        final Piece piece = window.piece(csn);
        final int index = (int) (csn - piece.firstCsn);
        if (!fits(piece, index)) {
            return false;
        }
        final int bytes = piece.chunkBytes(index);
        final int header = headerBytes(piece, index);
        if (piece.voided || !copy(piece, piece.chunkOffset(index), writer.segment(), writer.at() + header, bytes)) {
            putVoid(csn, 1);
            return true;
        }
        if (index < OperationFlyweight.SHORT_CHUNKS) {
            putDescription(writer.segment(), writer.at(), piece, csn, index, 0, bytes);
        } else {
            DataFlyweight.put(writer.segment(), writer.at(), csn, bytes);
        }
        writer.advance(header + bytes);
        count(csn, bytes);
        return true;
    }

    /// Writes the header of an OPERATION frame.
    static void putDescription(
            MemorySegment segment, long at, Piece piece, long csn, int index, int offsetInChunk, int bytes) {
        OperationFlyweight.putSegment(
                segment, at, piece.kind, piece.flags, piece.operationId, piece.length, piece.shortChunkBytes);
        OperationFlyweight.putChunk(segment, at, csn, index, offsetInChunk, bytes, piece.fullChunkBytes);
        final int arguments = OperationKind.arguments(piece.kind);
        for (int i = 0; i < arguments; i++) {
            OperationFlyweight.putArgument(segment, at, i, piece.arguments[i]);
        }
    }

    private void count(long csn, int bytes) {
        if (copying) {
            return;
        }
        if (window.transmissions(csn) == 0) {
            payloadBytes += bytes;
        } else {
            resend(csn, bytes);
        }
    }

    private void resend(long csn, int bytes) {
        if (part) {
            // Every part is a transmission of its own to the window; whether the chunk travels again was seen at the
            // first.
            if (partAgain == null) {
                payloadBytes += bytes;
                return;
            }
            // The receiver reports each part that comes twice.
            if (partAgain != ResendCause.TAIL_PROBE) {
                recovery.onResent();
            } else if (partFollows) {
                recovery.expectDuplicate();
            }
            resent.add(partAgain, bytes);
            return;
        }
        if (!probing) {
            recovery.onResent();
        }
        resent.add(probing ? ResendCause.TAIL_PROBE : window.lostCause(csn), bytes);
    }

    /// Copies bytes of a piece. Memory that its owner took away voids the piece.
    boolean copy(Piece piece, long offset, MemorySegment target, long to, int bytes) {
        final Piece.@Nullable Owner owner = piece.owner;
        if (owner != null && !owner.mayRead()) {
            fail(piece, owner);
            return false;
        }
        if (bytes == 0) {
            return true;
        }
        try {
            MemorySegment.copy(piece.source, piece.sourceOffset + offset, target, to, bytes);
            return true;
        } catch (IllegalStateException | WrongThreadException e) {
            fail(piece, owner);
            return false;
        }
    }

    private static void fail(Piece piece, Piece.@Nullable Owner owner) {
        piece.voided = true;
        if (owner != null) {
            owner.onSourceFailed(piece);
        }
    }

    private int openPart(Piece piece) {
        return startPart(open(piece));
    }

    // The path has become narrower than the chunk: it travels in parts.
    private int startPart(long csn) {
        partCsn = csn;
        partOffset = 0;
        partAgain = causeOf(csn);
        return continuePart() ? 1 : 0;
    }

    private @Nullable ResendCause causeOf(long csn) {
        if (window.transmissions(csn) == 0) {
            return null;
        }
        return probing ? ResendCause.TAIL_PROBE : window.lostCause(csn);
    }

    private boolean continuePart() {
        final long csn = partCsn;
        if (window.isAcked(csn)) {
            unfinished(NONE);
            return false;
        }
        firstCsn = csn;
        part = true;
        partFollows = partOffset > 0;
        final Piece piece = window.piece(csn);
        final int index = (int) (csn - piece.firstCsn);
        final boolean described = index < OperationFlyweight.SHORT_CHUNKS;
        final int header = described ? OperationFlyweight.headerBytes(piece.kind) : DataFlyweight.PART_HEADER_BYTES;
        final int bytes = Math.min(writer.room() - header, piece.chunkBytes(index) - partOffset);
        final long from = piece.chunkOffset(index) + partOffset;
        if (piece.voided || !copy(piece, from, writer.segment(), writer.at() + header, bytes)) {
            unfinished(NONE);
            part = false;
            putVoid(csn, 1);
            return true;
        }
        if (described) {
            putDescription(writer.segment(), writer.at(), piece, csn, index, partOffset, bytes);
        } else {
            DataFlyweight.putPart(writer.segment(), writer.at(), csn, partOffset, bytes);
        }
        writer.advance(header + bytes);
        count(csn, bytes);
        partOffset += bytes;
        unfinished(partOffset == piece.chunkBytes(index) ? NONE : csn);
        return true;
    }

    private void unfinished(long csn) {
        partCsn = csn;
        recovery.parts.unfinished(csn);
    }

    /// Writes the frame of a chunk that was sent before once more, without a trace in the books.
    ///
    /// @return its bytes of data; -1 when it does not fit
    int copyChunk(Piece piece, int index) {
        if (!fits(piece, index)) {
            return NONE;
        }
        recovery.expectDuplicate();
        copying = true;
        putChunk(piece.firstCsn + index);
        copying = false;
        return piece.chunkBytes(index);
    }

    /// True when nothing but what was written waits to be sent.
    boolean isAppLimited() {
        return !hasLost() && !pieces.hasMore();
    }

    /// Writes a probe for the tail: the newest chunk that is not acknowledged, or the oldest. A path that is not
    /// silent
    /// gets
    /// what was lost and waits for the pacer: at a low rate probes take all that it gives, and nothing else would
    /// ever
    /// leave.
    ///
    /// @return number of chunks, 0 when everything is acknowledged
    int fillProbe(boolean newest, boolean silent) {
        if (partCsn != NONE && continuePart()) {
            return 1; // To begin the chunk anew would never bring it to its end.
        }
        final long lost = silent ? NONE : recovery.queue.peekLost(window);
        if (lost != NONE) {
            recovery.queue.skip();
            return fillLost(lost);
        }
        final long oldest = window.nextUnacked(window.cumulativeCsn(), window.nextCsn());
        if (oldest == window.nextCsn()) {
            return 0;
        }
        long csn = oldest;
        if (newest) {
            csn = window.nextCsn() - 1;
            while (window.isAcked(csn)) {
                csn--;
            }
        }
        firstCsn = csn;
        part = false;
        if (window.piece(csn).voided) {
            return putVoid(csn, 1);
        }
        recovery.expectDuplicate();
        probing = true;
        final int chunks = putChunk(csn) ? 1 : startPart(csn);
        probing = false;
        window.onProbed(csn);
        return chunks;
    }

    /// Lane for a probe: not the one that was silent.
    SendLane probeLane() {
        return lanes.other(window.lane(firstCsn));
    }

    /// Application bytes of a full packet of the present size.
    int payloadBytesPerPacket() {
        return writer.frameRoom(mtu.packetBytes()) - DataFlyweight.HEADER_BYTES;
    }
}
