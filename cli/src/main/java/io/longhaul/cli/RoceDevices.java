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
package io.longhaul.cli;

import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.DeviceProvider;
import io.longhaul.verbs.PortAttributes;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.ibv.IbvDeviceConfig;
import io.longhaul.verbs.ibv.IbvDeviceProvider;
import io.longhaul.verbs.soft.SoftDeviceConfig;
import io.longhaul.verbs.soft.SoftDeviceProvider;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Opens verbs devices that speak with any other RoCEv2 device: at UDP port 4791.
final class RoceDevices {
    /// The best device there is.
    static final String AUTO = "auto";

    private static final String SOFT = "soft";
    private static final String SOFT_DEVICE = "soft0";
    private static final Set<String> SOFT_NAMES = Set.of(SOFT, SOFT_DEVICE, "soft:4791");

    private RoceDevices() {}

    /// An open device.
    ///
    /// @param gid the entry of its address table that it sends from
    record Opened(RdmaDevice device, PortAttributes.Gid gid) {}

    /// Opens a device.
    ///
    /// @param name `auto`, `soft`, or a name that the devices command lists; auto takes a device with this address,
    /// else
    ///     the software device
    /// @param local the address at which the software device is to be, and the one wanted of others
    /// @param gidIndex which entry of the address table to use, or -1 for that of the address, else the first that
    ///     others can reach
    static Opened open(String name, InetAddress local, int gidIndex) {
        try {
            final IbvDeviceProvider provider = new IbvDeviceProvider(IbvDeviceConfig.DEFAULT);
            final Optional<String> found = name.equals(AUTO)
                    ? provider.deviceNameOf(local)
                    : provider.deviceNames().stream().filter(name::equals).findFirst();
            if (found.isPresent()) {
                return openVerbs(provider, found.get(), local, gidIndex);
            }
            if (name.equals(AUTO) || SOFT_NAMES.contains(name)) {
                return withGid(openSoft(local), local, gidIndex);
            }
            final DeviceProvider.Availability availability = provider.availability();
            throw CommandFailure.failed(
                    "there is no verbs device '" + name + "', "
                            + (availability.available()
                                    ? "only " + String.join(", ", provider.deviceNames()) + " and " + SOFT
                                    : "only " + SOFT + ": " + availability.reason()),
                    null);
        } catch (DeviceException e) {
            throw CommandFailure.failed(String.valueOf(e.getMessage()), e);
        }
    }

    private static Opened openVerbs(IbvDeviceProvider provider, String name, InetAddress local, int gidIndex) {
        final InetAddress address;
        try (RdmaDevice device = provider.open(name)) {
            address = gid(device, gidIndex, local).address();
        }
        final RdmaDevice device = new IbvDeviceProvider(IbvDeviceConfig.DEFAULT.withLocalAddress(address)).open(name);
        return withGid(device, address, -1);
    }

    private static Opened withGid(RdmaDevice device, InetAddress address, int gidIndex) {
        try {
            return new Opened(device, gid(device, gidIndex, address));
        } catch (CommandFailure e) {
            device.close();
            throw e;
        }
    }

    private static PortAttributes.Gid gid(RdmaDevice device, int index, InetAddress wanted) {
        final List<PortAttributes.Gid> gids = device.portAttributes().gids();
        if (index >= 0) {
            return gids.stream()
                    .filter(each -> each.index() == index && each.routable())
                    .findFirst()
                    .orElseThrow(() -> CommandFailure.usage("Invalid value for option '--gid-index': " + device.name()
                            + " has no RoCEv2 GID " + index + ", only " + table(gids)));
        }
        return gids.stream()
                .filter(each -> each.routable() && each.address().equals(wanted))
                .findFirst()
                .or(() -> gids.stream()
                        .filter(each -> each.routable() && !each.address().isLinkLocalAddress())
                        .findFirst())
                .orElseThrow(() -> CommandFailure.failed(
                        device.name() + " has no RoCEv2 GID that others can reach, only " + table(gids)
                                + "; give its network interface an IP address",
                        null));
    }

    private static String table(List<PortAttributes.Gid> gids) {
        return gids.isEmpty()
                ? "an empty table"
                : gids.stream()
                        .map(each -> each.index() + " (" + each.address().getHostAddress() + ")")
                        .collect(Collectors.joining(", "));
    }

    private static RdmaDevice openSoft(InetAddress local) {
        try {
            return new SoftDeviceProvider(SoftDeviceConfig.builder(local)
                            .name(SOFT_DEVICE)
                            .firstUdpPort(AddressVector.ROCE_UDP_PORT)
                            .build())
                    .open();
        } catch (DeviceException e) {
            final boolean taken = String.valueOf(e.getMessage()).contains("EADDRINUSE");
            throw taken
                    ? CommandFailure.failed(
                            "UDP port 4791 of " + local.getHostAddress() + " is taken, by Soft-RoCE (rxe) or another"
                                    + " software device; use its device (--device NAME), or another address",
                            e)
                    : e;
        }
    }
}
