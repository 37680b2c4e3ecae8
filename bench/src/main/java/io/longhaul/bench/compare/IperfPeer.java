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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// TCP by iperf3, with buffers that the kernel tunes up to 512 MiB.
///
/// @param controller as `net.ipv4.tcp_congestion_control` names it
/// @param streams connections beside each other
record IperfPeer(String controller, int streams) implements Peer {
    private static final int MOST_STREAMS = 128; // of iperf3
    private static final double GIB = 1L << 30;
    private static final Path CONTROLLERS = Path.of("/proc/sys/net/ipv4/tcp_available_congestion_control");

    @Override
    public String name() {
        return "tcp-" + controller + (streams == 1 ? "" : "-" + streams);
    }

    @Override
    public String title() {
        return "TCP " + controller.toUpperCase(Locale.ROOT) + (streams == 1 ? "" : ", " + streams + " streams");
    }

    @Override
    public Optional<String> unavailable() {
        if (!NetworkPair.isInstalled("iperf3")) {
            return Optional.of("iperf3 is missing; install it");
        }
        return hasController(controller)
                ? Optional.empty()
                : Optional.of("this kernel has no tcp_" + controller + "; try modprobe tcp_" + controller);
    }

    /// Whether the kernel has a congestion control.
    static boolean hasController(String name) {
        try {
            return Arrays.asList(Files.readString(CONTROLLERS).strip().split(" ", -1))
                    .contains(name);
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public boolean does(Cell.Kind kind) {
        // Small messages on this machine: a write for each, on one connection.
        return kind == Cell.Kind.STREAM
                || kind == Cell.Kind.SMALL && name().equals("tcp-cubic")
                || kind == Cell.Kind.CONNECTIONS && name().equals("tcp-bbr");
    }

    @Override
    public boolean does(Cell cell) {
        return does(cell.kind()) && (cell.kind() != Cell.Kind.CONNECTIONS || cell.parameter() <= MOST_STREAMS);
    }

    @Override
    public Map<String, @Nullable Object> run(Cell cell, Effort effort, Programs programs)
            throws IOException, InterruptedException {
        programs.startServer(List.of("iperf3", "--server", "--one-off", "--forceflush"), "listening");
        int warmup = effort.warmupSeconds(cell.path());
        long parallel = cell.kind() == Cell.Kind.CONNECTIONS ? cell.parameter() : streams;
        List<String> command = new ArrayList<>(List.of(
                "iperf3",
                "--client",
                programs.serverAddress(),
                "--time",
                String.valueOf(effort.seconds()),
                "--omit",
                String.valueOf(warmup),
                "--congestion",
                controller,
                "--parallel",
                String.valueOf(parallel),
                "--json"));
        if (cell.kind() == Cell.Kind.SMALL) {
            command.addAll(List.of("--length", String.valueOf(cell.sizeBytes())));
        }
        String output = programs.runClient(command, effort.seconds() + warmup + 30);
        Map<String, @Nullable Object> json = JsonText.parse(output);
        String error = JsonText.string(json, "error");
        if (!error.isEmpty()) {
            throw new IOException(error);
        }
        if (json.get("end") instanceof Map<?, ?> end
                && end.get("sender_tcp_congestion") instanceof String used
                && !used.equals(controller)) {
            throw new IOException("the connection had the congestion control '" + used + "', not " + controller);
        }
        Map<String, @Nullable Object> result = new LinkedHashMap<>();
        double goodput = JsonText.number(json, "end", "sum_received", "bits_per_second");
        result.put("goodput_bps", goodput);
        if (cell.kind() == Cell.Kind.SMALL) {
            result.put("messages_per_second", goodput / 8 / cell.sizeBytes());
        }
        result.put("retransmitted_segments", JsonText.number(json, "end", "sum_sent", "retransmits"));
        double percent = JsonText.number(json, "end", "cpu_utilization_percent", "host_total")
                + JsonText.number(json, "end", "cpu_utilization_percent", "remote_total");
        result.put("cpu_seconds_per_gib", percent / 100 / (goodput / 8 / GIB));
        return result;
    }
}
