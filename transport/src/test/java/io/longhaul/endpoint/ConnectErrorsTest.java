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
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConfigurationException;
import io.longhaul.ConnectionException;
import io.longhaul.ConnectionException.Reason;
import io.longhaul.DeviceException;
import io.longhaul.Listener;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.endpoint.BootstrapMessage.Refusal;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Everything that can be wrong with the other side of a control connection, from both sides.
@Timeout(30)
class ConnectErrorsTest {
    private static final Duration TIMEOUT = Duration.ofMillis(1500);

    private Longhaul endpoint;

    /// What a strange server does with a connection.
    private interface Behaviour {
        void serve(Socket socket) throws IOException, InterruptedException;
    }

    @BeforeEach
    void open() {
        endpoint = Longhaul.open(LonghaulConfig.builder()
                .insecure(true)
                .lanes(1)
                .receiveQueuePackets(64)
                .handshakeTimeout(Duration.ofMillis(500))
                .build());
    }

    @AfterEach
    void close() {
        endpoint.close();
    }

    private ConnectionException connectTo(Behaviour behaviour) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            final Thread thread = Thread.ofVirtual().start(() -> {
                try (Socket socket = server.accept()) {
                    behaviour.serve(socket);
                } catch (IOException | InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            final ConnectionException refused = connectTo((InetSocketAddress) server.getLocalSocketAddress());
            thread.interrupt();
            return refused;
        }
    }

    private ConnectionException connectTo(InetSocketAddress address) {
        final long start = System.nanoTime();
        final ConnectionException refused =
                assertThrows(ConnectionException.class, () -> endpoint.connect(address, TIMEOUT));
        final long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        assertTrue(millis < TIMEOUT.toMillis() + 5500, "took " + millis + " ms");
        return refused;
    }

    private static void say(Socket socket, ByteBuffer bytes) throws IOException {
        final byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        socket.getOutputStream().write(copy);
    }

    private static void waitForEnd(Socket socket) throws IOException {
        while (socket.getInputStream().read() >= 0) {
            // Nothing to say.
        }
    }

    @Test
    void anEndpointIsNotOpenedWithoutSayingInsecure() {
        final ConfigurationException refused =
                assertThrows(ConfigurationException.class, () -> Longhaul.open(LonghaulConfig.defaults()));
        assertTrue(refused.getMessage().contains("insecure(true)"), refused.getMessage());
    }

    @Test
    void aPortWithoutListenerIsUnreachable() throws Exception {
        final InetSocketAddress address;
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            address = (InetSocketAddress) server.getLocalSocketAddress();
        }
        final ConnectionException refused = connectTo(address);
        assertEquals(Reason.UNREACHABLE, refused.reason());
        assertTrue(String.valueOf(refused.getMessage()).contains("nobody listens"), refused.getMessage());
    }

    @Test
    void anUnknownHostIsUnreachable() {
        assertEquals(
                Reason.UNREACHABLE,
                connectTo(InetSocketAddress.createUnresolved("no-such-host.invalid", 1))
                        .reason());
    }

    @Test
    void aSilentServerTimesOut() throws Exception {
        assertEquals(Reason.TIMEOUT, connectTo(ConnectErrorsTest::waitForEnd).reason());
    }

