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
import io.longhaul.verbs.ReceiveRequests;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.SharedReceiveQueue;
import io.longhaul.verbs.ibv.IbvLayouts.IbvSrq;
import io.longhaul.verbs.ibv.IbvLayouts.IbvSrqAttr;
import io.longhaul.verbs.ibv.IbvLayouts.IbvSrqInitAttr;
import io.longhaul.verbs.lifecycle.OpenChildren;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A `struct ibv_srq`.
final class IbvSharedReceiveQueue implements SharedReceiveQueue {
    /// `IBV_SRQ_LIMIT` of `enum ibv_srq_attr_mask`.
    private static final int SRQ_LIMIT = 2;

    private final IbvDevice device;
    private final IbvProtectionDomain domain;
    private final long pointer;
    private final int capacity;
    private final OpenChildren users = new OpenChildren();
    private final Arena arena = Arena.ofShared();
    private final RequestChain chain = new RequestChain(arena);
    private boolean closed;

    private IbvSharedReceiveQueue(IbvProtectionDomain domain, long pointer, int capacity) {
        this.domain = domain;
        this.pointer = pointer;
        this.capacity = capacity;
        device = domain.ibvDevice();
    }

    static IbvSharedReceiveQueue create(IbvProtectionDomain domain, int maxReceiveRequests) {
        if (maxReceiveRequests < 1) {
            throw new IllegalArgumentException("maxReceiveRequests must be at least 1, is " + maxReceiveRequests);
        }
        IbvDevice device = domain.ibvDevice();
        try (Scratch scratch = new Scratch()) {
            MemorySegment attributes = scratch.allocate(IbvSrqInitAttr.BYTES);
            attributes.set(ValueLayout.JAVA_INT, IbvSrqInitAttr.ATTR_MAX_WR, maxReceiveRequests);
            attributes.set(ValueLayout.JAVA_INT, IbvSrqInitAttr.ATTR_MAX_SGE, ReceiveRequests.MAX_SGES);
            long pointer = device.library().createSrq(scratch, domain.pointer(), attributes.address());
            String arguments = maxReceiveRequests + " receives";
            if (pointer == 0) {
                throw device.failure("ibv_create_srq", scratch.errno(), arguments);
            }
            if (RawMemory.getLong(pointer + IbvSrq.PD) != domain.pointer()) {
                throw new DeviceException(
                        DeviceException.Failure.of("ibv_create_srq", "")
                                .at(device.name(), 0)
                                .withRemedy("struct ibv_srq is not that of rdma-core 22 to 65"),
                        arguments);
            }
            int capacity = attributes.get(ValueLayout.JAVA_INT, IbvSrqInitAttr.ATTR_MAX_WR);
            return new IbvSharedReceiveQueue(domain, pointer, Math.max(capacity, maxReceiveRequests));
        }
    }

    @Override
    public int capacity() {
        return capacity;
    }

    @Override
    public int postReceive(ReceiveRequests requests, int first, int count) {
        RequestChain.checkRange(first, count, requests.capacity());
        requireOpen();
        if (count == 0) {
            return 0;
        }
        MemorySegment slots = requests.segment();
        long begin = requests.offset(first);
        long end = begin + (long) (count - 1) * ReceiveRequests.SLOT_BYTES + SendRequests.NEXT_OFFSET;
        long next = RequestChain.cut(slots, end);
        long address = slots.address() + begin;
        int errno = device.ops().postSrqRecv(pointer, address, chain.badRequestPointer());
        RequestChain.join(slots, end, next);
        int accepted = chain.accepted(errno, address, ReceiveRequests.SLOT_BYTES, count);
        if (accepted == RequestChain.REFUSED) {
            throw device.failure(
                    "ibv_post_srq_recv",
                    RequestChain.errorOf(errno),
                    chain.refused(address, ReceiveRequests.SLOT_BYTES, count));
        }
        return accepted;
    }

    @Override
    public void limit(int receives) {
        requireOpen();
        try (Scratch scratch = new Scratch()) {
            MemorySegment attributes = scratch.allocate(IbvSrqInitAttr.BYTES);
            attributes.set(ValueLayout.JAVA_INT, IbvSrqAttr.SRQ_LIMIT, receives);
            int errno = device.library().modifySrq(scratch, pointer, attributes.address(), SRQ_LIMIT);
            if (errno != 0) {
                throw device.failure("ibv_modify_srq", errno, "limit of " + receives + " receives");
            }
        }
    }

    IbvProtectionDomain domain() {
        return domain;
    }

    /// The `struct ibv_srq*`.
    long pointer() {
        return pointer;
    }

    void addUser(Object user) {
        users.add(user);
    }

    void removeUser(Object user) {
        users.remove(user);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the shared receive queue is closed");
        }
    }

    @Override
    public void close() {
        if (!closed) {
            users.requireNone(this);
            try (Scratch scratch = new Scratch()) {
                int errno = device.library().destroySrq(scratch, pointer);
                if (errno != 0) {
                    throw device.failure("ibv_destroy_srq", errno, "");
                }
            }
            closed = true;
            domain.forget(this);
            arena.close();
        }
    }

    @Override
    public String toString() {
        return "shared receive queue of " + capacity + " receives";
    }
}
