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

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// Reads the documents of the source tree.
final class Documents {
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");

    private Documents() {}

    /// Root of the source tree: the closest folder above the working directory that holds the launcher.
    static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("longhaul")) || !Files.exists(folder.resolve("README.md"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException(
                        "no source tree above " + Path.of("").toAbsolutePath());
            }
        }
        return folder;
    }

    static String read(String name) {
        try {
            return Files.readString(root().resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The only block of code in a language.
    static String codeBlock(String text, String language) {
        final String fence = "```" + language + "\n";
        final int start = text.indexOf(fence);
        final int end = text.indexOf("```", start + fence.length());
        if (start < 0 || end < 0 || text.indexOf(fence, end) >= 0) {
            throw new IllegalStateException("there must be one block of " + language);
        }
        return text.substring(start + fence.length(), end);
    }

    /// Cells of the rows of all tables, headings and rules left out.
    static List<List<String>> rows(String text) {
        final List<List<String>> rows = new ArrayList<>();
        final List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            final String line = lines.get(i);
            final boolean heading = i + 1 < lines.size() && lines.get(i + 1).startsWith("|--");
            if (line.startsWith("| ") && !heading) {
                rows.add(List.of(line.substring(1, line.lastIndexOf('|')).split("\\|", -1)).stream()
                        .map(String::strip)
                        .toList());
            }
        }
        return rows;
    }

    /// Targets of links inside the tree, without their anchors.
    static List<String> links(String text) {
        return LINK.matcher(text)
                .results()
                .map(found -> found.group(1))
                .filter(target -> !target.contains("://") && !target.startsWith("#"))
                .map(target -> target.replaceFirst("#.*", ""))
                .toList();
    }
}
