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

import io.longhaul.core.wire.PlacedImmediate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class PlacedImmediateTest {
    @Test
    void holdsTheLowerBitsInTheUpperThreeBytes() {
        assertEquals(0xbcdef0_00, PlacedImmediate.of(0x1234_5678_9abc_def0L));
        assertTrue(PlacedImmediate.isKnown(0xbcdef0_00));
        assertFalse(PlacedImmediate.isKnown(0xbcdef0_80), "parity");
        assertFalse(PlacedImmediate.isKnown(0xbcdef0_01), "a second try");
    }

    @Test
    @Tag("fault-52")
    void namesTheNearestCsn() {
        for (final long around : new long[] {0, 5, 0xff_ffff, 0x100_0000, 0x1_0000_0000L, Long.MAX_VALUE >> 1}) {
            for (final long distance : new long[] {0, 1, 1000, (1 << 22) - 1, 1 << 22, (1 << 23) - 1}) {
                assertEquals(around + distance, PlacedImmediate.csn(PlacedImmediate.of(around + distance), around));
                assertEquals(around - distance, PlacedImmediate.csn(PlacedImmediate.of(around - distance), around));
            }
        }
    }
}
