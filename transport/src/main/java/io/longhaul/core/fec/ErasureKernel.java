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

/// Multiplies a matrix over GF(2^8) with columns of bytes: the one expensive step of encoding and decoding.
///
/// For each stretch of at most {@link #stretchBytes}: {@link #begin}, {@link #add} for every column in order,
/// {@link #finish}, {@link #result} for each row. All implementations give the same bytes.
///
/// Threading: one thread.
public interface ErasureKernel {
    /// Most bytes of a column that are worked on at a time.
    int stretchBytes();

    /// Starts a stretch.
    ///
    /// @param coefficients [row * stride + column], not changed until {@link #finish}
    /// @param rows 1..16
    /// @param columns 1..128
    /// @param bytes length of the stretch, 1..{@link #stretchBytes}
    void begin(byte[] coefficients, int stride, int rows, int columns, int bytes);

    /// Gives the bytes of the next column; what is missing to the stretch counts as zeros.
    ///
    /// @param bytes 0..the length of the stretch
    void add(MemorySegment source, long offset, int bytes);

    /// Computes the rows.
    void finish();

    /// Copies the first {@code bytes} bytes of a row.
    void result(int row, MemorySegment target, long offset, int bytes);
}
