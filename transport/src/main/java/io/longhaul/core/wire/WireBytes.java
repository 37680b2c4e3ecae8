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
package io.longhaul.core.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Unaligned big-endian access to packet bytes: network order, as everything in our frames.
public final class WireBytes {
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private WireBytes() {}

    /// Unsigned byte, 0..255.
    public static int u8(MemorySegment segment, long offset) {
        return segment.get(ValueLayout.JAVA_BYTE, offset) & 0xff;
    }

    /// Stores the low 8 bits.
    public static void u8(MemorySegment segment, long offset, int value) {
        segment.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
    }

    /// Unsigned 16 bits, 0..65535.
    public static int u16(MemorySegment segment, long offset) {
        return segment.get(U16, offset) & 0xffff;
    }

    /// Stores the low 16 bits.
    public static void u16(MemorySegment segment, long offset, int value) {
        segment.set(U16, offset, (short) value);
    }

    /// Unsigned 32 bits as a long, 0..2^32-1.
    public static long u32(MemorySegment segment, long offset) {
        return segment.get(U32, offset) & 0xffff_ffffL;
    }

    /// Stores the low 32 bits.
    public static void u32(MemorySegment segment, long offset, long value) {
        segment.set(U32, offset, (int) value);
    }

    /// 64 bits.
    public static long u64(MemorySegment segment, long offset) {
        return segment.get(U64, offset);
    }

    /// Stores 64 bits.
    public static void u64(MemorySegment segment, long offset, long value) {
        segment.set(U64, offset, value);
    }

    /// Bytes that a value takes as a variable-length integer, 1..10.
    public static int varintBytes(long value) {
        return value == 0 ? 1 : (70 - Long.numberOfLeadingZeros(value)) / 7;
    }

    /// Stores a variable-length integer: 7 bits a byte, least significant first, high bit set on all but the last.
    ///
    /// @return the offset behind it
    public static long putVarint(MemorySegment segment, long offset, long value) {
        long at = offset;
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            u8(segment, at++, (int) (rest & 0x7f) | 0x80);
            rest >>>= 7;
        }
        u8(segment, at++, (int) rest);
        return at;
    }
}
