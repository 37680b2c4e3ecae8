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
package io.longhaul.verbs;

import java.net.InetAddress;
import java.util.Objects;

/// Where to and how packets travel.
///
/// @param address the IP address of the peer
/// @param udpPort the peer's UDP port, 1..65535; devices without [DeviceCapabilities#anyUdpPort()] accept 4791 only
/// @param trafficClass the ToS byte: DSCP in the upper 6 bits, ECN in the lower 2 (ECT(0) is 2)
/// @param flowLabel 20 bits, a wish: NICs derive the UDP source port from it; 0 leaves it to the device
/// @param hopLimit TTL, 1..255
public record AddressVector(InetAddress address, int udpPort, int trafficClass, int flowLabel, int hopLimit) {
    /// The UDP port of RoCEv2.
    public static final int ROCE_UDP_PORT = 4791;

    /// ECN codepoint "capable": routers may mark instead of drop.
    public static final int ECT_0 = 2;

    /// ECN codepoint "congestion experienced", as read from the GRH of a received datagram.
    public static final int CONGESTION_EXPERIENCED = 3;

    private static final int DEFAULT_HOP_LIMIT = 64;

    /// Checks the ranges.
    public AddressVector {
        Objects.requireNonNull(address, "address");
        checkRange("udpPort", udpPort, 1, 0xffff);
        checkRange("trafficClass", trafficClass, 0, 0xff);
        checkRange("flowLabel", flowLabel, 0, 0xfffff);
        checkRange("hopLimit", hopLimit, 1, 0xff);
    }

    /// An address with ECT(0), best effort.
    public static AddressVector of(InetAddress address, int udpPort) {
        return new AddressVector(address, udpPort, ECT_0, 0, DEFAULT_HOP_LIMIT);
    }

    /// The same with another ToS byte.
    public AddressVector withTrafficClass(int newTrafficClass) {
        return new AddressVector(address, udpPort, newTrafficClass, flowLabel, hopLimit);
    }

    /// The same with another flow label.
    public AddressVector withFlowLabel(int newFlowLabel) {
        return new AddressVector(address, udpPort, trafficClass, newFlowLabel, hopLimit);
    }

    static void checkRange(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(name + " must be in " + least + ".." + most + ", is " + value);
        }
    }
}
