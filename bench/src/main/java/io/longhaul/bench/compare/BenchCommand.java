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
import io.longhaul.cli.quantity.BitRate;
import io.longhaul.cli.quantity.ByteSize;
import io.longhaul.cli.quantity.Fraction;
import io.longhaul.cli.quantity.QuantityException;
import io.longhaul.cli.quantity.TimeSpan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
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
            "Measure Longhaul beside TCP, QUIC, Aeron and raw UDP, all over the same emulated link on this machine,"
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

    @Option(
            names = "--kinds",
            paramLabel = "LIST",
            description = "Only these of stream, messages, load, memory, connections, pingpong, small. Default: all.")
    @Nullable
    String kinds;

    @Option(names = "--rate", paramLabel = "LIST", description = "Rates of the line. Default: 2gbit.")
    String rates = "2gbit";

    @Option(names = "--rtt", paramLabel = "LIST", description = "Round trips. Default: 20ms,100ms, with --quick 20ms.")
    @Nullable
    String rtts;

    @Option(
            names = "--loss",
            paramLabel = "LIST",
            description = "Losses. Default: 0%%,0.1%%,1%%, with --quick 0%%,0.1%%.")
    @Nullable
    String losses;

    @Option(names = "--mtu", paramLabel = "BYTES", description = "Of the link. Default: 9000.")
    int mtu = 9000;

    @Option(
            names = "--sizes",
            paramLabel = "LIST",
            description = "Lengths of messages, and how many of each in a run. Default:"
                    + " 64KiB:500,1MiB:2000,16MiB:100,128MiB:6, with --quick 1MiB:200.")
    @Nullable
    String sizes;

    @Option(
            names = "--messages",
            paramLabel = "N",
            description = "Messages in a run, of each length for which --sizes does not say. Default: 200.")
    int messages = 200;

    @Option(
            names = "--connections",
            paramLabel = "LIST",
            description = "How many connections. Default: 1,10,100,1000, with --quick 1,100.")
    @Nullable
    String connections;

    @Option(
            names = "--memory-rtt",
            paramLabel = "LIST",
            description = "Round trips at which memory is measured. Default: 5ms,20ms,50ms,100ms,200ms, with --quick"
                    + " 20ms,100ms.")
    @Nullable
    String memoryRtts;

    @Option(
            names = "--only",
            paramLabel = "LIST",
            description = "Only cells whose names have one of these in them, * for any: 'messages/*/1.00MiB,load/'."
                    + " --dry-run lists the names.")
    @Nullable
    String only;

    @Option(names = "--seconds", paramLabel = "N", description = "Of a stream. Default: 5, with --quick 3.")
    int seconds;

    @Option(
            names = "--warmup",
            paramLabel = "N",
            description =
                    "Seconds before what counts; three times that for Longhaul, QUIC and Aeron, whose code is compiled"
                            + " as it runs; of a stream 40 round trips at least. Default: 5, with --quick 4.")
    int warmup;

    @Option(names = "--no-direct", description = "Leave out the paths without an emulated link.")
    boolean noDirect;

    @Option(names = "--out", paramLabel = "DIR", description = "For results and report. Default: longhaul-bench.")
    Path out = Path.of("longhaul-bench");

    @Option(names = "--redo", description = "Forget the results of the chosen cells first.")
    boolean redo;

    @Option(names = "--retry", description = "Forget the failures of the chosen cells first.")
    boolean retry;

    @Option(names = "--dry-run", description = "Only tell what is missing, and how long it would take.")
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
        List<Cell> cells = selection().cells(skipped);
        int count = runs > 0 ? runs : quick ? 1 : 5;
        Path file = out.resolve("comparison.jsonl");
        if (!dryRun) {
            Files.createDirectories(out);
        }
        Results results = new Results(file);
        Effort effort = effort();
        if (!reportOnly) {
            Rounds rounds = new Rounds(cells, effort, results, () -> write(results, skipped));
            skipped.forEach(each -> say("skipped: " + each));
            if (dryRun) {
                for (int run = 1; run <= count; run++) {
                    for (Cell each : rounds.missing(run)) {
                        System.out.println(each.name() + " run " + run);
                    }
                }
                say("about " + Rounds.time(rounds.estimatedSeconds(count)));
                return 0;
            }
            NetworkPair.unavailable().ifPresent(why -> {
                throw usage("cannot run here: " + why);
            });
            Set<String> names = cells.stream().map(Cell::name).collect(Collectors.toSet());
            if (redo) {
                results.remove(line -> names.contains(JsonText.string(line, "cell")));
            } else if (retry) {
                results.remove(line -> names.contains(JsonText.string(line, "cell")) && line.containsKey("failure"));
            }
            rounds.measure(count, Arrays.asList(given));
        }
        write(results, skipped);
        say("written: " + out.resolve("comparison.md") + " and comparison.html");
        return 0;
    }

    private void write(Results results, List<String> skipped) throws IOException {
        Files.writeString(out.resolve("comparison.md"), MarkdownReport.write(results, skipped));
        Files.writeString(out.resolve("comparison.html"), HtmlReport.write(results, skipped));
    }

    private Effort effort() {
        int before = warmup > 0 ? warmup : quick ? 4 : 5;
        return new Effort(seconds > 0 ? seconds : quick ? 3 : 5, before, countsOfSizes());
    }

    /// Lengths of messages, and how many of each.
    private Map<Long, Integer> countsOfSizes() {
        String text = sizes != null ? sizes : quick ? "1MiB:200" : "64KiB:500,1MiB:2000,16MiB:100,128MiB:6";
        Map<Long, Integer> result = new LinkedHashMap<>();
        for (String each : text.split(",", -1)) {
            String[] parts = each.split(":", 2);
            long bytes = list("--sizes", parts[0], size -> ByteSize.parse(size).bytes())
                    .getFirst();
            int count = parts.length == 1 ? messages : whole("--sizes", parts[1], 1, 10_000_000);
            if (bytes < 1 || bytes > 1 << 30) {
                throw usage("--sizes are in 1B..1GiB");
            }
            result.put(bytes, count);
        }
        return result;
    }

    private int whole(String option, String text, int least, int most) {
        if (text.matches("[0-9]{1,9}")) {
            int value = Integer.parseInt(text);
            if (value >= least && value <= most) {
                return value;
            }
        }
        throw usage("Invalid value for option '" + option + "': '" + text + "' is no number in " + least + ".." + most);
    }

    private Selection selection() {
        if (messages < 1) {
            throw usage("--messages is 1 at least");
        }
        List<PathPoint> paths = new ArrayList<>();
        List<Long> lines = list("--rate", rates, text -> BitRate.parse(text).bitsPerSecond());
        for (long rate : lines) {
            for (long rtt : roundTrips("--rtt", rtts, quick ? "20ms" : "20ms,100ms")) {
                String text = losses != null ? losses : quick ? "0%,0.1%" : "0%,0.1%,1%";
                for (double loss :
                        list("--loss", text, each -> Fraction.parse(each).value())) {
                    paths.add(new PathPoint(rate, rtt, loss, mtu));
                }
            }
        }
        if (mtu < 1280 || mtu > 65_000 || lines.stream().anyMatch(each -> each <= 0)) {
            throw usage("--mtu is in 1280..65000, and rates are positive");
        }
        List<PathPoint> memory =
                roundTrips("--memory-rtt", memoryRtts, quick ? "20ms,100ms" : "5ms,20ms,50ms,100ms,200ms").stream()
                        .map(rtt -> new PathPoint(lines.getFirst(), rtt, 0, mtu))
                        .toList();
        List<Long> numbers = new ArrayList<>();
        for (String each : (connections != null ? connections : quick ? "1,100" : "1,10,100,1000").split(",", -1)) {
            numbers.add((long) whole("--connections", each, 1, 10_000));
        }
        return new Selection(
                paths,
                noDirect ? 0 : mtu,
                List.copyOf(countsOfSizes().keySet()),
                numbers,
                memory,
                words("--peers", peers, Selection.peerNames()),
                words(
                        "--kinds",
                        kinds,
                        Arrays.stream(Cell.Kind.values()).map(Cell.Kind::word).toList()),
                only == null ? List.of() : Arrays.asList(only.split(",", -1)));
    }

    private List<Long> roundTrips(String option, @Nullable String given, String otherwise) {
        return list(
                option,
                given == null ? otherwise : given,
                text -> TimeSpan.parse(text).nanos());
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
}
