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
package io.longhaul.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class WakeCoalescingTest {
    private static final long LATE = 250_000;

    private final WakeCoalescing coalescing = new WakeCoalescing();
    private long now = 1_000_000_000L;
    private long packets;

    /// Lets packets come at equal distances for a while; an agent that need not wait wakes for each.
    ///
    /// @return how often it wakes
    private int wakes(long forNanos, long apartNanos, long latenessNanos) {
        final long end = now + forNanos;
        long next = now + apartNanos;
        int wakes = 0;
        while (now < end) {
            final long quiet = coalescing.quietNanos(now, packets);
            now = Math.max(now + quiet, next);
            coalescing.onWake(now);
            wakes++;
            while (next <= now) {
                packets++;
                next += apartNanos;
            }
            coalescing.onServed(latenessNanos);
        }
        return wakes;
    }

    @Test
    void wakesForManyPacketsAtATimeWhileTheyFlow() {
        wakes(10_000_000, 36_000, LATE);
        final int wakes = wakes(100_000_000, 36_000, LATE);
        assertTrue(wakes <= 100_000_000 / LATE + 10, wakes + " wake-ups for " + 100_000_000 / 36_000 + " packets");
    }

    @Test
    void wakesForEachOfFewPackets() {
        assertEquals(100, wakes(100_000_000, 1_000_000, LATE));
    }

    @Test
    void isThereForThePacketBehindAPause() {
        wakes(10_000_000, 36_000, LATE);
        now += 20_000_000;
        assertEquals(0, coalescing.quietNanos(now, packets));
    }

    @Test
    void aShortRoundTripAmongLongOnesIsNotKeptWaiting() {
        wakes(10_000_000, 36_000, LATE);
        coalescing.onServed(10_000);
        assertEquals(0, coalescing.quietNanos(now, packets + 10));
        wakes(10_000_000, 36_000, LATE);
        assertTrue(coalescing.quietNanos(now, packets + 10) > 0, "it has fallen silent");
    }

    @Test
    void theTimeCountsFromTheLastWakeUp() {
        wakes(10_000_000, 36_000, LATE);
        coalescing.onWake(now);
        assertEquals(LATE - 100_000, coalescing.quietNanos(now + 100_000, packets));
        assertEquals(0, coalescing.quietNanos(now + 2 * LATE, packets));
    }
}
