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

import io.longhaul.verbs.DeviceProvider;
import io.longhaul.verbs.ibv.IbvDeviceConfig;
import io.longhaul.verbs.ibv.IbvDeviceProvider;
import io.longhaul.verbs.soft.SoftDeviceConfig;
import io.longhaul.verbs.soft.SoftDeviceProvider;
import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// Finds the kinds of devices that this machine may have.
final class DeviceProviders {
    private DeviceProviders() {}

    /// Every provider, available or not.
    static List<DeviceProvider> all() {
        final List<DeviceProvider> providers = new ArrayList<>();
        providers.add(
                new SoftDeviceProvider(SoftDeviceConfig.builder(localAddress()).build()));
        providers.add(new IbvDeviceProvider(IbvDeviceConfig.DEFAULT));
        return providers;
    }

    /// An address of this host that others can reach, else the loopback address.
    static InetAddress localAddress() {
        final List<InetAddress> addresses = addresses(each -> {
            try {
                return each.isUp() && !each.isLoopback() && !each.isPointToPoint();
            } catch (SocketException e) {
                return false;
            }
        });
        return addresses.stream()
                .filter(each -> each.getAddress().length == 4)
                .findFirst()
                .orElse(addresses.isEmpty() ? InetAddress.getLoopbackAddress() : addresses.getFirst());
    }

    private static List<InetAddress> addresses(Predicate<NetworkInterface> wanted) {
        final List<InetAddress> found = new ArrayList<>();
        try {
            NetworkInterface.networkInterfaces()
                    .filter(wanted)
                    .flatMap(each -> each.getInterfaceAddresses().stream())
                    .map(InterfaceAddress::getAddress)
                    .filter(each -> !each.isLinkLocalAddress())
                    .forEach(found::add);
        } catch (SocketException e) {
            return found;
        }
        return found;
    }
}
