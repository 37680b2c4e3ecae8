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
package io.longhaul.verbs.cm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.longhaul.linux.Errno;
import io.longhaul.linux.SocketAddress;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePair.Attributes;
import io.longhaul.verbs.QueuePairState;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A communication identifier: the socket of RDMA (`struct rdma_cm_id`).
///
/// A call that cannot be carried out throws at once; what takes time ends as an event of the channel. The order of
/// calls is
/// shown in {@link RdmaCm}.
///
/// Threading: that of its {@link CmEventChannel}.
public final class CmId implements AutoCloseable {
    /// The longest acknowledgement timeout: 4.096 us × 2^31, two hours and 26 minutes.
    public static final Duration MAX_ACK_TIMEOUT = Duration.ofNanos(4096L << 31);

    private static final int MAX_ACK_TIMEOUT_EXPONENT = 31;
    private static final int MAX_TOS = 0xff;
    private static final short AF_INET = 2;
    private static final short AF_INET6 = 10;
    private static final int IPV4_BYTES = 4;
    private static final int IPV6_BYTES = 16;
    private static final long ACK_TIMEOUT_UNIT_NANOS = 4096;

    private final CmEventChannel channel;
    private final CmLibrary library;
    private final CmLibrary.State state;
    private final long address;
    private final PortSpace portSpace;
    private boolean closed;

    CmId(CmEventChannel channel, CmLibrary library, CmLibrary.State state, long address, PortSpace portSpace) {
        this.channel = channel;
        this.library = library;
        this.state = state;
        this.address = address;
        this.portSpace = portSpace;
    }

    /// Its port space.
    public PortSpace portSpace() {
        return portSpace;
    }

    /// Sets how long the RC queue pair waits for an acknowledgement, before connect or accept. The default follows
    /// from
    /// the path that the kernel assumes, a data hall: on a long path set it to 4 round trips and more.
    ///
    /// @param timeout rounded up to 4.096 us × 2^n, n in 1..31; zero waits for ever, that is: never sends again
    /// @return what was set
    /// @throws DeviceException when the kernel or the device does not have the option
    public Duration setAckTimeout(Duration timeout) {
        int exponent = ackTimeoutExponent(timeout);
        set(CmLayouts.RDMA_OPTION_ID_ACK_TIMEOUT, "ACK_TIMEOUT, " + exponent, (byte) exponent, 1);
        return exponent == 0 ? Duration.ZERO : Duration.ofNanos(ACK_TIMEOUT_UNIT_NANOS << exponent);
    }

    /// The field `timeout` of a queue pair for a time: the least n with 4.096 us × 2^n at or above it (IBTA volume
    /// 1,
    /// §9.7.6.1.3).
    ///
    /// @return 0 for zero, else 1..31
    static int ackTimeoutExponent(Duration timeout) {
        if (timeout.isNegative() || timeout.compareTo(MAX_ACK_TIMEOUT) > 0) {
            throw new IllegalArgumentException("the ack timeout must be in 0.." + MAX_ACK_TIMEOUT + ", is " + timeout);
        }
        if (timeout.isZero()) {
            return 0;
        }
        long nanos = timeout.toNanos();
        int exponent = 1;
        while (exponent < MAX_ACK_TIMEOUT_EXPONENT && ACK_TIMEOUT_UNIT_NANOS << exponent < nanos) {
            exponent++;
        }
        return exponent;
    }

    /// Sets the ToS byte of the queue pair's packets, before the address is resolved.
    ///
    /// @param typeOfService DSCP in the upper 6 bits, 0..255
    /// @throws DeviceException when the kernel does not have the option
    public void setTypeOfService(int typeOfService) {
        if (typeOfService < 0 || typeOfService > MAX_TOS) {
            throw new IllegalArgumentException("typeOfService must be in 0..255, is " + typeOfService);
        }
        set(CmLayouts.RDMA_OPTION_ID_TOS, "TOS, " + typeOfService, typeOfService, 1);
    }

    /// Sets whether a port may be bound while old connections of it linger, before {@link #bind}.
    ///
    /// @throws DeviceException when the kernel does not have the option
    public void setReuseAddress(boolean reuse) {
        set(CmLayouts.RDMA_OPTION_ID_REUSEADDR, "REUSEADDR, " + reuse, reuse ? 1 : 0, Integer.BYTES);
    }

