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
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The tables of the comparison as Markdown.
final class MarkdownReport {
    private static final double MEGABIT = 1e6;
    private static final double MILLISECOND_IN_MICROS = 1e3;
    private static final double OTHERS_THAT_MATTER = 0.2;

    // Of results that do not say what others took.
    private static final double LOAD_OF_A_COMPARISON = 4;

    private final StringBuilder out = new StringBuilder();
    private final List<Summary> cells;

    private MarkdownReport(List<Summary> cells) {
        this.cells = cells;
    }

    /// Writes the report.
    ///
    /// @param skipped what was left out, and why
    static String write(Results results, List<String> skipped) {
        MarkdownReport report = new MarkdownReport(Summary.of(results.runs()));
        report.head(results);
        report.inShort();
        report.streams();
        report.costs();
        report.messages("messages", "Completion of one message at a time");
        report.messages("load", "Latency under a load of half the line's rate, timed from when each message was due");
        report.out.append(new MoreSections(report.cells, List.of()).markdown());
        report.rest(skipped);
        return report.out.toString();
    }

    private void line(String text) {
        out.append(text).append('\n');
    }

    private void head(Results results) {
        line("# Comparison with other transports");
        line("");
        line(
                "Written by `./longhaul bench`; every run is a line of the results beside this page. All transports crossed the same"
                        + " emulated link: two network namespaces joined by TUN devices, loss, rate, queue and delay acting on each packet of"
                        + " the wire. What the words mean: [benchmarking](../benchmarking.md#comparison). Median of the runs, in brackets the"
                        + " least and the greatest.");
        line("");
        for (Map<String, @Nullable Object> each : results.manifests()) {
            line("- " + JsonText.string(each, "date") + ", commit `" + JsonText.string(each, "commit") + "`"
                    + (JsonText.number(each, "changed_files") > 0 ? " with changes" : "") + ": `"
                    + JsonText.string(each, "command") + "`; " + JsonText.string(each, "processor") + ", "
                    + (int) JsonText.number(each, "processors") + " processors, " + JsonText.string(each, "memory")
                    + ", Linux " + JsonText.string(each, "kernel") + ", JDK " + JsonText.string(each, "jdk")
                    + ", load at the start " + JsonText.number(each, "load"));
        }
        line("");
        if (wasBusy(cells)) {
            line("**The machine was busy with other things** (" + business(cells)
                    + "). The figures say what each transport does on a busy machine.");
            line("");
        }
    }

    private void inShort() {
        List<String> sentences = InShort.sentences(cells);
        if (!sentences.isEmpty()) {
            line("## In short");
            line("");
            sentences.forEach(each -> line("- " + each));
            line("");
        }
    }

    private static double greatest(List<Summary> cells, String figure) {
        return cells.stream()
                .mapToDouble(each -> each.spread(figure).greatest())
                .filter(Double::isFinite)
                .max()
                .orElse(Double.NaN);
    }

    /// Whether others took so much of the processors that the figures are not of an idle machine.
    static boolean wasBusy(List<Summary> cells) {
        double others = greatest(cells, "others_processors");
        return Double.isFinite(others) ? others > OTHERS_THAT_MATTER : greatest(cells, "load") > LOAD_OF_A_COMPARISON;
    }

    /// How busy it was, in words.
    static String business(List<Summary> cells) {
        double others = greatest(cells, "others_processors");
        return Double.isFinite(others)
                ? String.format(Locale.ROOT, "others took up to %.1f processors", others)
                : String.format(Locale.ROOT, "up to %.1f threads wanted a processor", greatest(cells, "load"));
    }

    /// Paths as rows, peers as columns.
    private void streams() {
        List<Summary> streams =
                cells.stream().filter(each -> each.kind().equals("stream")).toList();
        if (streams.isEmpty()) {
            return;
        }
        line("## Goodput of a stream, Mb/s");
        line("");
        Set<String> peers = new LinkedHashSet<>();
        Map<String, Map<String, Summary>> rows = new LinkedHashMap<>();
        for (Summary each : streams) {
            peers.add(each.title());
            rows.computeIfAbsent(pathOf(each), path -> new LinkedHashMap<>()).put(each.title(), each);
        }
        line("| path | " + String.join(" | ", peers) + " |");
        line("|---|" + "---|".repeat(peers.size()));
        rows.forEach((path, row) -> {
            List<String> texts = new ArrayList<>();
            for (String peer : peers) {
                Summary each = row.get(peer);
                texts.add(
                        each == null
                                ? ""
                                : orFailure(each, each.spread("goodput_bps").text("%.0f", MEGABIT)));
            }
            line("| " + path + " | " + String.join(" | ", texts) + " |");
        });
        line("");
    }

