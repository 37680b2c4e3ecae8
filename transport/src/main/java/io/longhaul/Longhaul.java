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

import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ServiceLoader;

/// An endpoint: one verbs device, the agent that serves it, and any number of connections.
///
/// {@snippet lang=java :
/// try (Longhaul endpoint = Longhaul.open(LonghaulConfig.builder().insecure(true).build());
///         Connection connection = endpoint.connect(address, Duration.ofSeconds(5))) {
///     RemoteRegion inbox = connection.lookup("inbox").join();
///     connection.write(bytes, inbox, 0).join();
/// }
/// }
///
/// Threading: any thread.
public interface Longhaul extends AutoCloseable {
    /// Opens an endpoint.
    ///
    /// @throws ConfigurationException when a setting is out of range, or does not say {@code insecure}: connections
    /// are
    ///     neither authenticated nor encrypted yet
    /// @throws DeviceException when the device cannot be opened
    static Longhaul open(LonghaulConfig config) {
        return ServiceLoader.load(Provider.class, Longhaul.class.getClassLoader())
                .findFirst()
                .orElseThrow(() -> new ConfigurationException(
                        "no Longhaul.Provider on the module path; put longhaul-transport there as it was built"))
                .open(config);
    }

    /// Connects; returns once the data path has carried a packet both ways and its MTU is known.
    ///
    /// @throws ConnectionException when the peer refuses, is no Longhaul, speaks another version, or does not
    /// answer in time
    Connection connect(InetSocketAddress address, Duration timeout);

    /// Listens for connections on a control port; port 0 lets the kernel choose.
    ///
    /// @throws ConnectionException when the address cannot be bound
    Listener listen(InetSocketAddress address);

    /// Exposes memory to every present and future connection of this endpoint; each connection gets a key of its
    /// own.
    ///
    /// @param name 1 to 255 UTF-8 bytes
    /// @throws ConfigurationException when the name is taken
    ExposedRegion expose(String name, MemorySegment segment, Grant grant);

    /// The configuration in force.
    LonghaulConfig config();

    /// Aborts what is left and frees the device. Idempotent.
    @Override
    void close();

    /// Service that makes endpoints; keeps the public API free of the packages behind it.
    interface Provider {
        /// Opens an endpoint.
        Longhaul open(LonghaulConfig config);
    }
}
