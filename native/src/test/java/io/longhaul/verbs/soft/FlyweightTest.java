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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class FlyweightTest {
    private final MemorySegment packet = Arena.ofAuto().allocate(64, 8);

    @Test
    void bthHasTheBytesOfTheSpecification() {
        BthFlyweight.writeOpcode(packet, 0, RoceOpcode.UC_WRITE_ONLY_IMM, true, 3);
        BthFlyweight.writeDestination(packet, 0, 0xff123456, 0xff654321);
        assertEquals("2bb0ffff" + "00123456" + "00654321", hex(12));
        assertEquals(RoceOpcode.UC_WRITE_ONLY_IMM, BthFlyweight.opcode(packet, 0));
        assertTrue(BthFlyweight.isSolicited(packet, 0));
        assertEquals(3, BthFlyweight.padBytes(packet, 0));
        assertEquals(0, BthFlyweight.version(packet, 0));
        assertEquals(0xffff, BthFlyweight.partitionKey(packet, 0));
        assertEquals(0x123456, BthFlyweight.destinationQueuePair(packet, 0));
        assertEquals(0x654321, BthFlyweight.psn(packet, 0));
        BthFlyweight.writeOpcode(packet, 0, RoceOpcode.UD_SEND_ONLY, false, 0);
        assertFalse(BthFlyweight.isSolicited(packet, 0));
    }

    @Test
    void bthOfARealNicIsRead() {
        byte[] captured = HexFormat.of().parseHex("2460ffff000000d300cf1710");
        MemorySegment.copy(captured, 0, packet, ValueLayout.JAVA_BYTE, 0, captured.length);
        assertEquals(RoceOpcode.UC_SEND_ONLY, BthFlyweight.opcode(packet, 0));
        assertEquals(2, BthFlyweight.padBytes(packet, 0));
        assertEquals(211, BthFlyweight.destinationQueuePair(packet, 0));
        assertEquals(13_571_856, BthFlyweight.psn(packet, 0));
    }

    @Test
    void extendedHeadersHaveTheBytesOfTheSpecification() {
        DethFlyweight.write(packet, 0, 0x80010203, 0xff00abcd);
        assertEquals("80010203" + "0000abcd", hex(8));
        assertEquals(0x80010203, DethFlyweight.queueKey(packet, 0));
        assertEquals(0xabcd, DethFlyweight.sourceQueuePair(packet, 0));

        RethFlyweight.write(packet, 0, 0x0102030405060708L, 0x11223344, 0xf0000001);
        assertEquals("0102030405060708" + "11223344" + "f0000001", hex(16));
        assertEquals(0x0102030405060708L, RethFlyweight.address(packet, 0));
        assertEquals(0x11223344, RethFlyweight.remoteKey(packet, 0));
        assertEquals(0xf0000001L, RethFlyweight.lengthBytes(packet, 0));

        ImmDtFlyweight.write(packet, 0, 0xcafebabe);
        assertEquals("cafebabe", hex(4));
        assertEquals(0xcafebabe, ImmDtFlyweight.immediate(packet, 0));
    }

    @Test
    void opcodesTellTheirHeaders() {
        int known = 0;
        for (int opcode = 0; opcode < 256; opcode++) {
            known += RoceOpcode.traits(opcode) != 0 ? 1 : 0;
        }
        assertEquals(14, known);
        assertEquals(0, RoceOpcode.extendedHeaderBytes(RoceOpcode.traits(RoceOpcode.UC_SEND_MIDDLE)));
        assertEquals(20, RoceOpcode.extendedHeaderBytes(RoceOpcode.traits(RoceOpcode.UC_WRITE_ONLY_IMM)));
        assertEquals(12, RoceOpcode.extendedHeaderBytes(RoceOpcode.traits(RoceOpcode.UD_SEND_ONLY_IMM)));
        assertEquals(0, RoceOpcode.traits(0x81));
    }

    @Test
    void opcodeFollowsFromThePositionInTheMessage() {
        assertEquals(RoceOpcode.UC_SEND_ONLY, RoceOpcode.uc(false, true, true, false));
        assertEquals(RoceOpcode.UC_SEND_FIRST, RoceOpcode.uc(false, true, false, true));
        assertEquals(RoceOpcode.UC_SEND_MIDDLE, RoceOpcode.uc(false, false, false, true));
        assertEquals(RoceOpcode.UC_SEND_LAST_IMM, RoceOpcode.uc(false, false, true, true));
        assertEquals(RoceOpcode.UC_WRITE_FIRST, RoceOpcode.uc(true, true, false, false));
        assertEquals(RoceOpcode.UC_WRITE_LAST, RoceOpcode.uc(true, false, true, false));
        assertEquals(RoceOpcode.UC_WRITE_ONLY_IMM, RoceOpcode.uc(true, true, true, true));
    }

    private String hex(int bytes) {
        return HexFormat.of().formatHex(packet.asSlice(0, bytes).toArray(ValueLayout.JAVA_BYTE));
    }
}
