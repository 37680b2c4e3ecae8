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
package io.longhaul.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The page docs/faults.md: the rows of the matrix, and the tests that carry the tag of a row, in all modules.
final class FaultPage {
    private static final Pattern TAG = Pattern.compile("@Tag\\(\"fault-(\\d+)\"\\)");
    private static final Pattern OTHER_TAG = Pattern.compile("@Tag\\(\"([a-z]+)\"\\)");
    private static final Pattern SEEDS = Pattern.compile("@Seeds(?:\\((?:(\\d+)|also = \\{([\\d, ]+)})\\))?$");
    private static final Pattern METHOD = Pattern.compile("^ +(?:public )?(?:static )?void (\\w+)\\(");
    private static final String LEFT_OUT = "left out:";
    private static final int DEFAULT_SEEDS = 20;

    /// A row of the matrix.
    record Row(int number, String fault, String expected, String remark) {
        boolean isLeftOut() {
            return remark.startsWith(LEFT_OUT);
        }
    }

    /// A test with the tag of a row.
    ///
    /// @param seeds that a build runs, as text; "" when it takes none
    /// @param runs "" in every build, otherwise the tag by which it is chosen
    record Shown(String name, String module, String seeds, String runs) {}

    private final List<Row> rows = new ArrayList<>();
    private final Map<Integer, List<Shown>> tests = new TreeMap<>();
    private final List<String> faults = new ArrayList<>();

    /// @param root of the project
    FaultPage(Path root) throws IOException {
        try (InputStream in = Objects.requireNonNull(FaultPage.class.getResourceAsStream("/faults/matrix.txt"))) {
            new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().forEach(this::row);
        }
        for (final String module : List.of("congestion", "native", "transport", "cli", "tests")) {
            final Path sources = root.resolve(module).resolve("src/test/java");
            try (Stream<Path> all = Files.walk(sources)) {
                all.filter(path -> path.toString().endsWith(".java")).sorted().forEach(path -> read(path, module));
            }
        }
        check();
    }

    private void row(String line) {
        if (!line.isBlank() && !line.startsWith("#")) {
            final String[] cells = line.split("\\|", -1);
            rows.add(new Row(Integer.parseInt(cells[0].strip()), cells[1].strip(), cells[2].strip(), cells[3].strip()));
        }
    }

    private void read(Path file, String module) {
        final List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        final String type = file.getFileName().toString().replace(".java", "");
        final List<Integer> tags = new ArrayList<>();
        String seeds = "";
        String runs = "";
        String typeRuns = "";
        for (final String line : lines) {
            final Matcher tag = TAG.matcher(line);
            final Matcher other = OTHER_TAG.matcher(line);
            final Matcher seeded = SEEDS.matcher(line);
            final Matcher method = METHOD.matcher(line);
            if (tag.find()) {
                tags.add(Integer.parseInt(tag.group(1)));
            } else if (other.find()) {
                runs = other.group(1);
            } else if (seeded.find()) {
                final int last = seeded.group(1) == null ? DEFAULT_SEEDS : Integer.parseInt(seeded.group(1));
                seeds = "seeds 1 to " + last + (seeded.group(2) == null ? "" : ", " + seeded.group(2));
            } else if (line.contains("class " + type + " ")) {
                typeRuns = runs;
                runs = "";
            } else if (method.find()) {
                final Shown shown =
                        new Shown(type + "." + method.group(1), module, seeds, runs.isEmpty() ? typeRuns : runs);
                tags.forEach(each ->
                        tests.computeIfAbsent(each, key -> new ArrayList<>()).add(shown));
                tags.clear();
                seeds = "";
                runs = "";
            }
        }
    }

    private void check() {
        for (final Row row : rows) {
            final boolean shown = tests.containsKey(row.number());
            if (!shown && !row.isLeftOut()) {
                faults.add("row " + row.number() + " (" + row.fault() + ") has neither a test nor a reason");
            }
            if (shown && row.isLeftOut()) {
                faults.add("row " + row.number() + " is left out, and has a test");
            }
        }
        tests.keySet().stream()
                .filter(number -> rows.stream().noneMatch(row -> row.number() == number))
                .forEach(number -> faults.add("no row has the number of the tag fault-" + number));
    }

    /// What is wrong with tags and rows; empty when nothing is.
    List<String> faults() {
        return faults;
    }

    /// Number of tests with a tag.
    int testCount() {
        return tests.values().stream().mapToInt(List::size).sum();
    }

    /// The page.
    String text() {
        final StringBuilder text = new StringBuilder(HEAD);
        for (final Row row : rows) {
            text.append("| ")
                    .append(row.number())
                    .append(" | ")
                    .append(row.fault())
                    .append(" | ");
            text.append(row.expected()).append(" | ");
            final List<Shown> shown = tests.getOrDefault(row.number(), List.of());
            text.append(String.join("<br>", shown.stream().map(FaultPage::cell).toList()));
            if (!row.remark().isEmpty()) {
                text.append(shown.isEmpty() ? "" : "<br>")
                        .append('*')
                        .append(row.remark())
                        .append('*');
            }
            text.append(" |\n");
        }
        return text.toString();
    }

    private static String cell(Shown test) {
        final String seeds = test.seeds().isEmpty() ? "" : ", " + test.seeds();
        final String runs = test.runs().isEmpty() ? "" : ", " + test.runs();
        return "`" + test.name() + "` (" + test.module() + seeds + runs + ")";
    }

    private static final String HEAD = """
            # Faults

            What was made to go wrong, what must hold then, and the test that shows it. Generated from the tests, which carry the
            tag `fault-N` of their row: `./longhaul test -Dtest=FaultPageTest -Dlonghaul.faults=update` writes it anew, and every build
            fails while it is stale.

            | to | run |
            |---|---|
            | run the tests of a row | `./longhaul test -Dlonghaul.test.groups=fault-42` |
            | run seeded tests with 1,000 seeds each | `./longhaul test -Dtest='*FaultsTest,SwarmTest' -Dlonghaul.seeds=1000` |
            | repeat one seed | `./longhaul test -Dtest=SwarmTest -Dlonghaul.seed=17` |

            Seeded tests are simulations: whole engines in virtual time, equal for equal seeds. They post operations of every kind in both
            directions, and check every byte, one end for each operation, the order, that nothing changes after completion, that both ends
            close, and that all native memory is given back. Others are unit tests, endpoints over real sockets, processes (`process`), or run
            in the lab guest (`guest`, [testing.md](testing.md#the-lab-guest)); tests with `slow` run by name.

            | row | fault | what must hold | shown by |
            |---|---|---|---|
            """;
}
