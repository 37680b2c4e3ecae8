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
package io.longhaul.qlog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConfigurationException;
import io.longhaul.ConnectionStatistics.ResendCause;
import io.longhaul.core.EngineTrace.Content;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class QlogFileTest {
    private static final QlogFile.Head HEAD = new QlogFile.Head("a \"title\"\n", "g", true, 1_000, 5);

    @TempDir
    Path folder = Path.of("");

    @Test
    void writesKnownBytes() throws IOException {
        final Path path = folder.resolve("a.sqlog");
        try (QlogFile trace = QlogFile.direct(path, HEAD)) {
            trace.packetSent(1_000, 3, 17, 1500, Content.AGAIN, 40, 2);
            trace.packetLost(2_501_000, 3, 17, ResendCause.TIME_THRESHOLD, 40, 2);
            trace.phase(3_000_000, "", "Startup");
        }
        assertEquals(
                "\u001e{\"qlog_version\":\"0.3\",\"qlog_format\":\"JSON-SEQ\",\"title\":\"a \\u0022title\\u0022\\u000a\","
                        + "\"trace\":{\"common_fields\":{\"protocol_type\":[\"LONGHAUL\"],\"group_id\":\"g\","
                        + "\"time_format\":\"relative\",\"reference_time\":5},"
                        + "\"vantage_point\":{\"name\":\"longhaul\",\"type\":\"client\"}}}\n"
                        + "\u001e{\"time\":0.000000,\"name\":\"transport:packet_sent\",\"data\":{"
                        + "\"header\":{\"packet_type\":\"1RTT\",\"packet_number\":17,\"lane\":3},"
                        + "\"raw\":{\"length\":1500},"
                        + "\"frames\":[{\"frame_type\":\"data\",\"csn\":40,\"chunks\":2,\"again\":true}]}}\n"
                        + "\u001e{\"time\":2.500000,\"name\":\"recovery:packet_lost\",\"data\":{"
                        + "\"header\":{\"packet_type\":\"1RTT\",\"packet_number\":17,\"lane\":3},"
                        + "\"frames\":[{\"frame_type\":\"data\",\"csn\":40,\"chunks\":2}],"
                        + "\"trigger\":\"time_threshold\"}}\n"
                        + "\u001e{\"time\":2.999000,\"name\":\"recovery:congestion_state_updated\",\"data\":{"
                        + "\"old\":\"\",\"new\":\"Startup\"}}\n",
                Files.readString(path));
    }

    @Test
    void whatFindsNoRoomIsCountedAndSaid() throws IOException {
        final Path path = folder.resolve("a.sqlog");
        final QlogFile trace = QlogFile.buffered(path, HEAD, 4);
        for (int i = 0; i < 10; i++) {
            trace.packetReceived(1_000 + i, 0, i, 100);
        }
        trace.close();
        final List<String> lines = Files.readAllLines(path);
        assertEquals(1 + 4 + 1, lines.size());
        assertTrue(lines.get(5).contains("\"name\":\"loglevel:warning\""), lines.get(5));
        assertTrue(lines.get(5).contains("\"dropped\":6"), lines.get(5));
    }

    @Test
    void aThreadWritesWhatAnotherTells() throws IOException {
        final Path path;
        final long count = 100_000;
        try (QlogTarget target = new QlogTarget(folder)) {
            final QlogFile trace = target.open("b", HEAD);
            path = trace.path();
            for (long i = 0; i < count; i++) {
                trace.packetReceived(1_000 + i, 0, i, 100);
            }
            trace.end();
        }
        long seen = 0;
        long missing = 0;
        long next = 0;
        for (String line : Files.readAllLines(path)) {
            if (line.contains("packet_received")) {
                final long number = Long.parseLong(line.replaceAll(".*\"packet_number\":([0-9]+).*", "$1"));
                assertTrue(number >= next, line);
                next = number + 1;
                seen++;
            } else if (line.contains("\"dropped\":")) {
                missing += Long.parseLong(line.replaceAll(".*\"dropped\":([0-9]+).*", "$1"));
            }
        }
        assertEquals(folder.resolve("b.sqlog"), path);
        assertEquals(count, seen + missing);
    }

    @Test
    void aPlaceThatDoesNotExistIsRefusedAtOnce() {
        final ConfigurationException refused =
                assertThrows(ConfigurationException.class, () -> new QlogTarget(folder.resolve("no/such/place")));
        assertTrue(String.valueOf(refused.getMessage()).contains("there is no directory"), refused.getMessage());
    }

    @Test
    void aFileThatCannotBeMadeIsAnErrorThatNamesIt() throws IOException {
        final QlogTarget target = new QlogTarget(folder);
        Files.createDirectory(folder.resolve("c.sqlog"));
        final ConfigurationException refused =
                assertThrows(ConfigurationException.class, () -> target.openDirect("c", HEAD));
        assertTrue(String.valueOf(refused.getMessage()).contains("c.sqlog"), refused.getMessage());
    }

    @Test
    void aFileThatFailsEndsTheTraceOnly() throws IOException {
        final Path full = Path.of("/dev/full");
        org.junit.jupiter.api.Assumptions.assumeTrue(Files.isWritable(full), "needs /dev/full");
        final QlogFile trace = QlogFile.buffered(full, HEAD, 1024);
        trace.packetReceived(2_000, 0, 1, 100);
        assertTrue(trace.write());
        trace.sync();
        assertTrue(trace.failure() != null);
        trace.packetReceived(3_000, 0, 2, 100);
        assertFalse(trace.write());
        trace.close();
    }

    @Test
    void laterConnectionsGetFilesOfTheirOwn() {
        final QlogTarget target = new QlogTarget(folder.resolve("x.sqlog"));
        try (QlogFile one = target.openDirect("a", HEAD);
                QlogFile two = target.openDirect("b", HEAD)) {
            assertEquals(folder.resolve("x.sqlog"), one.path());
            assertEquals(folder.resolve("x-2.sqlog"), two.path());
        }
    }
}
