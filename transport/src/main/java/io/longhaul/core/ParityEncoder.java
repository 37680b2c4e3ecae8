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

import io.longhaul.core.fec.ErasureKernel;
import io.longhaul.core.fec.ReedSolomon;
import io.longhaul.core.fec.Shards;
import java.lang.foreign.MemorySegment;

/// The parities of one group of chunks of an outgoing piece, and their check.
final class ParityEncoder {
    private final ReedSolomon codec;
    private final Shards chunks = new Shards();
    private final GroupCheck check = new GroupCheck();
    private MemorySegment parities = MemorySegment.NULL;
    private int parityBytes;

    ParityEncoder(ErasureKernel kernel) {
        codec = new ReedSolomon(kernel);
    }

    /// Computes the parities of a group.
    ///
    /// @return false when the bytes of the piece can no longer be read
    boolean encode(Piece piece, int group, int groups, int rows) {
        parityBytes = 0;
        check.reset();
        try {
            for (int index = group; index < piece.chunkCount; index += groups) {
                final int bytes = piece.chunkBytes(index);
                final long offset = piece.sourceOffset + piece.chunkOffset(index);
                chunks.add(piece.source, offset, bytes);
                check.add(piece.source, offset, bytes);
                parityBytes = Math.max(parityBytes, bytes);
            }
            if (parities.byteSize() < (long) rows * parityBytes) {
                parities = MemorySegment.ofArray(new byte[ReedSolomon.MAX_ROWS * parityBytes]);
            }
            codec.encode(chunks, rows, parityBytes, parities, 0, parityBytes);
            return true;
        } catch (IllegalStateException | WrongThreadException e) {
            // The application closed the memory. Whoever sends the chunks finds that out as well, and ends the
            // operation.
            return false;
        } finally {
            chunks.clear();
        }
    }

    /// Length of a parity: of the longest chunk of the group.
    int parityBytes() {
        return parityBytes;
    }

    /// CRC32C of the chunks.
    long check() {
        return check.value();
    }

    /// Copies a parity.
    void copy(int row, MemorySegment target, long offset) {
        MemorySegment.copy(parities, (long) row * parityBytes, target, offset, parityBytes);
    }
}
