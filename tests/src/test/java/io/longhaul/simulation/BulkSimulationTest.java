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
package io.longhaul.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Large writes over named paths: completion time, efficiency and retransmitted share, all simulated.
@Timeout(120)
class BulkSimulationTest {
    private static final double TWO_GBIT = 2e9;
    private static final long MIB = 1 << 20;

    private static WireConfig.Builder path(double rate, double rttMillis, double loss) {
        return WireConfig.builder()
                .delay(Duration.ofNanos((long) (rttMillis * 5e5)))
                .rateBitsPerSecond((long) rate)
                .lossFraction(loss);
    }

    @Test
    void startsFromColdOnACleanLink() {
        final Bulk bulk = Bulk.write(new Pair.Settings().link(path(TWO_GBIT, 20, 0)), 0.020, 1024 * MIB);
        System.err.println("cold   " + bulk.describe(TWO_GBIT));
        assertTrue(bulk.completionRatio(TWO_GBIT) <= 1.12, bulk.describe(TWO_GBIT));
    }

    @Test
    void jumpsToADeclaredRate() {
        final Bulk bulk =
                Bulk.write(new Pair.Settings().link(path(TWO_GBIT, 20, 0)).rateHint(2_000_000_000L), 0.020, 1024 * MIB);
        System.err.println("hint   " + bulk.describe(TWO_GBIT));
        assertTrue(bulk.completionRatio(TWO_GBIT) <= 1.04, bulk.describe(TWO_GBIT));
    }

    @Test
    void holdsTheRateOverTwoThousandKilometresWithLoss() {
        final Bulk bulk = Bulk.write(new Pair.Settings().link(path(TWO_GBIT, 20, 0.001)), 0.020, 2048 * MIB);
        System.err.println("2000km " + bulk.describe(TWO_GBIT));
        assertTrue(bulk.efficiency(TWO_GBIT) >= 0.95, bulk.describe(TWO_GBIT));
        assertTrue(bulk.retransmittedShare() <= 0.006, bulk.describe(TWO_GBIT));
    }
}
