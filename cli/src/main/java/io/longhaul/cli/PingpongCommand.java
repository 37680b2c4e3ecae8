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

import io.longhaul.cli.pingpong.Pingpong;
import io.longhaul.cli.pingpong.PingpongPlan;
import io.longhaul.cli.pingpong.PingpongResult;
import io.longhaul.cli.pingpong.Rendezvous;
import io.longhaul.cli.quantity.TimeSpan;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.RdmaDevice;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Exchanges messages with rdma-core's `ibv_uc_pingpong` or `ibv_ud_pingpong`, or with itself.
@Command(
        name = "pingpong",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Exchange messages with rdma-core's ibv_uc_pingpong or ibv_ud_pingpong, or with another longhaul pingpong."
                    + " Without HOST, wait for a client.",
            "The peer needs -g and the index of its RoCEv2 GID; both need the same --size, --iters and --mtu."
        })
final class PingpongCommand implements Callable<Integer> {
    private static final int DEFAULT_UC_SIZE = 4096;
    private static final int DEFAULT_UD_SIZE = 2048;
    private static final Set<Integer> MTUS = Set.of(256, 512, 1024, 2048, 4096);

    /// The services that it speaks.
    enum Service {
        UC,
        UD
    }

    @Parameters(index = "0", paramLabel = "uc|ud", description = "Unreliable connection, or unreliable datagrams.")
    Service service = Service.UC;

    @Parameters(index = "1", arity = "0..1", paramLabel = "HOST", description = "The server to connect to.")
    @Nullable
    String host;

    @Option(
            names = {"-p", "--port"},
            paramLabel = "PORT",
            description = "TCP port where the ends meet. Default: 18515.")
    int port = 18515;

    @Option(
            names = {"-d", "--device", "--ib-dev"},
            paramLabel = "NAME",
            description = "auto, soft, or a verbs device (longhaul devices). Default: auto.")
    String device = RoceDevices.AUTO;

    @Option(
            names = {"-s", "--size"},
            paramLabel = "BYTES",
            description = "Length of a message. Default: 4096 for uc, 2048 for ud.")
    @Nullable
    Integer size;

    @Option(
            names = {"-m", "--mtu"},
            paramLabel = "BYTES",
            description = "uc: most payload of one packet, 256, 512, 1024, 2048 or 4096. Default: 1024.")
    int mtu = 1024;

    @Option(
            names = {"-r", "--rx-depth"},
            paramLabel = "N",
            description = "Receives to keep posted. Default: 500.")
    int receiveDepth = 500;

    @Option(
            names = {"-n", "--iters"},
            paramLabel = "N",
            description = "Messages of each end. Default: 1000.")
    int iterations = 1000;

    @Option(
            names = {"-g", "--gid-index", "--gid-idx"},
            paramLabel = "N",
            description = "Which GID of the device to use. Default: that of the address used for TCP.")
    int gidIndex = -1;

    @Option(
            names = "--address",
            paramLabel = "IP",
            description = "soft: the address of this host to use. Default: that used for TCP.")
    @Nullable
    String address;

    @Option(
            names = {"-e", "--events"},
            description = "Sleep until a completion is announced, instead of polling.")
    boolean events;

