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
package io.longhaul.verbs;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A region whose memory nobody else can free: it goes when the region is closed, not before and not without.
final class OwnedRegion implements MemoryRegion {
    private static final int ALIGNMENT_BYTES = 4096;

    private final Arena arena;
    private final MemoryRegion region;
    private boolean freed;

    private OwnedRegion(Arena arena, MemoryRegion region) {
        this.arena = arena;
        this.region = region;
    }

    static OwnedRegion allocate(ProtectionDomain domain, long bytes, int access) {
        Arena arena = Arena.ofShared();
        try {
            return new OwnedRegion(arena, domain.registerMemory(arena.allocate(bytes, ALIGNMENT_BYTES), access));
        } catch (RuntimeException | OutOfMemoryError e) {
            arena.close();
            throw e;
        }
    }

    @Override
    public MemorySegment segment() {
        return region.segment();
    }

    @Override
    public int localKey() {
        return region.localKey();
    }

    @Override
    public int remoteKey() {
        return region.remoteKey();
    }

    @Override
    public int access() {
        return region.access();
    }

    @Override
    public long handle() {
        return region.handle();
    }

    @Override
    public void close() {
        if (!freed) {
            region.close();
            freed = true;
            arena.close();
        }
    }

    @Override
    public String toString() {
        return region.toString();
    }
}
