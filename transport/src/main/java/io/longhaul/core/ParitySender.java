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

import io.longhaul.FecPolicy;
import io.longhaul.core.fec.FecController;
import io.longhaul.core.wire.OperationFlyweight;
import io.longhaul.core.wire.OperationKind;
import io.longhaul.core.wire.ParityFlyweight;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Sends parity, or copies, of the pieces that the controller has chosen to protect, right behind them.
///
/// The choice is made when a piece is cut into chunks, because a parity needs a few bytes more than a chunk. Its
/// packets
/// count as in flight until the receiver reports them or a newer packet of their lane; they are never repeated.
///
/// Threading: the agent.
final class ParitySender {
    private static final int NONE = -1;
    private static final int LARGEST_PIECE_BYTES = 32 << 20;
    private static final int PIECES_PER_SECOND = 500;

    /// Chunk behind which the description of a piece is sent again: a burst may have taken all of the first 16.
    private static final int DESCRIBED_AGAIN_AT = 128;

    /// Transmissions after which a chunk is sent twice at once, where there are two lanes; the chance of losing it
    /// again is
    /// squared.
    private static final int TWICE_AFTER = 2;

    private final FecConfig config;
    private final SendWindow window;
    private final Flow flow;
    private final LaneScheduler lanes;
    private final PacketWriter writer;
    private final boolean enabled;
    private final FecController controller;
    private @Nullable ParityEncoder encoder; // made when it is needed for the first time

    // Chunks that are sent once more on their own: [number & length - 1], their CSNs
    private long[] again = new long[8];
    private long againHead;
    private long againTail;

    // Pieces that were sent and wait for their parity: [number & length - 1], their first CSNs
    private long[] waiting = new long[8];
    private long head;
    private long tail;

    private int group;
    private int row;
    private boolean encoded;
    private SendLane lane; // of the packet that is filled
    private long nowNanos;
    private long parityBytes;
    private long parityPackets;

    ParitySender(FecConfig config, SendWindow window, Flow flow, LaneScheduler lanes, PacketWriter writer) {
        this.config = config;
        this.window = window;
        this.flow = flow;
        this.lanes = lanes;
        this.writer = writer;
        lane = lanes.other(0);
        enabled = config.policy() != FecPolicy.OFF;
        controller = new FecController(config.policy());
    }

    boolean isEnabled() {
        return enabled;
    }

    FecController controller() {
        return controller;
    }

    /// Bytes of parity and of copies, without headers.
    long parityBytes() {
        return parityBytes;
    }

    /// Packets with parity or copies.
    long parityPackets() {
        return parityPackets;
    }

    /// Chooses the protection of a piece that has its chunk sizes, and makes room for the header of a parity in
    /// them.
    ///
    /// @param room bytes for frames in a packet
    void protect(Piece piece, int room) {
        piece.protection.clear();
        if (!enabled || !isProtectable(piece)) {
            return;
        }
        final FecController.Choice choice = controller.choose(
                piece.messageBytes,
                piece.messageBytes - piece.messageOffset,
                piece.length,
                piece.chunkCount,
                piece.behindBytes);
        switch (choice) {
            case OFF -> {
                // Sent once.
            }
            case DUPLICATE -> piece.protection.copies(controller.copies());
            case FULL -> {
                if (piece.chunkCount <= OperationFlyweight.SHORT_CHUNKS) {
                    piece.shortChunkBytes -= ParityFlyweight.HEADER_BYTES;
                }
                piece.fullChunkBytes = Math.min(piece.fullChunkBytes, room - ParityFlyweight.HEADER_BYTES);
                piece.chunkCount =
                        OperationFlyweight.chunkCount(piece.length, piece.shortChunkBytes, piece.fullChunkBytes);
                final int depth = Math.max(controller.depth(), FecController.leastDepth(piece.chunkCount));
                // A group without a chunk would have a parity without bytes.
                piece.protection.parity(controller.rows(), Math.min(depth, piece.chunkCount));
            }
        }
    }

