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

import io.longhaul.core.wire.PacketFlyweight;
import io.longhaul.core.wire.WireBytes;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Decides whether a packet is as the peer sent it, and was not taken before, ahead of everything else: by its CRC32C,
/// or
/// by the sealer, and by its number. A packet that is not changes nothing but a count.
final class PacketVerifier {
    // How much later than its successors a packet without a seal may come: 94 ms at 100 Gb/s on one lane, 9,000 bytes
    // each.
    private static final int UNSEALED_WINDOW_PACKETS = 1 << 17;

    private final EngineConfig config;
    private final @Nullable PacketSealer sealer;
    private final ReceiveWindow window;
    private final Crc[] crcs; // [lane]: each lane's packets arrive in a slab of its own
    private final ReplayWindow[] taken; // [lane], without a sealer
    private long refusedPackets;
    private long repeatedPackets;
    private MemorySegment frames = MemorySegment.NULL;
    private long framesAt;
    private long framesEnd;

    /// @param sealer opens packets; null for those that end in a CRC32C
    /// @param window its size bounds what the peer has in flight
    PacketVerifier(EngineConfig config, @Nullable PacketSealer sealer, ReceiveWindow window) {
        this.config = config;
        this.sealer = sealer;
        this.window = window;
        crcs = new Crc[sealer == null ? config.lanes() : 0];
        Arrays.setAll(crcs, lane -> new Crc());
        taken = new ReplayWindow[crcs.length];
        Arrays.setAll(taken, lane -> new ReplayWindow());
    }

    /// Lanes of the connection.
    int lanes() {
        return config.lanes();
    }

    /// Packets that were malformed, damaged, forged, or not for this connection.
    long corruptPackets() {
        return refusedPackets - replayedPackets();
    }

    /// Intact packets whose number was taken before, or is too old to know.
    long replayedPackets() {
        return sealer == null ? repeatedPackets : sealer.replayedPackets();
    }

    /// Verifies a packet; then {@link #frames} to {@link #framesEnd} tell where its frames are.
    boolean isIntact(long nowNanos, MemorySegment segment, long offset, int length) {
        final boolean intact = length >= PacketFlyweight.MIN_BYTES
                && PacketFlyweight.version(segment, offset) == PacketFlyweight.VERSION
                && PacketFlyweight.lane(segment, offset) < config.lanes()
                && PacketFlyweight.packetNumber(segment, offset) >= 0
                && PacketFlyweight.connectionId(segment, offset) == config.localConnectionId()
                && (sealer == null
                        ? isUndamaged(segment, offset, length)
                        : isAuthentic(sealer, nowNanos, segment, offset, length));
        refusedPackets += intact ? 0 : 1;
        return intact;
    }

    private boolean isUndamaged(MemorySegment segment, long offset, int length) {
        final int covered = length - PacketFlyweight.TRAILER_BYTES;
        frames = segment;
        framesAt = offset + PacketFlyweight.HEADER_BYTES;
        framesEnd = offset + covered;
        final Crc crc = crcs[PacketFlyweight.lane(segment, offset)];
        return PacketFlyweight.keyEpoch(segment, offset) == 0
                && WireBytes.u32(segment, framesEnd) == crc.of(segment, offset, covered)
                && isNew(PacketFlyweight.lane(segment, offset), PacketFlyweight.packetNumber(segment, offset));
    }

    private boolean isNew(int lane, long packetNumber) {
        if (!taken[lane].isNew(packetNumber)) {
            repeatedPackets++;
            return false;
        }
        taken[lane].mark(packetNumber, UNSEALED_WINDOW_PACKETS);
        return true;
    }

    private boolean isAuthentic(PacketSealer opener, long nowNanos, MemorySegment segment, long offset, int length) {
        if (!opener.open(nowNanos, segment, offset, length, window.capacityChunks())) {
            return false;
        }
        frames = opener.opened();
        framesAt = PacketFlyweight.HEADER_BYTES;
        framesEnd = opener.openedBytes();
        return true;
    }

    /// Memory that holds the frames, until the next packet.
    MemorySegment frames() {
        return frames;
    }

    /// Where the first frame starts.
    long framesAt() {
        return framesAt;
    }

    /// Where the last frame ends.
    long framesEnd() {
        return framesEnd;
    }
}
