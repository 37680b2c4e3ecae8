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
import io.longhaul.endpoint.BootstrapMessage.Announcement;
import io.longhaul.endpoint.BootstrapMessage.Refusal;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Both halves of the exchange over the control connection: the client announces itself, the server announces itself or
/// refuses. Whatever the other side does, each step ends by its deadline, with a value or a {@link ConnectionException}
/// that says what to do.
///
/// Threading: blocks; runs on the caller's thread or a virtual one, never on an agent.
final class Bootstrap {
    private static final int MAGIC_BYTES = 4;

    private Bootstrap() {}

    /// Opens the control connection.
    ///
    /// @param bindAddress local address, or null
    static TcpControlChannel dial(InetSocketAddress address, @Nullable InetAddress bindAddress, long deadlineNanos) {
        if (address.isUnresolved()) {
            throw new ConnectionException(
                    Reason.UNREACHABLE,
                    "the host name " + address.getHostString() + " cannot be resolved; check its spelling");
        }
        final Socket socket = new Socket();
        boolean connected = false;
        try {
            if (bindAddress != null) {
                socket.bind(new InetSocketAddress(bindAddress, 0));
            }
            socket.connect(address, millisUntil(deadlineNanos));
            final TcpControlChannel channel = new TcpControlChannel(socket);
            connected = true;
            return channel;
        } catch (SocketTimeoutException e) {
            throw new ConnectionException(
                    Reason.TIMEOUT,
                    "TCP connect to " + text(address)
                            + " got no answer in time; check the address, and that no firewall drops TCP to this port",
                    e);
        } catch (NoRouteToHostException e) {
            throw new ConnectionException(
                    Reason.UNREACHABLE,
                    "no route to " + text(address) + "; check the address and the routing table",
                    e);
        } catch (ConnectException e) {
            throw new ConnectionException(
                    Reason.UNREACHABLE,
                    "nobody listens at " + text(address) + "; start the server there, or check the port",
                    e);
        } catch (IOException e) {
            throw new ConnectionException(
                    Reason.UNREACHABLE, "TCP connect to " + text(address) + " failed: " + e.getMessage(), e);
        } finally {
            if (!connected) {
                close(socket);
            }
        }
    }

    /// Client: announces itself and waits for the server's answer.
    ///
    /// @throws ConnectionException when the server refuses, is no Longhaul, or does not answer in time
    static Announcement exchange(ControlChannel channel, Announcement hello, long deadlineNanos) {
        final String peer = text(channel.remoteAddress());
        try {
            channel.send(BootstrapCodec.encode(hello));
            return answer(receive(channel, deadlineNanos), hello, peer);
        } catch (SocketTimeoutException e) {
            throw new ConnectionException(
                    Reason.TIMEOUT,
                    peer + " accepted the TCP connection but sent no complete answer in time; is it a Longhaul server?",
                    e);
        } catch (IOException e) {
            throw new ConnectionException(
                    Reason.NOT_LONGHAUL,
                    peer + " broke the TCP connection during bootstrap (" + e.getMessage() + "); " + channel.hint(),
                    e);
        }
    }

    private static Announcement answer(BootstrapMessage message, Announcement hello, String peer) {
        return switch (message) {
            case Refusal refusal -> throw refused(refusal, peer);
            case Announcement announcement -> {
                if (!announcement.answer() || announcement.nonce() != hello.nonce()) {
                    throw new ConnectionException(
                            Reason.PROTOCOL_VIOLATION,
                            peer + " answered something else than what it was asked; is there a proxy in between?");
                }
                yield announcement;
            }
        };
    }

    private static ConnectionException refused(Refusal refusal, String peer) {
        final Reason reason = refusal.code() == Refusal.REFUSED_VERSION ? Reason.VERSION_MISMATCH : Reason.REFUSED;
        return new ConnectionException(reason, peer + " refused: " + refusal.text());
    }

    /// Server: waits for a client's announcement.
    ///
    /// @throws ConnectionException when the client is no Longhaul, breaks the protocol, or is too slow; a client of
    ///     another version has been told so
    static Announcement hello(ControlChannel channel, long deadlineNanos) {
        final String peer = text(channel.remoteAddress());
        try {
            final BootstrapMessage message = receive(channel, deadlineNanos);
            if (message instanceof Announcement announcement && !announcement.answer()) {
                return announcement;
            }
            throw new ConnectionException(
                    Reason.PROTOCOL_VIOLATION, peer + " connected, but did not begin with an announcement");
        } catch (SocketTimeoutException e) {
            throw new ConnectionException(
                    Reason.TIMEOUT, peer + " connected, but sent no complete announcement in time", e);
        } catch (IOException e) {
            throw new ConnectionException(
                    Reason.NOT_LONGHAUL, peer + " broke the TCP connection during bootstrap: " + e.getMessage(), e);
        } catch (ConnectionException e) {
            if (e.reason() == Reason.VERSION_MISMATCH) {
                refuse(
                        channel,
                        Refusal.REFUSED_VERSION,
                        "this server speaks version " + BootstrapCodec.VERSION
                                + " of the protocol; use the same release of Longhaul at both ends");
            } else if (e.reason() == Reason.PROTOCOL_VIOLATION) {
                refuse(channel, Refusal.REFUSED_PROTOCOL, "the announcement is malformed");
            } else if (e.reason() == Reason.AUTHENTICATION_FAILED) {
                refuse(channel, Refusal.REFUSED_CONFIGURATION, "this server runs insecure");
            }
            throw e;
        }
    }

