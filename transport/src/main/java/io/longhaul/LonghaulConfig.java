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
package io.longhaul;

import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.congestion.catalog.ControllerCatalog;
import io.longhaul.verbs.soft.WireConfig;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// How an endpoint behaves. Immutable; made by {@link #builder}, validated at once, never clamped silently.
///
/// The defaults are made for an unknown path of up to some 10 Gb/s and 100 ms; {@link Builder#path} sizes the endpoint
/// for a known one. Worst-case memory of an endpoint: packet buffers ({@code receiveQueuePackets} and 512 for sending,
/// times lanes, times the packet size, at most 64 MiB for receiving by default), and per connection at most {@code
/// maxMemoryBytes} plus some 80 bytes for each chunk of {@code maxWindowChunks} that is in flight.
///
/// @param device {@code auto}, {@code soft} or the name of a verbs device
/// @param bindAddress local address for outgoing connections, control and data; null lets the route decide
/// @param congestionController name of the controller: {@code bbr}, {@code reserved}, or that of one of the factories
/// @param congestionFactories controllers beside those built in
/// @param fec when parity is sent, so that losses need no round trip to be repaired
/// @param trace file for a qlog trace of the first connection, or directory for those of all; null for none
/// @param lanes lanes to open for each local address, 1..64; a connection uses the smaller number of the two sides
/// @param rateHintBitsPerSecond declared rate of the path, 0 for none; {@code reserved} needs it
/// @param maxMemoryBytes hard cap of the receive memory (messages and streams) of one connection, bytes, 1 MiB and more
/// @param creditBytes message credit, and stream credit of each stream, given at the start, bytes; grows up to the cap
/// @param maxMessageBytes longest message accepted, bytes, at most {@code maxMemoryBytes}
/// @param windowChunks receive window at the start, chunks (about one per packet), a power of two
/// @param maxWindowChunks hard cap of the window, chunks, a power of two
/// @param dscp class of service of every packet, 0..63
/// @param maxPacketBytes cap of the packet size without lower headers, 512..65000 bytes; 0 for what the device carries
/// @param receiveQueuePackets receive buffers per lane, 16..65536; 0: rate hint times 20 ms, within 64 MiB in all
/// @param idleTimeout silence after which a connection is lost
/// @param keepAlive idle time after which a probe is sent, at most a third of {@code idleTimeout}
/// @param operationTimeout deadline of operations that name none
/// @param handshakeTimeout longest handshake of an accepted control connection
/// @param maxConnections connections that may be open at a time
/// @param maxPendingHandshakes accepted control connections that may be in their handshake
/// @param maxOperations operations that may be outstanding on a connection
/// @param maxInboundReads reads of a peer that may be outstanding on a connection
/// @param maxStreams streams that may be open on a connection
/// @param limits what all connections together, and each peer, may take
/// @param wire pretended long link behind the software device, for outgoing packets; null for none
/// @param identity certificate, key and trust; null only when insecure
/// @param insecure true for a control connection without TLS and packets without seal
/// @param placement how the bytes of large writes travel; UC and DIRECT where both ends want it, DIRECT only insecure
/// @param idleMode what the agent does when there is nothing to do
/// @param random source of connection ids, keys and nonces; must not be predictable outside tests
public record LonghaulConfig(
        String device,
        @Nullable InetAddress bindAddress,
        String congestionController,
        List<CongestionControllerFactory> congestionFactories,
        FecPolicy fec,
        @Nullable Path trace,
        int lanes,
        long rateHintBitsPerSecond,
        long maxMemoryBytes,
        long creditBytes,
        long maxMessageBytes,
        int windowChunks,
        int maxWindowChunks,
        int dscp,
        int maxPacketBytes,
        int receiveQueuePackets,
        Duration idleTimeout,
        Duration keepAlive,
        Duration operationTimeout,
        Duration handshakeTimeout,
        int maxConnections,
        int maxPendingHandshakes,
        int maxOperations,
        int maxInboundReads,
        int maxStreams,
        Longhaul.Limits limits,
        @Nullable WireConfig wire,
        Longhaul.@Nullable Identity identity,
        boolean insecure,
        Placement placement,
        IdleMode idleMode,
        LongSupplier random) {

    /// What the agent does when there is nothing to do.
    public enum IdleMode {
        /// Sleeps in the device until a packet arrives, a timer is due, or the application posts.
        BLOCK,
        /// Polls without pause: lowest latency, one core burnt per endpoint.
        SPIN
    }

    /// How the bytes of large writes travel.
    public enum Placement {
        /// As messages, copied once by the receiver after the packet was checked.
        SEND,
        /// The same over at most 8 UC queue pairs and receive buffers of the connection's own. CE is not seen.
        SEND_UC,
        /// By RDMA WRITE WITH IMMEDIATE straight into exposed native memory, over queue pairs of the
        /// connection's own, under a key for each write that ends with it. Checked by the ICRC of RoCEv2 alone;
        /// CE is not seen. A region whose grant has a lifetime or counted uses is written by SEND.
        DIRECT
    }

    /// Names of the controllers that are built in.
    public static final Set<String> BUILT_IN_CONTROLLERS = Set.copyOf(ControllerCatalog.names());

    /// Most lanes of an endpoint: the number of source ports of a device.
    public static final int MAX_LANES = 64;

    private static final long MIB = 1 << 20;

    /// Validates each field, then the relations between them.
    public LonghaulConfig {
        congestionFactories = List.copyOf(congestionFactories);
        Objects.requireNonNull(idleMode, "idleMode");
        Objects.requireNonNull(random, "random");
        ConfigRanges.check(
                placement != Placement.DIRECT || insecure, "placement", placement, "SEND, as the connection is sealed");
        ConfigRanges.check(!device.isBlank(), "device", device, "auto, soft, or the name of a verbs device");
        ConfigRanges.wire(wire, device);
        ConfigRanges.check(identity == null || !insecure, "insecure", insecure, "false, as there is an identity");
        ConfigRanges.controller(congestionController, congestionFactories, rateHintBitsPerSecond);
        ConfigRanges.range("lanes", lanes, 1, MAX_LANES);
        ConfigRanges.check(rateHintBitsPerSecond >= 0, "rateHintBitsPerSecond", rateHintBitsPerSecond, "0 and more");
        ConfigRanges.check(maxMemoryBytes >= MIB, "maxMemoryBytes", maxMemoryBytes, "1048576 (1 MiB) and more");
        ConfigRanges.atMostMemory("creditBytes", creditBytes, maxMemoryBytes);
        ConfigRanges.atMostMemory("maxMessageBytes", maxMessageBytes, maxMemoryBytes);
        ConfigRanges.powerOfTwo("windowChunks", windowChunks, 64);
        ConfigRanges.powerOfTwo("maxWindowChunks", maxWindowChunks, windowChunks);
        ConfigRanges.range("dscp", dscp, 0, 63);
        ConfigRanges.zeroOrRange("maxPacketBytes", maxPacketBytes, 512, 65_000);
        ConfigRanges.zeroOrRange("receiveQueuePackets", receiveQueuePackets, 16, 65_536);
        ConfigRanges.idleTimes(keepAlive, idleTimeout);
        ConfigRanges.positive("operationTimeout", operationTimeout);
        ConfigRanges.positive("handshakeTimeout", handshakeTimeout);
        ConfigRanges.range("maxConnections", maxConnections, 1, 1_000_000);
        ConfigRanges.range("maxPendingHandshakes", maxPendingHandshakes, 1, 65_536);
        ConfigRanges.range("maxOperations", maxOperations, 1, 1 << 20);
        ConfigRanges.range("maxInboundReads", maxInboundReads, 1, 1 << 16);
        ConfigRanges.range("maxStreams", maxStreams, 1, 1 << 20);
        ConfigRanges.atMost("creditBytes", creditBytes, "limits.totalMemoryBytes", limits.totalMemoryBytes());
    }

    /// The defaults.
    public static LonghaulConfig defaults() {
        return builder().build();
    }

    /// A builder that holds the defaults.
    public static Builder builder() {
        return new Builder();
    }

    /// A builder that holds the values of this configuration.
    public Builder toBuilder() {
        return new Builder(this);
    }

    /// Memory that {@code maxMemoryBytes} is by default: the smaller of the heap limit (a quarter of the machine's
    /// memory unless set) and 1 GiB.
    public static long defaultMaxMemoryBytes() {
        return Math.max(MIB, Math.min(Runtime.getRuntime().maxMemory(), 1L << 30));
    }

    /// Collects the values of a configuration. Not thread-safe.
    public static final class Builder {
        private String device = "auto";
        private @Nullable InetAddress bindAddress;
        private String congestionController = "bbr";
        private List<CongestionControllerFactory> congestionFactories = List.of();
        private FecPolicy fec = FecPolicy.OFF;
        private @Nullable Path trace;
        private int lanes = 4;
        private long rateHintBitsPerSecond;
        private long maxMemoryBytes = defaultMaxMemoryBytes();
        private long creditBytes; // 0: derived in build()
        private long maxMessageBytes; // 0: derived in build()
        private int windowChunks = 1 << 18;
        private int maxWindowChunks = 1 << 20;
        private int dscp;
        private int maxPacketBytes;
        private int receiveQueuePackets;
        private Duration idleTimeout = Duration.ofSeconds(10);
        private Duration keepAlive = Duration.ofSeconds(2);
        private Duration operationTimeout = Duration.ofSeconds(30);
        private Duration handshakeTimeout = Duration.ofSeconds(10);
        private int maxConnections = 10_000;
        private int maxPendingHandshakes = 1024;
        private int maxOperations = 4096;
        private int maxInboundReads = 128;
        private int maxStreams = 1000;
        private Longhaul.@Nullable Limits limits; // null: derived in build()
        private @Nullable WireConfig wire;
        private Longhaul.@Nullable Identity identity;
        private boolean insecure;
        private Placement placement = Placement.SEND;
        private IdleMode idleMode = IdleMode.BLOCK;
        private LongSupplier random = new SecureRandom()::nextLong;

        private Builder() {}

        private Builder(LonghaulConfig from) {
            device = from.device;
            bindAddress = from.bindAddress;
            congestionController = from.congestionController;
            congestionFactories = from.congestionFactories;
            fec = from.fec;
            trace = from.trace;
            lanes = from.lanes;
            rateHintBitsPerSecond = from.rateHintBitsPerSecond;
            maxMemoryBytes = from.maxMemoryBytes;
            creditBytes = from.creditBytes;
            maxMessageBytes = from.maxMessageBytes;
            windowChunks = from.windowChunks;
            maxWindowChunks = from.maxWindowChunks;
            dscp = from.dscp;
            maxPacketBytes = from.maxPacketBytes;
            receiveQueuePackets = from.receiveQueuePackets;
            idleTimeout = from.idleTimeout;
            keepAlive = from.keepAlive;
            operationTimeout = from.operationTimeout;
            handshakeTimeout = from.handshakeTimeout;
            maxConnections = from.maxConnections;
            maxPendingHandshakes = from.maxPendingHandshakes;
            maxOperations = from.maxOperations;
            maxInboundReads = from.maxInboundReads;
            maxStreams = from.maxStreams;
            limits = from.limits;
            wire = from.wire;
            identity = from.identity;
            insecure = from.insecure;
            placement = from.placement;
            idleMode = from.idleMode;
            random = from.random;
        }

        /// Sets the device: {@code auto}, {@code soft}, or a name.
        public Builder device(String value) {
            device = value;
            return this;
        }

        /// Sets the local address for outgoing connections; null lets the route decide.
        public Builder bindAddress(@Nullable InetAddress value) {
            bindAddress = value;
            return this;
        }

        /// Chooses a controller by name.
        public Builder congestionController(String name) {
            congestionController = name;
            return this;
        }

        /// Adds a controller of the caller's own and chooses it.
        public Builder congestionController(CongestionControllerFactory factory) {
            final List<CongestionControllerFactory> more = new java.util.ArrayList<>(congestionFactories);
            more.add(factory);
            congestionFactories = more;
            congestionController = factory.name();
            return this;
        }

        /// Sets when parity is sent.
        public Builder fec(FecPolicy value) {
            fec = value;
            return this;
        }

        /// Has connections traced.
        public Builder trace(@Nullable Path value) {
            trace = value;
            return this;
        }

        /// Sets the number of lanes.
        public Builder lanes(int value) {
            lanes = value;
            return this;
        }

        /// Takes over what a known path needs: the rate, credit, and the window. Raise {@code maxMemoryBytes}
        /// first where the profile says so.
        public Builder path(PathProfile profile) {
            rateHintBitsPerSecond = profile.rateBitsPerSecond();
            creditBytes = profile.creditBytes();
            windowChunks = profile.windowChunks();
            maxWindowChunks = Math.max(maxWindowChunks, windowChunks);
            return this;
        }

        /// Declares the rate of the path.
        public Builder rateHintBitsPerSecond(long value) {
            rateHintBitsPerSecond = value;
            return this;
        }

        /// Sets the hard cap of receive memory of a connection.
        public Builder maxMemoryBytes(long value) {
            maxMemoryBytes = value;
            return this;
        }

        /// Sets the credit at the start; by default the smaller of 1 MiB and {@code maxMemoryBytes}.
        public Builder creditBytes(long value) {
            creditBytes = value;
            return this;
        }

        /// Sets the longest message accepted; by default 64 MiB, at most a quarter of {@code maxMemoryBytes}.
        public Builder maxMessageBytes(long value) {
            maxMessageBytes = value;
            return this;
        }

        /// Sets the receive window at the start.
        public Builder windowChunks(int value) {
            windowChunks = value;
            return this;
        }

        /// Sets the hard cap of the window.
        public Builder maxWindowChunks(int value) {
            maxWindowChunks = value;
            return this;
        }

        /// Sets the class of service.
        public Builder dscp(int value) {
            dscp = value;
            return this;
        }

        /// Caps the packet size; 0 for what the device carries.
        public Builder maxPacketBytes(int value) {
            maxPacketBytes = value;
            return this;
        }

        /// Sets the receive buffers per lane; 0 derives them.
        public Builder receiveQueuePackets(int value) {
            receiveQueuePackets = value;
            return this;
        }

        /// Sets the idle timeout.
        public Builder idleTimeout(Duration value) {
            idleTimeout = value;
            return this;
        }

        /// Sets the keep-alive.
        public Builder keepAlive(Duration value) {
            keepAlive = value;
            return this;
        }

        /// Sets the default deadline of operations.
        public Builder operationTimeout(Duration value) {
            operationTimeout = value;
            return this;
        }

        /// Sets the longest handshake of an accepted control connection.
        public Builder handshakeTimeout(Duration value) {
            handshakeTimeout = value;
            return this;
        }

        /// Caps the open connections.
        public Builder maxConnections(int value) {
            maxConnections = value;
            return this;
        }

        /// Caps the handshakes in progress.
        public Builder maxPendingHandshakes(int value) {
            maxPendingHandshakes = value;
            return this;
        }

        /// Caps the operations outstanding on a connection.
        public Builder maxOperations(int value) {
            maxOperations = value;
            return this;
        }

        /// Caps the reads of a peer outstanding on a connection.
        public Builder maxInboundReads(int value) {
            maxInboundReads = value;
            return this;
        }

        /// Caps the streams of a connection.
        public Builder maxStreams(int value) {
            maxStreams = value;
            return this;
        }

        /// Sets what all connections together, and each peer, may take.
        public Builder limits(Longhaul.Limits value) {
            limits = value;
            return this;
        }

        /// Puts a pretended long link behind the software device, for the packets that leave; null for none.
        public Builder wire(@Nullable WireConfig value) {
            wire = value;
            return this;
        }

        /// Sets who the endpoint is and whom it believes; null for nobody, which {@code insecure} must allow.
        public Builder identity(Longhaul.@Nullable Identity value) {
            identity = value;
            return this;
        }

        /// Allows a control connection without TLS and packets without seal.
        public Builder insecure(boolean value) {
            insecure = value;
            return this;
        }

        /// Sets how the bytes of large writes travel.
        public Builder placement(Placement value) {
            placement = value;
            return this;
        }

        /// Sets what the agent does when idle.
        public Builder idleMode(IdleMode value) {
            idleMode = value;
            return this;
        }

        /// Sets the source of random numbers; for tests that must repeat.
        public Builder random(LongSupplier value) {
            random = value;
            return this;
        }

        /// Validates and builds.
        ///
        /// @throws ConfigurationException naming the setting, its value and its range
        public LonghaulConfig build() {
            final long credit = creditBytes != 0 ? creditBytes : Math.min(MIB, maxMemoryBytes);
            final long message = maxMessageBytes != 0 ? maxMessageBytes : Math.min(64 * MIB, maxMemoryBytes / 4);
            return new LonghaulConfig(
                    device,
                    bindAddress,
                    congestionController,
                    congestionFactories,
                    fec,
                    trace,
                    lanes,
                    rateHintBitsPerSecond,
                    maxMemoryBytes,
                    credit,
                    message,
                    windowChunks,
                    maxWindowChunks,
                    dscp,
                    maxPacketBytes,
                    receiveQueuePackets,
                    idleTimeout,
                    keepAlive,
                    operationTimeout,
                    handshakeTimeout,
                    maxConnections,
                    maxPendingHandshakes,
                    maxOperations,
                    maxInboundReads,
                    maxStreams,
                    limits != null ? limits : Longhaul.Limits.defaults(maxMemoryBytes),
                    wire,
                    identity,
                    insecure,
                    placement,
                    idleMode,
                    random);
        }
    }
}
