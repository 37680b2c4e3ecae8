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

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The raw results of scenarios, a file of lines `command TAB name TAB value`, from which the page and the plots are
/// drawn. A result is appended when its simulation ends, so that a long run can be interrupted and taken up again.
///
/// Names: `label`, `commit`, `wall_seconds`, `failure`, `figure.NAME`, and `plot.LABEL.x` and `.y` with numbers parted
/// by
/// blanks.
final class ScenarioResults {
    private static final String FIGURE = "figure.";
    private static final String PLOT = "plot.";

    private final @Nullable Path file;
    private final String commit = describeCommit();
    private final Map<String, Map<String, String>> known = new LinkedHashMap<>(); // by command, by name

    private ScenarioResults(@Nullable Path file) {
        this.file = file;
    }

    /// Results that are kept nowhere.
    static ScenarioResults none() {
        return new ScenarioResults(null);
    }

    /// Results that are kept in a file.
    ///
    /// @param resume takes what is there for good; otherwise the file begins anew
    static ScenarioResults in(Path file, boolean resume) throws IOException {
        final ScenarioResults results = new ScenarioResults(file);
        if (resume && Files.exists(file)) {
            results.read(file);
        } else {
            Files.writeString(file, "");
        }
        return results;
    }

    private void read(Path from) throws IOException {
        for (String line : Files.readAllLines(from)) {
            final String[] parts = line.split("\t", 3);
            if (parts.length == 3) {
                known.computeIfAbsent(parts[0], command -> new LinkedHashMap<>())
                        .put(parts[1], parts[2]);
            }
        }
    }

    /// What is known of a command; null when it has not been run.
    ScenarioRun.@Nullable Outcome find(String command, List<Scenario.Target> targets) {
        final Map<String, String> names = known.get(command);
        if (names == null || !names.containsKey("label")) {
            return null;
        }
        final Map<String, Double> figures = new LinkedHashMap<>();
        final List<PlotLine> plot = new ArrayList<>();
        for (Map.Entry<String, String> each : names.entrySet()) {
            final String name = each.getKey();
            if (name.startsWith(FIGURE)) {
                figures.put(name.substring(FIGURE.length()), Double.valueOf(each.getValue()));
            } else if (name.startsWith(PLOT) && name.endsWith(".x")) {
                final String label = name.substring(PLOT.length(), name.length() - 2);
                final String y = names.getOrDefault(PLOT + label + ".y", "");
                plot.add(new PlotLine(label, numbers(each.getValue()), numbers(y)));
            }
        }
        return new ScenarioRun.Outcome(
                command,
                names.getOrDefault("label", ""),
                names.getOrDefault("commit", "unknown"),
                figures,
                ScenarioRun.reached(targets, figures),
                names.get("failure"),
                plot);
    }

    /// Keeps a result.
    void add(ScenarioRun.Outcome outcome, double wallSeconds) {
        final Map<String, String> names = new LinkedHashMap<>();
        names.put("label", outcome.label());
        names.put("commit", outcome.commit());
        names.put("wall_seconds", String.format(Locale.ROOT, "%.1f", wallSeconds));
        if (outcome.failure() != null) {
            names.put("failure", outcome.failure().replaceAll("\\s+", " "));
        }
        outcome.figures().forEach((name, value) -> names.put(FIGURE + name, String.valueOf(value)));
        for (PlotLine each : outcome.plot()) {
            names.put(PLOT + each.label() + ".x", text(each.x()));
            names.put(PLOT + each.label() + ".y", text(each.y()));
        }
        known.put(outcome.command(), names);
        append(outcome.command(), names);
    }

    private void append(String command, Map<String, String> names) {
        if (file == null) {
            return;
        }
        final StringBuilder lines = new StringBuilder();
        names.forEach((name, value) -> lines.append(command)
                .append('\t')
                .append(name)
                .append('\t')
                .append(value)
                .append('\n'));
        try {
            Files.writeString(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw CommandFailure.failed("the results cannot be written to " + file + ": " + e.getMessage(), e);
        }
    }

    private static String text(List<Double> values) {
        final StringBuilder text = new StringBuilder();
        for (double each : values) {
            text.append(text.isEmpty() ? "" : " ").append(String.format(Locale.ROOT, "%.5g", each));
        }
        return text.toString();
    }

    private static List<Double> numbers(String text) {
        final List<Double> values = new ArrayList<>();
        for (String each : text.isBlank() ? new String[0] : text.split(" ", -1)) {
            values.add(Double.valueOf(each));
        }
        return values;
    }

    /// The commit of the folder that the command runs in; `unknown` elsewhere.
    String commit() {
        return commit;
    }

    private static String describeCommit() {
        try {
            final Process git = new ProcessBuilder("git", "describe", "--always", "--dirty", "--abbrev=12")
                    .redirectErrorStream(true)
                    .start();
            final String said = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return git.waitFor() == 0 ? said : "unknown";
        } catch (IOException e) {
            return "unknown";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "unknown";
        }
    }
}
