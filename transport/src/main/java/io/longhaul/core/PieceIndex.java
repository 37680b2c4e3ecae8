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

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Arriving pieces by CSN: a skip list whose nodes are the pieces themselves, and a note of the piece found last.
///
/// Ranges of pieces never overlap. Finding, adding and removing take O(log n) steps.
final class PieceIndex {
    private static final int LEVELS = 11; // 4^11 pieces are more than the largest window has chunks
    private static final int MAX_POOLED = 16 * 1024;

    private final InboundPiece head = new InboundPiece(LEVELS);
    // [level]: the last piece before the one that is added or removed
    private final InboundPiece[] path = new InboundPiece[LEVELS];
    private @Nullable InboundPiece recent;
    private @Nullable InboundPiece pool;
    private int pooled;
    private int size;
    private int created;

    PieceIndex() {
        head.firstCsn = -1;
        Arrays.fill(path, head);
    }

    /// Number of pieces.
    int size() {
        return size;
    }

    /// A piece to be filled; not in the index yet.
    InboundPiece take() {
        final InboundPiece piece = pool;
        if (piece == null) {
            return new InboundPiece(nextLevel());
        }
        pool = piece.next[0];
        piece.next[0] = null;
        pooled--;
        return piece;
    }

    // One level more with a chance of 1 in 4: from a hash of the number of pieces made, the same in every run.
    private int nextLevel() {
        int hash = ++created * 0x9e3779b9;
        hash ^= hash >>> 15;
        hash *= 0x85ebca6b;
        hash ^= hash >>> 13;
        return Math.min(LEVELS, 1 + Integer.numberOfTrailingZeros(hash) / 2);
    }

    /// Gives a piece back that is not in the index.
    void give(InboundPiece piece) {
        piece.clear();
        if (pooled < MAX_POOLED) {
            piece.next[0] = pool;
            pool = piece;
            pooled++;
        }
    }

    /// The piece with the largest first CSN that is not above {@code csn}; null when there is none.
    @Nullable
    InboundPiece floor(long csn) {
        final InboundPiece last = recent;
        if (last != null && csn >= last.firstCsn && csn < last.endCsn()) {
            return last;
        }
        InboundPiece at = head;
        for (int level = LEVELS - 1; level >= 0; level--) {
            InboundPiece next = at.next[level];
            while (next != null && next.firstCsn <= csn) {
                at = next;
                next = at.next[level];
            }
        }
        recent = at == head ? null : at;
        return recent;
    }

    /// The piece that holds {@code csn}; null when there is none.
    @Nullable
    InboundPiece find(long csn) {
        final InboundPiece piece = floor(csn);
        return piece != null && csn < piece.endCsn() ? piece : null;
    }

    /// The piece with the smallest CSN.
    @Nullable
    InboundPiece first() {
        return head.next[0];
    }

    /// The piece behind another.
    @Nullable
    InboundPiece after(InboundPiece piece) {
        return piece.next[0];
    }

    /// True when no piece holds any CSN of [firstCsn, endCsn).
    boolean isFree(long firstCsn, long endCsn) {
        final InboundPiece before = floor(firstCsn);
        final InboundPiece behind = before == null ? head.next[0] : before.next[0];
        return (before == null || before.endCsn() <= firstCsn) && (behind == null || behind.firstCsn >= endCsn);
    }

    // Sets path to the last piece before the CSN on each level.
    private void walk(long csn) {
        InboundPiece at = head;
        for (int level = LEVELS - 1; level >= 0; level--) {
            InboundPiece next = at.next[level];
            while (next != null && next.firstCsn < csn) {
                at = next;
                next = at.next[level];
            }
            path[level] = at;
        }
    }

    /// Adds a piece whose range is free.
    void add(InboundPiece piece) {
        walk(piece.firstCsn);
        for (int level = 0; level < piece.next.length; level++) {
            piece.next[level] = path[level].next[level];
            path[level].next[level] = piece;
        }
        recent = piece;
        size++;
    }

    /// Removes a piece.
    void remove(InboundPiece piece) {
        walk(piece.firstCsn);
        for (int level = 0; level < piece.next.length; level++) {
            assert path[level].next[level] == piece : "a piece in the index is linked on all its levels";
            path[level].next[level] = piece.next[level];
            piece.next[level] = null;
        }
        if (recent == piece) {
            recent = null;
        }
        size--;
    }
}