    @Test
    void anHttpServerIsNoLonghaul() throws Exception {
        final ConnectionException refused = connectTo(socket -> {
            socket.getInputStream().read();
            say(socket, StandardCharsets.US_ASCII.encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
            waitForEnd(socket);
        });
        assertEquals(Reason.NOT_LONGHAUL, refused.reason());
        assertTrue(String.valueOf(refused.getMessage()).contains("\"HTTP\""), refused.getMessage());
    }

    @Test
    void aServerThatHangsUpIsNoLonghaul() throws Exception {
        assertEquals(
                Reason.NOT_LONGHAUL,
                connectTo(socket -> socket.getInputStream().read()).reason());
    }

    @Test
    @Tag("fault-70")
    void anAnswerOfAnotherVersionIsTold() throws Exception {
        final ConnectionException refused = connectTo(socket -> {
            say(socket, BootstrapCodec.encode(BootstrapCodecTest.announcement(true), 9));
            waitForEnd(socket);
        });
        assertEquals(Reason.VERSION_MISMATCH, refused.reason());
        assertTrue(String.valueOf(refused.getMessage()).contains("version 9"), refused.getMessage());
    }

    @Test
    void aRefusalIsPassedOn() throws Exception {
        final ConnectionException refused = connectTo(socket -> {
            say(socket, BootstrapCodec.encode(new Refusal(Refusal.REFUSED_LIMIT, "all seats are taken")));
            waitForEnd(socket);
        });
        assertEquals(Reason.REFUSED, refused.reason());
        assertTrue(String.valueOf(refused.getMessage()).contains("all seats are taken"), refused.getMessage());
    }

    @Test
    void anAnswerToAnotherQuestionBreaksTheProtocol() throws Exception {
        final ConnectionException refused = connectTo(socket -> {
            say(socket, BootstrapCodec.encode(BootstrapCodecTest.announcement(true)));
            waitForEnd(socket);
        });
        assertEquals(Reason.PROTOCOL_VIOLATION, refused.reason());
    }

    @Test
    void aTruncatedAnswerBreaksTheProtocol() throws Exception {
        final ByteBuffer answer = BootstrapCodec.encode(BootstrapCodecTest.announcement(true));
        final ConnectionException refused = connectTo(socket -> {
            socket.getInputStream().skipNBytes(100);
            say(socket, answer.slice(0, 40));
            socket.shutdownOutput();
            waitForEnd(socket);
        });
        assertEquals(Reason.PROTOCOL_VIOLATION, refused.reason());
    }

    @Test
    void anOversizedAnswerBreaksTheProtocol() throws Exception {
        final ByteBuffer answer =
                BootstrapCodec.encode(BootstrapCodecTest.announcement(true)).putInt(8, Integer.MAX_VALUE);
        assertEquals(
                Reason.PROTOCOL_VIOLATION,
                connectTo(socket -> {
                            say(socket, answer);
                            waitForEnd(socket);
                        })
                        .reason());
    }

    @Test
    @Tag("fault-70")
    void aServerTellsAClientOfAnotherVersion() throws Exception {
        try (Listener listener = endpoint.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                Socket client = new Socket(
                        InetAddress.getLoopbackAddress(),
                        listener.localAddress().getPort())) {
            say(client, BootstrapCodec.encode(BootstrapCodecTest.announcement(false), 9));
            final ByteBuffer answer = ByteBuffer.wrap(client.getInputStream().readAllBytes());
            final BootstrapCodec.Header header = BootstrapCodec.header(answer);
            final Refusal refusal = (Refusal)
                    BootstrapCodec.decode(header, answer.slice(BootstrapCodec.HEADER_BYTES, header.bodyBytes()));
            assertEquals(Refusal.REFUSED_VERSION, refusal.code());
        }
    }

    @Test
    void aServerHangsUpOnStrangers() throws Exception {
        try (Listener listener = endpoint.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            for (final String words : new String[] {"GET / HTTP/1.1\r\n\r\n", "", "LHU"}) {
                try (Socket client = new Socket(
                        InetAddress.getLoopbackAddress(),
                        listener.localAddress().getPort())) {
                    say(client, StandardCharsets.US_ASCII.encode(words));
                    try {
                        assertEquals(0, client.getInputStream().readAllBytes().length, words);
                    } catch (IOException reset) {
                        // A reset is an end, too.
                    }
                }
            }
            assertNull(listener.accept(Duration.ZERO));
        }
    }

    @Test
    void aPortInUseIsToldWithItsAddress() {
        try (Listener listener = endpoint.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            final ConnectionException refused =
                    assertThrows(ConnectionException.class, () -> endpoint.listen(listener.localAddress()));
            assertTrue(String.valueOf(refused.getMessage()).contains("cannot listen"), refused.getMessage());
        }
    }

    @Test
    void acceptEndsWithItsListener() throws Exception {
        final Listener listener = endpoint.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        final Thread closer = Thread.ofVirtual().start(listener::close);
        assertThrows(ConnectionException.class, () -> listener.accept(Duration.ofSeconds(20)));
        closer.join();
    }

    @Test
    void aClosedEndpointRefusesEverything() {
        endpoint.close();
        final InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9);
        assertEquals(
                Reason.LOCALLY_CLOSED,
                assertThrows(ConnectionException.class, () -> endpoint.connect(address, TIMEOUT))
                        .reason());
        assertThrows(ConnectionException.class, () -> endpoint.listen(address));
    }

    @Test
    void anUnknownDeviceIsTold() {
        final LonghaulConfig config =
                LonghaulConfig.builder().insecure(true).device("mlx9_9").build();
        final DeviceException refused = assertThrows(DeviceException.class, () -> Longhaul.open(config));
        assertTrue(String.valueOf(refused.getMessage()).contains("mlx9_9"));
    }
}
