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

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Memory for the arguments of one call, or of a few in a row, and the place where a failed call leaves its `errno`.
///
/// Threading: the thread that made it.
final class Scratch implements AutoCloseable {
    private static final MemoryLayout LAYOUT = Linker.Option.captureStateLayout();
    private static final long ERRNO_OFFSET = LAYOUT.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private final Arena arena;
    private final MemorySegment callState;

    /// Makes one for the present thread.
    Scratch() {
        this(Arena.ofConfined());
    }

    /// Makes one in an arena, which becomes its own.
    Scratch(Arena arena) {
        this.arena = arena;
        callState = arena.allocate(LAYOUT);
    }

    /// Zeroed memory.
    MemorySegment allocate(long bytes) {
        return arena.allocate(bytes, 8);
    }

    MemorySegment callState() {
        return callState;
    }

    /// The `errno` of the last call that failed.
    int errno() {
        return callState.get(ValueLayout.JAVA_INT, ERRNO_OFFSET);
    }

    @Override
    public void close() {
        arena.close();
    }
}
