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

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/// The goodput of a stream, as its receiver counts it: it reports again and again how much has arrived, by its own
/// clock.
///
/// Threading: [#onReport] by one thread, [#measure] by another.
final class StreamMeter {
    /// Length of a report.
    static final int REPORT_BYTES = 24;

    /// How often the receiver reports.
    static final long REPORT_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private record Report(long nanos, long bytes, long cpuNanos) {}

    private volatile Report latest = new Report(0, 0, 0);

    /// Writes a report about this process.
    ///
    /// @param bytes that have arrived
    static ByteBuffer report(long bytes) {
        return ByteBuffer.allocate(REPORT_BYTES)
                .putLong(System.nanoTime())
                .putLong(bytes)
                .putLong(cpuNanos())
                .flip();
    }

    /// Takes a report.
    void onReport(ByteBuffer report) {
        latest = new Report(report.getLong(), report.getLong(), report.getLong());
    }

    /// Waits while the stream runs.
    ///
    /// @return the result as JSON
    String measure(double warmupSeconds, double seconds) throws IOException, InterruptedException {
        sleep(warmupSeconds);
        Report first = latest;
        long cpu = cpuNanos();
        sleep(seconds);
        Report last = latest;
        cpu = cpuNanos() - cpu;
        long bytes = last.bytes() - first.bytes();
        double measured = (last.nanos() - first.nanos()) / 1e9;
        if (first.nanos() == 0 || bytes <= 0) {
            throw new IOException("nothing arrived within " + seconds + " s, and " + first.bytes() + " bytes before");
        }
        return String.format(
                Locale.ROOT,
                "{\"bytes\": %d, \"seconds\": %.6f, \"goodput_bps\": %.0f, \"cpu_seconds\": %.6f}",
                bytes,
                measured,
                8 * bytes / measured,
                (cpu + last.cpuNanos() - first.cpuNanos()) / 1e9);
    }

    private static void sleep(double seconds) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep((long) (seconds * 1e9));
    }

    /// Processor time of this process.
    static long cpuNanos() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getProcessCpuTime()
                : 0;
    }
}
