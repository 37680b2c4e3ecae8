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
import io.longhaul.bench.link.NetworkPair;
import io.longhaul.cli.quantity.BitRate;
import io.longhaul.cli.quantity.ByteSize;
import io.longhaul.cli.quantity.Fraction;
import io.longhaul.cli.quantity.QuantityException;
import io.longhaul.cli.quantity.TimeSpan;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Measures Longhaul beside other transports and writes the report.
@Command(
        name = "longhaul bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = {
            "Measure Longhaul beside TCP and raw UDP, all over the same emulated link on this machine,"
                    + " and write a report.",
            "Needs root, for network namespaces. Interrupt and repeat it as you like: what was measured is kept.",
            ""
        })
public final class BenchCommand implements Callable<Integer> {
    private static final int FAILED = 1;
    private static final int BAD_USAGE = 2;

    @Spec
    private CommandLine.Model.@Nullable CommandSpec spec;

    @Option(names = "--quick", description = "One run of a short form: a first look in minutes.")
    boolean quick;

    @Option(names = "--runs", paramLabel = "N", description = "Runs of each cell. Default: 5, with --quick 1.")
    int runs;

    @Option(names = "--peers", paramLabel = "LIST", description = "Only these: longhaul,tcp-bbr. Default: all.")
    @Nullable
    String peers;

    @Option(names = "--kinds", paramLabel = "LIST", description = "Only these of stream, messages, load. Default: all.")
    @Nullable
    String kinds;

    @Option(names = "--rate", paramLabel = "LIST", description = "Rates of the line. Default: 2gbit.")
    String rates = "2gbit";

    @Option(names = "--rtt", paramLabel = "LIST", description = "Round trips. Default: 20ms,100ms.")
    String rtts = "20ms,100ms";

    @Option(names = "--loss", paramLabel = "LIST", description = "Losses. Default: 0%%,0.1%%,1%%.")
    String losses = "0%,0.1%,1%";

    @Option(names = "--mtu", paramLabel = "BYTES", description = "Of the link. Default: 9000.")
    int mtu = 9000;

    @Option(names = "--sizes", paramLabel = "LIST", description = "Of messages. Default: 64KiB,1MiB,16MiB.")
    @Nullable
    String sizes;

    @Option(names = "--seconds", paramLabel = "N", description = "Of a stream. Default: 5, with --quick 3.")
    int seconds;

    @Option(
            names = "--warmup",
            paramLabel = "N",
            description = "Seconds before a stream; 40 round trips at least. Default: 5.")
    int warmup = 5;

    @Option(names = "--messages", paramLabel = "N", description = "Of each size. Default: 1000, with --quick 200.")
    int messages;

    @Option(names = "--no-direct", description = "Leave out the path without an emulated link.")
    boolean noDirect;

    @Option(names = "--out", paramLabel = "DIR", description = "For results and report. Default: longhaul-bench.")
    Path out = Path.of("longhaul-bench");

    @Option(names = "--redo", description = "Forget the results of the chosen cells first.")
    boolean redo;

    @Option(names = "--dry-run", description = "Only tell what would run.")
    boolean dryRun;

    @Option(names = "--report", description = "Only write the report from the results.")
    boolean reportOnly;

    private String[] given = new String[0];

    /// Runs the command and ends the process with its exit status.
    public static void main(String[] args) {
        BenchCommand command = new BenchCommand();
        command.given = args.clone();
        CommandLine line = new CommandLine(command);
        line.setParameterExceptionHandler((failure, words) -> {
            System.err.println("longhaul bench: "
                    + String.valueOf(failure.getMessage()).lines().findFirst().orElse("bad usage")
                    + "; --help lists the options");
            return BAD_USAGE;
        });
        line.setExecutionExceptionHandler((failure, commandLine, parsed) -> {
            System.err.println("longhaul bench: " + failure.getMessage());
            return FAILED;
        });
        System.exit(line.execute(args));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        List<String> skipped = new ArrayList<>();
        List<Cell> cells = chosenCells(skipped);
        int count = runs > 0 ? runs : quick ? 1 : 5;
        Files.createDirectories(out);
        Results results = new Results(out.resolve("comparison.jsonl"));
        if (!reportOnly) {
            if (redo && !dryRun) {
                List<String> names = cells.stream().map(Cell::name).toList();
                results.remove(names::contains);
            }
            skipped.forEach(each -> say("skipped: " + each));
            if (dryRun) {
                cells.forEach(each -> System.out.println(each.name()));
                return 0;
            }
            NetworkPair.unavailable().ifPresent(why -> {
                throw usage("cannot run here: " + why);
            });
            measure(cells, count, results);
        }
        Files.writeString(out.resolve("comparison.md"), MarkdownReport.write(results, skipped));
        Files.writeString(out.resolve("comparison.html"), HtmlReport.write(results, skipped));
        say("written: " + out.resolve("comparison.md") + " and comparison.html");
        return 0;
    }

