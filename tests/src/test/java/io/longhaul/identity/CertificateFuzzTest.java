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
package io.longhaul.identity;

import io.longhaul.ConfigurationException;
import io.longhaul.fuzz.Fuzzer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Files that should hold certificates. A twentieth of the executions of other parsers: each writes a file.
@Timeout(600)
class CertificateFuzzTest {
    private static final int SLOW = 20;

    @TempDir
    Path directory = Path.of("");

    private static byte[] pem() throws Exception {
        final var host = PrivateAuthority.create().issue(List.of("host-a"), Instant.now(), Duration.ofDays(30));
        return PemFiles.encode("CERTIFICATE", host.certificate().getEncoded()).getBytes(StandardCharsets.US_ASCII);
    }

    static List<byte[]> corpus() throws Exception {
        return List.of(
                pem(), (new String(pem(), StandardCharsets.US_ASCII) + "garbage").getBytes(StandardCharsets.US_ASCII));
    }

    static int read(Path file, byte[] input) throws Exception {
        Files.write(file, input);
        try {
            return PemFiles.certificates(file).size();
        } catch (ConfigurationException e) {
            final String message = String.valueOf(e.getMessage());
            if (message.lines().count() != 1) {
                throw new AssertionError("not one line: " + message, e);
            }
            return message.replaceAll("[0-9]+", "").hashCode();
        }
    }

    @Test
    void certificatesAreReadOrRefusedWithOneLine() throws Exception {
        final Path file = directory.resolve("cert.pem");
        new Fuzzer("certificates", corpus(), input -> read(file, input)).run(SLOW);
    }
}
