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
package io.longhaul.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/// An `eventfd` by which any thread wakes the one that sleeps in [Poller#poll].
///
/// Many signals before the sleeper looks cost one system call. Signals after close are ignored.
public final class WakeupEvent implements AutoCloseable {
    private final Libc.CallState ownerState;
    private final Libc.CallState signallerState;
    private final MemorySegment one;
    private final MemorySegment counter;
    private final int fd;
    private final AtomicBoolean signalled = new AtomicBoolean();
    private boolean closed;

    /// Makes an event.
    ///
    /// @param arena a shared arena that outlives it: signalling threads use its memory
    /// @param ownerState of the sleeping thread
    /// @throws IOException when there are too many descriptors
    public WakeupEvent(Arena arena, Libc.CallState ownerState) throws IOException {
        this.ownerState = ownerState;
        signallerState = new Libc.CallState(arena);
        one = arena.allocate(JAVA_LONG);
        one.set(JAVA_LONG, 0, 1L);
        counter = arena.allocate(JAVA_LONG);
        fd = Libc.eventfd(ownerState, 0, SocketLayouts.EFD_NONBLOCK_CLOEXEC);
        if (fd < 0) {
            throw new IOException("eventfd failed: " + Errno.name(fd));
        }
    }

    /// The file descriptor, for [Poller].
    public int fd() {
        return fd;
    }

    /// Wakes the sleeper, now or when it next sleeps. Any thread.
    public void signal() {
        if (signalled.compareAndSet(false, true)) {
            synchronized (this) {
                if (!closed) {
                    Libc.write(signallerState, fd, one.address(), Long.BYTES);
                }
            }
        }
    }

    /// Takes a signal if there is one. The owner thread.
    ///
    /// @param readable whether [Poller] found the descriptor readable
    public boolean consume(boolean readable) {
        if (!readable && !signalled.get()) {
            return false;
        }
        // Read before the flag is cleared: a signal in between costs one wake-up too many, never one too few.
        Libc.read(ownerState, fd, counter.address(), Long.BYTES);
        signalled.set(false);
        return true;
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            Libc.close(ownerState, fd);
        }
    }
}
