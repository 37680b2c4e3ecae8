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

/// A systematic Reed-Solomon code over GF(2^8): up to 16 parities of up to 128 chunks repair as many erasures as there
/// are parities, whichever they are.
///
/// Chunks may differ in length: they count as filled up with zeros to the length of a parity. The matrix is
/// {@link CauchyMatrix}; its coefficients do not depend on the number of chunks, so a group of 5 chunks is one of 128
/// with 123 chunks of zeros.
///
/// Threading: one thread. Allocates nothing after its creation.
public final class ReedSolomon {
    /// Most chunks of a group.
    public static final int MAX_CHUNKS = 128;

    /// Most parities of a group.
    public static final int MAX_ROWS = 16;

    private final ErasureKernel kernel;
    private final int[] erased = new int[MAX_ROWS];
    private final int[] parityRow = new int[MAX_ROWS];
    private final int[] square = new int[MAX_ROWS * MAX_ROWS];
    private final int[] inverse = new int[MAX_ROWS * MAX_ROWS];
    private final byte[] repair = new byte[MAX_ROWS * MAX_CHUNKS];

    /// Creates a codec on a kernel.
    public ReedSolomon(ErasureKernel kernel) {
        this.kernel = kernel;
    }

    /// Computes the parities of a group.
    ///
    /// @param chunks all chunks of the group, 1..128
    /// @param rows parities, 1..16
    /// @param bytes length of a parity: of the longest chunk
    /// @param parity where row r goes to {@code offset + r * stride}
    public void encode(Shards chunks, int rows, int bytes, MemorySegment parity, long offset, long stride) {
        multiply(CauchyMatrix.coefficients(), chunks, rows, bytes, parity, offset, stride);
    }

    private void multiply(
            byte[] matrix, Shards columns, int rows, int bytes, MemorySegment out, long offset, long stride) {
        final int stretch = kernel.stretchBytes();
        for (int at = 0; at < bytes; at += stretch) {
            final int length = Math.min(stretch, bytes - at);
            kernel.begin(matrix, MAX_CHUNKS, rows, columns.count(), length);
            for (int i = 0; i < columns.count(); i++) {
                final int rest = Math.clamp(columns.bytes(i) - at, 0, length);
                kernel.add(columns.segment(i), rest == 0 ? 0 : columns.offset(i) + at, rest);
            }
            kernel.finish();
            for (int row = 0; row < rows; row++) {
                kernel.result(row, out, offset + row * stride + at, length);
            }
        }
    }

    /// Repairs a group.
    ///
    /// @param chunkCount chunks of the group, present and missing, 1..128
    /// @param missing indexes of the missing chunks, ascending
    /// @param rows rows of the parities that are used, all different; as many as are missing
    /// @param erasures how many entries of {@code missing} and {@code rows} count, 1..16
    /// @param known the present chunks in ascending order of their index, then the parities in the order of {@code
    /// rows}
    /// @param bytes length of a parity
    /// @param out where missing chunk i goes to {@code offset + i * stride}, filled up with zeros to the length of
    /// a parity
    public void decode(int chunkCount, int[] missing, int[] rows, int erasures, Shards known, int bytes, Target out) {
        assert known.count() == chunkCount : "as many parities as erasures";
        System.arraycopy(missing, 0, erased, 0, erasures);
        System.arraycopy(rows, 0, parityRow, 0, erasures);
        invert(erasures);
        fillRepairMatrix(chunkCount, erasures);
        multiply(repair, known, erasures, bytes, out.segment(), out.offset(), out.stride());
    }

    /// Where repaired chunks go: chunk i to {@code offset + i * stride}.
    public record Target(MemorySegment segment, long offset, long stride) {}

    // parity_r + sum over present chunks of coefficient(r, c) * chunk_c = sum over missing chunks of coefficient(r, c)
    // *
    // chunk_c. The inverse of the right-hand matrix, applied to the left-hand side, gives the missing chunks.
    private void fillRepairMatrix(int chunkCount, int erasures) {
        for (int i = 0; i < erasures; i++) {
            int column = 0;
            int skipped = 0;
            for (int chunk = 0; chunk < chunkCount; chunk++) {
                if (skipped < erasures && erased[skipped] == chunk) {
                    skipped++;
                    continue;
                }
                int sum = 0;
                for (int r = 0; r < erasures; r++) {
                    sum ^= GaloisField.multiply(
                            inverse[i * MAX_ROWS + r], CauchyMatrix.coefficient(parityRow[r], chunk));
                }
                repair[i * MAX_CHUNKS + column++] = (byte) sum;
            }
            for (int r = 0; r < erasures; r++) {
                repair[i * MAX_CHUNKS + column++] = (byte) inverse[i * MAX_ROWS + r];
            }
        }
    }

    // Gauss-Jordan on the coefficients of the missing chunks. Every square submatrix of a Cauchy matrix is regular, and
    // so
    // is every leading one of it: no pivot is zero, no rows are exchanged.
    private void invert(int size) {
        for (int r = 0; r < size; r++) {
            for (int c = 0; c < size; c++) {
                square[r * MAX_ROWS + c] = CauchyMatrix.coefficient(parityRow[r], erased[c]);
                inverse[r * MAX_ROWS + c] = r == c ? 1 : 0;
            }
        }
        for (int pivot = 0; pivot < size; pivot++) {
            scale(pivot, GaloisField.inverse(square[pivot * MAX_ROWS + pivot]), size);
            for (int r = 0; r < size; r++) {
                if (r != pivot) {
                    subtract(r, pivot, square[r * MAX_ROWS + pivot], size);
                }
            }
        }
    }

    private void scale(int row, int factor, int size) {
        for (int c = row * MAX_ROWS; c < row * MAX_ROWS + size; c++) {
            square[c] = GaloisField.multiply(square[c], factor);
            inverse[c] = GaloisField.multiply(inverse[c], factor);
        }
    }

    private void subtract(int row, int other, int factor, int size) {
        for (int c = 0; c < size; c++) {
            square[row * MAX_ROWS + c] ^= GaloisField.multiply(factor, square[other * MAX_ROWS + c]);
            inverse[row * MAX_ROWS + c] ^= GaloisField.multiply(factor, inverse[other * MAX_ROWS + c]);
        }
    }
}
