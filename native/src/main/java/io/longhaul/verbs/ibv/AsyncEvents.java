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
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.ibv.IbvLayouts.IbvAsyncEvent;
import io.longhaul.verbs.ibv.IbvLayouts.IbvContext;
import io.longhaul.verbs.ibv.IbvLayouts.IbvQp;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The asynchronous events of a device, by poll(2) on the context's descriptor and a wake-up event. Each is
/// acknowledged as soon as it is read, so that no resource waits for it in its close.
///
/// Threading: one thread waits at a time; another may close meanwhile, which ends the wait before anything is freed.
final class AsyncEvents {
    private static final int WAKEUP_INDEX = 1;

    private final IbvDevice device;
    private final ReentrantLock waiting = new ReentrantLock();
    private volatile @Nullable Wait wait;
    private volatile boolean closing;

    AsyncEvents(IbvDevice device) {
        this.device = device;
    }

    /// What a wait needs.
    private record Wait(Arena arena, Scratch scratch, MemorySegment event, WakeupEvent wakeup, Poller poller) {}

    private Wait open() {
        int fd = RawMemory.getInt(device.handle().context() + IbvContext.ASYNC_FD);
        Arena arena = Arena.ofShared();
        try {
            Libc.CallState state = new Libc.CallState(arena);
            int result = Libc.setNonBlocking(state, fd);
            if (result < 0) {
                throw device.failure("fcntl", -result, "the descriptor of asynchronous events");
            }
            Scratch scratch = new Scratch(arena);
            MemorySegment event = scratch.allocate(IbvAsyncEvent.BYTES);
            WakeupEvent wakeup = new WakeupEvent(arena, state);
            return new Wait(arena, scratch, event, wakeup, new Poller(arena, state, fd, wakeup.fd()));
        } catch (IOException e) {
            arena.close();
            throw new DeviceException(
                    DeviceException.Failure.of("ibv_get_async_event", "")
                            .at(device.name(), 0)
                            .withRemedy(String.valueOf(e.getMessage())),
                    "");
        } catch (DeviceException e) {
            arena.close();
            throw e;
        }
    }

    RdmaDevice.@Nullable Event await(long timeoutNanos) {
        waiting.lock();
        try {
            requireOpen();
            Wait present = wait;
            if (present == null) {
                present = open();
                // Before the next look at `closing`: whoever closes either sees it, or is seen.
                wait = present;
            }
            return await(present, timeoutNanos);
        } finally {
            waiting.unlock();
        }
    }

    private RdmaDevice.@Nullable Event await(Wait present, long timeoutNanos) {
        long start = System.nanoTime();
        long remaining = timeoutNanos;
        while (true) {
            requireOpen();
            if (present.poller.poll(remaining) > 0) {
                present.wakeup.consume(present.poller.isReady(WAKEUP_INDEX));
                requireOpen();
                RdmaDevice.Event found = present.poller.isReady(0) ? take(present) : null;
                if (found != null) {
                    return found;
                }
            }
            if (timeoutNanos >= 0) {
                remaining = timeoutNanos - (System.nanoTime() - start);
                if (remaining <= 0) {
                    return null;
                }
            }
        }
    }

    private RdmaDevice.@Nullable Event take(Wait present) {
        MemorySegment event = present.event;
        int errno =
                device.library().getAsyncEvent(present.scratch, device.handle().context(), event.address());
        if (errno == Errno.EAGAIN || errno == Errno.EINTR) {
            return null;
        }
        if (errno != 0) {
            throw device.failure("ibv_get_async_event", errno, "");
        }
        RdmaDevice.EventType type =
                RdmaDevice.EventType.ofCode(event.get(ValueLayout.JAVA_INT, IbvAsyncEvent.EVENT_TYPE));
        // The element is a pointer to what the event is of, or the number of a port; it lives until the
        // acknowledgement.
        int number = switch (type) {
            case QUEUE_PAIR_FATAL,
                    QUEUE_PAIR_REQUEST_ERROR,
                    QUEUE_PAIR_ACCESS_ERROR,
                    COMMUNICATION_ESTABLISHED,
                    SEND_QUEUE_DRAINED,
                    PATH_MIGRATED,
                    PATH_MIGRATION_ERROR,
                    LAST_RECEIVE_TAKEN ->
                RawMemory.getInt(event.get(ValueLayout.JAVA_LONG, IbvAsyncEvent.ELEMENT) + IbvQp.QP_NUM);
            case PORT_ACTIVE,
                    PORT_ERROR,
                    LID_CHANGE,
                    PARTITION_KEY_CHANGE,
                    SUBNET_MANAGER_CHANGE,
                    CLIENT_REREGISTER,
                    GID_CHANGE -> event.get(ValueLayout.JAVA_INT, IbvAsyncEvent.ELEMENT);
            default -> 0;
        };
        device.library().ackAsyncEvent(present.scratch, event.address());
        return new RdmaDevice.Event(type, number);
    }

    private void requireOpen() {
        if (closing) {
            throw new IllegalStateException("the device " + device.name() + " is closed");
        }
    }

    /// Ends the wait, closes the context while nobody waits, and gives back what waits needed. When the context
    /// cannot
    /// be closed, waiting stays possible.
    ///
    /// @param closeContext throws when it cannot
    void close(Runnable closeContext) {
        closing = true;
        Wait interrupted = wait;
        if (interrupted != null) {
            interrupted.wakeup.signal();
        }
        waiting.lock();
        boolean done = false;
        try {
            closeContext.run();
            done = true;
            Wait present = wait;
            if (present != null) {
                wait = null;
                present.wakeup.close();
                present.arena.close();
            }
        } finally {
            closing = done;
            waiting.unlock();
        }
    }
}
