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

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The results file: one JSON object in each line, written as soon as it is known, failures too. A line either has a
/// `cell`
/// or is a `manifest`.
///
/// Threading: one thread.
final class Results {
    private final Path file;
    private final List<Map<String, @Nullable Object>> lines = new ArrayList<>();

    /// Reads what there is. A last line that was cut off by an interruption is dropped.
    Results(Path file) throws IOException {
        this.file = file;
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                try {
                    lines.add(JsonText.parse(line));
                } catch (IllegalArgumentException e) {
                    System.err.println("bench: dropped from " + file + ": " + e.getMessage());
                }
            }
        }
    }

    /// Adds a line.
    void add(Map<String, @Nullable Object> line) throws IOException {
        lines.add(line);
        Files.writeString(
                file,
                JsonText.write(line) + "\n",
                StandardCharsets.UTF_8,
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    /// Forgets cells.
    ///
    /// @param which of the runs
    void remove(java.util.function.Predicate<Map<String, @Nullable Object>> which) throws IOException {
        lines.removeIf((Map<String, @Nullable Object> line) -> line.containsKey("cell") && which.test(line));
        StringBuilder text = new StringBuilder();
        lines.forEach(line -> text.append(JsonText.write(line)).append('\n'));
        Path other = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(other, text);
        Files.move(other, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    /// Whether a run of a cell has a result, or has failed.
    boolean has(String cell, int run) {
        return lines.stream()
                .anyMatch((Map<String, @Nullable Object> line) ->
                        JsonText.string(line, "cell").equals(cell) && JsonText.number(line, "run") == run);
    }

    /// The runs, those that failed included.
    List<Map<String, @Nullable Object>> runs() {
        return lines.stream().filter(line -> line.containsKey("cell")).toList();
    }

    /// What is known about the machines of these runs.
    List<Map<String, @Nullable Object>> manifests() {
        return lines.stream().filter(line -> line.containsKey("manifest")).toList();
    }
}