    @Option(
            names = {"-c", "--chk"},
            description = "Client: fill every message anew and expect it back unchanged.")
    boolean check;

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            description = "How long to wait for a message before it counts as lost: 500ms. Default: 5s.")
    TimeSpan timeout = TimeSpan.parse("5s");

    @Mixin
    OutputOptions output = new OutputOptions();

    @Override
    public Integer call() throws IOException {
        final PingpongPlan plan = plan();
        given();
        if (host == null) {
            try (ServerSocket listener = listen()) {
                output.say("listening on port " + listener.getLocalPort());
                try (Rendezvous peer = Rendezvous.accept(listener)) {
                    run(plan, peer);
                }
            }
        } else {
            try (Rendezvous peer = connect(host)) {
                run(plan, peer);
            }
        }
        return ExitStatus.OK;
    }

    private @Nullable InetAddress given() {
        try {
            return address == null ? null : InetAddress.ofLiteral(address);
        } catch (IllegalArgumentException e) {
            throw CommandFailure.usage(
                    "Invalid value for option '--address': '" + address + "' is no IP address, for example 192.0.2.7");
        }
    }

    private PingpongPlan plan() {
        if (port < 0 || port > 0xffff || host != null && port == 0) {
            throw CommandFailure.usage("Invalid value for option '--port': '" + port + "' is not in 1..65535");
        }
        if (!MTUS.contains(mtu)) {
            throw CommandFailure.usage(
                    "Invalid value for option '--mtu': '" + mtu + "' is none of 256, 512, 1024, 2048, 4096");
        }
        final boolean connected = service == Service.UC;
        final int usual = connected ? DEFAULT_UC_SIZE : DEFAULT_UD_SIZE;
        try {
            return new PingpongPlan(
                    connected ? QueuePair.Type.UC : QueuePair.Type.UD,
                    size == null ? usual : size,
                    iterations,
                    mtu,
                    receiveDepth,
                    events,
                    check,
                    Duration.ofNanos(timeout.nanos()));
        } catch (IllegalArgumentException e) {
            throw CommandFailure.usage(String.valueOf(e.getMessage()));
        }
    }

    private ServerSocket listen() {
        try {
            return Rendezvous.listen(port);
        } catch (IOException e) {
            throw CommandFailure.failed(
                    "cannot listen on TCP port " + port + ": " + e.getMessage() + "; choose another with --port", e);
        }
    }

    private Rendezvous connect(String server) {
        final InetSocketAddress address = new InetSocketAddress(server, port);
        if (address.isUnresolved()) {
            throw CommandFailure.failed("the host name '" + server + "' cannot be resolved", null);
        }
        try {
            return Rendezvous.connect(address);
        } catch (IOException e) {
            throw CommandFailure.failed(
                    "cannot connect to " + server + " port " + port + ": " + e.getMessage()
                            + "; is the server started, and at this --port?",
                    e);
        }
    }

    private void run(PingpongPlan plan, Rendezvous peer) throws IOException {
        final InetAddress given = given();
        final InetAddress local = given == null ? peer.localAddress() : given;
        final RoceDevices.Opened chosen = RoceDevices.open(device, local, gidIndex);
        try (RdmaDevice opened = chosen.device()) {
            requireFitting(plan, opened);
            report(opened, Pingpong.run(plan, opened, chosen.gid(), peer, output::line));
        } catch (DeviceException e) {
            throw CommandFailure.failed(String.valueOf(e.getMessage()), e);
        }
    }

    private void requireFitting(PingpongPlan plan, RdmaDevice opened) {
        final int most = opened.portAttributes().maxPayloadBytes();
        if (plan.type() == QueuePair.Type.UD && plan.sizeBytes() > most) {
            throw CommandFailure.usage("a datagram of " + plan.sizeBytes() + " B does not fit: " + opened.name()
                    + " sends at most " + most + " B; choose a smaller --size");
        }
        if (plan.type() == QueuePair.Type.UC && plan.pathMtuBytes() > most) {
            throw CommandFailure.usage("packets of " + plan.pathMtuBytes() + " B do not fit: " + opened.name()
                    + " sends at most " + most + " B; choose a smaller --mtu, the same at both ends");
        }
        if (plan.receiveDepth() > opened.capabilities().maxWorkRequests()) {
            throw CommandFailure.usage("--rx-depth " + plan.receiveDepth() + " is more than the "
                    + opened.capabilities().maxWorkRequests() + " receives that " + opened.name() + " can hold");
        }
    }

    private void report(RdmaDevice opened, PingpongResult result) throws IOException {
        output.line(String.format(
                Locale.ROOT,
                "%d bytes in %.2f seconds = %.2f Mbit/s",
                result.bytes(),
                result.seconds(),
                result.bitsPerSecond() / 1e6));
        output.line(String.format(
                Locale.ROOT,
                "%d iters in %.2f seconds = %.2f usec/iter",
                result.iterations(),
                result.seconds(),
                result.microsPerIteration()));
        final Json json = new Json()
                .put("service", service.name())
                .put("device", opened.name())
                .put("local", result.local())
                .put("remote", result.remote())
                .put("bytes", result.bytes())
                .put("seconds", result.seconds())
                .put("goodput_bps", result.bitsPerSecond())
                .put("iterations", result.iterations())
                .put("usec_per_iteration", result.microsPerIteration());
        if (result.unchanged() >= 0) {
            json.put("unchanged", result.unchanged());
            output.line(result.unchanged() + " of " + result.iterations() + " messages came back unchanged");
        }
        output.result(json);
        if (result.unchanged() >= 0 && result.unchanged() < result.iterations()) {
            throw new IOException((result.iterations() - result.unchanged())
                    + " messages came back changed: memory, device or peer are faulty");
        }
    }
}
