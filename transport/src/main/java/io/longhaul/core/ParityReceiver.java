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

import io.longhaul.core.fec.ReedSolomon;
import io.longhaul.core.fec.Shards;
import io.longhaul.core.wire.OperationFlyweight;
import io.longhaul.core.wire.ParityFlyweight;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Repairs groups of chunks with parity, as soon as there are as many parities as chunks are missing.
///
/// Chunks that have arrived are not kept for this: they are read again from where they were placed. The repaired chunks
/// go
/// the way of all chunks, through the same checks, so a chunk that arrived meanwhile, or whose operation has ended, is
/// left
/// alone. Before that, the CRC32C that the sender computed over the whole group must be right.
///
/// Threading: the agent. Allocates when it is used for the first time, and when a parity is longer than any before.
final class ParityReceiver {
    private static final int NONE = -1;

    private final FecConfig config;
    private final ReceiveWindow window;
    private final InboundPieces inbound;
    private final PlacedMemory placed;
    private final ParityRows rows = new ParityRows();
    private final Shards known = new Shards();
    private final GroupCheck check = new GroupCheck();
    private final int[] missing = new int[ReedSolomon.MAX_ROWS];
    private final int[] rowNumbers = new int[ReedSolomon.MAX_ROWS];
    private final int[] slots = new int[ReedSolomon.MAX_ROWS];
    private @Nullable ReedSolomon codec;
    private ReedSolomon.Target repaired = new ReedSolomon.Target(MemorySegment.NULL, 0, 0);
    private int repairedCount;
    private long repairedCsn;
    private int repairedGroups;
    private int parityBytes;
    private long repairedChunks;
    private long failedRepairs;
    private String errorText = "";

    ParityReceiver(ReceiveWindow window, InboundPieces inbound, PlacedMemory placed, FecConfig config) {
        this.placed = placed;
        this.config = config;
        this.window = window;
        this.inbound = inbound;
    }

    /// Chunks that were repaired.
    long repairedChunks() {
        return repairedChunks;
    }

    /// Groups whose check was wrong after the repair: their memory had been written to.
    long failedRepairs() {
        return failedRepairs;
    }

    /// Why {@link #onParity} said that the peer broke the protocol.
    String errorText() {
        return errorText;
    }

    /// Bytes of the PARITY frame at {@code offset}, or -1 when it is malformed or longer than {@code available}.
    static int frameBytes(MemorySegment packet, long offset, long available) {
        if (available < ParityFlyweight.HEADER_BYTES) {
            return NONE;
        }
        int header = ParityFlyweight.HEADER_BYTES;
        if (ParityFlyweight.isDescribed(packet, offset)) {
            final int description = InboundPieces.operationFrameBytes(packet, offset + header, available - header);
            if (description < 0
                    || OperationFlyweight.dataBytes(packet, offset + header) != 0
                    || OperationFlyweight.chunkIndex(packet, offset + header) != 0
                    || OperationFlyweight.csn(packet, offset + header) != ParityFlyweight.firstCsn(packet, offset)) {
                return NONE;
            }
            header += description;
        }
        final int rowCount = ParityFlyweight.rows(packet, offset);
        final int bytes = header + ParityFlyweight.parityBytes(packet, offset);
        return bytes <= available
                        && ParityFlyweight.parityBytes(packet, offset) > 0
                        && rowCount <= ReedSolomon.MAX_ROWS
                        && ParityFlyweight.row(packet, offset) < rowCount
                        && ParityFlyweight.group(packet, offset) < ParityFlyweight.groups(packet, offset)
                ? bytes
                : NONE;
    }

    /// Takes a PARITY frame whose length was checked. Repaired chunks are then found by {@link #repairedCount}.
    ///
    /// @return false when the peer broke the protocol
    boolean onParity(long nowNanos, MemorySegment packet, long offset, int frameBytes) {
        final long firstCsn = ParityFlyweight.firstCsn(packet, offset);
        InboundPiece piece = inbound.pieceAt(firstCsn);
        if (piece == null && ParityFlyweight.isDescribed(packet, offset) && isWanted(packet, offset)) {
            if (inbound.onDescription(nowNanos, packet, offset + ParityFlyweight.HEADER_BYTES)
                    == Placement.PROTOCOL_ERROR) {
                errorText = inbound.errorText();
                return false;
            }
            piece = inbound.pieceAt(firstCsn);
        }
        if (piece == null) {
            return true;
        }
        final int groups = ParityFlyweight.groups(packet, offset);
        final int group = ParityFlyweight.group(packet, offset);
        parityBytes = ParityFlyweight.parityBytes(packet, offset);
        final int chunks = piece.chunkCount <= group ? 0 : (piece.chunkCount - group + groups - 1) / groups;
        final boolean sameGroups = piece.parityGroups == 0 || piece.parityGroups == groups;
        if (chunks == 0
                || chunks > ReedSolomon.MAX_CHUNKS
                || !sameGroups
                || parityBytes != longest(piece, group, groups)) {
            errorText = "parity that does not fit its piece";
            return false;
        }
        final int absent = findMissing(piece, group, groups);
        if (absent > 0) {
            piece.parityGroups = groups;
            final long at = offset + frameBytes - parityBytes;
            final int row = ParityFlyweight.row(packet, offset);
            rows.keep(firstCsn, group, row, ParityFlyweight.check(packet, offset), packet, at, parityBytes);
            repair(nowNanos, piece, group, absent);
        }
        return true;
    }

