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
package io.longhaul.placement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.sim.Pair;
import io.longhaul.sim.SimulatedMemory;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Whatever the path does to placed chunks - loss, delay, duplication, corruption, silence - every byte is right when
/// completion is told, and no byte changes afterwards. {@code -Dlonghaul.seed=N} runs one seed alone.
@Timeout(300)
class PlacementPropertyTest {
    private static final int SLOTS = 12;
    private static final long LIMIT_NANOS = 100_000_000_000L;

    // Longer than any packet can be under way.
    private static final long AFTERMATH_NANOS = 5_000_000_000L;

    private record Outcome(long traceHash, int changedSlots, long writes, long refusedWrites) {}

    static Stream<Long> seeds() {
        final Long only = Long.getLong("longhaul.seed");
        return only != null ? Stream.of(only) : LongStream.range(1, 31).boxed();
    }

    private static Pair.Settings settings(long seed, boolean forgetful) {
        final SplittableRandom random = new SplittableRandom(seed ^ 0xD1EC7L);
        final double delayMillis = 0.2 * Math.pow(200, random.nextDouble());
        final WireConfig.Builder link = WireConfig.builder()
                .delay(Duration.ofNanos((long) (delayMillis * 1e6)))
                .rateBitsPerSecond((long) (50e6 * Math.pow(40, random.nextDouble())))
                .lossFraction(random.nextInt(3) == 0 ? 0 : 0.04 * random.nextDouble())
                .reorder(0.1 * random.nextDouble(), Duration.ofNanos((long) (delayMillis * 4e6 * random.nextDouble())))
                .duplicateFraction(0.3 * random.nextDouble())
                .corruptFraction(random.nextInt(3) == 0 ? 0.02 * random.nextDouble() : 0)
                .jitter(Duration.ofNanos((long) (delayMillis * 2e5 * random.nextDouble())));
        if (random.nextInt(4) == 0) {
            link.blackHoles(List.of(new WireConfig.BlackHole(
                    Duration.ofMillis(1 + random.nextInt(500)), Duration.ofMillis(1 + random.nextInt(1000)))));
        }
        final int[] ipBytes = {1500, 4200, 9000};
        return new Pair.Settings()
                .seed(seed)
                .link(link)
                .lanes(1 + random.nextInt(4))
                .placementLanes(1 + random.nextInt(4))
                .forgetfulMemory(forgetful)
                .ipBytes(ipBytes[random.nextInt(3)])
                .idleTimeoutNanos(30_000_000_000L);
    }

    private static Outcome run(long seed, boolean forgetful) {
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(settings(seed, forgetful)).establish()) {
            final PaintedSlots slots = new PaintedSlots(pair, arena, seed, SLOTS);
            for (int i = 0; i < SLOTS; i++) {
                slots.postOne();
                if (i % 4 == 3) {
                    pair.runFor(20_000_000);
                }
            }
            assertTrue(pair.runUntil(slots::isDone, LIMIT_NANOS), "stalled");
            pair.runFor(AFTERMATH_NANOS);
            slots.checkEnds();
            final SimulatedMemory memory = Objects.requireNonNull(pair.server.memory);
            assertEquals(0, memory.live(), "keys that are still valid");
            return new Outcome(pair.traceHash(), slots.changedSlots(), memory.writes(), memory.refusedWrites());
        } catch (AssertionError e) {
            throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    @Tag("fault-68")
    void noByteChangesAfterCompletion(long seed) {
        final Outcome outcome = run(seed, false);
        assertEquals(0, outcome.changedSlots, "slots that changed after completion, seed " + seed);
        assertTrue(outcome.writes > 0, "nothing was placed, seed " + seed);
    }

    @Test
    void theSameRunsShowWritesThatCameTooLate() {
        long refused = 0;
        int changed = 0;
        for (long seed = 1; seed <= 10; seed++) {
            refused += run(seed, false).refusedWrites;
            changed += run(seed, true).changedSlots;
        }
        assertTrue(refused > 0, "no late write met an ended key");
        assertTrue(changed > 0, "a device that forgets to end keys goes unnoticed");
    }

    @Test
    void equalRunsHaveEqualTraces() {
        assertEquals(run(7, false), run(7, false));
    }
}
