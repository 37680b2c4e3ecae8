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
package io.longhaul.verbs.ibv;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/// Reads what the library points to: memory that is known by its address only.
///
/// A wrong address ends the process. So addresses come from the library, after it was checked, and from nowhere else.
final class RawMemory {
    private static final int MAX_STRING_BYTES = 4096;

    private RawMemory() {}

    static int getInt(long address) {
        return Everything.SEGMENT.get(ValueLayout.JAVA_INT_UNALIGNED, address);
    }

    static long getLong(long address) {
        return Everything.SEGMENT.get(ValueLayout.JAVA_LONG_UNALIGNED, address);
    }

    /// A string that ends with a zero byte, at most 4096 bytes of it.
    static String getString(long address) {
        int length = 0;
        while (length < MAX_STRING_BYTES && Everything.SEGMENT.get(ValueLayout.JAVA_BYTE, address + length) != 0) {
            length++;
        }
        byte[] bytes = new byte[length];
        MemorySegment.copy(Everything.SEGMENT, ValueLayout.JAVA_BYTE, address, bytes, 0, length);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /// Made when the first address is read.
    private static final class Everything {
        @SuppressWarnings("restricted")
        private static final MemorySegment SEGMENT = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

        private Everything() {}
    }
}
