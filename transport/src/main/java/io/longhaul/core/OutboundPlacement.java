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

import io.longhaul.core.wire.OperationKind;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/// Keys under which this side may write the peer's memory: asked for when a large write is posted, so that they are
/// here
/// when its turn comes. Without a key a write travels as SEND.
final class OutboundPlacement {
    /// Least length of a write for which a key is asked, bytes.
    static final long MIN_WRITE_BYTES = 128 * 1024;

    /// Bytes under one key at most, 64 MiB: a multiple of {@link OutboundPieces#PIECE_BYTES}, and 16,384 pages of 4
    /// KiB, which the peer's agent pins while its other connections wait.
    static final long TRANSFER_BYTES = 64L << 20;

    /// A key, or the wait for one.
    static final class Grant {
        final long offset;
        final long length;
        boolean given;
        long address;
        int key;

        @Nullable
        Grant next; // of the same operation

        Grant(long offset, long length) {
            this.offset = offset;
            this.length = length;
        }

        /// Address of an offset in the region.
        long address(long at) {
            return address + (at - offset);
        }
    }

    private final boolean enabled;
    private final AnswerQueue answers;
    private final Long2ObjectHashMap<Grant> byOperation = new Long2ObjectHashMap<>();
    private int grants;

    OutboundPlacement(boolean enabled, AnswerQueue answers) {
        this.enabled = enabled;
        this.answers = answers;
    }

    /// A write was posted: asks for its keys, if it is large.
    ///
    /// @param offset where it goes in the region
    void onPosted(long operationId, long regionKey, long offset, long length) {
        if (!enabled || length < MIN_WRITE_BYTES) {
            return;
        }
        for (long done = 0; done < length && grants < InboundPlacement.MAX_TRANSFERS; done += TRANSFER_BYTES) {
            final Grant grant = new Grant(offset + done, Math.min(TRANSFER_BYTES, length - done));
            grant.next = byOperation.put(operationId, grant);
            grants++;
            answers.placementRequest(operationId, regionKey, grant.offset, grant.length);
        }
    }

    /// The peer's answer.
    ///
    /// @param key 0 when it gives none
    void onAnswer(long operationId, long offset, long address, int key) {
        Grant grant = byOperation.get(operationId);
        if (grant == null && key != 0) {
            // The operation has ended meanwhile, perhaps before the peer has seen any of it.
            answers.placementRelease(operationId);
        }
        while (grant != null && grant.offset != offset) {
            grant = grant.next;
        }
        if (grant != null && key != 0) {
            grant.address = address;
            grant.key = key;
            grant.given = true;
        }
    }

    /// An operation has ended: its keys are not used any more.
    void onEnded(long operationId, boolean success) {
        Grant grant = grants == 0 ? null : byOperation.remove(operationId);
        if (grant != null && !success) {
            answers.placementRelease(operationId);
        }
        while (grant != null) {
            grants--;
            grant = grant.next;
        }
    }

    /// The key under which all of a piece may be placed, or null.
    @Nullable
    Grant find(Piece piece) {
        final boolean write = piece.kind == OperationKind.WRITE || piece.kind == OperationKind.WRITE_IMMEDIATE;
        Grant grant = write && grants > 0 ? byOperation.get(piece.operationId) : null;
        while (grant != null
                && (piece.arguments[1] < grant.offset || piece.arguments[1] - grant.offset >= grant.length)) {
            grant = grant.next;
        }
        return grant != null && grant.given ? grant : null;
    }
}
