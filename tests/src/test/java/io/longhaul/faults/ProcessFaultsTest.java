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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.FecPolicy;
import io.longhaul.congestion.catalog.ControllerCatalog;
import io.longhaul.sim.Pair;
import io.longhaul.sim.Side;
import io.longhaul.sim.SideClock;
import io.longhaul.verbs.soft.WireConfig;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;

/// Processes that stop for a while, and clocks that are not what one would wish.
@Timeout(300)
class ProcessFaultsTest {
    private static final int RECEIVE_BUFFERS = 2048;

    private static Side either(Pair pair, long seed) {
        return new SplittableRandom(seed).nextBoolean() ? pair.client : pair.server;
    }

    @Seeds
    @Tag("fault-42")
    @Tag("fault-49")
    void pausesOfAProcessShorterThanTheIdleTimeoutOnlyCostTheirTime(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        final long nanos = (long) path.oneOf(5e6, 50e6, 500e6, 1e9, 5e9);
        final int kept = path.random.nextBoolean() ? RECEIVE_BUFFERS : 16;
        final Trial.Result result = path.over(link -> link)
                .at(20 * Trial.MILLI, pair -> pair.pause(either(pair, seed), nanos, kept))
                .at(20 * Trial.MILLI + 2 * nanos, pair -> pair.pause(either(pair, ~seed), nanos, kept))
                .spread(nanos / 8)
                .describedAs("stopped twice for " + nanos / 1e6 + " ms, " + kept + " packets kept")
                .run();
        assertTrue(
                result.nanos() < 4 * nanos + 6 * nanos + 4 * Trial.SECOND,
                () -> "seed " + seed + ": two pauses of " + nanos + " ns made it " + result.nanos());
    }

    @Seeds
    @Tag("fault-43")
    void aProcessThatWakesAfterItsPeerGaveItUpTouchesNoMemoryAnyMore(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        path.settings.idleTimeoutNanos(10 * Trial.SECOND);
        final Trial.Result result = path.over(link -> link)
                .at(50 * Trial.MILLI, pair -> pair.pause(either(pair, seed), 60 * Trial.SECOND, RECEIVE_BUFFERS))
                .at(14 * Trial.SECOND, pair -> {
                    final Side awake = either(pair, seed) == pair.client ? pair.server : pair.client;
                    assertTrue(awake.closed, "the silence of the other process was not noticed");
                })
                .spread(20 * Trial.MILLI)
                .runToAnyEnd();
        assertTrue(result.succeeded() < result.posted(), "the pause came too late to show anything");
    }

    @Seeds
    @Tag("fault-47")
    void clocksOfAnyOriginThatDriftAndTickCoarselyAreGoodEnough(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        // A second clock a day away; 500 millionths is what time daemons steer by; 15 ms is the coarsest clock there
        // is.
        final SideClock coarse =
                new SideClock(path.random.nextLong(86_400L * Trial.SECOND), path.random.nextInt(1001) - 500, (long)
                        path.oneOf(1, 1_000, 1e6, 15e6));
        final SideClock other = new SideClock(-path.random.nextLong(86_400L * Trial.SECOND), 0, 1);
        path.settings.clocks(
                path.random.nextBoolean() ? coarse : other, path.random.nextBoolean() ? coarse : SideClock.TRUE);
        path.over(link -> link.lossFraction(0.01))
                .limit(300 * Trial.SECOND)
                .describedAs("clock " + coarse)
                .run();
    }

    @Seeds
    @Tag("fault-48")
    void aClockThatPassesZeroOrShowsEqualTimesDoesNoHarm(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        final SideClock negative =
                new SideClock(-path.random.nextLong(3 * Trial.SECOND), 0, path.random.nextBoolean() ? 1 : 100_000);
        path.settings.clocks(negative, path.random.nextBoolean() ? negative : SideClock.TRUE);
        path.over(link -> link.lossFraction(0.01))
                .spread(200 * Trial.MILLI)
                .describedAs("clock " + negative)
                .run();
    }

    private static final List<String> CONTROLLERS = ControllerCatalog.names();

    // The machine has been up for 292 years; every other seed beside one that was started now.
    @Seeds
    @Tag("fault-48")
    void aClockThatOverflowsDuringATransferChangesNothing(long seed) {
        final long untilOverflowNanos = new SplittableRandom(~seed).nextLong(150 * Trial.MILLI, 500 * Trial.MILLI);
        final Trial.Result overflown = runOn(seed, Long.MAX_VALUE - untilOverflowNanos);
        final Trial.Result ordinary = runOn(seed, 86_400L * Trial.SECOND);
        assertTrue(overflown.nanos() > 300 * Trial.MILLI, "the transfer was too short to meet the overflow");
        assertEquals(ordinary, overflown, () -> "seed " + seed + ": the origin of a clock changes what is sent");
    }

    // What never happened stood at 0, the future of a clock below it: lanes that never answered were not left, and what
    // flew on them filled the window for ever.
    @Seeds
    @Tag("fault-48")
    void lanesThatNeverAnswerAreLeftWhateverTheClockShows(long seed) {
        final long untilZeroNanos = new SplittableRandom(~seed).nextLong(3_600 * Trial.SECOND);
        final Trial.Result below = runBesideDeadLanes(seed, -untilZeroNanos);
        final Trial.Result above = runBesideDeadLanes(seed, 86_400L * Trial.SECOND);
        assertEquals(above, below, () -> "seed " + seed + ": the origin of a clock changes what is sent");
    }

    private static Trial.Result runBesideDeadLanes(long seed, long originNanos) {
        final FaultyPath path = new FaultyPath(seed);
        final SideClock clock = new SideClock(originNanos, 0, 1);
        path.settings
                .lanes(6)
                .clocks(clock, clock)
                .fec(FecPolicy.TAIL)
                .congestion(ControllerCatalog.find(CONTROLLERS.get((int) (seed % CONTROLLERS.size())), seed))
                .rateHint(path.rateBitsPerSecond);
        final List<WireConfig.Lane> dead = List.of(
                new WireConfig.Lane(4, Duration.ZERO, 0, Duration.ZERO),
                new WireConfig.Lane(5, Duration.ZERO, 0, Duration.ZERO));
        return path.over(link -> link.lossFraction(0.01).lanes(dead))
                .describedAs("clock " + clock)
                .run();
    }

    private static Trial.Result runOn(long seed, long originNanos) {
        final FaultyPath path = new FaultyPath(seed);
        final SideClock clock = new SideClock(originNanos, 0, 1);
        path.settings
                .clocks(clock, seed % 2 == 0 ? clock : SideClock.TRUE)
                .congestion(ControllerCatalog.find(CONTROLLERS.get((int) (seed % CONTROLLERS.size())), seed))
                .rateHint(path.rateBitsPerSecond);
        return path.over(link -> link.lossFraction(path.oneOf(0.01, 0.1)))
                .spread(20 * Trial.MILLI)
                .describedAs("clock " + clock)
                .run();
    }
}
