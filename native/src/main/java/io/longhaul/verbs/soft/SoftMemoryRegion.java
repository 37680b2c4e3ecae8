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
package io.longhaul.verbs.soft;

import io.longhaul.verbs.MemoryRegion;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// Registered memory of the software device.
final class SoftMemoryRegion implements MemoryRegion {
    /// Buffers are limited to 2 GiB: a long region is seen through several, one per GiB, that overlap by one
    /// packet.
    private static final int VIEW_SHIFT = 30;

    private static final long VIEW_MASK = (1L << VIEW_SHIFT) - 1;
    private static final long OVERLAP_BYTES = 1L << 17;

    private final SoftProtectionDomain domain;
    private final MemorySegment segment;
    private final long address;
    private final long length;
    private final int access;
    private final int localKey;
    private final int remoteKey;
    private final ByteBuffer[] views;
    private boolean closed;

    SoftMemoryRegion(SoftProtectionDomain domain, MemorySegment segment, int access, int localKey, int remoteKey) {
        this.domain = domain;
        this.segment = segment;
        this.address = segment.address();
        this.length = segment.byteSize();
        this.access = access;
        this.localKey = localKey;
        this.remoteKey = remoteKey;
        views = new ByteBuffer[(int) ((length - 1 >>> VIEW_SHIFT) + 1)];
        for (int i = 0; i < views.length; i++) {
            long start = (long) i << VIEW_SHIFT;
            long bytes = Math.min(length - start, (1L << VIEW_SHIFT) + OVERLAP_BYTES);
            views[i] = segment.asSlice(start, bytes).asByteBuffer();
        }
    }

    @Override
    public MemorySegment segment() {
        return segment;
    }

    @Override
    public long address() {
        return address;
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public int localKey() {
        return localKey;
    }

    @Override
    public int remoteKey() {
        return remoteKey;
    }

    @Override
    public int access() {
        return access;
    }

    SoftProtectionDomain domain() {
        return domain;
    }

    boolean isOpen() {
        return !closed;
    }

    boolean allows(int wanted) {
        return (access & wanted) == wanted;
    }

    /// Whether `bytes` bytes from an address lie inside, for any values.
    boolean contains(long from, long bytes) {
        long offset = from - address;
        return offset >= 0 && offset <= length && bytes >= 0 && bytes <= length - offset;
    }

    /// A part as a buffer whose position and limit are set; valid until the next call.
    ///
    /// @param bytes its length, at most that of a packet
    ByteBuffer view(long offset, int bytes) {
        ByteBuffer view = views[(int) (offset >>> VIEW_SHIFT)];
        int position = (int) (offset & VIEW_MASK);
        return view.clear().position(position).limit(position + bytes);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            domain.forget(this);
        }
    }

    @Override
    public String toString() {
        return "memory region of " + length + " B at 0x" + Long.toHexString(address);
    }
}
