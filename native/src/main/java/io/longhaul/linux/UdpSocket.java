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
package io.longhaul.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetAddress;

/// An unconnected, non-blocking UDP socket that never fragments (DF is set) and tells the traffic class of what
/// arrives.
///
/// Threading: one thread, except for close, which nothing may overlap.
public final class UdpSocket implements AutoCloseable {
    private final Libc.CallState state;
    private final int fd;
    private final boolean ipv6;
    private final MemorySegment scratch;
    private final int port;
    private boolean closed;

    /// Opens and binds a socket.
    ///
    /// @param arena what its scratch memory belongs to
    /// @param state shared by everything that one thread owns
    /// @param address a concrete address of this host
    /// @param port the port, 0 lets the kernel choose
    /// @throws IOException naming the call and the error
    public UdpSocket(Arena arena, Libc.CallState state, InetAddress address, int port) throws IOException {
        this.state = state;
        ipv6 = address instanceof Inet6Address;
        scratch = arena.allocate(64, 8);
        int domain = ipv6 ? SocketLayouts.AF_INET6 : SocketLayouts.AF_INET;
        fd = check("socket", Libc.socket(state, domain, SocketLayouts.SOCK_DGRAM_NONBLOCK_CLOEXEC, 0));
        try {
            this.port = configureAndBind(address, port);
        } catch (IOException e) {
            Libc.close(state, fd);
            throw e;
        }
    }

    private int configureAndBind(InetAddress address, int wantedPort) throws IOException {
        if (ipv6) {
            check("setsockopt(IPV6_V6ONLY)", option(SocketLayouts.SOL_IPV6, SocketLayouts.IPV6_V6ONLY, 1));
            check(
                    "setsockopt(IPV6_MTU_DISCOVER)",
                    option(SocketLayouts.SOL_IPV6, SocketLayouts.IPV6_MTU_DISCOVER, SocketLayouts.PMTUDISC_DO));
            check("setsockopt(IPV6_RECVTCLASS)", option(SocketLayouts.SOL_IPV6, SocketLayouts.IPV6_RECVTCLASS, 1));
            // RoCEv2 has the ICRC and sends no UDP checksum, which IPv6 sockets refuse unless they are told (RFC 6935).
            check("setsockopt(UDP_NO_CHECK6_RX)", option(SocketLayouts.SOL_UDP, SocketLayouts.UDP_NO_CHECK6_RX, 1));
        } else {
            check(
                    "setsockopt(IP_MTU_DISCOVER)",
                    option(SocketLayouts.SOL_IP, SocketLayouts.IP_MTU_DISCOVER, SocketLayouts.PMTUDISC_DO));
            check("setsockopt(IP_RECVTOS)", option(SocketLayouts.SOL_IP, SocketLayouts.IP_RECVTOS, 1));
        }
        int addressBytes = SocketAddress.write(scratch, 0, address, wantedPort);
        check(
                "bind(" + address.getHostAddress() + " port " + wantedPort + ")",
                Libc.bind(state, fd, scratch.address(), addressBytes));
        scratch.set(JAVA_INT, 32, SocketAddress.MAX_BYTES);
        check("getsockname", Libc.getsockname(state, fd, scratch.address(), scratch.address() + 32));
        return SocketAddress.port(scratch, 0);
    }

    /// The file descriptor, for [Poller].
    public int fd() {
        return fd;
    }

    /// The port that it is bound to.
    public int port() {
        return port;
    }

    /// Asks for buffers of a size: by privilege where there is one, else up to what the system allows anybody.
    public void requestBufferBytes(int sendBytes, int receiveBytes) {
        if (option(SocketLayouts.SOL_SOCKET, SocketLayouts.SO_RCVBUFFORCE, receiveBytes) < 0) {
            option(SocketLayouts.SOL_SOCKET, SocketLayouts.SO_RCVBUF, receiveBytes);
        }
        if (option(SocketLayouts.SOL_SOCKET, SocketLayouts.SO_SNDBUFFORCE, sendBytes) < 0) {
            option(SocketLayouts.SOL_SOCKET, SocketLayouts.SO_SNDBUF, sendBytes);
        }
    }

