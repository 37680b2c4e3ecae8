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
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The comparison as one page that needs nothing beside it: drawings first, all numbers and commands after them.
final class HtmlReport {
    private static final String STYLE = """
            body { font: 16px/1.5 sans-serif; color: #222; background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
            h2 { margin-top: 2.5rem; } table { border-collapse: collapse; font-size: 14px; }
            td, th { border-bottom: 1px solid #ddd; padding: .25rem .6rem; text-align: left; vertical-align: top; }
            td.n { text-align: right; white-space: nowrap; } .wide { overflow-x: auto; } .note { color: #555; font-size: 14px; }
            .warn { background: #fff3cd; padding: .6rem 1rem; } svg { max-width: 100%; height: auto; } code { font-size: 13px; }
            .maps { display: flex; flex-wrap: wrap; gap: 1rem; }
            """;

    private final StringBuilder out = new StringBuilder();
    private final List<Summary> cells;
    private final List<String> titles;

    private HtmlReport(List<Summary> cells) {
        this.cells = cells;
        // One colour for a transport in all drawings.
        titles = cells.stream().map(Summary::title).distinct().toList();
    }

    /// Writes the page.
    ///
    /// @param skipped what was left out, and why
    static String write(Results results, List<String> skipped) {
        HtmlReport report = new HtmlReport(Summary.of(results.runs()));
        report.head(results);
        report.inShort();
        report.goodput();
        report.completion();
        report.load();
        report.cost();
        report.out.append(new MoreSections(report.cells, report.titles).html());
        report.everything(skipped);
        return report.out.append("</body></html>\n").toString();
    }

