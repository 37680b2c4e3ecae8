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
package io.longhaul.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.cli.Main;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Command;

/// README.md is short, and neither it nor the other documents point at what does not exist.
class ReadmeTest {
    private static final int MAX_LINES = 199;
    private static final Pattern COMMAND = Pattern.compile("\\./longhaul ([a-z]+)");
    private static final String README = Documents.read("README.md");

    @Test
    void isUnderTwoHundredLines() {
        assertTrue(README.lines().count() <= MAX_LINES, README.lines().count() + " lines");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "README.md",
                "docs/architecture.md",
                "docs/wire-format.md",
                "docs/testing.md",
                "docs/tuning.md",
                "docs/benchmarking.md"
            })
    void linksLeadSomewhere(String document) {
        final Path folder = Documents.root().resolve(document).getParent();
        final List<String> dead = Documents.links(Documents.read(document)).stream()
                .filter(link -> !Files.exists(folder.resolve(link)))
                .toList();
        assertEquals(List.of(), dead);
    }

    @Test
    void statusTableTellsWhichCommandsExist() {
        final Set<String> existing = existingCommands();
        final List<String> wrong = new ArrayList<>();
        int commands = 0;
        for (final List<String> row : statusRows()) {
            final boolean promised = row.get(1).startsWith("not yet");
            assertTrue(promised || row.get(1).startsWith("works") || row.get(1).startsWith("partial"), row.toString());
            for (final String command : commands(row.get(2))) {
                commands++;
                if (existing.contains(command) == promised) {
                    wrong.add(command + (promised ? " exists, but is said not to" : " does not exist"));
                }
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(commands >= 8, "the table names commands");
    }

    @Test
    void namesNoUnknownCommandOutsideOfTheStatusTable() {
        final Set<String> existing = existingCommands();
        final String text =
                README.lines().filter(line -> !line.startsWith("| ")).collect(Collectors.joining("\n"));
        assertFalse(commands(text).isEmpty());
        assertTrue(existing.containsAll(commands(text)), commands(text) + " of " + existing);
    }

    private static List<List<String>> statusRows() {
        final int start = README.indexOf("## Status");
        return Documents.rows(README.substring(start, README.indexOf("\n## ", start + 1)));
    }

    private static List<String> commands(String text) {
        return COMMAND.matcher(text).results().map(found -> found.group(1)).toList();
    }

    // The launcher itself runs the tests.
    private static Set<String> existingCommands() {
        return Stream.concat(
                        Arrays.stream(Main.class.getAnnotation(Command.class).subcommands())
                                .map(type -> type.getAnnotation(Command.class).name()),
                        Stream.of("test"))
                .collect(Collectors.toSet());
    }
}
