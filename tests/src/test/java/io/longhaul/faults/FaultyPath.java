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
package io.longhaul.faults;

import io.longhaul.congestion.bbr.BbrFactory;
import io.longhaul.core.SealingLimits;
import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/// The path of a fault test, drawn from its seed: rate, delay, lanes, MTU, sealed or not. The fault is added to it.
final class FaultyPath {
    private static final int[] IP_BYTES = {1280, 1500, 9000};
    /// New keys often, so that faults meet them.
    private static final SealingLimits SEALING =
            new SealingLimits(200, 1 << 24, 1 << 22, 1L << 40, 5_000_000_000L, 1L << 36);

    final long seed;
    final SplittableRandom random;
    final long rateBitsPerSecond;
    final Duration delay;
    final Pair.Settings settings;
    private final String description;

    FaultyPath(long seed) {
        this(seed, Duration.ofNanos((long) (1e6 * Math.pow(60, new SplittableRandom(seed).nextDouble()))));
    }

    /// @param delay one way
    FaultyPath(long seed, Duration delay) {
        this.seed = seed;
        this.delay = delay;
        random = new SplittableRandom(seed * 0x5DEECE66DL + 11);
        rateBitsPerSecond = (long) (20e6 * Math.pow(25, random.nextDouble()));
        final int ipBytes = IP_BYTES[random.nextInt(IP_BYTES.length)];
        final int lanes = random.nextBoolean() ? 1 : 2 + random.nextInt(7);
        final boolean sealed = random.nextBoolean();
        settings = new Pair.Settings()
                .seed(seed)
                .congestion(new BbrFactory())
                .lanes(lanes)
                .ipBytes(ipBytes)
                .idleTimeoutNanos(30 * Trial.SECOND)
                .maxMemory(16L << 20);
        if (sealed) {
            settings.sealed(SEALING);
        }
        description = String.format(
                Locale.ROOT,
                "%.0f Mb/s, %.1f ms, mtu %d, %d lanes, %s",
                rateBitsPerSecond / 1e6,
                delay.toNanos() / 1e6,
                ipBytes,
                lanes,
                sealed ? "sealed" : "open");
    }

    /// A number between two, each power equally likely.
    double logarithmic(double least, double most) {
        return least * Math.pow(most / least, random.nextDouble());
    }

    /// One of several.
    double oneOf(double... values) {
        return values[random.nextInt(values.length)];
    }

    /// The link without faults.
    WireConfig.Builder link() {
        return WireConfig.builder().delay(delay).rateBitsPerSecond(rateBitsPerSecond);
    }

    /// A trial over a link with a fault in both directions.
    Trial over(UnaryOperator<WireConfig.Builder> fault) {
        settings.link(fault.apply(link()));
        return trial();
    }

    /// A trial over routes; each is given the link without faults.
    Trial over(UnaryOperator<FaultyRoute> there, UnaryOperator<FaultyRoute> back) {
        settings.routes(
                there.apply(new FaultyRoute(link().seed(seed).build())),
                back.apply(new FaultyRoute(link().seed(seed + 7919).build())));
        return trial();
    }

    private Trial trial() {
        return new Trial(settings, seed).describedAs(description);
    }

    /// Nothing is carried from one time to another, virtual time since the start.
    static WireConfig.BlackHole hole(long startNanos, long nanos) {
        return new WireConfig.BlackHole(Duration.ofNanos(startNanos), Duration.ofNanos(nanos));
    }

    /// Holes one after the other.
    static List<WireConfig.BlackHole> holes(WireConfig.BlackHole... holes) {
        return List.of(holes);
    }
}
