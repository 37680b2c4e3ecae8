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

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Runs the cells of a scenario and compares what they reached with their targets.
final class ScenarioRun {
    /// What came of a cell, or of a baseline of it.
    ///
    /// @param command that gives the same result
    /// @param label what moved the bytes
    /// @param commit of the code that ran
    /// @param figures by name; empty when it failed
    /// @param targets with what was reached
    /// @param failure why it failed; null when it did not
    /// @param plot its lines; empty when it failed
    record Outcome(
            String command,
            String label,
            String commit,
            Map<String, Double> figures,
            List<Reached> targets,
            @Nullable String failure,
            List<PlotLine> plot) {
        /// True when nothing failed and every target is met.
        boolean isMet() {
            return failure == null && targets.stream().allMatch(Reached::isMet);
        }
    }

    /// A target and what was reached.
    ///
    /// @param target the bound
    /// @param value NaN when there is no such figure
    record Reached(Scenario.Target target, double value) {
        boolean isMet() {
            return target.isMet(value);
        }
    }

    /// A cell and what it is compared with.
    ///
    /// @param cell the outcome of the cell
    /// @param baselines outcomes in the order of the file
    record Row(Outcome cell, List<Outcome> baselines) {}

    private ScenarioRun() {}

    /// Runs a scenario.
    ///
    /// @param quick short runs
    /// @param withBaselines runs what the cells are compared with, too
    /// @param results keeps what was reached; what it has already is not run again
    static List<Row> run(
            Scenario scenario,
            boolean quick,
            boolean withBaselines,
            ScenarioResults results,
            Consumer<String> progress) {
        final List<Row> rows = new ArrayList<>();
        for (Scenario.Cell cell : scenario.cells()) {
            final List<String> options = quick ? Scenario.join(cell.options(), cell.quick()) : cell.options();
            final Outcome outcome = outcome(options, cell.targets(), results, progress);
            final List<Outcome> baselines = new ArrayList<>();
            if (withBaselines) {
                for (List<String> each : cell.baselines()) {
                    baselines.add(outcome(Scenario.join(options, each), List.of(), results, progress));
                }
            }
            rows.add(new Row(outcome, baselines));
        }
        return rows;
    }

    private static Outcome outcome(
            List<String> options, List<Scenario.Target> targets, ScenarioResults results, Consumer<String> progress) {
        final String command = "simulate " + String.join(" ", withoutRepeats(options));
        final Outcome known = results.find(command, targets);
        if (known != null) {
            return known;
        }
        progress.accept(command);
        final long begin = System.nanoTime();
        Outcome outcome;
        try {
            final SimulationRun run = new SimulationRun(Scenario.options(options)).run(progress);
            outcome = new Outcome(
                    command,
                    run.flows().getFirst().label(),
                    results.commit(),
                    run.figures(),
                    reached(targets, run.figures()),
                    null,
                    run.plot());
        } catch (CommandFailure e) {
            if (e.status() == ExitStatus.USAGE) {
                throw e;
            }
            outcome = new Outcome(command, "", results.commit(), Map.of(), List.of(), e.getMessage(), List.of());
        }
        results.add(outcome, (System.nanoTime() - begin) / 1e9);
        return outcome;
    }

    /// Compares figures with targets.
    static List<Reached> reached(List<Scenario.Target> targets, Map<String, Double> figures) {
        final List<Reached> reached = new ArrayList<>();
        for (Scenario.Target each : targets) {
            reached.add(new Reached(each, figures.getOrDefault(each.figure(), Double.NaN)));
        }
        return reached;
    }

    // Of options that are given twice, the last one holds; those that may be repeated stay.
    private static List<String> withoutRepeats(List<String> options) {
        final List<String> result = new ArrayList<>();
        for (int i = 0; i < options.size(); i++) {
            final String option = options.get(i);
            final boolean valued = i + 1 < options.size() && !options.get(i + 1).startsWith("--");
            final boolean repeatable =
                    List.of("--flow", "--step", "--black-hole").contains(option);
            if (repeatable || !options.subList(i + 1, options.size()).contains(option)) {
                result.add(option);
                if (valued) {
                    result.add(options.get(i + 1));
                }
            }
            i += valued ? 1 : 0;
        }
        return result;
    }

    /// A number with as many digits as it needs.
    static String number(double value) {
        if (Double.isNaN(value)) {
            return "none";
        }
        if (Double.isInfinite(value)) {
            return "never";
        }
        final double size = Math.abs(value);
        if (size >= 1e6) {
            return String.format(Locale.ROOT, "%.4g", value);
        }
        return String.format(Locale.ROOT, size >= 100 ? "%.1f" : size >= 0.01 || size == 0 ? "%.4f" : "%.2e", value);
    }
}
