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

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// The kernel in plain Java: XOR of whole words, which the just-in-time compiler turns into vector instructions.
///
/// With c = sum of c_b 2^b, the product c * d is the sum of 2^b * d over the bits that c has. So each row keeps eight
/// sums, one for each bit: sum b takes in those columns whose coefficient has bit b, four of eight on average, by XOR
/// alone. At the end they are joined by Horner's rule, seven doublings for the row whatever the number of columns:
/// result = ((sum_7 * 2 + sum_6) * 2 + ...) + sum_0. Doubling works on the eight bytes of a word at once.
public final class XorKernel implements ErasureKernel {
    private static final int WORDS = 256; // 2 KiB of a column: 16 columns and a few sums stay in the first-level cache
    private static final int BATCH = 16; // columns that are summed before the next ones are fetched
    private static final int BITS = 8;
    private static final long TOP_BITS = 0x8080_8080_8080_8080L;

    private final long[][] columns = new long[BATCH][WORDS];
    private final MemorySegment[] columnBytes = new MemorySegment[BATCH];
    private final long[][] chosen = new long[BATCH][];
    private long[][] sums = new long[0][]; // [row * 8 + bit]
    private MemorySegment[] rowBytes = new MemorySegment[0];
    private byte[] coefficients = new byte[0];
    private int stride;
    private int rows;
    private int words;
    private int firstColumn;
    private int held;

    /// Creates a kernel; it takes 32 KiB, and 16 KiB for each row of the largest use.
    public XorKernel() {
        for (int i = 0; i < BATCH; i++) {
            columnBytes[i] = MemorySegment.ofArray(columns[i]);
        }
    }

    @Override
    public int stretchBytes() {
        return WORDS * Long.BYTES;
    }

    @Override
    public void begin(byte[] matrix, int matrixStride, int rowCount, int columnCount, int bytes) {
        assert bytes > 0 && bytes <= stretchBytes() : "a stretch of " + bytes + " bytes";
        coefficients = matrix;
        stride = matrixStride;
        rows = rowCount;
        words = bytes + Long.BYTES - 1 >>> 3;
        firstColumn = 0;
        held = 0;
        reserve(rowCount);
        for (int i = 0; i < rowCount * BITS; i++) {
            Arrays.fill(sums[i], 0, words, 0);
        }
    }

    private void reserve(int rowCount) {
        final int before = rowBytes.length;
        if (before < rowCount) {
            sums = Arrays.copyOf(sums, rowCount * BITS);
            rowBytes = Arrays.copyOf(rowBytes, rowCount);
            for (int row = before; row < rowCount; row++) {
                for (int bit = 0; bit < BITS; bit++) {
                    sums[row * BITS + bit] = new long[WORDS];
                }
                rowBytes[row] = MemorySegment.ofArray(sums[row * BITS + BITS - 1]);
            }
        }
    }

    @Override
    public void add(MemorySegment source, long offset, int bytes) {
        final long[] column = columns[held];
        Arrays.fill(column, bytes >>> 3, words, 0);
        MemorySegment.copy(source, offset, columnBytes[held], 0, bytes);
        if (++held == BATCH) {
            sumUp();
        }
    }

    private void sumUp() {
        for (int row = 0; row < rows; row++) {
            for (int bit = 0; bit < BITS; bit++) {
                int count = 0;
                for (int i = 0; i < held; i++) {
                    if ((coefficients[row * stride + firstColumn + i] >>> bit & 1) != 0) {
                        chosen[count++] = columns[i];
                    }
                }
                addChosen(sums[row * BITS + bit], count);
            }
        }
        firstColumn += held;
        held = 0;
    }

    private void addChosen(long[] sum, int count) {
        final long[][] c = chosen;
        int i = 0;
        for (; i + 8 <= count; i += 8) {
            xor(sum, c[i], c[i + 1], c[i + 2], c[i + 3], words);
            xor(sum, c[i + 4], c[i + 5], c[i + 6], c[i + 7], words);
        }
        if ((count & 4) != 0) {
            xor(sum, c[i], c[i + 1], c[i + 2], c[i + 3], words);
            i += 4;
        }
        if ((count & 2) != 0) {
            xor(sum, c[i], c[i + 1], words);
            i += 2;
        }
        if ((count & 1) != 0) {
            xor(sum, c[i], words);
        }
    }

    private static void xor(long[] sum, long[] a, long[] b, long[] c, long[] d, int words) {
        for (int i = 0; i < words; i++) {
            sum[i] ^= a[i] ^ b[i] ^ c[i] ^ d[i];
        }
    }

    private static void xor(long[] sum, long[] a, long[] b, int words) {
        for (int i = 0; i < words; i++) {
            sum[i] ^= a[i] ^ b[i];
        }
    }

    private static void xor(long[] sum, long[] a, int words) {
        for (int i = 0; i < words; i++) {
            sum[i] ^= a[i];
        }
    }

    @Override
    public void finish() {
        if (held > 0) {
            sumUp();
        }
        for (int row = 0; row < rows; row++) {
            final long[] result = sums[row * BITS + BITS - 1];
            for (int bit = BITS - 2; bit >= 0; bit--) {
                doubleAndAdd(result, sums[row * BITS + bit], words);
            }
        }
    }

    // Eight bytes at once: those whose top bit falls out take 0x1d, which is bits 4, 3, 2 and 0.
    private static void doubleAndAdd(long[] result, long[] addend, int words) {
        for (int i = 0; i < words; i++) {
            final long word = result[i];
            final long top = word & TOP_BITS;
            result[i] = (word ^ top) << 1 ^ top >>> 3 ^ top >>> 4 ^ top >>> 5 ^ top >>> 7 ^ addend[i];
        }
    }

    @Override
    public void result(int row, MemorySegment target, long offset, int bytes) {
        MemorySegment.copy(rowBytes[row], 0, target, offset, bytes);
    }
}