    private void measure(List<Cell> cells, int count, Results results) throws IOException, InterruptedException {
        Effort effort =
                new Effort(seconds > 0 ? seconds : quick ? 3 : 5, warmup, messages > 0 ? messages : quick ? 200 : 1000);
        boolean manifest = false;
        Path folder = Files.createTempDirectory("longhaul-bench");
        try (NetworkPair namespaces = new NetworkPair()) {
            // Runs outside, cells inside: a machine that slows down does so for all alike.
            for (int run = 1; run <= count; run++) {
                List<Cell> todo = new ArrayList<>();
                for (Cell each : cells) {
                    if (!results.has(each.name(), run)) {
                        todo.add(each);
                    }
                }
                if (!todo.isEmpty() && !manifest) {
                    results.add(Manifest.ofThisMachine(Arrays.asList(given)));
                    manifest = true;
                }
                measureRun(todo, run, effort, results, new CellRun.Place(namespaces, folder));
            }
        } finally {
            delete(folder);
        }
    }

    /// One link for all cells of a path that stand beside each other.
    private void measureRun(List<Cell> todo, int run, Effort effort, Results results, CellRun.Place place)
            throws IOException, InterruptedException {
        int next = 0;
        while (next < todo.size()) {
            PathPoint path = todo.get(next).path();
            if (path.isDirect()) {
                place.namespaces().joinByEthernet(path.mtuBytes());
                for (; next < todo.size() && todo.get(next).path().equals(path); next++) {
                    one(new CellRun(todo.get(next), run, effort, null), place, results, next, todo.size());
                }
                place.namespaces().removeEthernet();
            } else {
                try (EmulatedPath link = new EmulatedPath(
                        place.namespaces(), path.wire(2L * run), path.wire(2L * run + 1), path.mtuBytes())) {
                    for (; next < todo.size() && todo.get(next).path().equals(path); next++) {
                        one(new CellRun(todo.get(next), run, effort, link), place, results, next, todo.size());
                    }
                }
            }
        }
    }

    private static void one(CellRun cell, CellRun.Place place, Results results, int index, int of)
            throws IOException, InterruptedException {
        say(String.format(
                Locale.ROOT,
                "%d/%d run %d %s",
                index + 1,
                of,
                cell.run(),
                cell.cell().name()));
        var result = cell.measure(place);
        results.add(result);
        String failure = JsonText.string(result, "failure");
        say(
                failure.isEmpty()
                        ? String.format(
                                Locale.ROOT,
                                "    %.0f Mb/s, p99 %.1f ms",
                                JsonText.number(result, "goodput_bps") / 1e6,
                                JsonText.number(result, "latency_us", "p99") / 1e3)
                        : "    failed: " + failure);
    }

    private List<Cell> chosenCells(List<String> skipped) {
        List<PathPoint> paths = new ArrayList<>();
        for (long rate : list("--rate", rates, text -> BitRate.parse(text).bitsPerSecond())) {
            for (long rtt : list("--rtt", rtts, text -> TimeSpan.parse(text).nanos())) {
                for (double loss :
                        list("--loss", losses, text -> Fraction.parse(text).value())) {
                    paths.add(new PathPoint(rate, rtt, loss, mtu));
                }
            }
        }
        if (mtu < 1280 || mtu > 65_000 || paths.stream().anyMatch(each -> each.rateBitsPerSecond() <= 0)) {
            throw usage("--mtu is in 1280..65000, and rates are positive");
        }
        List<Long> bytes = list(
                "--sizes",
                sizes != null ? sizes : quick ? "1MiB" : "64KiB,1MiB,16MiB",
                text -> ByteSize.parse(text).bytes());
        if (bytes.stream().anyMatch(each -> each < 1 || each > 1 << 30)) {
            throw usage("--sizes are in 1B..1GiB");
        }
        return Selection.cells(
                paths,
                noDirect ? 0 : mtu,
                bytes,
                words("--peers", peers, Selection.peerNames()),
                words("--kinds", kinds, List.of("stream", "messages", "load")),
                skipped);
    }

    private List<String> words(String option, @Nullable String list, List<String> known) {
        if (list == null) {
            return known;
        }
        List<String> result = Arrays.asList(list.split(",", -1));
        Optional<String> unknown =
                result.stream().filter(each -> !known.contains(each)).findFirst();
        if (unknown.isPresent()) {
            throw usage(option + " knows " + String.join(", ", known) + ", not " + unknown.get());
        }
        return result;
    }

    private <T> List<T> list(String option, String text, Function<String, T> parser) {
        try {
            return Arrays.stream(text.split(",", -1)).map(parser).toList();
        } catch (QuantityException e) {
            throw usage("Invalid value for option '" + option + "': " + e.getMessage());
        }
    }

    private ParameterException usage(String text) {
        CommandLine.Model.CommandSpec own = spec;
        return new ParameterException(own == null ? new CommandLine(this) : own.commandLine(), text);
    }

    private static void say(String text) {
        System.err.println("bench: " + text);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            all.sorted(Comparator.reverseOrder()).forEach(each -> {
                try {
                    Files.delete(each);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
