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

import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.ibv.IbvLayouts.IbvMr;
import java.lang.foreign.MemorySegment;

/// A `struct ibv_mr`. The kernel holds its pages; when `ibv_dereg_mr` has returned, the device touches them no more.
final class IbvMemoryRegion implements MemoryRegion {
    private final IbvProtectionDomain domain;
    private final long pointer;
    private final MemorySegment segment;
    private final long address;
    private final int access;
    private final int localKey;
    private final int remoteKey;
    private boolean closed;

    IbvMemoryRegion(IbvProtectionDomain domain, long pointer, MemorySegment segment, int access) {
        this.domain = domain;
        this.pointer = pointer;
        this.segment = segment;
        this.access = access;
        address = segment.address();
        localKey = RawMemory.getInt(pointer + IbvMr.LKEY);
        remoteKey = RawMemory.getInt(pointer + IbvMr.RKEY);
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

    /// The `struct ibv_mr*`.
    @Override
    public long handle() {
        return pointer;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        IbvDevice device = domain.ibvDevice();
        try (Scratch scratch = new Scratch()) {
            // Before the call, after which another region may have the address.
            device.memoryRegions().remove(pointer);
            int errno = device.library().deregMr(scratch, pointer);
            if (errno != 0) {
                device.memoryRegions().add(pointer);
                throw device.failure("ibv_dereg_mr", errno, "bytes=" + length());
            }
        }
        closed = true;
        domain.forget(this);
        if (!segment.scope().isAlive()) {
            throw new DeviceException(
                    DeviceException.Failure.of("ibv_dereg_mr", "")
                            .at(device.name(), 0)
                            .withRemedy("its memory was freed while the device could still write it: close the region"
                                    + " before the arena"),
                    "bytes=" + length());
        }
    }

    @Override
    public String toString() {
        return "memory region of " + length() + " B at 0x" + Long.toHexString(address);
    }
}
