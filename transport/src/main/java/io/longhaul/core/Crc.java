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
package io.longhaul.core;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// CRC32C of packet bytes. Keeps a buffer view of the segment that it saw last, because a slab holds all packets of a
/// port.
final class Crc {
    private final CRC32C crc = new CRC32C();
    private MemorySegment viewed = MemorySegment.NULL;
    private ByteBuffer view = ByteBuffer.allocate(0);

    Crc() {}

    /// CRC32C (RFC 3720 §12.1) of a range, 0..2^32-1. The segment is smaller than 2 GiB.
    long of(MemorySegment segment, long offset, int length) {
        if (!segment.equals(viewed)) {
            view = segment.asByteBuffer();
            viewed = segment;
        }
        view.limit((int) offset + length);
        view.position((int) offset);
        crc.reset();
        crc.update(view);
        return crc.getValue();
    }
}
