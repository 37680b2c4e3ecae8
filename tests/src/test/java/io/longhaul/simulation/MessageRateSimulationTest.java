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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.FecPolicy;
import io.longhaul.Operation;
import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Messages that are shorter than a round trip, one at a time, over a path of which nothing was declared: the rate of
/// the path is found although no sample ever lasts a round trip.
@Timeout(120)
final class MessageRateSimulationTest {
    private static final int BYTES = 1 << 20;
    private static final double IDEAL_NANOS = 24.24e6; // round trip, and 1 MiB with headers at 2 Gb/s
    private static final long LIMIT_NANOS = 20_000_000_000L;

    private static Pair pair(long seed) {
        return new Pair(new Pair.Settings()
                        .seed(seed)
                        .lanes(4)
                        .fec(FecPolicy.AUTO)
                        .link(WireConfig.builder()
                                .rateBitsPerSecond(2_000_000_000L)
                                .delay(Duration.ofMillis(10))
                                .lossFraction(0.001)))
                .establish();
    }

    @Test
    void findTheRateOfThePathWithinThreeMessages() {
        try (Arena arena = Arena.ofShared();
                Pair pair = pair(1)) {
            final MemorySegment source = arena.allocate(BYTES);
            final double[] ratios = new double[40];
            for (int i = 0; i < ratios.length; i++) {
                final long start = pair.nowNanos();
                final Operation operation = new Operation().send(source, 0, BYTES);
                pair.post(pair.client, operation);
                assertTrue(pair.runUntil(operation::isDone, LIMIT_NANOS));
                ratios[i] = (pair.nowNanos() - start) / IDEAL_NANOS;
            }
            final double[] settled = Arrays.copyOfRange(ratios, 3, ratios.length);
            Arrays.sort(settled);
            assertEquals(1.0, settled[settled.length / 2], 0.02, () -> "ratios " + Arrays.toString(ratios));
            assertEquals(
                    0, pair.statistics(pair.client).lostPackets(), "a burst at an unknown rate overflowed the queue");
        }
    }

    /// A JVM that has just started is away from the network most of the time: what is seen of the path then is ten
    /// times too slow, and must not stay.
    @Test
    void leaveBehindWhatASlowHostHasSeen() {
        try (Arena arena = Arena.ofShared();
                Pair pair = pair(1)) {
            final MemorySegment source = arena.allocate(BYTES);
            final long slowUntil = pair.nowNanos() + 2_000_000_000L;
            long last = 0;
            while (pair.nowNanos() < slowUntil + 2_500_000_000L) {
                final long start = pair.nowNanos();
                final Operation operation = new Operation().send(source, 0, BYTES);
                pair.post(pair.client, operation);
                while (!operation.isDone() && pair.nowNanos() < slowUntil) {
                    pair.pause(pair.client, 6_000_000, 1000);
                    pair.pause(pair.server, 6_000_000, 1000);
                    pair.runUntil(operation::isDone, 7_000_000);
                }
                assertTrue(pair.runUntil(operation::isDone, LIMIT_NANOS));
                last = pair.nowNanos() - start;
            }
            assertEquals(1.0, last / IDEAL_NANOS, 0.05, "the last message took " + last + " ns");
        }
    }
}
