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
import io.longhaul.verbs.soft.SoftDeviceConfig;
import io.longhaul.verbs.soft.SoftDeviceProvider;
import java.net.InetAddress;

/// Finds the devices that a configuration names.
final class DeviceCatalog {
    private static final String AUTO = "auto";
    private static final String SOFT = "soft";
    private static final String SOFT_DEVICE = "soft0";

    private DeviceCatalog() {}

    /// What opens the devices of an endpoint.
    ///
    /// @throws DeviceException when there is no device of that name
    static DeviceOpener opener(LonghaulConfig config) {
        final String name = config.device();
        if (name.equals(AUTO) || name.equals(SOFT) || name.equals(SOFT_DEVICE)) {
            return local -> openSoft(config, local);
        }
        throw new DeviceException(
                "there is no verbs device \"" + name
                        + "\"; use auto or soft, or look at what the devices command lists",
                null);
    }

    private static RdmaDevice openSoft(LonghaulConfig config, InetAddress local) {
        final SoftDeviceConfig device = SoftDeviceConfig.builder(local)
                .name(SOFT_DEVICE)
                .sourcePorts(config.lanes())
                .wire(config.wire())
                .build();
        return new SoftDeviceProvider(device).open();
    }
}
