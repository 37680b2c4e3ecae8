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

/// The packet: a header, frames, and the CRC32C of everything before it, or, where packets are sealed, the tag of the
/// AEAD
/// over header and encrypted frames.
///
/// {@snippet lang=text :
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                                                               |
/// +                 connection id of the receiver                 +
/// |                                                               |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |    version    |   key epoch   |     lane      |  incarnation  |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                                                               |
/// +           packet number of the lane, 64 bits in full          +
/// |                                                               |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                          frames ...                           |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |            CRC32C, or sealed: tag, 16 bytes                   |
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

    /// Bytes of the tag at the end of a sealed packet.
    public static final int TAG_BYTES = 16;

    /// Shortest valid sealed packet.
    public static final int MIN_SEALED_BYTES = HEADER_BYTES + 1 + TAG_BYTES;

    private static final int VERSION_OFFSET = 8;
    private static final int EPOCH_OFFSET = 9;
    private static final int LANE_OFFSET = 10;
    private static final int INCARNATION_OFFSET = 11;
    private static final int NUMBER_OFFSET = 12;

    private PacketFlyweight() {}

    /// Writes the header of a packet that is not sealed: key epoch and incarnation are 0.
    public static void putHeader(MemorySegment segment, long offset, long connectionId, int lane, long packetNumber) {
        WireBytes.u64(segment, offset, connectionId);
        WireBytes.u8(segment, offset + VERSION_OFFSET, VERSION);
        WireBytes.u8(segment, offset + EPOCH_OFFSET, 0);
        WireBytes.u8(segment, offset + LANE_OFFSET, lane);
        WireBytes.u8(segment, offset + INCARNATION_OFFSET, 0);
        WireBytes.u64(segment, offset + NUMBER_OFFSET, packetNumber);
    }

    /// Names the key of a sealed packet in its header, by the low 8 bits of each number.
    public static void putKey(MemorySegment segment, long offset, int incarnation, int epoch) {
        WireBytes.u8(segment, offset + EPOCH_OFFSET, epoch);
        WireBytes.u8(segment, offset + INCARNATION_OFFSET, incarnation);
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

    /// Incarnation of the lane, low 8 bits; 0 without sealing.
    public static int incarnation(MemorySegment segment, long offset) {
        return WireBytes.u8(segment, offset + INCARNATION_OFFSET);
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
