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

/// One parity of a group of chunks of a piece; Reed-Solomon over GF(2^8), see `io.longhaul.core.fec.ReedSolomon`.
///
/// {@snippet lang=text :
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   type = 7    |    flags    |D|         parity bytes          |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                 first CSN of the piece, 64                    |
/// |                                                               |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |      row      |     rows      |     group     |    groups     |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |        CRC32C of the chunks of the group, in order            |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |     description of the piece, an OPERATION header (only D)    |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                          parity ...                           |
/// }
///
/// Chunk i of the piece belongs to group i modulo groups. D (1): the description follows, as in an OPERATION frame of
/// chunk
/// 0 without data, so that a short piece can be repaired of which nothing arrived but parity.
public final class ParityFlyweight {
    /// The description of the piece is in the frame.
    public static final int FLAG_DESCRIBED = 1;

    /// Bytes before the description or the parity.
    public static final int HEADER_BYTES = 20;

    private ParityFlyweight() {}

    /// Writes what says which group it is of which piece.
    public static void putGroup(MemorySegment segment, long offset, int flags, long firstCsn, int group, int groups) {
        WireBytes.u8(segment, offset, FrameType.PARITY);
        WireBytes.u8(segment, offset + 1, flags);
        WireBytes.u64(segment, offset + 4, firstCsn);
        WireBytes.u8(segment, offset + 14, group);
        WireBytes.u8(segment, offset + 15, groups);
    }

    /// Writes which parity of the group it is.
    public static void putRow(MemorySegment segment, long offset, int row, int rows, int parityBytes, long check) {
        WireBytes.u16(segment, offset + 2, parityBytes);
        WireBytes.u8(segment, offset + 12, row);
        WireBytes.u8(segment, offset + 13, rows);
        WireBytes.u32(segment, offset + 16, check);
    }

    /// True when the description is in the frame.
    public static boolean isDescribed(MemorySegment segment, long offset) {
        return (WireBytes.u8(segment, offset + 1) & FLAG_DESCRIBED) != 0;
    }

    /// Length of the parity.
    public static int parityBytes(MemorySegment segment, long offset) {
        return WireBytes.u16(segment, offset + 2);
    }

    /// First CSN of the piece.
    public static long firstCsn(MemorySegment segment, long offset) {
        return WireBytes.u64(segment, offset + 4);
    }

    /// Which parity of the group it is, from 0.
    public static int row(MemorySegment segment, long offset) {
        return WireBytes.u8(segment, offset + 12);
    }

    /// Parities of the group that are sent.
    public static int rows(MemorySegment segment, long offset) {
        return WireBytes.u8(segment, offset + 13);
    }

    /// Which group of the piece it is, from 0.
    public static int group(MemorySegment segment, long offset) {
        return WireBytes.u8(segment, offset + 14);
    }

    /// Groups of the piece.
    public static int groups(MemorySegment segment, long offset) {
        return WireBytes.u8(segment, offset + 15);
    }

    /// CRC32C of the chunks of the group.
    public static long check(MemorySegment segment, long offset) {
        return WireBytes.u32(segment, offset + 16);
    }
}
