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

import io.longhaul.Grant;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The largest packet is found at the start, also when the path is narrower than the device, and chunks that have
/// become too
/// large travel in parts.
@Timeout(60)
class PathMtuSimulationTest {
    private static final int BYTES = 4 << 20;

    private static WireConfig.Builder link(double loss, int mtuBytes) {
        return WireConfig.builder()
                .delay(Duration.ofMillis(10))
                .rateBitsPerSecond(1_000_000_000L)
                .lossFraction(loss)
                .mtuBytes(mtuBytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {1280, 1400, 1500, 4200, 9000})
    void findsWhatThePathCarries(int mtuBytes) {
        try (Pair pair = new Pair(new Pair.Settings().link(link(0, mtuBytes)))) {
            pair.establish();
            assertEquals(mtuBytes - Pair.LOWER_HEADER_BYTES, pair.client.engine.packetBytes());
            assertTrue(pair.nowNanos() < 100_000_000L, "established after " + pair.nowNanos() + " ns");
        }
    }

    @Test
    @Tag("fault-25")
    void oneLostProbeDoesNotNarrowThePath() {
        int narrow = 0;
        for (long seed = 1; seed <= 50; seed++) {
            try (Pair pair = new Pair(new Pair.Settings().seed(seed).link(link(0.05, 0)))) {
                pair.establish();
                pair.runFor(2_000_000_000L);
                narrow += pair.client.engine.packetBytes() < 8_900 ? 1 : 0;
            }
        }
        assertTrue(narrow <= 2, narrow + " of 50 connections did not find the MTU");
    }

    @Test
    @Tag("fault-25")
    void chunksTravelInPartsWhenThePathHasShrunk() {
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(new Pair.Settings().link(link(0.01, 0))).establish()) {
            final MemorySegment source = arena.allocate(BYTES);
            final MemorySegment target = arena.allocate(BYTES);
            for (int i = 0; i < BYTES; i += 8) {
                source.set(ValueLayout.JAVA_LONG, i, i * 0x9E37_79B9_7F4A_7C15L);
            }
            pair.server.exposed.expose("target", target, Grant.of(Right.WRITE));
            final RemoteRegion region = pair.lookup(pair.client, "target");
            final Operation operation = new Operation().write(source, 0, BYTES, region, 0);
            pair.post(pair.client, operation);
            pair.runFor(15_000_000L);
            pair.client.engine.onPacketTooLarge(pair.nowNanos(), 0, 8_948);
            assertTrue(pair.client.engine.packetBytes() <= 4_200, "packets of " + pair.client.engine.packetBytes());
            assertTrue(pair.runUntil(operation::isDone, 20_000_000_000L), "stalled");
            assertEquals(OperationStatus.SUCCESS, operation.status());
            assertEquals(-1, source.mismatch(target), "first byte that differs");
        }
    }
}