    /// Server: answers.
    static void answer(ControlChannel channel, Announcement answer) {
        try {
            channel.send(BootstrapCodec.encode(answer));
        } catch (IOException e) {
            throw new ConnectionException(
                    Reason.PEER_RESET, text(channel.remoteAddress()) + " left during bootstrap: " + e.getMessage(), e);
        }
    }

    /// Server: declines, if the client still listens.
    static void refuse(ControlChannel channel, int code, String text) {
        try {
            channel.send(BootstrapCodec.encode(new Refusal(code, text)));
        } catch (IOException e) {
            // The client has left: nobody is there to be told.
        }
    }

    private static BootstrapMessage receive(ControlChannel channel, long deadlineNanos) throws IOException {
        final String peer = text(channel.remoteAddress());
        final ByteBuffer bytes =
                ByteBuffer.allocate(BootstrapCodec.HEADER_BYTES).limit(MAGIC_BYTES);
        final int count = channel.receive(bytes, deadlineNanos);
        if (count == 0) {
            throw new ConnectionException(
                    Reason.NOT_LONGHAUL, peer + " ended the TCP connection without a word; " + channel.hint());
        }
        if (count == MAGIC_BYTES && TlsControlChannel.isTls(bytes)) {
            throw new ConnectionException(
                    Reason.AUTHENTICATION_FAILED, peer + " is refused: it speaks TLS, and this end runs insecure");
        }
        if (count < MAGIC_BYTES || !BootstrapCodec.isMagic(bytes)) {
            throw new ConnectionException(
                    Reason.NOT_LONGHAUL,
                    peer + " is no Longhaul: it says " + excerpt(bytes.flip()) + "; check the port");
        }
        fill(channel, bytes.limit(BootstrapCodec.HEADER_BYTES), deadlineNanos);
        final BootstrapCodec.Header header = BootstrapCodec.header(bytes);
        if (header.version() != BootstrapCodec.VERSION) {
            throw new ConnectionException(
                    Reason.VERSION_MISMATCH,
                    peer + " speaks version " + header.version() + " of the protocol, this end version "
                            + BootstrapCodec.VERSION + "; use the same release of Longhaul at both ends");
        }
        final ByteBuffer body = ByteBuffer.allocate(header.bodyBytes());
        fill(channel, body, deadlineNanos);
        return BootstrapCodec.decode(header, body.flip());
    }

    private static void fill(ControlChannel channel, ByteBuffer target, long deadlineNanos) throws IOException {
        final int wanted = target.remaining();
        final int count = channel.receive(target, deadlineNanos);
        if (count < wanted) {
            throw new ConnectionException(
                    Reason.PROTOCOL_VIOLATION,
                    text(channel.remoteAddress()) + " ended the TCP connection in the middle of a message: " + count
                            + " of " + wanted + " bytes came");
        }
    }

    static String excerpt(ByteBuffer bytes) {
        return '"' + printable(StandardCharsets.ISO_8859_1.decode(bytes).toString()) + '"';
    }

    /// A stranger's text, fit for terminals and logs.
    static String printable(String text) {
        return text.replaceAll("[^ -~]", "?");
    }

    private static int millisUntil(long deadlineNanos) throws SocketTimeoutException {
        final long remainingNanos = deadlineNanos - System.nanoTime();
        if (remainingNanos <= 0) {
            throw new SocketTimeoutException("the deadline has passed");
        }
        return (int) Math.min(Integer.MAX_VALUE, TimeUnit.NANOSECONDS.toMillis(remainingNanos) + 1);
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // The descriptor is gone either way.
        }
    }

    /// Host and port as they are typed.
    static String text(InetSocketAddress address) {
        final String host = address.isUnresolved()
                ? address.getHostString()
                : address.getAddress().getHostAddress();
        return (host.indexOf(':') >= 0 ? '[' + host + ']' : host) + ':' + address.getPort();
    }

    /// The time of {@link System#nanoTime} at which a timeout ends.
    static long deadlineNanos(Duration timeout) {
        return System.nanoTime() + Math.min(Saturation.nanos(timeout), Long.MAX_VALUE / 4);
    }
}
