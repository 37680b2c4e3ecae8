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

/// Constants and struct offsets of sockets on 64-bit Linux, from `linux/socket.h`, `linux/in.h`, `linux/in6.h`,
/// `linux/udp.h`, `asm-generic/socket.h`; the same on x86-64 and aarch64.
final class SocketLayouts {
    static final int F_GETFL = 3;
    static final int F_SETFL = 4;
    static final int O_NONBLOCK = 0x800;

    static final int AF_INET = 2;
    static final int AF_INET6 = 10;
    static final int SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0x800 | 0x80000;
    static final int MSG_DONTWAIT = 0x40;
    static final int MSG_TRUNC = 0x20;
    static final int MSG_CTRUNC = 8;

    static final int SOL_IP = 0;
    static final int IP_TOS = 1;
    static final int IP_MTU_DISCOVER = 10;
    static final int IP_RECVTOS = 13;
    static final int SOL_IPV6 = 41;
    static final int IPV6_MTU_DISCOVER = 23;
    static final int IPV6_V6ONLY = 26;
    static final int IPV6_RECVTCLASS = 66;
    static final int IPV6_TCLASS = 67;

    /// `IP_PMTUDISC_DO` and `IPV6_PMTUDISC_DO`: set DF, never fragment, report EMSGSIZE.
    static final int PMTUDISC_DO = 2;

    static final int SOL_UDP = 17;
    static final int UDP_NO_CHECK6_RX = 102;
    static final int UDP_SEGMENT = 103;
    static final int UDP_GRO = 104;

    static final int SOL_SOCKET = 1;
    static final int SO_SNDBUF = 7;
    static final int SO_RCVBUF = 8;
    static final int SO_NO_CHECK = 11;
    static final int SO_ATTACH_FILTER = 26;
    static final int SO_SNDBUFFORCE = 32;
    static final int SO_RCVBUFFORCE = 33;
    static final int SO_MEMINFO = 55;

    /// Index of the datagrams that a socket has dropped in the array of SO_MEMINFO, and its length
    /// (`linux/sock_diag.h`).
    static final int SK_MEMINFO_DROPS = 8;

    static final int SK_MEMINFO_VARS = 9;

    // struct msghdr { name*, u32 namelen, iov*, size_t iovlen, control*, size_t controllen, int flags }
    static final int MSG_NAME = 0;
    static final int MSG_NAME_BYTES = 8;
    static final int MSG_IOV = 16;
    static final int MSG_IOV_COUNT = 24;
    static final int MSG_CONTROL = 32;
    static final int MSG_CONTROL_BYTES = 40;
    static final int MSG_FLAGS = 48;
    static final int MSGHDR_BYTES = 56;

    // struct mmsghdr { msghdr, u32 len }
    static final int MMSG_LENGTH = 56;
    static final int MMSGHDR_BYTES = 64;

    // struct iovec { base*, size_t len }
    static final int IOVEC_LENGTH = 8;
    static final int IOVEC_BYTES = 16;

    // struct cmsghdr { size_t len, int level, int type }, data aligned to 8
    static final int CMSG_LEVEL = 8;
    static final int CMSG_TYPE = 12;
    static final int CMSG_DATA = 16;

    // struct pollfd { int fd, short events, short revents }
    static final int POLLFD_BYTES = 8;
    static final int POLLFD_EVENTS = 4;
    static final int POLLFD_REVENTS = 6;
    static final short POLLIN = 1;

    static final int EFD_NONBLOCK_CLOEXEC = 0x800 | 0x80000;

    private SocketLayouts() {}

    /// The room that one control message of `dataBytes` takes.
    static int controlSpace(int dataBytes) {
        return CMSG_DATA + (dataBytes + 7 & ~7);
    }
}
