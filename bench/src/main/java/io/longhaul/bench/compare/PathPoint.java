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
package io.longhaul.bench.compare;

import io.longhaul.bench.link.SegmentedLink;
import io.longhaul.cli.quantity.BitRate;
import io.longhaul.cli.quantity.TimeSpan;
import io.longhaul.verbs.soft.WireConfig;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;

/// One point of the grid: a path.
///
/// @param rateBitsPerSecond of the line, IP bytes; 0 is a pair of virtual Ethernet devices, without delay and as fast
/// as the
/// machine
/// @param rttNanos propagation there and back
/// @param lossFraction of packets, in both directions alike
/// @param mtuBytes of the devices
record PathPoint(long rateBitsPerSecond, long rttNanos, double lossFraction, int mtuBytes) {
    private static final long LEAST_QUEUE_BYTES = 256 << 10;

    // TCP over IPv4 with time stamps.
    private static final int HEADER_BYTES = 52;

    /// Both ends in one namespace: no network between them.
    static final PathPoint LOOPBACK = new PathPoint(0, 0, 0, 65_536);

    /// Whether both ends are in one namespace.
    boolean isLoopback() {
        return equals(LOOPBACK);
    }

    /// Whether there is no emulated link.
    boolean isDirect() {
        return rateBitsPerSecond == 0;
    }

    /// What fits on the path, there and back.
    long bandwidthDelayBytes() {
        return (long) (rateBitsPerSecond / 8e9 * rttNanos);
    }

    /// The line's queue: half of what the path holds, and 256 KiB at least.
    long queueBytes() {
        return Math.max(LEAST_QUEUE_BYTES, bandwidthDelayBytes() / 2);
    }

    /// One direction of the link.
    WireConfig wire(long seed) {
        WireConfig.Builder builder = WireConfig.builder()
                .rateBitsPerSecond(rateBitsPerSecond)
                .delay(Duration.ofNanos(rttNanos / 2))
                .queueBytes(queueBytes())
                .lossFraction(lossFraction)
                .seed(seed);
        return builder.maxMemoryBytes(SegmentedLink.memoryBytes(builder.build()))
                .build();
    }

    /// How long a message takes at least: a round trip, and its packets on the line.
    double idealSeconds(long messageBytes) {
        double share = (double) (mtuBytes - HEADER_BYTES) / mtuBytes;
        return rttNanos / 1e9 + 8.0 * messageBytes / share / rateBitsPerSecond;
    }

    /// Losses in per cent, as people write them.
    String lossText() {
        return new BigDecimal(lossFraction * 100)
                        .round(new MathContext(3))
                        .stripTrailingZeros()
                        .toPlainString() + "%";
    }

    /// A name without blanks.
    String name() {
        if (isLoopback()) {
            return "loopback";
        }
        return isDirect()
                ? "veth-mtu" + mtuBytes
                : BitRate.format(rateBitsPerSecond).replace(" ", "").replace("/s", "ps") + "-"
                        + TimeSpan.format(rttNanos).replace(" ", "") + "-" + lossText() + "-mtu" + mtuBytes;
    }
}
