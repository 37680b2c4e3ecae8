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
package io.longhaul.endpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.longhaul.core.fec.CodedGroup;
import io.longhaul.core.fec.ErasureKernel;
import io.longhaul.core.fec.XorKernel;
import io.longhaul.isal.ErasureLibrary;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class IsaLKernelTest {
    private static final long SEED = Long.getLong("longhaul.seed", 4L);

    @Test
    void bothKernelsGiveTheSameBytes() {
        final String reason = ErasureLibrary.unavailable().orElse("");
        assumeTrue(reason.isEmpty(), reason);
        try (Arena arena = Arena.ofConfined()) {
            final ErasureKernel isal = new IsaLKernel(arena);
            final SplittableRandom random = new SplittableRandom(SEED);
            for (int round = 0; round < 100; round++) {
                final int count = random.nextInt(1, 129);
                final int rows = random.nextInt(1, 17);
                final int bytes = random.nextInt(1, 40_000);
                final int lastBytes = random.nextInt(1, bytes + 1);
                final long seed = random.nextLong();
                final CodedGroup ours =
                        new CodedGroup(new XorKernel(), new SplittableRandom(seed), count, rows, bytes, lastBytes, 3);
                final CodedGroup theirs =
                        new CodedGroup(isal, new SplittableRandom(seed), count, rows, bytes, lastBytes, 3);
                final String where = "round " + round + ", seed " + SEED;
                assertArrayEquals(ours.parities(), theirs.parities(), where);
                assertTrue(theirs.repairs(new int[] {count / 2}, new int[] {rows - 1}), where);
            }
        }
    }
}
