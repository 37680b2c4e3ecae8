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

/// Chunks that will never be filled: their operation was rejected or its deadline passed. The receiver counts them as
/// received and drops what it holds of the operation.
///
/// {@snippet lang=text :
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   type = 3    |                   reserved                    |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                     number of chunks, 1..                     |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                         first CSN, 64                         |
/// |                                                               |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                       operation id, 64                        |
/// |                                                               |
/// }
public final class VoidFlyweight {
    /// Bytes of the frame.
    public static final int BYTES = 24;

    private VoidFlyweight() {}

    /// Writes the frame.
    public static void put(MemorySegment segment, long offset, long firstCsn, long count, long operationId) {
        WireBytes.u32(segment, offset, (long) FrameType.VOID << 24);
        WireBytes.u32(segment, offset + 4, count);
        WireBytes.u64(segment, offset + 8, firstCsn);
        WireBytes.u64(segment, offset + 16, operationId);
    }

    /// Number of chunks.
    public static long count(MemorySegment segment, long offset) {
        return WireBytes.u32(segment, offset + 4);
    }

    /// First CSN.
    public static long firstCsn(MemorySegment segment, long offset) {
        return WireBytes.u64(segment, offset + 8);
    }

    /// Operation whose chunks these were.
    public static long operationId(MemorySegment segment, long offset) {
        return WireBytes.u64(segment, offset + 16);
    }
}
