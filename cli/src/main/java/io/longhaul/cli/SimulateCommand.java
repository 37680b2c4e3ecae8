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

import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Simulates the engine over a modelled path in virtual time. Sends nothing.
@Command(
        name = "simulate",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Simulate a path in virtual time: the real engine at both ends, real payloads, a modelled link. Sends nothing.",
            "Equal options give equal results; the trace hash says so. Figures are simulated.",
            "",
            "Example: longhaul simulate --rate 100gbit --rtt 20ms --loss 1e-3 --size 128MiB --runs 100"
        })
final class SimulateCommand implements Callable<Integer> {
    private static final long PROGRESS_NANOS = 5_000_000_000L;

    @Mixin
    SimulateOptions options = new SimulateOptions();

    @Mixin
    OutputOptions output = new OutputOptions();

    private long saidNanos = System.nanoTime();

    private void progress(String text) {
        if (System.nanoTime() - saidNanos >= PROGRESS_NANOS) {
            saidNanos = System.nanoTime();
            output.say("simulate: " + text);
        }
    }

    @Override
    public Integer call() {
        final SimulationRun run = new SimulationRun(options).run(this::progress);
        run.lines().forEach(output::line);
        output.line(String.format(Locale.ROOT, "real time %.1f s, seed %d", run.wallSeconds(), options.seed));
        output.result(run.json());
        return ExitStatus.OK;
    }
}
