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

import io.longhaul.core.ReceiveMemory.Block;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/// Places for messages: powers of two up to 32 KiB share pages of 64 KiB, a message of up to 64 KiB has a block, a
/// longer one
/// has memory of its own, rounded up by at most an eighth and kept for the next of its size.
///
/// Threading: the agent.
final class MessageMemory {
    static final int MIN_PLACE_BYTES = 64;

    private static final int MIN_SHIFT = 6;
    private static final int CLASSES = 10; // 64 bytes .. 32 KiB
    private static final int MAX_SHARED_BYTES = MIN_PLACE_BYTES << CLASSES - 1;
    private static final int KEPT_SINGLES = 4;

    /// A block that is cut into places of one size.
    static final class Page {
        final Block block;
        final int sizeClass;
        private final int places;
        private final long[] used;

        Page(Block block, int sizeClass) {
            this.block = block;
            this.sizeClass = sizeClass;
            places = ReceiveMemory.BLOCK_BYTES >>> MIN_SHIFT + sizeClass;
            used = new long[(places + 63) >>> 6];
            if (places < 64) {
                used[0] = -1L << places;
            }
        }

        boolean isFull() {
            return block.count == places;
        }

        int take() {
            for (int i = 0; i < used.length; i++) {
                if (used[i] != -1L) {
                    final int bit = Long.numberOfTrailingZeros(~used[i]);
                    used[i] |= 1L << bit;
                    block.count++;
                    return (i << 6) + bit;
                }
            }
            throw new AssertionError("a page that is not full has a free place");
        }

        void give(int place) {
            used[place >>> 6] &= ~(1L << place);
            block.count--;
        }
    }

    /// Memory of its own for a long message.
    static final class Single {
        final Arena arena;
        final MemorySegment segment;

        Single(Arena arena, MemorySegment segment) {
            this.arena = arena;
            this.segment = segment;
        }
    }

    private final ReceiveMemory memory;
    private final long maxKeptBytes;
    // [size class]: pages with free places, the last one first. Empty before the first short message.
    private final ArrayList<ArrayDeque<Page>> open = new ArrayList<>(0);
    private final ArrayDeque<Single> kept = new ArrayDeque<>(1);
    private long keptBytes;

    MessageMemory(ReceiveMemory memory, long maxBytes) {
        this.memory = memory;
        maxKeptBytes = maxBytes / 4;
    }

    /// Gives the message a place for its length.
    ///
    /// @return false when the machine has no memory left
    boolean place(InboundMessage message) {
        final long length = message.length;
        if (length <= MAX_SHARED_BYTES) {
            return placeShared(message, sizeClass((int) length));
        }
        if (length <= ReceiveMemory.BLOCK_BYTES) {
            final Block block = memory.take();
            message.block = block;
            if (block != null) {
                message.memory = block.segment;
                message.memoryOffset = 0;
            }
            return block != null;
        }
        final Single single = takeSingle(length);
        message.single = single;
        if (single != null) {
            message.memory = single.segment;
            message.memoryOffset = 0;
        }
        return single != null;
    }

    private static int sizeClass(int length) {
        return length <= MIN_PLACE_BYTES ? 0 : 32 - Integer.numberOfLeadingZeros(length - 1) - MIN_SHIFT;
    }

    private boolean placeShared(InboundMessage message, int sizeClass) {
        while (open.size() < CLASSES) {
            open.add(new ArrayDeque<>(1));
        }
        final ArrayDeque<Page> pages = open.get(sizeClass);
        Page page = pages.peekLast();
        if (page == null) {
            final Block block = memory.take();
            if (block == null) {
                return false;
            }
            page = new Page(block, sizeClass);
            pages.addLast(page);
        }
        final int place = page.take();
        if (page.isFull()) {
            pages.removeLast();
        }
        message.page = page;
        message.memory = page.block.segment;
        message.memoryOffset = (long) place << MIN_SHIFT + sizeClass;
        return true;
    }

    private @Nullable Single takeSingle(long length) {
        final long size = roundUp(length);
        // Each goes round once: an iterator would be garbage for every message.
        for (int left = kept.size(); left > 0; left--) {
            final Single single = kept.removeFirst();
            final long have = single.segment.byteSize();
            if (have >= size && have <= size + (size >>> 2)) {
                keptBytes -= have;
                return single;
            }
            kept.addLast(single);
        }
        final Arena arena = memory.newSingle();
        if (arena == null) {
            return null;
        }
        try {
            return new Single(arena, memory.allocateSingle(arena, size));
        } catch (OutOfMemoryError e) {
            memory.freeSingle(arena);
            return null;
        }
    }

    // To a multiple of an eighth of the power of two below.
    private static long roundUp(long length) {
        final long step = Math.max(4096, Long.highestOneBit(length) >>> 3);
        return length + step - 1 & -step;
    }

    /// Takes a place back.
    void free(InboundMessage message) {
        final Page page = message.page;
        final Block block = message.block;
        final Single single = message.single;
        if (page != null) {
            freeShared(page, (int) (message.memoryOffset >>> MIN_SHIFT + page.sizeClass));
        } else if (block != null) {
            memory.give(block);
        } else if (single != null) {
            keep(single);
        }
        message.page = null;
        message.block = null;
        message.single = null;
        message.memory = MemorySegment.NULL;
    }

    private void freeShared(Page page, int place) {
        final ArrayDeque<Page> pages = open.get(page.sizeClass);
        final boolean wasFull = page.isFull();
        page.give(place);
        if (wasFull) {
            pages.addFirst(page);
        } else if (page.block.count == 0 && pages.size() > 1) {
            pages.remove(page);
            memory.give(page.block);
        }
    }

    /// Gives back memory that holds no message; long places a few at a time, see {@link ReceiveMemory#freeUnused}.
    void trim() {
        for (int i = 0; i < open.size(); i++) {
            final Page page = open.get(i).peekLast();
            // Where there are more pages than one, each holds messages.
            if (page != null && page.block.count == 0) {
                open.get(i).removeLast();
                memory.give(page.block);
            }
        }
        for (int i = 0; i < ReceiveMemory.FREED_AT_A_TIME && !kept.isEmpty(); i++) {
            final Single single = kept.removeFirst();
            keptBytes -= single.segment.byteSize();
            memory.freeSingle(single.arena);
        }
    }

    private void keep(Single single) {
        kept.addLast(single);
        keptBytes += single.segment.byteSize();
        while (keptBytes > maxKeptBytes || kept.size() > KEPT_SINGLES) {
            final Single oldest = kept.removeFirst();
            keptBytes -= oldest.segment.byteSize();
            memory.freeSingle(oldest.arena);
        }
    }
}
