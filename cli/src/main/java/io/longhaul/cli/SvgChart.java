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
package io.longhaul.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Draws lines over an axis as SVG text.
final class SvgChart {
    private static final int WIDTH = 760;
    private static final int HEIGHT = 300;
    private static final int LEFT = 70;
    private static final int RIGHT = 150;
    private static final int TOP = 34;
    private static final int BOTTOM = 44;
    private static final int TICKS = 5;
    private static final int MAX_POINTS = 1200;
    private static final String[] COLOURS = {"#0b6e99", "#c4451c", "#3f7d20", "#7a3e9d", "#8a6d00", "#444444"};

    private final String title;
    private final String xLabel;
    private final String yLabel;
    private final List<String> names = new ArrayList<>();
    private final List<double[]> xs = new ArrayList<>();
    private final List<double[]> ys = new ArrayList<>();

    SvgChart(String title, String xLabel, String yLabel) {
        this.title = title;
        this.xLabel = xLabel;
        this.yLabel = yLabel;
    }

    /// Adds a line; longer ones are thinned by taking the mean of neighbours.
    SvgChart line(String name, double[] x, double[] y) {
        final int group = Math.max(1, (x.length + MAX_POINTS - 1) / MAX_POINTS);
        final int count = x.length / group;
        final double[] thinX = new double[count];
        final double[] thinY = new double[count];
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < group; j++) {
                thinX[i] += x[i * group + j] / group;
                thinY[i] += y[i * group + j] / group;
            }
        }
        names.add(name);
        xs.add(thinX);
        ys.add(thinY);
        return this;
    }

    @Override
    public String toString() {
        double maxX = 1e-9;
        double maxY = 1e-9;
        for (int i = 0; i < xs.size(); i++) {
            for (int j = 0; j < xs.get(i).length; j++) {
                maxX = Math.max(maxX, xs.get(i)[j]);
                maxY = Math.max(maxY, ys.get(i)[j]);
            }
        }
        final double topY = round(maxY * 1.02);
        final StringBuilder out = new StringBuilder();
        out.append(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\""
                        + " font-size=\"12\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n",
                WIDTH,
                HEIGHT));
        text(out, LEFT, 20, "start", title);
        axes(out, maxX, topY);
        for (int i = 0; i < xs.size(); i++) {
            final String colour = COLOURS[i % COLOURS.length];
            out.append("<polyline fill=\"none\" stroke=\"").append(colour).append("\" points=\"");
            for (int j = 0; j < xs.get(i).length; j++) {
                out.append(String.format(
                        Locale.ROOT, "%.1f,%.1f ", x(xs.get(i)[j] / maxX), y(Math.max(0, ys.get(i)[j]) / topY)));
            }
            out.append("\"/>\n");
            out.append(String.format(
                    Locale.ROOT,
                    "<rect x=\"%d\" y=\"%d\" width=\"10\" height=\"10\" fill=\"%s\"/>%n",
                    WIDTH - RIGHT + 10,
                    TOP + 18 * i,
                    colour));
            text(out, WIDTH - RIGHT + 25, TOP + 10 + 18 * i, "start", names.get(i));
        }
        return out.append("</svg>\n").toString();
    }

    private void axes(StringBuilder out, double maxX, double topY) {
        for (int i = 0; i <= TICKS; i++) {
            final double share = (double) i / TICKS;
            out.append(String.format(
                    Locale.ROOT,
                    "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#dddddd\"/>%n",
                    LEFT,
                    WIDTH - RIGHT,
                    y(share),
                    y(share)));
            text(out, LEFT - 6, y(share) + 4, "end", String.format(Locale.ROOT, "%.3g", share * topY));
            text(out, x(share), HEIGHT - BOTTOM + 16, "middle", String.format(Locale.ROOT, "%.3g", share * maxX));
        }
        text(out, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 8, "middle", xLabel);
        text(out, LEFT - 60, TOP - 4, "start", yLabel);
    }

    private static double x(double share) {
        return LEFT + share * (WIDTH - LEFT - RIGHT);
    }

    private static double y(double share) {
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
    }

    // The next larger of 1, 2, 2.5, 5 times a power of ten.
    private static double round(double value) {
        final double power = Math.pow(10, Math.floor(Math.log10(value)));
        for (double each : new double[] {1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10}) {
            if (each * power >= value) {
                return each * power;
            }
        }
        return 10 * power;
    }

    private static void text(StringBuilder out, double x, double y, String anchor, String words) {
        final String escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
        out.append(String.format(
                Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n", x, y, anchor, escaped));
    }
}
