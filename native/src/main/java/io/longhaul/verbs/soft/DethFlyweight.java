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

/// The datagram extended transport header, IBTA volume 1 chapter 9.3: who sent a UD packet, and with which key.
///
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +---------------------------------------------------------------+
/// |                           queue key                           |
/// +---------------+-----------------------------------------------+
/// |   reserved    |               source queue pair               |
/// +---------------+-----------------------------------------------+
/// ```
final class DethFlyweight {
    static final int LENGTH_BYTES = 8;

    private static final int SOURCE_OFFSET = 4;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private DethFlyweight() {}

    static void write(MemorySegment packet, long offset, int queueKey, int sourceQueuePair) {
        packet.set(INT, offset, queueKey);
        packet.set(INT, offset + SOURCE_OFFSET, sourceQueuePair & BthFlyweight.MASK_24);
    }

    static int queueKey(MemorySegment packet, long offset) {
        return packet.get(INT, offset);
    }

    static int sourceQueuePair(MemorySegment packet, long offset) {
        return packet.get(INT, offset + SOURCE_OFFSET) & BthFlyweight.MASK_24;
    }
}
