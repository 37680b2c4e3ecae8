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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// docs/faults.md says what the tests say. {@code -Dlonghaul.faults=update} writes it anew.
class FaultPageTest {
    private static final int FEWEST_TESTS = 100;

    private static Path root() {
        Path at = Path.of("").toAbsolutePath();
        while (!Files.exists(at.resolve("longhaul")) || !Files.isDirectory(at.resolve("docs"))) {
            at = at.getParent();
        }
        return at;
    }

    @Test
    void everyRowHasATestOrAReason() throws IOException {
        final FaultPage page = new FaultPage(root());
        assertEquals(List.of(), page.faults());
        assertTrue(page.testCount() >= FEWEST_TESTS, () -> "only " + page.testCount() + " tests were found");
    }

    @Test
    void thePageIsThatOfTheTests() throws IOException {
        final FaultPage page = new FaultPage(root());
        final Path file = root().resolve("docs/faults.md");
        if (System.getProperty("longhaul.faults", "").equals("update")) {
            Files.writeString(file, page.text());
        }
        assertEquals(
                page.text(),
                Files.exists(file) ? Files.readString(file) : "",
                "docs/faults.md is stale: ./longhaul test -Dtest=FaultPageTest -Dlonghaul.faults=update");
    }
}
