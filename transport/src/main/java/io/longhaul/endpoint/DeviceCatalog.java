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
package io.longhaul.endpoint;

import io.longhaul.DeviceException;
import io.longhaul.LonghaulConfig;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.ibv.IbvDeviceConfig;
import io.longhaul.verbs.ibv.IbvDeviceProvider;
import io.longhaul.verbs.soft.SoftDeviceConfig;
import io.longhaul.verbs.soft.SoftDeviceProvider;
import java.net.InetAddress;
import java.util.List;

/// Finds the devices that a configuration names: the software device, or a device of the operating system.
final class DeviceCatalog {
    private static final String AUTO = "auto";
    private static final String SOFT = "soft";
    private static final String SOFT_DEVICE = "soft0";
    private static final String SOFT_AT_PORT = "soft:";

    private DeviceCatalog() {}

    /// What opens the devices of an endpoint.
    ///
    /// {@code auto} and {@code soft} are the software device on ports of the kernel's choice; {@code soft:PORT}
    /// listens at
    /// a port, 4791 to be reached by NICs and rxe; every other name is that of a device of the operating system.
    ///
    /// @throws DeviceException when there is no device of that name
    static DeviceOpener opener(LonghaulConfig config) {
        final String name = config.device();
        if (name.equals(AUTO) || name.equals(SOFT) || name.equals(SOFT_DEVICE)) {
            return local -> openSoft(config, local, 0);
        }
        if (name.startsWith(SOFT_AT_PORT)) {
            final int port = port(name);
            return local -> openSoft(config, local, port);
        }
        final IbvDeviceProvider provider = new IbvDeviceProvider(IbvDeviceConfig.DEFAULT);
        final List<String> names = provider.deviceNames();
        if (!names.contains(name)) {
            final String present =
                    names.isEmpty() ? provider.availability().reason() : "present: " + String.join(", ", names);
            throw new DeviceException(
                    "there is no verbs device \"" + name
                            + "\"; use auto, soft or soft:4791, or a device of this machine (" + present + ")",
                    null);
        }
        return local -> new IbvDeviceProvider(IbvDeviceConfig.DEFAULT.withLocalAddress(local)).open(name);
    }

    private static int port(String name) {
        try {
            final int port = Integer.parseInt(name.substring(SOFT_AT_PORT.length()));
            if (port > 0 && port <= 0xffff) {
                return port;
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        throw new DeviceException(
                "the device \"" + name + "\" names no UDP port; use soft:4791 to speak with NICs and rxe", null);
    }

    private static RdmaDevice openSoft(LonghaulConfig config, InetAddress local, int udpPort) {
        final SoftDeviceConfig device = SoftDeviceConfig.builder(local)
                .name(SOFT_DEVICE)
                .firstUdpPort(udpPort)
                .sourcePorts(config.lanes())
                .wire(config.wire())
                .build();
        return new SoftDeviceProvider(device).open();
    }
}
