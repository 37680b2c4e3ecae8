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
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Real files between two processes on two hosts (network namespaces) over a real path of the kernel.
@Timeout(180)
class NamespaceCopyTest {
    private static final int MIB = 1 << 20;

    @TempDir
    Path directory;

    @Test
    void copiesOneGibibyteWithJumboFrames() throws Exception {
        final Outcome outcome = copy(9000, TwoNamespaces.SERVER_IPV4, 1024);
        assertTrue(outcome.number("payload_share") > 0.98, outcome.out());
    }

    @Test
    @Tag("fault-26")
    @Tag("fault-27")
    void findsTheOrdinaryMtu() throws Exception {
        final Outcome outcome = copy(1500, TwoNamespaces.SERVER_IPV4, 128);
        final double share = outcome.number("payload_share");
        assertTrue(share > 0.92 && share < 0.96, outcome.out());
    }

    @Test
    void copiesOverIpv6() throws Exception {
        copy(1500, TwoNamespaces.SERVER_IPV6, 64);
    }

    private Outcome copy(int mtuBytes, String address, int mebibytes) throws Exception {
        final Path file = write(directory.resolve("source.bin"), mebibytes);
        final Path root = Files.createDirectories(directory.resolve("root"));
        final String host = address.contains(":") ? "[" + address + "]" : address;
        try (TwoNamespaces hosts = TwoNamespaces.create(mtuBytes);
                CommandProcess server = CommandProcess.start(
                        hosts.onServer(),
                        directory,
                        "serve",
                        "--insecure",
                        "--listen",
                        host + ":0",
                        "--root",
                        root.toString())) {
            final String port = server.awaitOutput("listening on .*:(\\d+)");
            try (CommandProcess client = CommandProcess.start(
                    hosts.onClient(),
                    directory,
                    "cp",
                    "--insecure",
                    "--json",
                    file.toString(),
                    host + ":" + port + "/copy.bin")) {
                final Outcome outcome = client.await();
                assertEquals(0, outcome.status(), outcome.toString());
                assertEquals(-1, Files.mismatch(file, root.resolve("copy.bin")), "first byte that differs");
                assertEquals((double) mebibytes * MIB, outcome.number("bytes"));
                System.out.println(outcome.out().strip());
                return outcome;
            }
        }
    }

    private static Path write(Path path, int mebibytes) throws IOException {
        final byte[] block = new byte[MIB];
        final SplittableRandom random = new SplittableRandom(mebibytes);
        try (OutputStream out = Files.newOutputStream(path)) {
            for (int i = 0; i < mebibytes; i++) {
                random.nextBytes(block);
                out.write(block);
            }
        }
        return path;
    }
}
