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

import io.longhaul.bench.peers.LonghaulFleet;
import io.longhaul.bench.peers.LonghaulMessages;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Longhaul, without a declared rate and without sealing: what the TCP beside it has, too. Streams by `longhaul perf`
/// to
/// `longhaul serve`; messages and connections by loads of this module.
///
/// @param fec whether messages get parity (`--fec auto`)
record LonghaulPeer(boolean fec) implements Peer {
    private static final String MAIN = "io.longhaul.cli.Main";
    private static final String PORT = "4900";
    private static final double GIB = 1L << 30;
    private static final int SMALL_DEPTH = 4096;
    private static final int FLEET_MESSAGE_BYTES = 64 << 10;
    private static final int FLEET_OUTSTANDING = 256;
    private static final int LEAST_TO_DIVIDE = 10;

    @Override
    public String name() {
        return fec ? "longhaul-fec" : "longhaul";
    }

    @Override
    public String title() {
        return fec ? "Longhaul with FEC" : "Longhaul";
    }

    @Override
    public Optional<String> unavailable() {
        return Optional.empty();
    }

    @Override
    public boolean does(Cell.Kind kind) {
        return !fec || kind == Cell.Kind.MESSAGES || kind == Cell.Kind.LOAD;
    }

    @Override
    public boolean isCompiledAsItRuns() {
        return true;
    }

    @Override
    public Map<String, @Nullable Object> run(Cell cell, Effort effort, Programs programs)
            throws IOException, InterruptedException {
        return switch (cell.kind()) {
            case STREAM, MEMORY -> stream(cell, effort, programs);
            case MESSAGES, LOAD ->
                MessagePrograms.run(
                        List.of(),
                        LonghaulMessages.class,
                        List.of(programs.serverAddress(), PORT, fec ? "fec" : "none"),
                        cell,
                        effort,
                        programs);
            case CONNECTIONS -> fleet(cell, effort, programs);
            case PINGPONG ->
                local(
                        "spin",
                        List.of(
                                "pingpong",
                                String.valueOf(cell.sizeBytes()),
                                String.valueOf(effort.warmupSeconds()),
                                String.valueOf(effort.seconds())),
                        programs);
            case SMALL ->
                local(
                        "none",
                        List.of(
                                "flood",
                                String.valueOf(cell.sizeBytes()),
                                String.valueOf(SMALL_DEPTH),
                                String.valueOf(effort.warmupSeconds()),
                                String.valueOf(effort.seconds())),
                        programs);
        };
    }

    private static Map<String, @Nullable Object> stream(Cell cell, Effort effort, Programs programs)
            throws IOException, InterruptedException {
        String server = programs.serverAddress() + ":" + PORT;
        programs.startServer(
                Programs.java(
                        List.of(),
                        MAIN,
                        List.of("serve", "--insecure", "--listen", server, "--warm-up", "2s", "--json")),
                "\"port\"");
        int warmup = effort.warmupSeconds(cell.path());
        List<String> arguments = List.of(
                "perf",
                server,
                "--insecure",
                "--op",
                "stream",
                "--size",
                "1MiB",
                "--seconds",
                effort.seconds() + "s",
                "--warmup",
                warmup + "s",
                "--json");
        Map<String, @Nullable Object> json = JsonText.parse(
                programs.runClient(Programs.java(List.of(), MAIN, arguments), 3 * effort.seconds() + warmup + 40));
        Map<String, @Nullable Object> result = new LinkedHashMap<>();
        for (String each :
                List.of("goodput_bps", "retransmitted_bytes", "payload_share", "cc", "limited_by", "verified")) {
            result.put(each, json.get(each));
        }
        // The path's own round trip is called rtt_ms.
        result.put("smoothed_rtt_ms", json.get("rtt_ms"));
        double cpu = JsonText.number(json, "cpu_seconds") + JsonText.number(json, "server_cpu_seconds");
        result.put("cpu_seconds_per_gib", cpu / (JsonText.number(json, "bytes") / GIB));
        if (!Boolean.TRUE.equals(json.get("verified"))) {
            throw new IOException("the bytes that arrived are not those that were sent");
        }
        if (cell.kind() == Cell.Kind.MEMORY) {
            result.putAll(planned(cell.path(), programs));
        }
        return result;
    }

    /// What `longhaul plan` says that the path needs.
    private static Map<String, @Nullable Object> planned(PathPoint path, Programs programs)
            throws IOException, InterruptedException {
        Map<String, @Nullable Object> plan = JsonText.parse(programs.runClient(
                Programs.java(
                        List.of(),
                        MAIN,
                        List.of(
                                "plan",
                                "--rate",
                                path.rateBitsPerSecond() + "bit",
                                "--rtt",
                                path.rttNanos() / 1000 + "us",
                                "--json")),
                30));
        Map<String, @Nullable Object> result = new LinkedHashMap<>();
        result.put("plan_window_bytes", plan.get("window_bytes"));
        result.put("plan_receive_queue_bytes", plan.get("receive_queue_bytes"));
        result.put("bdp_bytes", plan.get("bdp_bytes"));
        return result;
    }

    private static Map<String, @Nullable Object> fleet(Cell cell, Effort effort, Programs programs)
            throws IOException, InterruptedException {
        String fleet = LonghaulFleet.class.getName();
        programs.startServer(
                Programs.java(List.of(), fleet, List.of("serve", programs.serverAddress(), PORT)), "\"port\"");
        int warmup = effort.warmupSeconds(cell.path());
        List<String> arguments = List.of(
                "load",
                programs.serverAddress(),
                PORT,
                String.valueOf(cell.parameter()),
                String.valueOf(FLEET_MESSAGE_BYTES),
                String.valueOf(FLEET_OUTSTANDING),
                String.valueOf(warmup),
                String.valueOf(effort.seconds()));
        Map<String, @Nullable Object> result = JsonText.parse(
                programs.runClient(Programs.java(List.of(), fleet, arguments), effort.seconds() + warmup + 240));
        double bytes = JsonText.number(result, "bytes");
        result.put("cpu_seconds_per_gib", JsonText.number(result, "cpu_seconds") / (bytes / GIB));
        if (cell.parameter() < LEAST_TO_DIVIDE) {
            return result; // what a process has besides would be taken for theirs
        }
        for (String side : List.of("client", "server")) {
            double idle = JsonText.number(result, side, "heap_idle_bytes");
            double before = JsonText.number(result, side, "heap_before_bytes");
            result.put(side + "_idle_heap_per_connection_bytes", (idle - before) / cell.parameter());
            double resident = JsonText.number(result, side, "rss_before_bytes");
            for (String when : List.of("idle", "active")) {
                double then = JsonText.number(result, side, "rss_" + when + "_bytes");
                result.put(side + "_" + when + "_rss_per_connection_bytes", (then - resident) / cell.parameter());
            }
        }
        return result;
    }

    /// Both ends on this machine, without a network between them.
    private static Map<String, @Nullable Object> local(String options, List<String> what, Programs programs)
            throws IOException, InterruptedException {
        String name = LonghaulMessages.class.getName();
        String address = programs.serverAddress();
        programs.startServer(Programs.java(List.of(), name, List.of("serve", address, PORT, options)), "\"port\"");
        List<String> arguments = new ArrayList<>(List.of(what.getFirst(), address, PORT, options));
        arguments.addAll(what.subList(1, what.size()));
        return JsonText.parse(programs.runClient(Programs.java(List.of(), name, arguments), 120));
    }
}
