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

import io.longhaul.congestion.catalog.ControllerCatalog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The windows of each controller on three paths, as they were when somebody last looked at them.
///
/// `-Dlonghaul.golden=update` writes them anew: read the difference before you commit it; `-Dlonghaul.golden=svg` draws
/// them into target/golden. Windows are rounded to
/// packets, so
/// that the last bits of floating point do not matter.
@Timeout(120)
class GoldenTraceTest {
    private static final Path FOLDER = Path.of("src", "test", "resources", "golden");
    private static final int PACKET_BYTES = 1500;
    private static final double RATE = 200e6;
    private static final long RTT_NANOS = 20_000_000;
    private static final int ROUNDS = 300;
    private static final int EVERY = 5;

    static Stream<String> controllers() {
        return ControllerCatalog.names().stream();
    }

    @ParameterizedTest
    @MethodSource("controllers")
    void keepsTheWindowsThatWereSeenBefore(String name) throws IOException {
        final String trace = trace(name);
        final Path file = FOLDER.resolve(name + ".txt");
        if ("update".equals(System.getProperty("longhaul.golden"))) {
            Files.createDirectories(FOLDER);
            Files.writeString(file, trace);
        }
        if ("svg".equals(System.getProperty("longhaul.golden"))) {
            final Path drawn = Files.createDirectories(Path.of("target", "golden"));
            Files.writeString(drawn.resolve(name + ".svg"), drawing(name, trace));
        }
        assertEquals(Files.readString(file), trace, "the windows of " + name + " have changed");
    }

    private static String trace(String name) {
        final LinkModel clean = new LinkModel(RATE, RTT_NANOS, 0.5, 1);
        final LinkModel lossy = new LinkModel(RATE, RTT_NANOS, 0.5, 2).loss(0.001);
        final LinkModel halved = new LinkModel(RATE, RTT_NANOS, 0.5, 3);
        final LinkModel[] links = {clean, lossy, halved};
        final ModelFlow[] flows = new ModelFlow[links.length];
        for (int i = 0; i < links.length; i++) {
            flows[i] = links[i].add(ControllerCatalog.find(name, 1).create(config(name)), PACKET_BYTES, 0);
        }
        final StringBuilder out = new StringBuilder();
        out.append("# ").append(name).append(": window in packets of 1500 bytes; 200 Mb/s x 20 ms is 333 packets\n");
        out.append("# round, clean, loss 1e-3, rate halved in round 150\n");
        for (int round = EVERY; round <= ROUNDS; round += EVERY) {
            if (round == ROUNDS / 2 + EVERY) {
                halved.rate(RATE / 2);
            }
            out.append(String.format(Locale.ROOT, "%3d", round));
            for (int i = 0; i < links.length; i++) {
                links[i].runUntil(round * RTT_NANOS);
                out.append(String.format(
                        Locale.ROOT,
                        " %6d",
                        Math.round((double) flows[i].controller().congestionWindowBytes() / PACKET_BYTES)));
            }
            out.append('\n');
        }
        return out.toString();
    }

    // A line for each path: 2 pixels for a round, and the largest window over 300.
    private static String drawing(String name, String trace) {
        final int[][] rows = trace.lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> Stream.of(line.strip().split(" +", -1))
                        .mapToInt(Integer::parseInt)
                        .toArray())
                .toArray(int[][]::new);
        final int largest = Stream.of(rows)
                .mapToInt(row -> Math.max(row[1], Math.max(row[2], row[3])))
                .max()
                .orElseThrow();
        final StringBuilder out = new StringBuilder("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"620\""
                + " height=\"320\" font-family=\"sans-serif\" font-size=\"12\">\n");
        out.append(String.format(
                Locale.ROOT, "<text x=\"4\" y=\"14\">%s: window, at most %d packets</text>%n", name, largest));
        final String[] colours = {"#0b6e99", "#c4451c", "#3f7d20"};
        for (int path = 0; path < colours.length; path++) {
            out.append("<polyline fill=\"none\" stroke=\"")
                    .append(colours[path])
                    .append("\" points=\"");
            for (int[] row : rows) {
                out.append(String.format(
                        Locale.ROOT, "%d,%.1f ", 2 * row[0], 318 - 300.0 * row[path + 1] / Math.max(1, largest)));
            }
            out.append("\"/>\n");
        }
        return out.append("</svg>\n").toString();
    }

    private static CongestionConfig config(String name) {
        final long hint = name.equals("reserved") ? (long) (RATE / 8) : 0;
        return new CongestionConfig(PACKET_BYTES, RTT_NANOS, hint, 1L << 30, 32);
    }
}
