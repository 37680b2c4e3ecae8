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
package io.longhaul.verbs.soft;

import io.longhaul.linux.Libc;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.DeviceProvider;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// Opens the software device: always one, with the configuration of the provider.
public final class SoftDeviceProvider implements DeviceProvider {
    private final SoftDeviceConfig config;

    /// Makes a provider.
    public SoftDeviceProvider(SoftDeviceConfig config) {
        this.config = config;
    }

    @Override
    public String kind() {
        return "soft";
    }

    @Override
    public Availability availability() {
        Optional<String> reason = Libc.unavailable();
        return reason.map(Availability::unavailable).orElse(Availability.AVAILABLE);
    }

    @Override
    public List<String> deviceNames() {
        return availability().available() ? List.of(config.name()) : List.of();
    }

    @Override
    public SoftDevice open(String deviceName) {
        if (!deviceName.equals(config.name())) {
            throw new DeviceException("open", "ENODEV", "there is no device " + deviceName + ", only " + config.name());
        }
        return open();
    }

    /// Opens the device.
    ///
    /// @throws DeviceException when the address cannot be bound or the platform is not supported
    /// @throws IllegalArgumentException when the emulated wire would take too much memory
    public SoftDevice open() {
        return open(UnaryOperator.identity());
    }

    /// Opens the device with something between it and its egress. For tests.
    SoftDevice open(UnaryOperator<Egress> wrapping) {
        Availability availability = availability();
        if (!availability.available()) {
            throw new DeviceException("open", "", "open(" + config.name() + ") failed: " + availability.reason());
        }
        Arena arena = Arena.ofShared();
        SocketPool sockets = null;
        try {
            Libc.CallState callState = new Libc.CallState(arena);
            sockets = new SocketPool(arena, callState, config);
            return new SoftDevice(config, arena, callState, sockets, wrapping);
        } catch (DeviceException | IllegalArgumentException e) {
            if (sockets != null) {
                sockets.close();
            }
            arena.close();
            throw e;
        }
    }
}
