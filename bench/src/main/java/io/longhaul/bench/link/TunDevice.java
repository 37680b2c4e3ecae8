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
package io.longhaul.bench.link;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.longhaul.linux.Errno;
import io.longhaul.linux.Libc;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A TUN device with [VnetHeader]s and all offloads: what the kernel sends comes uncut and without checksums, up to
/// 64 KiB in a read, and is taken back the same way. It is gone when it is closed, or when the process ends.
///
/// Constants from `linux/if_tun.h` and `linux/if.h`. Threading: one thread.
public final class TunDevice implements AutoCloseable {
    private static final int O_RDWR_NONBLOCK_CLOEXEC = 2 | 0x800 | 0x80000;
    private static final long TUNSETIFF = 0x400454caL;
    private static final long TUNSETOFFLOAD = 0x400454d0L;
    private static final short IFF_TUN = 0x0001;
    private static final short IFF_NO_PI = 0x1000;
    private static final short IFF_VNET_HDR = 0x4000;
    private static final int NAME_BYTES = 16;
    private static final int IFREQ_BYTES = 40;

    // TUN_F_CSUM, TSO4, TSO6, TSO_ECN
    private static final long TCP_OFFLOADS = 1 | 2 | 4 | 8;

    // TUN_F_USO4, USO6: Linux 6.2
    private static final long UDP_OFFLOADS = 0x20 | 0x40;

    private final Libc.CallState state;
    private final MemorySegment pieces;
    private final int fd;
    private final boolean segmentsUdp;
    private boolean closed;

    /// Makes a device.
    ///
    /// @param name at most 15 characters; no other device may have it
    /// @throws IOException naming the call, the error and the remedy
    public TunDevice(Arena arena, Libc.CallState state, String name) throws IOException {
        this.state = state;
        pieces = arena.allocate(32, 8);
        fd = Libc.open(state, arena.allocateFrom("/dev/net/tun").address(), O_RDWR_NONBLOCK_CLOEXEC);
        if (fd < 0) {
            throw new IOException("open(/dev/net/tun) failed: " + Errno.name(fd)
                    + "; the kernel must have the module tun, and the container the device");
        }
        MemorySegment request = arena.allocate(IFREQ_BYTES, 8);
        if (name.length() >= NAME_BYTES) {
            throw new IllegalArgumentException("a device name has at most 15 characters, is " + name);
        }
        request.setString(0, name);
        request.set(JAVA_SHORT, NAME_BYTES, (short) (IFF_TUN | IFF_NO_PI | IFF_VNET_HDR));
        check("ioctl(TUNSETIFF, " + name + ")", Libc.ioctl(state, fd, TUNSETIFF, request.address()));
        segmentsUdp = Libc.ioctl(state, fd, TUNSETOFFLOAD, TCP_OFFLOADS | UDP_OFFLOADS) >= 0;
        if (!segmentsUdp) {
            check("ioctl(TUNSETOFFLOAD)", Libc.ioctl(state, fd, TUNSETOFFLOAD, TCP_OFFLOADS));
        }
    }

    private void check(String call, int result) throws IOException {
        if (result < 0) {
            Libc.close(state, fd);
            throw new IOException(call + " failed: " + Errno.name(result)
                    + (result == -Errno.EPERM ? "; run it as root, or with CAP_NET_ADMIN" : ""));
        }
    }

    /// Whether rows of UDP datagrams come uncut as well: Linux 6.2 and newer.
    public boolean segmentsUdp() {
        return segmentsUdp;
    }

    /// The file descriptor, for [io.longhaul.linux.Poller].
    public int fd() {
        return fd;
    }

    /// Reads a packet with its [VnetHeader].
    ///
    /// @return its length, or a negated [Errno]
    public int read(MemorySegment to, long offset, int bytes) {
        return (int) Libc.read(state, fd, to.address() + offset, bytes);
    }

    /// Writes a packet that lies in two pieces, [VnetHeader] first.
    ///
    /// @return what was written, or a negated [Errno]
    public int write(MemorySegment headers, int headerBytes, MemorySegment payload, long offset, int bytes) {
        pieces.set(JAVA_LONG, 0, headers.address());
        pieces.set(JAVA_LONG, 8, headerBytes);
        pieces.set(JAVA_LONG, 16, payload.address() + offset);
        pieces.set(JAVA_LONG, 24, bytes);
        return (int) Libc.writev(state, fd, pieces.address(), 2);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Libc.close(state, fd);
        }
    }
}
