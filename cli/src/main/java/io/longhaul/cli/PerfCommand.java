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

import io.longhaul.Connection;
import io.longhaul.ConnectionException;
import io.longhaul.Longhaul;
import io.longhaul.cli.control.Inbox;
import io.longhaul.cli.control.RefusalException;
import io.longhaul.cli.perf.PerfOperation;
import io.longhaul.cli.perf.PerfPlan;
import io.longhaul.cli.perf.PerfResult;
import io.longhaul.cli.perf.PerfRun;
import io.longhaul.cli.quantity.BitRate;
import io.longhaul.cli.quantity.ByteSize;
import io.longhaul.cli.quantity.HostPort;
import io.longhaul.cli.quantity.TimeSpan;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Measures rate and latency of one kind of operation to a server.
@Command(
        name = "perf",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Measure rate and latency of operations to a server.",
            "With --rate, operations start at fixed times, and latency counts from the time at which one should have"
                    + " started."
        })
final class PerfCommand implements Callable<Integer> {
    private static final long MOST_OPERATION_BYTES = 1L << 30;
    private static final int MOST_DEPTH = 65_536;
    private static final int MOST_RUNS = 10_000;
    private static final long MOST_NANOS = Duration.ofDays(7).toNanos();

    @Parameters(index = "0", paramLabel = "HOST:PORT", description = "A server: longhaul serve.")
    HostPort server = new HostPort("", 0);

    @Option(
            names = "--op",
            paramLabel = "OP",
            description = "write, read, send, stream or atomic (fetch-and-add). Default: write.")
    PerfOperation operation = PerfOperation.WRITE;

    @Option(names = "--size", paramLabel = "SIZE", description = "Length of an operation. Default: 1MiB.")
    @Nullable
    ByteSize size;

    @Option(names = "--seconds", paramLabel = "TIME", description = "How long to measure: 10 or 10s. Default: 10.")
    String seconds = "10";

    @Option(names = "--warmup", paramLabel = "TIME", description = "How long to run before. Default: 2s.")
    String warmup = "2s";

    @Option(
            names = "--depth",
            paramLabel = "N",
            description = "Operations outstanding at a time. Default: two round trips of data.")
    int depth;

    @Option(names = "--rate", paramLabel = "RATE", description = "Start operations at this rate: 1gbit.")
    @Nullable
    BitRate rate;

    @Option(
            names = "--runs",
            paramLabel = "N",
            description = "Measure N times, each on a connection of its own, and give the median. Default: 1.")
    int runs = 1;

    @Mixin
    EndpointOptions endpointOptions = new EndpointOptions();

    @Mixin
    OutputOptions output = new OutputOptions();

    @Override
    public Integer call() throws RefusalException, InterruptedException {
        final long measureNanos = time("--seconds", seconds, 1_000_000);
        final long warmupNanos = time("--warmup", warmup, 0);
        final long sizeBytes = sizeBytes();
        if (depth < 0 || depth > MOST_DEPTH) {
            throw CommandFailure.usage(
                    "Invalid value for option '--depth': '" + depth + "' is not in 1.." + MOST_DEPTH);
        }
        if (runs < 1 || runs > MOST_RUNS) {
            throw CommandFailure.usage("Invalid value for option '--runs': '" + runs + "' is not in 1.." + MOST_RUNS);
        }
        boolean verified = true;
        final List<Measured> all = new ArrayList<>();
        try (Longhaul endpoint = endpointOptions.open()) {
            for (int i = 0; i < runs; i++) {
                final Measured measured = measure(endpoint, sizeBytes, warmupNanos, measureNanos);
                verified &= measured.verified();
                all.add(measured);
            }
        } finally {
            if (!all.isEmpty()) { // those before one that failed, too
                report(all, verified);
            }
        }
        return verified ? ExitStatus.OK : ExitStatus.FAILED;
    }

    /// A run.
    ///
    /// @param goodputBitsPerSecond of the application's bytes
    private record Measured(double goodputBitsPerSecond, boolean verified, Json json) {}

    private Measured measure(Longhaul endpoint, long sizeBytes, long warmupNanos, long measureNanos)
            throws RefusalException, InterruptedException {
        final Connection connection = EndpointOptions.connect(endpoint, server);
        try {
            endpointOptions.announce(output);
            final PerfPlan plan = plan(connection, sizeBytes, warmupNanos, measureNanos);
            output.say(String.format(
                    Locale.ROOT,
                    "%s of %s to %s, %d at a time, %s after %s of warm-up",
                    name(),
                    ByteSize.format(sizeBytes),
                    server,
                    plan.depth(),
                    TimeSpan.format(measureNanos),
                    TimeSpan.format(warmupNanos)));
            final PerfResult result = run(plan, connection);
            final long bytes = result.operations() * plan.sizeBytes();
            final double goodput = 8.0 * bytes / result.seconds();
            print(result, goodput);
            if (!result.verified()) {
                output.say("longhaul perf: the bytes that arrived are not those that were sent");
            }
            return new Measured(goodput, result.verified(), json(result, plan, connection, bytes));
        } finally {
            connection.close(Duration.ofSeconds(3));
        }
    }

