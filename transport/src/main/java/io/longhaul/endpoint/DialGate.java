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
package io.longhaul.endpoint;

import io.longhaul.ConnectionException;
import io.longhaul.ConnectionException.Reason;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Limits how many connections an endpoint makes to one address at a time: thousands that are wanted at once are made
/// one
/// after the other, in the order in which they were asked for, and no server has more of one client to authenticate
/// than
/// it can in a moment. Addresses do not wait for each other.
///
/// Threading: any thread; {@link #enter} blocks.
final class DialGate {
    /// Connections to one address that are being made at a time.
    static final int MOST = 64;

    private final Map<InetSocketAddress, Gate> gates = new HashMap<>(); // guarded by this

    private static final class Gate {
        private final Semaphore places = new Semaphore(MOST, true);
        private int users; // guarded by the map's owner
    }

    /// A place among those who connect.
    final class Place implements AutoCloseable {
        private final InetSocketAddress address;
        private final Gate gate;

        private Place(InetSocketAddress address, Gate gate) {
            this.address = address;
            this.gate = gate;
        }

        /// Lets the next one in; once.
        @Override
        public void close() {
            gate.places.release();
            leave(address, gate);
        }
    }

    /// Waits for a place.
    ///
    /// @throws ConnectionException when there is none before the deadline, or the thread is interrupted
    Place enter(InetSocketAddress address, long deadlineNanos) {
        final Gate gate = join(address);
        boolean entered = false;
        try {
            entered = gate.places.tryAcquire(deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ConnectionException(Reason.LOCALLY_CLOSED, "connect was interrupted", e);
        } finally {
            if (!entered) {
                leave(address, gate);
            }
        }
        if (!entered) {
            throw new ConnectionException(
                    Reason.TIMEOUT,
                    "connect to " + Bootstrap.text(address) + " has waited in vain for others to the same address, "
                            + MOST + " of which are made at a time; give it more time, or the server more processors");
        }
        return new Place(address, gate);
    }

    private synchronized Gate join(InetSocketAddress address) {
        final Gate gate = gates.computeIfAbsent(address, key -> new Gate());
        gate.users++;
        return gate;
    }

    private synchronized void leave(InetSocketAddress address, Gate gate) {
        if (--gate.users == 0) {
            gates.remove(address);
        }
    }

    /// Addresses to which connections are being made. For tests.
    synchronized int addresses() {
        return gates.size();
    }
}
