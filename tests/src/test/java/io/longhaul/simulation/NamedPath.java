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
package io.longhaul.simulation;

import io.longhaul.verbs.soft.WireConfig;
import java.time.Duration;
import java.util.List;

/// The paths that the simulations are named after.
///
/// @param rateBitsPerSecond rate of the line
/// @param rtt round trip
/// @param link both directions
record NamedPath(double rateBitsPerSecond, Duration rtt, WireConfig.Builder link) {
    private static NamedPath of(double rate, Duration rtt) {
        return new NamedPath(
                rate, rtt, WireConfig.builder().delay(rtt.dividedBy(2)).rateBitsPerSecond((long) rate));
    }

    double rttSeconds() {
        return rtt.toNanos() / 1e9;
    }

    static NamedPath metro() {
        return of(5e9, Duration.ofMillis(2));
    }

    static NamedPath twoThousandKilometres() {
        return of(2e9, Duration.ofMillis(20));
    }

    static NamedPath tenThousandKilometres() {
        return of(1e9, Duration.ofMillis(100));
    }

    static NamedPath satellite() {
        return of(50e6, Duration.ofMillis(600));
    }

    static NamedPath lossy() {
        final NamedPath path = of(1e9, Duration.ofMillis(20));
        path.link.lossFraction(0.01);
        return path;
    }

    /// Bursts of 8 packets on average; 0.1 % of all packets.
    static NamedPath bursty() {
        final NamedPath path = of(1e9, Duration.ofMillis(20));
        path.link.burst(WireConfig.GilbertElliott.of(0.001, 8));
        return path;
    }

    /// One packet in a hundred is 2 ms late.
    static NamedPath reordering() {
        final NamedPath path = of(1e9, Duration.ofMillis(20));
        path.link.reorder(0.01, Duration.ofMillis(2));
        return path;
    }

    /// Nothing gets through for a second, one second after the start.
    static NamedPath blackHole() {
        final NamedPath path = of(1e9, Duration.ofMillis(20));
        path.link.blackHoles(List.of(new WireConfig.BlackHole(Duration.ofSeconds(1), Duration.ofSeconds(1))));
        return path;
    }
}
