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

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class ReceiveMemoryTest {
    private static final long MAX_BYTES = 1L << 30;

    private final List<Arena> arenas = new ArrayList<>();
    private final ReceiveMemory memory = new ReceiveMemory(MAX_BYTES);

    ReceiveMemoryTest() {
        memory.allocator((arena, bytes) -> {
            arenas.add(arena);
            return arena.allocate(bytes, 64);
        });
    }

    private long alive() {
        return arenas.stream().filter(arena -> arena.scope().isAlive()).count();
    }

    private List<ReceiveMemory.Block> take(int count) {
        final List<ReceiveMemory.Block> taken = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            taken.add(Objects.requireNonNull(memory.take()));
        }
        return taken;
    }

    @Test
    void whatNobodyUsesGoesBackAFewArenasAtATime() {
        take(400).forEach(memory::give);
        final int count = arenas.size();
        memory.freeUnused();
        assertEquals(count, alive(), "it may be used again until it is trimmed");
        memory.trim();
        for (int left = count; left > 0; left -= ReceiveMemory.FREED_AT_A_TIME) {
            assertEquals(left, alive());
            memory.freeUnused();
        }
        assertEquals(0, alive());
        take(3).forEach(memory::give);
        memory.release();
        assertEquals(0, alive());
    }

    @Test
    void nothingGoesWhileABlockIsInUse() {
        final List<ReceiveMemory.Block> blocks = take(400);
        blocks.subList(1, 400).forEach(memory::give);
        memory.trim();
        memory.freeUnused();
        assertEquals(arenas.size(), alive());
        memory.give(blocks.getFirst());
        memory.trim();
        memory.release();
        assertEquals(0, alive(), "the end frees what was trimmed and not freed yet");
    }
}
