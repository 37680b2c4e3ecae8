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

import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ReplayWindowTest {
    @Test
    void takesEachNumberOnceInAnyOrder() {
        final ReplayWindow window = new ReplayWindow();
        for (long number = 500; number >= 0; number--) {
            assertTrue(window.isNew(number));
            window.mark(number, 1024);
            assertFalse(window.isNew(number));
        }
        assertEquals(500, window.newest());
    }

    @Test
    void countsWhatIsBelowTheWindowAsTaken() {
        final ReplayWindow window = new ReplayWindow();
        window.mark(1_000_000, 0);
        assertTrue(window.isNew(1_000_000 - window.packets()), "the oldest of the window");
        assertFalse(window.isNew(1_000_000 - window.packets() - 64), "below the window");
        assertFalse(window.isNew(0));
        assertTrue(window.isNew(Long.MAX_VALUE));
    }

    @Test
    void growsOnlyWhenTheLaneHasSentAsMuch() {
        final ReplayWindow window = new ReplayWindow();
        window.mark(1_000, 1 << 20);
        assertTrue(window.packets() < 1_024, "no need yet");
        window.mark(2_000_000, 1 << 20);
        assertTrue(window.packets() >= 1 << 20, "wanted");
        window.mark(300_000_000, Integer.MAX_VALUE);
        assertTrue(window.packets() < 1 << 24, "bounded");
    }

    @Test
    void takesNothingTwiceWhenItGrowsLate() {
        final ReplayWindow window = new ReplayWindow();
        for (long number = 0; number < 4_000; number++) {
            window.mark(number, 1_024);
        }
        window.mark(4_000, 4_096);
        for (long number = 0; number <= 4_000; number++) {
            assertFalse(window.isNew(number), "number " + number);
        }
    }

    @Test
    @Tag("fault-32")
    void agreesWithASetWhateverComes() {
        for (long seed = 1; seed <= 20; seed++) {
            final SplittableRandom random = new SplittableRandom(seed);
            final ReplayWindow window = new ReplayWindow();
            final Set<Long> taken = new HashSet<>();
            long newest = -1;
            int wanted = 1_024;
            long known = 0; // what is older was forgotten before the window grew
            for (int i = 0; i < 20_000; i++) {
                final int step = random.nextInt(100);
                final long number = step == 0
                        ? newest + random.nextLong(1, 5_000)
                        : step < 50 ? newest + 1 : Math.max(0, newest - random.nextLong(3_000));
                final boolean inside = number > newest - window.packets() && number >= known;
                if (inside) {
                    assertEquals(!taken.contains(number), window.isNew(number), "seed " + seed + " number " + number);
                } else {
                    assertFalse(window.isNew(number) && taken.contains(number), "seed " + seed + " number " + number);
                }
                if (window.isNew(number)) {
                    wanted <<= wanted < 1 << 15 && random.nextInt(2_000) == 0 ? 1 : 0;
                    final int before = window.packets();
                    final long oldest = Math.max(0, newest - before);
                    window.mark(number, wanted);
                    known = window.packets() == before ? known : Math.max(known, oldest + 64);
                    taken.add(number);
                    newest = Math.max(newest, number);
                }
            }
        }
    }
}
