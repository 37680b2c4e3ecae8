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

import io.longhaul.bench.link.EmulatedPath;
import io.longhaul.bench.link.LinkThread;
import io.longhaul.bench.link.NetworkPair;
import io.longhaul.verbs.soft.LinkCounters.Counter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One run of one cell.
///
/// @param run from 1; the seed of the link follows from it
/// @param path the link, null where there is none
record CellRun(Cell cell, int run, Effort effort, @Nullable EmulatedPath path) {
    private static final double GIB = 1L << 30;

    /// Where cells run.
    ///
    /// @param folder for what programs say on standard error
    record Place(NetworkPair namespaces, Path folder) {}

    /// What the results say when it could not be tried.
    Map<String, @Nullable Object> failed(String why) {
        Map<String, @Nullable Object> line = describe();
        line.put("failure", why);
        return line;
    }

    /// Runs it.
    ///
    /// @return the line for the results; a run without a result says why in `failure`
    Map<String, @Nullable Object> measure(Place place) throws InterruptedException {
        Map<String, @Nullable Object> line = describe();
        PathPoint point = cell.path();
        Bystanders bystanders = new Bystanders();
        EmulatedPath link = path;
        long cpu = 0;
        long delivered = 0;
        if (link != null) {
            cpu = link.link().cpuNanos();
            delivered = deliveredBytes(link.link());
            link.link().takeLatestNanos();
        }
        try (Programs programs = new Programs(place.namespaces(), place.folder(), point.isLoopback())) {
            try {
                line.putAll(cell.peer().run(cell, effort.of(cell.peer()), programs));
                if (link != null) {
                    link.link().check();
                }
            } catch (IOException | RuntimeException e) {
                line.put("failure", e.getMessage() == null ? e.toString() : e.getMessage());
            }
            line.putAll(programs.memory());
            line.put("commands", programs.commands());
        }
        line.put("load", Manifest.load());
        line.put("others_processors", bystanders.processors());
        if (link != null) {
            double bytes = deliveredBytes(link.link()) - delivered;
            line.put("link_cpu_seconds_per_gib", (link.link().cpuNanos() - cpu) / 1e9 / (bytes / GIB));
            line.put("link_late_ms", link.link().takeLatestNanos() / 1e6);
            line.put("link_real_time", link.link().isRealTime());
            line.put("link_refused", link.link().refusedWrites());
        }
        return line;
    }

    private Map<String, @Nullable Object> describe() {
        Map<String, @Nullable Object> line = new LinkedHashMap<>();
        PathPoint point = cell.path();
        line.put("cell", cell.name());
        line.put("run", run);
        line.put("kind", cell.kind().word());
        line.put("peer", cell.peer().name());
        line.put("title", cell.peer().title());
        line.put("rate_bps", point.rateBitsPerSecond());
        line.put("rtt_ms", point.rttNanos() / 1e6);
        line.put("loss", point.lossFraction());
        line.put("mtu", point.mtuBytes());
        line.put("queue_bytes", point.isDirect() ? null : point.queueBytes());
        line.put("size_bytes", cell.sizeBytes());
        if (cell.kind() == Cell.Kind.CONNECTIONS) {
            line.put("connections", cell.parameter());
        }
        if (cell.sizeBytes() > 0 && !point.isDirect()) {
            line.put("ideal_seconds", point.idealSeconds(cell.sizeBytes()));
        }
        line.put("at", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        return line;
    }

    private static long deliveredBytes(LinkThread link) {
        return link.counters(0).get(Counter.DELIVERED_BYTES) + link.counters(1).get(Counter.DELIVERED_BYTES);
    }
}
