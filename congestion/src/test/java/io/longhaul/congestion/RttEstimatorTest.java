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

import org.junit.jupiter.api.Test;

class RttEstimatorTest {
    private static final long MILLI = 1_000_000;

    @Test
    void startsFromTheInitialValue() {
        final RttEstimator rtt = new RttEstimator(20 * MILLI, 1000 * MILLI);
        assertEquals(20 * MILLI, rtt.smoothedNanos());
        assertEquals(20 * MILLI, rtt.minNanos());
        assertEquals(0, rtt.latestNanos());
    }

    @Test
    void takesTheFirstSampleWhole() {
        //= RFC 6298 §2.2 type=test
        final RttEstimator rtt = new RttEstimator(20 * MILLI, 1000 * MILLI);
        rtt.onSample(0, 40 * MILLI);
        assertEquals(40 * MILLI, rtt.smoothedNanos());
        assertEquals(20 * MILLI, rtt.varianceNanos());
    }

    @Test
    void smoothsLaterSamplesByAnEighthAndAQuarter() {
        //= RFC 6298 §2.3 type=test
        final RttEstimator rtt = new RttEstimator(20 * MILLI, 1000 * MILLI);
        rtt.onSample(0, 40 * MILLI);
        rtt.onSample(1, 48 * MILLI);
        assertEquals(41 * MILLI, rtt.smoothedNanos());
        assertEquals(17 * MILLI, rtt.varianceNanos());
    }

    @Test
    void replacesAMinimumThatIsOlderThanTheWindow() {
        final RttEstimator rtt = new RttEstimator(20 * MILLI, 1000 * MILLI);
        rtt.onSample(0, 20 * MILLI);
        rtt.onSample(900 * MILLI, 30 * MILLI);
        assertEquals(20 * MILLI, rtt.minNanos());
        rtt.onSample(1001 * MILLI, 31 * MILLI);
        assertEquals(31 * MILLI, rtt.minNanos());
    }

    @Test
    void refusesTimesThatAreNotAboveZero() {
        assertThrows(IllegalArgumentException.class, () -> new RttEstimator(0, 1));
        assertThrows(IllegalArgumentException.class, () -> new RttEstimator(1, 0));
    }
}
