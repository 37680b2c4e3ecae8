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
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;

/// A group of chunks with its parities, from which chunks can be taken away and repaired.
public final class CodedGroup {
    final byte[][] chunks;
    final byte[][] parities;
    final int parityBytes;
    private final ReedSolomon codec;
    private final Shards shards = new Shards();

    /// Makes chunks of random bytes; the last one may be shorter, and the first {@code shortFirst} are 7 bytes
    /// shorter.
    public CodedGroup(
            ErasureKernel kernel,
            SplittableRandom random,
            int count,
            int rows,
            int bytes,
            int lastBytes,
            int shortFirst) {
        codec = new ReedSolomon(kernel);
        parityBytes = count == 1 ? lastBytes : bytes;
        chunks = new byte[count][];
        for (int i = 0; i < count; i++) {
            chunks[i] = new byte[i == count - 1 ? lastBytes : i < shortFirst ? Math.max(0, bytes - 7) : bytes];
            random.nextBytes(chunks[i]);
        }
        final byte[] all = new byte[rows * parityBytes];
        for (final byte[] chunk : chunks) {
            shards.add(MemorySegment.ofArray(chunk), 0, chunk.length);
        }
        codec.encode(shards, rows, parityBytes, MemorySegment.ofArray(all), 0, parityBytes);
        shards.clear();
        parities = new byte[rows][];
        for (int row = 0; row < rows; row++) {
            parities[row] = Arrays.copyOfRange(all, row * parityBytes, (row + 1) * parityBytes);
        }
    }

    /// The parities, one after the other.
    public byte[][] parities() {
        return parities;
    }

    /// Byte {@code at} of a parity by the definition: the sum of coefficient times byte.
    int parityByDefinition(int row, int at) {
        int sum = 0;
        for (int c = 0; c < chunks.length; c++) {
            final int value = at < chunks[c].length ? chunks[c][at] & 0xff : 0;
            sum ^= GaloisField.multiply(CauchyMatrix.coefficient(row, c), value);
        }
        return sum;
    }

    /// Takes chunks away, repairs them from given parities, and says whether all of their bytes came back.
    public boolean repairs(int[] missing, int[] rows) {
        int next = 0;
        for (int i = 0; i < chunks.length; i++) {
            if (next < missing.length && missing[next] == i) {
                next++;
            } else {
                shards.add(MemorySegment.ofArray(chunks[i]), 0, chunks[i].length);
            }
        }
        for (final int row : rows) {
            shards.add(MemorySegment.ofArray(parities[row]), 0, parityBytes);
        }
        final MemorySegment out = MemorySegment.ofArray(new byte[missing.length * parityBytes + 3]);
        codec.decode(
                chunks.length,
                missing,
                rows,
                missing.length,
                shards,
                parityBytes,
                new ReedSolomon.Target(out, 3, parityBytes));
        shards.clear();
        for (int i = 0; i < missing.length; i++) {
            final byte[] wanted = Arrays.copyOf(chunks[missing[i]], parityBytes);
            final byte[] got =
                    out.asSlice(3 + (long) i * parityBytes, parityBytes).toArray(ValueLayout.JAVA_BYTE);
            if (!Arrays.equals(wanted, got)) {
                return false;
            }
        }
        return true;
    }
}
