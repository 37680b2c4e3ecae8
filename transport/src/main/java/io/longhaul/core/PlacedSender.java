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

import io.longhaul.core.wire.OperationFlyweight;
import io.longhaul.core.wire.PlacedImmediate;
import org.jspecify.annotations.Nullable;

/// Sends new chunks by RDMA WRITE WITH IMMEDIATE, one packet each, where the peer has given a key. A chunk is placed at
/// most once: what is lost, and probes of the tail, travel as SEND.
final class PlacedSender {
    private final @Nullable PlacementPort port;
    private final EngineConfig config;
    private final DataSender sender;
    private final SendWindow window;
    private final Flow flow;
    private final OutboundPieces pieces;
    private final PathMtu mtu;
    private final SendLane[] lanes; // placement lanes only
    private final LaneScheduler scheduler;
    private boolean declined;
    private long placedBytes;
    private long sentPackets;
    private long sentBytes;

    /// Creates it.
    ///
    /// @param lanes lanes on which chunks are placed
    PlacedSender(EngineConfig config, @Nullable PlacementPort port, DataSender sender, SendLane[] lanes, PathMtu mtu) {
        this.config = config;
        this.port = port;
        this.sender = sender;
        this.lanes = lanes;
        this.mtu = mtu;
        window = sender.window();
        flow = sender.flow();
        pieces = sender.pieces();
        scheduler = new LaneScheduler(lanes, false);
    }

    /// Largest chunk that one packet carries on the present path; 0 where nothing is placed.
    static int chunkBytes(@Nullable PlacementPort port, EngineConfig config, int packetBytes) {
        if (port == null) {
            return 0;
        }
        if (packetBytes >= config.maxPacketBytes()) {
            return port.maxChunkBytes();
        }
        // The path is narrower than the devices: what was seen to pass is an IP packet of this size.
        final int narrowed = packetBytes + config.lowerHeaderBytes() - port.lowerHeaderBytes();
        return Math.min(port.maxChunkBytes(), narrowed & -4);
    }

    /// True when the next chunk of a piece is to be placed, so that it is not for a SEND.
    boolean takes(Piece piece) {
        return !declined && canPlace(piece);
    }

    private boolean canPlace(Piece piece) {
        return piece.grant != null
                && !piece.voided
                && piece.nextChunk >= OperationFlyweight.SHORT_CHUNKS
                && piece.chunkBytes(piece.nextChunk) <= chunkBytes(port, config, mtu.packetBytes())
                && window.nextCsn() - window.cumulativeCsn() < PlacedImmediate.MAX_WINDOW_CHUNKS;
    }

    /// Writes the next chunk, if it is to be placed. Window and pacer have been asked.
    ///
    /// @return its length in bytes, or 0 when the next chunk travels otherwise
    int poll(long nowNanos, Transmit out) {
        if (port == null || !window.hasCredit()) {
            return 0;
        }
        final Piece piece = pieces.current(window.nextCsn(), mtu.packetBytes());
        if (piece == null || !canPlace(piece)) {
            return 0;
        }
        final OutboundPlacement.Grant grant = piece.grant;
        final SendLane lane = lane(nowNanos, piece.chunkBytes(piece.nextChunk));
        declined = lane == null;
        if (lane == null || grant == null) {
            return 0;
        }
        final int index = piece.nextChunk;
        final int bytes = piece.chunkBytes(index);
        if (!sender.copy(piece, piece.chunkOffset(index), out.segment(), out.offset(), bytes)) {
            return 0;
        }
        final long csn = sender.open(piece);
        out.placed(
                lane.index - config.lanes(),
                bytes,
                grant.address(piece.arguments[1] + piece.chunkOffset(index)),
                grant.key,
                PlacedImmediate.of(csn));
        enter(nowNanos, lane, csn, bytes);
        return bytes;
    }

    private void enter(long nowNanos, SendLane lane, long csn, int bytes) {
        final int ipBytes = bytes + (-bytes & 3) + (port == null ? 0 : port.lowerHeaderBytes());
        final long number = lane.history.addData(nowNanos, ipBytes, csn, 1);
        window.onSent(csn, lane.index, number);
        flow.onSent(lane, number, ipBytes, nowNanos, !pieces.hasMore());
        placedBytes += bytes;
        sentBytes += ipBytes;
        sentPackets++;
    }

    // A lane that lives, or one second after its death one packet that shows whether it lives again.
    private @Nullable SendLane lane(long nowNanos, int bytes) {
        final SendLane lane = scheduler.next(bytes);
        if (!lane.dead) {
            return lane;
        }
        for (final SendLane other : lanes) {
            if (nowNanos - other.nextRevivalNanos >= 0) {
                other.nextRevivalNanos = nowNanos + 1_000_000_000L;
                return other;
            }
        }
        return null;
    }

    /// Application bytes that were placed.
    long placedBytes() {
        return placedBytes;
    }

    /// Packets sent.
    long sentPackets() {
        return sentPackets;
    }

    /// IP bytes sent.
    long sentBytes() {
        return sentBytes;
    }
}
