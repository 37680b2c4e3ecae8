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

import io.longhaul.FecPolicy;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.congestion.bbr.BbrFactory;
import io.longhaul.congestion.cubic.CubicFactory;
import io.longhaul.congestion.delay.DelayFactory;
import io.longhaul.congestion.reserved.ReservedFactory;
import io.longhaul.congestion.scavenger.ScavengerFactory;
import io.longhaul.core.SealingLimits;
import io.longhaul.sim.Pair;
import io.longhaul.sim.SideClock;
import io.longhaul.verbs.soft.WireConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;

/// Draws everything at random: the path, its faults, pauses, clocks, the engine's settings and what is done. After a
/// while
/// the path heals; then everything must end well.
@Timeout(3600)
class SwarmTest {
    private static final int[] IP_BYTES = {576, 1280, 1500, 4200, 9000};
    private static final SealingLimits NEW_KEYS_OFTEN =
            new SealingLimits(100, 1 << 24, 1 << 20, 1L << 40, 5 * Trial.SECOND, 1L << 36);

    @Seeds(also = {221, 487, 740, 771, 800})
    @Tag("fault-77")
    void everythingEndsWellOnceThePathHasHealed(long seed) {
        new Swarm(seed).trial().run();
    }

    /// One draw.
    private static final class Swarm {
        private final SplittableRandom random;
        private final long seed;
        private final StringBuilder drawn = new StringBuilder();
        private final Pair.Settings settings = new Pair.Settings();
        private final long healNanos;
        private final long rate;
        private final long delayNanos;
        private final int lanes;

        Swarm(long seed) {
            this.seed = seed;
            random = new SplittableRandom(seed ^ 0x5A4A12L);
            rate = (long) logarithmic(2e6, 1e9);
            delayNanos = (long) logarithmic(50e3, 500e6);
            healNanos = (long) logarithmic(0.5e9, 20e9);
            lanes = 1 + (maybe(2) ? random.nextInt(16) : 0);
            note(
                    "%.1f Mb/s, %.2f ms, %d lanes, healed after %.1f s",
                    rate / 1e6, delayNanos / 1e6, lanes, healNanos / 1e9);
        }

        private boolean maybe(int oneIn) {
            return random.nextInt(oneIn) == 0;
        }

        private double logarithmic(double least, double most) {
            return least * Math.pow(most / least, random.nextDouble());
        }

        private void note(String format, Object... values) {
            drawn.append(drawn.isEmpty() ? "" : ", ").append(String.format(java.util.Locale.ROOT, format, values));
        }

        Trial trial() {
            engine();
            clocks();
            final int narrow = maybe(5) ? 1280 : 0;
            final LongPredicate lost = silences();
            settings.routes(route(seed, narrow, lost), route(seed + 7919, narrow, maybe(2) ? lost : nanos -> false));
            final Trial trial = new Trial(settings, seed)
                    .operations(10 + random.nextInt(40))
                    .spread((long) logarithmic(1e5, 4e8))
                    .limit(600 * Trial.SECOND);
            pauses(trial);
            return trial.describedAs(drawn.toString());
        }

        private void engine() {
            final CongestionControllerFactory[] all = {
                new BbrFactory(), new ReservedFactory(), new CubicFactory(), new DelayFactory(), new ScavengerFactory()
            };
            final CongestionControllerFactory congestion = all[maybe(2) ? 0 : random.nextInt(all.length)];
            final FecPolicy fec = FecPolicy.values()[random.nextInt(FecPolicy.values().length)];
            final int ipBytes = IP_BYTES[random.nextInt(IP_BYTES.length)];
            final long memory = (long) logarithmic(512 << 10, 32 << 20);
            settings.seed(seed)
                    .congestion(congestion)
                    .lanes(lanes)
                    .ipBytes(ipBytes)
                    .fec(fec)
                    .maxMemory(memory)
                    .rateHint(congestion instanceof ReservedFactory || maybe(3) ? rate : 0)
                    .idleTimeoutNanos(120 * Trial.SECOND)
                    .operationTimeoutNanos(1200 * Trial.SECOND);
            final int placing = maybe(4) ? 1 + random.nextInt(4) : 0;
            if (placing > 0) {
                settings.placementLanes(placing);
            } else if (maybe(2)) {
                settings.sealed(NEW_KEYS_OFTEN);
                note("sealed");
            }
            note("%s, fec %s, mtu %d, memory %d, placing %d", congestion.name(), fec, ipBytes, memory, placing);
        }

