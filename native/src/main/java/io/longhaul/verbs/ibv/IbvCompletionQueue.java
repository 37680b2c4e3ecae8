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
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.WorkCompletions;
import io.longhaul.verbs.ibv.IbvLayouts.IbvCq;
import io.longhaul.verbs.lifecycle.OpenChildren;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// A `struct ibv_cq`.
final class IbvCompletionQueue implements CompletionQueue {
    private final IbvDevice device;
    private final ContextOps ops;
    private final @Nullable IbvCompletionChannel channel;
    private final long pointer;
    private final int capacity;
    private final OpenChildren users = new OpenChildren();

    /// Those that complete here; one with both queues here is in it twice.
    private final List<IbvQueuePair> queuePairs = new CopyOnWriteArrayList<>();

    private volatile Armed armed = Armed.NO;
    private boolean closed;

    /// What the queue was asked to tell, and has not told yet; in ascending order.
    private enum Armed {
        NO,
        SOLICITED,
        ANY
    }

    private IbvCompletionQueue(IbvDevice device, @Nullable IbvCompletionChannel channel, long pointer, int capacity) {
        this.device = device;
        this.channel = channel;
        this.pointer = pointer;
        this.capacity = capacity;
        ops = device.ops();
    }

    static IbvCompletionQueue create(IbvDevice device, int entries, @Nullable IbvCompletionChannel channel) {
        try (Scratch scratch = new Scratch()) {
            long channelPointer = channel == null ? 0 : channel.pointer();
            long pointer = device.library().createCq(scratch, device.handle().context(), entries, channelPointer);
            if (pointer == 0) {
                throw device.failure("ibv_create_cq", scratch.errno(), entries + " entries");
            }
            int capacity = RawMemory.getInt(pointer + IbvCq.CQE);
            if (RawMemory.getLong(pointer + IbvCq.CONTEXT) != device.handle().context() || capacity < entries) {
                throw new DeviceException(
                        DeviceException.Failure.of("ibv_create_cq", "")
                                .at(device.name(), 0)
                                .withRemedy("struct ibv_cq is not that of rdma-core 22 to 65"),
                        entries + " entries");
            }
            IbvCompletionQueue queue = new IbvCompletionQueue(device, channel, pointer, capacity);
            if (channel != null) {
                channel.addQueue(queue);
            }
            return queue;
        }
    }

    @Override
    public int capacity() {
        return capacity;
    }

    @Override
    public int poll(WorkCompletions completions, int max) {
        requireOpen();
        // Reading a field proves that the memory is alive, which a plain address does not.
        completions.segment().get(ValueLayout.JAVA_INT, 0);
        int count = ops.pollCq(
                pointer,
                Math.min(max, completions.capacity()),
                completions.segment().address());
        if (count < 0) {
            throw device.failure("ibv_poll_cq", count == -1 ? Errno.EIO : -count, "");
        }
        for (int i = 0; i < count; i++) {
            if (!completions.isSuccess(i)) {
                tellFailure(completions.queuePair(i));
            }
        }
        return count;
    }

    private void tellFailure(int queuePair) {
        for (IbvQueuePair each : queuePairs) {
            if (each.number() == queuePair) {
                each.completionFailed();
                return;
            }
        }
    }

    @Override
    public void requestNotify(boolean solicitedOnly) {
        requireOpen();
        Armed wanted = solicitedOnly ? Armed.SOLICITED : Armed.ANY;
        // A request holds until its event was taken; to repeat it is a system call for nothing (on Soft-RoCE), and
        // changes nothing.
        if (channel != null && armed.compareTo(wanted) >= 0) {
            return;
        }
        armed = wanted;
        int errno = ops.reqNotifyCq(pointer, solicitedOnly ? 1 : 0);
        if (errno != 0) {
            armed = Armed.NO;
            throw device.failure("ibv_req_notify_cq", Math.abs(errno), "");
        }
    }

    /// The channel has taken an event of this queue: the next one must be asked for.
    void onEvent() {
        armed = Armed.NO;
    }

    IbvDevice device() {
        return device;
    }

    /// The `struct ibv_cq*`.
    long pointer() {
        return pointer;
    }

    void addQueuePair(IbvQueuePair user) {
        users.add(user);
        queuePairs.add(user);
    }

    void removeQueuePair(IbvQueuePair user) {
        users.remove(user);
        queuePairs.remove(user);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the completion queue is closed");
        }
    }

    @Override
    public void close() {
        if (!closed) {
            users.requireNone(this);
            try (Scratch scratch = new Scratch()) {
                int errno = device.library().destroyCq(scratch, pointer);
                if (errno != 0) {
                    throw device.failure("ibv_destroy_cq", errno, capacity + " entries");
                }
            }
            closed = true;
            if (channel != null) {
                channel.removeQueue(this);
            }
            device.forget(this);
        }
    }

    @Override
    public String toString() {
        return "completion queue of " + capacity + " entries";
    }
}
