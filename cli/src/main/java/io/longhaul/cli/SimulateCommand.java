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
package io.longhaul.cli;

import io.longhaul.sim.experiment.TransferExperiment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Simulates the engine over a modelled path in virtual time. Sends nothing.
@Command(
        name = "simulate",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Simulate a path in virtual time: the real engine at both ends, real payloads, a modelled link. Sends"
                    + " nothing.",
            "Equal options give equal results; the trace hash says so. Figures are simulated.",
            "",
            "Example: longhaul simulate --rate 100gbit --rtt 20ms --loss 1e-3 --size 128MiB --runs 100"
        })
final class SimulateCommand implements Callable<Integer> {
    private static final long PROGRESS_NANOS = 5_000_000_000L;

    @Option(
            names = "--scenario",
            paramLabel = "NAME|FILE",
            description = "Run scenarios: S1 to S11, S10b, all, a file, or a list with commas. Other options do not"
                    + " apply.")
    @Nullable
    String scenario;

    @Option(names = "--quick", description = "With --scenario: short runs.")
    boolean quick;

    @Option(names = "--no-baselines", description = "With --scenario: leave out what it is compared with.")
    boolean withoutBaselines;

    @Option(names = "--out", paramLabel = "FOLDER", description = "With --scenario: write a page of tables and plots.")
    @Nullable
    Path out;

    @Option(
            names = "--resume",
            description = "With --scenario and --out: keep the results that FOLDER has, of whatever commit, and run the"
                    + " others.")
    boolean resume;

    @Option(names = "--draws", paramLabel = "N", description = "Run streams over N paths drawn at random from --seed.")
    int draws;

    @Option(names = "--first-draw", paramLabel = "N", description = "With --draws: number of the first. Default: 0.")
    int firstDraw;

    @Mixin
    SimulateOptions options = new SimulateOptions();

    @Mixin
    OutputOptions output = new OutputOptions();

    private long saidNanos = System.nanoTime();

    private void progress(String text) {
        if (System.nanoTime() - saidNanos >= PROGRESS_NANOS) {
            saidNanos = System.nanoTime();
            output.say("simulate: " + text);
        }
    }

    @Override
    public Integer call() {
        if (draws < 0 || firstDraw < 0) {
            throw CommandFailure.usage("--draws and --first-draw must not be negative");
        }
        if (resume && (scenario == null || out == null)) {
            throw CommandFailure.usage("--resume goes with --scenario and --out");
        }
        if (options.qlog != null && (scenario != null || draws > 0)) {
            throw CommandFailure.usage("--qlog traces one simulation: repeat a row by its own command, with --qlog");
        }
        if (scenario != null) {
            return runScenarios(scenario);
        }
        return draws > 0 ? runDraws() : runOne();
    }

    private int runOne() {
        final SimulationRun run = new SimulationRun(options).run(this::progress);
        run.lines().forEach(output::line);
        output.line(String.format(Locale.ROOT, "real time %.1f s, seed %d", run.wallSeconds(), options.seed));
        output.result(run.json());
        return ExitStatus.OK;
    }

    private int runDraws() {
        output.say("seed " + options.seed + ", draws " + firstDraw + " to " + (firstDraw + draws - 1));
        final SimulationDraws all = new SimulationDraws(options.seed).run(firstDraw, draws, output::say);
        final double[] shares = all.shares();
        output.line(String.format(
                Locale.ROOT,
                "%d draws from seed %d: %d with faults; share of the own bound (simulated): least %.4f, p1 %.4f,"
                        + " median %.4f",
                draws,
                options.seed,
                all.faults().size(),
                shares[0],
                TransferExperiment.quantile(shares, 0.01),
                TransferExperiment.quantile(shares, 0.5)));
        final List<Json> faults = new ArrayList<>();
        for (SimulationDraws.Draw each : all.faults()) {
            output.line(each.fault() + ": " + each.command());
            faults.add(new Json().put("command", each.command()).put("fault", each.fault()));
        }
        output.result(new Json()
                .put("simulated", true)
                .put("draws", draws)
                .put("first_draw", firstDraw)
                .put("seed", options.seed)
                .put("least_share", shares[0])
                .put("median_share", TransferExperiment.quantile(shares, 0.5))
                .put("faults", faults));
        return faults.isEmpty() ? ExitStatus.OK : ExitStatus.FAILED;
    }

    private int runScenarios(String name) {
        final List<Json> results = new ArrayList<>();
        boolean met = true;
        try {
            if (out != null) {
                Files.createDirectories(out);
            }
            final ScenarioResults kept =
                    out == null ? ScenarioResults.none() : ScenarioResults.in(out.resolve("simulated.tsv"), resume);
            final ScenarioReport report = new ScenarioReport(out, name, quick);
            for (String each : name.equals("all") ? Scenario.NAMES : List.of(name.split(",", -1))) {
                final Scenario read = Scenario.read(each);
                output.line(read.name() + ": " + read.title());
                final List<ScenarioRun.Row> rows =
                        ScenarioRun.run(read, quick, !withoutBaselines, kept, text -> output.say("simulate: " + text));
                for (ScenarioRun.Row row : rows) {
                    met &= row.cell().isMet();
                    print(row);
                    results.add(json(read.name(), row));
                }
                report.add(read, rows);
            }
            output.line(report.finish());
        } catch (IOException e) {
            throw CommandFailure.failed("the results cannot be written: " + e.getMessage(), e);
        }
        output.result(new Json()
                .put("simulated", true)
                .put("quick", quick)
                .put("met", met)
                .put("cells", results));
        return met ? ExitStatus.OK : ExitStatus.FAILED;
    }

    private void print(ScenarioRun.Row row) {
        output.line("  longhaul " + row.cell().command());
        if (row.cell().failure() != null) {
            output.line("    FAILED: " + row.cell().failure());
        }
        for (ScenarioRun.Reached each : row.cell().targets()) {
            output.line("    " + each.target() + ": " + ScenarioRun.number(each.value())
                    + (each.isMet() ? " (met, simulated)" : " (MISSED, simulated)"));
        }
        for (ScenarioRun.Outcome each : row.baselines()) {
            final double efficiency = each.figures().getOrDefault("efficiency", Double.NaN);
            final Double mean = each.figures().get("completion_ratio.mean");
            output.line("    baseline " + each.label() + ": efficiency " + ScenarioRun.number(efficiency)
                    + (mean == null ? "" : ", completion over ideal " + ScenarioRun.number(mean)));
        }
    }

    private static Json json(String name, ScenarioRun.Row row) {
        final List<Json> targets = new ArrayList<>();
        for (ScenarioRun.Reached each : row.cell().targets()) {
            targets.add(new Json()
                    .put("target", each.target().toString())
                    .put("reached", each.value())
                    .put("met", each.isMet()));
        }
        final Json json = new Json()
                .put("scenario", name)
                .put("command", row.cell().command())
                .put("met", row.cell().isMet())
                .put("targets", targets);
        if (row.cell().failure() != null) {
            json.put("failure", row.cell().failure());
        }
        return json;
    }
}
