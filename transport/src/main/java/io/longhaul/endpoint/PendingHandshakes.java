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

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Control connections that have not been authenticated and established: a limited number, shared fairly among the
/// hosts that they come from, so that a host whose handshakes hang takes nothing from the others.
///
/// When all places are taken, a newcomer from a host that holds fewer than another gets the latest place of the host
/// that holds most; else it gets the place of the oldest of its own host, if that has hung for a while; else it is
/// turned away.
///
/// Threading: any thread.
final class PendingHandshakes {
    private final int most;
    private final long staleNanos;
    private final Map<InetAddress, Deque<Place>> byHost = new HashMap<>(); // guarded by this
    private int taken; // guarded by this

    /// A handshake that is under way.
    static final class Place {
        private final Socket socket;
        private final InetAddress host;
        private final long sinceNanos;

        private Place(Socket socket, InetAddress host, long sinceNanos) {
            this.socket = socket;
            this.host = host;
            this.sinceNanos = sinceNanos;
        }
    }

    /// @param most places
    /// @param timeout longest handshake; one that takes a quarter of it hangs
    PendingHandshakes(int most, Duration timeout) {
        this.most = most;
        staleNanos = Saturation.nanos(timeout) / 4;
    }

    /// Gives a connection a place; null when it is turned away. The one that loses its place is closed.
    @Nullable
    Place admit(Socket socket, long nowNanos) {
        final Place place = new Place(socket, host(socket.getInetAddress()), nowNanos);
        final Place loser;
        synchronized (this) {
            loser = taken < most ? null : loser(place.host, nowNanos);
            if (taken >= most && loser == null) {
                return null;
            }
            if (loser != null) {
                release(loser);
            }
            byHost.computeIfAbsent(place.host, h -> new ArrayDeque<>()).addLast(place);
            taken++;
        }
        if (loser != null) {
            close(loser.socket);
        }
        return place;
    }

    private @Nullable Place loser(InetAddress newcomer, long nowNanos) {
        Deque<Place> largest = new ArrayDeque<>();
        for (final Deque<Place> each : byHost.values()) {
            if (each.size() > largest.size()) {
                largest = each;
            }
        }
        final Deque<Place> own = byHost.getOrDefault(newcomer, new ArrayDeque<>());
        if (largest.size() > own.size() + 1) {
            return largest.peekLast();
        }
        // The host's own first, and then anybody's: strangers of a thousand networks must not hold the door for ever.
        final Place stale = stale(own.peekFirst(), nowNanos);
        return stale != null ? stale : stale(oldest(), nowNanos);
    }

    private @Nullable Place stale(@Nullable Place place, long nowNanos) {
        return place != null && nowNanos - place.sinceNanos >= staleNanos ? place : null;
    }

    private @Nullable Place oldest() {
        Place oldest = null;
        for (final Deque<Place> each : byHost.values()) {
            final Place first = each.peekFirst();
            if (first != null && (oldest == null || first.sinceNanos - oldest.sinceNanos < 0)) {
                oldest = first;
            }
        }
        return oldest;
    }

    /// Gives a place back; a place that was lost is gone already.
    synchronized void release(Place place) {
        final Deque<Place> places = byHost.get(place.host);
        if (places != null && places.remove(place)) {
            taken--;
            if (places.isEmpty()) {
                byHost.remove(place.host);
            }
        }
    }

    /// Places that are taken.
    synchronized int taken() {
        return taken;
    }

    /// One customer of a provider has an IPv6 network of 56 bits or more (RFC 6177 §2): whoever has one of 48
    /// counts as 256 hosts,
    /// not as 65,536.
    static InetAddress host(InetAddress address) {
        if (!(address instanceof Inet6Address)) {
            return address;
        }
        final byte[] network = ByteBuffer.wrap(address.getAddress())
                .put(7, (byte) 0)
                .putLong(8, 0)
                .array();
        try {
            return InetAddress.getByAddress(network);
        } catch (java.net.UnknownHostException e) {
            throw new AssertionError("an address of 16 bytes is valid", e);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // The descriptor is gone either way.
        }
    }
}
