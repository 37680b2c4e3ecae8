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
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.ibv.IbvLayouts.IbvAsyncEvent;
import io.longhaul.verbs.ibv.IbvLayouts.IbvContext;
import io.longhaul.verbs.ibv.IbvLayouts.IbvQp;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// The asynchronous events of a device, by poll(2) on the context's descriptor. Each is acknowledged as soon as it is
/// read,
/// so that no resource waits for it in its close.
final class AsyncEvents implements AutoCloseable {
    private final IbvDevice device;
    private final Arena arena = Arena.ofShared();
    private final Scratch scratch = new Scratch(arena);
    private final MemorySegment event = scratch.allocate(IbvAsyncEvent.BYTES);
    private final Poller poller;

    AsyncEvents(IbvDevice device) {
        this.device = device;
        int fd = RawMemory.getInt(device.handle().context() + IbvContext.ASYNC_FD);
        Libc.CallState state = new Libc.CallState(arena);
        int result = Libc.setNonBlocking(state, fd);
        if (result < 0) {
            arena.close();
            throw device.failure("fcntl", -result, "the descriptor of asynchronous events");
        }
        poller = new Poller(arena, state, fd);
    }

    RdmaDevice.@Nullable Event await(long timeoutNanos) {
        long start = System.nanoTime();
        long remaining = timeoutNanos;
        while (true) {
            if (poller.poll(remaining) > 0) {
                RdmaDevice.Event found = take();
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

    private RdmaDevice.@Nullable Event take() {
        int errno = device.library().getAsyncEvent(scratch, device.handle().context(), event.address());
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
        device.library().ackAsyncEvent(scratch, event.address());
        return new RdmaDevice.Event(type, number);
    }

    @Override
    public void close() {
        arena.close();
    }
}
