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

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Connection;
import io.longhaul.ConnectionException;
import io.longhaul.ConnectionException.Reason;
import io.longhaul.Grant;
import io.longhaul.Listener;
import io.longhaul.Longhaul;
import io.longhaul.Longhaul.Identity;
import io.longhaul.LonghaulConfig;
import io.longhaul.Right;
import io.longhaul.core.SealingParameters;
import io.longhaul.identity.Credentials;
import io.longhaul.identity.PemFiles;
import io.longhaul.identity.PrivateAuthority;
import io.longhaul.identity.TlsSession;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Connections between endpoints that know each other.
@Timeout(60)
class TlsConnectTest {
    private static final PrivateAuthority AUTHORITY = PrivateAuthority.create();
    private static final Duration PATIENCE = EndpointPair.PATIENCE;

    static LonghaulConfig config(Identity identity) {
        return EndpointPair.small().insecure(false).identity(identity).build();
    }

    private static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    private static InetSocketAddress at(String host, Listener listener) {
        return new InetSocketAddress(host, listener.localAddress().getPort());
    }

    @Test
    void bothEndsKnowEachOtherByName() throws Exception {
        try (Longhaul server = Longhaul.open(config(AUTHORITY.identity("localhost", "127.0.0.1")));
                Longhaul client = Longhaul.open(config(AUTHORITY.identity("host-b.example", "10.0.0.7")));
                Listener listener = server.listen(anyPort());
                Connection there = client.connect(at("localhost", listener), PATIENCE);
                Connection here = listener.accept(PATIENCE);
                Arena arena = Arena.ofShared()) {
            assertNotNull(here);
            assertEquals(List.of("localhost", "127.0.0.1"), there.peerNames());
            assertEquals(List.of("host-b.example", "10.0.0.7"), here.peerNames());
            final MemorySegment inbox = arena.allocate(1 << 20);
            final MemorySegment bytes = EndpointPair.randomBytes(arena, 1 << 20, 7);
            server.expose("inbox", inbox, Grant.of(Right.WRITE));
            there.write(bytes, there.lookup("inbox").join(), 0).join();
            assertEquals(-1, inbox.mismatch(bytes));
        }
    }

    @Test
    void anAddressIsANameToo() throws Exception {
        try (Longhaul server = Longhaul.open(config(AUTHORITY.identity("127.0.0.1")));
                Longhaul client = Longhaul.open(config(AUTHORITY.identity("host-b")));
                Listener listener = server.listen(anyPort());
                Connection there = client.connect(at("127.0.0.1", listener), PATIENCE)) {
            assertTrue(there.isOpen());
        }
    }

    @Test
    void onlyAllowedNamesConnect() throws Exception {
        final Identity own = AUTHORITY.identity("127.0.0.1").allow(Set.of("HOST-B.example", "host-c"));
        try (Longhaul server = Longhaul.open(config(own));
                Longhaul allowed = Longhaul.open(config(AUTHORITY.identity("host-b.EXAMPLE")));
                Longhaul other = Longhaul.open(config(AUTHORITY.identity("host-d")));
                Listener listener = server.listen(anyPort());
                Connection there = allowed.connect(at("127.0.0.1", listener), PATIENCE)) {
            assertTrue(there.isOpen());
            final ConnectionException refused =
                    assertThrows(ConnectionException.class, () -> other.connect(at("127.0.0.1", listener), PATIENCE));
            assertFalse(String.valueOf(refused.getMessage()).contains("host-b"), refused.getMessage());
            assertTrue(String.valueOf(refused.getMessage()).contains("may not accept"), refused.getMessage());
        }
    }

    @Test
    @Tag("fault-46")
    void bothEndsExportTheSameSecretForOneConnectionAndAnotherForTheNext() throws Exception {
        final Credentials own = Credentials.load(AUTHORITY.identity("127.0.0.1").source());
        final byte[] first = new byte[24];
        final byte[] second = {1};
        try (ServerSocket listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            final CompletableFuture<TlsControlChannel> accepted = new CompletableFuture<>();
            Thread.ofVirtual().start(() -> {
                try {
                    accepted.complete(TlsControlChannel.open(
                            new TcpControlChannel(listener.accept()),
                            TlsSession.server(own, Set.of()),
                            false,
                            "s",
                            Bootstrap.deadlineNanos(PATIENCE)));
                } catch (IOException | RuntimeException e) {
                    accepted.completeExceptionally(e);
                }
            });
            try (TlsControlChannel client = TlsControlChannel.open(
                            new TcpControlChannel(
                                    new Socket(InetAddress.getLoopbackAddress(), listener.getLocalPort())),
                            TlsSession.client(own, Set.of(), "127.0.0.1", listener.getLocalPort()),
                            true,
                            "c",
                            Bootstrap.deadlineNanos(PATIENCE));
                    TlsControlChannel server = accepted.join()) {
                final SealingParameters here = client.sealing(first);
                final SealingParameters there = server.sealing(first);
                assertArrayEquals(here.secret(), there.secret());
                assertEquals(here.suite(), there.suite());
                assertTrue(here.isClient() && !there.isClient());
                assertFalse(java.util.Arrays.equals(
                        here.secret(), client.sealing(second).secret()));
                exchangesBytes(client, server);
            }
        }
    }

