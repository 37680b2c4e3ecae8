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
import io.longhaul.verbs.soft.SoftDeviceConfig;
import io.longhaul.verbs.soft.SoftDeviceProvider;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// Opens verbs devices that speak with any other RoCEv2 device: at UDP port 4791.
final class RoceDevices {
    /// The best device there is.
    static final String AUTO = "auto";

    private static final String SOFT = "soft";
    private static final String SOFT_DEVICE = "soft0";

    private RoceDevices() {}

    /// Opens a device.
    ///
    /// @param name `auto`, `soft`, or a name that the devices command lists; auto takes a device with this address,
    /// else the
    ///     software device
    /// @param local the address at which the software device is to be, and the one wanted of others
    static RdmaDevice open(String name, InetAddress local) {
        try {
            if (name.equals(SOFT) || name.equals(SOFT_DEVICE)) {
                return openSoft(local);
            }
            for (DeviceProvider provider : others()) {
                for (String each : provider.deviceNames()) {
                    if (each.equals(name)) {
                        return provider.open(each);
                    }
                    final Optional<RdmaDevice> found =
                            name.equals(AUTO) ? openWith(provider, each, local) : Optional.empty();
                    if (found.isPresent()) {
                        return found.get();
                    }
                }
            }
            if (name.equals(AUTO)) {
                return openSoft(local);
            }
        } catch (DeviceException e) {
            throw CommandFailure.failed(String.valueOf(e.getMessage()), e);
        }
        throw CommandFailure.failed(
                "there is no verbs device '" + name + "': " + reasons() + "; longhaul devices lists what there is",
                null);
    }

    /// The entry of a device's address table to use.
    ///
    /// @param index the entry that was asked for, or -1
    /// @param wanted the address to prefer
    static PortAttributes.Gid gid(RdmaDevice device, int index, InetAddress wanted) {
        final List<PortAttributes.Gid> gids = device.portAttributes().gids();
        if (index >= 0) {
            return gids.stream()
                    .filter(each -> each.index() == index)
                    .findFirst()
                    .orElseThrow(() -> CommandFailure.usage("Invalid value for option '--gid-index': " + device.name()
                            + " has no GID " + index + ", only " + table(gids)));
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

    private static List<DeviceProvider> others() {
        return DeviceProviders.all().stream()
                .filter(each -> !each.kind().equals(SOFT) && each.availability().available())
                .toList();
    }

    private static String reasons() {
        final String missing = DeviceProviders.all().stream()
                .filter(each -> !each.availability().available())
                .map(each -> each.kind() + " devices are not available: "
                        + each.availability().reason())
                .collect(Collectors.joining("; "));
        return missing.isEmpty() ? "none has this name" : missing;
    }

    private static Optional<RdmaDevice> openWith(DeviceProvider provider, String name, InetAddress local) {
        final RdmaDevice device = provider.open(name);
        final boolean has = device.portAttributes().gids().stream()
                .anyMatch(each -> each.routable() && each.address().equals(local));
        if (has) {
            return Optional.of(device);
        }
        device.close();
        return Optional.empty();
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
