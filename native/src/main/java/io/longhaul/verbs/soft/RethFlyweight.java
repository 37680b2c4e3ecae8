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
package io.longhaul.verbs.soft;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// The RDMA extended transport header, IBTA volume 1 chapter 9.3: where an RDMA WRITE goes.
///
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +---------------------------------------------------------------+
/// |                   virtual address (64 bits)                   |
/// |                                                               |
/// +---------------------------------------------------------------+
/// |                          remote key                           |
/// +---------------------------------------------------------------+
/// |                  length of the whole message                  |
/// +---------------------------------------------------------------+
/// ```
final class RethFlyweight {
    static final int LENGTH_BYTES = 16;

    private static final int KEY_OFFSET = 8;
    private static final int LENGTH_OFFSET = 12;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private RethFlyweight() {}

    static void write(MemorySegment packet, long offset, long address, int remoteKey, int lengthBytes) {
        packet.set(LONG, offset, address);
        packet.set(INT, offset + KEY_OFFSET, remoteKey);
        packet.set(INT, offset + LENGTH_OFFSET, lengthBytes);
    }

    static long address(MemorySegment packet, long offset) {
        return packet.get(LONG, offset);
    }

    static int remoteKey(MemorySegment packet, long offset) {
        return packet.get(INT, offset + KEY_OFFSET);
    }

    /// The length of the whole message, 0..2^32-1.
    static long lengthBytes(MemorySegment packet, long offset) {
        return packet.get(INT, offset + LENGTH_OFFSET) & 0xffffffffL;
    }
}
