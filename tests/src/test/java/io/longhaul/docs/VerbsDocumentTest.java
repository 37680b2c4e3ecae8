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
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.verbs.CompletionStatus;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairState;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.soft.SoftDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// docs/verbs.md names what exists, and everything that it should.
class VerbsDocumentTest {
    private static final String TEXT = Documents.read("docs/verbs.md");
    private static final Path EXAMPLES = Documents.root().resolve("tests/src/test/java/io/longhaul/examples");
    private static final Pattern TYPE =
            Pattern.compile("`([A-Z][a-z]+(?:[A-Z][a-z]+)*)(?:\\.([a-zA-Z_]+))?(?:\\(\\))?`");
    private static final int LICENCE_LINES = 12;
    private static final int LONGEST_LINES = 60;

    private static List<List<String>> rowsBelow(String heading) {
        final int start = TEXT.indexOf("| " + heading + " |");
        return Documents.rows(TEXT.substring(start, TEXT.indexOf("\n\n", start)));
    }

    private static Set<String> firstCells(String heading) {
        return rowsBelow(heading).stream()
                .flatMap(row -> Arrays.stream(row.getFirst().split(", ")))
                .map(cell -> cell.replace("`", ""))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> names(Enum<?>[] values) {
        return Arrays.stream(values).map(Enum::name).collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void namesEveryTypeAndStateOfQueuePairs() {
        assertEquals(names(QueuePair.Type.values()), firstCells("type"));
        assertEquals(names(QueuePairState.values()), firstCells("state"));
    }

    @Test
    void namesNoOpcodeAndNoStatusThatDoesNotExist() {
        final Set<String> opcodes = firstCells("opcode");
        assertTrue(names(SendRequests.Opcode.values()).containsAll(opcodes), opcodes.toString());
        assertTrue(opcodes.size() >= 7, opcodes.toString());
        final Set<String> statuses = firstCells("status");
        assertTrue(names(CompletionStatus.values()).containsAll(statuses), statuses.toString());
    }

    @Test
    void namesNoClassAndNoMemberThatDoesNotExist() {
        final Set<String> unknown = new TreeSet<>();
        final Set<String> types = new TreeSet<>();
        TYPE.matcher(TEXT).results().forEach(found -> {
            types.add(found.group(1));
            if (!exists(found.group(1), found.group(2))) {
                unknown.add(found.group());
            }
        });
        assertEquals(Set.of(), unknown);
        assertTrue(types.size() >= 14, types.toString());
    }

    private static boolean exists(String type, String member) {
        for (String prefix : List.of(
                QueuePair.class.getPackageName(),
                SoftDevice.class.getPackageName(),
                "io.longhaul.verbs.ibv",
                "io.longhaul.verbs.cm",
                "java.lang",
                MemorySegment.class.getPackageName())) {
            try {
                final Class<?> found = Class.forName(prefix + "." + type, false, QueuePair.class.getClassLoader());
                return member == null
                        || Arrays.stream(found.getMethods())
                                .anyMatch(each -> each.getName().equals(member))
                        || Arrays.stream(found.getClasses())
                                .anyMatch(each -> each.getSimpleName().equals(member))
                        || Arrays.stream(found.getFields())
                                .anyMatch(each -> each.getName().equals(member));
            } catch (ClassNotFoundException e) {
                continue;
            }
        }
        return false;
    }

    @Test
    void listsEveryProgramAndEachIsShort() throws IOException {
        try (Stream<Path> files = Files.list(EXAMPLES)) {
            final Set<String> programs = files.filter(VerbsDocumentTest::isProgram)
                    .peek(file -> assertTrue(lines(file) < LONGEST_LINES, file + " has " + lines(file) + " lines"))
                    .map(file -> file.getFileName().toString().replace(".java", ""))
                    .collect(Collectors.toCollection(TreeSet::new));
            final Set<String> listed = rowsBelow("program").stream()
                    .map(row -> row.getFirst().replaceAll("\\[(\\w+)\\].*", "$1"))
                    .collect(Collectors.toCollection(TreeSet::new));
            assertEquals(programs, listed);
        }
    }

    /// Lines below the licence.
    private static int lines(Path file) {
        return text(file).split("\n").length - LICENCE_LINES;
    }

    private static boolean isProgram(Path file) {
        return text(file).contains("public static void main(");
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void theTableOfDevicesIsRight() {
        final List<String> soft = rowsBelow("kind").get(1);
        assertEquals("`soft`", soft.getFirst());
        assertEquals(EnumSet.of(QueuePair.Type.UC, QueuePair.Type.UD).toString(), "[" + soft.get(2) + "]");
    }
}