        private void clocks() {
            if (maybe(3)) {
                final long step = maybe(2) ? 1 : (long) logarithmic(100, 4e6);
                final SideClock clock = new SideClock(
                        random.nextLong(-3600 * Trial.SECOND, 3600 * Trial.SECOND), random.nextInt(1001) - 500, step);
                settings.clocks(maybe(2) ? clock : SideClock.TRUE, clock);
                note("%s", clock);
            }
        }

        private LongPredicate silences() {
            if (!maybe(3)) {
                return nanos -> false;
            }
            final long up = (long) logarithmic(30e6, 3e9);
            final long down = (long) logarithmic(5e6, 5e9);
            note("silent for %.0f ms of each %.0f", down / 1e6, (up + down) / 1e6);
            return nanos -> nanos % (up + down) >= up;
        }

        private FaultyRoute route(long linkSeed, int narrow, LongPredicate lost) {
            final WireConfig.Builder healthy = link(linkSeed);
            final FaultyRoute route =
                    new FaultyRoute(sick(link(linkSeed + 1)).build()).healing(healthy.build(), healNanos);
            if (narrow > 0) {
                // A path stays as narrow as it became.
                route.carrying((nanos, ipBytes) -> nanos < healNanos / 2 || ipBytes <= narrow);
                note("narrow");
            }
            if (maybe(4)) {
                final long held = (long) logarithmic(10e6, 2e9);
                route.holding(nanos ->
                        nanos < healNanos && nanos % (3 * held) < held ? nanos - nanos % (3 * held) + held : nanos);
                note("held for %.0f ms", held / 1e6);
            }
            if (maybe(4)) {
                route.duplicatesLateBy((long) logarithmic(1e6, 5e9));
            }
            return route.losing(nanos -> nanos < healNanos && lost.test(nanos));
        }

        private WireConfig.Builder link(long linkSeed) {
            return WireConfig.builder()
                    .delay(Duration.ofNanos(delayNanos))
                    .rateBitsPerSecond(rate)
                    .queueBytes(Math.max(40_000, (long) (rate / 4e9 * delayNanos * logarithmic(0.1, 4))))
                    .seed(linkSeed);
        }

        private WireConfig.Builder sick(WireConfig.Builder link) {
            final double loss = maybe(2) ? logarithmic(1e-4, 0.4) : 0;
            final double duplicates = maybe(3) ? logarithmic(1e-3, 0.9) : 0;
            final double damaged = maybe(3) ? logarithmic(1e-4, 0.2) : 0;
            final double late = maybe(3) ? logarithmic(1e-3, 0.9) : 0;
            link.lossFraction(loss)
                    .duplicateFraction(duplicates)
                    .corruptFraction(damaged)
                    .reorder(late, Duration.ofNanos((long) logarithmic(1e5, 4.0 * delayNanos + 2e5)))
                    .jitter(Duration.ofNanos(maybe(3) ? (long) logarithmic(1e4, 2.0 * delayNanos + 2e4) : 0));
            if (maybe(3)) {
                link.burst(WireConfig.GilbertElliott.of(logarithmic(1e-3, 0.3), 1 + logarithmic(1, 500)));
                note("bursts");
            }
            if (maybe(3) && lanes > 1) {
                final List<WireConfig.Lane> each = new ArrayList<>();
                for (int i = 0; i < lanes; i++) {
                    final Duration longer = Duration.ofNanos(random.nextLong(1 + delayNanos / 2));
                    final Duration dead =
                            maybe(4) ? Duration.ofNanos(random.nextLong(healNanos)) : WireConfig.Lane.NEVER;
                    each.add(new WireConfig.Lane(i, longer, 0, dead));
                }
                link.lanes(each);
                note("unequal lanes");
            }
            if (maybe(4)) {
                link.ecnThresholdBytes(1 + random.nextInt(30_000));
            }
            note("loss %.4f, twice %.3f, damaged %.3f, late %.3f", loss, duplicates, damaged, late);
            return link;
        }

        private void pauses(Trial trial) {
            final int count = maybe(2) ? random.nextInt(4) : 0;
            for (int i = 0; i < count; i++) {
                final long nanos = (long) logarithmic(5e6, 5e9);
                final boolean client = maybe(2);
                final int kept = 16 << random.nextInt(10);
                note("%s stops for %.0f ms", client ? "client" : "server", nanos / 1e6);
                trial.at(
                        random.nextLong(healNanos),
                        pair -> pair.pause(client ? pair.client : pair.server, nanos, kept));
            }
        }
    }
}
