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
package io.longhaul.cli.pingpong;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The TCP connection over which the two ends learn of each other.
///
/// The client speaks first. The server makes its queue pair ready before it answers, so that the client may send as
/// soon
/// as
/// it has the answer; its `done` says that it will.
public final class Rendezvous implements AutoCloseable {
    private static final byte[] DONE = "done\0".getBytes(StandardCharsets.US_ASCII);
    private static final int TIMEOUT_MILLIS = 10_000;

    private final Socket socket;
    private final boolean client;

    private Rendezvous(Socket socket, boolean client) {
        this.socket = socket;
        this.client = client;
    }

    /// What turns the peer's contact into a queue pair that is ready to send and receive.
    @FunctionalInterface
    interface Connector {
        void connect(Contact peer) throws IOException;
    }

    /// Connects to a server.
    ///
    /// @throws IOException when nobody answers within ten seconds
    public static Rendezvous connect(InetSocketAddress server) throws IOException {
        final Socket socket = new Socket();
        try {
            socket.connect(server, TIMEOUT_MILLIS);
            return ready(socket, true);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /// Opens the port of a server.
    public static ServerSocket listen(int port) throws IOException {
        final ServerSocket listener = new ServerSocket();
        try {
            listener.setReuseAddress(true);
            listener.bind(new InetSocketAddress(port), 1);
            return listener;
        } catch (IOException e) {
            listener.close();
            throw e;
        }
    }

    /// Waits for one client, without limit.
    public static Rendezvous accept(ServerSocket listener) throws IOException {
        return ready(listener.accept(), false);
    }

    private static Rendezvous ready(Socket socket, boolean client) throws IOException {
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.setTcpNoDelay(true);
        return new Rendezvous(socket, client);
    }

    /// Whether this end connected, and sends the first message.
    boolean isClient() {
        return client;
    }

    /// The address of this host on the way to the peer.
    public InetAddress localAddress() {
        return socket.getLocalAddress();
    }

    /// Tells the peer of this end and learns of it.
    ///
    /// @param connector makes this end ready, before the peer may send
    /// @return what the peer told
    Contact exchange(Contact own, Connector connector) throws IOException {
        if (client) {
            socket.getOutputStream().write(own.encode());
            final Contact peer = Contact.decode(read(Contact.BYTES));
            connector.connect(peer);
            socket.getOutputStream().write(DONE);
            return peer;
        }
        final Contact peer = Contact.decode(read(Contact.BYTES));
        connector.connect(peer);
        socket.getOutputStream().write(own.encode());
        if (!Arrays.equals(read(DONE.length), DONE)) {
            throw new IOException("the peer did not say that it is ready: it speaks another protocol");
        }
        return peer;
    }

    private byte[] read(int bytes) throws IOException {
        final InputStream in = socket.getInputStream();
        try {
            final byte[] read = in.readNBytes(bytes);
            if (read.length < bytes) {
                throw new EOFException("the peer closed the connection before it told where its queue pair is;"
                        + " look at what it printed");
            }
            return read;
        } catch (SocketTimeoutException e) {
            throw new IOException(
                    "the peer said nothing for " + TIMEOUT_MILLIS / 1000 + " s after it was connected", e);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
