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

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ReedSolomonTest {
    private static final long SEED = Long.getLong("longhaul.seed", 20_261_122L);

    private final SplittableRandom random = new SplittableRandom(SEED);

    @Test
    void theFieldIsTheOneOfRaid6AndIsaL() {
        // 2^8 = 0x1d; 1 / 2 = 0x8e.
        assertEquals(0x1d, GaloisField.multiply(0x80, 2));
        assertEquals(0x8e, GaloisField.inverse(2));
        for (int a = 1; a < 256; a++) {
            assertEquals(1, GaloisField.multiply(a, GaloisField.inverse(a)), "inverse of " + a);
            for (int b = 0; b < 256; b++) {
                assertEquals(slowProduct(a, b), GaloisField.multiply(a, b), a + " * " + b);
            }
        }
    }

    private static int slowProduct(int a, int b) {
        int product = 0;
        for (int bit = 0; bit < 8; bit++) {
            product ^= (b >>> bit & 1) != 0 ? a << bit : 0;
        }
        for (int bit = 14; bit >= 8; bit--) {
            product ^= (product >>> bit & 1) != 0 ? GaloisField.POLYNOMIAL << bit - 8 : 0;
        }
        return product;
    }

    @Test
    void theFirstParityIsThePlainSumAndAParityOfOneChunkIsTheChunk() {
        for (int i = 0; i < ReedSolomon.MAX_CHUNKS; i++) {
            assertEquals(1, CauchyMatrix.coefficient(0, i));
        }
        final CodedGroup one = new CodedGroup(new XorKernel(), random, 1, 16, 300, 300, 0);
        for (final byte[] parity : one.parities) {
            assertArrayEquals(one.chunks[0], parity);
        }
    }

    @Test
    void everyByteIsTheSumThatTheMatrixSays() {
        for (final int count : new int[] {1, 2, 7, 15, 16, 17, 31, 33, 100, 128}) {
            final int bytes = random.nextInt(1, 6000);
            final CodedGroup group =
                    new CodedGroup(new XorKernel(), random, count, 16, bytes, random.nextInt(1, bytes + 1), count / 2);
            for (int row = 0; row < 16; row++) {
                for (int at = 0; at < group.parityBytes; at += 1 + group.parityBytes / 50) {
                    final String where = "chunks " + count + ", row " + row + ", byte " + at + ", seed " + SEED;
                    assertEquals(group.parityByDefinition(row, at), group.parities[row][at] & 0xff, where);
                }
            }
        }
    }

    /// Every pattern of at most m erasures among chunks and parities: what is lost of the chunks comes back from
    /// the
    /// parities that are left.
    @Test
    void repairsEveryPatternOfErasuresOfSmallGroups() {
        int patterns = 0;
        for (int count = 1; count <= 7; count++) {
            for (int rows = 1; rows <= 5; rows++) {
                final CodedGroup group = new CodedGroup(new XorKernel(), random, count, rows, 41, 13, 3);
                for (int lost = 1; lost < 1 << count + rows; lost++) {
                    if (Integer.bitCount(lost) <= rows && (lost & (1 << count) - 1) != 0) {
                        patterns++;
                        assertTrue(repairs(group, count, rows, lost), "count " + count + " lost " + lost);
                    }
                }
            }
        }
        assertTrue(patterns > 5000, "only " + patterns + " patterns");
    }

    private static boolean repairs(CodedGroup group, int count, int rows, int lost) {
        final int[] missing = bits(lost & (1 << count) - 1);
        final int[] left = bits(~(lost >>> count) & (1 << rows) - 1);
        return group.repairs(missing, Arrays.copyOf(left, missing.length));
    }

    private static int[] bits(int mask) {
        final int[] found = new int[Integer.bitCount(mask)];
        int rest = mask;
        for (int i = 0; i < found.length; i++) {
            found[i] = Integer.numberOfTrailingZeros(rest);
            rest &= rest - 1;
        }
        return found;
    }

    @Test
    void repairsRandomErasuresOfLargeGroups() {
        for (int round = 0; round < 300; round++) {
            final int count = random.nextInt(1, 129);
            final int bytes = random.nextInt(1, 5000);
            final int lastBytes = random.nextInt(1, bytes + 1);
            final CodedGroup group = new CodedGroup(new XorKernel(), random, count, 16, bytes, lastBytes, count / 3);
            final int erasures = random.nextInt(1, Math.min(16, count) + 1);
            final int[] missing = drawn(erasures, count);
            final int[] rows = drawn(erasures, 16);
            final String where = "round " + round + ", chunks " + count + ", missing " + Arrays.toString(missing)
                    + ", rows " + Arrays.toString(rows) + ", seed " + SEED;
            assertTrue(group.repairs(missing, rows), where);
        }
    }

    private int[] drawn(int count, int below) {
        final int[] all = new int[below];
        Arrays.setAll(all, i -> i);
        for (int i = 0; i < count; i++) {
            final int other = random.nextInt(i, below);
            final int kept = all[i];
            all[i] = all[other];
            all[other] = kept;
        }
        final int[] some = Arrays.copyOf(all, count);
        Arrays.sort(some);
        return some;
    }

    /// Both ends must agree on the code: no version may change it unnoticed. The values were computed by another
    /// program.
    @Test
    void theCoefficientsAreThoseOfTheWireFormat() {
        final int[] columns = {0, 1, 2, 127};
        final int[] row1 = {1, 89, 5, 130};
        final int[] row15 = {1, 46, 205, 31};
        for (int i = 0; i < columns.length; i++) {
            assertEquals(row1[i], CauchyMatrix.coefficient(1, columns[i]));
            assertEquals(row15[i], CauchyMatrix.coefficient(15, columns[i]));
        }
    }
}
