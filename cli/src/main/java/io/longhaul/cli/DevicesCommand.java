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

import io.longhaul.cli.quantity.ByteSize;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.DeviceProvider;
import io.longhaul.verbs.PortAttributes;
import io.longhaul.verbs.RdmaDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Lists the verbs devices, and says why others are not available.
@Command(
        name = "devices",
        mixinStandardHelpOptions = true,
        description = "List every verbs device with state, MTU and addresses, and say why others are not available.")
final class DevicesCommand implements Callable<Integer> {
    @Mixin
    OutputOptions output = new OutputOptions();

    @Override
    public Integer call() {
        final List<Json> devices = new ArrayList<>();
        final List<Json> unavailable = new ArrayList<>();
        for (DeviceProvider provider : DeviceProviders.all()) {
            final DeviceProvider.Availability availability = provider.availability();
            if (!availability.available()) {
                output.line(provider.kind() + ": not available: " + availability.reason());
                unavailable.add(new Json().put("kind", provider.kind()).put("reason", availability.reason()));
                continue;
            }
            for (String name : provider.deviceNames()) {
                describe(provider, name, devices, unavailable);
            }
        }
        output.result(new Json().put("devices", devices).put("unavailable", unavailable));
        return ExitStatus.OK;
    }

    private void describe(DeviceProvider provider, String name, List<Json> devices, List<Json> unavailable) {
        try (RdmaDevice device = provider.open(name)) {
            final PortAttributes port = device.portAttributes();
            final List<String> gids = new ArrayList<>();
            for (PortAttributes.Gid each : port.gids()) {
                gids.add(each.address().getHostAddress() + (each.routable() ? "" : " (not routable)"));
            }
            output.line(String.format(
                    Locale.ROOT,
                    "%s: %s, %s, MTU %d, payload %d, queue pairs %s, memory regions up to %s",
                    name,
                    provider.kind(),
                    port.state(),
                    port.mtuBytes(),
                    port.maxPayloadBytes(),
                    device.capabilities().queuePairTypes().stream().sorted().toList(),
                    ByteSize.format(device.capabilities().maxMemoryRegionBytes())));
            gids.forEach(each -> output.line("    " + each));
            devices.add(new Json()
                    .put("name", name)
                    .put("kind", provider.kind())
                    .put("state", port.state().name())
                    .put("mtu", port.mtuBytes())
                    .put("max_payload_bytes", port.maxPayloadBytes())
                    .put("gids", gids));
        } catch (DeviceException e) {
            output.line(name + ": " + provider.kind() + ", cannot be opened: " + e.getMessage());
            unavailable.add(new Json()
                    .put("kind", provider.kind())
                    .put("name", name)
                    .put("reason", String.valueOf(e.getMessage())));
        }
    }
}