    private void costs() {
        List<Summary> streams = cells.stream()
                .filter(each -> each.kind().equals("stream")
                        && each.spread("cpu_seconds_per_gib").count() > 0)
                .toList();
        if (streams.isEmpty()) {
            return;
        }
        line("## Processor time of a stream, seconds per GiB");
        line("");
        line(
                "Both ends together. The kernel receives in the thread that writes to the TUN device: that time, TCP's part of it"
                        + " included, stands in the column of the link, with the cost of the emulation itself.");
        line("");
        line("| path | transport | both ends | link |");
        line("|---|---|---|---|");
        for (Summary each : streams) {
            line("| " + pathOf(each) + " | " + each.title() + " | "
                    + each.spread("cpu_seconds_per_gib").text("%.2f", 1) + " | "
                    + each.spread("link_cpu_seconds_per_gib").text("%.2f", 1) + " |");
        }
        line("");
    }

    private void messages(String kind, String title) {
        List<Summary> chosen =
                cells.stream().filter(each -> each.kind().equals(kind)).toList();
        if (chosen.isEmpty()) {
            return;
        }
        line("## " + title);
        line("");
        line("Percentiles are of all messages of all runs together; p99.9 from 10,000 messages on.");
        line("");
        line(
                "| message | path | transport | messages | ideal, ms | mean, ms | p50 | p99 | p99.9 | max | mean / ideal | p99 / ideal"
                        + " | p99.9 / ideal | max / ideal |");
        line("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        for (Summary each : chosen) {
            List<String> row = new ArrayList<>(List.of(sizeOf(each), pathOf(each), each.title()));
            double ideal = each.constant("ideal_seconds") * 1e3;
            Latencies all = Latencies.of(each);
            row.add(each.runs().isEmpty() ? "" : String.format(Locale.ROOT, "%.0f", all.messages()));
            row.add(Double.isFinite(ideal) ? String.format(Locale.ROOT, "%.1f", ideal) : "");
            row.add(orFailure(each, each.spread("latency_us", "mean").text("%.1f", MILLISECOND_IN_MICROS)));
            for (String which : List.of("p50", "p99", "p99.9", "max")) {
                row.add(all.text(which, "%.1f", MILLISECOND_IN_MICROS));
            }
            for (String which : List.of("mean", "p99", "p99.9", "max")) {
                row.add(all.text(which, "%.2f", MILLISECOND_IN_MICROS * ideal));
            }
            line("| " + String.join(" | ", row) + " |");
        }
        line("");
    }

    private void rest(List<String> skipped) {
        line("## Left out, and failed");
        line("");
        skipped.forEach(each -> line("- " + each));
        for (Summary each : cells) {
            each.failures().forEach(why -> line("- failed: `" + each.cell() + "`: " + why));
        }
        if (skipped.isEmpty() && cells.stream().allMatch(each -> each.failures().isEmpty())) {
            line("Nothing.");
        }
        line("");
        line("## Commands");
        line("");
        line("What ran in the namespaces, for one path of each transport:");
        line("");
        Set<String> seen = new LinkedHashSet<>();
        for (Summary each : cells) {
            if (seen.add(each.kind() + each.peer())) {
                each.commands()
                        .forEach(command -> line("- " + each.kind() + ", " + each.title() + ", `" + command + "`"));
            }
        }
    }

    private static String orFailure(Summary each, String text) {
        return each.failures().isEmpty()
                ? text
                : text + ", " + each.failures().size() + " of "
                        + (each.failures().size() + each.runs().size()) + " failed";
    }

    /// The path in words.
    static String pathOf(Summary each) {
        String[] parts = each.cell().split("/", -1);
        return parts[parts.length - 1]
                .replace("-mtu", ", MTU ")
                .replace("veth", "virtual Ethernet, no delay")
                .replace("loopback", "this machine")
                .replace("bps-", "b/s, ")
                .replaceAll("ms-([0-9.]+)%", "ms, $1 %");
    }

    private static String sizeOf(Summary each) {
        return each.cell().split("/", -1)[2];
    }
}
