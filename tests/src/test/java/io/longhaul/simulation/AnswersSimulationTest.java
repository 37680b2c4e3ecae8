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
import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// Requests and the answers that are posted as soon as they have arrived.
final class AnswersSimulationTest {
    private static final int EXCHANGES = 200;
    private static final long LIMIT_NANOS = 60_000_000_000L;

    private final int[] answered = new int[1];

    /// Two packets carry an exchange with its acknowledgements; each side says its last one once more in the
    /// silence
    /// that follows.
    @Test
    void carryTheAcknowledgement() {
        try (Arena arena = Arena.ofShared();
                Pair pair = pair()) {
            final MemorySegment source = arena.allocate(64);
            final long before = packets(pair);
            exchange(pair, source, 64);
            final long each = (packets(pair) - before) / EXCHANGES;
            assertEquals(4, each, "packets of an exchange");
        }
    }

    /// An answer that leaves no room does not hold the acknowledgement up.
    @Test
    void leaveTheAcknowledgementAloneWhenTheyAreLarge() {
        try (Arena arena = Arena.ofShared();
                Pair pair = pair()) {
            final MemorySegment source = arena.allocate(100_000);
            exchange(pair, source, 100_000);
            assertEquals(0, pair.statistics(pair.server).retransmittedBytes());
            assertEquals(0, pair.statistics(pair.client).retransmittedBytes());
        }
    }

    private static Pair pair() {
        final WireConfig.Builder link =
                WireConfig.builder().rateBitsPerSecond(2_000_000_000L).delay(Duration.ofMillis(10));
        return new Pair(new Pair.Settings().seed(1).lanes(4).link(link)).establish();
    }

    private static long packets(Pair pair) {
        return pair.statistics(pair.client).sentPackets()
                + pair.statistics(pair.server).sentPackets();
    }

    private void exchange(Pair pair, MemorySegment source, int bytes) {
        pair.server.onMessage = message -> {
            message.release();
            pair.post(pair.server, new Operation().send(source, 0, bytes));
        };
        pair.client.onMessage = message -> {
            message.release();
            if (++answered[0] < EXCHANGES) {
                pair.post(pair.client, new Operation().send(source, 0, bytes));
            }
        };
        pair.post(pair.client, new Operation().send(source, 0, bytes));
        assertTrue(pair.runUntil(() -> answered[0] == EXCHANGES, LIMIT_NANOS));
    }
}
