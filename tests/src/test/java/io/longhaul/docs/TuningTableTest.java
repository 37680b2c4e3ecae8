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

import io.longhaul.LonghaulConfig;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The table of settings in docs/tuning.md names every component of the configuration, in its order, with its default.
class TuningTableTest {
    /// Defaults that depend on the machine, or are no value.
    private static final Set<String> DERIVED =
            Set.of("maxMemoryBytes", "creditBytes", "maxMessageBytes", "limits", "random");

    @Test
    void namesEverySettingInOrder() {
        final List<String> components = Arrays.stream(LonghaulConfig.class.getRecordComponents())
                .map(RecordComponent::getName)
                .toList();
        assertEquals(components, List.copyOf(table().keySet()));
    }

    @Test
    void tellsTheDefaults() throws ReflectiveOperationException {
        final LonghaulConfig defaults = LonghaulConfig.defaults();
        final Map<String, List<String>> table = table();
        final List<String> wrong = new ArrayList<>();
        for (final RecordComponent component : LonghaulConfig.class.getRecordComponents()) {
            final String name = component.getName();
            final String written =
                    table.getOrDefault(name, List.of("", "")).get(1).replace("`", "");
            final String actual = DERIVED.contains(name)
                    ? "derived"
                    : text(component.getAccessor().invoke(defaults));
            if (!written.equals(actual)) {
                wrong.add(name + " is " + actual + ", not " + written);
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void explainsEachSetting() {
        table().forEach((name, row) -> assertTrue(row.size() == 3 && row.get(2).length() > 20, name));
    }

    private static Map<String, List<String>> table() {
        final String text = Documents.read("docs/tuning.md");
        final int start = text.indexOf("## Settings");
        final Map<String, List<String>> table = new LinkedHashMap<>();
        for (final List<String> row : Documents.rows(text.substring(start, text.indexOf("\n## ", start + 1)))) {
            table.put(row.getFirst().replace("`", ""), row);
        }
        return table;
    }

    private static String text(@Nullable Object value) {
        return switch (value) {
            case null -> "none";
            case List<?> list when list.isEmpty() -> "none";
            case Duration duration -> duration.toSeconds() + " s";
            default -> value.toString();
        };
    }
}
