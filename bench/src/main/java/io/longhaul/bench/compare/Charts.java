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

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The drawings of the report.
final class Charts {
    private static final String INK = "#222222";
    private static final String FAINT = "#dddddd";
    private static final double[] STEPS = {1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10};
    private static final int TICKS = 5;
    private static final double RATIO_OF_POWERS = 50;
    private static final double LEGEND_STEP = 16;

    private Charts() {}

    /// A line over named places.
    ///
    /// @param values one for each place, NaN where there is none
    @SuppressWarnings("ArrayRecordComponent") // drawn once, never compared
    record Line(String name, double[] values, boolean dashed, int colour) {}

    /// A bar.
    ///
    /// @param parts lengths, one after the other
    /// @param label behind it
    @SuppressWarnings("ArrayRecordComponent") // drawn once, never compared
    record Bar(String name, double[] parts, String label) {}

    /// A heat map of shares: rows by columns.
    ///
    /// @param values `[row][column]`, 0 to 1, NaN where there is none
    /// @param texts `[row][column]`
    static String heatMap(String title, List<String> rows, List<String> columns, double[][] values, String[][] texts) {
        final double left = 70;
        final double top = 44;
        final double width = 84;
        final double height = 34;
        Svg svg = new Svg(Math.max(190, left + columns.size() * width + 10), top + rows.size() * height + 10, title);
        svg.text(4, 16, "start", INK, title);
        for (int column = 0; column < columns.size(); column++) {
            svg.text(left + (column + 0.5) * width, top - 8, "middle", INK, columns.get(column));
        }
        for (int row = 0; row < rows.size(); row++) {
            svg.text(left - 8, top + (row + 0.62) * height, "end", INK, rows.get(row));
            for (int column = 0; column < columns.size(); column++) {
                double value = values[row][column];
                svg.rectangle(left + column * width + 1, top + row * height + 1, width - 2, height - 2, shade(value));
                svg.text(
                        left + (column + 0.5) * width,
                        top + (row + 0.62) * height,
                        "middle",
                        value > 0.55 ? "#ffffff" : INK,
                        texts[row][column]);
            }
        }
        return svg.toString();
    }

    /// From nearly white to dark blue.
    private static String shade(double value) {
        if (Double.isNaN(value)) {
            return "#f4f4f4";
        }
        double share = Math.clamp(value, 0, 1);
        return String.format(Locale.ROOT, "#%02x%02x%02x", (int) (240 - 232 * share), (int) (244 - 176 * share), (int)
                (250 - 118 * share));
    }

    /// A vertical axis: from nothing, or by powers of ten where the values are too far apart for that.
    ///
    /// @param low the least that can be drawn, 0 of a linear one
    private record Axis(double low, double high, boolean powers) {
        static Axis of(List<Line> lines) {
            double[] values = lines.stream()
                    .flatMapToDouble(line -> java.util.Arrays.stream(line.values()))
                    .filter(Double::isFinite)
                    .toArray();
            double greatest = java.util.Arrays.stream(values).max().orElse(1);
            double least = java.util.Arrays.stream(values)
                    .filter(value -> value > 0)
                    .min()
                    .orElse(greatest);
            return least > 0 && greatest / least > RATIO_OF_POWERS
                    ? new Axis(
                            Math.pow(10, Math.floor(Math.log10(least))),
                            Math.pow(10, Math.ceil(Math.log10(greatest))),
                            true)
                    : new Axis(0, roundUp(greatest), false);
        }

        /// Where a value stands, 0 to 1.
        double share(double value) {
            return powers ? Math.max(0, Math.log10(value / low) / Math.log10(high / low)) : value / high;
        }

        double[] ticks() {
            int count = powers ? (int) Math.round(Math.log10(high / low)) : TICKS;
            double[] ticks = new double[count + 1];
            for (int i = 0; i <= count; i++) {
                ticks[i] = powers ? low * Math.pow(10, i) : high * i / count;
            }
            return ticks;
        }
    }

