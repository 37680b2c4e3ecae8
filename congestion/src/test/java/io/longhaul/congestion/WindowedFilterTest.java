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
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class WindowedFilterTest {
    @Test
    void isZeroBeforeTheFirstValue() {
        assertEquals(0, new WindowedFilter(10).best());
    }

    @Test
    void keepsTheLargestValueOfTheWindow() {
        final WindowedFilter filter = new WindowedFilter(10);
        filter.update(0, 5);
        filter.update(1, 9);
        filter.update(2, 3);
        assertEquals(9, filter.best());
        filter.update(11, 4);
        assertEquals(9, filter.best(), "an age of exactly the window is believed");
    }

    @Test
    void forgetsAValueThatIsOlderThanTheWindow() {
        final WindowedFilter filter = new WindowedFilter(10);
        filter.update(0, 9);
        filter.update(5, 4);
        filter.update(11, 3);
        assertEquals(4, filter.best());
        filter.update(40, 1);
        assertEquals(1, filter.best());
    }

    @Test
    void neverExceedsTheTrueMaximumAndNeverKeepsExpiredValues() {
        final SplittableRandom random = new SplittableRandom(11);
        final WindowedFilter filter = new WindowedFilter(16);
        final long[] values = new long[4_000];
        for (int time = 0; time < values.length; time++) {
            values[time] = random.nextLong(1, 1000);
            filter.update(time, values[time]);
            long largest = 0;
            for (int age = 0; age <= 16 && age <= time; age++) {
                largest = Math.max(largest, values[time - age]);
            }
            assertTrue(filter.best() <= largest, "best " + filter.best() + " above " + largest + " at " + time);
            assertTrue(filter.best() >= values[time]);
        }
    }

    @Test
    void refusesANegativeWindow() {
        assertThrows(IllegalArgumentException.class, () -> new WindowedFilter(-1));
    }
}
