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

class BandwidthTest {
    @Test
    void multipliesTheLargestRateByTheLongestRoundTripWithoutOverflow() {
        assertEquals(100_000_000_000L, Bandwidth.bytesIn(50e9, 2_000_000_000L));
        assertEquals(1_250_000_000L, Bandwidth.bytesIn(12.5e9, 100_000_000L));
        assertEquals(Long.MAX_VALUE, Bandwidth.bytesIn(Double.MAX_VALUE, Long.MAX_VALUE));
    }

    @Test
    void roundsTimesUpSoThatTheBytesAreCovered() {
        assertEquals(1, Bandwidth.nanosFor(1, 50e9));
        assertEquals(1_120_000_000L, Bandwidth.nanosFor(1400, 1250));
    }

    @Test
    void turnsBytesAndTimeBackIntoARate() {
        assertEquals(1.25e9, Bandwidth.rate(25_000_000, 20_000_000), 1);
    }
}
