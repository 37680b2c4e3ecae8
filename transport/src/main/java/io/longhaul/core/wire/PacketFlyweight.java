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

/// The packet: a header, frames, and the CRC32C of everything before it.
///
/// {@snippet lang=text :
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                                                               |
/// +                 connection id of the receiver                 +
/// |                                                               |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |    version    |   key epoch   |     lane      |   reserved    |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                                                               |
/// +           packet number of the lane, 64 bits in full          +
/// |                                                               |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                          frames ...                           |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                            CRC32C                             |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// }
public final class PacketFlyweight {
    /// Version of this format.
    public static final int VERSION = 1;

    /// Bytes before the first frame.
    public static final int HEADER_BYTES = 20;

    /// Bytes of the CRC32C at the end.
    public static final int TRAILER_BYTES = 4;

    /// Shortest valid packet: one byte of frame.
    public static final int MIN_BYTES = HEADER_BYTES + 1 + TRAILER_BYTES;

    private static final int VERSION_OFFSET = 8;
    private static final int EPOCH_OFFSET = 9;
    private static final int LANE_OFFSET = 10;
    private static final int RESERVED_OFFSET = 11;
    private static final int NUMBER_OFFSET = 12;

    private PacketFlyweight() {}

    /// Writes a header.
    public static void putHeader(MemorySegment segment, long offset, long connectionId, int lane, long packetNumber) {
        WireBytes.u64(segment, offset, connectionId);
        WireBytes.u8(segment, offset + VERSION_OFFSET, VERSION);
        WireBytes.u8(segment, offset + EPOCH_OFFSET, 0);
        WireBytes.u8(segment, offset + LANE_OFFSET, lane);
        WireBytes.u8(segment, offset + RESERVED_OFFSET, 0);
        WireBytes.u64(segment, offset + NUMBER_OFFSET, packetNumber);
    }

    /// Connection id that the receiver chose.
    public static long connectionId(MemorySegment segment, long offset) {
        return WireBytes.u64(segment, offset);
    }

    /// Version of the packet.
    public static int version(MemorySegment segment, long offset) {
        return WireBytes.u8(segment, offset + VERSION_OFFSET);
    }

    /// Key epoch; 0 without sealing.
    public static int keyEpoch(MemorySegment segment, long offset) {
        return WireBytes.u8(segment, offset + EPOCH_OFFSET);
    }

    /// Lane of the sender, 0..63.
    public static int lane(MemorySegment segment, long offset) {
        return WireBytes.u8(segment, offset + LANE_OFFSET);
    }

    /// Packet number of the lane.
    public static long packetNumber(MemorySegment segment, long offset) {
        return WireBytes.u64(segment, offset + NUMBER_OFFSET);
    }
}