    // A piece of which every chunk was received is no longer known, but its parity may still arrive.
    private boolean isWanted(MemorySegment packet, long offset) {
        return window.status(ParityFlyweight.firstCsn(packet, offset)) == ReceiveWindow.NEW;
    }

    private static int longest(InboundPiece piece, int group, int groups) {
        int bytes = 0;
        for (int index = group; index < piece.chunkCount; index += groups) {
            bytes = Math.max(bytes, piece.chunkBytes(index));
        }
        return bytes;
    }

    // How many chunks of a group are missing; their places in the group, as far as they can be repaired.
    private int findMissing(InboundPiece piece, int group, int groups) {
        int absent = 0;
        int place = 0;
        for (int index = group; index < piece.chunkCount; index += groups) {
            if (window.status(piece.firstCsn + index) == ReceiveWindow.NEW) {
                if (absent < missing.length) {
                    missing[absent] = place;
                }
                absent++;
            }
            place++;
        }
        return absent;
    }

    /// True while parity waits for chunks.
    boolean isWaiting() {
        return !rows.isEmpty();
    }

    /// A chunk has arrived while parity waited.
    void onChunk(long nowNanos, long csn) {
        final InboundPiece piece = inbound.pieceWith(csn);
        if (piece == null || piece.parityGroups == 0) {
            return;
        }
        final int group = (int) ((csn - piece.firstCsn) % piece.parityGroups);
        final int absent = findMissing(piece, group, piece.parityGroups);
        if (absent == 0) {
            rows.drop(piece.firstCsn, group);
        } else {
            parityBytes = longest(piece, group, piece.parityGroups);
            repair(nowNanos, piece, group, absent);
        }
    }

    private void repair(long nowNanos, InboundPiece piece, int group, int absent) {
        if (absent > ReedSolomon.MAX_ROWS || rows.find(piece.firstCsn, group, slots) < absent) {
            return;
        }
        final MemorySegment base = placed.open(nowNanos, piece);
        if (base == null) {
            rows.drop(piece.firstCsn, group);
            return;
        }
        boolean right = false;
        try {
            decode(piece, group, absent, base, placed.offset());
            right = check.value() == rows.check(slots[0]);
        } catch (IllegalStateException | WrongThreadException e) {
            // The application closed the memory: nothing can be repaired with it.
            right = false;
        } finally {
            placed.close();
            known.clear();
        }
        rows.drop(piece.firstCsn, group);
        if (right) {
            repairedCount = absent;
            repairedCsn = piece.firstCsn + group;
            repairedGroups = piece.parityGroups;
            repairedChunks += absent;
        } else {
            failedRepairs++;
        }
    }

    private void decode(InboundPiece piece, int group, int absent, MemorySegment base, long baseOffset) {
        final int groups = piece.parityGroups;
        int chunks = 0;
        for (int index = group; index < piece.chunkCount; index += groups) {
            if (window.status(piece.firstCsn + index) != ReceiveWindow.NEW) {
                known.add(base, baseOffset + piece.chunkOffset(index), piece.chunkBytes(index));
            }
            chunks++;
        }
        for (int i = 0; i < absent; i++) {
            rowNumbers[i] = rows.row(slots[i]);
            known.add(rows.bytes(slots[i]), 0, parityBytes);
        }
        final ReedSolomon coder =
                codec == null ? new ReedSolomon(config.kernels().get()) : codec;
        codec = coder;
        if (repaired.stride() < parityBytes) {
            final byte[] memory = new byte[ReedSolomon.MAX_ROWS * parityBytes];
            repaired = new ReedSolomon.Target(MemorySegment.ofArray(memory), 0, parityBytes);
        }
        coder.decode(chunks, missing, rowNumbers, absent, known, parityBytes, repaired);
        sumUp(piece, group, absent);
    }

    private void sumUp(InboundPiece piece, int group, int absent) {
        check.reset();
        int present = 0;
        int restored = 0;
        int place = 0;
        for (int index = group; index < piece.chunkCount; index += piece.parityGroups) {
            if (restored < absent && missing[restored] == place) {
                check.add(repaired.segment(), restored * repaired.stride(), piece.chunkBytes(index));
                restored++;
            } else {
                check.add(known.segment(present), known.offset(present), known.bytes(present));
                present++;
            }
            place++;
        }
    }

    /// Chunks that the last call has repaired: to be placed, then {@link #onPlaced} is to be called.
    int repairedCount() {
        return repairedCount;
    }

    /// CSN of a repaired chunk.
    long repairedCsn(int index) {
        return repairedCsn + (long) missing[index] * repairedGroups;
    }

    /// Memory of the repaired chunks.
    MemorySegment repairedBytes() {
        return repaired.segment();
    }

    /// Where a repaired chunk starts in that memory.
    long repairedOffset(int index) {
        return index * repaired.stride();
    }

    /// The repaired chunks have been placed.
    void onPlaced() {
        repairedCount = 0;
    }
}
