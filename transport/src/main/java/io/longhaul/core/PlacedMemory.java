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

import io.longhaul.OperationStatus;
import io.longhaul.Right;
import io.longhaul.core.wire.OperationKind;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// The memory in which chunks of arriving pieces were placed, to be read again: a message, a region, the target of a
/// read.
final class PlacedMemory {
    private final RegionTable regions;
    private final PendingRequests pending;
    private long offset;
    private boolean regionInUse;

    PlacedMemory(RegionTable regions, PendingRequests pending) {
        this.regions = regions;
        this.pending = pending;
    }

    /// Opens the memory of a piece; null when it is gone, or when the bytes of this kind cannot be read again.
    /// Otherwise
    /// {@link #close} must be called before anything is placed.
    @Nullable
    MemorySegment open(long nowNanos, InboundPiece piece) {
        return switch (piece.kind) {
            case OperationKind.SEND -> openMessage(piece);
            case OperationKind.WRITE, OperationKind.WRITE_IMMEDIATE -> openRegion(nowNanos, piece);
            case OperationKind.READ_RESPONSE -> openTarget(piece);
            default -> null;
        };
    }

    private @Nullable MemorySegment openMessage(InboundPiece piece) {
        final InboundMessage message = piece.message;
        if (message == null || message.sequence != piece.messageSequence) {
            return null;
        }
        offset = message.memoryOffset + piece.argument0;
        return message.memory;
    }

    private @Nullable MemorySegment openRegion(long nowNanos, InboundPiece piece) {
        final OperationStatus status =
                regions.check(nowNanos, piece.argument0, Right.WRITE, piece.argument1, piece.length);
        if (status != OperationStatus.SUCCESS) {
            return null;
        }
        regionInUse = true;
        offset = piece.argument1;
        return regions.segment();
    }

    private @Nullable MemorySegment openTarget(InboundPiece piece) {
        final MemorySegment target = pending.readTarget(piece.argument0);
        final boolean inside =
                piece.argument1 >= 0 && piece.argument1 <= pending.readLength(piece.argument0) - piece.length;
        if (target == null || !inside) {
            return null;
        }
        offset = pending.readTargetOffset(piece.argument0) + piece.argument1;
        return target;
    }

    /// Where the piece starts in the memory opened last.
    long offset() {
        return offset;
    }

    /// Ends the reading.
    void close() {
        if (regionInUse) {
            regionInUse = false;
            regions.done();
        }
    }
}
