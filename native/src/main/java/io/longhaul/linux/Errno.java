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

/// The error numbers that sockets and verbs report, with the values of Linux (`asm-generic/errno.h`, the same on x86-64
/// and
/// aarch64).
public final class Errno {
    /// Not permitted, for example by a firewall.
    public static final int EPERM = 1;

    /// No such file, for example a device node.
    public static final int ENOENT = 2;

    /// Interrupted by a signal.
    public static final int EINTR = 4;

    /// Input or output error: for a segmented send, a device that cannot make checksums.
    public static final int EIO = 5;

    /// No such device or address.
    public static final int ENXIO = 6;

    /// The descriptor is not open.
    public static final int EBADF = 9;

    /// Nothing there yet, or no room yet.
    public static final int EAGAIN = 11;

    /// No memory.
    public static final int ENOMEM = 12;

    /// Permission denied.
    public static final int EACCES = 13;

    /// Bad address.
    public static final int EFAULT = 14;

    /// In use.
    public static final int EBUSY = 16;

    /// No such device.
    public static final int ENODEV = 19;

    /// Invalid argument: among others, a segmented send that does not fit.
    public static final int EINVAL = 22;

    /// Too many open files.
    public static final int EMFILE = 24;

    /// The kernel has no such call.
    public static final int ENOSYS = 38;

    /// No data.
    public static final int ENODATA = 61;

    /// The datagram is longer than the path MTU.
    public static final int EMSGSIZE = 90;

    /// No such option.
    public static final int ENOPROTOOPT = 92;

    /// Protocol not supported.
    public static final int EPROTONOSUPPORT = 93;

    /// Not supported.
    public static final int EOPNOTSUPP = 95;

    /// Address family not supported.
    public static final int EAFNOSUPPORT = 97;

    /// The address is taken.
    public static final int EADDRINUSE = 98;

    /// The address is not one of this host.
    public static final int EADDRNOTAVAIL = 99;

    /// No route.
    public static final int ENETUNREACH = 101;

    /// The peer ended the connection.
    public static final int ECONNRESET = 104;

    /// A queue of the network device is full.
    public static final int ENOBUFS = 105;

    /// Connected already.
    public static final int EISCONN = 106;

    /// Not connected.
    public static final int ENOTCONN = 107;

    /// No answer in time.
    public static final int ETIMEDOUT = 110;

    /// An earlier datagram met a closed port.
    public static final int ECONNREFUSED = 111;

    /// No route to the host.
    public static final int EHOSTUNREACH = 113;

    private Errno() {}

    /// The name in `errno.h`; `errno N` for numbers that are not in this class.
    ///
    /// @param errno positive, or negated as [Libc] returns it
    public static String name(int errno) {
        return switch (Math.abs(errno)) {
            case EPERM -> "EPERM";
            case ENOENT -> "ENOENT";
            case EINTR -> "EINTR";
            case EIO -> "EIO";
            case ENXIO -> "ENXIO";
            case EBADF -> "EBADF";
            case EAGAIN -> "EAGAIN";
            case ENOMEM -> "ENOMEM";
            case EACCES -> "EACCES";
            case EFAULT -> "EFAULT";
            case EBUSY -> "EBUSY";
            case ENODEV -> "ENODEV";
            case EINVAL -> "EINVAL";
            case EMFILE -> "EMFILE";
            case ENOSYS -> "ENOSYS";
            case ENODATA -> "ENODATA";
            case EMSGSIZE -> "EMSGSIZE";
            case ENOPROTOOPT -> "ENOPROTOOPT";
            case EPROTONOSUPPORT -> "EPROTONOSUPPORT";
            case EOPNOTSUPP -> "EOPNOTSUPP";
            case EAFNOSUPPORT -> "EAFNOSUPPORT";
            case EADDRINUSE -> "EADDRINUSE";
            case EADDRNOTAVAIL -> "EADDRNOTAVAIL";
            case ENETUNREACH -> "ENETUNREACH";
            case ECONNRESET -> "ECONNRESET";
            case ENOBUFS -> "ENOBUFS";
            case EISCONN -> "EISCONN";
            case ENOTCONN -> "ENOTCONN";
            case ETIMEDOUT -> "ETIMEDOUT";
            case ECONNREFUSED -> "ECONNREFUSED";
            case EHOSTUNREACH -> "EHOSTUNREACH";
            default -> "errno " + Math.abs(errno);
        };
    }
}
