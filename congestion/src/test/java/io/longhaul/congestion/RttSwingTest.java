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

import org.junit.jupiter.api.Test;

class RttSwingTest {
    private static final long MICRO = 1_000;
    private static final long MILLI = 1_000_000;
    private final RttSwing swing = new RttSwing();

    @Test
    void aQueueThatDrainsIsNoSwing() {
        for (int i = 0; i <= 10; i++) {
            swing.onSample(i * MILLI, 30 * MILLI - i * MILLI / 2);
        }
        assertEquals(0, swing.nanos());
    }

    @Test
    void aPacketThatIsFollowedAtOnceByAnEarlierOneSwings() {
        swing.onSample(0, 20 * MILLI);
        swing.onSample(100 * MICRO, 22 * MILLI);
        swing.onSample(200 * MICRO, 20 * MILLI);
        assertEquals(2.0 * MILLI, swing.nanos());
        swing.onRoundEnd();
        assertEquals(1.75 * MILLI, swing.nanos());
    }
}
