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

import io.longhaul.cli.quantity.ByteSize;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The sections about memory, many connections and small messages: the same tables for both forms of the report, and
/// the
/// drawings of the page.
final class MoreSections {
    private static final double MIB = 1 << 20;
    private static final double KIB = 1 << 10;

    private final List<Summary> cells;
    private final List<String> titles;

    /// @param titles of all transports: the place of one is its colour
    MoreSections(List<Summary> cells, List<String> titles) {
        this.cells = cells;
        this.titles = titles;
    }

    /// All of them that have results, as Markdown.
    String markdown() {
        StringBuilder out = new StringBuilder();
        memory().ifPresent(table -> out.append(table.markdown()));
        connections().ifPresent(table -> out.append(table.markdown()));
        pingPong().ifPresent(table -> out.append(table.markdown()));
        small().ifPresent(table -> out.append(table.markdown()));
        return out.toString();
    }

    /// The same as HTML, with drawings.
    String html() {
        StringBuilder out = new StringBuilder();
        memory().ifPresent(table -> out.append(table.html(memoryDrawing())));
        connections().ifPresent(table -> out.append(table.html(connectionsDrawing())));
        pingPong().ifPresent(table -> out.append(table.html("")));
        small().ifPresent(table -> out.append(table.html("")));
        return out.toString();
    }

    private List<Summary> of(Cell.Kind kind) {
        return cells.stream()
                .filter(each -> each.kind().equals(kind.word()) && !each.runs().isEmpty())
                .toList();
    }

    private List<Summary> byDelay() {
        return of(Cell.Kind.MEMORY).stream()
                .sorted(Comparator.comparingDouble(
                        (Summary each) -> each.spread("bdp_bytes").median()))
                .toList();
    }

    private Optional<Table> memory() {
        List<Summary> all = byDelay();
        if (all.isEmpty()) {
            return Optional.empty();
        }
        // What a process has besides: the difference over the shortest path stands for what grows.
        Summary first = all.getFirst();
        List<List<String>> rows = new ArrayList<>();
        for (Summary each : all) {
            double grown = each.spread("rss_server_bytes").median()
                    - first.spread("rss_server_bytes").median();
            double planned = each.spread("plan_window_bytes").median()
                    - first.spread("plan_window_bytes").median();
            rows.add(List.of(
                    MarkdownReport.pathOf(each),
                    each.title(),
                    each.spread("bdp_bytes").medianText("%.1f", MIB),
                    each.spread("goodput_bps").text("%.0f", 1e6),
                    each.spread("plan_window_bytes").medianText("%.1f", MIB),
                    each.spread("rss_client_bytes").text("%.0f", MIB),
                    each.spread("rss_server_start_bytes").text("%.0f", MIB),
                    each.spread("rss_server_bytes").text("%.0f", MIB),
                    planned > 0 ? String.format(Locale.ROOT, "%.2f", grown / planned) : ""));
        }
        return Optional.of(new Table(
                "Memory over rate × round trip",
                "Most resident memory of both processes while a stream runs; a JVM with the default settings has a heap of its"
                        + " own in it. The window is what `longhaul plan` says for the path. Growth: what the receiver has more than on the"
                        + " shortest path, over what the plan has more.",
                List.of(
                        "path",
                        "transport",
                        "rate × round trip, MiB",
                        "Mb/s",
                        "window by plan, MiB",
                        "sender, MiB",
                        "receiver before, MiB",
                        "receiver, MiB",
                        "growth / plan"),
                rows));
    }

    private String memoryDrawing() {
        List<Summary> all = byDelay();
        double[] grown = all.stream()
                .mapToDouble(each -> (each.spread("rss_server_bytes").median()
                                - each.spread("rss_server_start_bytes").median())
                        / MIB)
                .toArray();
        double[] planned = all.stream()
                .mapToDouble(each -> each.spread("plan_window_bytes").median() / MIB)
                .toArray();
        return Charts.lines(
                "What the receiver has more than when it began to listen",
                "rate × round trip",
                "MiB",
                all.stream()
                        .map(each ->
                                ByteSize.format((long) each.spread("bdp_bytes").median()))
                        .toList(),
                List.of(
                        new Charts.Line("receiver", grown, false, 0),
                        new Charts.Line("window by plan", planned, true, 6)));
    }

