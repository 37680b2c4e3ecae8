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

import io.longhaul.Operation;
import io.longhaul.core.InboundMessage;
import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What stays valid after a connection has ended, and what no longer has an effect.
@Timeout(60)
class EndedConnectionSimulationTest {
    private static final long SECOND = 1_000_000_000L;

    private static Pair pair() {
        return new Pair(new Pair.Settings()
                        .link(WireConfig.builder()
                                .delay(Duration.ofMillis(10))
                                .duplicateFraction(0.5)
                                .rateBitsPerSecond(500_000_000L)))
                .establish();
    }

    @Test
    void aDeliveredMessageOutlivesItsConnection() {
        try (Arena arena = Arena.ofShared();
                Pair pair = pair()) {
            final MemorySegment source = arena.allocate(100_000);
            source.fill((byte) 42);
            for (int i = 0; i < 5; i++) {
                pair.post(pair.client, new Operation().send(source, 0, 100_000 - i));
            }
            pair.client.engine.close(pair.nowNanos(), true, "done");
            assertTrue(pair.runUntil(() -> pair.server.engine.isClosed(), 10 * SECOND), "not closed");
            pair.server.engine.free();
            assertEquals(5, pair.server.messages.size());
            for (final InboundMessage message : pair.server.messages) {
                assertEquals(42, message.segment().get(ValueLayout.JAVA_BYTE, message.length() - 1));
                message.release();
            }
        }
    }

    @Test
    @Tag("fault-63")
    void framesAfterAnAbortHaveNoEffect() {
        try (Arena arena = Arena.ofShared();
                Pair pair = pair()) {
            final MemorySegment source = arena.allocate(1_000);
            final int[] seen = {0};
            pair.server.onMessage = message -> {
                seen[0]++;
                message.release();
            };
            for (int i = 0; i < 2_000; i++) {
                pair.post(pair.client, new Operation().send(source, 0, 1_000));
            }
            pair.runFor(25_000_000L);
            pair.server.engine.close(pair.nowNanos(), false, "enough");
            pair.server.onMessage = message -> {
                throw new AssertionError("a message after the abort");
            };
            assertTrue(pair.runUntil(() -> pair.client.closed && pair.server.closed, 10 * SECOND), "not closed");
            pair.runFor(SECOND);
            assertTrue(seen[0] < 2_000, "the abort came too late to show anything");
        }
    }
}
