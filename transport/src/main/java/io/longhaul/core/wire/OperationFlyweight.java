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
package io.longhaul.core.wire;

import java.lang.foreign.MemorySegment;

/// Bytes of a chunk together with the description of the operation piece ("segment") that it belongs to.
///
/// Each of the first {@link #SHORT_CHUNKS} chunks of a segment travels in such a frame, so the receiver learns the
/// segment
/// from whichever of them arrives first, and a small operation is one frame. Later chunks travel as DATA.
///
/// {@snippet lang=text :
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   type = 2    |     kind      |          data bytes           |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |     flags     |  chunk index  |       short chunk bytes       |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                     CSN of this chunk, 64                     |
/// |                                                               |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                       operation id, 64                        |
/// |                                                               |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                     segment length, bytes                     |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |       full chunk bytes        |   offset of data in chunk     |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |         arguments of the kind, 64 bits each, 0 to 4           |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                           data ...                            |
/// }
///
/// Geometry: the first 16 chunks hold "short chunk bytes" each, the later ones "full chunk bytes"; the last chunk holds
/// the
/// rest. An empty segment has one empty chunk.
public final class OperationFlyweight {
    /// Chunks at the start of a segment that carry the description.
    public static final int SHORT_CHUNKS = 16;

    /// Execute or deliver only after everything with a smaller CSN was received.
    public static final int FLAG_FENCED = 1;

    /// The stream ends behind this segment.
    public static final int FLAG_FIN = 2;

    /// Bytes before the arguments.
    public static final int FIXED_BYTES = 32;

    /// Bytes before the data with the most arguments.
    public static final int MAX_HEADER_BYTES = FIXED_BYTES + 4 * 8;

    /// Largest length of a segment, bytes.
    public static final int MAX_SEGMENT_BYTES = 1 << 30;

    private OperationFlyweight() {}

    /// Bytes before the data for a kind.
    public static int headerBytes(int kind) {
        return FIXED_BYTES + 8 * OperationKind.arguments(kind);
    }

    /// Number of chunks of a segment.
    public static int chunkCount(long segmentBytes, int shortChunkBytes, int fullChunkBytes) {
        final long shortBytes = (long) SHORT_CHUNKS * shortChunkBytes;
        if (segmentBytes <= shortBytes) {
            return (int) Math.max(1, (segmentBytes + shortChunkBytes - 1) / shortChunkBytes);
        }
        return SHORT_CHUNKS + (int) ((segmentBytes - shortBytes + fullChunkBytes - 1) / fullChunkBytes);
    }

    /// Offset of a chunk in its segment, bytes.
    public static long chunkOffset(int chunkIndex, int shortChunkBytes, int fullChunkBytes) {
        return chunkIndex <= SHORT_CHUNKS
                ? (long) chunkIndex * shortChunkBytes
                : (long) SHORT_CHUNKS * shortChunkBytes + (long) (chunkIndex - SHORT_CHUNKS) * fullChunkBytes;
    }

    /// Bytes of a chunk.
    public static int chunkBytes(int chunkIndex, long segmentBytes, int shortChunkBytes, int fullChunkBytes) {
        final long offset = chunkOffset(chunkIndex, shortChunkBytes, fullChunkBytes);
        return (int) Math.min(chunkIndex < SHORT_CHUNKS ? shortChunkBytes : fullChunkBytes, segmentBytes - offset);
    }

    /// Kind, see {@link OperationKind}.
    public static int kind(MemorySegment segment, long offset) {
        return WireBytes.u8(segment, offset + 1);
    }

    /// Bytes of data behind the header.
    public static int dataBytes(MemorySegment segment, long offset) {
        return WireBytes.u16(segment, offset + 2);
    }

    /// Flags.
    public static int flags(MemorySegment segment, long offset) {
        return WireBytes.u8(segment, offset + 4);
    }

    /// Index of the chunk in its segment, 0..15.
    public static int chunkIndex(MemorySegment segment, long offset) {
        return WireBytes.u8(segment, offset + 5);
    }

    /// Bytes of each of the first 16 chunks.
    public static int shortChunkBytes(MemorySegment segment, long offset) {
        return WireBytes.u16(segment, offset + 6);
    }

    /// CSN of this chunk.
    public static long csn(MemorySegment segment, long offset) {
        return WireBytes.u64(segment, offset + 8);
    }

    /// Operation id, chosen by the sender, unique in its direction.
    public static long operationId(MemorySegment segment, long offset) {
        return WireBytes.u64(segment, offset + 16);
    }

    /// Length of the segment, bytes.
    public static long segmentBytes(MemorySegment segment, long offset) {
        return WireBytes.u32(segment, offset + 24);
    }

    /// Bytes of each later chunk.
    public static int fullChunkBytes(MemorySegment segment, long offset) {
        return WireBytes.u16(segment, offset + 28);
    }

    /// Offset of the data in its chunk; above 0 when the chunk travels in parts.
    public static int partOffset(MemorySegment segment, long offset) {
        return WireBytes.u16(segment, offset + 30);
    }

    /// Argument of the kind.
    ///
    /// @param index 0 to 3, below {@link OperationKind#arguments}
    public static long argument(MemorySegment segment, long offset, int index) {
        return WireBytes.u64(segment, offset + FIXED_BYTES + 8L * index);
    }

    /// Writes the part of the header that all frames of a segment share.
    public static void putSegment(
            MemorySegment segment,
            long offset,
            int kind,
            int flags,
            long operationId,
            long segmentBytes,
            int shortChunkBytes) {
        WireBytes.u8(segment, offset, FrameType.OPERATION);
        WireBytes.u8(segment, offset + 1, kind);
        WireBytes.u8(segment, offset + 4, flags);
        WireBytes.u16(segment, offset + 6, shortChunkBytes);
        WireBytes.u64(segment, offset + 16, operationId);
        WireBytes.u32(segment, offset + 24, segmentBytes);
    }

    /// Writes the part of the header that names the chunk.
    public static void putChunk(
            MemorySegment segment,
            long offset,
            long csn,
            int chunkIndex,
            int partOffset,
            int dataBytes,
            int fullChunkBytes) {
        WireBytes.u16(segment, offset + 2, dataBytes);
        WireBytes.u8(segment, offset + 5, chunkIndex);
        WireBytes.u64(segment, offset + 8, csn);
        WireBytes.u16(segment, offset + 28, fullChunkBytes);
        WireBytes.u16(segment, offset + 30, partOffset);
    }

    /// Writes an argument.
    public static void putArgument(MemorySegment segment, long offset, int index, long value) {
        WireBytes.u64(segment, offset + FIXED_BYTES + 8L * index, value);
    }
}
