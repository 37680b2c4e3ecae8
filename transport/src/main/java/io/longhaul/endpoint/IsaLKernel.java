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

import io.longhaul.core.fec.ErasureKernel;
import io.longhaul.core.fec.ReedSolomon;
import io.longhaul.isal.ErasureLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The kernel of erasure coding by ISA-L, where it is installed: the same bytes as the one in Java, several times as
/// fast.
///
/// Columns are copied into memory of its own, 2.4 MiB that live as long as the arena, so that they may come from any
/// kind
/// of memory and have any length.
///
/// Threading: one thread.
public final class IsaLKernel implements ErasureKernel {
    private static final int STRETCH_BYTES = 16 * 1024;
    private static final int ALIGNMENT = 64;
    private static final int STRIDE_BYTES =
            STRETCH_BYTES + 2 * ALIGNMENT; // not a power of two: one cache set would take all

    private final MemorySegment columns;
    private final MemorySegment rows;
    private final MemorySegment sources;
    private final MemorySegment results;
    private final MemorySegment matrix;
    private final MemorySegment tables;
    private int rowCount;
    private int columnCount;
    private int held;
    private int stretch;

    /// Creates a kernel; {@link ErasureLibrary#unavailable} named no reason.
    public IsaLKernel(Arena arena) {
        columns = arena.allocate((long) ReedSolomon.MAX_CHUNKS * STRIDE_BYTES, ALIGNMENT);
        rows = arena.allocate((long) ReedSolomon.MAX_ROWS * STRIDE_BYTES, ALIGNMENT);
        sources = arena.allocate(ValueLayout.JAVA_LONG, ReedSolomon.MAX_CHUNKS);
        results = arena.allocate(ValueLayout.JAVA_LONG, ReedSolomon.MAX_ROWS);
        final long coefficients = (long) ReedSolomon.MAX_ROWS * ReedSolomon.MAX_CHUNKS;
        matrix = arena.allocate(coefficients);
        tables = arena.allocate(coefficients * ErasureLibrary.TABLE_BYTES, ALIGNMENT);
        for (int i = 0; i < ReedSolomon.MAX_CHUNKS; i++) {
            sources.setAtIndex(ValueLayout.JAVA_LONG, i, columns.address() + (long) i * STRIDE_BYTES);
        }
        for (int i = 0; i < ReedSolomon.MAX_ROWS; i++) {
            results.setAtIndex(ValueLayout.JAVA_LONG, i, rows.address() + (long) i * STRIDE_BYTES);
        }
    }

    @Override
    public int stretchBytes() {
        return STRETCH_BYTES;
    }

    @Override
    public void begin(byte[] coefficients, int stride, int newRows, int newColumns, int bytes) {
        assert bytes > 0 && bytes <= STRETCH_BYTES : "a stretch of " + bytes + " bytes";
        rowCount = newRows;
        columnCount = newColumns;
        stretch = bytes;
        held = 0;
        for (int row = 0; row < newRows; row++) {
            MemorySegment.copy(
                    coefficients, row * stride, matrix, ValueLayout.JAVA_BYTE, (long) row * newColumns, newColumns);
        }
        ErasureLibrary.ecInitTables(newColumns, newRows, matrix.address(), tables.address());
    }

    @Override
    public void add(MemorySegment source, long offset, int bytes) {
        final long at = (long) held++ * STRIDE_BYTES;
        MemorySegment.copy(source, offset, columns, at, bytes);
        if (bytes < stretch) {
            columns.asSlice(at + bytes, stretch - bytes).fill((byte) 0);
        }
    }

    @Override
    public void finish() {
        ErasureLibrary.ecEncodeData(
                stretch, columnCount, rowCount, tables.address(), sources.address(), results.address());
    }

    @Override
    public void result(int row, MemorySegment target, long offset, int bytes) {
        MemorySegment.copy(rows, (long) row * STRIDE_BYTES, target, offset, bytes);
    }
}
