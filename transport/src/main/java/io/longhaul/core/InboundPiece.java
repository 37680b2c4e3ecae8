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

/// A piece of an operation of the peer that is arriving; pooled, and a node of {@link PieceIndex}.
final class InboundPiece {
    int kind;
    int flags;
    long operationId;
    long firstCsn;
    int chunkCount;
    long length;
    int shortChunkBytes;
    int fullChunkBytes;
    long argument0;
    long argument1;
    long argument2;
    long argument3;

    /// Chunks received.
    int received;

    /// The message of a SEND, and its sequence when it was begun.
    @Nullable
    InboundMessage message;

    long messageSequence;

    /// The stream of a STREAM; null when its bytes are dropped.
    @Nullable
    EngineStream stream;

    /// Groups of its chunks for parity; 0 while no parity has arrived.
    int parityGroups;

    /// The name in a LOOKUP; kept for the next one.
    MemorySegment name = MemorySegment.NULL;

    // [level of the list]
    final @Nullable InboundPiece[] next;

    InboundPiece(int levels) {
        next = new InboundPiece[levels];
    }

    /// CSN behind the last chunk.
    long endCsn() {
        return firstCsn + chunkCount;
    }

    boolean isFenced() {
        return (flags & OperationFlyweight.FLAG_FENCED) != 0;
    }

    boolean isFin() {
        return (flags & OperationFlyweight.FLAG_FIN) != 0;
    }

    long chunkOffset(int index) {
        return OperationFlyweight.chunkOffset(index, shortChunkBytes, fullChunkBytes);
    }

    int chunkBytes(int index) {
        return OperationFlyweight.chunkBytes(index, length, shortChunkBytes, fullChunkBytes);
    }

    void clear() {
        received = 0;
        parityGroups = 0;
        message = null;
        stream = null;
    }
}