    @SuppressWarnings("AnnotateFormatMethod") // the annotation would be one more dependency
    private void add(String format, Object... values) {
        out.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private List<Summary> chosen(Predicate<Summary> which) {
        return cells.stream().filter(which).toList();
    }

    private void head(Results results) {
        out.append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
                .append("<title>Longhaul beside other transports</title><style>")
                .append(STYLE)
                .append("</style></head><body>\n<h1>Longhaul beside other transports</h1>\n");
        add(
                "<p>All of them crossed the same emulated link: two network namespaces on one machine, joined by a link that treats each"
                        + " packet of the wire by itself. Figures are medians; the table at the end has their spread, what failed, and the"
                        + " commands.</p>");
        if (MarkdownReport.wasBusy(cells)) {
            add(
                    "<p class=\"warn\">The machine was busy with other things while this was measured (%s). The figures say what each"
                            + " transport does on a busy machine.</p>",
                    MarkdownReport.business(cells));
        }
        add(
                "<div class=\"wide\"><table><tr><th>measured</th><th>commit</th><th>machine</th><th>command</th><th>load</th></tr>");
        for (Map<String, @Nullable Object> each : results.manifests()) {
            add(
                    "<tr><td>%s</td><td>%s%s</td><td>%s, %.0f processors, Linux %s, JDK %s</td><td><code>%s</code></td><td>%.1f</td></tr>",
                    Svg.escape(JsonText.string(each, "date")),
                    Svg.escape(JsonText.string(each, "commit")),
                    JsonText.number(each, "changed_files") > 0 ? ", changed" : "",
                    Svg.escape(JsonText.string(each, "processor")),
                    JsonText.number(each, "processors"),
                    Svg.escape(JsonText.string(each, "kernel")),
                    Svg.escape(JsonText.string(each, "jdk")),
                    Svg.escape(JsonText.string(each, "command")),
                    JsonText.number(each, "load"));
        }
        add("</table></div>");
    }

    private void inShort() {
        List<String> sentences = InShort.sentences(cells);
        if (!sentences.isEmpty()) {
            add("<h2>In short</h2><ul>");
            sentences.forEach(each -> add("<li>%s</li>", Svg.escape(each)));
            add("</ul>");
        }
    }

    private static Set<Double> sorted(List<Summary> from, String name) {
        Set<Double> result = new TreeSet<>();
        from.forEach(each -> result.add(each.constant(name)));
        result.removeIf(each -> each.isNaN());
        return result;
    }

    private static Summary find(List<Summary> from, Predicate<Summary> which) {
        return from.stream().filter(which).findFirst().orElse(Summary.NONE);
    }

    private void goodput() {
        List<Summary> all = chosen(each -> each.kind().equals("stream"));
        if (all.isEmpty()) {
            return;
        }
        add("<h2>Goodput of a stream</h2>");
        for (double rate : sorted(all, "rate_bps")) {
            List<Summary> streams = all.stream()
                    .filter(each -> each.constant("rate_bps") == rate)
                    .toList();
            if (rate == 0) {
                bars("Without a link: virtual Ethernet, no delay, Mb/s", streams, "goodput_bps", 1e6, "%.0f");
                continue;
            }
            List<Double> rtts = List.copyOf(sorted(streams, "rtt_ms"));
            List<Double> losses = List.copyOf(sorted(streams, "loss"));
            add("<p>Mb/s over a line of %.0f Mb/s; dark is the whole line.</p><div class=\"maps\">", rate / 1e6);
            for (String title : titlesOf(streams)) {
                heatMap(title, rate, streams, rtts, losses);
            }
            add("</div>");
            for (double rtt : rtts) {
                List<Charts.Line> lines = new ArrayList<>();
                for (String title : titlesOf(streams)) {
                    double[] values = losses.stream()
                            .mapToDouble(loss -> find(
                                                    streams,
                                                    each -> each.title().equals(title)
                                                            && each.constant("rtt_ms") == rtt
                                                            && each.constant("loss") == loss)
                                            .spread("goodput_bps")
                                            .median()
                                    / 1e6)
                            .toArray();
                    lines.add(new Charts.Line(title, values, false, titles.indexOf(title)));
                }
                out.append(Charts.lines(
                        String.format(Locale.ROOT, "Round trip %.0f ms", rtt),
                        "packets lost, each direction",
                        "Mb/s",
                        losses.stream().map(HtmlReport::percent).toList(),
                        lines));
            }
        }
    }

    private static String percent(double loss) {
        return loss == 0 ? "none" : new PathPoint(0, 0, loss, 0).lossText().replace("%", " %");
    }

    private void heatMap(String title, double rate, List<Summary> streams, List<Double> rtts, List<Double> losses) {
        double[][] values = new double[rtts.size()][losses.size()];
        String[][] texts = new String[rtts.size()][losses.size()];
        for (int row = 0; row < rtts.size(); row++) {
            for (int column = 0; column < losses.size(); column++) {
                double rtt = rtts.get(row);
                double loss = losses.get(column);
                Summary cell = find(
                        streams,
                        each -> each.title().equals(title)
                                && each.constant("rtt_ms") == rtt
                                && each.constant("loss") == loss);
                Summary.Spread spread = cell.spread("goodput_bps");
                values[row][column] = spread.median() / rate;
                texts[row][column] = spread.medianText("%.0f", 1e6);
            }
        }
        out.append(Charts.heatMap(
                title,
                rtts.stream()
                        .map(rtt -> String.format(Locale.ROOT, "%.0f ms", rtt))
                        .toList(),
                losses.stream().map(HtmlReport::percent).toList(),
                values,
                texts));
    }

    private static List<String> titlesOf(List<Summary> from) {
        return from.stream().map(Summary::title).distinct().toList();
    }

    private void completion() {
        List<Summary> all =
                chosen(each -> each.kind().equals("messages") && !each.runs().isEmpty());
        if (all.isEmpty()) {
            return;
        }
        add(
                "<h2>Completion of one message at a time</h2><p>Times over the ideal: a round trip, and the message on the line. 1 is"
                        + " as fast as the path allows. Solid: mean. Dashed: p99.</p>");
        Map<String, List<Summary>> paths = new LinkedHashMap<>();
        all.forEach(each -> paths.computeIfAbsent(MarkdownReport.pathOf(each), path -> new ArrayList<>())
                .add(each));
        paths.forEach((path, here) -> {
            List<Double> sizes = List.copyOf(sorted(here, "size_bytes"));
            List<Charts.Line> lines = new ArrayList<>();
            for (String title : titlesOf(here)) {
                for (String which : List.of("mean", "p99")) {
                    double[] values = sizes.stream()
                            .mapToDouble(size -> {
                                Summary cell = find(
                                        here,
                                        each -> each.title().equals(title) && each.constant("size_bytes") == size);
                                return Latencies.of(cell).value(which) / 1e6 / cell.constant("ideal_seconds");
                            })
                            .toArray();
                    lines.add(new Charts.Line(title + " " + which, values, which.equals("p99"), titles.indexOf(title)));
                }
            }
            out.append(Charts.lines(
                    path,
                    "message",
                    "times ideal",
                    sizes.stream().map(HtmlReport::size).toList(),
                    lines));
        });
    }

    private static String size(double bytes) {
        return io.longhaul.cli.quantity.ByteSize.format((long) bytes);
    }

    private void load() {
        List<Summary> all =
                chosen(each -> each.kind().equals("load") && !each.runs().isEmpty());
        if (all.isEmpty()) {
            return;
        }
        add(
                "<h2>Latency under load</h2><p>Messages due at fixed times, half of the line's rate; timed from when each was due, so that"
                        + " waiting for others counts.</p>");
        List<String> places = List.of("p50", "p90", "p99", "p99.9", "max");
        Map<String, List<Charts.Line>> charts = new LinkedHashMap<>();
        for (Summary each : all) {
            Latencies latencies = Latencies.of(each);
            double[] values = places.stream()
                    .mapToDouble(which -> latencies.value(which) / 1e3)
                    .toArray();
            charts.computeIfAbsent(
                            size(each.constant("size_bytes")) + " messages, " + MarkdownReport.pathOf(each),
                            title -> new ArrayList<>())
                    .add(new Charts.Line(each.title(), values, false, titles.indexOf(each.title())));
        }
        charts.forEach((title, lines) -> out.append(Charts.lines(title, "percentile", "ms", places, lines)));
    }

    private void cost() {
        List<Summary> all = chosen(each -> each.kind().equals("stream")
                && each.spread("cpu_seconds_per_gib").count() > 0);
        if (all.isEmpty()) {
            return;
        }
        add(
                "<h2>Processor time</h2><p>Seconds for each GiB of a stream, both ends. The kernel receives in the thread that carries the"
                        + " packets: the link's part holds that, and the emulation.</p>");
        Map<String, List<Charts.Bar>> paths = new LinkedHashMap<>();
        for (Summary each : all) {
            Summary.Spread ends = each.spread("cpu_seconds_per_gib");
            Summary.Spread link = each.spread("link_cpu_seconds_per_gib");
            String label = ends.medianText("%.2f", 1) + (link.count() == 0 ? "" : " + " + link.medianText("%.2f", 1));
            paths.computeIfAbsent(MarkdownReport.pathOf(each), path -> new ArrayList<>())
                    .add(new Charts.Bar(
                            each.title(), new double[] {ends.median(), link.count() == 0 ? 0 : link.median()}, label));
        }
        paths.forEach((path, bars) -> out.append(Charts.bars(path, List.of("both ends", "link"), bars)));
    }

    private void bars(String title, List<Summary> from, String figure, double unit, String format) {
        List<Charts.Bar> bars = from.stream()
                .filter(each -> each.spread(figure).count() > 0)
                .map(each -> new Charts.Bar(
                        each.title(),
                        new double[] {each.spread(figure).median() / unit},
                        each.spread(figure).text(format, unit)))
                .toList();
        if (!bars.isEmpty()) {
            out.append(Charts.bars(title, List.of(), bars));
        }
    }

    private void everything(List<String> skipped) {
        add(
                "<h2>All figures</h2><div class=\"wide\"><table><tr><th>cell</th><th>Mb/s</th><th>mean, ms</th><th>p99, ms</th>"
                        + "<th>CPU s/GiB</th><th>memory, client / server, MiB</th><th>link held up, ms</th><th>processors taken by others</th><th>runs</th></tr>");
        for (Summary each : cells) {
            List<Function<Summary, String>> columns = List.of(
                    cell -> cell.spread("goodput_bps").text("%.0f", 1e6),
                    cell -> cell.spread("latency_us", "mean").text("%.3g", 1e3),
                    cell -> cell.spread("latency_us", "p99").text("%.3g", 1e3),
                    cell -> cell.spread("cpu_seconds_per_gib").text("%.2f", 1),
                    cell -> cell.spread("rss_client_bytes").text("%.0f", 1 << 20)
                            + " / "
                            + cell.spread("rss_server_bytes").text("%.0f", 1 << 20),
                    cell -> cell.spread("link_late_ms").text("%.1f", 1),
                    cell -> cell.spread("others_processors").text("%.1f", 1),
                    cell -> cell.runs().size()
                            + (cell.failures().isEmpty()
                                    ? ""
                                    : ", " + cell.failures().size() + " failed"));
            StringBuilder row = new StringBuilder("<tr><td>" + Svg.escape(each.cell()) + "</td>");
            columns.forEach(column -> row.append("<td class=\"n\">")
                    .append(Svg.escape(column.apply(each)))
                    .append("</td>"));
            out.append(row).append("</tr>\n");
        }
        add("</table></div><h2>Left out, and failed</h2><ul>");
        skipped.forEach(each -> add("<li>%s</li>", Svg.escape(each)));
        cells.forEach(each -> each.failures()
                .forEach(why -> add("<li><code>%s</code>: %s</li>", Svg.escape(each.cell()), Svg.escape(why))));
        add("</ul><h2>Commands</h2><ul>");
        Set<String> seen = new LinkedHashSet<>();
        for (Summary each : cells) {
            if (!each.commands().isEmpty() && seen.add(each.kind() + each.title())) {
                String commands = String.join(
                        "<br>",
                        each.commands().stream()
                                .map(command -> "<code>" + Svg.escape(command) + "</code>")
                                .toList());
                out.append("<li>")
                        .append(Svg.escape(each.kind() + ", " + Objects.requireNonNull(each.title())))
                        .append("<br>")
                        .append(commands)
                        .append("</li>\n");
            }
        }
        add(
                "</ul><p class=\"note\">p99 of fewer than a thousand messages, and a median of fewer than five runs, are a first look.</p>");
    }
}
