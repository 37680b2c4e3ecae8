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
package io.longhaul.bench.peers;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.zip.Deflater;
import org.HdrHistogram.Histogram;

/// What a load sends and when, and how long each message took. With a rate, messages are due at fixed times, and their
/// latency counts from then, so that a message that had to wait for others is not excused.
///
/// @param sizeBytes length of a message
/// @param warmupMessages messages before those that count
/// @param messages those that count
/// @param perSecond messages due in a second; 0 sends one at a time, each when the one before was answered
/// @param mostSeconds after which no more are sent, those of the warm-up included
public record LoadPlan(int sizeBytes, int warmupMessages, int messages, double perSecond, double mostSeconds) {
    /// How many words [#parse] takes.
    public static final int WORDS = 5;

    /// Checks the ranges.
    public LoadPlan {
        if (sizeBytes < 1 || warmupMessages < 0 || messages < 1 || !(perSecond >= 0) || !(mostSeconds > 0)) {
            throw new IllegalArgumentException(
                    "a load needs at least one message of one byte, is " + messages + " of " + sizeBytes);
        }
    }

    /// Reads SIZE WARMUP MESSAGES RATE MOST_SECONDS.
    static LoadPlan parse(String[] args, int from) {
        return new LoadPlan(
                Integer.parseInt(args[from]),
                Integer.parseInt(args[from + 1]),
                Integer.parseInt(args[from + 2]),
                Double.parseDouble(args[from + 3]),
                Double.parseDouble(args[from + 4]));
    }

    /// When a message is due.
    ///
    /// @param index from 0, those of the warm-up included
    long dueNanos(long startNanos, int index) {
        return startNanos + (long) (index * 1e9 / perSecond);
    }

    /// All messages, those of the warm-up included.
    int total() {
        return warmupMessages + messages;
    }

    /// A histogram of nanoseconds, up to ten minutes.
    static Histogram histogram() {
        return new Histogram(600_000_000_000L, 3);
    }

    /// The result as a JSON object.
    ///
    /// @param seconds from the first message that counts to the last answer
    String json(Histogram nanos, double seconds) {
        return String.format(
                Locale.ROOT,
                "{\"operations\": %d, \"size_bytes\": %d, \"seconds\": %.6f, \"goodput_bps\": %.0f, \"latency_us\": %s,"
                        + " \"histogram_nanos\": \"%s\"}",
                nanos.getTotalCount(),
                sizeBytes,
                seconds,
                8.0 * sizeBytes * nanos.getTotalCount() / seconds,
                latencies(nanos),
                encoded(nanos));
    }

    /// Percentiles as a JSON object, microseconds.
    static String latencies(Histogram nanos) {
        return String.format(
                Locale.ROOT,
                "{\"mean\": %.1f, \"p50\": %.1f, \"p90\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"max\": %.1f}",
                nanos.getMean() / 1e3,
                nanos.getValueAtPercentile(50) / 1e3,
                nanos.getValueAtPercentile(90) / 1e3,
                nanos.getValueAtPercentile(99) / 1e3,
                nanos.getValueAtPercentile(99.9) / 1e3,
                nanos.getMaxValue() / 1e3);
    }

    /// The whole histogram, compressed, in base 64: so that the messages of several runs can be taken together.
    static String encoded(Histogram nanos) {
        ByteBuffer buffer = ByteBuffer.allocate(nanos.getNeededByteBufferCapacity());
        int length = nanos.encodeIntoCompressedByteBuffer(buffer, Deflater.BEST_COMPRESSION);
        return Base64.getEncoder().encodeToString(Arrays.copyOf(buffer.array(), length));
    }
}
