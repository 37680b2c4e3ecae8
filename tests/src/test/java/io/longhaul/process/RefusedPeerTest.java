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
package io.longhaul.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.process.CommandProcess.Outcome;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Servers that cannot or will not: every command says so within ten seconds, in one line, with status 1.
@Timeout(60)
class RefusedPeerTest {
    @TempDir
    Path directory;

    /// Answers one connection with bytes; null answers nothing.
    private static final class FakeServer implements AutoCloseable {
        final ServerSocket socket;

        FakeServer(byte[] answer, boolean close) throws IOException {
            socket = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
            Thread.ofPlatform().daemon().start(() -> serve(answer, close));
        }

        private void serve(byte[] answer, boolean close) {
            try (Socket client = socket.accept()) {
                client.getInputStream().read(new byte[12]);
                client.getOutputStream().write(answer);
                client.getOutputStream().flush();
                if (!close) {
                    client.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
                }
            } catch (IOException e) {
                return;
            }
        }

        int port() {
            return socket.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @Test
    void nobodyListens() throws Exception {
        final int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        assertRefused("nobody listens", port);
    }

    @Test
    void aServerThatSaysNothing() throws Exception {
        try (FakeServer server = new FakeServer(new byte[0], false)) {
            assertRefused("", server.port());
        }
    }

    @Test
    void aServerThatSpeaksSomethingElse() throws Exception {
        final byte[] answer = "HTTP/1.1 400 Bad Request\r\n\r\n<html>\u001b[2J".getBytes(StandardCharsets.US_ASCII);
        try (FakeServer server = new FakeServer(answer, true)) {
            assertRefused("ongha", server.port());
        }
    }

    @Test
    @Tag("fault-70")
    void aServerOfAnotherVersion() throws Exception {
        final byte[] answer = {'L', 'H', 'U', 'L', 0, 99, 2, 0, 0, 0, 0, 0};
        try (FakeServer server = new FakeServer(answer, false)) {
            assertRefused("version", server.port());
        }
    }

    private void assertRefused(String words, int port) throws Exception {
        final Path file = CpProcessTest.write(directory.resolve("file"), 1000, 1);
        final long began = System.nanoTime();
        final Outcome outcome =
                CommandProcess.run(directory, "cp", file.toString(), "127.0.0.1:" + port + "/", "--insecure", "--json");
        final long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began);
        assertEquals(1, outcome.status(), outcome.toString());
        assertEquals(1, outcome.err().lines().count(), outcome.err());
        assertTrue(outcome.err().contains("cannot connect to 127.0.0.1:" + port), outcome.err());
        assertTrue(outcome.err().contains(words), outcome.err());
        assertTrue(outcome.err().indexOf('\u001b') < 0, outcome.err());
        assertTrue(seconds <= 12, "took " + seconds + " s");
    }
}
