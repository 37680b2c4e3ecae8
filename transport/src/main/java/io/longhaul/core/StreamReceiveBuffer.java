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
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// Bytes of a stream that have arrived, in any order, in blocks of 64 KiB that exist only where there are bytes.
///
/// Threading: the agent places bytes and publishes how far they are contiguous; one reader takes them and publishes how
/// far it
/// has read. The two positions are volatile: after either side has moved its own, it sees the other's, so that of
/// "there is
/// more" and "I have read all" one side always knows both. The agent reuses a block only behind the reader's position.
final class StreamReceiveBuffer {
    private static final int SHIFT = Integer.numberOfTrailingZeros(ReceiveMemory.BLOCK_BYTES);
    private static final int MASK = ReceiveMemory.BLOCK_BYTES - 1;
    private static final int MAX_RANGES = ReceiveMemory.BLOCK_BYTES / 2;
    private static final VarHandle READABLE;
    private static final VarHandle CONSUMED;

    static {
        try {
            final MethodHandles.Lookup lookup = MethodHandles.lookup();
            READABLE = lookup.findVarHandle(StreamReceiveBuffer.class, "readable", long.class);
            CONSUMED = lookup.findVarHandle(StreamReceiveBuffer.class, "consumed", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final ReceiveMemory memory;
    private final UseGuard guard = new UseGuard();
    // [block number modulo length], length a power of two. Replaced by a larger one, never changed behind the reader's
    // back:
    // the entry of a readable byte is set before the byte is published, and cleared after it was consumed.
    private volatile @Nullable Block[] blocks = new @Nullable Block[4];
    private long firstBlock;

    @SuppressWarnings("UnusedVariable") // by VarHandle
    private long readable;

    @SuppressWarnings("UnusedVariable") // by VarHandle
    private long consumed;

    StreamReceiveBuffer(ReceiveMemory memory) {
        this.memory = memory;
        memory.hold();
    }

    /// Bytes that have arrived without a gap.
    long readable() {
        return (long) READABLE.getVolatile(this);
    }

    /// Bytes that the reader has taken.
    long consumed() {
        return (long) CONSUMED.getVolatile(this);
    }

    /// Copies bytes to their place; what was published before is left alone. The agent.
    ///
    /// @return false when the machine has no memory left
    boolean place(long offset, MemorySegment source, long sourceOffset, int bytes) {
        final long end = offset + bytes;
        long at = Math.max(offset, readable());
        while (at < end) {
            final Block block = blockFor(at >>> SHIFT);
            if (block == null) {
                return false;
            }
            final int from = (int) at & MASK;
            final int part = (int) Math.min(end - at, ReceiveMemory.BLOCK_BYTES - from);
            MemorySegment.copy(source, sourceOffset + (at - offset), block.segment, from, part);
            at += part;
        }
        return true;
    }

    private @Nullable Block blockFor(long number) {
        @Nullable Block[] ring = blocks;
        if (number - firstBlock >= ring.length) {
            ring = grown(ring, number);
            blocks = ring;
        }
        final int slot = (int) number & ring.length - 1;
        Block block = ring[slot];
        if (block == null) {
            block = memory.take();
            if (block != null && block.ranges == null) {
                block.ranges = new ByteRanges(MAX_RANGES);
            }
            ring[slot] = block;
        }
        return block;
    }

    private @Nullable Block[] grown(@Nullable Block[] ring, long number) {
        int length = ring.length;
        while (number - firstBlock >= length) {
            length <<= 1;
        }
        final @Nullable Block[] larger = new @Nullable Block[length];
        for (long i = firstBlock; i < firstBlock + ring.length; i++) {
            larger[(int) i & length - 1] = ring[(int) i & ring.length - 1];
        }
        return larger;
    }

    /// Notes that placed bytes are complete, and publishes what is contiguous now. The agent.
    void arrived(long offset, int bytes) {
        final long before = readable();
        final long end = offset + bytes;
        long at = Math.max(offset, before);
        final @Nullable Block[] ring = blocks;
        while (at < end) {
            final Block block = ring[(int) (at >>> SHIFT) & ring.length - 1];
            final int from = (int) at & MASK;
            final int part = (int) Math.min(end - at, ReceiveMemory.BLOCK_BYTES - from);
            if (block != null && block.ranges != null) {
                block.ranges.add(from, from + part);
            }
            at += part;
        }
        final long now = contiguousEnd(before, ring);
        if (now > before) {
            READABLE.setVolatile(this, now);
        }
    }

    private long contiguousEnd(long from, @Nullable Block[] ring) {
        // When every block of the ring is full, the first one stands again where the next one would.
        final long ringEnd = firstBlock + ring.length << SHIFT;
        long at = from;
        while (at < ringEnd) {
            final Block block = ring[(int) (at >>> SHIFT) & ring.length - 1];
            if (block == null || block.ranges == null) {
                return at;
            }
            final int inBlock = (int) at & MASK;
            final int end = block.ranges.contiguousEnd(inBlock);
            at += end - inBlock;
            if (end == inBlock || end < ReceiveMemory.BLOCK_BYTES) {
                return at;
            }
        }
        return at;
    }

    /// Takes back the blocks that were read. The agent.
    void recycle() {
        final long done = consumed() >>> SHIFT;
        final @Nullable Block[] ring = blocks;
        while (firstBlock < done) {
            final int slot = (int) firstBlock++ & ring.length - 1;
            final Block block = ring[slot];
            ring[slot] = null;
            if (block != null) {
                memory.give(block);
            }
        }
    }

    /// Takes bytes in order. The reader.
    ///
    /// @return bytes taken, or -1 when the buffer was shut
    int read(MemorySegment target, long offset, long maxBytes) {
        if (!guard.enter()) {
            return -1;
        }
        final long from = (long) CONSUMED.get(this); // our own
        final long end = from + Math.min(Math.min(maxBytes, Integer.MAX_VALUE), readable() - from);
        long at = from;
        try {
            final @Nullable Block[] ring = blocks;
            while (at < end) {
                final Block block = ring[(int) (at >>> SHIFT) & ring.length - 1];
                if (block == null) {
                    throw new AssertionError("what is readable has a block");
                }
                final int inBlock = (int) at & MASK;
                final long part = Math.min(end - at, ReceiveMemory.BLOCK_BYTES - inBlock);
                MemorySegment.copy(block.segment, inBlock, target, offset + (at - from), part);
                at += part;
            }
            CONSUMED.setVolatile(this, at);
        } finally {
            if (guard.exit()) {
                free();
            }
        }
        return (int) (at - from);
    }

    /// Ends reading and gives the memory back, now or when the reader leaves. Any thread; the agent must not use
    /// the buffer
    /// afterwards. Idempotent.
    void shut() {
        if (guard.shut()) {
            free();
        }
    }

    boolean isShut() {
        return guard.isShut();
    }

    private void free() {
        final @Nullable Block[] ring = blocks;
        for (int i = 0; i < ring.length; i++) {
            final Block block = ring[i];
            ring[i] = null;
            if (block != null) {
                memory.give(block);
            }
        }
        memory.release();
    }
}
