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
import java.lang.foreign.ValueLayout;
import java.util.zip.CRC32C;

/// CRC32C over the chunks of a group, one after the other, from any kind of memory, without allocation.
///
/// Chunks that were received are read again from the memory of the application when others are repaired with them. If
/// that
/// memory was written to meanwhile, by the application or by another write to the same place, the repair would give
/// wrong
/// bytes; the check finds that out, and the chunks are sent again instead.
final class GroupCheck {
    private static final int PART_BYTES = 8192;

    private final CRC32C crc = new CRC32C();
    private byte[] part = {}; // empty before it is needed for the first time

    GroupCheck() {}

    void reset() {
        crc.reset();
    }

    void add(MemorySegment segment, long offset, int bytes) {
        if (part.length == 0) {
            part = new byte[PART_BYTES];
        }
        int done = 0;
        while (done < bytes) {
            final int count = Math.min(PART_BYTES, bytes - done);
            MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, offset + done, part, 0, count);
            crc.update(part, 0, count);
            done += count;
        }
    }

    /// The sum, 0..2^32-1.
    long value() {
        return crc.getValue();
    }
}
