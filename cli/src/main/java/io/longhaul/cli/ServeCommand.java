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
package io.longhaul.cli;

import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.cli.files.ServedRoot;
import io.longhaul.cli.quantity.HostPort;
import io.longhaul.cli.quantity.QuantityException;
import io.longhaul.cli.quantity.TimeSpan;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Serves the files below a directory, and measurements, until it is stopped.
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Serve the files below a directory to cp, and measurements to perf, until stopped.")
final class ServeCommand implements Callable<Integer> {
    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            description = "Where to listen; port 0 lets the kernel choose. Default: ${DEFAULT-VALUE}.")
    String listen = "0.0.0.0:4900";

    @Option(names = "--root", paramLabel = "DIR", description = "What to serve. Default: the current directory.")
    Path root = Path.of("");

    @Option(
            names = "--warm-up",
            paramLabel = "TIME",
            description = "Exercise the code for so long before listening: the first transfer then runs at full speed."
                    + " Default: none.")
    @Nullable
    TimeSpan warmUp;

    @Option(names = "--exit-with-stdin", hidden = true, description = "Stop when standard input ends.")
    boolean exitWithStdin;

    @Mixin
    EndpointOptions endpointOptions = new EndpointOptions();

    @Mixin
    OutputOptions output = new OutputOptions();

    @Override
    public Integer call() throws InterruptedException {
        final LonghaulConfig config = endpointOptions.config(true);
        final HostPort address;
        try {
            address = HostPort.parseListen(listen);
        } catch (QuantityException e) {
            throw CommandFailure.usage("Invalid value for option '--listen': " + e.getMessage());
        }
        final ServedRoot served = servedRoot();
        final InetSocketAddress resolved = EndpointOptions.resolve(address);
        final Longhaul endpoint = EndpointOptions.open(config);
        if (warmUp != null) {
            Rehearsal.run(endpoint.config(), warmUp.toDuration());
        }
        try (endpoint;
                Server server = new Server(endpoint, resolved, served, endpointOptions.maxMemoryBytes(), output::say)) {
            stopWithProcess(server);
            announce(server.localAddress(), served, config);
            server.run();
        }
        return ExitStatus.OK;
    }

    private ServedRoot servedRoot() {
        try {
            return new ServedRoot(root.toAbsolutePath());
        } catch (IOException e) {
            throw CommandFailure.usage(
                    "Invalid value for option '--root': '" + root + "' is no directory that can be read");
        }
    }

    private void announce(InetSocketAddress local, ServedRoot served, LonghaulConfig config) {
        final HostPort address = new HostPort(local.getAddress().getHostAddress(), local.getPort());
        output.line("listening on " + address);
        output.result(new Json()
                .put("listening", address.toString())
                .put("host", address.host())
                .put("port", address.port())
                .put("root", served.path().toString())
                .put("device", config.device())
                .put("sealed", !config.insecure()));
        output.say("serving " + served.path() + " to " + clients(config) + "; stop with Ctrl-C");
    }

    private static String clients(LonghaulConfig config) {
        final Longhaul.Identity identity = config.identity();
        if (identity == null) {
            return "ANYBODY who reaches the port: --insecure, without authentication and encryption";
        }
        return identity.allowedPeers().isEmpty()
                ? "every host with a certificate of the authority"
                : String.join(", ", identity.allowedPeers().stream().sorted().toList());
    }

    /// SIGTERM and SIGINT end the sessions, which keep what they have, and then the process, with success.
    private void stopWithProcess(Server server) {
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
            final Thread closing = Thread.ofPlatform().daemon().start(server::close);
            try {
                closing.join(TimeUnit.SECONDS.toMillis(5));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            Runtime.getRuntime().halt(ExitStatus.OK);
        }));
        if (exitWithStdin) {
            Thread.ofPlatform().daemon().name("longhaul-stdin").start(() -> {
                try {
                    System.in.transferTo(java.io.OutputStream.nullOutputStream());
                } catch (IOException e) {
                    output.say("standard input failed: " + e.getMessage());
                }
                Runtime.getRuntime().exit(ExitStatus.OK);
            });
        }
    }
}
