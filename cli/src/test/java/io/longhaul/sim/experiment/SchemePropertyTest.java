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
package io.longhaul.sim.experiment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.congestion.catalog.ControllerCatalog;
import io.longhaul.sim.model.Schemes;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Whatever the path does, every scheme moves everything, none faster than the line, and equal seeds give equal runs. A
/// seed that fails is printed; {@code -Dlonghaul.seed=N} runs it alone.
@Timeout(120)
class SchemePropertyTest {
    private static final int SEEDS = 12;
    private static final int RUNS = 3;

    static Stream<String> schemes() {
        return Stream.concat(Stream.of("longhaul"), Schemes.names().stream());
    }

    private static PathSettings draw(long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final PathSettings path = new PathSettings();
        path.rateBitsPerSecond = (long) (50e6 * Math.pow(200, random.nextDouble()));
        path.rttNanos = (long) (1e6 * Math.pow(100, random.nextDouble()));
        path.lossFraction = random.nextInt(4) == 0 ? 0 : 0.02 * random.nextDouble();
        path.burstPackets = random.nextBoolean() ? 1 : 1 + 15 * random.nextDouble();
        path.jitterNanos = random.nextBoolean() ? 0 : (long) (path.rttNanos * 0.1 * random.nextDouble());
        path.lanes = 1 + random.nextInt(8);
        path.seed = seed;
        return path;
    }

    private static TransferExperiment run(String scheme, long seed, long bytes) {
        return new TransferExperiment(
                        draw(seed), FlowSettings.always(scheme, "bbr", true), ControllerCatalog::find, bytes, RUNS)
                .run(done -> {});
    }

    private static LongStream seeds() {
        final Long only = Long.getLong("longhaul.seed");
        return only != null ? LongStream.of(only) : LongStream.range(1, SEEDS + 1);
    }

    @ParameterizedTest
    @MethodSource("schemes")
    void movesEverythingAndNeverFasterThanTheLine(String scheme) {
        seeds().forEach(seed -> {
            final long bytes = 1 + new SplittableRandom(seed).nextLong(2 << 20);
            final String where = scheme + ", -Dlonghaul.seed=" + seed + ", " + bytes + " bytes";
            final TransferExperiment done;
            try {
                done = run(scheme, seed, bytes);
            } catch (IllegalStateException e) {
                throw new AssertionError(where + ": " + e.getMessage(), e);
            }
            assertEquals(RUNS, done.seconds().length, where);
            for (double ratio : done.completionRatios()) {
                assertTrue(ratio >= 0.999 && Double.isFinite(ratio), () -> where + ": completion ratio " + ratio);
            }
        });
    }

    @ParameterizedTest
    @MethodSource("schemes")
    void equalSeedsGiveEqualRuns(String scheme) {
        final TransferExperiment first = run(scheme, 3, 1 << 20);
        final TransferExperiment second = run(scheme, 3, 1 << 20);
        assertEquals(first.traceHash(), second.traceHash());
        assertArrayEquals(first.seconds(), second.seconds());
        assertNotEquals(first.traceHash(), run(scheme, 4, 1 << 20).traceHash(), "another seed is another run");
    }
}