    /// Sets whether a wildcard IPv6 address stands for IPv6 only, before {@link #bind}.
    ///
    /// @throws DeviceException when the kernel does not have the option
    public void setIpv6Only(boolean only) {
        set(CmLayouts.RDMA_OPTION_ID_AFONLY, "AFONLY, " + only, only ? 1 : 0, Integer.BYTES);
    }

    private void set(int option, String words, int value, int valueBytes) {
        requireOpen();
        try (Arena arena = Arena.ofConfined()) {
            // The first byte of a little-endian int is its value when that fits.
            MemorySegment segment = arena.allocateFrom(JAVA_INT, value);
            check("rdma_set_option", words, library.setOption(state, address, option, segment.address(), valueBytes));
        }
    }

    /// Names the local address. A wildcard address listens on all devices.
    ///
    /// @param local with port 0, the kernel chooses one: see {@link #localAddress}
    /// @throws DeviceException when the address is not one of an RDMA device, or the port is taken
    public void bind(InetSocketAddress local) {
        requireOpen();
        try (Arena arena = Arena.ofConfined()) {
            check("rdma_bind_addr", text(local), library.bindAddress(state, address, write(arena, local)));
        }
    }

    /// Lets peers connect: {@link CmEventType#CONNECT_REQUEST} follows for each.
    ///
    /// @param backlog how many may wait, 1 and more
    /// @throws DeviceException when nothing is bound
    public void listen(int backlog) {
        requireOpen();
        check("rdma_listen", text(localAddress()), library.listen(state, address, backlog));
    }

    /// Finds the device towards a destination: {@link CmEventType#ADDR_RESOLVED} or {@link CmEventType#ADDR_ERROR}
    /// follows.
    ///
    /// @param local where to come from, or null to let the routing table choose
    /// @param timeout after which it fails, 1 ms and more
    /// @throws DeviceException when it cannot even begin
    public void resolveAddress(@Nullable InetSocketAddress local, InetSocketAddress remote, Duration timeout) {
        requireOpen();
        try (Arena arena = Arena.ofConfined()) {
            long source = local == null ? 0 : write(arena, local);
            String words = (local == null ? "" : text(local) + ", ") + text(remote);
            check(
                    "rdma_resolve_addr",
                    words,
                    library.resolveAddress(state, address, source, write(arena, remote), millis(timeout)));
        }
    }

    /// Finds the path: {@link CmEventType#ROUTE_RESOLVED} or {@link CmEventType#ROUTE_ERROR} follows.
    ///
    /// @param timeout after which it fails, 1 ms and more
    /// @throws DeviceException when the address is not resolved
    public void resolveRoute(Duration timeout) {
        requireDevice("rdma_resolve_route");
        check("rdma_resolve_route", peerText(), library.resolveRoute(state, address, millis(timeout)));
    }

    /// Asks the peer for a connection: {@link CmEventType#CONNECT_RESPONSE}, {@link CmEventType#REJECTED} or
    /// {@link CmEventType#UNREACHABLE} follows; in {@link PortSpace#UDP}, {@link CmEventType#ESTABLISHED} or
    /// {@link CmEventType#UNREACHABLE}.
    ///
    /// @throws DeviceException when the route is not resolved, or the private data is too long
    public void connect(ConnectionParameters parameters) {
        requireDevice("rdma_connect");
        try (Arena arena = Arena.ofConfined()) {
            long struct = parameters.write(arena).address();
            check("rdma_connect", peerText() + ", " + parameters, library.connect(state, address, struct));
        }
    }

    /// What the queue pair must be told to enter a state: INIT, then RTR, then RTS. Ask after
    /// {@link CmEventType#CONNECT_REQUEST} or {@link CmEventType#CONNECT_RESPONSE} (INIT also after the address is
    /// resolved).
    ///
    /// The memory belongs to `arena`. Access rights and receiver-not-ready timer are the caller's to add.
    ///
    /// @throws DeviceException when the connection is not that far
    public ConnectionAttributes attributes(Arena arena, QueuePairState target) {
        requireDevice("rdma_init_qp_attr");
        int code = switch (target) {
            case INIT -> 1;
            case RTR -> 2;
            case RTS -> 3;
            default -> throw new IllegalArgumentException("the state must be INIT, RTR or RTS, is " + target);
        };
        MemorySegment struct = arena.allocate(CmLayouts.QpAttr.BYTES, Long.BYTES);
        struct.set(JAVA_INT, CmLayouts.QpAttr.QP_STATE, code);
        MemorySegment mask = arena.allocate(JAVA_INT);
        check(
                "rdma_init_qp_attr",
                this + ", " + target,
                library.initQpAttr(state, address, struct.address(), mask.address()));
        return new ConnectionAttributes(target, struct, mask.get(JAVA_INT, 0));
    }

