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
import io.longhaul.core.SealingParameters;
import io.longhaul.endpoint.BootstrapMessage.Refusal;
import io.longhaul.identity.TlsSession;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/// A control connection in TLS 1.3. The handshake, too, ends by its deadline, whatever the peer does, and takes a
/// bounded number of bytes.
///
/// A peer whose certificate is refused is hung up on without a word; other failures are told by TLS's alerts.
final class TlsControlChannel implements ControlChannel {
    /// Most bytes that a peer may send before it is authenticated: a chain of 64 KiB, and what is around it.
    static final int MOST_HANDSHAKE_BYTES = 96 * 1024;

    /// First bytes of a TLS record that holds a handshake message (RFC 8446 §5.1): type 22, version 3.x.
    private static final int HANDSHAKE_RECORD = 0x1603;

    private static final int SNIFFED_BYTES = 4;

    private final HandshakeProcessors processors;
    private final TcpControlChannel raw;
    private final TlsSession session;
    private final SSLEngine engine;
    private final boolean client;
    private final String hint;
    private ByteBuffer received; // from the network; ready to be read
    private ByteBuffer plain; // decrypted; ready to be read
    private long handshakeBytes;
    private boolean proved; // the peer has its key: the handshake is over
    private long waitedNanos; // for processors of this end

