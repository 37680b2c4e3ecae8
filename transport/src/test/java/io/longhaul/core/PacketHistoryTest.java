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
package io.longhaul.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PacketHistoryTest {
    private static PacketHistory of(int capacity, int packets) {
        final PacketHistory history = new PacketHistory(capacity);
        for (int i = 0; i < packets; i++) {
            history.addData(1_000 + i, 100, i, 1);
        }
        return history;
    }

    @Test
    void holdsWhatWasResolvedUntilItsPlaceIsTaken() {
        final PacketHistory history = of(256, 256);
        history.resolve(0, PacketHistory.ACKED);
        history.resolve(1, PacketHistory.ACKED);
        assertTrue(history.holds(0));
        assertEquals(1_000, history.sentNanos(0));
        history.addData(2_000, 100, 256, 1);
        assertFalse(history.holds(0));
        assertTrue(history.holds(1));
        assertFalse(history.holds(257), "was never sent");
    }

    @Test
    void aShortRingGrowsRatherThanForgetOneOfTheLast256PacketsOfAMinute() {
        final PacketHistory shortRing = new PacketHistory(8);
        final PacketHistory longRing = new PacketHistory(256);
        for (int i = 0; i < 1000; i++) {
            for (final PacketHistory each : new PacketHistory[] {shortRing, longRing}) {
                if (i % 3 == 0) {
                    each.addControl(1_000 + i, 50);
                } else {
                    each.addData(1_000 + i, 100, i, 1);
                    each.keepDelivery(i, 2 * i, 3 * i, 4 * i, i % 2 == 0);
                    each.keepTotals(i, 5 * i, 6 * i);
                    each.resolve(i, PacketHistory.ACKED);
                }
            }
            for (int pn = 0; pn <= i; pn++) {
                assertEquals(longRing.holds(pn), shortRing.holds(pn), "packet " + pn + " of " + i);
                if (longRing.holds(pn)) {
                    assertEquals(longRing.sentNanos(pn), shortRing.sentNanos(pn));
                    assertEquals(longRing.state(pn), shortRing.state(pn));
                    assertEquals(longRing.bytes(pn), shortRing.bytes(pn));
                }
                if (longRing.holds(pn) && pn % 3 != 0) {
                    assertEquals(longRing.firstCsn(pn), shortRing.firstCsn(pn));
                    assertEquals(longRing.delivered(pn), shortRing.delivered(pn));
                    assertEquals(longRing.deliveredNanos(pn), shortRing.deliveredNanos(pn));
                    assertEquals(longRing.firstSentNanos(pn), shortRing.firstSentNanos(pn));
                    assertEquals(longRing.inFlightAtSend(pn), shortRing.inFlightAtSend(pn));
                    assertEquals(longRing.lostAtSend(pn), shortRing.lostAtSend(pn));
                    assertEquals(longRing.appLimited(pn), shortRing.appLimited(pn));
                }
            }
        }
    }

    @Test
    void aLaneThatSendsAPacketNowAndThenKeepsAFewRecords() {
        final PacketHistory history = new PacketHistory(8);
        final long intervalNanos = 10_000_000_000L;
        for (int i = 0; i < 100; i++) {
            history.addControl(i * intervalNanos, 50);
        }
        assertTrue(history.holds(99 - 6), "younger than a minute");
        assertFalse(history.holds(99 - 8), "the ring has not grown");
    }

    /// The larger ring takes over only what is not resolved: to ask it for an older packet gave a send time of 0,
    /// and a
    /// round trip of as long as the machine had been running.
    @Test
    void doesNotHoldWhatItDidNotTakeOverWhenItGrew() {
        final PacketHistory history = of(256, 256);
        history.resolve(0, PacketHistory.ACKED);
        history.resolve(1, PacketHistory.ACKED);
        for (int i = 256; i < 300; i++) {
            history.addData(1_000 + i, 100, i, 1);
        }
        assertFalse(history.holds(0));
        assertFalse(history.holds(1));
        for (int pn = 2; pn < 300; pn++) {
            assertTrue(history.holds(pn), "packet " + pn);
            assertEquals(1_000 + pn, history.sentNanos(pn));
            assertEquals(pn, history.firstCsn(pn));
            assertEquals(PacketHistory.IN_FLIGHT, history.state(pn));
        }
    }
}