    /// Brings a queue pair from RESET to RTS with what both sides agreed on, after {@link
    /// CmEventType#CONNECT_REQUEST} or
    /// {@link CmEventType#CONNECT_RESPONSE}: peer, numbers, path MTU, traffic class, acknowledgement timeout,
    /// retries, and reads
    /// at a time. Its timer for receivers that are not ready is that of {@link Attributes#DEFAULT}.
    ///
    /// @param queuePair one of the device of {@link #deviceName}, whose number the peer was told
    /// @param access what the peer may do: a sum of {@link io.longhaul.verbs.AccessFlags}
    /// @throws DeviceException when the connection is not that far, or the device refuses a value
    public void bringToReadyToSend(QueuePair queuePair, int access) {
        try (Arena arena = Arena.ofConfined()) {
            ConnectionAttributes init = attributes(arena, QueuePairState.INIT);
            ConnectionAttributes receive = attributes(arena, QueuePairState.RTR);
            ConnectionAttributes send = attributes(arena, QueuePairState.RTS);
            queuePair.configure(Attributes.DEFAULT
                    .withServiceLevel(receive.serviceLevel())
                    .withRetries(Duration.ofNanos(send.ackTimeoutNanos()), send.retryCount())
                    .withRnrRetries(Attributes.DEFAULT.minRnrTimer(), send.rnrRetryCount())
                    .withReads(send.initiatorDepth(), receive.responderResources())
                    .withPartitionKeyIndex(init.partitionKeyIndex()));
            queuePair.toInit(access, 0);
            queuePair.toReadyToReceive(
                    receive.addressVector(), receive.remoteQueuePair(), receive.receivePsn(), receive.pathMtuBytes());
            queuePair.toReadyToSend(send.sendPsn());
        }
    }

    /// Accepts the request that made this identifier; {@link CmEventType#ESTABLISHED} follows when the peer has
    /// heard. The
    /// queue pair must be in RTS, and its receives posted: the peer may send at once.
    ///
    /// @throws DeviceException when there is no request, or the private data is too long
    public void accept(ConnectionParameters parameters) {
        requireDevice("rdma_accept");
        try (Arena arena = Arena.ofConfined()) {
            long struct = parameters.write(arena).address();
            check("rdma_accept", peerText() + ", " + parameters, library.accept(state, address, struct));
        }
    }

    /// Refuses the request that made this identifier, which is to be closed next.
    ///
    /// @param privateData tells the peer why, at most {@link ConnectionParameters#MAX_REJECT_BYTES}
    /// @throws DeviceException when there is no request, or the private data is too long
    public void reject(byte[] privateData) {
        requireOpen();
        if (privateData.length > ConnectionParameters.MAX_REJECT_BYTES) {
            throw new IllegalArgumentException("privateData.length must be in 0.."
                    + ConnectionParameters.MAX_REJECT_BYTES + ", is " + privateData.length);
        }
        try (Arena arena = Arena.ofConfined()) {
            long bytes = privateData.length == 0
                    ? 0
                    : arena.allocateFrom(JAVA_BYTE, privateData).address();
            check("rdma_reject", peerText(), library.reject(state, address, bytes, privateData.length));
        }
    }

    /// Tells the peer that this side is ready as well; the last step of the active side, with the queue pair in
    /// RTS.
    ///
    /// @throws DeviceException when there was no {@link CmEventType#CONNECT_RESPONSE}
    public void establish() {
        requireDevice("rdma_establish");
        check("rdma_establish", peerText(), library.establish(state, address));
    }

    /// Ends the connection: {@link CmEventType#DISCONNECTED} follows at both ends. Bring the queue pair to ERR
    /// before.
    ///
    /// @throws DeviceException when there is no connection
    public void disconnect() {
        requireOpen();
        check("rdma_disconnect", peerText(), library.disconnect(state, address));
    }

