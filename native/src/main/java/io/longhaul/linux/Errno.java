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

/// The error numbers that sockets report, with the values of Linux (`asm-generic/errno.h`, the same on x86-64 and
/// aarch64).
public final class Errno {
    /// Interrupted by a signal.
    public static final int EINTR = 4;

    /// Input or output error: for a segmented send, a device that cannot make checksums.
    public static final int EIO = 5;

    /// Nothing there yet, or no room yet.
    public static final int EAGAIN = 11;

    /// No memory.
    public static final int ENOMEM = 12;

    /// Not permitted, for example by a firewall.
    public static final int EPERM = 1;

    /// Invalid argument: among others, a segmented send that does not fit.
    public static final int EINVAL = 22;

    /// The datagram is longer than the path MTU.
    public static final int EMSGSIZE = 90;

    /// No such option.
    public static final int ENOPROTOOPT = 92;

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

    /// A queue of the network device is full.
    public static final int ENOBUFS = 105;

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
            case EINTR -> "EINTR";
            case EIO -> "EIO";
            case EAGAIN -> "EAGAIN";
            case ENOMEM -> "ENOMEM";
            case EINVAL -> "EINVAL";
            case EMSGSIZE -> "EMSGSIZE";
            case ENOPROTOOPT -> "ENOPROTOOPT";
            case EOPNOTSUPP -> "EOPNOTSUPP";
            case EAFNOSUPPORT -> "EAFNOSUPPORT";
            case EADDRINUSE -> "EADDRINUSE";
            case EADDRNOTAVAIL -> "EADDRNOTAVAIL";
            case ENETUNREACH -> "ENETUNREACH";
            case ENOBUFS -> "ENOBUFS";
            case ECONNREFUSED -> "ECONNREFUSED";
            case EHOSTUNREACH -> "EHOSTUNREACH";
            default -> "errno " + Math.abs(errno);
        };
    }
}
