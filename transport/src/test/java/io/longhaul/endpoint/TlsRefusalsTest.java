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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Connection;
import io.longhaul.ConnectionException;
import io.longhaul.ConnectionException.Reason;
import io.longhaul.Listener;
import io.longhaul.Longhaul;
import io.longhaul.Longhaul.Identity;
import io.longhaul.identity.Credentials;
import io.longhaul.identity.PrivateAuthority;
import io.longhaul.identity.PrivateAuthority.Issued;
import io.longhaul.identity.TlsSession;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Peers that do not prove who they are: each is refused, with one line on the side that can act on it, and no hint to
/// the other.
@Timeout(60)
class TlsRefusalsTest {
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration HANDSHAKE = Duration.ofSeconds(3);
    private static final Logger LOGGER = Logger.getLogger("io.longhaul");
    private static final PrivateAuthority AUTHORITY = PrivateAuthority.create();
    private static final PrivateAuthority STRANGERS = PrivateAuthority.create();

    private final Queue<String> lines = new ConcurrentLinkedQueue<>();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord logged) {
            if (logged.getLevel().intValue() >= java.util.logging.Level.WARNING.intValue()) {
                lines.add(logged.getMessage());
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    private Longhaul server;
    private Listener listener;

    @BeforeEach
    void listen() {
        LOGGER.addHandler(handler);
        LOGGER.setUseParentHandlers(false);
        server = Longhaul.open(EndpointPair.small()
                .insecure(false)
                .identity(AUTHORITY.identity("127.0.0.1"))
                .handshakeTimeout(HANDSHAKE)
                .maxPendingHandshakes(8)
                .build());
        listener = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    @AfterEach
    void close() {
        server.close();
        LOGGER.removeHandler(handler);
        LOGGER.setUseParentHandlers(true);
    }

    private int port() {
        return listener.localAddress().getPort();
    }

    private static InetSocketAddress at(String host, int port) {
        return new InetSocketAddress(host, port);
    }

    private Socket dial() throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), port());
    }

    /// Connects as a client that does not look at its own certificate, and says what it is told.
    private String toldTo(Credentials own) throws IOException {
        final long deadline = Bootstrap.deadlineNanos(EndpointPair.PATIENCE);
        final TcpControlChannel raw = new TcpControlChannel(dial());
        final ConnectionException refused = assertThrows(ConnectionException.class, () -> {
            try (TlsControlChannel channel = TlsControlChannel.open(
                    raw, TlsSession.client(own, Set.of(), "127.0.0.1", port()), true, "me", deadline)) {
                Bootstrap.exchange(channel, BootstrapCodecTest.announcement(false), deadline);
            }
        });
        return String.valueOf(refused.getMessage());
    }

    /// Lines of an earlier test may still come.
    private void assertOneLine(String part) throws InterruptedException {
        EndpointPair.await(() -> lines.stream().anyMatch(line -> line.contains(part)), "'" + part + "' was not logged");
        final List<String> found =
                lines.stream().filter(line -> line.contains(part)).toList();
        assertEquals(1, found.size(), lines.toString());
        assertEquals(1, found.getFirst().lines().count());
        assertFalse(found.getFirst().contains("Exception"), found.getFirst());
    }

    private void assertRefused(Identity client, String logged, String hidden) throws Exception {
        final String told = toldTo(Credentials.load(client.source()));
        assertTrue(told.contains("may not accept this end's certificate"), told);
        assertFalse(told.contains(hidden), told);
        assertOneLine(logged);
        assertNull(listener.accept(Duration.ZERO));
    }

    private static Identity identity(Issued issued) {
        return Identity.of(issued.key(), List.of(issued.certificate()), List.of(AUTHORITY.certificate()));
    }

    @Test
    void aClientOfAnotherAuthorityIsRefused() throws Exception {
        final Issued stranger = STRANGERS.issue(List.of("evil"), Instant.now(), DAY);
        assertRefused(identity(stranger), "which is not trusted here (trusted: CN=Longhaul", "authority");
    }

    @Test
    @Tag("fault-71")
    void anExpiredClientIsRefused() throws Exception {
        final Instant now = Instant.now();
        assertRefused(
                identity(AUTHORITY.issue(List.of("late"), now.minus(DAY), now.minusSeconds(60))),
                "(late) expired on",
                "expired");
    }

    @Test
    @Tag("fault-71")
    void aClientThatIsNotValidYetIsRefused() throws Exception {
        final Instant now = Instant.now();
        assertRefused(
                identity(AUTHORITY.issue(
                        List.of("early"), now.plus(DAY), now.plus(DAY).plus(DAY))),
                "(early) is valid only from",
                "valid");
    }

    @Test
    @Tag("fault-71")
    void aSelfSignedClientIsRefused() throws Exception {
        final Identity self =
                Identity.of(STRANGERS.key(), List.of(STRANGERS.certificate()), List.of(AUTHORITY.certificate()));
        assertRefused(self, "is self-signed and not trusted", "self-signed");
    }

    @Test
    void aForgedAuthorityOfTheSameNameIsRefused() throws Exception {
        // The chain names our authority as its issuer, but somebody else's key has signed it.
        final Issued good = AUTHORITY.issue(List.of("good"), Instant.now(), DAY);
        final Issued evil = STRANGERS.issue(List.of("evil"), Instant.now(), DAY);
        final Identity mixed = Identity.of(
                evil.key(), List.of(evil.certificate(), STRANGERS.certificate()), List.of(AUTHORITY.certificate()));
        assertRefused(mixed, "is signed by CN=Longhaul private authority", "signed by");
        assertThrows(
                io.longhaul.ConfigurationException.class,
                () -> Credentials.load(
                        Identity.of(evil.key(), List.of(good.certificate()), List.of(AUTHORITY.certificate()))
                                .source()));
    }

    private Connection connect(Longhaul client, InetSocketAddress address) {
        return client.connect(address, EndpointPair.PATIENCE);
    }

    private static Longhaul endpoint(Identity identity) {
        return Longhaul.open(
                EndpointPair.small().insecure(false).identity(identity).build());
    }

    private String clientLine(Identity identity, String host) {
        try (Longhaul client = endpoint(identity)) {
            final ConnectionException refused =
                    assertThrows(ConnectionException.class, () -> connect(client, at(host, port())));
            assertEquals(Reason.AUTHENTICATION_FAILED, refused.reason());
            return String.valueOf(refused.getMessage());
        }
    }

    @Test
    @Tag("fault-71")
    void aServerOfAnotherNameIsRefused() throws Exception {
        final String line = clientLine(AUTHORITY.identity("host-b"), "localhost");
        assertTrue(line.contains("its certificate is for 127.0.0.1, not for localhost"), line);
        assertOneLine("may not trust this server's certificate (127.0.0.1, signed by");
    }

    @Test
    void aServerOfAnotherAuthorityIsRefused() throws Exception {
        final String line = clientLine(STRANGERS.identity("host-b"), "127.0.0.1");
        assertTrue(line.contains("its certificate (127.0.0.1) is signed by"), line);
        assertTrue(line.contains("not trusted here"), line);
        assertOneLine("may not trust this server's certificate");
    }

    @Test
    void aServerThatIsNotAllowedIsRefused() {
        final String line = clientLine(AUTHORITY.identity("host-b").allow(List.of("host-x")), "127.0.0.1");
        assertTrue(line.contains("not among those allowed (host-x)"), line);
    }

    /// A client made of the standard library alone, which shows what it likes.
    private void strangeTls(String protocol, X509Certificate[] chain, PrivateKey key) throws Exception {
        final SSLContext context = SSLContext.getInstance(protocol);
        context.init(new KeyManager[] {new Shown(chain, key)}, new TrustManager[] {new Credulous()}, null);
        try (SSLSocket socket =
                (SSLSocket) context.getSocketFactory().createSocket(dial(), "127.0.0.1", port(), true)) {
            socket.setEnabledProtocols(new String[] {protocol});
            socket.setSoTimeout(20_000);
            assertThrows(IOException.class, () -> {
                socket.startHandshake();
                if (socket.getInputStream().read() < 0) {
                    throw new IOException("hung up");
                }
            });
        }
    }

    private static final class Shown implements X509KeyManager {
        private final X509Certificate[] chain;
        private final PrivateKey key;

        Shown(X509Certificate[] chain, PrivateKey key) {
            this.chain = chain;
            this.key = key;
        }

        @Override
        public String[] getClientAliases(String keyType, Principal[] issuers) {
            return new String[] {"shown"};
        }

        @Override
        public @Nullable String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
            return chain.length > 0 && List.of(keyTypes).contains("EC") ? "shown" : null;
        }

        @Override
        public String[] getServerAliases(String keyType, Principal[] issuers) {
            return new String[0];
        }

        @Override
        public @Nullable String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
            return null;
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return chain;
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return key;
        }
    }

    private static final class Credulous implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    @Test
    void aClientWithoutCertificateIsRefused() throws Exception {
        strangeTls("TLSv1.3", new X509Certificate[0], AUTHORITY.key());
        assertOneLine("it showed no certificate");
    }

    @Test
    @Tag("fault-70")
    void aClientOfTls12IsRefused() throws Exception {
        final Issued host = AUTHORITY.issue(List.of("old"), Instant.now(), DAY);
        strangeTls("TLSv1.2", new X509Certificate[] {host.certificate(), AUTHORITY.certificate()}, host.key());
        assertOneLine("not version 1.3");
    }

    @Test
    @Tag("fault-71")
    void aChainOfTooManyCertificatesIsRefused() throws Exception {
        final Issued host = AUTHORITY.issue(List.of("long"), Instant.now(), DAY);
        final X509Certificate[] chain = new X509Certificate[30];
        Arrays.fill(chain, AUTHORITY.certificate());
        chain[0] = host.certificate();
        strangeTls("TLSv1.3", chain, host.key());
        assertOneLine("is not accepted");
    }

    @Test
    void aCertificateOfTooManyBytesIsRefused() throws Exception {
        final List<String> names =
                IntStream.range(0, 4000).mapToObj(i -> "host-" + i + ".example").toList();
        final Issued host = AUTHORITY.issue(names, Instant.now(), DAY);
        assertTrue(host.certificate().getEncoded().length > 64 * 1024);
        strangeTls("TLSv1.3", new X509Certificate[] {host.certificate()}, host.key());
        assertOneLine("is not accepted");
    }

    @Test
    void wordsThatAreNoTlsAreRefused() throws Exception {
        try (Socket socket = dial()) {
            socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertHungUp(socket);
        }
        assertNull(listener.accept(Duration.ZERO));
    }

    @Test
    void randomBytesAfterARecordHeaderAreRefused() throws Exception {
        for (long seed = 1; seed <= 20; seed++) {
            final byte[] bytes = new byte[2000];
            new java.util.Random(seed).nextBytes(bytes);
            bytes[0] = 0x16;
            bytes[1] = 3;
            bytes[2] = 3;
            bytes[3] = 2;
            try (Socket socket = dial()) {
                socket.getOutputStream().write(bytes);
                assertHungUp(socket);
            } catch (AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        assertNull(listener.accept(Duration.ZERO));
    }

    /// The server says at most an alert.
    private static void assertHungUp(Socket socket) throws IOException {
        socket.setSoTimeout(20_000);
        try {
            final int count = socket.getInputStream().readAllBytes().length;
            assertTrue(count < 32, "the server said " + count + " bytes");
        } catch (java.net.SocketTimeoutException e) {
            throw new AssertionError("the server holds on", e);
        } catch (IOException e) {
            // A reset is an end, too.
        }
    }

    @Test
    @Tag("fault-55")
    void halfOpenAndSlowHandshakesEndByTheirDeadlineAndHoldNobodyUp() throws Exception {
        final long start = System.nanoTime();
        try (Socket silent = dial();
                Socket slow = dial()) {
            final byte[] hello = {0x16, 3, 1, 2, 0, 1, 0, 1, (byte) 0xFC, 3, 3};
            final Thread drip = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; ; i++) {
                        slow.getOutputStream().write(i < hello.length ? hello[i] : 0);
                        Thread.sleep(20); // slower than any peer, and never silent
                    }
                } catch (IOException | InterruptedException e) {
                    // The server hung up.
                }
            });
            try (Longhaul client = endpoint(AUTHORITY.identity("host-b"));
                    Connection connection = connect(client, at("127.0.0.1", port()))) {
                assertTrue(connection.isOpen());
            }
            assertHungUp(silent);
            drip.join(Duration.ofSeconds(20));
            assertFalse(drip.isAlive());
            final long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            assertTrue(millis >= HANDSHAKE.toMillis() - 100 && millis < 20_000, millis + " ms");
        }
    }

    @Test
    @Tag("fault-55")
    void aFullHouseOfSilentConnectionsMakesRoomForOnesThatSpeak() throws Exception {
        final Socket[] silent = new Socket[8];
        for (int i = 0; i < silent.length; i++) {
            silent[i] = dial();
        }
        try (Longhaul client = endpoint(AUTHORITY.identity("host-b"))) {
            // All places are taken by this very host: the oldest goes when it has hung for a quarter of its time.
            final long deadline = System.nanoTime() + HANDSHAKE.toNanos() * 9 / 10;
            Connection connection = null;
            while (connection == null) {
                try {
                    connection = connect(client, at("127.0.0.1", port()));
                } catch (ConnectionException e) {
                    assertTrue(System.nanoTime() < deadline, e.getMessage());
                    Thread.sleep(50); // time passes for the others only
                }
            }
            connection.close(Duration.ZERO);
        } finally {
            for (final Socket each : silent) {
                each.close();
            }
        }
    }

    /// What a client says of a server that does something else than TLS 1.3.
    private static ConnectionException ofServer(java.util.function.Consumer<Socket> behaviour) throws Exception {
        try (ServerSocket strange = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                Longhaul client = endpoint(AUTHORITY.identity("host-b"))) {
            Thread.ofVirtual().start(() -> {
                try (Socket socket = strange.accept()) {
                    behaviour.accept(socket);
                } catch (IOException e) {
                    // The test is over.
                }
            });
            return assertThrows(
                    ConnectionException.class,
                    () -> client.connect(at("127.0.0.1", strange.getLocalPort()), Duration.ofMillis(1500)));
        }
    }

    @Test
    void aClientSaysWhatIsWrongWithAServer() throws Exception {
        final ConnectionException silent = ofServer(socket -> {
            try {
                socket.getInputStream().readAllBytes();
            } catch (IOException e) {
                // The client gave up.
            }
        });
        assertEquals(Reason.TIMEOUT, silent.reason());
        final ConnectionException gone = ofServer(socket -> {});
        assertTrue(String.valueOf(gone.getMessage()).contains("during the TLS handshake"), gone.getMessage());
        final ConnectionException http = ofServer(socket -> {
            try {
                socket.getOutputStream().write("HTTP/1.1 400\r\n".getBytes(StandardCharsets.US_ASCII));
                socket.getInputStream().readAllBytes();
            } catch (IOException e) {
                // The client gave up.
            }
        });
        assertEquals(Reason.NOT_LONGHAUL, http.reason());
        assertTrue(String.valueOf(http.getMessage()).contains("\"HTTP\""), http.getMessage());
        final ConnectionException old = ofServer(socket -> {
            try {
                socket.getOutputStream().write(new byte[] {21, 3, 3, 0, 2, 2, 70});
                socket.getInputStream().readAllBytes();
            } catch (IOException e) {
                // The client gave up.
            }
        });
        assertTrue(String.valueOf(old.getMessage()).contains("not version 1.3"), old.getMessage());
    }
}