    /// Lines over places that stand at equal distances; bars where there is one place only.
    static String lines(String title, String xTitle, String yTitle, List<String> places, List<Line> lines) {
        if (places.size() == 1) {
            return bars(
                    title + ", " + places.getFirst() + ": " + yTitle,
                    List.of(),
                    lines.stream()
                            .filter(line -> Double.isFinite(line.values()[0]))
                            .map(line -> new Bar(line.name(), line.values(), number(line.values()[0])))
                            .toList());
        }
        final double left = 64;
        final double right = 540;
        final double top = 52;
        final double bottom = 288;
        Axis axis = Axis.of(lines);
        Svg svg = new Svg(760, 338, title);
        svg.text(4, 16, "start", INK, title);
        svg.text(4, top - 16, "start", INK, yTitle + (axis.powers() ? ", by powers of ten" : ""));
        for (double tick : axis.ticks()) {
            double y = bottom - (bottom - top) * axis.share(tick);
            svg.line(left, y, right, y, FAINT);
            svg.text(left - 6, y + 4, "end", INK, number(tick));
        }
        double step = (right - left) / Math.max(1, places.size());
        for (int i = 0; i < places.size(); i++) {
            svg.text(left + (i + 0.5) * step, bottom + 18, "middle", INK, places.get(i));
        }
        svg.text((left + right) / 2, bottom + 40, "middle", INK, xTitle);
        for (int i = 0; i < lines.size(); i++) {
            Line line = lines.get(i);
            String colour = Svg.colour(line.colour());
            List<double[]> points = new ArrayList<>();
            for (int place = 0; place < line.values().length; place++) {
                if (Double.isFinite(line.values()[place])) {
                    double[] point = {
                        left + (place + 0.5) * step, bottom - (bottom - top) * axis.share(line.values()[place])
                    };
                    points.add(point);
                    svg.dot(point[0], point[1], colour);
                }
            }
            svg.polyline(points, colour, line.dashed());
            double y = top + LEGEND_STEP * i;
            svg.polyline(List.of(new double[] {right + 12, y}, new double[] {right + 36, y}), colour, line.dashed());
            svg.text(right + 42, y + 4, "start", INK, line.name());
        }
        return svg.toString();
    }

    /// Bars of one or more parts.
    ///
    /// @param parts what the parts are, in order
    static String bars(String title, List<String> parts, List<Bar> bars) {
        final double left = 190;
        final double width = 400;
        final double top = 48;
        final double height = 24;
        double greatest = bars.stream()
                .mapToDouble(bar -> java.util.Arrays.stream(bar.parts()).sum())
                .max()
                .orElse(1);
        Svg svg = new Svg(760, top + bars.size() * height + 12, title);
        svg.text(4, 16, "start", INK, title);
        for (int i = 0; i < parts.size(); i++) {
            svg.rectangle(left + 140 * i, top - 22, 12, 12, Svg.colour(i));
            svg.text(left + 140 * i + 18, top - 12, "start", INK, parts.get(i));
        }
        for (int i = 0; i < bars.size(); i++) {
            Bar bar = bars.get(i);
            double y = top + i * height;
            svg.text(left - 8, y + 15, "end", INK, bar.name());
            double x = left;
            for (int part = 0; part < bar.parts().length; part++) {
                double length = greatest <= 0 ? 0 : width * bar.parts()[part] / greatest;
                svg.rectangle(x, y + 3, length, height - 8, Svg.colour(part));
                x += length;
            }
            svg.text(x + 6, y + 15, "start", INK, bar.label());
        }
        return svg.toString();
    }

    private static double roundUp(double value) {
        double power = Math.pow(10, Math.floor(Math.log10(Math.max(value, 1e-9))));
        for (double each : STEPS) {
            if (each * power >= value * 0.9999) {
                return each * power;
            }
        }
        return 10 * power;
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e6 || Math.abs(value) >= 1000
                ? String.valueOf(Math.round(value))
                : String.format(Locale.ROOT, "%.3g", value);
    }
}
