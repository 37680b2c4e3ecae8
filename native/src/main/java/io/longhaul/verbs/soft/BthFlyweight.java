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

/// The base transport header, IBTA volume 1 chapter 9.2: the first 12 bytes of every packet.
///
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +---------------+-+-+---+-------+-------------------------------+
/// |    opcode     |S|M|Pad| TVer  |        partition key          |
/// +---------------+-+-+---+-------+-------------------------------+
/// |F|B| reserved  |            destination queue pair             |
/// +---------------+-----------------------------------------------+
/// |A|  reserved   |            packet sequence number             |
/// +---------------+-----------------------------------------------+
/// ```
final class BthFlyweight {
    static final int LENGTH_BYTES = 12;

    /// The byte that the ICRC does not protect (F, B, reserved).
    static final int UNPROTECTED_OFFSET = 4;

    static final int DEFAULT_PARTITION_KEY = 0xffff;
    static final int MASK_24 = 0xffffff;

    private static final int FLAGS_OFFSET = 1;
    private static final int PARTITION_KEY_OFFSET = 2;
    private static final int DESTINATION_OFFSET = 4;
    private static final int PSN_OFFSET = 8;
    private static final int SOLICITED_BIT = 0x80;
    private static final int PAD_SHIFT = 4;
    private static final int VERSION_MASK = 0xf;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private BthFlyweight() {}

    /// Writes the first word.
    ///
    /// @param padBytes 0..3 bytes between payload and ICRC
    static void writeOpcode(MemorySegment packet, long offset, int opcode, boolean solicited, int padBytes) {
        int flags = (solicited ? SOLICITED_BIT : 0) | padBytes << PAD_SHIFT;
        packet.set(INT, offset, opcode << 24 | flags << 16 | DEFAULT_PARTITION_KEY);
    }

    /// Writes destination and packet sequence number, each 24 bits.
    static void writeDestination(MemorySegment packet, long offset, int queuePair, int psn) {
        packet.set(INT, offset + DESTINATION_OFFSET, queuePair & MASK_24);
        packet.set(INT, offset + PSN_OFFSET, psn & MASK_24);
    }

    static int opcode(MemorySegment packet, long offset) {
        return packet.get(ValueLayout.JAVA_BYTE, offset) & 0xff;
    }

    static boolean isSolicited(MemorySegment packet, long offset) {
        return (packet.get(ValueLayout.JAVA_BYTE, offset + FLAGS_OFFSET) & SOLICITED_BIT) != 0;
    }

    static int padBytes(MemorySegment packet, long offset) {
        return packet.get(ValueLayout.JAVA_BYTE, offset + FLAGS_OFFSET) >> PAD_SHIFT & 3;
    }

    static int version(MemorySegment packet, long offset) {
        return packet.get(ValueLayout.JAVA_BYTE, offset + FLAGS_OFFSET) & VERSION_MASK;
    }

    static int partitionKey(MemorySegment packet, long offset) {
        return packet.get(SHORT, offset + PARTITION_KEY_OFFSET) & 0xffff;
    }

    static int destinationQueuePair(MemorySegment packet, long offset) {
        return packet.get(INT, offset + DESTINATION_OFFSET) & MASK_24;
    }

    static int psn(MemorySegment packet, long offset) {
        return packet.get(INT, offset + PSN_OFFSET) & MASK_24;
    }
}
