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
package io.longhaul.congestion;

/// What a controller is told about its path when it is created.
///
/// @param packetBytes IP bytes of a full packet, 256 to 65,535
/// @param initialRttNanos round trip measured at bootstrap, above 0
/// @param rateHintBytesPerSecond declared or remembered rate, 0 when there is none: the controller may jump to it
/// @param maxWindowBytes hard cap of the window, at least 4 packets
/// @param initialWindowPackets packets that may leave in the first round trip without a rate hint, 1 to 4096
public record CongestionConfig(
        int packetBytes,
        long initialRttNanos,
        long rateHintBytesPerSecond,
        long maxWindowBytes,
        int initialWindowPackets) {
    /// Validates each field, then the relations between them.
    public CongestionConfig {
        if (packetBytes < 256 || packetBytes > 65_535) {
            throw new IllegalArgumentException("packetBytes=" + packetBytes + " is outside 256..65535");
        }
        if (initialRttNanos <= 0) {
            throw new IllegalArgumentException("initialRttNanos=" + initialRttNanos + " must be above 0");
        }
        if (rateHintBytesPerSecond < 0) {
            throw new IllegalArgumentException("rateHintBytesPerSecond=" + rateHintBytesPerSecond + " is negative");
        }
        if (initialWindowPackets < 1 || initialWindowPackets > 4096) {
            throw new IllegalArgumentException("initialWindowPackets=" + initialWindowPackets + " is outside 1..4096");
        }
        if (maxWindowBytes < 4L * packetBytes) {
            throw new IllegalArgumentException(
                    "maxWindowBytes=" + maxWindowBytes + " must hold at least 4 packets of packetBytes=" + packetBytes);
        }
    }
}
