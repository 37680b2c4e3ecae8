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

import io.longhaul.cli.quantity.QuantityException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;

/// A scenario file: simulations with what they must reach, and what they are compared with.
///
/// {@snippet lang=text :
/// # a comment
/// title     Bulk over a lossy path
/// cell      --rate 100gbit --rtt 20ms --loss 1e-3 --size 8GiB
/// target    efficiency >= 0.985
/// quick     --size 1GiB
/// baseline  --scheme gbn
/// }
/// A cell is the options of `simulate`. Targets, quick and baseline lines belong to the cell above them; the options of
/// quick
/// and baseline lines come after those of the cell and win.
///
/// @param name of the scenario
/// @param title what it is about
/// @param cells in the order of the file
record Scenario(String name, String title, List<Cell> cells) {
    /// The scenarios that are built in, in the order of their numbers.
    static final List<String> NAMES =
            List.of("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S10b", "S11");

    /// One simulation.
    ///
    /// @param options of `simulate`
    /// @param quick options for a short run
    /// @param targets what it must reach
    /// @param baselines options of what it is compared with
    record Cell(List<String> options, List<String> quick, List<Target> targets, List<List<String>> baselines) {}

    /// A figure and its bound.
    ///
    /// @param figure name
    /// @param atLeast true for a lower bound
    /// @param bound value
    record Target(String figure, boolean atLeast, double bound) {
        /// True when the value keeps the bound.
        boolean isMet(double value) {
            return atLeast ? value >= bound : value <= bound;
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%s %s %s", figure, atLeast ? ">=" : "<=", ScenarioRun.number(bound));
        }
    }

    /// Reads a scenario: one of {@link #NAMES}, or a file.
    static Scenario read(String nameOrFile) {
        if (NAMES.contains(nameOrFile)) {
            try (InputStream in = Scenario.class.getResourceAsStream("scenarios/" + nameOrFile + ".txt")) {
                if (in == null) {
                    throw new IllegalStateException("the scenario " + nameOrFile + " is missing in this build");
                }
                return parse(nameOrFile, new String(in.readAllBytes(), StandardCharsets.UTF_8));
            } catch (IOException e) {
                throw CommandFailure.failed("the scenario " + nameOrFile + " cannot be read: " + e.getMessage(), e);
            }
        }
        final Path file = Path.of(nameOrFile);
        if (!Files.isRegularFile(file)) {
            throw CommandFailure.usage(
                    "'" + nameOrFile + "' is neither a scenario (" + String.join(", ", NAMES) + ", or all) nor a file");
        }
        try {
            return parse(String.valueOf(file.getFileName()), Files.readString(file));
        } catch (IOException e) {
            throw CommandFailure.failed("the scenario file " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /// Parses the text of a scenario file.
    static Scenario parse(String name, String text) {
        String title = name;
        final List<Cell> cells = new ArrayList<>();
        int number = 0;
        for (String line : text.split("\\R", -1)) {
            number++;
            final String trimmed = line.strip();
            if (trimmed.isEmpty() || trimmed.startsWith("#")) {
                continue;
            }
            final String[] parts = trimmed.split("\\s+", 2);
            final String rest = parts.length > 1 ? parts[1] : "";
            final String where = name + ", line " + number + ": ";
            if (parts[0].equals("title")) {
                title = rest;
            } else if (parts[0].equals("cell")) {
                cells.add(new Cell(words(rest), new ArrayList<>(), new ArrayList<>(), new ArrayList<>()));
            } else if (cells.isEmpty()) {
                throw CommandFailure.usage(where + "'" + parts[0] + "' stands before the first cell");
            } else {
                add(cells.getLast(), parts[0], rest, where);
            }
        }
        if (cells.isEmpty()) {
            throw CommandFailure.usage(
                    name + " has no cell; write for example: cell --rate 1gbit --rtt 20ms --size 1MiB");
        }
        return new Scenario(name, title, cells);
    }

    private static void add(Cell cell, String word, String rest, String where) {
        switch (word) {
            case "quick" -> cell.quick().addAll(words(rest));
            case "baseline" -> cell.baselines().add(words(rest));
            case "target" -> {
                final String[] parts = rest.split("\\s+", -1);
                if (parts.length != 3 || !(parts[1].equals(">=") || parts[1].equals("<="))) {
                    throw CommandFailure.usage(where + "write for example: target efficiency >= 0.985");
                }
                try {
                    cell.targets().add(new Target(parts[0], parts[1].equals(">="), Double.parseDouble(parts[2])));
                } catch (NumberFormatException e) {
                    throw CommandFailure.usage(where + "'" + parts[2] + "' is no number");
                }
            }
            default ->
                throw CommandFailure.usage(
                        where + "'" + word + "' is unknown; there are title, cell, target, quick, baseline");
        }
    }

    private static List<String> words(String text) {
        return text.isBlank() ? List.of() : List.of(text.strip().split("\\s+", -1));
    }

    /// Options of a simulation; later lists win.
    @SafeVarargs
    static List<String> join(List<String>... lists) {
        final List<String> all = new ArrayList<>();
        for (List<String> each : lists) {
            all.addAll(each);
        }
        return all;
    }

    /// Reads options as the command does.
    static SimulateOptions options(List<String> words) {
        final Reader reader = new Reader();
        final CommandLine commandLine = Main.withQuantities(new CommandLine(reader));
        commandLine.setOverwrittenOptionsAllowed(true);
        try {
            commandLine.parseArgs(words.toArray(String[]::new));
        } catch (CommandLine.ParameterException | QuantityException e) {
            throw CommandFailure.usage("in a scenario: " + e.getMessage());
        }
        return reader.options;
    }

    @CommandLine.Command(name = "cell")
    private static final class Reader {
        @CommandLine.Mixin
        private final SimulateOptions options = new SimulateOptions();
    }
}
