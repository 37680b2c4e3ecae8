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
package io.longhaul.core.fec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FailureOddsTest {
    private static final long SEED = Long.getLong("longhaul.seed", 11L);

    @Test
    void independentLossesFollowTheBinomialDistribution() {
        // (chunks, rows, loss, failure of a group), computed with exact fractions.
        final double[][] known = {
            {8, 2, 1e-3, 1.193715e-7},
            {32, 4, 1e-3, 3.673772e-10},
            {64, 4, 1e-2, 6.178038e-4},
            {128, 8, 1e-2, 1.069236e-5},
        };
        for (final double[] row : known) {
            final double odds = FailureOdds.ofGroup((int) row[0], (int) row[1], row[2]);
            assertEquals(row[3], odds, row[3] * 1e-6, "(" + row[0] + ", " + row[1] + ") at " + row[2]);
        }
        assertEquals(0, FailureOdds.ofGroup(128, 1, 0));
        assertEquals(1, FailureOdds.ofGroup(128, 1, 1));
    }

    @Test
    void someOfManyFailAsTheComplementSays() {
        assertEquals(1 - Math.pow(1 - 1e-3, 500), FailureOdds.ofAny(1e-3, 500), 1e-12);
        assertEquals(1e-9, FailureOdds.ofAny(1e-12, 1000), 1e-15);
    }

    @Test
    void burstsOfOnePacketAreIndependentLosses() {
        final double independent = FailureOdds.ofGroup(100, 4, 1e-2);
        for (final int depth : new int[] {1, 4, 22}) {
            final double almost = FailureOdds.ofGroup(100, 4, 1e-2, 1.0001, depth);
            assertEquals(independent, almost, independent * 0.1, "depth " + depth);
        }
    }

    /// The model must not promise more than a link of that kind keeps, and not be much worse either.
    @Test
    void burstsFollowTheCompoundPoissonDistribution() {
        final double loss = 0.01;
        for (final int depth : new int[] {1, 2, 4, 16}) {
            for (final int rows : new int[] {2, 4, 8}) {
                final double burst = 8;
                final double model = FailureOdds.ofGroup(60, rows, loss, burst, depth);
                final double seen = simulated(60, rows, loss, burst, depth);
                final String where =
                        "depth " + depth + " rows " + rows + " model " + model + " seen " + seen + " seed " + SEED;
                assertTrue(model >= seen * 0.85 && model <= seen * 1.6 + 1e-4, where);
            }
        }
    }

    // Share of groups that fail on a Gilbert-Elliott link on which the bad state loses everything.
    private static double simulated(int chunks, int rows, double loss, double burst, int depth) {
        final SplittableRandom random = new SplittableRandom(SEED);
        final int packets = chunks + rows;
        final double toGood = 1 / burst;
        final double toBad = loss * toGood / (1 - loss);
        final int rounds = Math.max(20_000, 60_000 / depth);
        boolean bad = false;
        int failed = 0;
        for (int round = 0; round < rounds; round++) {
            final int[] missing = new int[depth];
            for (int i = 0; i < packets * depth; i++) {
                bad = bad ? random.nextDouble() >= toGood : random.nextDouble() < toBad;
                missing[i % depth] += bad ? 1 : 0;
            }
            for (final int count : missing) {
                failed += count > rows ? 1 : 0;
            }
        }
        return (double) failed / (rounds * depth);
    }
}
