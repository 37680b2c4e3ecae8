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
package io.longhaul.verbs.ibv;

import java.net.InetAddress;

/// The two Soft-RoCE devices of the guest.
final class GuestDevices {
    static final InetAddress ADDRESS_A = InetAddress.ofLiteral("10.77.0.1");
    static final InetAddress ADDRESS_B = InetAddress.ofLiteral("10.77.0.2");
    private static final String DEVICE_A = "rxe_a";
    private static final String DEVICE_B = "rxe_b";

    private GuestDevices() {}

    static IbvDevice open(boolean first) {
        IbvDeviceConfig config = IbvDeviceConfig.DEFAULT.withLocalAddress(first ? ADDRESS_A : ADDRESS_B);
        return new IbvDeviceProvider(config).open(first ? DEVICE_A : DEVICE_B);
    }
}
