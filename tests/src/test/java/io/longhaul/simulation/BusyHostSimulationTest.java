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

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Grant;
import io.longhaul.Operation;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Paths that are shorter than the pauses of the hosts: what a busy host showed of the path must be left behind when it
/// is free again.
@Timeout(120)
final class BusyHostSimulationTest {
    private static final int BYTES = 8 << 20;
    private static final double RATE = 10e9;
    private static final long BUSY_NANOS = 3_000_000_000L;
    private static final long FREE_NANOS = 1_000_000_000L;

    @ParameterizedTest
    @ValueSource(ints = {10, 50, 500})
    void aFreeHostIsFastAgainSoon(int delayMicros) {
        final SplittableRandom random = new SplittableRandom(delayMicros);
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(new Pair.Settings()
                                .seed(delayMicros)
                                .lanes(2)
                                .link(WireConfig.builder()
                                        .rateBitsPerSecond((long) RATE)
                                        .delay(Duration.ofNanos(delayMicros * 1_000L))))
                        .establish()) {
            final MemorySegment source = arena.allocate(BYTES);
            pair.server.exposed.expose("target", arena.allocate(BYTES), Grant.of(Right.WRITE));
            final RemoteRegion target = pair.lookup(pair.client, "target");
            final long busyUntil = pair.nowNanos() + BUSY_NANOS;
            long bytes = 0;
            long since = 0;
            while (pair.nowNanos() < busyUntil + FREE_NANOS) {
                if (since == 0 && pair.nowNanos() >= busyUntil + FREE_NANOS / 2) {
                    since = pair.nowNanos();
                    bytes = 0;
                }
                final Operation operation = new Operation().write(source, 0, BYTES, target, 0);
                pair.post(pair.client, operation);
                while (!operation.isDone() && pair.nowNanos() < busyUntil) {
                    pair.pause(
                            random.nextBoolean() ? pair.client : pair.server,
                            random.nextLong(100_000, 2_000_000),
                            1000);
                    pair.runUntil(operation::isDone, random.nextLong(50_000, 1_000_000));
                }
                assertTrue(pair.runUntil(operation::isDone, 20_000_000_000L));
                bytes += BYTES;
            }
            final double rate = 8e9 * bytes / (pair.nowNanos() - since);
            assertTrue(rate >= 0.85 * RATE, "goodput " + rate / 1e6 + " Mb/s half a second later");
        }
    }
}
