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
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/// DATA frames that overtook the description of their piece on another lane: kept, as they came, until it arrives.
///
/// Lanes are paths of different length, and even over one wire their sockets are read one after the other. Bounded: at
/// 100 Gb/s, 16 MiB bridge a difference of 1.3 ms. What does not fit is left to the sender, as if it had been lost.
///
/// Threading: the agent.
final class OrphanFrames {
    /// Blocks of 64 KiB that may be held: 16 MiB.
    static final int MAX_BLOCKS = 256;

    /// A frame that is kept.
    static final class Frame {
        private @Nullable Block block;
        private long csn;
        private int offset;

        /// Number of its chunk.
        long csn() {
            return csn;
        }

        /// Memory that holds it.
        MemorySegment segment() {
            final Block held = block;
            return held == null ? MemorySegment.NULL : held.segment;
        }

        /// Where it starts.
        long offset() {
            return offset;
        }
    }

    private final ReceiveMemory memory;
    private final int maxBlocks;
    private final Long2ObjectHashMap<Frame> byCsn = new Long2ObjectHashMap<>();
    private final ArrayDeque<Frame> pool = new ArrayDeque<>(1);
    private final CsnCursor taking = new CsnCursor();
    private @Nullable Block filling;
    private int filled;
    /// Most frames that are kept: small frames must not fill the table where large ones would fill the memory.
    private static final int MAX_FRAMES = 1 << 16;

    private int blocks;
    private long endCsn; // larger than every CSN that was ever kept

    /// Creates an empty store.
    ///
    /// @param maxMemoryBytes memory of the connection, of which an eighth may be held
    OrphanFrames(ReceiveMemory memory, long maxMemoryBytes) {
        this.memory = memory;
        maxBlocks = Math.clamp(maxMemoryBytes / 8 / ReceiveMemory.BLOCK_BYTES, 1, MAX_BLOCKS);
    }

    boolean isEmpty() {
        return byCsn.isEmpty();
    }

    int size() {
        return byCsn.size();
    }

    /// Keeps a frame, unless there is no room or it is kept already.
    void keep(long csn, MemorySegment packet, long packetOffset, int frameBytes) {
        if (byCsn.containsKey(csn) || byCsn.size() >= MAX_FRAMES) {
            return;
        }
        final Block block = blockFor(frameBytes);
        if (block == null) {
            return;
        }
        MemorySegment.copy(packet, packetOffset, block.segment, filled, frameBytes);
        final Frame frame = pool.isEmpty() ? new Frame() : pool.pop();
        frame.block = block;
        frame.csn = csn;
        frame.offset = filled;
        filled += frameBytes;
        block.count++;
        byCsn.put(csn, frame);
        endCsn = Math.max(endCsn, csn + 1);
    }

    private @Nullable Block blockFor(int frameBytes) {
        final Block present = filling;
        if (present != null && filled + frameBytes <= ReceiveMemory.BLOCK_BYTES) {
            return present;
        }
        if (blocks >= maxBlocks) {
            return null;
        }
        final Block fresh = memory.take();
        if (fresh == null) {
            return null;
        }
        filling = fresh;
        filled = 0;
        blocks++;
        if (present != null) {
            giveIfUnused(present);
        }
        return fresh;
    }

    /// The frames of [firstCsn, endCsn) can be taken now. Costs the smaller of the range and of what is kept.
    void begin(long firstCsn, long rangeEndCsn) {
        final long end = Math.min(rangeEndCsn, endCsn);
        if (end - firstCsn <= byCsn.size()) {
            taking.startAll(firstCsn, end);
            return;
        }
        taking.startPicked();
        final Long2ObjectHashMap<Frame>.KeyIterator keys = byCsn.keySet().iterator();
        while (keys.hasNext()) {
            final long csn = keys.nextLong();
            if (csn >= firstCsn && csn < end) {
                taking.pick(csn);
            }
        }
        taking.sort();
    }

    /// True from {@link #begin} until {@link #next} has no more.
    boolean isTaking() {
        return taking.hasNext();
    }

    /// Takes the next of them out; null when there is no more. The caller gives it back by {@link #release}.
    @Nullable
    Frame next() {
        while (taking.hasNext()) {
            final Frame frame = byCsn.remove(taking.next());
            if (frame != null) {
                return frame;
            }
        }
        return null;
    }

    /// Takes the frame of a chunk out; null when it is not kept. The caller gives it back by {@link #release}.
    @Nullable
    Frame remove(long csn) {
        return byCsn.remove(csn);
    }

    /// Gives the memory of a frame back that was taken out.
    void release(Frame frame) {
        final Block block = frame.block;
        if (block != null) {
            frame.block = null;
            block.count--;
            giveIfUnused(block);
            pool.push(frame);
        }
    }

    /// Gives the block back that waits for the next frame, if it holds none.
    void rest() {
        final Block waiting = filling;
        if (waiting != null && waiting.count == 0) {
            filling = null;
            filled = 0;
            giveIfUnused(waiting);
        }
    }

    private void giveIfUnused(Block block) {
        if (block.count == 0) {
            if (block == filling) {
                filled = 0;
            } else {
                blocks--;
                memory.give(block);
            }
        }
    }

    /// Drops the frames of a range. Costs the smaller of the range and of what is kept.
    void drop(long firstCsn, long endCsn) {
        final long length = endCsn - firstCsn;
        if (length >= 0 && length < byCsn.size()) {
            for (long csn = firstCsn; csn < endCsn; csn++) {
                final Frame frame = byCsn.remove(csn);
                if (frame != null) {
                    release(frame);
                }
            }
        } else if (!byCsn.isEmpty()) {
            byCsn.values().removeIf(frame -> {
                final boolean inside = frame.csn >= firstCsn && frame.csn < endCsn;
                if (inside) {
                    release(frame);
                }
                return inside;
            });
        }
    }

    /// Drops everything and gives all memory back.
    void close() {
        taking.stop();
        drop(Long.MIN_VALUE, Long.MAX_VALUE);
        final Block last = filling;
        if (last != null) {
            filling = null;
            giveIfUnused(last);
        }
    }
}