    // Bytes of streams may be gone, read by the application, before a parity arrives.
    private static boolean isProtectable(Piece piece) {
        return piece.kind != OperationKind.STREAM && piece.kind != OperationKind.STREAM_CREDIT;
    }

    /// Largest piece: 2 ms of the rate, so that a burst of losses is spread over many groups, and nobody waits
    /// longer.
    ///
    /// @param leastBytes where 2 ms are less
    int pieceBytes(int leastBytes) {
        final long bytes = flow.controller().pacingRateBytesPerSecond() / PIECES_PER_SECOND;
        return Math.clamp(bytes, leastBytes, LARGEST_PIECE_BYTES);
    }

    /// A chunk of a piece got its CSN.
    void onChunkOpened(Piece piece) {
        if (piece.nextChunk == DESCRIBED_AGAIN_AT && piece.protection.rows() > 0) {
            sendAgain(piece.firstCsn);
        }
        if (piece.nextChunk == piece.chunkCount) {
            onPieceSent(piece);
        }
    }

    /// A chunk that was lost was sent again. Where losses are to cost no round trip, that packet must not be lost
    /// in turn.
    ///
    /// @param transmissions how often it was sent before
    void onRetransmitted(long csn, int transmissions) {
        final boolean often = transmissions >= TWICE_AFTER && lanes.hasOther();
        if (often || enabled && controller.isWorthIt()) {
            sendAgain(csn);
        }
    }

    private void sendAgain(long csn) {
        if (againTail - againHead == again.length) {
            again = larger(again, againHead, againTail);
        }
        again[(int) againTail++ & again.length - 1] = csn;
    }

    /// All chunks of a piece were sent once.
    private void onPieceSent(Piece piece) {
        if (piece.protection.isOn()) {
            if (tail - head == waiting.length) {
                waiting = larger(waiting, head, tail);
            }
            waiting[(int) tail++ & waiting.length - 1] = piece.firstCsn;
        }
    }

    private static long[] larger(long[] ring, long from, long to) {
        final long[] larger = new long[ring.length * 2];
        for (long i = from; i < to; i++) {
            larger[(int) i & larger.length - 1] = ring[(int) i & ring.length - 1];
        }
        return larger;
    }

    /// True when parity waits to be sent.
    boolean hasMore() {
        return againHead != againTail && nextAgain() != NONE || head != tail && next() != null;
    }

    // The chunk whose turn it is to be sent once more; -1 when there is none.
    private long nextAgain() {
        while (againHead != againTail) {
            final long csn = again[(int) againHead & again.length - 1];
            if (csn >= window.cumulativeCsn() && !window.isAcked(csn) && !window.piece(csn).voided) {
                return csn;
            }
            againHead++;
        }
        return NONE;
    }

    // The piece whose turn it is. Those that were acknowledged or voided meanwhile need nothing.
    private @Nullable Piece next() {
        while (head != tail) {
            final long csn = waiting[(int) head & waiting.length - 1];
            final Piece piece = find(csn);
            if (piece != null) {
                return piece;
            }
            skip();
        }
        return null;
    }

    private @Nullable Piece find(long firstCsn) {
        // The slots of all chunks from the cumulative CSN on refer to the piece, until it is done and used again.
        final long csn = Math.max(firstCsn, window.cumulativeCsn());
        if (csn >= window.nextCsn()) {
            return null;
        }
        final Piece piece = window.piece(csn);
        final boolean open = piece.firstCsn == firstCsn && piece.doneChunks < piece.chunkCount && !piece.voided;
        return open && piece.protection.isOn() ? piece : null;
    }

    private void skip() {
        head++;
        group = 0;
        row = 0;
        encoded = false;
    }

    /// Writes the next frames of parity or copies. The packet is not finished.
    ///
    /// @return false when there are none
    boolean fill(long atNanos, DataSender sender) {
        nowNanos = atNanos;
        if (fillAgain(sender)) {
            return true;
        }
        Piece piece = next();
        while (piece != null) {
            final boolean copies = piece.protection.copies() > 0;
            lane = copies
                    ? lanes.other(window.lane(Math.max(piece.firstCsn, window.cumulativeCsn())))
                    : lanes.next(writer.room());
            final boolean filled = copies ? fillCopies(piece, sender) : fillParity(piece);
            if (filled) {
                return true;
            }
            piece.protection.clear();
            skip();
            piece = next();
        }
        return false;
    }