    /// The size of the receive buffer as the kernel accounts it: about twice the payload that fits.
    public int receiveBufferBytes() {
        return intOption(SocketLayouts.SOL_SOCKET, SocketLayouts.SO_RCVBUF);
    }

    /// The size of the send buffer as the kernel accounts it.
    public int sendBufferBytes() {
        return intOption(SocketLayouts.SOL_SOCKET, SocketLayouts.SO_SNDBUF);
    }

    /// Turns generic receive offload on.
    ///
    /// @return false when the kernel does not have it
    public boolean enableReceiveOffload() {
        return option(SocketLayouts.SOL_UDP, SocketLayouts.UDP_GRO, 1) >= 0;
    }

    /// Has the kernel drop what cannot be a RoCEv2 packet of UC or UD: noise takes no room in the buffer and wakes
    /// nobody.
    ///
    /// @return false when the kernel refuses: everything arrives
    public boolean dropNoise() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment program = RoceFilter.program(arena);
            return Libc.setsockopt(
                            state,
                            fd,
                            SocketLayouts.SOL_SOCKET,
                            SocketLayouts.SO_ATTACH_FILTER,
                            program.address(),
                            RoceFilter.BYTES)
                    >= 0;
        }
    }

    /// Datagrams that the kernel has dropped: by the filter, or because the buffer was full.
    ///
    /// @return -1 when the kernel does not tell
    public long droppedDatagrams() {
        int bytes = SocketLayouts.SK_MEMINFO_VARS * Integer.BYTES;
        scratch.set(JAVA_INT, bytes, bytes);
        int result = Libc.getsockopt(
                state,
                fd,
                SocketLayouts.SOL_SOCKET,
                SocketLayouts.SO_MEMINFO,
                scratch.address(),
                scratch.address() + bytes);
        return result < 0 ? -1 : scratch.get(JAVA_INT, SocketLayouts.SK_MEMINFO_DROPS * Integer.BYTES) & 0xffff_ffffL;
    }

    /// Sends without UDP checksums from now on, as rxe does. The kernel then refuses segmentation offload.
    public void omitChecksums() {
        option(SocketLayouts.SOL_SOCKET, SocketLayouts.SO_NO_CHECK, 1);
    }

    /// Whether the kernel knows segmentation offload for UDP.
    public boolean hasSegmentationOffload() {
        return intOption(SocketLayouts.SOL_UDP, SocketLayouts.UDP_SEGMENT) >= 0;
    }

    /// Sends pieces of a message.
    ///
    /// @param segmentBytes the kernel cuts the pieces into datagrams of this length; 0 makes one datagram of them
    /// @return bytes sent, or a negated [Errno]
    public long send(OutgoingMessage message, int firstPiece, int pieceCount, int segmentBytes) {
        long header = message.finish(firstPiece, pieceCount, segmentBytes);
        long sent;
        do {
            sent = Libc.sendmsg(state, fd, header, SocketLayouts.MSG_DONTWAIT);
        } while (sent == -Errno.EINTR || sent == -Errno.ECONNREFUSED); // the latter tells of an earlier datagram
        return sent;
    }

    /// Receives what is there, without waiting.
    ///
    /// @return how many messages came, 0 when there is none, or a negated [Errno] other than EAGAIN
    public int receive(ReceiveBatch batch) {
        int received = Libc.recvmmsg(state, fd, batch.prepare(), batch.capacity(), SocketLayouts.MSG_DONTWAIT);
        if (received >= 0) {
            batch.used(received);
            return received;
        }
        return received == -Errno.EAGAIN || received == -Errno.EINTR ? 0 : received;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Libc.close(state, fd);
        }
    }

    private int option(int level, int name, int value) {
        scratch.set(JAVA_INT, 0, value);
        return Libc.setsockopt(state, fd, level, name, scratch.address(), Integer.BYTES);
    }

    private int intOption(int level, int name) {
        scratch.set(JAVA_INT, 8, Integer.BYTES);
        int result = Libc.getsockopt(state, fd, level, name, scratch.address(), scratch.address() + 8);
        return result < 0 ? result : scratch.get(JAVA_INT, 0);
    }

    private static int check(String call, int result) throws IOException {
        if (result < 0) {
            throw new IOException(call + " failed: " + Errno.name(result));
        }
        return result;
    }
}
