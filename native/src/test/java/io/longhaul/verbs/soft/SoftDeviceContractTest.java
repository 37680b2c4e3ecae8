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

import io.longhaul.verbs.DeviceContract;
import io.longhaul.verbs.RdmaDevice;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Nested;

/// The contract on the software device, in each of its modes.
class SoftDeviceContractTest {
    private static RdmaDevice open(SoftDeviceConfig.Builder builder, String name) {
        SoftDeviceConfig config =
                builder.name(name).random(new SplittableRandom(name.hashCode())).build();
        return new SoftDeviceProvider(config).open(name);
    }

    @Nested
    class Automatic extends DeviceContract {
        @Override
        protected RdmaDevice openDevice(String name) {
            return open(SoftDeviceConfig.builder(address()), name);
        }

        @Override
        protected InetAddress address() {
            return InetAddress.ofLiteral("127.0.0.1");
        }
    }

    @Nested
    class Plain extends DeviceContract {
        @Override
        protected RdmaDevice openDevice(String name) {
            return open(
                    SoftDeviceConfig.builder(address())
                            .mode(SoftDeviceConfig.Mode.PLAIN)
                            .maxMtuBytes(1500),
                    name);
        }

        @Override
        protected InetAddress address() {
            return InetAddress.ofLiteral("127.0.0.1");
        }
    }

    @Nested
    class ManySockets extends DeviceContract {
        @Override
        protected RdmaDevice openDevice(String name) {
            return open(SoftDeviceConfig.builder(address()).sourcePorts(8), name);
        }

        @Override
        protected InetAddress address() {
            return InetAddress.ofLiteral("127.0.0.1");
        }
    }

    @Nested
    class OverIpv6 extends DeviceContract {

        @Override
        protected RdmaDevice openDevice(String name) {
            Assumptions.assumeTrue(hasIpv6(), "this host has no address ::1");
            return open(SoftDeviceConfig.builder(address()), name);
        }

        private boolean hasIpv6() {
            try {
                return NetworkInterface.getByInetAddress(address()) != null;
            } catch (SocketException e) {
                return false;
            }
        }

        @Override
        protected InetAddress address() {
            return InetAddress.ofLiteral("::1");
        }
    }

    @Nested
    class ThroughLongWire extends DeviceContract {
        @Override
        protected RdmaDevice openDevice(String name) {
            WireConfig wire = WireConfig.builder()
                    .delay(Duration.ofMillis(2))
                    .rateBitsPerSecond(2_000_000_000L)
                    .queueBytes(8 << 20)
                    .build();
            return open(SoftDeviceConfig.builder(address()).wire(wire), name);
        }

        @Override
        protected InetAddress address() {
            return InetAddress.ofLiteral("127.0.0.1");
        }
    }

    @Nested
    class ThroughDisorderlyWire extends DeviceContract {
        @Override
        protected RdmaDevice openDevice(String name) {
            WireConfig wire = WireConfig.builder()
                    .delay(Duration.ofMillis(1))
                    .reorder(0.1, Duration.ofMillis(1))
                    .duplicateFraction(0.1)
                    .jitter(Duration.ofNanos(100_000))
                    .build();
            return open(SoftDeviceConfig.builder(address()).wire(wire), name);
        }

        @Override
        protected InetAddress address() {
            return InetAddress.ofLiteral("127.0.0.1");
        }

        @Override
        protected boolean keepsOrder() {
            return false;
        }

        @Override
        protected boolean arrivesOnce() {
            return false;
        }
    }
}
