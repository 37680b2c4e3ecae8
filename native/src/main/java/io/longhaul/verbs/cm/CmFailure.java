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

import io.longhaul.linux.Errno;
import io.longhaul.verbs.DeviceException;

/// Words for what librdmacm and the kernel behind it refuse.
final class CmFailure {
    private static final String CREATE_CHANNEL = "rdma_create_event_channel";
    private static final String BIND = "rdma_bind_addr";
    private static final String LISTEN = "rdma_listen";
    private static final String SET_OPTION = "rdma_set_option";

    private CmFailure() {}

    /// The exception for a call that failed.
    ///
    /// @param function in the spelling of C
    /// @param arguments what it was told, for people
    /// @param errno positive or negated
    static DeviceException of(String function, String arguments, int errno) {
        return new DeviceException(function, Errno.name(errno), message(function, arguments, errno));
    }

    /// What that exception says.
    static String message(String function, String arguments, int errno) {
        String remedy = remedy(function, Math.abs(errno));
        String advice = remedy.isEmpty() ? "" : "; " + remedy;
        return function + "(" + arguments + ") failed: " + Errno.name(errno) + advice;
    }

    /// What would help, or an empty text.
    static String remedy(String function, int errno) {
        return switch (errno) {
            case Errno.ENODEV, Errno.ENOENT, Errno.ENXIO ->
                function.equals(CREATE_CHANNEL)
                        ? "there is no RDMA device, or the kernel module is missing: modprobe rdma_ucm, and rdma link"
                        : "no RDMA device has this address: look at ./longhaul devices, or rdma link add NAME type rxe netdev IF";
            case Errno.EACCES ->
                function.equals(BIND)
                        ? "ports below 1024 need CAP_NET_BIND_SERVICE"
                        : "the user may not open /dev/infiniband/rdma_cm: check its permissions";
            case Errno.EPERM -> "the user may not do this: check the permissions of /dev/infiniband";
            case Errno.EADDRNOTAVAIL -> "no network interface has this address: choose one of ip address";
            case Errno.EADDRINUSE -> "the port is taken: choose another, 0 for any, or setReuseAddress before bind";
            case Errno.ENETUNREACH, Errno.EHOSTUNREACH -> "there is no route to the address: check ip route get";
            case Errno.EMFILE -> "too many files are open: raise ulimit -n";
            case Errno.ENOMEM -> "no memory left in the kernel or the device";
            case Errno.ENOSYS, Errno.EOPNOTSUPP, Errno.ENOPROTOOPT ->
                "the kernel or the device does not have it: use a newer kernel, or leave the option out";
            case Errno.ETIMEDOUT -> "nobody answered: check the address, the route and firewalls (UDP port 4791)";
            case Errno.EINVAL -> invalid(function);
            default -> "";
        };
    }

    private static String invalid(String function) {
        return switch (function) {
            case SET_OPTION -> "the option must be set before connect or accept, and be known to the kernel";
            case LISTEN -> "bind an address first";
            case BIND -> "the identifier has an address already";
            default -> "the identifier is in another state, or the private data is too long";
        };
    }
}