    /// Messages of many records, in pieces that do not fit the reads.
    private static void exchangesBytes(ControlChannel from, ControlChannel to) throws IOException {
        final ByteBuffer sent = ByteBuffer.allocate(50_000);
        for (int i = 0; i < sent.capacity(); i++) {
            sent.put((byte) (i * 31));
        }
        sent.flip();
        from.send(sent.duplicate());
        final ByteBuffer came = ByteBuffer.allocate(50_000);
        final long deadline = Bootstrap.deadlineNanos(PATIENCE);
        assertEquals(7, to.receive(came.limit(7), deadline));
        assertEquals(49_993, to.receive(came.limit(50_000), deadline));
        assertEquals(sent, came.flip());
        from.close();
        assertEquals(0, to.receive(ByteBuffer.allocate(1), deadline));
    }

    @Test
    @Tag("fault-71")
    void newFilesAreReadWithoutDroppingConnections(@TempDir Path dir) throws Exception {
        final PrivateAuthority next = PrivateAuthority.create();
        write(dir, AUTHORITY, "127.0.0.1");
        try (Longhaul server = Longhaul.open(
                        config(Identity.ofPem(dir.resolve("cert"), dir.resolve("key"), dir.resolve("ca"))));
                Longhaul old = Longhaul.open(config(AUTHORITY.identity("old")));
                Longhaul young = Longhaul.open(config(next.identity("young")));
                Listener listener = server.listen(anyPort());
                Connection before = old.connect(at("127.0.0.1", listener), PATIENCE)) {
            assertThrows(ConnectionException.class, () -> young.connect(at("127.0.0.1", listener), PATIENCE));
            write(dir, next, "127.0.0.1");
            final long deadline = System.nanoTime() + PATIENCE.toNanos();
            Connection after = null;
            while (after == null) {
                try {
                    after = young.connect(at("127.0.0.1", listener), PATIENCE);
                } catch (ConnectionException e) {
                    assertTrue(System.nanoTime() - deadline < 0, e.getMessage());
                    Thread.sleep(100); // the files are looked at every two seconds
                }
            }
            assertTrue(before.isOpen() && after.isOpen());
            assertThrows(ConnectionException.class, () -> old.connect(at("127.0.0.1", listener), PATIENCE));
            after.close(Duration.ZERO);
        }
    }

    static void write(Path dir, PrivateAuthority authority, String... names) throws IOException {
        final PrivateAuthority.Issued issued =
                authority.issue(List.of(names), Instant.now(), PrivateAuthority.HOST_LIFE);
        write(dir, authority, issued);
    }

    static void write(Path dir, PrivateAuthority authority, PrivateAuthority.Issued issued) throws IOException {
        Files.writeString(
                dir.resolve("ca"),
                PemFiles.encode("CERTIFICATE", encoded(authority.certificate())),
                StandardCharsets.US_ASCII);
        Files.writeString(dir.resolve("cert"), PemFiles.encode("CERTIFICATE", encoded(issued.certificate())));
        Files.writeString(
                dir.resolve("key"), PemFiles.encode("PRIVATE KEY", issued.key().getEncoded()));
        Files.setPosixFilePermissions(dir.resolve("key"), PosixFilePermissions.fromString("rw-------"));
    }

    private static byte[] encoded(java.security.cert.X509Certificate certificate) {
        try {
            return certificate.getEncoded();
        } catch (java.security.cert.CertificateEncodingException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aSecureEndpointRefusesAnInsecureOneAndBothAreTold() throws Exception {
        try (Longhaul secure = Longhaul.open(config(AUTHORITY.identity("127.0.0.1")));
                Longhaul insecure = Longhaul.open(EndpointPair.small().build());
                Listener secured = secure.listen(anyPort());
                Listener open = insecure.listen(anyPort())) {
            final ConnectionException told =
                    assertThrows(ConnectionException.class, () -> insecure.connect(at("127.0.0.1", secured), PATIENCE));
            assertEquals(Reason.REFUSED, told.reason());
            assertTrue(String.valueOf(told.getMessage()).contains("secure connections only"), told.getMessage());
            final ConnectionException refused =
                    assertThrows(ConnectionException.class, () -> secure.connect(at("127.0.0.1", open), PATIENCE));
            assertEquals(Reason.AUTHENTICATION_FAILED, refused.reason());
            assertTrue(String.valueOf(refused.getMessage()).contains("runs insecure"), refused.getMessage());
        }
    }
}
