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

import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.AddressHandle;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.SharedReceiveQueue;
import io.longhaul.verbs.ibv.IbvLayouts.Access;
import io.longhaul.verbs.ibv.IbvLayouts.IbvAhAttr;
import io.longhaul.verbs.lifecycle.OpenChildren;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// A `struct ibv_pd`.
final class IbvProtectionDomain implements ProtectionDomain {
    private static final int KNOWN_ACCESS = AccessFlags.LOCAL_WRITE
            | AccessFlags.REMOTE_WRITE
            | AccessFlags.REMOTE_READ
            | AccessFlags.REMOTE_ATOMIC
            | AccessFlags.MEMORY_WINDOW_BIND;

    private final IbvDevice device;
    private final long pointer;
    private final OpenChildren children = new OpenChildren();
    private boolean closed;

    IbvProtectionDomain(IbvDevice device, long pointer) {
        this.device = device;
        this.pointer = pointer;
    }

    @Override
    public RdmaDevice device() {
        return device;
    }

    @Override
    public MemoryRegion registerMemory(MemorySegment memory, int access) {
        requireOpen();
        requireRegistrable(memory, access);
        VerbsLibrary library = device.library();
        int flags = access | (device.config().relaxedOrdering() ? Access.RELAXED_ORDERING : 0);
        try (Scratch scratch = new Scratch()) {
            boolean modern = library.has(VerbsSymbol.IBV_REG_MR_IOVA2);
            long region = modern
                    ? library.regMrIova2(scratch, pointer, memory.address(), memory.byteSize(), flags)
                    : library.regMr(scratch, pointer, memory.address(), memory.byteSize(), access);
            if (region == 0) {
                throw device.failure(
                        modern ? "ibv_reg_mr_iova2" : "ibv_reg_mr",
                        scratch.errno(),
                        "addr=0x" + Long.toHexString(memory.address()) + ", bytes=" + memory.byteSize() + ", access=0x"
                                + Integer.toHexString(access));
            }
            IbvMemoryRegion made = new IbvMemoryRegion(this, region, memory, access);
            device.memoryRegions().add(region);
            children.add(made);
            return made;
        }
    }

    private static void requireRegistrable(MemorySegment memory, int access) {
        if (!memory.isNative() || memory.byteSize() == 0) {
            throw new IllegalArgumentException("memory must be native and at least 1 byte long, is " + memory.byteSize()
                    + " B, " + (memory.isNative() ? "native" : "on the heap"));
        }
        if ((access & ~KNOWN_ACCESS) != 0) {
            throw new IllegalArgumentException("unknown access flags 0x" + Integer.toHexString(access));
        }
        boolean needsLocalWrite = (access & (AccessFlags.REMOTE_WRITE | AccessFlags.REMOTE_ATOMIC)) != 0;
        if (needsLocalWrite && (access & AccessFlags.LOCAL_WRITE) == 0) {
            throw new IllegalArgumentException("REMOTE_WRITE and REMOTE_ATOMIC need LOCAL_WRITE as well");
        }
        if ((access & AccessFlags.LOCAL_WRITE) != 0 && memory.isReadOnly()) {
            throw new IllegalArgumentException("LOCAL_WRITE on memory that is read-only");
        }
        if (!memory.scope().isAlive()) {
            throw new IllegalArgumentException("the memory's arena is closed");
        }
    }

    @Override
    public MemoryRegion.Window allocateMemoryWindow() {
        requireOpen();
        IbvMemoryWindow window = IbvMemoryWindow.allocate(this);
        children.add(window);
        return window;
    }

    @Override
    public SharedReceiveQueue createSharedReceiveQueue(int maxReceiveRequests) {
        requireOpen();
        IbvSharedReceiveQueue queue = IbvSharedReceiveQueue.create(this, maxReceiveRequests);
        children.add(queue);
        return queue;
    }

    /// The shared receive queue of a configuration, which must be of this domain.
    @Nullable
    IbvSharedReceiveQueue own(@Nullable SharedReceiveQueue queue) {
        if (queue == null) {
            return null;
        }
        if (queue instanceof IbvSharedReceiveQueue ibv && this == ibv.domain()) {
            return ibv;
        }
        throw new IllegalArgumentException("the shared receive queue is of another protection domain");
    }

    @Override
    public QueuePair createQueuePair(QueuePairConfig config) {
        requireOpen();
        IbvQueuePair queuePair = IbvQueuePair.create(device, this, config);
        children.add(queuePair);
        return queuePair;
    }

    @Override
    public AddressHandle createAddressHandle(AddressVector vector) {
        requireOpen();
        requireRocePort(vector);
        try (Scratch scratch = new Scratch()) {
            MemorySegment attributes = scratch.allocate(IbvAhAttr.BYTES);
            device.port().writeAddress("ibv_create_ah", attributes, 0, vector, 0);
            long handle = device.library().createAh(scratch, pointer, attributes.address());
            if (handle == 0) {
                throw device.failure(
                        "ibv_create_ah", scratch.errno(), vector.address().getHostAddress());
            }
            IbvAddressHandle made = new IbvAddressHandle(this, handle, vector);
            device.addressHandles().add(handle);
            children.add(made);
            return made;
        }
    }

    /// Throws when a peer is not where RoCEv2 is.
    static void requireRocePort(AddressVector vector) {
        if (vector.udpPort() != AddressVector.ROCE_UDP_PORT) {
            throw new IllegalArgumentException("udpPort must be " + AddressVector.ROCE_UDP_PORT
                    + " for a device of the operating system, is " + vector.udpPort());
        }
    }

    /// The `struct ibv_pd*`.
    long pointer() {
        return pointer;
    }

    IbvDevice ibvDevice() {
        return device;
    }

    void forget(Object child) {
        children.remove(child);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the protection domain is closed");
        }
    }

    @Override
    public void close() {
        if (!closed) {
            children.requireNone(this);
            try (Scratch scratch = new Scratch()) {
                int errno = device.library().deallocPd(scratch, pointer);
                if (errno != 0) {
                    throw device.failure("ibv_dealloc_pd", errno, "");
                }
            }
            closed = true;
            device.forget(this);
        }
    }

    @Override
    public String toString() {
        return "protection domain of " + device.name();
    }
}
