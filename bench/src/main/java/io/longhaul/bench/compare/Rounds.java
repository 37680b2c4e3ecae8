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
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Measures cells, all of them in every run, and keeps each result as soon as it is known. What goes wrong with one
/// cell, or with the link below it, is its result; the others go on.
///
/// Threading: one thread.
final class Rounds {
    private final List<Cell> cells;
    private final Effort effort;
    private final Results results;
    private final Keeper keeper;
    private double estimated;
    private double estimatedSoFar;
    private double takenSoFar;
    private int done;
    private int total;

    /// Is told when results have come that a report should have.
    @FunctionalInterface
    interface Keeper {
        /// Writes the report.
        void keep() throws IOException;
    }

    /// Prepares runs.
    Rounds(List<Cell> cells, Effort effort, Results results, Keeper keeper) {
        this.cells = cells;
        this.effort = effort;
        this.results = results;
        this.keeper = keeper;
    }

    /// What is not in the results yet.
    ///
    /// @param run from 1
    List<Cell> missing(int run) {
        return cells.stream().filter(each -> !results.has(each.name(), run)).toList();
    }

    /// How long all that is missing takes, about, in seconds.
    double estimatedSeconds(int runs) {
        double sum = 0;
        for (int run = 1; run <= runs; run++) {
            sum += missing(run).stream()
                    .mapToDouble(each -> each.estimatedSeconds(effort))
                    .sum();
        }
        return sum;
    }

    /// Measures what is missing.
    ///
    /// @param given what the command was called with
    void measure(int runs, List<String> given) throws IOException, InterruptedException {
        estimated = estimatedSeconds(runs);
        for (int run = 1; run <= runs; run++) {
            total += missing(run).size();
        }
        if (total == 0) {
            say("all of it is there; --redo measures it again");
            return;
        }
        say(String.format(
                Locale.ROOT, "%d measurements, about %s; interrupt and repeat it as you like", total, time(estimated)));
        results.add(Manifest.ofThisMachine(given));
        try (NetworkPair namespaces = new NetworkPair()) {
            CellRun.Place place = new CellRun.Place(namespaces, namespaces.folder());
            // Runs outside, cells inside: a machine that slows down does so for all alike.
            for (int run = 1; run <= runs; run++) {
                List<Cell> todo = missing(run);
                while (!todo.isEmpty()) {
                    int count = measureAPath(todo, run, place);
                    todo = todo.subList(count, todo.size());
                    keeper.keep();
                }
            }
        }
    }

    /// Measures the first cells, as many as are on one path, over one link.
    ///
    /// @return how many have a result now
    private int measureAPath(List<Cell> todo, int run, CellRun.Place place) throws IOException, InterruptedException {
        PathPoint path = todo.getFirst().path();
        List<Cell> here =
                todo.stream().takeWhile(each -> each.path().equals(path)).toList();
        int[] count = new int[1];
        try {
            if (path.isLoopback()) {
                measureAll(here, run, null, place, count);
            } else if (path.isDirect()) {
                place.namespaces().joinByEthernet(path.mtuBytes());
                try {
                    measureAll(here, run, null, place, count);
                } finally {
                    place.namespaces().removeEthernet();
                }
            } else {
                try (EmulatedPath link = new EmulatedPath(
                        place.namespaces(), path.wire(2L * run), path.wire(2L * run + 1), path.mtuBytes())) {
                    measureAll(here, run, link, place, count);
                }
            }
        } catch (IOException | RuntimeException e) {
            if (count[0] == 0) {
                // The link could not be made: the next one may.
                record(new CellRun(here.getFirst(), run, effort, null).failed("no link: " + e.getMessage()));
                count[0] = 1;
            }
        }
        return count[0];
    }

    private void measureAll(List<Cell> here, int run, @Nullable EmulatedPath link, CellRun.Place place, int[] count)
            throws IOException, InterruptedException {
        for (Cell cell : here) {
            say(String.format(Locale.ROOT, "%d/%d run %d %s%s", done + 1, total, run, cell.name(), timeLeft()));
            long began = System.nanoTime();
            record(new CellRun(cell, run, effort, link).measure(place));
            count[0]++;
            takenSoFar += (System.nanoTime() - began) / 1e9;
            estimatedSoFar += cell.estimatedSeconds(effort);
            if (link != null) {
                link.link().check(); // a link that has failed is made anew for the rest
            }
        }
    }

    private void record(Map<String, @Nullable Object> result) throws IOException {
        results.add(result);
        done++;
        say("    " + inWords(result));
    }

    /// A result in a line.
    static String inWords(Map<String, @Nullable Object> result) {
        String failure = JsonText.string(result, "failure");
        if (!failure.isEmpty()) {
            return "failed: " + failure;
        }
        List<String> words = new ArrayList<>();
        add(words, "%.0f Mb/s", JsonText.number(result, "goodput_bps") / 1e6);
        add(words, "%.0f messages/s", JsonText.number(result, "messages_per_second"));
        double ideal = 1e6 * JsonText.number(result, "ideal_seconds");
        if (Double.isFinite(ideal)) {
            add(words, "mean %.2f of the ideal", JsonText.number(result, "latency_us", "mean") / ideal);
            add(words, "p99 %.2f", JsonText.number(result, "latency_us", "p99") / ideal);
        } else {
            add(words, "p50 %.1f us", JsonText.number(result, "latency_us", "p50"));
            add(words, "p99.9 %.1f us", JsonText.number(result, "latency_us", "p999"));
        }
        add(words, "%.2f CPU s/GiB", JsonText.number(result, "cpu_seconds_per_gib"));
        return String.join(", ", words);
    }

    @SuppressWarnings("AnnotateFormatMethod") // the annotation would be one more dependency
    private static void add(List<String> words, String format, double value) {
        if (Double.isFinite(value)) {
            words.add(String.format(Locale.ROOT, format, value));
        }
    }

    private String timeLeft() {
        // The estimate, corrected by how wrong it was so far.
        double factor = estimatedSoFar < 60 ? 1 : Math.clamp(takenSoFar / estimatedSoFar, 0.3, 5);
        return ", about " + time(factor * (estimated - estimatedSoFar)) + " left";
    }

    /// A length of time for people.
    static String time(double seconds) {
        long minutes = Math.round(seconds / 60);
        return minutes < 1
                ? Math.round(seconds) + " s"
                : minutes < 60 ? minutes + " min" : minutes / 60 + " h " + minutes % 60 + " min";
    }

    private static void say(String text) {
        System.err.println("bench: " + text);
    }
}
