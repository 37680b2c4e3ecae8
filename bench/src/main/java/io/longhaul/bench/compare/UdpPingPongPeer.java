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
package io.longhaul.bench.compare;

import io.longhaul.bench.link.NetworkPair;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A datagram there and back, in C, both ends polling: the floor of every round trip over UDP.
record UdpPingPongPeer() implements Peer {
    private static final String PORT = "4905";
    private static final int ROUNDS = 200_000;

    @Override
    public String name() {
        return "udp-c";
    }

    @Override
    public String title() {
        return "UDP in C";
    }

    @Override
    public Optional<String> unavailable() {
        if (!NetworkPair.isInstalled(compiler())) {
            return Optional.of("there is no C compiler " + compiler() + "; install one, or set CC");
        }
        return Files.isReadable(source())
                ? Optional.empty()
                : Optional.of(source() + " is missing; run it by the launcher of a source tree");
    }

    private static String compiler() {
        return System.getenv().getOrDefault("CC", "cc");
    }

    private static Path source() {
        return Path.of(System.getProperty("longhaul.root", "."), "bench/src/main/c/udp_pingpong.c");
    }

    @Override
    public boolean does(Cell.Kind kind) {
        return kind == Cell.Kind.PINGPONG;
    }

    @Override
    public Map<String, @Nullable Object> run(Cell cell, Effort effort, Programs programs)
            throws IOException, InterruptedException {
        Path program = programs.folder().resolve("udp_pingpong");
        if (!Files.exists(program)) {
            compile(program);
        }
        programs.startServer(List.of(program.toString(), "serve", programs.serverAddress(), PORT), "port");
        return JsonText.parse(programs.runClient(
                List.of(
                        program.toString(),
                        "load",
                        programs.serverAddress(),
                        PORT,
                        String.valueOf(cell.sizeBytes()),
                        String.valueOf(ROUNDS / 10),
                        String.valueOf(ROUNDS)),
                120));
    }

    private static void compile(Path program) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        compiler(), "-std=gnu11", "-O2", "-o", program.toString(), source().toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(
                    "it cannot be compiled: " + output.lines().findFirst().orElse("no reason given"));
        }
    }
}
