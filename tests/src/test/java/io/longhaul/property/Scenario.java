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
package io.longhaul.property;

import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.congestion.bbr.BbrFactory;
import io.longhaul.congestion.reserved.ReservedFactory;
import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;

/// A path and its faults, drawn from a seed.
record Scenario(Pair.Settings settings, long rateBitsPerSecond, String description) {
    private static final int[] IP_BYTES = {576, 1280, 1500, 4200, 9000};

    static Scenario draw(long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final long rate = (long) (10e6 * Math.pow(200, random.nextDouble()));
        final double delayMillis = 0.1 * Math.pow(1000, random.nextDouble());
        final double loss = random.nextInt(3) == 0 ? 0 : 0.08 * Math.pow(random.nextDouble(), 2);
        final double reorder = random.nextInt(2) == 0 ? 0 : 0.2 * random.nextDouble();
        final double duplicate = random.nextInt(2) == 0 ? 0 : 0.3 * random.nextDouble();
        final double corrupt = random.nextInt(3) == 0 ? 0.02 * random.nextDouble() : 0;
        final int ipBytes = IP_BYTES[random.nextInt(IP_BYTES.length)];
        final int lanes = 1 + random.nextInt(random.nextBoolean() ? 1 : 8);
        final boolean reserved = random.nextInt(4) == 0;
        final WireConfig.Builder link = WireConfig.builder()
                .delay(Duration.ofNanos((long) (delayMillis * 1e6)))
                .rateBitsPerSecond(rate)
                .lossFraction(loss)
                .reorder(reorder, Duration.ofNanos((long) (delayMillis * 1e6 * random.nextDouble())))
                .duplicateFraction(duplicate)
                .corruptFraction(corrupt)
                .jitter(Duration.ofNanos((long) (delayMillis * 2e5 * random.nextDouble())));
        if (random.nextInt(4) == 0) {
            final long startMillis = 1 + random.nextInt(500);
            link.blackHoles(List.of(new WireConfig.BlackHole(
                    Duration.ofMillis(startMillis), Duration.ofMillis(1 + random.nextInt(1500)))));
        }
        final CongestionControllerFactory congestion = reserved ? new ReservedFactory() : new BbrFactory();
        final Pair.Settings settings = new Pair.Settings()
                .seed(seed)
                .link(link)
                .lanes(lanes)
                .ipBytes(ipBytes)
                .idleTimeoutNanos(30_000_000_000L)
                .maxMemory(8L << 20)
                .congestion(congestion)
                .rateHint(reserved ? rate : random.nextInt(3) == 0 ? rate : 0);
        return new Scenario(
                settings,
                rate,
                String.format(
                        "seed=%d rate=%.1f Mb/s delay=%.2f ms loss=%.4f reorder=%.3f duplicate=%.3f corrupt=%.3f mtu=%d lanes=%d %s",
                        seed,
                        rate / 1e6,
                        delayMillis,
                        loss,
                        reorder,
                        duplicate,
                        corrupt,
                        ipBytes,
                        lanes,
                        congestion.name()));
    }
}
