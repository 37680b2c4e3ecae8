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

import io.longhaul.ConnectionException;
import io.longhaul.FecPolicy;
import io.longhaul.LonghaulConfig;
import io.longhaul.core.EngineConfig;
import io.longhaul.core.FecConfig;
import io.longhaul.core.SealingParameters;
import io.longhaul.endpoint.BootstrapMessage.Announcement;
import io.longhaul.endpoint.BootstrapMessage.PlacementOffer;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What bootstrap agreed on: the engine's configuration, and where the peer's lanes are.
///
/// The peer is reached at the address on which its control connection stands, never at one that it merely names: nobody
/// can direct our packets at a third party.
///
/// @param engine configuration of the engine
/// @param remoteAddress address of the peer's device
/// @param remoteLanes its lanes, as many as are used
/// @param sealing how packets are sealed; null when they are not
record ConnectionPlan(
        EngineConfig engine,
        InetAddress remoteAddress,
        List<LaneAddress> remoteLanes,
        @Nullable SealingParameters sealing) {
    /// IP packet that every path carries, bytes (RFC 8200 §5).
    private static final int LEAST_MTU_BYTES = 1280;

    /// Bit of the features: this end takes PARITY frames.
    static final long FEATURE_PARITY = 1;

    /// RoCEv2 pads payloads to multiples of this, bytes.
    private static final int PADDING_BYTES = 4;

    /// DETH, which packets over connected queue pairs have not; {@link DataPort#lowerHeaderBytes} counts it.
    private static final int DETH_BYTES = 8;

    /// Shortest round trip that is believed: what a loopback costs, including the wake-up of the peer.
    private static final long MIN_RTT_NANOS = 50_000;

    /// Joins what the two ends announced.
    ///
    /// @param local what this end announced
    /// @param peer what the other end announced
    /// @param channel the control connection
    /// @param rttNanos its round trip
    static ConnectionPlan of(
            LonghaulConfig config,
            DataPort port,
            Announcement local,
            Announcement peer,
            ControlChannel channel,
            long rttNanos) {
        final InetAddress remote = channel.remoteAddress().getAddress();
        if (!port.reaches(peer.lanes())) {
            throw new ConnectionException(
                    ConnectionException.Reason.REFUSED,
                    "device " + port.device().name() + " at " + port.address().getHostAddress()
                            + " reaches only devices on UDP port 4791, and the software device at "
                            + remote.getHostAddress() + " listens at "
                            + peer.lanes().getFirst().udpPort()
                            + "; have it use device soft:4791");
        }
        final PlacementOffer own = local.placement();
        final PlacementOffer offered = peer.placement();
        int lanes = Math.min(local.lanes().size(), peer.lanes().size());
        int maxPacketBytes = Math.min(local.maxPacketBytes(), peer.maxPacketBytes()) & -PADDING_BYTES;
        boolean connected = false;
        if (own != null && offered != null && own.carriesPackets() && offered.carriesPackets()) {
            connected = true;
            lanes = Math.min(lanes, Math.min(own.lanes().size(), offered.lanes().size()));
            maxPacketBytes =
                    Math.min(maxPacketBytes, DirectLanes.chunkBytes(own.maxChunkBytes(), own.anyChunkSize(), offered));
        }
        final int lowerHeaderBytes = port.lowerHeaderBytes() - (connected ? DETH_BYTES : 0);
        final int basePacketBytes = Math.min(maxPacketBytes, LEAST_MTU_BYTES - lowerHeaderBytes & -PADDING_BYTES);
        final boolean takesParity = (peer.features() & FEATURE_PARITY) != 0;
        final EngineConfig engine = new EngineConfig(
                !local.answer(),
                local.connectionId(),
                peer.connectionId(),
                lanes,
                maxPacketBytes,
                basePacketBytes,
                lowerHeaderBytes,
                Math.max(MIN_RTT_NANOS, rttNanos),
                config.rateHintBitsPerSecond() / Byte.SIZE,
                Saturation.nanos(config.idleTimeout()),
                Saturation.nanos(config.keepAlive()),
                Saturation.nanos(config.operationTimeout()),
                config.maxMemoryBytes(),
                config.creditBytes(),
                config.creditBytes(),
                config.windowChunks(),
                config.maxWindowChunks(),
                config.maxOperations(),
                config.maxInboundReads(),
                config.maxStreams(),
                peer.limits(),
                new FecConfig(takesParity ? config.fec() : FecPolicy.OFF, port::erasureKernel),
                config.random().getAsLong());
        return new ConnectionPlan(
                engine, remote, peer.lanes().subList(0, lanes), channel.sealing(exporterContext(local, peer)));
    }

    /// What makes the secret of this connection another than that of any other: the ids of client and server, and
    /// the nonce, 64 bits each.
    private static byte[] exporterContext(Announcement local, Announcement peer) {
        final Announcement client = local.answer() ? peer : local;
        final Announcement server = local.answer() ? local : peer;
        return ByteBuffer.allocate(3 * Long.BYTES)
                .putLong(client.connectionId())
                .putLong(server.connectionId())
                .putLong(client.nonce())
                .array();
    }

    /// What this end announces.
    ///
    /// @param answer true for a server
    /// @param nonce the client's
    /// @param rttNanos round trip of the control connection as far as it is known
    static Announcement announce(
            LonghaulConfig config, DataPort port, boolean answer, long connectionId, long nonce, long rttNanos) {
        final EngineConfig.PeerLimits limits = new EngineConfig.PeerLimits(
                config.creditBytes(),
                config.maxMessageBytes(),
                config.creditBytes(),
                config.windowChunks(),
                config.maxInboundReads());
        final List<LaneAddress> lanes =
                port.lanes().stream().map(DataLane::address).toList();
        return new Announcement(
                answer,
                connectionId,
                nonce,
                FEATURE_PARITY,
                rttNanos,
                port.maxPacketBytes(),
                limits,
                port.address().getHostAddress(),
                lanes,
                null);
    }
}
