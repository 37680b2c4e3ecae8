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

/// Asks for an answer, or is one: keep-alive, path MTU probe, credit probe.
///
/// {@snippet lang=text :
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   type = 5    |     flags     |     size of the packet        |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                           nonce, 64                           |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |     message credit wanted, 64 (flag BLOCKED), else 0          |
/// }
public final class ProbeFlyweight {
    /// This is an answer; nonce and size are those of the question.
    public static final int FLAG_REPLY = 1;

    /// The sender is held back by message credit.
    public static final int FLAG_BLOCKED = 2;

    /// Bytes of the frame.
    public static final int BYTES = 20;

    private ProbeFlyweight() {}

    /// Writes the frame.
    public static void put(
            MemorySegment segment, long offset, int flags, int packetBytes, long nonce, long wantedBytes) {
        WireBytes.u8(segment, offset, FrameType.PROBE);
        WireBytes.u8(segment, offset + 1, flags);
        WireBytes.u16(segment, offset + 2, packetBytes);
        WireBytes.u64(segment, offset + 4, nonce);
        WireBytes.u64(segment, offset + 12, wantedBytes);
    }

    /// Flags.
    public static int flags(MemorySegment segment, long offset) {
        return WireBytes.u8(segment, offset + 1);
    }

    /// Size of the probing packet, bytes of our packet with header and CRC.
    public static int packetBytes(MemorySegment segment, long offset) {
        return WireBytes.u16(segment, offset + 2);
    }

    /// Number that the answer repeats.
    public static long nonce(MemorySegment segment, long offset) {
        return WireBytes.u64(segment, offset + 4);
    }

    /// Total message credit that the sender would like.
    public static long wantedBytes(MemorySegment segment, long offset) {
        return WireBytes.u64(segment, offset + 12);
    }
}
