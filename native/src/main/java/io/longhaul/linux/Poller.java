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

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A fixed set of file descriptors to sleep on.
///
/// Threading: one thread.
public final class Poller {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final Libc.CallState state;
    private final MemorySegment pollFds;
    private final MemorySegment timeout;
    private final int count;

    /// Makes a poller that waits until one of the descriptors is readable.
    public Poller(Arena arena, Libc.CallState state, int... fds) {
        this.state = state;
        count = fds.length;
        pollFds = arena.allocate((long) count * SocketLayouts.POLLFD_BYTES, 8);
        timeout = arena.allocate(16, 8);
        for (int i = 0; i < count; i++) {
            pollFds.set(JAVA_INT, (long) i * SocketLayouts.POLLFD_BYTES, fds[i]);
            pollFds.set(
                    JAVA_SHORT,
                    (long) i * SocketLayouts.POLLFD_BYTES + SocketLayouts.POLLFD_EVENTS,
                    SocketLayouts.POLLIN);
        }
    }

    /// Sleeps until a descriptor is ready or time is up.
    ///
    /// @param timeoutNanos longest sleep; 0 only looks, negative waits without limit
    /// @return how many descriptors are ready; 0 after a timeout or a signal
    public int poll(long timeoutNanos) {
        long timeoutAddress = 0;
        if (timeoutNanos >= 0) {
            timeout.set(JAVA_LONG, 0, timeoutNanos / NANOS_PER_SECOND);
            timeout.set(JAVA_LONG, 8, timeoutNanos % NANOS_PER_SECOND);
            timeoutAddress = timeout.address();
        }
        return Math.max(0, Libc.ppoll(state, pollFds.address(), count, timeoutAddress));
    }

    /// Whether the last [#poll] found a descriptor ready (or broken).
    public boolean isReady(int index) {
        return pollFds.get(JAVA_SHORT, (long) index * SocketLayouts.POLLFD_BYTES + SocketLayouts.POLLFD_REVENTS) != 0;
    }
}
