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
import java.util.Locale;

/// Draws as SVG text, to stand in an HTML page. Colours are told apart by who cannot see red from green, and light and
/// dark
/// of the heat maps follow the value.
///
/// Threading: one thread.
final class Svg {
    private static final String[] COLOURS = {
        "#0072b2", "#d55e00", "#e69f00", "#009e73", "#56b4e9", "#cc79a7", "#6b6b6b", "#8a6d00", "#000000", "#7b4fb5"
    };

    private final StringBuilder out = new StringBuilder();

    /// Begins a drawing.
    ///
    /// @param label what it shows, for who cannot see it
    Svg(double width, double height, String label) {
        add(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"%s\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\""
                        + " height=\"%.0f\" font-family=\"sans-serif\" font-size=\"12\">%n",
                escape(label), width, height, width, height);
    }

    /// The colour of the n-th line or bar.
    static String colour(int index) {
        return COLOURS[index % COLOURS.length];
    }

    /// Text that HTML and SVG take as it is.
    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    Svg line(double x1, double y1, double x2, double y2, String colour) {
        return add("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>%n", x1, y1, x2, y2, colour);
    }

    Svg rectangle(double x, double y, double width, double height, String colour) {
        return add(
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>%n",
                x, y, Math.max(0, width), height, colour);
    }

    Svg dot(double x, double y, String colour) {
        return add("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>%n", x, y, colour);
    }

    /// @param anchor start, middle or end
    Svg text(double x, double y, String anchor, String colour, String words) {
        return add(
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">%s</text>%n",
                x, y, anchor, colour, escape(words));
    }

    Svg polyline(List<double[]> points, String colour, boolean dashed) {
        add(
                "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s points=\"",
                colour, dashed ? " stroke-dasharray=\"5 4\"" : "");
        points.forEach(point -> add("%.1f,%.1f ", point[0], point[1]));
        return add("\"/>%n");
    }

    @SuppressWarnings("AnnotateFormatMethod") // the annotation would be one more dependency
    private Svg add(String format, Object... values) {
        out.append(String.format(Locale.ROOT, format, values));
        return this;
    }

    @Override
    public String toString() {
        return out + "</svg>\n";
    }
}
