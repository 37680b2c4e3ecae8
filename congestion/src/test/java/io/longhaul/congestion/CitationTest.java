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
package io.longhaul.congestion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Each law that a controller cites ({@code //= document §section}) has a test that cites it too ({@code type=test}).
class CitationTest {
    private static final Pattern CITATION = Pattern.compile("//= ([^§]*)(§[^:]*)");
    private static final Pattern SECTION = Pattern.compile("§([0-9A-Z]+(?:\\.[0-9]+)*)");

    @Test
    void eachLawThatIsCitedIsTested() throws IOException {
        final Set<String> laws = citations(Path.of("src", "main", "java"), false);
        final Set<String> tested = citations(Path.of("src", "test", "java"), true);
        assertTrue(laws.size() > 30, "found only " + laws);
        final Set<String> untested = new TreeSet<>(laws);
        untested.removeAll(tested);
        assertEquals(Set.of(), untested);
    }

    private static Set<String> citations(Path root, boolean tests) throws IOException {
        final Set<String> found = new TreeSet<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (final Path file :
                    (Iterable<Path>) files.filter(f -> f.toString().endsWith(".java"))::iterator) {
                for (final String line : Files.readAllLines(file)) {
                    final var citation = CITATION.matcher(line);
                    if (citation.find() && line.strip().startsWith("//= ") && tests == line.contains("type=test")) {
                        addSections(citation.group(1).strip(), citation.group(2), found);
                    }
                }
            }
        }
        return found;
    }

    // "§4.6 and §4.7" names both; of "§4.2 to §4.5", the ends.
    private static void addSections(String document, String sections, Set<String> found) {
        final var section = SECTION.matcher(sections);
        while (section.find()) {
            found.add(document.replaceFirst("^(draft-.*?)(-[0-9]{2})?$", "$1") + " §" + section.group(1));
        }
    }
}
