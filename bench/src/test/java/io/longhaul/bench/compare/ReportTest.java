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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;

/// From lines of results to the report, without measuring.
final class ReportTest {
    private static final String PATH = "2.00Gbps-20.0ms-0.1%-mtu9000";

    @TempDir
    Path folder;

    private static String run(String kind, String peer, int run, String more) {
        String size = kind.equals("stream") ? "" : "/1.00MiB";
        return "{\"cell\": \"" + kind + "/" + peer + size + "/" + PATH + "\", \"run\": " + run + ", \"kind\": \"" + kind
                + "\", \"peer\": \"" + peer + "\", \"title\": \"<" + peer
                + ">\", \"rate_bps\": 2000000000, \"rtt_ms\": 20,"
                + " \"loss\": 0.001, \"size_bytes\": " + (size.isEmpty() ? 0 : 1 << 20) + ", \"load\": 1.5, " + more
                + "}";
    }

    private Results results(String... lines) throws Exception {
        Path file = folder.resolve("comparison.jsonl");
        Files.writeString(file, String.join("\n", lines) + "\n");
        return new Results(file);
    }

    private Results twoPeers() throws Exception {
        return results(
                "{\"manifest\": 1, \"date\": \"2026-01-01\", \"commit\": \"abc\", \"command\": \"./longhaul bench\","
                        + " \"processors\": 2, \"load\": 0.5}",
                run("stream", "a", 1, "\"goodput_bps\": 1.0e9, \"cpu_seconds_per_gib\": 2.5"),
                run("stream", "a", 2, "\"goodput_bps\": 1.9e9, \"cpu_seconds_per_gib\": 2.7"),
                run("stream", "a", 3, "\"goodput_bps\": 1.8e9, \"cpu_seconds_per_gib\": 2.6"),
                run("stream", "b", 1, "\"failure\": \"no & result\", \"commands\": [\"left: b\"]"),
                run(
                        "messages",
                        "a",
                        1,
                        "\"ideal_seconds\": 0.0242, \"operations\": 200, \"latency_us\": {\"mean\": 26620, \"p50\": 25000,"
                                + " \"p99\": 30000, \"p999\": 31000, \"max\": 32000}"),
                "{\"cell\": \"cut o");
    }

    @Test
    void medianAndSpreadStandInTheTableAndFailuresAreNamed() throws Exception {
        String text = MarkdownReport.write(twoPeers(), List.of("QUIC: no library"));
        assertTrue(text.contains("| 2.00Gb/s, 20.0ms, 0.1 %, MTU 9000 | 1800 (1000–1900) | –, 1 of 1 failed |"), text);
        assertTrue(text.contains("2.60 (2.50–2.70)"), text);
        assertTrue(text.contains("QUIC: no library"));
        assertTrue(text.contains("no & result"));
        // p99.9 of 200 messages is none.
        assertTrue(text.contains("| 200 | 24.2 | 26.6 | 25.0 | 30.0 |  | 32.0 | 1.10 | 1.24 |  | 1.32 |"), text);
        assertFalse(text.contains("was busy"));
    }

    @Test
    void aBusyMachineIsTold() throws Exception {
        Results results =
                results(run("stream", "a", 1, "\"goodput_bps\": 1.0e9").replace("1.5", "9.5"));
        assertTrue(MarkdownReport.write(results, List.of()).contains("was busy"));
        assertTrue(HtmlReport.write(results, List.of()).contains("was busy"));
    }

    @Test
    void thePageNeedsNothingBesideItAndItsDrawingsAreWellFormed() throws Exception {
        String page = HtmlReport.write(twoPeers(), List.of());
        assertFalse(page.contains("<a>"), "titles are escaped");
        assertFalse(page.contains("<script") || page.contains("src=") || page.contains("<link"));
        List<String> drawings = new ArrayList<>();
        Matcher matcher = Pattern.compile("<svg.*?</svg>", Pattern.DOTALL).matcher(page);
        while (matcher.find()) {
            drawings.add(matcher.group());
        }
        assertEquals(4, drawings.size(), "heat map, goodput, completion, cost");
        for (String each : drawings) {
            assertEquals(
                    "svg",
                    DocumentBuilderFactory.newInstance()
                            .newDocumentBuilder()
                            .parse(new InputSource(new StringReader(each)))
                            .getDocumentElement()
                            .getTagName());
            assertFalse(each.contains("NaN"), each);
        }
    }

    @Test
    void runsThatAreThereAreNotRepeatedUnlessForgotten() throws Exception {
        Results results = twoPeers();
        String cell = "stream/b/" + PATH;
        assertTrue(results.has(cell, 1), "a failure is a result");
        assertFalse(results.has(cell, 2));
        results.remove(line -> JsonText.string(line, "cell").equals(cell));
        assertFalse(results.has(cell, 1));
        assertTrue(new Results(folder.resolve("comparison.jsonl")).has("stream/a/" + PATH, 3));
    }

    @Test
    void readsJsonAndWritesWhatItReads() {
        String text = "{\"a\": [1, -2.5, null, true, {\"b\": \"x\\\"\\\\y\\u000a\"}], \"c\": {}}";
        assertEquals(JsonText.parse(text), JsonText.parse(JsonText.write(JsonText.parse(text))));
        for (String bad : List.of("", "[1]", "{\"a\": }", "{\"a\" 1}", "{\"a\": 1} x", "{\"a\": \"", "{\"a\": tru}")) {
            assertThrows(IllegalArgumentException.class, () -> JsonText.parse(bad), bad);
        }
    }

