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
package io.longhaul.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class LineTest {
    private static final long GBIT = 1_000_000_000L;

    private static Line line(long queueBytes, Line.RateStep... rates) {
        return new Line(new Line.Settings(List.of(rates), queueBytes, 0, null, Line.ETHERNET_BYTES, 1));
    }

    @Test
    void countsTheWholeEthernetFrame() {
        final Line line = line(1 << 20, new Line.RateStep(0, GBIT));
        assertTrue(line.enter(0, 962, false));
        assertEquals(8_000, line.departureNanos());
        assertTrue(line.enter(100, 962, false));
        assertEquals(16_000, line.departureNanos());
        assertEquals(2_000, line.carriedBytes());
    }

    @Test
    void servesWhatWaitsAtTheNewRate() {
        final Line line = line(1 << 20, new Line.RateStep(0, GBIT), new Line.RateStep(10_000, GBIT / 10));
        assertTrue(line.enter(0, 962, false));
        assertTrue(line.enter(0, 962, false));
        // 8,000 ns for the first, 2,000 ns at 1 Gb/s and 60,000 ns at 100 Mb/s for the rest of the second.
        assertEquals(70_000, line.departureNanos());
        assertEquals(750, line.queuedBytes(10_000), 1e-6);
        assertEquals(1_000, line.queuedBytes(8_000), 1e-6);
        assertEquals(2_000, line.queuedBytes(0), 1e-6);
    }

    @Test
    void followsRatesThatChangeWhileItIsIdle() {
        final Line line =
                line(1 << 20, new Line.RateStep(0, GBIT), new Line.RateStep(50, 1), new Line.RateStep(60, GBIT));
        assertTrue(line.enter(1_000, 962, false));
        assertEquals(9_000, line.departureNanos());
    }

    @Test
    void dropsAtTheTail() {
        final Line line = line(2_500, new Line.RateStep(0, GBIT));
        assertTrue(line.enter(0, 962, true));
        assertTrue(line.enter(0, 962, true));
        assertFalse(line.enter(0, 962, true));
        assertEquals(1, line.droppedPackets());
        assertTrue(line.enter(8_000, 962, true));
    }

    @Test
    void earlyDetectionMarksTheCapableAndDropsTheOthers() {
        final Line.Settings settings = new Line.Settings(
                List.of(new Line.RateStep(0, GBIT)), 1 << 20, 0, new Line.Red(20_000, 60_000, 0.1), 38, 7);
        final Line marking = new Line(settings);
        final Line dropping = new Line(settings);
        int marks = 0;
        int entered = 0;
        for (int i = 0; i < 5_000; i++) {
            // Arrivals at the rate of the line, on top of 50 packets.
            final long now = Math.max(0, i - 50) * 8_000L;
            assertTrue(marking.enter(now, 962, true));
            marks += marking.isMarked() ? 1 : 0;
            entered += dropping.enter(now, 962, false) ? 1 : 0;
        }
        // The average settles at 50,000 bytes: 7.5 % of what comes then is marked.
        assertTrue(marks > 250 && marks < 400, "marked " + marks);
        assertTrue(entered < 5_000 && entered > 4_000, "entered " + entered);
    }

    @Test
    void tellsTheDelayOfMostPackets() {
        final Line line = line(100_000, new Line.RateStep(0, GBIT));
        for (int i = 0; i < 100; i++) {
            assertTrue(line.enter(0, 962, false));
        }
        // Packet i waits i x 8 us; a slot is 200 us x 4 / 4095.
        assertEquals(94 * 8_000.0, (double) line.delayQuantileNanos(0.95), 800.0);
    }
}
