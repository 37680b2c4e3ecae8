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

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Memory of a connection for messages and streams: what its windows may promise to the peer, and native memory in
/// blocks of
/// 64 KiB and in single pieces.
///
/// The native memory is freed when the last hold on it is released: one hold is the engine's, others belong to messages
/// and
/// streams that the application still reads after the connection has ended.
///
/// Threading: promises the agent, and what is left of them whoever releases last, everything else any thread.
final class ReceiveMemory {
    /// Size of a block, bytes, a power of two.
    static final int BLOCK_BYTES = 64 * 1024;

    private static final int MAX_SLAB_BLOCKS = 16;
    private static final int ALIGNMENT_BYTES = 64;

    /// 64 KiB of native memory and what its user notes about it.
    static final class Block {
        final MemorySegment segment;
        /// Bytes acknowledged, or places in use: what the user of the block counts.
        int count;
        /// Which bytes have arrived, for a block of a stream.
        @Nullable
        ByteRanges ranges;
        /// The block behind this one, for a block of a stream that is sent.
        @Nullable
        Block next;

        Block(MemorySegment segment) {
            this.segment = segment;
        }
    }

    /// Where native memory comes from.
    interface Allocator {
        /// Allocates memory that is freed with an arena.
        ///
        /// @throws OutOfMemoryError when the machine has none left
        MemorySegment allocate(Arena arena, long bytes);
    }

    /// Arenas that are closed at a time when memory is given back.
    static final int FREED_AT_A_TIME = 8;

    private final long maxBytes;
    private Allocator allocator = (arena, bytes) -> arena.allocate(bytes, ALIGNMENT_BYTES);
    private long promisedBytes;
    private @Nullable ReceiveBudget budget;

    // Guarded by this.
    private final ArrayDeque<Block> free = new ArrayDeque<>(1);
    private final List<Arena> arenas = new ArrayList<>();
    private final List<Arena> slabs = new ArrayList<>(); // those of the arenas that hold blocks
    private final ArrayList<Arena> unused = new ArrayList<>(0); // those whose blocks nobody takes any more
    private int blocks;
    private long takenBlocks;
    private int slabBlocks = 1;
    private int holds = 1;

    ReceiveMemory(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /// Sets where native memory comes from, before it is used. For tests that let it fail.
    void allocator(Allocator value) {
        allocator = value;
    }

    /// Allocates memory of an arena of {@link #newSingle}.
    ///
    /// @throws OutOfMemoryError when the machine has none left
    MemorySegment allocateSingle(Arena arena, long bytes) {
        return allocator.allocate(arena, bytes);
    }

    /// Counts what is promised against what all connections of an endpoint may promise together. Once, at the
    /// start.
    void budget(ReceiveBudget value) {
        value.force(promisedBytes);
        budget = value;
    }

    /// Promises more memory to the peer.
    ///
    /// @return what was promised: at most {@code bytes}, and no more than the caps leave
    long promise(long bytes) {
        final long allowed = Math.max(0, Math.min(bytes, maxBytes - promisedBytes));
        final long granted = budget == null ? allowed : budget.takeShare(allowed, promisedBytes);
        promisedBytes += granted;
        return granted;
    }

    /// Promises memory if the caps leave all of it.
    boolean tryPromise(long bytes) {
        if (bytes > maxBytes - promisedBytes || budget != null && !budget.tryTakeShare(bytes, promisedBytes)) {
            return false;
        }
        promisedBytes += bytes;
        return true;
    }

    /// Promises memory that the peer was told about beforehand, whatever the caps say.
    void promiseInitial(long bytes) {
        promisedBytes += bytes;
        if (budget != null) {
            budget.force(bytes);
        }
    }

    /// Takes a promise back.
    void unpromise(long bytes) {
        final long back = Math.min(bytes, promisedBytes);
        promisedBytes -= back;
        if (budget != null) {
            budget.give(back);
        }
    }

    /// What this connection would have to give back to hold no more than is left for others, bytes.
    long excessBytes() {
        return budget == null ? 0 : Math.max(0, (promisedBytes - budget.leftBytes()) / 2);
    }

    /// Bytes promised to the peer.
    long promisedBytes() {
        return promisedBytes;
    }

    /// Takes a block, or null when the machine has no memory left.
    synchronized @Nullable Block take() {
        if (free.isEmpty() && !addSlab()) {
            return null;
        }
        takenBlocks++;
        final Block block = free.pop();
        block.count = 0;
        block.next = null;
        return block;
    }

    /// Gives a block back.
    synchronized void give(Block block) {
        if (block.ranges != null) {
            block.ranges.clear();
        }
        free.push(block);
    }

    /// Blocks that were taken since the start.
    synchronized long takenBlocks() {
        return takenBlocks;
    }

    /// Has the memory of all blocks freed by {@link #freeUnused}, if none is in use.
    synchronized void trim() {
        if (blocks > 0 && free.size() == blocks) {
            free.clear();
            unused.addAll(slabs);
            slabs.clear();
            blocks = 0;
            slabBlocks = 1;
        }
    }

    /// Frees a part of the memory that nobody uses any more: all threads of the process take part in the closing of
    /// an
    /// arena.
    synchronized void freeUnused() {
        for (int i = 0; i < FREED_AT_A_TIME && !unused.isEmpty(); i++) {
            freeSingle(unused.removeLast());
        }
    }

    /// True when it holds no native memory.
    synchronized boolean isEmpty() {
        return arenas.isEmpty();
    }

    private boolean addSlab() {
        final MemorySegment slab = allocate((long) slabBlocks * BLOCK_BYTES);
        if (slab == null) {
            return false;
        }
        slabs.add(arenas.getLast());
        blocks += slabBlocks;
        for (int i = 0; i < slabBlocks; i++) {
            free.push(new Block(slab.asSlice((long) i * BLOCK_BYTES, BLOCK_BYTES)));
        }
        slabBlocks = Math.min(2 * slabBlocks, MAX_SLAB_BLOCKS);
        return true;
    }

    private @Nullable MemorySegment allocate(long bytes) {
        final Arena arena = Arena.ofShared();
        try {
            final MemorySegment segment = allocator.allocate(arena, bytes);
            arenas.add(arena);
            return segment;
        } catch (OutOfMemoryError e) {
            arena.close();
            return null;
        }
    }

    /// Registers an arena of its own for a piece of memory; it is closed by {@link #freeSingle} or at the end.
    synchronized @Nullable Arena newSingle() {
        if (holds == 0) {
            return null;
        }
        final Arena arena = Arena.ofShared();
        arenas.add(arena);
        return arena;
    }

    /// Frees the memory of {@link #newSingle}.
    synchronized void freeSingle(Arena arena) {
        if (arenas.remove(arena)) {
            close(arena);
        }
    }

    private static void close(Arena arena) {
        try {
            arena.close();
        } catch (IllegalStateException e) {
            // Somebody reads it at this moment although he released it. Leaving the memory behind is the lesser evil.
            assert arena.scope().isAlive() : "only an arena in use refuses to close";
        }
    }

    /// Keeps the memory alive until {@link #release}.
    synchronized void hold() {
        assert holds > 0 : "nobody may hold memory that was freed";
        holds++;
    }

    /// Lets go; the last one frees everything.
    synchronized void release() {
        if (--holds == 0) {
            free.clear();
            blocks = 0;
            arenas.forEach(ReceiveMemory::close);
            arenas.clear();
            unused.clear();
            unpromise(promisedBytes);
        }
    }

    /// True once everything was freed.
    synchronized boolean isFreed() {
        return holds == 0;
    }
}
