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

/// Ends the connection. The receiver answers with a CLOSE of its own.
///
/// {@snippet lang=text :
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   type = 6    |     code      |        reason bytes           |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                 reason, UTF-8, at most 200 bytes              |
/// }
public final class CloseFlyweight {
    /// Graceful: everything posted has ended.
    public static final int CODE_GRACEFUL = 0;
    /// Given up by the application.
    public static final int CODE_ABORTED = 1;
    /// The peer broke the protocol.
    public static final int CODE_PROTOCOL_VIOLATION = 2;
    /// The answer to a CLOSE.
    public static final int CODE_CONFIRMED = 3;
    /// Out of memory or another internal limit.
    public static final int CODE_INTERNAL = 4;

    /// Bytes before the reason.
    public static final int HEADER_BYTES = 4;

    /// Longest reason, bytes.
    public static final int MAX_REASON_BYTES = 200;

    private CloseFlyweight() {}

    /// Writes the frame.
    ///
    /// @return bytes of the frame
    public static int put(MemorySegment segment, long offset, int code, byte[] reason) {
        final int length = Math.min(reason.length, MAX_REASON_BYTES);
        WireBytes.u8(segment, offset, FrameType.CLOSE);
        WireBytes.u8(segment, offset + 1, code);
        WireBytes.u16(segment, offset + 2, length);
        for (int i = 0; i < length; i++) {
            WireBytes.u8(segment, offset + HEADER_BYTES + i, reason[i]);
        }
        return HEADER_BYTES + length;
    }

    /// Code.
    public static int code(MemorySegment segment, long offset) {
        return WireBytes.u8(segment, offset + 1);
    }

    /// Bytes of the reason.
    public static int reasonBytes(MemorySegment segment, long offset) {
        return WireBytes.u16(segment, offset + 2);
    }
}
