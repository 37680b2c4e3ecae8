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
package io.longhaul.congestion.bbr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class LossAccountTest {
    private static final int PACKET = 1000;
    private final LossAccount loss = new LossAccount(PACKET);

    @Test
    void learnsTheFloorOnlyBelowCapacityAndWithoutAQueue() {
        round(950, 50, false, true);
        round(950, 50, true, false);
        assertEquals(0, loss.floorFraction());
        round(950, 50, true, true);
        assertEquals(0.05, loss.floorFraction(), 1e-9);
    }

    @Test
    void believesNoFloorFromAFewPackets() {
        round(90, 10, true, true);
        assertEquals(0, loss.floorFraction());
    }

    @Test
    void boundsTheFloor() {
        round(500, 500, true, true);
        assertEquals(0.1, loss.floorFraction());
    }

    @Test
    void forgetsAFloorThatSendingLessRefutes() {
        loss.adoptFloor(0.08);
        round(990, 10, true, false);
        assertEquals(0, loss.floorFraction());
    }

    @Test
    void keepsAFloorWithinTheNoiseOfItsMeasurement() {
        loss.adoptFloor(0.05);
        round(960, 40, true, true);
        assertTrue(loss.floorFraction() > 0.04, "floor " + loss.floorFraction());
    }

    @Test
    void countsMarksAsAShareOfPackets() {
        loss.onAcked(100L * PACKET, 100, 25);
        loss.onRoundEnd(false, true);
        assertEquals(0.25, loss.ceFraction());
    }

    @Test
    void takesBackLossesThatWereNone() {
        loss.onAcked(90L * PACKET, 90, 0);
        loss.onLost(10L * PACKET);
        loss.onSpurious(20L * PACKET);
        loss.onRoundEnd(false, true);
        assertEquals(0, loss.lossFraction());
    }

    @Test
    void aPeriodLastsUntilABurstIsASmallShareOfIt() {
        for (int round = 0; round < 5; round++) {
            final boolean burst = round == 1 || round == 2;
            round(burst ? 15 : 22, burst ? 7 : 0, false, true);
            assertEquals(false, loss.periodEnded());
        }
        round(22, 0, false, true);
        assertTrue(loss.periodEnded());
        assertEquals(14.0 / 132, loss.periodFraction(), 1e-9);
        assertEquals(14, loss.periodLostPackets());
        round(128, 0, false, true);
        assertTrue(loss.periodEnded());
        assertEquals(0, loss.periodFraction());
    }

    @Test
    void aPeriodOfFewPacketsEndsAfterEightRounds() {
        for (int round = 0; round < 7; round++) {
            round(1, 1, false, true);
            assertEquals(false, loss.periodEnded());
        }
        round(1, 1, false, true);
        assertTrue(loss.periodEnded());
        assertEquals(0.5, loss.periodFraction());
    }

    private void round(int acked, int lost, boolean belowCapacity, boolean queueFree) {
        loss.onAcked((long) acked * PACKET, acked, 0);
        loss.onLost((long) lost * PACKET);
        loss.onRoundEnd(belowCapacity, queueFree);
    }
}
