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
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/// A control connection in the clear.
final class TcpControlChannel implements ControlChannel {
    private static final byte[] DISCARDED = new byte[256]; // for all: nobody looks at it

    private final Socket socket;
    private final InetSocketAddress localAddress;
    private final InetSocketAddress remoteAddress;

    /// Takes a connected socket over.
    TcpControlChannel(Socket socket) throws IOException {
        this.socket = socket;
        localAddress = (InetSocketAddress) socket.getLocalSocketAddress();
        remoteAddress = (InetSocketAddress) socket.getRemoteSocketAddress();
        socket.setTcpNoDelay(true);
        socket.setKeepAlive(true);
    }

    @Override
    public InetSocketAddress localAddress() {
        return localAddress;
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return remoteAddress;
    }

    @Override
    public void send(ByteBuffer bytes) throws IOException {
        final byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        socket.getOutputStream().write(copy);
    }

    @Override
    public int receive(ByteBuffer target, long deadlineNanos) throws IOException {
        final InputStream input = socket.getInputStream();
        final byte[] bytes = new byte[target.remaining()];
        int count = 0;
        while (count < bytes.length) {
            socket.setSoTimeout(remainingMillis(deadlineNanos));
            final int read = input.read(bytes, count, bytes.length - count);
            if (read < 0) {
                break;
            }
            count += read;
        }
        target.put(bytes, 0, count);
        return count;
    }

    /// Reads what has come, at least one byte.
    ///
    /// @return the number of bytes, -1 when the peer has ended the channel
    int receiveSome(ByteBuffer target, long deadlineNanos) throws IOException {
        final byte[] bytes = new byte[target.remaining()];
        socket.setSoTimeout(remainingMillis(deadlineNanos));
        final int count = socket.getInputStream().read(bytes);
        if (count > 0) {
            target.put(bytes, 0, count);
        }
        return count;
    }

    private static int remainingMillis(long deadlineNanos) throws SocketTimeoutException {
        final long remainingNanos = deadlineNanos - System.nanoTime();
        if (remainingNanos <= 0) {
            throw new SocketTimeoutException("the deadline has passed");
        }
        return (int) Math.min(Integer.MAX_VALUE, TimeUnit.NANOSECONDS.toMillis(remainingNanos) + 1);
    }

    @Override
    public void awaitEnd() {
        try {
            socket.setSoTimeout(0);
            final InputStream input = socket.getInputStream();
            while (input.read(DISCARDED) >= 0) {
                // The peer has nothing more to say here.
            }
        } catch (IOException e) {
            // A reset, or closed by this side: an end like any other.
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // The descriptor is gone either way.
        }
    }
}
