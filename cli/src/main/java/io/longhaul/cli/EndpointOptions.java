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

import io.longhaul.Connection;
import io.longhaul.ConnectionException;
import io.longhaul.FecPolicy;
import io.longhaul.Longhaul;
import io.longhaul.Longhaul.Identity;
import io.longhaul.LonghaulConfig;
import io.longhaul.LonghaulConfig.Placement;
import io.longhaul.cli.quantity.BitRate;
import io.longhaul.cli.quantity.ByteSize;
import io.longhaul.cli.quantity.HostPort;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Options of every command that opens an endpoint: the same on both sides.
final class EndpointOptions {
    /// A refused or silent server must be reported within ten seconds.
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(9);

    private static final Map<String, Placement> PLACEMENTS =
            Map.of("send", Placement.SEND, "uc", Placement.SEND_UC, "direct", Placement.DIRECT);

    private static final int MAX_LANES = LonghaulConfig.MAX_LANES;

    @Option(
            names = "--device",
            paramLabel = "NAME",
            description = "auto, soft, soft:4791, or a verbs device (longhaul devices).")
    String device = "auto";

    @Option(
            names = "--cc",
            paramLabel = "NAME",
            description =
                    "Congestion controller: bbr, reserved (a provisioned circuit; needs --rate-hint), cubic, delay,"
                            + " or scavenger. Default: bbr.")
    String controller = "bbr";

    @Option(
            names = "--fec",
            paramLabel = "WHEN",
            description =
                    "Parity against losses: off, auto (where it is worth its bytes), full, or tail (the end of each transfer).")
    String fec = "off";

    @Option(names = "--lanes", paramLabel = "N", description = "Network paths to use, 1..64.")
    int lanes = LonghaulConfig.defaults().lanes();

    @Option(names = "--rate-hint", paramLabel = "RATE", description = "Rate of the path, if it is known: 10gbit.")
    @Nullable
    BitRate rateHint;

    @Option(
            names = "--max-memory",
            paramLabel = "SIZE",
            description = "Most memory for receiving: 512MiB. Default: a quarter of the machine's, at most 1GiB.")
    @Nullable
    ByteSize maxMemory;

    @Option(names = "--dscp", paramLabel = "N", description = "Class of service of every packet, 0..63.")
    int dscp;

    @Mixin
    SecurityOptions security = new SecurityOptions();

    @Option(
            names = "--placement",
            paramLabel = "HOW",
            description =
                    "Where both ends want it: uc, all packets over UC queue pairs of the connection; direct, large writes"
                            + " straight into memory. Default: send.")
    String placement = "send";

    @Option(names = "--qlog", paramLabel = "FILE|DIR", description = TraceOption.HELP)
    @Nullable
    String qlog;

    @Option(names = "--emulate", paramLabel = "LINK", description = Emulation.HELP)
    @Nullable
    Emulation emulation;

    /// Most bytes of memory for receiving.
    long maxMemoryBytes() {
        return maxMemory == null ? LonghaulConfig.defaultMaxMemoryBytes() : maxMemory.bytes();
    }

    /// The declared rate, 0 for none.
    long rateHintBitsPerSecond() {
        return rateHint == null ? 0 : rateHint.bitsPerSecond();
    }

    /// The configuration of the endpoint.
    LonghaulConfig config() {
        return config(false);
    }

    /// The configuration of the endpoint.
    ///
    /// @param server true when others connect to it: what is missing is told accordingly
    LonghaulConfig config(boolean server) {
        final Identity identity = security.identity(server);
        if (lanes < 1 || lanes > MAX_LANES) {
            throw CommandFailure.usage("Invalid value for option '--lanes': '" + lanes + "' is not in 1.." + MAX_LANES);
        }
        if (dscp < 0 || dscp > 63) {
            throw CommandFailure.usage("Invalid value for option '--dscp': '" + dscp + "' is not in 0..63");
        }
        if (!LonghaulConfig.BUILT_IN_CONTROLLERS.contains(controller)) {
            throw CommandFailure.usage("Invalid value for option '--cc': '" + controller + "' is none of "
                    + String.join(", ", new java.util.TreeSet<>(LonghaulConfig.BUILT_IN_CONTROLLERS)));
        }
        if (controller.equals("reserved") && rateHint == null) {
            throw CommandFailure.usage("--cc reserved needs --rate-hint, the rate of the circuit, for example 10gbit");
        }
        if (!PLACEMENTS.containsKey(placement)) {
            throw CommandFailure.usage(
                    "Invalid value for option '--placement': '" + placement + "' is not one of send, uc, direct");
        }
        if (emulation != null && !device.equals("auto") && !device.startsWith("soft")) {
            throw CommandFailure.usage("--emulate works on the software device only; leave out --device " + device);
        }
        try {
            return builder().identity(identity).build();
        } catch (io.longhaul.ConfigurationException e) {
            throw CommandFailure.usage(String.valueOf(e.getMessage()));
        }
    }

    /// The policy that a value of --fec names.
    static FecPolicy fecPolicy(String value) {
        if (!List.of("off", "auto", "full", "tail").contains(value)) {
            throw CommandFailure.usage(
                    "Invalid value for option '--fec': '" + value + "' is none of off, auto, full, tail");
        }
        return FecPolicy.valueOf(value.toUpperCase(Locale.ROOT));
    }

    private LonghaulConfig.Builder builder() {
        return LonghaulConfig.builder()
                .device(emulation != null && device.equals("auto") ? "soft" : device)
                .congestionController(controller)
                .fec(fecPolicy(fec))
                .trace(TraceOption.path(qlog))
                .lanes(lanes)
                .rateHintBitsPerSecond(rateHintBitsPerSecond())
                .maxMemoryBytes(maxMemoryBytes())
                .dscp(dscp)
                .wire(emulation == null ? null : emulation.wire())
                .insecure(security.insecure)
                .placement(Objects.requireNonNull(PLACEMENTS.get(placement)));
    }

    /// Opens the endpoint.
    Longhaul open() {
        return open(config());
    }

    /// Opens an endpoint.
    ///
    /// @throws CommandFailure with one line, when what the options name cannot be used
    static Longhaul open(LonghaulConfig config) {
        try {
            return Longhaul.open(config);
        } catch (io.longhaul.ConfigurationException e) {
            throw CommandFailure.usage(String.valueOf(e.getMessage()));
        }
    }

    /// Connects.
    ///
    /// @throws CommandFailure with one line that says what to do
    static Connection connect(Longhaul endpoint, HostPort server) {
        final InetSocketAddress address = resolve(server);
        try {
            return endpoint.connect(address, CONNECT_TIMEOUT);
        } catch (ConnectionException e) {
            throw CommandFailure.failed("cannot connect to " + server + ": " + e.getMessage(), e);
        }
    }

    /// Says, once it is connected, that nothing protects the connection, if that was asked for.
    void announce(OutputOptions output) {
        if (security.insecure) {
            output.say(
                    "INSECURE (--insecure): whoever is on the path can read and change what is sent, or pose as the server");
        }
    }

    /// Looks up a name.
    static InetSocketAddress resolve(HostPort server) {
        final InetSocketAddress address = new InetSocketAddress(server.host(), server.port());
        if (address.isUnresolved()) {
            throw CommandFailure.failed("the host name '" + server.host() + "' cannot be resolved", null);
        }
        return address;
    }
}
