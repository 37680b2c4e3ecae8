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
        final PacketHistory history = of(4, 4);
        history.resolve(0, PacketHistory.ACKED);
        history.resolve(1, PacketHistory.ACKED);
        assertTrue(history.holds(0));
        assertEquals(1_000, history.sentNanos(0));
        history.addData(2_000, 100, 4, 1);
        assertFalse(history.holds(0));
        assertTrue(history.holds(1));
        assertFalse(history.holds(5), "was never sent");
    }

    /// The larger ring takes over only what is not resolved: to ask it for an older packet gave a send time of 0,
    /// and a
    /// round trip of as long as the machine had been running.
    @Test
    void doesNotHoldWhatItDidNotTakeOverWhenItGrew() {
        final PacketHistory history = of(4, 4);
        history.resolve(0, PacketHistory.ACKED);
        history.resolve(1, PacketHistory.ACKED);
        for (int i = 4; i < 8; i++) {
            history.addData(1_000 + i, 100, i, 1);
        }
        assertFalse(history.holds(0));
        assertFalse(history.holds(1));
        for (int pn = 2; pn < 8; pn++) {
            assertTrue(history.holds(pn), "packet " + pn);
            assertEquals(1_000 + pn, history.sentNanos(pn));
            assertEquals(pn, history.firstCsn(pn));
            assertEquals(PacketHistory.IN_FLIGHT, history.state(pn));
        }
    }
}
