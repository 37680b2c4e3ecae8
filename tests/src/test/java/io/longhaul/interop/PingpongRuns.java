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
package io.longhaul.interop;

import io.longhaul.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Runs of `longhaul pingpong` in this process against the unmodified programs of rdma-core in processes of their own.
///
/// Threading: one run at a time, because a run listens to the standard streams.
final class PingpongRuns {
    private static final String VERBS_DEVICE = "rxe_a";
    private static final String VERBS_IPV4 = "10.77.0.1";
    private static final String OTHER_IPV4 = "10.77.0.2";
    private static final int ITERATIONS = 20;
    private static final long PATIENCE_SECONDS = 90;

    /// Port 18515 in the state LISTEN, as the kernel's tables of TCP sockets print it.
    private static final String LISTENING = ":4853 00000000:0000 0A";

    private final String who;
    private final List<String> options;
    private final Function<Callable<Integer>, FutureTask<Integer>> starter;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    /// What is to be exchanged.
    ///
    /// @param service `uc` or `ud`
    /// @param address of the GID of the program of rdma-core
    record Exchange(String service, int size, InetAddress address) {
        String ipVersion() {
            return address.getAddress().length == 4 ? "IPv4" : "IPv6";
        }
    }

    /// Makes runs of one kind.
    ///
    /// @param who the device that the command uses
    /// @param options of the command
    /// @param starter starts the command on the right host
    PingpongRuns(String who, List<String> options, Function<Callable<Integer>, FutureTask<Integer>> starter) {
        this.who = who;
        this.options = options;
        this.starter = starter;
    }

    /// The command connects to the program of rdma-core.
    InteropRow asClient(Exchange exchange, String... more) throws Exception {
        final Process program = program(exchange, List.of());
        await(program, PingpongRuns::isProgramListening);
        final List<String> arguments = new ArrayList<>(List.of(VERBS_IPV4, "--chk"));
        arguments.addAll(List.of(more));
        final String failure = finish(command(exchange, arguments), program);
        return row(exchange, "longhaul is the client", failure);
    }

    /// The program of rdma-core connects to the command.
    InteropRow asServer(Exchange exchange, String... more) throws Exception {
        final FutureTask<Integer> command = command(exchange, List.of(more));
        await(null, () -> err.toString(StandardCharsets.UTF_8).contains("listening"));
        final String failure = finish(command, program(exchange, List.of("-c", OTHER_IPV4)));
        return row(exchange, "longhaul is the server", failure);
    }

    private InteropRow row(Exchange exchange, String direction, String failure) {
        final InteropRow row = new InteropRow(
                "longhaul pingpong on " + who + ", ibv_" + exchange.service() + "_pingpong",
                exchange.service().equals("uc") ? "UC SEND, packets of 1024 B" : "UD SEND",
                direction,
                exchange.ipVersion(),
                exchange.size(),
                failure.isEmpty() ? InteropRow.WORKS + ", " + ITERATIONS + " exchanges" : "failed: " + failure);
        System.out.println(row.line());
        return row;
    }

    /// Waits for both ends.
    ///
    /// @return what went wrong, or an empty text
    private String finish(FutureTask<Integer> command, Process program) throws Exception {
        try {
            final int status = command.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (status != 0) {
                return "the command ended with status " + status + ": "
                        + err.toString(StandardCharsets.UTF_8).strip();
            }
            if (!program.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                return "the program did not end";
            }
            final String said = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (program.exitValue() != 0 || !said.contains(ITERATIONS + " iters") || said.contains("invalid")) {
                return "the program ended with status " + program.exitValue() + ": " + said.replace('\n', ' ');
            }
            final String json = out.toString(StandardCharsets.UTF_8);
            return json.contains("\"iterations\": " + ITERATIONS) ? "" : "the command printed " + json;
        } finally {
            program.destroyForcibly();
        }
    }

    private static Process program(Exchange exchange, List<String> more) throws IOException, InterruptedException {
        final List<String> command = new ArrayList<>(List.of(
                "ibv_" + exchange.service() + "_pingpong",
                "-d",
                VERBS_DEVICE,
                "-g",
                gidIndex(VERBS_DEVICE, exchange.address()),
                "-s",
                Integer.toString(exchange.size()),
                "-n",
                Integer.toString(ITERATIONS)));
        command.addAll(more);
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private FutureTask<Integer> command(Exchange exchange, List<String> more) {
        final List<String> arguments = new ArrayList<>(List.of("pingpong", exchange.service()));
        arguments.addAll(more);
        arguments.addAll(options);
        arguments.addAll(List.of(
                "--json",
                "--timeout",
                "30s",
                "--size",
                Integer.toString(exchange.size()),
                "--iters",
                Integer.toString(ITERATIONS)));
        out.reset();
        err.reset();
        return starter.apply(() -> {
            final PrintStream outBefore = System.out;
            final PrintStream errBefore = System.err;
            try {
                System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
                System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
                return Main.commandLine().execute(arguments.toArray(String[]::new));
            } finally {
                System.setOut(outBefore);
                System.setErr(errBefore);
            }
        });
    }

    /// The place of a RoCEv2 address in the GID table of a device.
    static String gidIndex(String device, InetAddress address) throws IOException {
        final Path port = Path.of("/sys/class/infiniband", device, "ports/1");
        for (File each : port.resolve("gids").toFile().listFiles()) {
            final String gid = Files.readString(each.toPath()).strip();
            final Path type = port.resolve("gid_attrs/types").resolve(each.getName());
            final boolean same = InetAddress.getByName(gid).equals(address);
            if (same && Files.readString(type).contains("v2")) {
                return each.getName();
            }
        }
        throw new IOException(device + " has no GID " + address.getHostAddress());
    }

    private static boolean isProgramListening() {
        try {
            return Files.readString(Path.of("/proc/self/net/tcp")).contains(LISTENING)
                    || Files.readString(Path.of("/proc/self/net/tcp6"))
                            .contains(LISTENING.replace("00000000:0000", "0".repeat(32) + ":0000"));
        } catch (IOException e) {
            return false;
        }
    }

    private static void await(@Nullable Process process, BooleanSupplier condition) {
        final long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (process != null && !process.isAlive()
                    || System.nanoTime() - start > TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
                throw new AssertionError("the server did not come up");
            }
            LockSupport.parkNanos(20_000_000);
        }
    }
}
