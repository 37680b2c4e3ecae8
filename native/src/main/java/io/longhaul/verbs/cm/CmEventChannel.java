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
package io.longhaul.verbs.cm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.longhaul.linux.Errno;
import io.longhaul.linux.Libc;
import io.longhaul.linux.Poller;
import io.longhaul.linux.WakeupEvent;
import io.longhaul.verbs.DeviceException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where the events of identifiers arrive.
///
/// The descriptor is non-blocking: {@link #poll} never waits, and {@link #await} waits in poll(2), where {@link
/// #wakeup} reaches
/// it. An event is copied and acknowledged when it is taken, so that closing an identifier never waits for one.
///
/// Threading: one thread at a time, for the channel and all its identifiers; {@link #wakeup} may be called by everyone.
public final class CmEventChannel implements AutoCloseable {
    static final String CREATE = "rdma_create_event_channel";

    private static final int WAKEUP_INDEX = 1;

    private final CmLibrary library;
    private final Arena arena;
    private final CmLibrary.State state;
    private final WakeupEvent wakeup;
    private final Poller poller;
    private final long address;
    private final int fd;
    private final MemorySegment pointer;
    private final Map<Long, CmId> ids = new LinkedHashMap<>(); // by the address of their struct rdma_cm_id
    private boolean closed;

    /// Opens a channel.
    ///
    /// @param arena a shared arena, which the channel closes
    CmEventChannel(CmLibrary library, Arena arena, Libc.CallState callState) {
        this.library = library;
        this.arena = arena;
        state = new CmLibrary.State(arena);
        pointer = arena.allocate(ADDRESS);
        address = library.createEventChannel(state);
        if (RdmaCm.isErrno(address)) {
            throw CmFailure.of(CREATE, "", (int) address);
        }
        fd = CmLibrary.at(address, CmLayouts.EventChannel.BYTES).get(JAVA_INT, CmLayouts.EventChannel.FD);
        WakeupEvent event = null;
        try {
            int error = Libc.setNonBlocking(callState, fd);
            if (error < 0) {
                throw CmFailure.of("fcntl", "O_NONBLOCK", error);
            }
            event = new WakeupEvent(arena, callState);
        } catch (IOException e) {
            throw new DeviceException("eventfd", "", String.valueOf(e.getMessage()));
        } finally {
            if (event == null) {
                library.destroyEventChannel(state, address);
            }
        }
        wakeup = event;
        poller = new Poller(arena, callState, fd, wakeup.fd());
    }

    /// The file descriptor, readable when there is an event: for those who have a poll loop of their own.
    public int fd() {
        return fd;
    }

    /// Makes an identifier.
    ///
    /// @throws DeviceException when there are too many
    public CmId createId(PortSpace portSpace) {
        requireOpen();
        int error = library.createId(state, address, pointer.address(), portSpace.code());
        if (error < 0) {
            throw CmFailure.of("rdma_create_id", portSpace.name(), error);
        }
        return add(pointer.get(JAVA_LONG, 0), portSpace);
    }

    /// Takes an event if there is one.
    ///
    /// @return null when there is none now
    /// @throws DeviceException when the channel is broken
    public @Nullable CmEvent poll() {
        requireOpen();
        while (true) {
            int error = library.getEvent(state, address, pointer.address());
            if (error == -Errno.EAGAIN) {
                return null;
            }
            if (error < 0 && error != -Errno.EINTR) {
                throw CmFailure.of("rdma_get_cm_event", "", error);
            }
            if (error >= 0) {
                CmEvent event = take(pointer.get(JAVA_LONG, 0));
                if (event != null) {
                    return event;
                }
            }
        }
    }

    /// Waits for an event.
    ///
    /// @param timeoutNanos longest wait; 0 only looks, negative waits without limit
    /// @return null after a timeout or {@link #wakeup}
    /// @throws DeviceException when the channel is broken
    public @Nullable CmEvent await(long timeoutNanos) {
        long startNanos = System.nanoTime();
        while (true) {
            CmEvent event = poll();
            if (event != null || timeoutNanos == 0) {
                return event;
            }
            long restNanos = timeoutNanos < 0 ? -1 : timeoutNanos - (System.nanoTime() - startNanos);
            if (timeoutNanos > 0 && restNanos <= 0) {
                return null;
            }
            poller.poll(restNanos);
            if (wakeup.consume(poller.isReady(WAKEUP_INDEX))) {
                // The wake-up is used up: an event that is there may go with it, another wait may not.
                return poll();
            }
        }
    }

    /// Ends {@link #await}, now or when it is next called. Any thread; ignored after close.
    public void wakeup() {
        wakeup.signal();
    }

    /// Closes the channel.
    ///
    /// @throws IllegalStateException when identifiers are open; it names them
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (!ids.isEmpty()) {
            throw new IllegalStateException("close(" + this + ") refused, close first: " + ids.values());
        }
        closed = true;
        wakeup.close();
        library.destroyEventChannel(state, address);
        arena.close();
    }

    /// Copies an event and acknowledges it.
    ///
    /// @return null when it concerns an identifier that is closed
    private @Nullable CmEvent take(long eventAddress) {
        try {
            MemorySegment struct = CmLibrary.at(eventAddress, CmLayouts.Event.BYTES);
            CmEventType type = CmEventType.ofCode(struct.get(JAVA_INT, CmLayouts.Event.EVENT));
            int status = struct.get(JAVA_INT, CmLayouts.Event.STATUS);
            long idAddress = struct.get(JAVA_LONG, CmLayouts.Event.ID);
            CmId listener = null;
            if (type == CmEventType.CONNECT_REQUEST) {
                listener = ids.get(struct.get(JAVA_LONG, CmLayouts.Event.LISTEN_ID));
            }
            CmId id = listener == null ? ids.get(idAddress) : add(idAddress, listener.portSpace());
            return id == null ? null : copy(struct, type, status, id, listener);
        } finally {
            library.ackEvent(state, eventAddress);
        }
    }

    private static CmEvent copy(MemorySegment struct, CmEventType type, int status, CmId id, @Nullable CmId listener) {
        boolean tells = switch (type) {
            case CONNECT_REQUEST, CONNECT_RESPONSE, ESTABLISHED, REJECTED -> true;
            default -> false;
        };
        ConnectionParameters connection = null;
        DatagramPeer datagram = null;
        if (tells && id.portSpace() == PortSpace.TCP) {
            connection =
                    ConnectionParameters.read(struct.asSlice(CmLayouts.Event.PARAM_CONN, CmLayouts.ConnParam.BYTES));
        } else if (tells && id.portSpace() == PortSpace.UDP) {
            datagram = DatagramPeer.read(struct.asSlice(CmLayouts.Event.PARAM_UD, CmLayouts.UdParam.BYTES));
        }
        return new CmEvent(type, status, id, listener, connection, datagram);
    }

    private CmId add(long idAddress, PortSpace portSpace) {
        CmId id = new CmId(this, library, state, idAddress, portSpace);
        ids.put(idAddress, id);
        return id;
    }

    /// Forgets an identifier that was destroyed.
    void remove(long idAddress) {
        ids.remove(idAddress);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException(this + " is closed");
        }
    }

    @Override
    public String toString() {
        return "rdma_event_channel " + fd;
    }
}