    /// The run with the median goodput, of an even number the lower one of two; all of them beside it if there are
    /// several.
    private void report(List<Measured> all, boolean verified) {
        final List<Measured> ordered = all.stream()
                .sorted(Comparator.comparingDouble(Measured::goodputBitsPerSecond))
                .toList();
        final Measured median = ordered.get((ordered.size() - 1) / 2);
        if (all.size() == 1) {
            output.result(median.json());
            return;
        }
        output.line(String.format(
                Locale.ROOT,
                "median of %d runs: %s (%s to %s)",
                all.size(),
                BitRate.format(median.goodputBitsPerSecond()),
                BitRate.format(ordered.getFirst().goodputBitsPerSecond()),
                BitRate.format(ordered.getLast().goodputBitsPerSecond())));
        output.result(new Json()
                .putAll(median.json())
                .put("verified", verified)
                .put("runs", all.stream().map(Measured::json).toList()));
    }

    private PerfResult run(PerfPlan plan, Connection connection) throws RefusalException, InterruptedException {
        try {
            return new PerfRun(new Inbox(connection), plan).run();
        } catch (ConnectionException e) {
            throw CommandFailure.failed("the connection to " + server + " was lost: " + e.getMessage(), e);
        } catch (RefusalException e) {
            throw CommandFailure.failed((e.isRemote() ? server + " refuses: " : "") + e.getMessage(), e);
        }
    }

    /// A time; a plain number is seconds, as the option says.
    private static long time(String option, String text, long least) {
        final long nanos;
        try {
            nanos = TimeSpan.parse(text.matches("[0-9]{1,9}") ? text + "s" : text)
                    .nanos();
        } catch (io.longhaul.cli.quantity.QuantityException e) {
            throw CommandFailure.usage("Invalid value for option '" + option + "': " + e.getMessage());
        }
        if (nanos < least || nanos > MOST_NANOS) {
            throw CommandFailure.usage("Invalid value for option '" + option + "': '" + text + "' is not in "
                    + TimeSpan.format(least) + " to 7 days");
        }
        return nanos;
    }

    private long sizeBytes() {
        final ByteSize given = size;
        if (operation == PerfOperation.ATOMIC) {
            if (given != null && given.bytes() != PerfPlan.ATOMIC_BYTES) {
                throw CommandFailure.usage(
                        "Invalid value for option '--size': an atomic works on 8 bytes; leave it out");
            }
            return PerfPlan.ATOMIC_BYTES;
        }
        final long bytes = given == null ? 1 << 20 : given.bytes();
        if (bytes > MOST_OPERATION_BYTES) {
            throw CommandFailure.usage("Invalid value for option '--size': '" + given + "' is more than 1GiB");
        }
        return bytes;
    }

    private PerfPlan plan(Connection connection, long sizeBytes, long warmupNanos, long measureNanos) {
        final int chosen = depth > 0
                ? depth
                : PerfPlan.depthFor(
                        sizeBytes,
                        endpointOptions.rateHintBitsPerSecond(),
                        connection.statistics().smoothedRttNanos());
        // Both sides hold that many operations at a time; the server gives half of its memory.
        final long affordable = Math.max(1, endpointOptions.maxMemoryBytes() / 4 / sizeBytes);
        final int used = depth > 0 ? chosen : (int) Math.min(chosen, affordable);
        return new PerfPlan(
                operation,
                sizeBytes,
                used,
                rate == null ? 0 : rate.bitsPerSecond(),
                warmupNanos,
                measureNanos,
                System.nanoTime());
    }

    private String name() {
        return operation.name().toLowerCase(Locale.ROOT);
    }

    private void print(PerfResult result, double goodput) {
        final Histogram latency = result.latencyNanos();
        output.line(String.format(
                Locale.ROOT,
                "%s: %s, %.0f operations/s, RTT %s, CPU %.2f s here, %.2f s there%s",
                name(),
                BitRate.format(goodput),
                result.operations() / result.seconds(),
                TimeSpan.format(result.after().smoothedRttNanos()),
                result.cpuSeconds(),
                result.serverCpuSeconds(),
                result.verified() ? "" : ", BYTES ARE WRONG"));
        output.line(String.format(
                Locale.ROOT,
                "latency: p50 %s, p90 %s, p99 %s, p99.9 %s, max %s",
                TimeSpan.format(latency.getValueAtPercentile(50)),
                TimeSpan.format(latency.getValueAtPercentile(90)),
                TimeSpan.format(latency.getValueAtPercentile(99)),
                TimeSpan.format(latency.getValueAtPercentile(99.9)),
                TimeSpan.format(latency.getMaxValue())));
        result.account().lines().forEach(output::line);
    }

    private Json json(PerfResult result, PerfPlan plan, Connection connection, long bytes) {
        final Histogram latency = result.latencyNanos();
        final Json latencies = new Json()
                .put("mean", latency.getMean() / 1e3)
                .put("p50", latency.getValueAtPercentile(50) / 1e3)
                .put("p90", latency.getValueAtPercentile(90) / 1e3)
                .put("p99", latency.getValueAtPercentile(99) / 1e3)
                .put("p999", latency.getValueAtPercentile(99.9) / 1e3)
                .put("max", latency.getMaxValue() / 1e3);
        return TransferJson.of(bytes, result.seconds(), result.after(), result.account(), connection.deviceName())
                .put("verified", result.verified())
                .put("op", name())
                .put("size_bytes", plan.sizeBytes())
                .put("depth", plan.depth())
                .put("operations", result.operations())
                .put("latency_us", latencies)
                .put("cpu_seconds", result.cpuSeconds())
                .put("server_cpu_seconds", result.serverCpuSeconds())
                .put("warmup_seconds", plan.warmupNanos() / 1e9);
    }
}
