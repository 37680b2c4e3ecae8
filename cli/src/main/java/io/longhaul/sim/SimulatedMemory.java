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
package io.longhaul.sim;

import io.longhaul.core.PlacementPort;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Memory registered with a simulated device: what the peer may write under which key.
public final class SimulatedMemory implements PlacementPort {
    /// What RETH and ImmDt have more than DETH, bytes.
    static final int MORE_HEADER_BYTES = 16 + 4 - 8;

    private static final long FIRST_ADDRESS = 1L << 32;
    private static final long PAGE_BYTES = 4096;

    // The address is made up: those of the machine differ from run to run, and they travel in packets.
    private record Registered(MemorySegment memory, int key, long address) {}

    private final int lanes;
    private final int maxChunkBytes;
    private final boolean forgetful;
    private final SplittableRandom random;
    private final List<@Nullable Registered> handles = new ArrayList<>();
    private final Map<Integer, Registered> byKey = new HashMap<>();
    private long nextAddress = FIRST_ADDRESS;
    private int live;
    private long refusedWrites;
    private long writes;

    SimulatedMemory(int lanes, int ipBytes, long seed, boolean forgetful) {
        this.lanes = lanes;
        this.forgetful = forgetful;
        maxChunkBytes = (ipBytes - Pair.LOWER_HEADER_BYTES - MORE_HEADER_BYTES) & -4;
        random = new SplittableRandom(seed);
    }

    @Override
    public int lanes() {
        return lanes;
    }

    @Override
    public int maxChunkBytes() {
        return maxChunkBytes;
    }

    @Override
    public int lowerHeaderBytes() {
        return Pair.LOWER_HEADER_BYTES + MORE_HEADER_BYTES;
    }

    @Override
    public int register(MemorySegment memory) {
        int key = random.nextInt();
        while (key == 0 || byKey.containsKey(key)) {
            key = random.nextInt();
        }
        final Registered made = new Registered(memory, key, nextAddress);
        nextAddress += (memory.byteSize() + 2 * PAGE_BYTES) & -PAGE_BYTES;
        byKey.put(key, made);
        handles.add(made);
        live++;
        return handles.size() - 1;
    }

    private Registered registered(int handle) {
        final Registered found = handles.get(handle);
        if (found == null) {
            throw new AssertionError("handle " + handle + " has ended");
        }
        return found;
    }

    @Override
    public long address(int handle) {
        return registered(handle).address;
    }

    @Override
    public int key(int handle) {
        return registered(handle).key;
    }

    @Override
    public void invalidate(int handle) {
        final Registered ended = registered(handle);
        handles.set(handle, null);
        live--;
        if (!forgetful) {
            byKey.remove(ended.key);
        }
    }

    // False when the key or the range is wrong: nothing was written.
    boolean write(SimulatedLink.Packet packet) {
        final Registered found = byKey.get(packet.remoteKey);
        final long offset = found == null ? -1 : packet.remoteAddress - found.address;
        if (found == null || offset < 0 || offset > found.memory.byteSize() - packet.length) {
            refusedWrites++;
            return false;
        }
        MemorySegment.copy(packet.bytes, 0, found.memory, offset, packet.length);
        writes++;
        return true;
    }

    /// Keys that are valid.
    public int live() {
        return live;
    }

    /// Writes of the peer that named a wrong key or range.
    public long refusedWrites() {
        return refusedWrites;
    }

    /// Writes of the peer.
    public long writes() {
        return writes;
    }
}
