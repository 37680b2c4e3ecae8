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

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/// The three figures that matter to who chooses a transport, on the lossy path with the shortest round trip: what a
/// stream
/// carries, how long a message takes, and what it costs.
final class InShort {
    private static final long MESSAGE_BYTES = 1 << 20;

    private InShort() {}

    /// A sentence for each figure that was measured.
    static List<String> sentences(List<Summary> cells) {
        List<String> result = new ArrayList<>();
        Optional<String> path = cells.stream()
                .filter(each -> each.kind().equals("stream") && each.constant("loss") > 0)
                .min(Comparator.comparingDouble((Summary each) -> each.constant("rtt_ms"))
                        .thenComparingDouble(each -> each.constant("loss")))
                .map(MarkdownReport::pathOf);
        path.ifPresent(on -> {
            List<Summary> streams = of(cells, "stream", on);
            add(
                    result,
                    "Goodput over " + on + ", Mb/s",
                    streams,
                    each -> each.spread("goodput_bps").medianText("%.0f", 1e6));
            add(
                    result,
                    "Processor time of both ends, s/GiB",
                    streams,
                    each -> each.spread("cpu_seconds_per_gib").medianText("%.2f", 1));
        });
        cells.stream()
                .filter(each -> each.kind().equals("messages") && each.constant("size_bytes") == MESSAGE_BYTES)
                .findFirst()
                .map(MarkdownReport::pathOf)
                .ifPresent(on -> add(
                        result,
                        "One message of 1 MiB at a time over " + on + ", time over the ideal, mean and p99",
                        of(cells, "messages", on).stream()
                                .filter(each -> each.constant("size_bytes") == MESSAGE_BYTES)
                                .toList(),
                        InShort::overIdeal));
        return result;
    }

    private static List<Summary> of(List<Summary> cells, String kind, String path) {
        return cells.stream()
                .filter(each -> each.kind().equals(kind)
                        && !each.runs().isEmpty()
                        && MarkdownReport.pathOf(each).equals(path))
                .toList();
    }

    private static String overIdeal(Summary cell) {
        double ideal = 1e6 * cell.constant("ideal_seconds");
        Latencies all = Latencies.of(cell);
        return String.format(Locale.ROOT, "%.2f and %.2f", all.mean() / ideal, all.p99() / ideal);
    }

    private static void add(List<String> to, String what, List<Summary> cells, Function<Summary, String> figure) {
        List<String> parts = cells.stream()
                .map(each -> each.title() + " " + figure.apply(each))
                .filter(each -> !each.endsWith("–"))
                .toList();
        if (!parts.isEmpty()) {
            to.add(what + ": " + String.join(", ", parts) + ".");
        }
    }
}
