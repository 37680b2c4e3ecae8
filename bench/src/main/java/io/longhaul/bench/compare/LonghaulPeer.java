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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// `longhaul perf` to `longhaul serve`, without a declared rate and without sealing: what the TCP beside it has, too.
record LonghaulPeer() implements Peer {
    private static final String MAIN = "io.longhaul.cli.Main";
    private static final String SERVER = NetworkPair.RIGHT_ADDRESS + ":4900";
    private static final double GIB = 1L << 30;

    @Override
    public String name() {
        return "longhaul";
    }

    @Override
    public String title() {
        return "Longhaul";
    }

    @Override
    public Optional<String> unavailable() {
        return Optional.empty();
    }

    @Override
    public boolean does(Cell.Kind kind) {
        return true;
    }

    @Override
    public Map<String, @Nullable Object> run(Cell cell, Effort effort, Programs programs)
            throws IOException, InterruptedException {
        programs.startServer(
                Programs.java(
                        List.of(),
                        MAIN,
                        List.of("serve", "--insecure", "--listen", SERVER, "--warm-up", "2s", "--json")),
                "\"port\"");
        int warmup = effort.warmupSeconds(cell.path());
        List<String> what;
        double seconds = effort.seconds();
        switch (cell.kind()) {
            case STREAM -> what = List.of("--op", "stream", "--size", "1MiB");
            case MESSAGES -> {
                what = List.of("--op", "send", "--depth", "1", "--size", cell.sizeBytes() + "B");
                seconds = Math.max(1, effort.messages() * cell.path().idealSeconds(cell.sizeBytes()) * 1.1);
            }
            default -> {
                double rate = LoadRate.messagesPerSecond(cell);
                what = List.of(
                        "--op",
                        "send",
                        "--depth",
                        "4096",
                        "--size",
                        cell.sizeBytes() + "B",
                        "--rate",
                        Math.round(rate * cell.sizeBytes() * 8) + "bit");
                seconds = effort.messages() / rate;
            }
        }
        List<String> arguments = new java.util.ArrayList<>(List.of("perf", SERVER, "--insecure"));
        arguments.addAll(what);
        String time = String.format(Locale.ROOT, "%.0fms", seconds * 1000);
        arguments.addAll(List.of("--seconds", time, "--warmup", warmup + "s", "--json"));
        String output =
                programs.runClient(Programs.java(List.of(), MAIN, arguments), (int) (3 * seconds) + warmup + 40);
        Map<String, @Nullable Object> json = JsonText.parse(output);
        Map<String, @Nullable Object> result = new LinkedHashMap<>();
        for (String each : List.of(
                "goodput_bps",
                "operations",
                "latency_us",
                "retransmitted_bytes",
                "payload_share",
                "cc",
                "limited_by",
                "verified")) {
            result.put(each, json.get(each));
        }
        // The path's own round trip is called rtt_ms.
        result.put("smoothed_rtt_ms", json.get("rtt_ms"));
        double cpu = JsonText.number(json, "cpu_seconds") + JsonText.number(json, "server_cpu_seconds");
        result.put("cpu_seconds_per_gib", cpu / (JsonText.number(json, "bytes") / GIB));
        if (!Boolean.TRUE.equals(json.get("verified"))) {
            throw new IOException("the bytes that arrived are not those that were sent");
        }
        return result;
    }
}
