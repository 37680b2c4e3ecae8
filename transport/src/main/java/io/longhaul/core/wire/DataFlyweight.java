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

/// Bytes of a chunk whose operation the receiver knows.
///
/// {@snippet lang=text :
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   type = 1    |     flags     |          data bytes           |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                             CSN                               |
/// +                                                               +
/// |                                                               |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// | offset in chunk (flag PART)   |  reserved     (flag PART)     |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                           data ...                            |
/// }
public final class DataFlyweight {
    /// The frame carries a part of the chunk.
    public static final int FLAG_PART = 1;

    /// Bytes before the data of a whole chunk.
    public static final int HEADER_BYTES = 12;

    /// Bytes before the data of a part.
    public static final int PART_HEADER_BYTES = 16;

    private DataFlyweight() {}

    /// Writes the header of a whole chunk.
    public static void put(MemorySegment segment, long offset, long csn, int dataBytes) {
        WireBytes.u8(segment, offset, FrameType.DATA);
        WireBytes.u8(segment, offset + 1, 0);
        WireBytes.u16(segment, offset + 2, dataBytes);
        WireBytes.u64(segment, offset + 4, csn);
    }

    /// Writes the header of a part.
    public static void putPart(MemorySegment segment, long offset, long csn, int partOffset, int dataBytes) {
        put(segment, offset, csn, dataBytes);
        WireBytes.u8(segment, offset + 1, FLAG_PART);
        WireBytes.u16(segment, offset + 12, partOffset);
        WireBytes.u16(segment, offset + 14, 0);
    }

    /// True when the frame carries a part of the chunk.
    public static boolean isPart(MemorySegment segment, long offset) {
        return (WireBytes.u8(segment, offset + 1) & FLAG_PART) != 0;
    }

    /// Bytes of data behind the header.
    public static int dataBytes(MemorySegment segment, long offset) {
        return WireBytes.u16(segment, offset + 2);
    }

    /// Chunk sequence number.
    public static long csn(MemorySegment segment, long offset) {
        return WireBytes.u64(segment, offset + 4);
    }

    /// Offset of the data in its chunk; only where {@link #isPart}.
    public static int partOffset(MemorySegment segment, long offset) {
        return WireBytes.u16(segment, offset + 12);
    }
}