    private TlsControlChannel(
            HandshakeProcessors processors, TcpControlChannel raw, TlsSession session, boolean client, String own) {
        this.processors = processors;
        this.raw = raw;
        this.session = session;
        this.client = client;
        engine = session.engine();
        hint = client
                ? "it may not accept this end's certificate (" + own + "), or be overloaded; its log says why"
                : "it may not trust this server's certificate (" + own + ")";
        received =
                ByteBuffer.allocate(engine.getSession().getPacketBufferSize()).limit(0);
        plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize())
                .limit(0);
    }

    /// Runs the handshake.
    ///
    /// @param client true on the end that connected
    /// @param own this end's certificate in a few words
    /// @param deadlineNanos time that the peer has; a server does not count what it waits for its own processors
    /// @throws ConnectionException when the peer does not prove who it is, does not speak TLS 1.3, or is too slow
    static TlsControlChannel open(
            TcpControlChannel raw, TlsSession session, boolean client, String own, long deadlineNanos) {
        return open(HandshakeProcessors.SHARED, raw, session, client, own, deadlineNanos);
    }

    static TlsControlChannel open(
            HandshakeProcessors processors,
            TcpControlChannel raw,
            TlsSession session,
            boolean client,
            String own,
            long deadlineNanos) {
        final TlsControlChannel channel = new TlsControlChannel(processors, raw, session, client, own);
        final String peer = Bootstrap.text(raw.remoteAddress());
        try {
            channel.handshake(deadlineNanos);
        } catch (SocketTimeoutException e) {
            throw new ConnectionException(
                    Reason.TIMEOUT,
                    peer + " did not complete the TLS handshake in time; is it a Longhaul, and not overloaded?",
                    e);
        } catch (EOFException e) {
            throw new ConnectionException(
                    client || channel.handshakeBytes > 0 ? Reason.AUTHENTICATION_FAILED : Reason.NOT_LONGHAUL,
                    peer + " ended the connection during the TLS handshake: " + channel.hint,
                    e);
        } catch (SSLException e) {
            throw channel.failed(peer, e);
        } catch (IOException e) {
            throw new ConnectionException(
                    Reason.AUTHENTICATION_FAILED,
                    peer + " broke the connection during the TLS handshake (" + e.getMessage() + "): " + channel.hint,
                    e);
        }
        if (!session.isPeerAccepted()) {
            throw new ConnectionException(
                    Reason.AUTHENTICATION_FAILED, peer + " is not accepted: it has not proved who it is");
        }
        channel.proved = true;
        return channel;
    }

    /// True when bytes begin like a TLS handshake.
    static boolean isTls(ByteBuffer bytes) {
        return bytes.limit() >= 2 && bytes.getShort(0) == HANDSHAKE_RECORD;
    }

    /// Computes on the processors that handshakes share.
    private void handshake(long deadlineNanos) throws IOException {
        final InetSocketAddress remote = raw.remoteAddress();
        final Object party = client ? remote : PendingHandshakes.host(remote.getAddress());
        try (HandshakeProcessors.Turn turn = processors.begin(party)) {
            handshake(turn, deadlineNanos);
        }
    }

    private void handshake(HandshakeProcessors.Turn turn, long deadlineNanos) throws IOException {
        begin(turn);
        boolean first = true;
        HandshakeStatus status = engine.getHandshakeStatus();
        while (status != HandshakeStatus.NOT_HANDSHAKING && status != HandshakeStatus.FINISHED) {
            status = switch (status) {
                case NEED_TASK -> {
                    compute(turn, this::runTasks);
                    yield engine.getHandshakeStatus();
                }
                case NEED_WRAP -> wrap(ByteBuffer.allocate(0));
                default -> {
                    if (first && received.remaining() < SNIFFED_BYTES) {
                        more(deadlineNanos);
                        if (received.remaining() >= SNIFFED_BYTES) {
                            first = false;
                            checkIsTls();
                        }
                        yield engine.getHandshakeStatus();
                    }
                    yield unwrap(deadlineNanos);
                }
            };
        }
    }

    /// Tells people who started the two ends differently, in words that the other end understands.
    private void checkIsTls() throws IOException {
        if (isTls(received.slice()) || received.get(received.position()) == 21) { // an alert
            return;
        }
        final String peer = Bootstrap.text(raw.remoteAddress());
        if (!BootstrapCodec.isMagic(received.slice())) {
            throw new ConnectionException(
                    Reason.NOT_LONGHAUL,
                    peer + " does not speak TLS: it says "
                            + Bootstrap.excerpt(received.slice().limit(SNIFFED_BYTES)) + "; check the port");
        }
        if (client) {
            throw new ConnectionException(
                    Reason.AUTHENTICATION_FAILED,
                    peer + " is a Longhaul that runs insecure; start it with a certificate, or, on a network that you"
                            + " trust, be insecure here, too");
        }
        Bootstrap.refuse(
                raw,
                Refusal.REFUSED_CONFIGURATION,
                "this server takes secure connections only; leave out --insecure, and give certificate, key and trust");
        throw new ConnectionException(
                Reason.AUTHENTICATION_FAILED, peer + " is refused: it is a Longhaul that runs insecure");
    }

    // A client makes its ephemeral key here; a server has nothing to compute before it was greeted.
    private void begin(HandshakeProcessors.Turn turn) throws IOException {
        if (!client) {
            engine.beginHandshake();
            return;
        }
        try {
            compute(turn, () -> {
                try {
                    engine.beginHandshake();
                } catch (SSLException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private void compute(HandshakeProcessors.Turn turn, Runnable work) {
        waitedNanos += processors.run(turn, work);
    }

    private void runTasks() {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }

    private HandshakeStatus wrap(ByteBuffer source) throws IOException {
        final ByteBuffer out = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        final SSLEngineResult result = engine.wrap(source, out);
        if (out.position() > 0) {
            raw.send(out.flip());
        }
        if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
            throw new EOFException("TLS is closed");
        }
        return engine.getHandshakeStatus();
    }

    private HandshakeStatus unwrap(long deadlineNanos) throws IOException {
        final ByteBuffer out = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
        final SSLEngineResult result = engine.unwrap(received, out);
        switch (result.getStatus()) {
            case BUFFER_UNDERFLOW -> more(deadlineNanos);
            case CLOSED -> throw new EOFException("the peer has closed TLS");
            default -> {
                if (out.position() > 0) {
                    plain = out.flip();
                }
            }
        }
        return engine.getHandshakeStatus();
    }

    /// Reads what has come from the network behind what is left.
    private void more(long deadlineNanos) throws IOException {
        received.compact();
        if (!received.hasRemaining()) {
            final ByteBuffer larger = ByteBuffer.allocate(
                    Math.max(2 * received.capacity(), engine.getSession().getPacketBufferSize()));
            received = larger.put(received.flip());
        }
        final int count;
        try {
            count = raw.receiveSome(received, proved || client ? deadlineNanos : deadlineNanos + waitedNanos);
        } finally {
            received.flip();
        }
        if (count < 0) {
            throw new EOFException("the peer has ended the connection");
        }
        handshakeBytes += count;
        if (!proved && handshakeBytes > MOST_HANDSHAKE_BYTES) {
            throw new SSLException("the handshake takes more than " + MOST_HANDSHAKE_BYTES + " bytes");
        }
    }

    private ConnectionException failed(String peer, SSLException cause) {
        final String refusal = session.refusal();
        if (refusal != null) {
            return new ConnectionException(Reason.AUTHENTICATION_FAILED, peer + " is not accepted: " + refusal, cause);
        }
        sendAlert();
        return new ConnectionException(
                Reason.AUTHENTICATION_FAILED, peer + " is not accepted: " + explain(cause), cause);
    }

    private String explain(SSLException cause) {
        final String text = Bootstrap.printable(String.valueOf(cause.getMessage()));
        if (text.contains("rotocol version") || text.contains("protocol_version") || text.contains("TLSv1.2")) {
            return "it speaks TLS, but not version 1.3";
        }
        if (text.contains("Received fatal alert")) {
            return "it broke the TLS handshake off (" + text.substring(text.lastIndexOf(':') + 2) + "): " + hint;
        }
        if (text.contains("Empty client certificate chain")) {
            return "it showed no certificate";
        }
        return "the TLS handshake failed: " + text;
    }

    private void sendAlert() {
        try {
            wrap(ByteBuffer.allocate(0));
        } catch (IOException e) {
            // Nobody is there to be told.
        }
    }

    @Override
    public InetSocketAddress localAddress() {
        return raw.localAddress();
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return raw.remoteAddress();
    }

    @Override
    public String hint() {
        return hint;
    }

    @Override
    public List<String> peerNames() {
        return session.peerNames();
    }

    @Override
    public long waitedNanos() {
        return waitedNanos;
    }

    @Override
    public SealingParameters sealing(byte[] context) {
        return session.sealing(context);
    }

    @Override
    public void send(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            wrap(bytes);
        }
    }

    @Override
    public int receive(ByteBuffer target, long deadlineNanos) throws IOException {
        final int wanted = target.remaining();
        try {
            while (target.hasRemaining()) {
                if (plain.hasRemaining()) {
                    final int count = Math.min(plain.remaining(), target.remaining());
                    target.put(plain.slice(plain.position(), count));
                    plain.position(plain.position() + count);
                } else {
                    serve(unwrap(deadlineNanos));
                }
            }
        } catch (EOFException e) {
            return wanted - target.remaining();
        }
        return wanted;
    }

    /// What TLS itself has to do between messages: tickets that come, keys that change.
    private void serve(HandshakeStatus status) throws IOException {
        if (status == HandshakeStatus.NEED_TASK) {
            runTasks();
        } else if (status == HandshakeStatus.NEED_WRAP) {
            wrap(ByteBuffer.allocate(0));
        }
    }

    /// What comes now is not looked at: TLS guards the exchange at the start; the end of the connection needs no
    /// guard, as anybody on the path can cut it.
    @Override
    public void awaitEnd() {
        raw.awaitEnd();
    }

    @Override
    public void close() {
        raw.close();
    }

    @Override
    public ControlChannel withoutSession() {
        return new AfterBootstrap(raw, peerNames(), hint);
    }

    /// What is left of it when everything has been said.
    private record AfterBootstrap(TcpControlChannel raw, List<String> peerNames, String hint)
            implements ControlChannel {
        @Override
        public InetSocketAddress localAddress() {
            return raw.localAddress();
        }

        @Override
        public InetSocketAddress remoteAddress() {
            return raw.remoteAddress();
        }

        @Override
        public void send(ByteBuffer bytes) throws IOException {
            throw new EOFException("the bootstrap is over");
        }

        @Override
        public int receive(ByteBuffer target, long deadlineNanos) throws IOException {
            return 0;
        }

        @Override
        public void awaitEnd() {
            raw.awaitEnd();
        }

        @Override
        public void close() {
            raw.close();
        }
    }
}
