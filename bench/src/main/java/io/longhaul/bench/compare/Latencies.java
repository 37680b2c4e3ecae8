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

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/// The latencies of a cell: of all messages of all its runs taken together where the runs have kept them, else the
/// median of
/// what the runs say. All in microseconds, NaN where there is none.
///
/// @param p999 none of fewer than 10,000 messages: it would be little more than the greatest of them
/// @param messages how many
record Latencies(double mean, double p50, double p90, double p99, double p999, double max, double messages) {
    private static final int MESSAGES_OF_P999 = 10_000;
    private static final long GREATEST_NANOS = 600_000_000_000L;

    /// Takes the runs of a cell together.
    static Latencies of(Summary cell) {
        Histogram all = new Histogram(GREATEST_NANOS, 3);
        for (Map<String, @Nullable Object> run : cell.runs()) {
            String text = JsonText.string(run, "histogram_nanos");
            if (text.isEmpty()) {
                return medians(cell);
            }
            try {
                all.add(Histogram.decodeFromCompressedByteBuffer(
                        ByteBuffer.wrap(Base64.getDecoder().decode(text)), 0));
            } catch (DataFormatException | IllegalArgumentException e) {
                return medians(cell);
            }
        }
        if (all.getTotalCount() == 0) {
            return medians(cell);
        }
        return new Latencies(
                all.getMean() / 1e3,
                all.getValueAtPercentile(50) / 1e3,
                all.getValueAtPercentile(90) / 1e3,
                all.getValueAtPercentile(99) / 1e3,
                all.getTotalCount() < MESSAGES_OF_P999 ? Double.NaN : all.getValueAtPercentile(99.9) / 1e3,
                all.getMaxValue() / 1e3,
                all.getTotalCount());
    }

    private static Latencies medians(Summary cell) {
        double messages = cell.spread("operations").median();
        return new Latencies(
                median(cell, "mean"),
                median(cell, "p50"),
                median(cell, "p90"),
                median(cell, "p99"),
                messages < MESSAGES_OF_P999 ? Double.NaN : median(cell, "p999"),
                median(cell, "max"),
                messages);
    }

    private static double median(Summary cell, String which) {
        return cell.spread("latency_us", which).median();
    }

    /// A figure by its name.
    double value(String which) {
        return switch (which) {
            case "mean" -> mean;
            case "p50" -> p50;
            case "p90" -> p90;
            case "p99" -> p99;
            case "p99.9" -> p999;
            case "max" -> max;
            default -> throw new IllegalArgumentException(which);
        };
    }

    /// A figure over a unit; nothing where there is none.
    String text(String which, String format, double unit) {
        double value = value(which) / unit;
        return Double.isFinite(value) ? String.format(Locale.ROOT, format, value) : "";
    }
}