    /// The local address, of the family and port 0 when nothing is bound.
    public InetSocketAddress localAddress() {
        return read(CmLayouts.Id.SRC_ADDR);
    }

    /// The peer's address, of port 0 when there is none.
    public InetSocketAddress peerAddress() {
        return read(CmLayouts.Id.DST_ADDR);
    }

    /// The name of the device that was found, for example `mlx5_0`; empty before an address is bound or resolved.
    public Optional<String> deviceName() {
        long context = struct().get(JAVA_LONG, CmLayouts.Id.VERBS);
        if (context == 0) {
            return Optional.empty();
        }
        long device = CmLibrary.at(context + CmLayouts.Device.CONTEXT_DEVICE, Long.BYTES)
                .get(JAVA_LONG, 0);
        return Optional.of(CmLibrary.text(device + CmLayouts.Device.NAME, CmLayouts.Device.NAME_BYTES));
    }

    /// The port of the device, from 1; 0 before {@link #deviceName} is known.
    public int devicePort() {
        return struct().get(JAVA_BYTE, CmLayouts.Id.PORT_NUM) & 0xff;
    }

    /// Gives the identifier back. What is connected is disconnected, what is listening stops. Closing twice does
    /// nothing.
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            channel.remove(address);
            library.destroyId(state, address);
        }
    }

    private MemorySegment struct() {
        requireOpen();
        return CmLibrary.at(address, CmLayouts.Id.BYTES);
    }

    private InetSocketAddress read(long offset) {
        MemorySegment struct = struct();
        boolean ipv6 = struct.get(JAVA_SHORT, offset) == AF_INET6;
        long at = offset + (ipv6 ? SocketAddress.IPV6_ADDRESS_OFFSET : SocketAddress.IPV4_ADDRESS_OFFSET);
        byte[] bytes = struct.asSlice(at, ipv6 ? IPV6_BYTES : IPV4_BYTES).toArray(JAVA_BYTE);
        int port = struct.get(JAVA_SHORT, offset) == AF_INET || ipv6 ? SocketAddress.port(struct, offset) : 0;
        try {
            return new InetSocketAddress(InetAddress.getByAddress(bytes), port);
        } catch (UnknownHostException e) {
            throw new AssertionError("an address has 4 or 16 bytes", e);
        }
    }

    private static long write(Arena arena, InetSocketAddress socketAddress) {
        InetAddress ip = socketAddress.getAddress();
        if (ip == null) {
            throw new IllegalArgumentException("the name " + socketAddress.getHostString() + " has no address");
        }
        MemorySegment segment = arena.allocate(SocketAddress.MAX_BYTES, Long.BYTES);
        SocketAddress.write(segment, 0, ip, socketAddress.getPort());
        return segment.address();
    }

    private static int millis(Duration timeout) {
        long millis = timeout.toMillis();
        if (millis < 1 || millis > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("the timeout must be 1 ms and more, is " + timeout);
        }
        return (int) millis;
    }

    private static void check(String function, String arguments, int result) {
        if (result < 0) {
            throw CmFailure.of(function, arguments, result);
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the identifier is closed");
        }
    }

    /// librdmacm follows a null pointer when it is asked for a step that needs a device and there is none.
    private void requireDevice(String function) {
        if (struct().get(JAVA_LONG, CmLayouts.Id.VERBS) == 0) {
            throw new DeviceException(
                    function,
                    Errno.name(Errno.EINVAL),
                    function + "(" + this + ") failed: EINVAL; no device is known yet: resolve the address first");
        }
    }

    /// The peer for messages, also after close.
    String peerText() {
        return closed ? "closed" : text(peerAddress());
    }

    private static String text(InetSocketAddress socketAddress) {
        String host = socketAddress.getAddress() == null
                ? socketAddress.getHostString()
                : socketAddress.getAddress().getHostAddress();
        return Objects.requireNonNull(host).indexOf(':') < 0
                ? host + ":" + socketAddress.getPort()
                : "[" + host + "]:" + socketAddress.getPort();
    }

    @Override
    public String toString() {
        return closed ? "rdma_cm_id, closed" : "rdma_cm_id " + text(localAddress()) + " -> " + text(peerAddress());
    }
}