    @Test
    void theIdealOfAMessageIsARoundTripAndItsBytesOnTheLine() {
        PathPoint path = new PathPoint(2_000_000_000, 20_000_000, 0.001, 9000);
        assertEquals(0.02422, path.idealSeconds(1 << 20), 0.00001);
        assertEquals(2_500_000, path.queueBytes());
        assertEquals(PATH, path.name());
    }

    private static String histogram(int count, long nanos) {
        org.HdrHistogram.Histogram histogram = new org.HdrHistogram.Histogram(600_000_000_000L, 3);
        histogram.recordValueWithCount(nanos, count);
        java.nio.ByteBuffer buffer = java.nio.ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
        int length = histogram.encodeIntoCompressedByteBuffer(buffer);
        return java.util.Base64.getEncoder().encodeToString(java.util.Arrays.copyOf(buffer.array(), length));
    }

    @Test
    void messagesOfAllRunsAreTakenTogether() throws Exception {
        String first = "\"ideal_seconds\": 0.0242, \"operations\": 9985, \"latency_us\": {\"mean\": 25000},"
                + " \"histogram_nanos\": \"" + histogram(9985, 25_000_000) + "\"";
        String second = "\"ideal_seconds\": 0.0242, \"operations\": 15, \"latency_us\": {\"mean\": 90000},"
                + " \"histogram_nanos\": \"" + histogram(15, 90_000_000) + "\"";
        Results results = results(run("messages", "a", 1, first), run("messages", "a", 2, second));
        Latencies all = Latencies.of(Summary.of(results.runs()).getFirst());
        assertEquals(10_000, all.messages());
        assertEquals(25_000, all.p99(), 25);
        assertEquals(90_000, all.p999(), 90);
        assertEquals(25_097, all.mean(), 50);
        String one = MarkdownReport.write(results(run("messages", "a", 1, first)), List.of());
        assertTrue(one.contains("| 1.03 | 1.03 |  | 1.03 |"), one);
    }

    @Test
    void memoryConnectionsAndSmallMessagesHaveSectionsInBothForms() throws Exception {
        String memory = "\"goodput_bps\": 1.9e9, \"rss_server_start_bytes\": 1.0e8, \"rss_client_bytes\": 2.0e8,";
        Results results = results(
                run(
                        "memory",
                        "a",
                        1,
                        memory + "\"bdp_bytes\": 5.0e6, \"plan_window_bytes\": 1.0e7, \"rss_server_bytes\": 2.0e8"),
                run(
                                "memory",
                                "a",
                                1,
                                memory
                                        + "\"bdp_bytes\": 5.0e7, \"plan_window_bytes\": 1.1e8, \"rss_server_bytes\": 3.1e8")
                        .replace("20.0ms", "200.0ms"),
                run(
                        "connections",
                        "a",
                        1,
                        "\"connections\": 100, \"goodput_bps\": 1.8e9, \"cpu_seconds_per_gib\": 3.5"),
                run("pingpong", "a", 1, "\"operations\": 1000, \"latency_us\": {\"mean\": 20, \"p50\": 19.5}"),
                run("small", "a", 1, "\"messages_per_second\": 1234567"));
        String text = MarkdownReport.write(results, List.of());
        assertTrue(text.contains("| 296 | 1.10 |"), text);
        assertTrue(text.contains("| <a> | 100 |"), text);
        assertTrue(text.contains("| 19.5 |"), text);
        assertTrue(text.contains("| 1234567 |"), text);
        String page = HtmlReport.write(results, List.of());
        assertTrue(page.contains("Memory over rate") && page.contains("1234567"));
        assertFalse(page.contains("NaN"));
    }

    @Test
    void cellsAreChosenByPatternsOfTheirNames() {
        assertTrue(Selection.matches("messages/*/1.00MiB", "messages/quic/1.00MiB/" + PATH));
        assertTrue(Selection.matches("quic", "messages/quic/1.00MiB/" + PATH));
        assertFalse(Selection.matches("stream/*quic", "messages/quic/1.00MiB/" + PATH));
        PathPoint path = new PathPoint(2_000_000_000, 20_000_000, 0.001, 9000);
        List<Cell> cells = new Selection(
                        List.of(path),
                        9000,
                        List.of(1L << 20),
                        List.of(1L, 1000L),
                        List.of(new PathPoint(2_000_000_000, 5_000_000, 0, 9000)),
                        List.of("longhaul", "udp"),
                        List.of("stream", "messages", "memory", "connections"),
                        List.of("longhaul"))
                .cells(new ArrayList<>());
        assertEquals(
                List.of(
                        "stream/longhaul/veth-mtu9000",
                        "stream/longhaul/" + PATH,
                        "messages/longhaul/1.00MiB/" + PATH,
                        "connections/longhaul/1/" + PATH,
                        "connections/longhaul/1000/" + PATH,
                        "memory/longhaul/" + new PathPoint(2_000_000_000, 5_000_000, 0, 9000).name()),
                cells.stream().map(Cell::name).toList());
    }

    @Test
    void theCongestionControlOfAConnectionIsReadFromWhatTheKernelSays() {
        assertEquals(
                "bbr",
                TcpMessagePeer.controllerIn(
                        "ESTAB 0 0 10.201.77.1:20000 10.201.77.2:4901\n\t bbr wscale:14,14 rto:221\n"));
        assertEquals("none that ss has seen", TcpMessagePeer.controllerIn(""));
    }

    @Test
    void aeronHasInFlightWhatThePathAndHalfOfItsQueueHold() {
        assertEquals(6_250_000, AeronPeer.windowBytes(new PathPoint(2_000_000_000, 20_000_000, 0, 9000)));
        assertEquals(1 << 20, AeronPeer.windowBytes(new PathPoint(100_000_000, 1_000_000, 0, 9000)));
    }
}
