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
package io.longhaul.congestion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PacerTest {
    private static final long SECOND = 1_000_000_000L;

    @Test
    void releasesAFirstBurstAtOnce() {
        final Pacer pacer = new Pacer();
        pacer.refill(5, 1000, 3000);
        pacer.onSent(1500);
        assertTrue(pacer.maySend());
        pacer.onSent(1500);
        assertFalse(pacer.maySend());
    }

    @Test
    void releasesTheRateOverALongTimeToTheByte() {
        final Pacer pacer = new Pacer();
        final long rate = 12_345_677;
        long now = 0;
        long sent = 0;
        pacer.refill(now, rate, 1500);
        while (now < 10 * SECOND) {
            while (pacer.maySend()) {
                pacer.onSent(1500);
                sent += 1500;
            }
            now += 70_001;
            pacer.refill(now, rate, 3000);
        }
        assertEquals(rate * 10.0, sent, 6000);
    }

    @Test
    void keepsTheRateOfASlowPathWhosePacketsAreSecondsApart() {
        final Pacer pacer = new Pacer();
        final long rate = 500; // 4 kb/s: a packet of 1400 bytes in 2.8 s
        long now = 0;
        int packets = 0;
        pacer.refill(now, rate, 1400);
        while (now < 280 * SECOND) {
            if (pacer.maySend()) {
                pacer.onSent(1400);
                packets++;
            }
            now += Math.max(1, pacer.nanosUntilSend(rate, 1));
            pacer.refill(now, rate, 1400);
        }
        assertEquals(101, packets, 1);
    }

    @Test
    void holdsNoMoreThanABurstAfterALongSilence() {
        final Pacer pacer = new Pacer();
        pacer.refill(0, 50_000_000_000L, 1000);
        pacer.refill(Long.MAX_VALUE / 2, 50_000_000_000L, 10_000);
        pacer.onSent(10_000);
        assertFalse(pacer.maySend());
    }

    @Test
    void saysHowLongToWaitForAQuantum() {
        final Pacer pacer = new Pacer();
        pacer.refill(0, 1_000_000, 1000);
        assertEquals(0, pacer.nanosUntilSend(1_000_000, 1000));
        pacer.onSent(1500);
        assertEquals(1_500_000, pacer.nanosUntilSend(1_000_000, 1000));
    }

    /// Probes leave unasked, and then the rate falls: what they owe at the old rate must not silence the path. Seed
    /// 17
    /// of LossFaultsTest waited 13 s.
    @Test
    void forgivesWhatIsOwedAtAHigherRate() {
        final Pacer pacer = new Pacer();
        pacer.refill(0, 10_000_000, 36_000);
        for (int i = 0; i < 20; i++) {
            pacer.onSent(9_000);
        }
        pacer.refill(1, 6_600, 36_000);
        assertEquals(2 * 9_000 * 1e9 / 6_600, pacer.nanosUntilSend(6_600, 9_000), 1e6);
    }
}
