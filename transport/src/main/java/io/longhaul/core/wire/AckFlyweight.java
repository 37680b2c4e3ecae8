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

/// Snapshot of what was received: idempotent, never retransmitted, self-contained.
///
/// {@snippet lang=text :
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   type = 4    |T|    lanes    |           run bytes           |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |     cumulative CSN, 64: every smaller one was received        |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |     credit, 64: CSNs below it may be sent                     |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |     message credit, 64: total message bytes that may be sent  |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |     base CSN, 64: where the runs start                        |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |  lane entries, 40 bytes each:                                 |
/// |  lane 8, gaps 24     | age of the newest packet, nanoseconds  |
/// |  newest packet number, 64                                     |
/// |  packets received, 64                                         |
/// |  bytes received, 64                                           |
/// |  CE-marked packets, 32           | duplicate chunks, 32       |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |  runs: varints, received and missing in turn, received first  |
/// }
///
/// T (top): the runs reach the highest CSN that was received, so everything behind them is missing. Without it, nothing
/// is said
/// about CSNs outside of the runs.
public final class AckFlyweight {
    /// Bytes before the lane entries.
    public static final int FIXED_BYTES = 36;

    /// Bytes of a lane entry.
    public static final int LANE_BYTES = 40;

    private static final int TOP = 0x80;

    private AckFlyweight() {}

    /// Bytes of the frame.
    public static int bytes(int lanes, int runBytes) {
        return FIXED_BYTES + lanes * LANE_BYTES + runBytes;
    }

    /// Writes the fixed part.
    public static void put(
            MemorySegment segment,
            long offset,
            int lanes,
            long cumulativeCsn,
            long creditCsn,
            long messageCreditBytes) {
        WireBytes.u8(segment, offset, FrameType.ACK);
        WireBytes.u8(segment, offset + 1, lanes);
        WireBytes.u64(segment, offset + 4, cumulativeCsn);
        WireBytes.u64(segment, offset + 12, creditCsn);
        WireBytes.u64(segment, offset + 20, messageCreditBytes);
    }

    /// Writes where the runs start, how many bytes they take, and whether they reach the highest CSN.
    public static void putRuns(MemorySegment segment, long offset, long baseCsn, int runBytes, boolean top) {
        WireBytes.u8(segment, offset + 1, lanes(segment, offset) | (top ? TOP : 0));
        WireBytes.u16(segment, offset + 2, runBytes);
        WireBytes.u64(segment, offset + 28, baseCsn);
    }

    /// Offset of a lane entry in the segment.
    public static long laneOffset(long offset, int index) {
        return offset + FIXED_BYTES + (long) index * LANE_BYTES;
    }

    /// Writes lane, gaps and age of a lane entry.
    ///
    /// @param gaps gaps in the packet numbers so far; the lower 24 bits are written
    public static void putLaneAge(MemorySegment segment, long laneOffset, int lane, int gaps, long ageNanos) {
        WireBytes.u32(segment, laneOffset, (long) lane << 24 | gaps & 0xff_ffff);
        WireBytes.u32(segment, laneOffset + 4, Math.min(ageNanos, 0xffff_ffffL));
    }

    /// Writes the counters of a lane entry.
    public static void putLaneCounters(
            MemorySegment segment,
            long laneOffset,
            long newestPacketNumber,
            long packets,
            long bytes,
            long ceMarked,
            long duplicates) {
        WireBytes.u64(segment, laneOffset + 8, newestPacketNumber);
        WireBytes.u64(segment, laneOffset + 16, packets);
        WireBytes.u64(segment, laneOffset + 24, bytes);
        WireBytes.u32(segment, laneOffset + 32, ceMarked);
        WireBytes.u32(segment, laneOffset + 36, duplicates);
    }

    /// Number of lane entries.
    public static int lanes(MemorySegment segment, long offset) {
        return WireBytes.u8(segment, offset + 1) & ~TOP;
    }

    /// True when the runs reach the highest CSN that was received.
    public static boolean isTop(MemorySegment segment, long offset) {
        return (WireBytes.u8(segment, offset + 1) & TOP) != 0;
    }

    /// Bytes of the runs.
    public static int runBytes(MemorySegment segment, long offset) {
        return WireBytes.u16(segment, offset + 2);
    }

    /// Every smaller CSN was received.
    public static long cumulativeCsn(MemorySegment segment, long offset) {
        return WireBytes.u64(segment, offset + 4);
    }

    /// CSNs below it may be sent.
    public static long creditCsn(MemorySegment segment, long offset) {
        return WireBytes.u64(segment, offset + 12);
    }

    /// Total message bytes that may be sent.
    public static long messageCreditBytes(MemorySegment segment, long offset) {
        return WireBytes.u64(segment, offset + 20);
    }

    /// CSN at which the runs start.
    public static long baseCsn(MemorySegment segment, long offset) {
        return WireBytes.u64(segment, offset + 28);
    }

    /// Lane of an entry.
    public static int lane(MemorySegment segment, long laneOffset) {
        return WireBytes.u8(segment, laneOffset);
    }

    /// Gaps in the packet numbers of the lane, modulo 2^24: bursts of losses, where packets keep their order.
    public static int gaps(MemorySegment segment, long laneOffset) {
        return (int) WireBytes.u32(segment, laneOffset) & 0xff_ffff;
    }

    /// Nanoseconds from the arrival of the newest packet to the sending of this frame; saturates at 2^32-1.
    public static long ageNanos(MemorySegment segment, long laneOffset) {
        return WireBytes.u32(segment, laneOffset + 4);
    }

    /// Newest packet number received on the lane.
    public static long newestPacketNumber(MemorySegment segment, long laneOffset) {
        return WireBytes.u64(segment, laneOffset + 8);
    }

    /// Packets received on the lane.
    public static long packets(MemorySegment segment, long laneOffset) {
        return WireBytes.u64(segment, laneOffset + 16);
    }

    /// Bytes received on the lane (our packets, without the headers of the layers below).
    public static long receivedBytes(MemorySegment segment, long laneOffset) {
        return WireBytes.u64(segment, laneOffset + 24);
    }

    /// Packets received with Congestion Experienced, modulo 2^32.
    public static long ceMarked(MemorySegment segment, long laneOffset) {
        return WireBytes.u32(segment, laneOffset + 32);
    }

    /// Chunks received again, modulo 2^32.
    public static long duplicates(MemorySegment segment, long laneOffset) {
        return WireBytes.u32(segment, laneOffset + 36);
    }
}
