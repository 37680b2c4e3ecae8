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

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SettledMessagesTest {
    @Test
    void saysWhatATableOfFullLengthWouldSay() {
        final long seed = 4096;
        final SplittableRandom random = new SplittableRandom(seed);
        final SettledMessages settled = new SettledMessages();
        final long[] full = new long[SettledMessages.MAX_MESSAGES];
        for (int i = 0; i < 20_000; i++) {
            final long added = random.nextInt(3) == 0 ? random.nextLong(1L << 40) : i;
            settled.add(added);
            full[(int) added & full.length - 1] = added + 1;
            final long asked = random.nextBoolean() ? random.nextLong(i + 1L) : added ^ 1L << random.nextInt(40);
            assertEquals(
                    full[(int) asked & full.length - 1] == asked + 1,
                    settled.contains(asked),
                    "seed " + seed + ", step " + i + ", message " + asked);
        }
    }

    @Test
    void forgetsAMessageForAnotherThatTakesItsPlace() {
        final SettledMessages settled = new SettledMessages();
        settled.add(7);
        assertTrue(settled.contains(7));
        settled.add(7 + SettledMessages.MAX_MESSAGES);
        assertFalse(settled.contains(7));
        assertTrue(settled.contains(7 + SettledMessages.MAX_MESSAGES));
    }
}
