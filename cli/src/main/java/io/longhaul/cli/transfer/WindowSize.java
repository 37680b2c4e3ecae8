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
package io.longhaul.cli.transfer;

import io.longhaul.congestion.Bandwidth;

/// Chooses the ring of slots for a path.
///
/// A slot is busy from its posting until its credit is back: one round trip, and the time to store a block. With W
/// bytes of slots the pipe stays full when W is at least rate x RTT plus the blocks that are being filled and stored;
/// 2.25 times rate x RTT leaves room for one round of repair. Worked number: 10 Gb/s x 100 ms is 125 MB, the ring 281
/// MB.
///
/// @param slotBytes length of a slot, a power of two
/// @param slots number of slots
public record WindowSize(int slotBytes, int slots) {
    private static final double ROUND_TRIPS = 2.25;
    private static final long MIB = 1 << 20;

    /// Without a declared rate: enough for 10 Gb/s, within the limits below.
    private static final long ASSUMED_BITS_PER_SECOND = 10_000_000_000L;

    private static final long LEAST = 64 * MIB;
    private static final long MOST_ASSUMED = 256 * MIB;

    /// Slots of which a ring should have several, so that storing one does not hold back the others.
    private static final int WANTED_SLOTS = 16;

    private static final int LEAST_SLOT_BYTES = 64 * 1024;
    private static final int MOST_SLOT_BYTES = 8 << 20;

    /// Bytes of a ring that keep a path busy.
    ///
    /// @param rateBitsPerSecond declared rate, 0 for none
    /// @param rttNanos round trip
    /// @param mostBytes cap
    public static long bytesFor(long rateBitsPerSecond, long rttNanos, long mostBytes) {
        final long rate = rateBitsPerSecond > 0 ? rateBitsPerSecond : ASSUMED_BITS_PER_SECOND;
        final long wanted = (long) (ROUND_TRIPS * Bandwidth.bytesIn(rate / 8.0, rttNanos));
        final long most = rateBitsPerSecond > 0 ? mostBytes : Math.min(mostBytes, MOST_ASSUMED);
        return Math.min(Math.max(wanted, LEAST), most);
    }

    /// A ring of about that many bytes, and no larger than what there is to move.
    ///
    /// @param windowBytes bytes of the ring
    /// @param leftBytes bytes to move, above 0
    public static WindowSize of(long windowBytes, long leftBytes) {
        final long bytes = Math.max(1, Math.min(windowBytes, leftBytes));
        int slot = MOST_SLOT_BYTES;
        while (slot > LEAST_SLOT_BYTES && (long) slot * WANTED_SLOTS > bytes) {
            slot >>= 1;
        }
        return new WindowSize(slot, (int) Math.max(1, Math.min((bytes + slot - 1) / slot, 1 << 16)));
    }

    /// Length of the ring, bytes.
    public long bytes() {
        return (long) slotBytes * slots;
    }
}
