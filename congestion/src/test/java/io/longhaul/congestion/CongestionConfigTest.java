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

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class CongestionConfigTest {
    @Test
    void refusesEachFieldOutsideItsRange() {
        refused(255, 1, 0, 1_000_000, 10);
        refused(65_536, 1, 0, 1_000_000, 10);
        refused(1400, 0, 0, 1_000_000, 10);
        refused(1400, 1, -1, 1_000_000, 10);
        refused(1400, 1, 0, 5599, 10);
        refused(1400, 1, 0, 1_000_000, 0);
        refused(1400, 1, 0, 1_000_000, 4097);
    }

    @Test
    void namesBothValuesOfABrokenRelation() {
        final IllegalArgumentException thrown = refused(1400, 1, 0, 5599, 10);
        assertTrue(thrown.getMessage().contains("5599") && thrown.getMessage().contains("1400"));
    }

    private static IllegalArgumentException refused(
            int packetBytes, long rttNanos, long hint, long maxWindowBytes, int initialPackets) {
        return assertThrows(
                IllegalArgumentException.class,
                () -> new CongestionConfig(packetBytes, rttNanos, hint, maxWindowBytes, initialPackets));
    }
}
