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
package io.longhaul.endpoint;

import io.longhaul.core.EngineConfig;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What travels on a control connection: the client's Announcement, and the server's Announcement or Refusal.
sealed interface BootstrapMessage {
    /// What one end tells the other about itself.
    ///
    /// @param answer true from the server, false from the client
    /// @param connectionId id that the other end must put into its packets; never 0
    /// @param nonce drawn by the client, repeated by the server
    /// @param features bits of optional features; unknown bits are ignored
    /// @param rttNanos round trip of the control connection as this end saw it, 1 ns to 60 s
    /// @param maxPacketBytes largest packet that this end takes, 512..65000 bytes
    /// @param limits credits and limits of this end
    /// @param address IP address under which this end sees itself, 4 or 16 bytes; for diagnosis
    /// @param lanes 1..64 lanes
    /// @param placement what it takes to place chunks at this end directly; null when it does not want that
    record Announcement(
            boolean answer,
            long connectionId,
            long nonce,
            long features,
            long rttNanos,
            int maxPacketBytes,
            EngineConfig.PeerLimits limits,
            String address,
            List<LaneAddress> lanes,
            @Nullable PlacementOffer placement)
            implements BootstrapMessage {
        /// Bit of the features that says that a placement offer follows the lanes.
        static final long FEATURE_PLACEMENT = 4;

        /// Copies the lanes; the bit of placement follows the offer.
        public Announcement {
            lanes = List.copyOf(lanes);
            features = placement == null ? features & ~FEATURE_PLACEMENT : features | FEATURE_PLACEMENT;
        }

        /// The same with an offer.
        Announcement with(@Nullable PlacementOffer offer) {
            return new Announcement(
                    answer, connectionId, nonce, features, rttNanos, maxPacketBytes, limits, address, lanes, offer);
        }
    }

    /// Queue pairs of a connection's own, for direct placement or for its packets.
    ///
    /// @param maxChunkBytes longest RDMA WRITE in one packet at this end, 256..65000 bytes
    /// @param anyChunkSize true when it need not be an MTU of InfiniBand
    /// @param carriesPackets true when its packets go over them, and nothing is placed
    /// @param lanes 1..8 UC queue pairs; in place of the queue key stands the number of their first packet
    record PlacementOffer(int maxChunkBytes, boolean anyChunkSize, boolean carriesPackets, List<LaneAddress> lanes) {
        /// Copies the lanes.
        public PlacementOffer {
            lanes = List.copyOf(lanes);
        }
    }

    /// Why the server declines.
    ///
    /// @param code one of the {@code REFUSED_*} constants; unknown codes are treated as REFUSED_OTHER
    /// @param text for people
    record Refusal(int code, String text) implements BootstrapMessage {
        /// The server speaks another version.
        static final int REFUSED_VERSION = 1;

        /// The server is at a limit.
        static final int REFUSED_LIMIT = 2;

        /// The configurations do not fit.
        static final int REFUSED_CONFIGURATION = 3;

        /// The client broke the protocol.
        static final int REFUSED_PROTOCOL = 4;

        /// Something else.
        static final int REFUSED_OTHER = 5;
    }
}
