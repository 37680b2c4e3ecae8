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

import io.longhaul.Connection;
import io.longhaul.ConnectionException;
import io.longhaul.ConnectionException.Reason;
import io.longhaul.Listener;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Accepts control connections: each handshake runs on a virtual thread of its own, within a limited number and time.
final class EndpointListener implements Listener {
    /// Connections that the kernel queues before they are accepted.
    private static final int BACKLOG = 512;

    /// Pause after a failed accept (out of descriptors): the kernel's queue waits meanwhile.
    private static final Duration RETRY = Duration.ofMillis(50);

    private final Endpoint endpoint;
    private final ServerSocket socket;
    private final InetSocketAddress localAddress;
    private final PendingHandshakes handshakes;
    private final ArrivalQueue<Connection> accepted = new ArrivalQueue<>();
    private volatile boolean closed;

    EndpointListener(Endpoint endpoint, InetSocketAddress address) {
        this.endpoint = endpoint;
        handshakes = new PendingHandshakes(
                endpoint.config().maxPendingHandshakes(), endpoint.config().handshakeTimeout());
        try {
            socket = new ServerSocket();
        } catch (IOException e) {
            throw unbound(address, e);
        }
        try {
            socket.setReuseAddress(true);
            socket.bind(address, BACKLOG);
        } catch (IOException | IllegalArgumentException e) {
            closeSocket();
            throw unbound(address, e);
        }
        localAddress = (InetSocketAddress) socket.getLocalSocketAddress();
    }

    private static ConnectionException unbound(InetSocketAddress address, Exception cause) {
        return new ConnectionException(
                Reason.UNREACHABLE,
                "cannot listen at " + address + ": " + cause.getMessage()
                        + "; choose another port, or an address of this host",
                cause);
    }

    /// Begins to accept.
    void start() {
        Thread.ofVirtual().name("longhaul-accept-" + localAddress.getPort()).start(this::acceptAll);
    }

    private void acceptAll() {
        while (!closed) {
            try {
                final Socket control = socket.accept();
                final PendingHandshakes.Place place = handshakes.admit(control, System.nanoTime());
                if (place != null) {
                    Thread.ofVirtual().name("longhaul-control").start(() -> serve(control, place));
                } else {
                    endpoint.log().log(Level.WARNING, "too many handshakes are pending: a connection was dropped");
                    control.close();
                }
            } catch (IOException e) {
                if (!closed && !pause(e)) {
                    return;
                }
            } catch (LinkageError e) {
                fail(e);
            }
        }
    }

    /// The JDK found no descriptors for what it waits with, and does not try that again.
    private void fail(LinkageError cause) {
        accepted.end(() -> new ConnectionException(
                Reason.DEVICE_FAILED,
                "nothing can be accepted at " + Bootstrap.text(localAddress) + " (" + cause
                        + "); raise the limit of open files (ulimit -n)",
                cause));
        close();
    }

    private boolean pause(IOException cause) {
        endpoint.log().log(Level.WARNING, "accept at " + localAddress + " failed; trying again", cause);
        try {
            Thread.sleep(RETRY);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /// Life of a control connection: handshake, hand over, wait for its end.
    private void serve(Socket control, PendingHandshakes.Place place) {
        final EndpointConnection connection;
        try {
            connection = endpoint.answer(control);
        } finally {
            handshakes.release(place);
        }
        if (connection == null) {
            return;
        }
        if (!accepted.add(connection)) {
            connection.close(Duration.ZERO);
        }
        endpoint.watch(connection);
    }

    @Override
    public @Nullable Connection accept(Duration timeout) throws InterruptedException {
        return accepted.poll(timeout);
    }

    @Override
    public InetSocketAddress localAddress() {
        return localAddress;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        closeSocket();
        accepted.end(() -> new ConnectionException(
                Reason.LOCALLY_CLOSED, "the listener at " + Bootstrap.text(localAddress) + " is closed"));
        endpoint.forget(this);
    }

    private void closeSocket() {
        try {
            socket.close();
        } catch (IOException e) {
            // The descriptor is gone either way.
        }
    }
}
