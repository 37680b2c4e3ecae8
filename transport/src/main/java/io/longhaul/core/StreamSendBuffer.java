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

/// Bytes of a stream that the application wrote and that the peer has not acknowledged yet: a list of blocks of 64 KiB.
///
/// Threading: one writer appends bytes and publishes how many; the agent sends and frees them and publishes up to where
/// the
/// writer may go. Both positions are volatile, for the reason given in {@link StreamReceiveBuffer}. The writer links a
/// new
/// block behind its last one before it publishes bytes in it; the agent frees a block only when it has seen the next
/// one, so
/// that the writer's last block is never taken from it.
final class StreamSendBuffer {
    /// Room that a stream has at least: the writer's last block may be acknowledged and not free.
    static final long MIN_ROOM_BYTES = 2L * ReceiveMemory.BLOCK_BYTES;

    private static final int SHIFT = Integer.numberOfTrailingZeros(ReceiveMemory.BLOCK_BYTES);
    private static final int MASK = ReceiveMemory.BLOCK_BYTES - 1;
    private static final VarHandle WRITTEN;
    private static final VarHandle LIMIT;

    static {
        try {
            final MethodHandles.Lookup lookup = MethodHandles.lookup();
            WRITTEN = lookup.findVarHandle(StreamSendBuffer.class, "written", long.class);
            LIMIT = lookup.findVarHandle(StreamSendBuffer.class, "limit", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final ReceiveMemory memory;
    private final UseGuard guard = new UseGuard();

    // The writer's.
    private @Nullable Block first; // read by the agent once bytes are published
    private @Nullable Block last;

    @SuppressWarnings("UnusedVariable") // by VarHandle
    private long written;

    // The agent's.
    private @Nullable Block[] blocks = new @Nullable Block[4]; // [block number modulo length], length a power of two
    private long lowBlock;
    private long knownBlocks;

    @SuppressWarnings("UnusedVariable") // by VarHandle
    private long limit = MIN_ROOM_BYTES;

    StreamSendBuffer(ReceiveMemory memory) {
        this.memory = memory;
        memory.hold();
    }

    /// Bytes that were written.
    long written() {
        return (long) WRITTEN.getVolatile(this);
    }

    /// Position up to which the writer may write.
    long limit() {
        return (long) LIMIT.getVolatile(this);
    }

    /// Appends bytes. The writer.
    ///
    /// @return bytes taken, or -1 when the buffer was shut
    int write(MemorySegment source, long offset, long maxBytes) {
        if (!guard.enter()) {
            return -1;
        }
        final long from = (long) WRITTEN.get(this); // our own
        final long end = from + Math.min(Math.min(maxBytes, Integer.MAX_VALUE), limit() - from);
        long at = from;
        try {
            while (at < end) {
                final Block block = blockFor(at);
                if (block == null) {
                    break;
                }
                final int inBlock = (int) at & MASK;
                final long part = Math.min(end - at, ReceiveMemory.BLOCK_BYTES - inBlock);
                MemorySegment.copy(source, offset + (at - from), block.segment, inBlock, part);
                at += part;
            }
            WRITTEN.setVolatile(this, at);
        } finally {
            if (guard.exit()) {
                free();
            }
        }
        return (int) (at - from);
    }

    private @Nullable Block blockFor(long position) {
        final Block present = last;
        if (((int) position & MASK) != 0) {
            return present;
        }
        final Block block = memory.take();
        if (block != null) {
            if (present == null) {
                first = block;
            } else {
                present.next = block;
            }
            last = block;
        }
        return block;
    }

    /// Memory that holds a position below {@link #written}. The agent.
    MemorySegment segment(long position) {
        final long number = position >>> SHIFT;
        while (knownBlocks <= number) {
            learnBlock();
        }
        final Block block = blocks[(int) number & blocks.length - 1];
        if (block == null) {
            throw new AssertionError("a position that is not acknowledged has a block");
        }
        return block.segment;
    }

    private void learnBlock() {
        final Block before = knownBlocks == 0 ? null : blocks[(int) (knownBlocks - 1) & blocks.length - 1];
        final Block block = before == null ? first : before.next;
        if (knownBlocks - lowBlock == blocks.length) {
            grow();
        }
        blocks[(int) knownBlocks++ & blocks.length - 1] = block;
    }

    private void grow() {
        final @Nullable Block[] larger = new @Nullable Block[2 * blocks.length];
        for (long i = lowBlock; i < knownBlocks; i++) {
            larger[(int) i & larger.length - 1] = blocks[(int) i & blocks.length - 1];
        }
        blocks = larger;
    }

    /// Offset of a position in {@link #segment}.
    static long offsetInSegment(long position) {
        return position & MASK;
    }

    /// Bytes from a position to the end of its block.
    static int contiguousBytes(long position) {
        return ReceiveMemory.BLOCK_BYTES - ((int) position & MASK);
    }

    /// Takes the acknowledgement of bytes inside one block, in any order, each byte once. The agent.
    void onAcknowledged(long position, long bytes) {
        if (bytes > 0) {
            final Block block = blocks[(int) (position >>> SHIFT) & blocks.length - 1];
            if (block == null) {
                throw new AssertionError("a position that is not acknowledged has a block");
            }
            block.count += (int) bytes;
        }
        final long linked = Math.min(knownBlocks, written() - 1 >>> SHIFT);
        while (lowBlock < linked) {
            final int slot = (int) lowBlock & blocks.length - 1;
            final Block block = blocks[slot];
            if (block == null || block.count < ReceiveMemory.BLOCK_BYTES) {
                return;
            }
            if (knownBlocks == lowBlock + 1) {
                learnBlock();
                continue;
            }
            blocks[slot] = null;
            lowBlock++;
            memory.give(block);
        }
    }

    /// Position of the first byte that still has memory.
    long lowPosition() {
        return lowBlock << SHIFT;
    }

    /// Lets the writer go on. The agent.
    ///
    /// @return true when the writer had no room and has now
    boolean raiseLimit(long position) {
        final long before = (long) LIMIT.get(this); // our own
        if (position <= before) {
            return false;
        }
        LIMIT.setVolatile(this, position);
        return written() >= before;
    }

    /// Ends writing and gives the memory back, now or when the writer leaves. The agent must not use the buffer
    /// afterwards.
    /// Idempotent.
    void shut() {
        if (guard.shut()) {
            free();
        }
    }

    boolean isShut() {
        return guard.isShut();
    }

    private void free() {
        // From the lowest block that is left: all others hang on it.
        Block block = lowBlock < knownBlocks ? blocks[(int) lowBlock & blocks.length - 1] : first;
        first = null;
        last = null;
        while (block != null) {
            final Block next = block.next;
            memory.give(block);
            block = next;
        }
        memory.release();
    }
}
