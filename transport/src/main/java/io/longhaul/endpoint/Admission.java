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
import io.longhaul.LonghaulConfig;
import io.longhaul.core.ReceiveBudget;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Decides which connections an endpoint takes: so many in all, so many of one peer, and as far as the receive memory
/// goes that
/// each is promised at its start.
///
/// Threading: any thread.
final class Admission {
    private final LonghaulConfig config;
    private final ReceiveBudget memory;
    private final Map<String, Integer> byPeer = new HashMap<>(); // guarded by this
    private int taken; // guarded by this

    Admission(LonghaulConfig config) {
        this.config = config;
        memory = new ReceiveBudget(config.limits().totalMemoryBytes());
    }

    /// Memory that all connections share.
    ReceiveBudget memory() {
        return memory;
    }

    /// Connections that have a place.
    synchronized int taken() {
        return taken;
    }

    /// The place of a connection, from its admission to its end.
    final class Place {
        private final @Nullable String peer;
        private boolean reserved = true; // guarded by the admission, like released
        private boolean released;

        private Place(@Nullable String peer) {
            this.peer = peer;
        }

        /// Gives the reserved memory back just before the engine takes the same for itself.
        void handOver() {
            synchronized (Admission.this) {
                if (reserved) {
                    reserved = false;
                    memory.give(config.creditBytes());
                }
            }
        }

        /// Gives the place back. Idempotent.
        void release() {
            synchronized (Admission.this) {
                if (!released) {
                    released = true;
                    handOver();
                    leave(peer);
                }
            }
        }
    }

    private synchronized void leave(@Nullable String peer) {
        taken--;
        if (peer != null) {
            byPeer.computeIfPresent(peer, (name, count) -> count == 1 ? null : count - 1);
        }
    }

    /// Gives a connection a place.
    ///
    /// @param peer name of the peer that has connected; null for a connection that this end makes
    /// @throws ConnectionException when there is none
    synchronized Place admit(@Nullable String peer) {
        if (taken >= config.maxConnections()) {
            throw refused("all connections are taken, maxConnections=" + config.maxConnections()
                    + "; raise it or close some");
        }
        final int most = config.limits().connectionsPerPeer();
        if (peer != null && byPeer.getOrDefault(peer, 0) >= most) {
            throw refused("all connections of one peer are taken, limits.connectionsPerPeer=" + most
                    + "; raise it or close some");
        }
        if (!memory.tryTake(config.creditBytes())) {
            throw refused("the receive memory of all connections is promised, limits.totalMemoryBytes="
                    + config.limits().totalMemoryBytes() + "; raise it, lower creditBytes=" + config.creditBytes()
                    + ", or close some");
        }
        taken++;
        if (peer != null) {
            byPeer.merge(peer, 1, Integer::sum);
        }
        return new Place(peer);
    }

    private static ConnectionException refused(String text) {
        return new ConnectionException(Reason.REFUSED, text);
    }
}
