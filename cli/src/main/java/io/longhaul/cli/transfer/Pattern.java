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
package io.longhaul.cli.transfer;

import io.longhaul.cli.control.RefusalCode;
import io.longhaul.cli.control.RefusalException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Bytes that follow from a seed and their offset alone, so that both ends know them without sharing them, and cost no
/// more than a copy.
///
/// Each page of 4096 bytes is cut out of one random block at a random word, and its first word is its own: words of the
/// SplitMix64 finaliser, little-endian. Wrong bytes differ always. Bytes of another place differ where they have a
/// page's
/// first word; a piece without one is taken for the right one when both pages were cut at the same of 32768 words.
///
/// Threading: an instance, a source and a sink one thread each; {@link #fill(ByteBuffer, long, long)} any.
public final class Pattern {
    private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;
    private static final int PAGE_BYTES = 4096;
    private static final int STARTS = 1 << 15;
    private static final int BLOCK_BYTES = STARTS * Long.BYTES + PAGE_BYTES;

    private final long seed;
    private final ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    /// Makes the pattern of a seed.
    public Pattern(long seed) {
        this.seed = seed;
        for (int at = 0; at < BLOCK_BYTES; at += Long.BYTES) {
            block.putLong(at, mixed(seed, at));
        }
    }

    /// Fills the remaining bytes of a buffer.
    ///
    /// @param offset place of the first byte in the pattern, a multiple of 8
    public static void fill(ByteBuffer target, long seed, long offset) {
        new Pattern(seed).fill(target, offset);
    }

    /// Fills the remaining bytes of a buffer.
    ///
    /// @param offset place of the first byte in the pattern, a multiple of 8
    public void fill(ByteBuffer target, long offset) {
        requireWord(offset);
        final ByteOrder order = target.order();
        target.order(ByteOrder.LITTLE_ENDIAN);
        final int limit = target.limit();
        long place = offset;
        for (int at = target.position(), length; at < limit; at += length, place += length) {
            length = Math.min(limit - at, restOfPage(place));
            target.put(at, block, blockOffset(place), length);
            if (isPageStart(place)) {
                putFirstWord(target, at, length, place);
            }
        }
        target.position(limit).order(order);
    }

    /// Compares the remaining bytes of a buffer, whose position stays.
    ///
    /// @param offset place of the first byte in the pattern, a multiple of 8
    /// @return how many bytes from the position the first wrong byte is, -1 when all are right
    public int mismatch(ByteBuffer bytes, long offset) {
        requireWord(offset);
        final ByteBuffer given = bytes.duplicate();
        final ByteBuffer expected = block.duplicate();
        final int limit = given.limit();
        long place = offset;
        for (int at = given.position(), length; at < limit; at += length, place += length) {
            length = Math.min(limit - at, restOfPage(place));
            int skipped = 0;
            if (isPageStart(place)) {
                skipped = Math.min(Long.BYTES, length);
                final int wrong = wrongInFirstWord(bytes, at, skipped, place);
                if (wrong >= 0) {
                    return at - bytes.position() + wrong;
                }
            }
            given.limit(at + length).position(at + skipped);
            expected.clear().limit(blockOffset(place) + length).position(blockOffset(place) + skipped);
            final int mismatch = given.mismatch(expected);
            if (mismatch >= 0) {
                return at - bytes.position() + skipped + mismatch;
            }
        }
        return -1;
    }

    private static void requireWord(long offset) {
        if ((offset & 7) != 0) {
            throw new IllegalArgumentException("offset=" + offset + " is no multiple of 8");
        }
    }

    private static boolean isPageStart(long place) {
        return (place & (PAGE_BYTES - 1)) == 0;
    }

    private static int restOfPage(long place) {
        return PAGE_BYTES - (int) (place & (PAGE_BYTES - 1));
    }

    private int blockOffset(long place) {
        final int start = (int) mixed(seed, place & -PAGE_BYTES) & (STARTS - 1);
        return start * Long.BYTES + (int) (place & (PAGE_BYTES - 1));
    }

    private long firstWord(long place) {
        return mixed(~seed, place);
    }

    private void putFirstWord(ByteBuffer target, int at, int length, long place) {
        if (length >= Long.BYTES) {
            target.putLong(at, firstWord(place));
            return;
        }
        long rest = firstWord(place);
        for (int i = 0; i < length; i++, rest >>>= Byte.SIZE) {
            target.put(at + i, (byte) rest);
        }
    }

    private int wrongInFirstWord(ByteBuffer bytes, int at, int length, long place) {
        long rest = firstWord(place);
        for (int i = 0; i < length; i++, rest >>>= Byte.SIZE) {
            if (bytes.get(at + i) != (byte) rest) {
                return i;
            }
        }
        return -1;
    }

    private static long mixed(long seed, long number) {
        long z = seed + GOLDEN * (number + 1);
        z = (z ^ (z >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D0_49BB_1331_11EBL;
        return z ^ (z >>> 31);
    }

    /// A source of generated bytes.
    public static BlockSource source(long seed) {
        final Pattern pattern = new Pattern(seed);
        return (offset, target) -> pattern.fill(target, offset);
    }

    /// A sink that compares every byte.
    public static BlockSink sink(long seed) {
        return new Sink(new Pattern(seed));
    }

    private record Sink(Pattern pattern) implements BlockSink {
        @Override
        public void write(long offset, ByteBuffer block) throws RefusalException {
            final int mismatch = pattern.mismatch(block, offset);
            if (mismatch >= 0) {
                throw new RefusalException(
                        RefusalCode.DIGEST_MISMATCH, "byte " + (offset + mismatch) + " arrived with a wrong value");
            }
            block.position(block.limit());
        }

        @Override
        public void commit() {}
    }
}
