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

import io.longhaul.core.wire.AckFlyweight;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// What was received on each of the peer's lanes: the counters that acknowledgements report.
final class ReceiveLanes {
    private final long[] newest; // [lane], packet number, -1 before the first
    private final long[] arrivalNanos;
    private final long[] packets;
    private final long[] bytes;
    private final long[] ceMarked;
    private final long[] duplicates;
    private final int[] gaps;
    private int used;

    ReceiveLanes(int lanes) {
        newest = new long[lanes];
        Arrays.fill(newest, -1);
        arrivalNanos = new long[lanes];
        packets = new long[lanes];
        bytes = new long[lanes];
        ceMarked = new long[lanes];
        duplicates = new long[lanes];
        gaps = new int[lanes];
    }

    int lanes() {
        return newest.length;
    }

    void onPacket(long nowNanos, int lane, long packetNumber, int length, boolean ce) {
        if (packetNumber > newest[lane]) {
            gaps[lane] += packetNumber > newest[lane] + 1 ? 1 : 0;
            newest[lane] = packetNumber;
            arrivalNanos[lane] = nowNanos;
        }
        packets[lane]++;
        bytes[lane] += length;
        ceMarked[lane] += ce ? 1 : 0;
        used = Math.max(used, lane + 1);
    }

    void onDuplicate(int lane) {
        duplicates[lane]++;
    }

    long totalPackets() {
        return sum(packets);
    }

    long totalBytes() {
        return sum(bytes);
    }

    long totalDuplicates() {
        return sum(duplicates);
    }

    private long sum(long[] values) {
        long total = 0;
        for (int i = 0; i < used; i++) {
            total += values[i];
        }
        return total;
    }

    /// Number of entries that {@link #put} would write.
    int entries(int room) {
        int entries = 0;
        for (int lane = 0; lane < used; lane++) {
            entries += newest[lane] >= 0 ? 1 : 0;
        }
        return Math.min(entries, room);
    }

    /// Writes the entries of the lanes in use into an ACK frame, at most {@code entries} of them.
    void put(long nowNanos, MemorySegment segment, long ackOffset, int entries) {
        int written = 0;
        for (int lane = 0; lane < used && written < entries; lane++) {
            if (newest[lane] >= 0) {
                final long at = AckFlyweight.laneOffset(ackOffset, written++);
                AckFlyweight.putLaneAge(segment, at, lane, gaps[lane], nowNanos - arrivalNanos[lane]);
                AckFlyweight.putLaneCounters(
                        segment, at, newest[lane], packets[lane], bytes[lane], ceMarked[lane], duplicates[lane]);
            }
        }
    }
}
