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
package io.longhaul.verbs.ibv;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/// How devices of the operating system are opened.
///
/// @param libraryName the library, a name that the dynamic linker finds or a path
/// @param port the number of the device's port, from 1
/// @param localAddress the address to send from and to be reached at, which chooses the entry of the GID table; null
///     takes for every peer the first RoCEv2 entry of the peer's family, IPv4 and routable ones first
/// @param relaxedOrdering whether memory is registered with relaxed PCI ordering: faster on some hosts, but then what a
/// peer
///     writes must not be looked for in memory, only waited for as a completion. Ignored where device or library do not
/// know it
public record IbvDeviceConfig(
        String libraryName, int port, @Nullable InetAddress localAddress, boolean relaxedOrdering) {
    /// The library of rdma-core.
    public static final String LIBRARY_NAME = "libibverbs.so.1";

    /// Port 1, any address, strict ordering.
    public static final IbvDeviceConfig DEFAULT = new IbvDeviceConfig(LIBRARY_NAME, 1, null, false);

    private static final int MOST_PORTS = 255;

    /// Checks the range of the port.
    public IbvDeviceConfig {
        if (port < 1 || port > MOST_PORTS) {
            throw new IllegalArgumentException("port must be in 1.." + MOST_PORTS + ", is " + port);
        }
    }

    /// The same at one local address.
    public IbvDeviceConfig withLocalAddress(InetAddress address) {
        return new IbvDeviceConfig(libraryName, port, address, relaxedOrdering);
    }

    /// The same with another port.
    public IbvDeviceConfig withPort(int newPort) {
        return new IbvDeviceConfig(libraryName, newPort, localAddress, relaxedOrdering);
    }

    /// The same with another library.
    public IbvDeviceConfig withLibraryName(String newLibraryName) {
        return new IbvDeviceConfig(newLibraryName, port, localAddress, relaxedOrdering);
    }

    /// The same with strict or relaxed ordering.
    public IbvDeviceConfig withRelaxedOrdering(boolean relaxed) {
        return new IbvDeviceConfig(libraryName, port, localAddress, relaxed);
    }
}
