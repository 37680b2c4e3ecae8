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
package io.longhaul.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A program for the kernel (classic BPF, `linux/filter.h`) that drops what cannot be a RoCEv2 packet for a device of
/// this project, before it takes room in the socket's buffer or wakes anybody: shorter than BTH and ICRC, an opcode
/// that
/// is neither of UC nor of UD, another transport version, another partition than the default one.
///
/// Everything that it lets through is checked again: it sees only the first of several packets that the kernel has
/// joined, and a kernel may not take it.
//= IBTA volume 1 §9.2
final class RoceFilter {
    private static final int INSTRUCTION_BYTES = 8;
    private static final int UDP_HEADER_BYTES = 8; // a filter of a UDP socket sees the header, too
    private static final int LEAST_BYTES = UDP_HEADER_BYTES + 12 + 4; // BTH, ICRC
    private static final int VERSION_OFFSET = UDP_HEADER_BYTES + 1;
    private static final int PARTITION_OFFSET = UDP_HEADER_BYTES + 2;

    private static final int LOAD_LENGTH = 0x80; // BPF_LD | BPF_W | BPF_LEN
    private static final int LOAD_BYTE = 0x30; // BPF_LD | BPF_B | BPF_ABS
    private static final int LOAD_HALF = 0x28; // BPF_LD | BPF_H | BPF_ABS
    private static final int AND = 0x54; // BPF_ALU | BPF_AND | BPF_K
    private static final int JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    private static final int JUMP_ABOVE = 0x25; // BPF_JMP | BPF_JGT | BPF_K
    private static final int JUMP_FROM = 0x35; // BPF_JMP | BPF_JGE | BPF_K
    private static final int RETURN = 6; // BPF_RET | BPF_K: how many bytes are kept

    // [instruction]: code, instructions to skip when the comparison holds, and when it does not, operand
    private static final int[][] PROGRAM = {
        {LOAD_LENGTH, 0, 0, 0},
        {JUMP_FROM, 0, 12, LEAST_BYTES},
        {LOAD_BYTE, 0, 0, UDP_HEADER_BYTES},
        {JUMP_FROM, 0, 10, 0x20}, // UC: 0x20..0x2b
        {JUMP_ABOVE, 0, 2, 0x2b},
        {JUMP_EQUAL, 1, 0, 0x64}, // UD: 0x64 and 0x65
        {JUMP_EQUAL, 0, 7, 0x65},
        {LOAD_BYTE, 0, 0, VERSION_OFFSET},
        {AND, 0, 0, 0x0f},
        {JUMP_EQUAL, 0, 4, 0},
        {LOAD_HALF, 0, 0, PARTITION_OFFSET},
        {AND, 0, 0, 0x7fff},
        {JUMP_EQUAL, 0, 1, 0x7fff},
        {RETURN, 0, 0, -1},
        {RETURN, 0, 0, 0}
    };

    /// Bytes of a `struct sock_fprog`: number of instructions, and their address.
    static final int BYTES = 16;

    private RoceFilter() {}

    /// Writes the program into memory of an arena.
    ///
    /// @return a `struct sock_fprog` of {@link #BYTES}
    static MemorySegment program(Arena arena) {
        MemorySegment instructions = arena.allocate((long) PROGRAM.length * INSTRUCTION_BYTES, 8);
        for (int i = 0; i < PROGRAM.length; i++) {
            long at = (long) i * INSTRUCTION_BYTES;
            int[] line = PROGRAM[i];
            instructions.set(JAVA_SHORT, at, (short) line[0]);
            instructions.set(JAVA_SHORT, at + 2, (short) (line[1] | line[2] << 8)); // u8 jt, u8 jf; little-endian
            instructions.set(JAVA_INT, at + 4, line[3]);
        }
        MemorySegment program = arena.allocate(BYTES, 8);
        program.set(JAVA_SHORT, 0, (short) PROGRAM.length);
        program.set(JAVA_LONG, 8, instructions.address());
        return program;
    }
}
