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
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.LonghaulException;
import io.longhaul.identity.PrivateAuthority;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Many connections opened at once, from a process of their own: each takes a descriptor at both ends, and a process
/// may have only so many.
///
/// The two processes talk by lines: key and certificates in base64, and "ready"; "go", and what came of it. The end of
/// the input closes the connections.
final class Strangers implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final Process process;
    private final PrintStream to;
    private final BufferedReader from;

    /// Starts the process, and returns when it is ready.
    Strangers(PrivateAuthority authority, int port, int count) throws IOException {
        final PrivateAuthority.Issued issued = authority.issue(
                List.of("strangers", "localhost", "127.0.0.1"), java.time.Instant.now(), Duration.ofDays(1));
        process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-Xmx2g",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Strangers.class.getName(),
                        Integer.toString(port),
                        Integer.toString(count))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        to = new PrintStream(process.getOutputStream(), true, StandardCharsets.US_ASCII);
        from = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
        try {
            say(issued.key().getEncoded());
            say(issued.certificate().getEncoded());
            say(authority.certificate().getEncoded());
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException(e);
        }
        expect("ready");
    }

    private void say(byte[] value) {
        to.println(Base64.getEncoder().encodeToString(value));
    }

    private void expect(String line) throws IOException {
        final String said = from.readLine();
        if (!line.equals(said)) {
            throw new IOException("the strangers said " + said);
        }
    }

    /// Opens them all. They stay open until this is closed.
    ///
    /// @return fields of a JSON object
    String open() throws IOException {
        to.println("go");
        final String said = from.readLine();
        if (said == null) {
            throw new IOException("the strangers have gone");
        }
        return said;
    }

    @Override
    public void close() {
        to.close();
        process.destroy();
    }

    /// The other process. Arguments: the port, and how many.
    public static void main(String[] args) throws IOException, InterruptedException, GeneralSecurityException {
        final InetSocketAddress address =
                new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0]));
        final int count = Integer.parseInt(args[1]);
        final BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        final PrivateKey key =
                KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(bytes(in.readLine())));
        final X509Certificate own = certificate(in.readLine());
        final X509Certificate authority = certificate(in.readLine());
        final Endpoint endpoint = new Endpoint(LonghaulConfig.builder()
                .device("soft")
                .identity(Longhaul.Identity.of(key, List.of(own), List.of(authority)))
                .creditBytes(HostileLoad.CREDIT_BYTES)
                .limits(HostileLoad.LIMITS)
                .maxConnections(HostileLoad.MAX_CONNECTIONS)
                .build());
        System.out.println("ready");
        if (!"go".equals(in.readLine())) {
            System.exit(1);
        }
        final Queue<Connection> open = new ConcurrentLinkedQueue<>();
        final Queue<String> failures = new ConcurrentLinkedQueue<>();
        final CountDownLatch left = new CountDownLatch(count);
        for (int i = 0; i < count; i++) {
            Thread.ofVirtual().start(() -> {
                try {
                    open.add(endpoint.connect(address, PATIENCE));
                } catch (LonghaulException e) {
                    failures.add(String.valueOf(e.getMessage()).replace('"', '\''));
                } finally {
                    left.countDown();
                }
            });
        }
        left.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        System.out.printf(
                Locale.ROOT,
                "\"opened\": %d, \"still_open\": %d, \"first_refusal\": \"%s\"%n",
                open.size(),
                open.stream().filter(Connection::isOpen).count(),
                failures.peek());
        in.readLine();
        System.exit(0);
    }

    private static byte[] bytes(String line) {
        return Base64.getDecoder().decode(line);
    }

    private static X509Certificate certificate(String line) throws GeneralSecurityException {
        return (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(bytes(line)));
    }
}
