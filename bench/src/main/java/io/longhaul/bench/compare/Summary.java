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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The runs of a cell taken together.
///
/// @param cell the name of the cell
/// @param kind of what was measured
/// @param peer who was measured
/// @param title of that for readers
/// @param runs those that succeeded
/// @param failures why others did not
record Summary(
        String cell,
        String kind,
        String peer,
        String title,
        List<Map<String, @Nullable Object>> runs,
        List<String> failures) {

    /// Median, least and greatest of a figure.
    ///
    /// @param count of how many runs
    record Spread(double median, double least, double greatest, int count) {
        /// The median alone.
        String medianText(String format, double unit) {
            return count == 0 ? "–" : String.format(Locale.ROOT, format, median / unit);
        }

        /// The figure, and in brackets what its runs were between.
        String text(String format, double unit) {
            if (count == 0) {
                return "–";
            }
            String middle = String.format(Locale.ROOT, format, median / unit);
            return count == 1
                    ? middle
                    : String.format(
                            Locale.ROOT, "%s (" + format + "–" + format + ")", middle, least / unit, greatest / unit);
        }
    }

    /// A cell without runs.
    static final Summary NONE = new Summary("", "", "", "", List.of(), List.of());

    /// Groups runs by cell, in the order in which they were first measured.
    static List<Summary> of(List<Map<String, @Nullable Object>> runs) {
        Map<String, Summary> cells = new LinkedHashMap<>();
        for (Map<String, @Nullable Object> run : runs) {
            Summary summary = cells.computeIfAbsent(
                    JsonText.string(run, "cell"),
                    name -> new Summary(
                            name,
                            JsonText.string(run, "kind"),
                            JsonText.string(run, "peer"),
                            JsonText.string(run, "title"),
                            new ArrayList<>(),
                            new ArrayList<>()));
            String failure = JsonText.string(run, "failure");
            if (failure.isEmpty()) {
                summary.runs().add(run);
            } else {
                summary.failures().add(failure);
            }
        }
        return List.copyOf(cells.values());
    }

    /// A figure over the runs that have it.
    Spread spread(String... path) {
        double[] values = runs.stream()
                .mapToDouble((Map<String, @Nullable Object> run) -> JsonText.number(run, path))
                .filter(Double::isFinite)
                .sorted()
                .toArray();
        if (values.length == 0) {
            return new Spread(Double.NaN, Double.NaN, Double.NaN, 0);
        }
        double median = values.length % 2 == 1
                ? values[values.length / 2]
                : (values[values.length / 2 - 1] + values[values.length / 2]) / 2;
        return new Spread(median, values[0], values[values.length - 1], values.length);
    }

    /// A figure that is the same in all runs, failed or not.
    double constant(String name) {
        return runs.isEmpty() ? Double.NaN : JsonText.number(runs.getFirst(), name);
    }

    /// The commands of the first run.
    List<String> commands() {
        if (!runs.isEmpty() && runs.getFirst().get("commands") instanceof List<?> list) {
            return list.stream().map(String::valueOf).toList();
        }
        return List.of();
    }
}
