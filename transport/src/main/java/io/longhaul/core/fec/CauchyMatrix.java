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

/// Coefficients of the code: parity row r of a group is the sum of coefficient(r, c) times chunk c.
///
/// The Cauchy matrix 1 / (x_r + y_c) with x_r = 128 + r and y_c = c, whose every square submatrix can be inverted: that
/// is what makes any {@code m} parities repair any {@code m} erasures. Each column and then each row is divided by its
/// first coefficient, which leaves that property alone. So row 0 and column 0 are all ones: one parity is a plain XOR,
/// and every parity of a group of one chunk is that chunk. The coefficients do not depend on the size of the group.
final class CauchyMatrix {
    private static final byte[] COEFFICIENTS = new byte[ReedSolomon.MAX_ROWS * ReedSolomon.MAX_CHUNKS];

    static {
        for (int row = 0; row < ReedSolomon.MAX_ROWS; row++) {
            for (int column = 0; column < ReedSolomon.MAX_CHUNKS; column++) {
                // 1 / (x_r + y_c), divided by its column's in row 0, and by the row's in column 0 after that.
                final int ones = GaloisField.multiply(sum(0, column), sum(row, 0));
                final int over = GaloisField.multiply(sum(row, column), sum(0, 0));
                COEFFICIENTS[row * ReedSolomon.MAX_CHUNKS + column] =
                        (byte) GaloisField.multiply(ones, GaloisField.inverse(over));
            }
        }
    }

    private CauchyMatrix() {}

    private static int sum(int row, int column) {
        return ReedSolomon.MAX_CHUNKS + row ^ column;
    }

    /// Coefficient of a chunk in a parity row, 1..255.
    static int coefficient(int row, int column) {
        return COEFFICIENTS[row * ReedSolomon.MAX_CHUNKS + column] & 0xff;
    }

    /// All coefficients, [row * 128 + column]; not to be changed.
    static byte[] coefficients() {
        return COEFFICIENTS;
    }
}
