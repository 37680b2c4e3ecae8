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
package io.longhaul.trace;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConnectionStatistics;
import io.longhaul.Grant;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.Right;
import io.longhaul.qlog.QlogTarget;
import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Traces of a simulated transfer over a lossy path, read back.
@Timeout(60)
class QlogSimulationTest {
    private static final long BYTES = 4 << 20;

    @TempDir
    Path folder = Path.of("");

    private static ConnectionStatistics transfer(@Nullable Path target) {
        final WireConfig.Builder link = WireConfig.builder()
                .delay(Duration.ofMillis(10))
                .rateBitsPerSecond(1_000_000_000L)
                .lossFraction(0.01);
        final Pair.Settings settings = new Pair.Settings()
                .seed(7)
                .lanes(2)
                .link(link)
                .traces(target == null ? null : new QlogTarget(target), "test");
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(settings).establish()) {
            pair.server.exposed.expose("target", arena.allocate(BYTES), Grant.of(Right.WRITE));
            final MemorySegment source = arena.allocate(BYTES);
            final Operation write = new Operation().write(source, 0, BYTES, pair.lookup(pair.client, "target"), 0);
            assertEquals(OperationStatus.SUCCESS, pair.complete(pair.client, write, 60_000_000_000L));
            return pair.statistics(pair.client);
        }
    }

    private static String value(Map<String, String> event, String name) {
        return Objects.requireNonNull(event.get(name), () -> name + " in " + event);
    }

    private static List<Map<String, String>> named(List<Map<String, String>> events, String name) {
        return events.stream().filter(each -> name.equals(each.get("name"))).toList();
    }

    @Test
    void isAJsonTextSequenceOfTheSchemaInTheOrderOfTime() throws IOException {
        transfer(folder);
        for (final String side : List.of("client", "server")) {
            final List<Map<String, String>> records = TraceReader.read(folder.resolve("test-" + side + ".sqlog"));
            final Map<String, String> head = records.getFirst();
            assertEquals("0.3", value(head, "qlog_version"));
            assertEquals("JSON-SEQ", value(head, "qlog_format"));
            assertEquals(side, value(head, "trace.vantage_point.type"));
            assertEquals("relative", value(head, "trace.common_fields.time_format"));
            double last = 0;
            for (final Map<String, String> event : records.subList(1, records.size())) {
                final double time = Double.parseDouble(value(event, "time"));
                assertTrue(time >= last, () -> "out of order: " + event);
                assertTrue(value(event, "name").matches("(transport|recovery|longhaul):[a-z_]+"), event::toString);
                last = time;
            }
        }
    }

    @Test
    void aLostPacketAppearsAsLostAndItsChunksAreSentAgain() throws IOException {
        final ConnectionStatistics statistics = transfer(folder);
        final List<Map<String, String>> events = TraceReader.read(folder.resolve("test-client.sqlog"));
        final List<Map<String, String>> lost = named(events, "recovery:packet_lost");
        final List<Map<String, String>> sent = named(events, "transport:packet_sent");
        assertEquals(statistics.lostPackets(), lost.size());
        assertEquals(statistics.sentPackets(), sent.size());
        assertEquals(
                statistics.sentBytes(),
                sent.stream()
                        .mapToLong(each -> Long.parseLong(value(each, "data.raw.length")))
                        .sum());
        assertTrue(lost.size() > 1, "the path loses packets");
        for (final Map<String, String> each : lost) {
            assertEquals("reordering_threshold", value(each, "data.trigger"));
            final int at = events.indexOf(each);
            assertTrue(
                    events.subList(0, at).stream().anyMatch(before -> isSame(before, each)),
                    () -> "was never sent: " + each);
            assertTrue(
                    events.subList(at, events.size()).stream()
                            .anyMatch(after -> "true".equals(after.get("data.frames.0.again")) && covers(after, each)),
                    () -> "was not sent again: " + each);
        }
    }

    private static boolean isSame(Map<String, String> sent, Map<String, String> lost) {
        return "transport:packet_sent".equals(sent.get("name"))
                && value(sent, "data.header.lane").equals(lost.get("data.header.lane"))
                && value(sent, "data.header.packet_number").equals(lost.get("data.header.packet_number"));
    }

    private static boolean covers(Map<String, String> sent, Map<String, String> lost) {
        final long csn = Long.parseLong(value(lost, "data.frames.0.csn"));
        final long first = Long.parseLong(value(sent, "data.frames.0.csn"));
        return csn >= first && csn < first + Long.parseLong(value(sent, "data.frames.0.chunks"));
    }

    @Test
    void whatTheServerReceivesTheClientHasSent() throws IOException {
        transfer(folder);
        final Set<String> sent = new HashSet<>();
        for (final Map<String, String> each :
                named(TraceReader.read(folder.resolve("test-client.sqlog")), "transport:packet_sent")) {
            sent.add(value(each, "data.header.lane") + '/' + value(each, "data.header.packet_number"));
        }
        final List<Map<String, String>> received =
                named(TraceReader.read(folder.resolve("test-server.sqlog")), "transport:packet_received");
        assertTrue(received.size() > 100, "a transfer has packets");
        for (final Map<String, String> each : received) {
            assertTrue(sent.contains(value(each, "data.header.lane") + '/' + value(each, "data.header.packet_number")));
        }
    }

    @Test
    void metricsAndPhasesAreThere() throws IOException {
        transfer(folder);
        final List<Map<String, String>> events = TraceReader.read(folder.resolve("test-client.sqlog"));
        final List<Map<String, String>> metrics = named(events, "recovery:metrics_updated");
        final Map<String, String> last = metrics.getLast();
        assertEquals(20, Double.parseDouble(value(last, "data.min_rtt")), 2);
        assertTrue(Double.parseDouble(value(last, "data.smoothed_rtt")) >= 20, last::toString);
        assertTrue(Long.parseLong(value(last, "data.congestion_window")) > 0, last::toString);
        assertTrue(Long.parseLong(value(last, "data.pacing_rate")) > 100_000_000L, last::toString);
        final List<Map<String, String>> phases = named(events, "recovery:congestion_state_updated");
        for (int i = 1; i < phases.size(); i++) {
            assertEquals(value(phases.get(i - 1), "data.new"), value(phases.get(i), "data.old"));
        }
        assertTrue(!phases.isEmpty());
    }

    @Test
    void equalRunsGiveEqualBytesAndATraceChangesNothing() throws IOException {
        final Path one = Files.createDirectory(folder.resolve("one"));
        final Path two = Files.createDirectory(folder.resolve("two"));
        final ConnectionStatistics first = transfer(one);
        assertEquals(first, transfer(two));
        assertEquals(first, transfer(null), "a trace changes nothing");
        assertArrayEquals(
                Files.readAllBytes(one.resolve("test-client.sqlog")),
                Files.readAllBytes(two.resolve("test-client.sqlog")));
    }
}
