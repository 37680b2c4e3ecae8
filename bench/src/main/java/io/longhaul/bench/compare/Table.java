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

import java.util.List;

/// A table of the report.
///
/// @param title above it
/// @param note what a reader must know, in a sentence or two
/// @param head titles of the columns
/// @param rows as many cells as there are columns
record Table(String title, String note, List<String> head, List<List<String>> rows) {
    /// As Markdown.
    String markdown() {
        StringBuilder out = new StringBuilder("## " + title + "\n\n" + note + "\n\n");
        out.append("| ").append(String.join(" | ", head)).append(" |\n");
        out.append("|").append("---|".repeat(head.size())).append('\n');
        rows.forEach(row -> out.append("| ").append(String.join(" | ", row)).append(" |\n"));
        return out.append('\n').toString();
    }

    private static String code(String text) {
        return Svg.escape(text).replaceAll("`([^`]*)`", "<code>$1</code>");
    }

    /// As HTML, with a drawing between the words and the figures.
    String html(String drawing) {
        StringBuilder out = new StringBuilder("<h2>" + Svg.escape(title) + "</h2><p>" + code(note) + "</p>\n");
        out.append(drawing).append("<div class=\"wide\"><table><tr>");
        head.forEach(each -> out.append("<th>").append(Svg.escape(each)).append("</th>"));
        out.append("</tr>\n");
        for (List<String> row : rows) {
            out.append("<tr>");
            for (int i = 0; i < row.size(); i++) {
                out.append(i == 0 ? "<td>" : "<td class=\"n\">")
                        .append(Svg.escape(row.get(i)))
                        .append("</td>");
            }
            out.append("</tr>\n");
        }
        return out.append("</table></div>\n").toString();
    }
}
