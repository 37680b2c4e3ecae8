package io.longhaul.cli;

import io.longhaul.verbs.DeviceProvider;
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
        providers.add(new SoftDeviceProvider(
                SoftDeviceConfig.builder(localAddress()).build()));
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
