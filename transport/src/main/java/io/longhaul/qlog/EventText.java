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

import io.longhaul.ConnectionStatistics.ResendCause;
import io.longhaul.core.EngineTrace.Content;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Writes events as JSON text sequences. Equal events give equal bytes.
//= RFC 7464 §2.2
final class EventText {
    static final int SENT = 0;
    static final int RECEIVED = 1;
    static final int LOST = 2;
    static final int SPURIOUS = 3;
    static final int METRICS = 4;
    static final int PHASE = 5;

    private static final char RECORD_SEPARATOR = 0x1e;
    private static final int NANOS_PER_MILLI = 1_000_000;
    private static final int MILLI_DIGITS = 6;
    private static final ResendCause[] CAUSES = ResendCause.values();
    private static final Content[] CONTENTS = Content.values();

    private final StringBuilder out;
    private final long zeroNanos;

    /// @param zeroNanos time that the trace calls 0
    EventText(StringBuilder out, long zeroNanos) {
        this.out = out;
        this.zeroNanos = zeroNanos;
    }

    /// The first record: what the trace is.
    void header(String title, String groupId, boolean client, long referenceMillis) {
        out.append(RECORD_SEPARATOR)
                .append("{\"qlog_version\":\"0.3\",\"qlog_format\":\"JSON-SEQ\",\"title\":")
                .append(quoted(title))
                .append(",\"trace\":{\"common_fields\":{\"protocol_type\":[\"LONGHAUL\"],\"group_id\":")
                .append(quoted(groupId))
                .append(",\"time_format\":\"relative\",\"reference_time\":")
                .append(referenceMillis)
                .append("},\"vantage_point\":{\"name\":\"longhaul\",\"type\":\"")
                .append(client ? "client" : "server")
                .append("\"}}}\n");
    }

    private static String quoted(String text) {
        final StringBuilder result = new StringBuilder("\"");
        text.chars().forEach(c -> {
            if (c < ' ' || c == '"' || c == '\\' || c > '~') {
                result.append(String.format(Locale.ROOT, "\\u%04x", c));
            } else {
                result.append((char) c);
            }
        });
        return result.append('"').toString();
    }

    /// Writes the event whose fields start at an index.
    void event(EventRing ring, int at, @Nullable String text) {
        final int type = (int) ring.get(at);
        final long nowNanos = ring.get(at + 1);
        switch (type) {
            case SENT -> {
                begin(nowNanos, "transport:packet_sent");
                packet(ring, at);
                length(ring.get(at + 4));
                frames(CONTENTS[(int) ring.get(at + 5)], ring.get(at + 6), ring.get(at + 7));
            }
            case RECEIVED -> {
                begin(nowNanos, "transport:packet_received");
                packet(ring, at);
                length(ring.get(at + 4));
            }
            case LOST -> {
                begin(nowNanos, "recovery:packet_lost");
                packet(ring, at);
                frames(Content.DATA, ring.get(at + 6), ring.get(at + 7));
                out.append(",\"trigger\":\"")
                        .append(trigger(CAUSES[(int) ring.get(at + 5)]))
                        .append('"');
            }
            case SPURIOUS -> {
                begin(nowNanos, "longhaul:spurious_loss");
                out.append("\"lane\":").append(ring.get(at + 2));
            }
            case METRICS -> metrics(ring, at, nowNanos);
            default -> phase(nowNanos, text == null ? "" : text);
        }
        end();
    }

    /// Says that events are missing here.
    void dropped(long nowNanos, long count) {
        begin(nowNanos, "loglevel:warning");
        out.append("\"message\":\"")
                .append(count)
                .append(" events are missing: the file was written too slowly\",\"dropped\":")
                .append(count);
        end();
    }

    private void begin(long nowNanos, String name) {
        out.append(RECORD_SEPARATOR).append("{\"time\":");
        millis(nowNanos - zeroNanos);
        out.append(",\"name\":\"").append(name).append("\",\"data\":{");
    }

    private void end() {
        out.append("}}\n");
    }

    // Milliseconds with all digits of the nanoseconds.
    private void millis(long nanos) {
        out.append(nanos / NANOS_PER_MILLI).append('.');
        final String digits = Long.toString(Math.abs(nanos % NANOS_PER_MILLI));
        out.repeat("0", MILLI_DIGITS - digits.length()).append(digits);
    }

    private void packet(EventRing ring, int at) {
        out.append("\"header\":{\"packet_type\":\"1RTT\",\"packet_number\":")
                .append(ring.get(at + 3))
                .append(",\"lane\":")
                .append(ring.get(at + 2))
                .append('}');
    }

    private void length(long bytes) {
        out.append(",\"raw\":{\"length\":").append(bytes).append('}');
    }

    private void frames(Content content, long firstCsn, long chunks) {
        out.append(",\"frames\":[{\"frame_type\":\"");
        switch (content) {
            case DATA, AGAIN ->
                out.append("data\",\"csn\":")
                        .append(firstCsn)
                        .append(",\"chunks\":")
                        .append(chunks)
                        .append(content == Content.AGAIN ? ",\"again\":true" : "");
            case PARITY -> out.append("parity\"");
            case CONTROL -> out.append("control\"");
        }
        out.append("}]");
    }

    private static String trigger(ResendCause cause) {
        return switch (cause) {
            case PACKET_THRESHOLD -> "reordering_threshold";
            case TIME_THRESHOLD -> "time_threshold";
            case TAIL_PROBE, TIMEOUT -> "pto_expired";
            case PARITY_SHORT -> "parity_short";
            case LANE_SILENT -> "lane_silent";
            case LANE_DEAD -> "lane_dead";
        };
    }

    private void metrics(EventRing ring, int at, long nowNanos) {
        begin(nowNanos, "recovery:metrics_updated");
        out.append("\"min_rtt\":");
        millis(ring.get(at + 2));
        out.append(",\"smoothed_rtt\":");
        millis(ring.get(at + 3));
        out.append(",\"latest_rtt\":");
        millis(ring.get(at + 4));
        out.append(",\"rtt_variance\":");
        millis(ring.get(at + 5));
        out.append(",\"pto_count\":")
                .append(ring.get(at + 9))
                .append(",\"congestion_window\":")
                .append(ring.get(at + 6))
                .append(",\"bytes_in_flight\":")
                .append(ring.get(at + 7))
                .append(",\"pacing_rate\":")
                .append(ring.get(at + 8) * Byte.SIZE);
    }

    private void phase(long nowNanos, String names) {
        begin(nowNanos, "recovery:congestion_state_updated");
        final int between = names.indexOf('\n');
        out.append("\"old\":")
                .append(quoted(names.substring(0, between)))
                .append(",\"new\":")
                .append(quoted(names.substring(between + 1)));
    }
}
