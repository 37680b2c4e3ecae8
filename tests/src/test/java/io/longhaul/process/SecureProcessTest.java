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
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.process.CommandProcess.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The way of a first user: keys, a server, a client; and what they are told on the wrong ways.
@Timeout(120)
class SecureProcessTest {
    @TempDir
    Path directory;

    private List<String> before(Path configHome) {
        return List.of("env", "XDG_CONFIG_HOME=" + configHome);
    }

    private CommandProcess start(Path configHome, String... arguments) throws IOException {
        return CommandProcess.start(before(configHome), directory, arguments);
    }

    private Outcome run(Path configHome, String... arguments) throws Exception {
        try (CommandProcess process = start(configHome, arguments)) {
            return process.await();
        }
    }

    private static void assertOneLine(Outcome outcome, int status, String part) {
        assertEquals(status, outcome.status(), outcome.toString());
        assertEquals(1, outcome.err().lines().count(), outcome.err());
        assertTrue(outcome.err().contains(part), outcome.err());
        assertFalse(outcome.err().contains("Exception"), outcome.err());
    }

    @Test
    void twoCommandsStartAServerAndAThirdAddsAClient() throws Exception {
        final Path server = directory.resolve("server");
        final Path client = directory.resolve("client");
        final Path keys = server.resolve("longhaul");
        assertOneLine(run(server, "serve"), 2, "./longhaul keygen --out " + keys + " --name ");
        assertEquals(0, run(server, "keygen", "--name", "127.0.0.1").status());
        assertEquals(
                "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(keys.resolve("key.pem"))));
        assertEquals(
                "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(keys.resolve("ca-key.pem"))));
        final Path root = Files.createDirectories(directory.resolve("root"));
        final Path file = Files.writeString(directory.resolve("file"), "seven hundred kilometres\n".repeat(9999));
        try (CommandProcess serving = start(server, "serve", "--listen", "127.0.0.1:0", "--root", root.toString())) {
            final String at = "127.0.0.1:" + serving.awaitOutput("listening on 127\\.0\\.0\\.1:(\\d+)") + "/copy";
            assertOneLine(run(client, "cp", file.toString(), at), 2, "there is no certificate in");
            assertOneLine(run(client, "cp", file.toString(), at, "--insecure"), 1, "takes secure connections only");
            assertEquals(0, run(server, "keygen", "--name", "client.example").status());
            Files.createDirectories(client);
            Files.move(keys.resolve("client.example"), client.resolve("longhaul"));
            final Outcome copied = run(client, "cp", file.toString(), at, "--json");
            assertEquals(0, copied.status(), copied.toString());
            assertEquals(-1, Files.mismatch(file, root.resolve("copy")));
            final Outcome stranger = strangerCopies(file, at);
            assertOneLine(stranger, 1, "which is not trusted here");
            assertTrue(serving.isAlive());
            assertTrue(
                    serving.outcome().err().contains("client.example (127.0.0.1)"),
                    serving.outcome().err());
        }
    }

    private Outcome strangerCopies(Path file, String at) throws Exception {
        final Path stranger = directory.resolve("stranger");
        assertEquals(0, run(stranger, "keygen").status());
        return run(stranger, "cp", file.toString(), at);
    }

    @Test
    void keysAreNotReplacedUnlessThatIsSaid() throws Exception {
        final Path home = directory.resolve("home");
        final Path keys = home.resolve("longhaul");
        assertEquals(0, run(home, "keygen", "--name", "a.example,10.0.0.1").status());
        final byte[] authority = Files.readAllBytes(keys.resolve("ca.pem"));
        final byte[] key = Files.readAllBytes(keys.resolve("key.pem"));
        assertOneLine(run(home, "keygen", "--name", "a.example"), 1, "exists and was left as it is");
        assertEquals(-1, java.util.Arrays.mismatch(key, Files.readAllBytes(keys.resolve("key.pem"))));
        assertEquals(0, run(home, "keygen", "--name", "a.example", "--force").status());
        assertTrue(java.util.Arrays.mismatch(key, Files.readAllBytes(keys.resolve("key.pem"))) >= 0);
        assertEquals(-1, java.util.Arrays.mismatch(authority, Files.readAllBytes(keys.resolve("ca.pem"))));
        final Outcome more = run(home, "keygen", "--name", "b.example", "--name", "c.example", "--json");
        assertEquals(0, more.status(), more.toString());
        assertTrue(more.has("new_authority", "false"), more.out());
        for (final String host : List.of("b.example", "c.example")) {
            for (final String name : List.of("ca.pem", "cert.pem", "key.pem")) {
                assertTrue(Files.exists(keys.resolve(host).resolve(name)), host + "/" + name);
            }
            assertFalse(Files.exists(keys.resolve(host).resolve("ca-key.pem")));
        }
    }

    @Test
    void badKeysAndOptionsAreOneLine() throws Exception {
        final Path home = directory.resolve("home");
        final Path keys = home.resolve("longhaul");
        assertEquals(0, run(home, "keygen", "--name", "a.example").status());
        final List<String> perf = new ArrayList<>(List.of("perf", "127.0.0.1:1"));
        Files.setPosixFilePermissions(keys.resolve("key.pem"), PosixFilePermissions.fromString("rw-r--r--"));
        assertOneLine(run(home, perf.toArray(String[]::new)), 2, "run: chmod 600 " + keys.resolve("key.pem"));
        assertOneLine(run(home, "serve", "--insecure", "--allow", "a"), 2, "contradict each other");
        assertOneLine(run(home, "serve", "--keystore", "x"), 2, "--password-file");
        assertOneLine(run(home, "serve", "--cert", "/nonexistent/cert"), 2, "/nonexistent/cert does not exist");
        assertOneLine(run(home, "keygen", "--name", "a b"), 2, "neither a host name nor an IP address");
        assertOneLine(run(home, "keygen", "--days", "0"), 2, "--days");
    }
}
