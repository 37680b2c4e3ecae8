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

import io.longhaul.linux.Errno;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.ibv.IbvLayouts.IbvContext;
import io.longhaul.verbs.ibv.IbvLayouts.IbvMw;
import java.lang.foreign.MemorySegment;

/// A `struct ibv_mw` of type 2.
final class IbvMemoryWindow implements MemoryRegion.Window {
    /// `IBV_MW_TYPE_2` of `enum ibv_mw_type`.
    private static final int TYPE_2 = 2;

    /// The part of a key that its owner may choose: `ibv_inc_rkey` counts it up.
    private static final int TAG_MASK = 0xff;

    private final IbvProtectionDomain domain;
    private final long pointer;
    private int key;
    private boolean closed;

    private IbvMemoryWindow(IbvProtectionDomain domain, long pointer) {
        this.domain = domain;
        this.pointer = pointer;
        key = RawMemory.getInt(pointer + IbvMw.RKEY);
    }

    static IbvMemoryWindow allocate(IbvProtectionDomain domain) {
        IbvDevice device = domain.ibvDevice();
        MemorySegment function = device.ops().operation(IbvContext.OPS_ALLOC_MW);
        try (Scratch scratch = new Scratch()) {
            long pointer =
                    function.address() == 0 ? 0 : ContextOps.allocMw(function, scratch, domain.pointer(), TYPE_2);
            if (pointer == 0) {
                int errno = function.address() == 0 ? Errno.EOPNOTSUPP : scratch.errno();
                throw device.failure("ibv_alloc_mw", errno, "type 2");
            }
            device.memoryWindows().add(pointer);
            return new IbvMemoryWindow(domain, pointer);
        }
    }

    @Override
    public long handle() {
        return pointer;
    }

    @Override
    public int nextKey() {
        key = key & ~TAG_MASK | key + 1 & TAG_MASK;
        return key;
    }

    @Override
    public void close() {
        if (!closed) {
            IbvDevice device = domain.ibvDevice();
            try (Scratch scratch = new Scratch()) {
                // Before the call, after which another window may have the address.
                device.memoryWindows().remove(pointer);
                int errno = ContextOps.deallocMw(device.ops().operation(IbvContext.OPS_DEALLOC_MW), scratch, pointer);
                if (errno != 0) {
                    device.memoryWindows().add(pointer);
                    throw device.failure("ibv_dealloc_mw", errno, "");
                }
            }
            closed = true;
            domain.forget(this);
        }
    }

    @Override
    public String toString() {
        return "memory window";
    }
}
