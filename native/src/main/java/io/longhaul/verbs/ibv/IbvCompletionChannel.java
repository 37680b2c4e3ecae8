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
import io.longhaul.linux.Libc;
import io.longhaul.linux.Poller;
import io.longhaul.linux.WakeupEvent;
import io.longhaul.verbs.CompletionChannel;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.ibv.IbvLayouts.IbvCompChannel;
import io.longhaul.verbs.lifecycle.OpenChildren;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A `struct ibv_comp_channel` and a wake-up event, slept on together by poll(2): the library's own wait could neither
/// be
/// woken nor time out.
///
/// Every event is acknowledged as soon as it is read, so that no completion queue waits in its close.
final class IbvCompletionChannel implements CompletionChannel {
    private static final int CHANNEL_INDEX = 0;
    private static final int WAKEUP_INDEX = 1;

    /// With so many queues, one event at a time: a second look costs a system call, which seldom finds one.
    private static final int FEW_QUEUES = 16;

    private final IbvDevice device;
    private final long pointer;
    private final Arena arena;
    private final Scratch scratch;
    private final MemorySegment eventOut;
    private final WakeupEvent wakeup;
    private final Poller poller;
    private final OpenChildren users = new OpenChildren();
    private final List<IbvCompletionQueue> queues = new CopyOnWriteArrayList<>();
    private boolean closed;

    private IbvCompletionChannel(IbvDevice device, long pointer, Arena arena, int fd) throws IOException {
        this.device = device;
        this.pointer = pointer;
        this.arena = arena;
        scratch = new Scratch(arena);
        eventOut = scratch.allocate(2L * Long.BYTES);
        Libc.CallState state = new Libc.CallState(arena);
        int result = Libc.setNonBlocking(state, fd);
        if (result < 0) {
            throw new IOException("fcntl failed: " + Errno.name(result));
        }
        wakeup = new WakeupEvent(arena, state);
        poller = new Poller(arena, state, fd, wakeup.fd());
    }

    static IbvCompletionChannel create(IbvDevice device) {
        try (Scratch scratch = new Scratch()) {
            long pointer =
                    device.library().createCompChannel(scratch, device.handle().context());
            if (pointer == 0) {
                throw device.failure("ibv_create_comp_channel", scratch.errno(), "");
            }
            Arena arena = Arena.ofShared();
            try {
                return new IbvCompletionChannel(device, pointer, arena, RawMemory.getInt(pointer + IbvCompChannel.FD));
            } catch (IOException e) {
                arena.close();
                device.library().destroyCompChannel(scratch, pointer);
                throw new DeviceException(
                        DeviceException.Failure.of("ibv_create_comp_channel", "")
                                .at(device.name(), 0)
                                .withRemedy(String.valueOf(e.getMessage())),
                        "");
            }
        }
    }

    @Override
    public boolean await(long timeoutNanos) {
        if (closed) {
            throw new IllegalStateException("the completion channel is closed");
        }
        long start = System.nanoTime();
        long remaining = timeoutNanos;
        while (true) {
            int ready = poller.poll(remaining);
            if (ready > 0) {
                boolean completed = poller.isReady(CHANNEL_INDEX) && takeEvents();
                boolean woken = wakeup.consume(poller.isReady(WAKEUP_INDEX));
                if (completed || woken) {
                    return true;
                }
            }
            if (timeoutNanos >= 0) {
                remaining = timeoutNanos - (System.nanoTime() - start);
                if (remaining <= 0) {
                    // The kernel drops an event for which it has no memory: none must be waited for in vain for ever.
                    queues.forEach(IbvCompletionQueue::onEvent);
                    return false;
                }
            }
        }
    }

    private boolean takeEvents() {
        boolean any = takeEvent();
        for (int i = FEW_QUEUES; any && i < queues.size() && takeEvent(); i++) {}
        return any;
    }

    /// Takes one event: with more of them the descriptor stays ready, and the next call of [#await] returns at
    /// once.
    private boolean takeEvent() {
        int errno = device.library().getCqEvent(scratch, pointer, eventOut.address(), eventOut.address() + Long.BYTES);
        if (errno == Errno.EAGAIN || errno == Errno.EINTR) {
            return false;
        }
        if (errno != 0) {
            throw device.failure("ibv_get_cq_event", errno, "");
        }
        long queuePointer = eventOut.get(ValueLayout.JAVA_LONG, 0);
        for (IbvCompletionQueue queue : queues) {
            if (queue.pointer() == queuePointer) {
                queue.onEvent();
            }
        }
        device.library().ackCqEvents(scratch, queuePointer, 1);
        return true;
    }

    @Override
    public void wakeup() {
        wakeup.signal();
    }

    IbvDevice device() {
        return device;
    }

    /// The `struct ibv_comp_channel*`.
    long pointer() {
        return pointer;
    }

    void addQueue(IbvCompletionQueue queue) {
        users.add(queue);
        queues.add(queue);
    }

    void removeQueue(IbvCompletionQueue queue) {
        users.remove(queue);
        queues.remove(queue);
    }

    @Override
    public void close() {
        if (!closed) {
            users.requireNone(this);
            try (Scratch own = new Scratch()) {
                int errno = device.library().destroyCompChannel(own, pointer);
                if (errno != 0) {
                    throw device.failure("ibv_destroy_comp_channel", errno, "");
                }
            }
            closed = true;
            wakeup.close();
            device.forget(this);
            arena.close();
        }
    }

    @Override
    public String toString() {
        return "completion channel of " + device.name();
    }
}