    private boolean fillAgain(DataSender sender) {
        long csn = nextAgain();
        if (csn == NONE) {
            return false;
        }
        lane = lanes.other(window.lane(csn));
        while (csn != NONE) {
            final Piece piece = window.piece(csn);
            final int bytes = sender.copyChunk(piece, (int) (csn - piece.firstCsn));
            if (bytes == NONE) {
                break;
            }
            parityBytes += bytes;
            againHead++;
            csn = nextAgain();
        }
        if (writer.isEmpty()) {
            againHead++; // the path has become too narrow for it
            return false;
        }
        return true;
    }

    // Several small pieces share a packet. True when the packet is full, or nothing more waits.
    private boolean fillCopies(Piece first, DataSender sender) {
        Piece piece = first;
        boolean wrote = false;
        while (piece != null && piece.protection.copies() > 0) {
            final int index = row % piece.chunkCount;
            if (piece.firstCsn + index >= window.cumulativeCsn()) {
                final int bytes = sender.copyChunk(piece, index);
                if (bytes == NONE) {
                    return wrote;
                }
                wrote = true;
                parityBytes += bytes;
            }
            if (++row == piece.chunkCount * piece.protection.copies()) {
                sentAll(piece);
                piece = next();
            } else if (wrote && index == piece.chunkCount - 1) {
                return true; // the next round of copies takes another packet
            }
        }
        return wrote;
    }

    private void sentAll(Piece piece) {
        piece.protection.onSent(lane.index, lane.history.nextPacketNumber(), nowNanos);
        skip();
    }

    private boolean fillParity(Piece piece) {
        final Piece.Owner owner = piece.owner;
        if (owner != null && !owner.mayRead()) {
            return false;
        }
        final PieceProtection protection = piece.protection;
        final ParityEncoder codec =
                encoder == null ? new ParityEncoder(config.kernels().get()) : encoder;
        encoder = codec;
        if (!encoded) {
            if (!codec.encode(piece, group, protection.groups(), protection.rows())) {
                return false;
            }
            encoded = true;
        }
        final boolean described = piece.chunkCount <= OperationFlyweight.SHORT_CHUNKS;
        final int header = ParityFlyweight.HEADER_BYTES + (described ? OperationFlyweight.headerBytes(piece.kind) : 0);
        if (header + codec.parityBytes() > writer.room()) {
            return false;
        }
        put(piece, codec, described, header);
        writer.advance(header + codec.parityBytes());
        parityBytes += codec.parityBytes();
        if (++row == protection.rows()) {
            row = 0;
            encoded = false;
            if (++group == protection.groups()) {
                sentAll(piece);
            }
        }
        return true;
    }

    private void put(Piece piece, ParityEncoder codec, boolean described, int header) {
        final MemorySegment segment = writer.segment();
        final long at = writer.at();
        final PieceProtection protection = piece.protection;
        final int flags = described ? ParityFlyweight.FLAG_DESCRIBED : 0;
        ParityFlyweight.putGroup(segment, at, flags, piece.firstCsn, group, protection.groups());
        ParityFlyweight.putRow(segment, at, row, protection.rows(), codec.parityBytes(), codec.check());
        if (described) {
            DataSender.putDescription(segment, at + ParityFlyweight.HEADER_BYTES, piece, piece.firstCsn, 0, 0, 0);
        }
        codec.copy(row, segment, at + header);
    }

    /// Finishes a packet that {@link #fill} has begun, and enters it into the books.
    int finish(Transmit out, boolean appLimited) {
        final int ipBytes = writer.ipBytes(writer.packetBytes());
        final long number = lane.history.addParity(nowNanos, ipBytes);
        flow.onSent(lane, number, ipBytes, nowNanos, appLimited);
        parityPackets++;
        return writer.finish(out, lane.index, number);
    }
}
