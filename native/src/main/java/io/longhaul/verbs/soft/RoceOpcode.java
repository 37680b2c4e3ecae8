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

/// BTH opcodes of UC and UD, and what they say about a packet.
///
/// Opcode = service (upper 3 bits: 1 UC, 3 UD) and operation (lower 5 bits), IBTA volume 1 chapter 9.2, table "OpCode
/// field".
final class RoceOpcode {
    static final int UC_SEND_FIRST = 0x20;
    static final int UC_SEND_MIDDLE = 0x21;
    static final int UC_SEND_LAST = 0x22;
    static final int UC_SEND_LAST_IMM = 0x23;
    static final int UC_SEND_ONLY = 0x24;
    static final int UC_SEND_ONLY_IMM = 0x25;
    static final int UC_WRITE_FIRST = 0x26;
    static final int UC_WRITE_MIDDLE = 0x27;
    static final int UC_WRITE_LAST = 0x28;
    static final int UC_WRITE_LAST_IMM = 0x29;
    static final int UC_WRITE_ONLY = 0x2a;
    static final int UC_WRITE_ONLY_IMM = 0x2b;
    static final int UD_SEND_ONLY = 0x64;
    static final int UD_SEND_ONLY_IMM = 0x65;

    /// [#traits]: the packet starts a message.
    static final int STARTS = 1;

    /// [#traits]: the packet ends a message.
    static final int ENDS = 2;

    /// [#traits]: an ImmDt header is there.
    static final int IMMEDIATE = 4;

    /// [#traits]: it belongs to an RDMA WRITE, else to a SEND.
    static final int WRITE = 8;

    /// [#traits]: a RETH is there.
    static final int RETH = 16;

    /// [#traits]: a DETH is there, the service is UD; else it is UC.
    static final int DATAGRAM = 32;

    /// [#traits]: the opcode is one of those above.
    static final int KNOWN = 64;

    // [opcode], length 256
    private static final byte[] TRAITS = new byte[256];

    static {
        TRAITS[UC_SEND_FIRST] = KNOWN | STARTS;
        TRAITS[UC_SEND_MIDDLE] = KNOWN;
        TRAITS[UC_SEND_LAST] = KNOWN | ENDS;
        TRAITS[UC_SEND_LAST_IMM] = KNOWN | ENDS | IMMEDIATE;
        TRAITS[UC_SEND_ONLY] = KNOWN | STARTS | ENDS;
        TRAITS[UC_SEND_ONLY_IMM] = KNOWN | STARTS | ENDS | IMMEDIATE;
        TRAITS[UC_WRITE_FIRST] = KNOWN | WRITE | STARTS | RETH;
        TRAITS[UC_WRITE_MIDDLE] = KNOWN | WRITE;
        TRAITS[UC_WRITE_LAST] = KNOWN | WRITE | ENDS;
        TRAITS[UC_WRITE_LAST_IMM] = KNOWN | WRITE | ENDS | IMMEDIATE;
        TRAITS[UC_WRITE_ONLY] = KNOWN | WRITE | STARTS | ENDS | RETH;
        TRAITS[UC_WRITE_ONLY_IMM] = KNOWN | WRITE | STARTS | ENDS | RETH | IMMEDIATE;
        TRAITS[UD_SEND_ONLY] = KNOWN | DATAGRAM | STARTS | ENDS;
        TRAITS[UD_SEND_ONLY_IMM] = KNOWN | DATAGRAM | STARTS | ENDS | IMMEDIATE;
    }

    private RoceOpcode() {}

    /// What an opcode says, as a sum of the bits above; 0 for one that this device does not speak.
    static int traits(int opcode) {
        return TRAITS[opcode & 0xff];
    }

    /// The length of the headers behind the BTH.
    static int extendedHeaderBytes(int traits) {
        int bytes = 0;
        if ((traits & DATAGRAM) != 0) {
            bytes += DethFlyweight.LENGTH_BYTES;
        }
        if ((traits & RETH) != 0) {
            bytes += RethFlyweight.LENGTH_BYTES;
        }
        if ((traits & IMMEDIATE) != 0) {
            bytes += ImmDtFlyweight.LENGTH_BYTES;
        }
        return bytes;
    }

    /// The UC opcode of a packet.
    ///
    /// @param write RDMA WRITE, else SEND
    /// @param first the packet starts the message
    /// @param last the packet ends the message
    /// @param immediate the message has immediate data
    static int uc(boolean write, boolean first, boolean last, boolean immediate) {
        int base = write ? UC_WRITE_FIRST : UC_SEND_FIRST;
        int position;
        if (last) {
            position = (first ? 4 : 2) + (immediate ? 1 : 0);
        } else {
            position = first ? 0 : 1;
        }
        return base + position;
    }
}
