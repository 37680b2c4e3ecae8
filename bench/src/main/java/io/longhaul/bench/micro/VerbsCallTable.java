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
package io.longhaul.bench.micro;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/// Runs {@link VerbsCallBenchmark} and prints a Markdown table: C, Java, and their difference. Each run is a JVM of its
/// own.
public final class VerbsCallTable {
    private static final String ALLOCATION = "gc.alloc.rate.norm";
    private static final double GOAL_NANOS = 15;

    private VerbsCallTable() {}

    /// What a method of the benchmark cost, in one number for each run.
    private record Cost(List<Double> nanos, double bytes) {
        double median() {
            List<Double> sorted = nanos.stream().sorted().toList();
            int middle = sorted.size() / 2;
            return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
        }

        String text() {
            return String.format(
                    Locale.ROOT,
                    "%.2f (%.2f to %.2f)",
                    median(),
                    nanos.stream().mapToDouble(each -> each).min().orElse(0),
                    nanos.stream().mapToDouble(each -> each).max().orElse(0));
        }
    }

    /// Runs it.
    ///
    /// @param arguments how many runs; nothing for as many as the benchmark says
    public static void main(String[] arguments) throws RunnerException {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include(VerbsCallBenchmark.class.getName())
                .addProfiler(GCProfiler.class)
                .addProfiler(CpuTimeProfiler.class)
                .verbosity(VerboseMode.SILENT)
                .jvmArgsAppend(
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-Xbatch",
                        "-D" + FakeVerbsDevice.LIBRARY + "=" + System.getProperty(FakeVerbsDevice.LIBRARY));
        if (arguments.length > 0) {
            options.forks(Integer.parseInt(arguments[0]));
        }
        Map<String, Cost> costs = costs(new Runner(options.build()).run());
        System.out.println("| call | C, CPU ns | Java, CPU ns | difference, ns | Java, B/call |");
        System.out.println("|---|---|---|---|---|");
        boolean reached = row("`ibv_post_send`, connected", costs, "postSendC", "postSendJava");
        reached &= row("`ibv_post_send`, datagram", costs, "postSendC", "postSendDatagramJava");
        reached &= row("`ibv_post_recv`", costs, "postReceiveC", "postReceiveJava");
        reached &= row("`ibv_poll_cq`, one completion", costs, "pollC", "pollJava");
        System.out.printf(
                Locale.ROOT, "%nGoal: at most %.0f ns more than C: %s.%n", GOAL_NANOS, reached ? "reached" : "missed");
    }

    private static boolean row(String call, Map<String, Cost> costs, String methodInC, String methodInJava) {
        Cost c = Objects.requireNonNull(costs.get(methodInC), methodInC);
        Cost java = Objects.requireNonNull(costs.get(methodInJava), methodInJava);
        double difference = java.median() - c.median();
        System.out.printf(
                Locale.ROOT, "| %s | %s | %s | %.2f | %.3f |%n", call, c.text(), java.text(), difference, java.bytes());
        return difference <= GOAL_NANOS;
    }

    /// By the name of the method.
    private static Map<String, Cost> costs(Collection<RunResult> results) {
        Map<String, Cost> costs = new TreeMap<>();
        for (RunResult result : results) {
            List<Double> nanos = new ArrayList<>();
            for (BenchmarkResult run : result.getBenchmarkResults()) {
                nanos.add(secondary(run.getSecondaryResults(), CpuTimeProfiler.RESULT));
            }
            BenchmarkParams parameters = result.getParams();
            String name = parameters.getBenchmark();
            costs.put(
                    name.substring(name.lastIndexOf('.') + 1),
                    new Cost(nanos, secondary(result.getSecondaryResults(), ALLOCATION)));
        }
        return costs;
    }

    @SuppressWarnings("rawtypes") // as JMH declares it
    private static double secondary(Map<String, Result> results, String name) {
        Result<?> result = results.get(name);
        return result == null ? Double.NaN : result.getScore();
    }
}