    private Optional<Table> connections() {
        List<Summary> all = of(Cell.Kind.CONNECTIONS);
        if (all.isEmpty()) {
            return Optional.empty();
        }
        List<List<String>> rows = new ArrayList<>();
        for (Summary each : all) {
            rows.add(List.of(
                    each.title(),
                    String.format(Locale.ROOT, "%.0f", each.constant("connections")),
                    MarkdownReport.pathOf(each),
                    each.spread("goodput_bps").text("%.0f", 1e6),
                    each.spread("cpu_seconds_per_gib").text("%.2f", 1),
                    each.spread("connect_seconds").text("%.2f", 1),
                    each.spread("idle_cpu_share").text("%.1f", 0.01),
                    each.spread("client_idle_heap_per_connection_bytes").text("%.0f", KIB),
                    each.spread("server_idle_heap_per_connection_bytes").text("%.0f", KIB),
                    each.spread("client_idle_rss_per_connection_bytes").text("%.0f", KIB),
                    each.spread("server_idle_rss_per_connection_bytes").text("%.0f", KIB),
                    each.spread("server_active_rss_per_connection_bytes").text("%.0f", KIB)));
        }
        return Optional.of(new Table(
                "Cost over the number of connections",
                "All connections between two endpoints, messages of 64 KiB on all of them at a time. Memory is what a"
                        + " process has more than with one connection that asks, over how many there are: heap after a collection, and"
                        + " resident memory. Processor time while idle: of both ends, in per cent of one processor.",
                List.of(
                        "transport",
                        "connections",
                        "path",
                        "Mb/s",
                        "CPU s/GiB",
                        "all open after, s",
                        "idle CPU, %",
                        "idle heap each, client, KiB",
                        "server, KiB",
                        "idle memory each, client, KiB",
                        "server, KiB",
                        "active, server, KiB"),
                rows));
    }

    private String connectionsDrawing() {
        List<Summary> all = of(Cell.Kind.CONNECTIONS);
        List<Double> numbers = all.stream()
                .map(each -> each.constant("connections"))
                .distinct()
                .sorted()
                .toList();
        StringBuilder out = new StringBuilder();
        for (String figure : List.of("goodput_bps", "cpu_seconds_per_gib")) {
            boolean rate = figure.equals("goodput_bps");
            List<Charts.Line> lines = new ArrayList<>();
            for (String title : all.stream().map(Summary::title).distinct().toList()) {
                double[] values = numbers.stream()
                        .mapToDouble(number -> all.stream()
                                        .filter(each ->
                                                each.title().equals(title) && each.constant("connections") == number)
                                        .findFirst()
                                        .orElse(Summary.NONE)
                                        .spread(figure)
                                        .median()
                                / (rate ? 1e6 : 1))
                        .toArray();
                lines.add(new Charts.Line(title, values, false, titles.indexOf(title)));
            }
            out.append(Charts.lines(
                    rate ? "Goodput of all together" : "Processor time, both ends",
                    "connections",
                    rate ? "Mb/s" : "s/GiB",
                    numbers.stream()
                            .map(each -> String.format(Locale.ROOT, "%.0f", each))
                            .toList(),
                    lines));
        }
        return out.toString();
    }

    private Optional<Table> pingPong() {
        List<Summary> all = of(Cell.Kind.PINGPONG);
        if (all.isEmpty()) {
            return Optional.empty();
        }
        List<List<String>> rows = new ArrayList<>();
        for (Summary each : all) {
            List<String> row =
                    new ArrayList<>(List.of(each.title(), ByteSize.format((long) each.constant("size_bytes"))));
            for (String which : List.of("mean", "p50", "p99", "p999", "max")) {
                row.add(each.spread("latency_us", which).text("%.1f", 1));
            }
            row.add(each.spread("operations").medianText("%.0f", 1));
            rows.add(row);
        }
        return Optional.of(new Table(
                "A small message there and back, microseconds",
                "Two processes on one machine over the loopback device, both polling. UDP in C makes one system call to send and"
                        + " one to receive, and repairs nothing.",
                List.of("transport", "message", "mean", "p50", "p99", "p99.9", "max", "round trips"),
                rows));
    }

    private Optional<Table> small() {
        List<Summary> all = of(Cell.Kind.SMALL);
        if (all.isEmpty()) {
            return Optional.empty();
        }
        List<List<String>> rows = new ArrayList<>();
        for (Summary each : all) {
            rows.add(List.of(
                    each.title(),
                    ByteSize.format((long) each.constant("size_bytes")),
                    each.spread("messages_per_second").text("%.0f", 1)));
        }
        return Optional.of(new Table(
                "Small messages in a second",
                "One connection between two processes on one machine, many messages outstanding. Longhaul: each message arrives by"
                        + " itself and its send completes. TCP: a write for each, whose borders the receiver does not see.",
                List.of("transport", "message", "messages/s"),
                rows));
    }
}
