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

import io.longhaul.cli.account.SenderAccount;
import io.longhaul.cli.quantity.BitRate;
import io.longhaul.cli.quantity.ByteSize;
import io.longhaul.cli.quantity.TimeSpan;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.congestion.catalog.ControllerCatalog;
import io.longhaul.sim.experiment.FlowSettings;
import io.longhaul.sim.experiment.PathSettings;
import io.longhaul.sim.experiment.StreamExperiment;
import io.longhaul.sim.experiment.TransferExperiment;
import io.longhaul.sim.model.Schemes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One simulation and what came of it: named figures, the JSON object, and lines for people.
final class SimulationRun {
    private final SimulateOptions options;
    private final PathSettings path;
    private final List<FlowSettings> flows;
    private final Map<String, Double> figures = new LinkedHashMap<>();
    private final List<String> lines = new ArrayList<>();
    private final Json json = new Json();
    private @Nullable StreamExperiment stream;
    private @Nullable TransferExperiment transfer;
    private double wallSeconds;

    SimulationRun(SimulateOptions options) {
        this.options = options;
        options.check();
        path = options.path();
        flows = options.flows();
        for (FlowSettings each : flows) {
            if (!each.scheme().equals("longhaul")) {
                if (!Schemes.names().contains(each.scheme())) {
                    throw CommandFailure.usage("Invalid value for option '--scheme': " + each.scheme()
                            + " is unknown: longhaul, " + String.join(", ", Schemes.names()));
                }
                continue;
            }
            try {
                controller(each.congestion(), 0);
            } catch (IllegalArgumentException e) {
                throw CommandFailure.usage("Invalid value for option '--cc': " + e.getMessage());
            }
            if (each.congestion().equals("reserved") && !each.warm()) {
                throw CommandFailure.usage("the controller 'reserved' holds a declared rate: not with --cold");
            }
        }
    }

    private static CongestionControllerFactory controller(String name, long seed) {
        return ControllerCatalog.find(name, seed);
    }

    /// Runs it.
    ///
    /// @param progress told in words how far it is
    /// @throws CommandFailure when something stalls, fails or arrives wrong
    SimulationRun run(Consumer<String> progress) {
        final long begin = System.nanoTime();
        try {
            if (options.isStream()) {
                runStream(progress);
            } else {
                runTransfers(progress);
            }
        } catch (IllegalStateException | AssertionError e) {
            throw CommandFailure.failed("the simulation broke a rule: " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw CommandFailure.usage(String.valueOf(e.getMessage()));
        }
        wallSeconds = (System.nanoTime() - begin) / 1e9;
        json.put("wall_seconds", wallSeconds);
        return this;
    }

    private void head(long traceHash, double payloadShare) {
        json.put("simulated", true)
                .put("scheme", flows.getFirst().scheme())
                .put("cc", flows.getFirst().congestion())
                .put("warm", flows.getFirst().warm())
                .put("link_bps", path.rateBitsPerSecond)
                .put("rtt_ms", path.rttNanos / 1e6)
                .put("loss", path.losses == null ? path.lossFraction : path.losses.lossFraction())
                .put("mtu", path.mtuBytes)
                .put("lanes", path.lanes)
                .put("sealed", path.sealed)
                .put("seed", path.seed)
                .put("trace_hash", String.format(Locale.ROOT, "%016x", traceHash))
                .put("payload_share", payloadShare);
    }

    private void figure(String name, double value) {
        figures.put(name, value);
        json.put(name, value);
    }

    private void runTransfers(Consumer<String> progress) {
        final long bytes = options.size == null ? 0 : options.size.bytes();
        final ByteSize answer = flows.getFirst().scheme().equals("longhaul") ? options.answer : null;
        final long answerBytes = answer == null ? 0 : answer.bytes();
        final int runs = options.runs;
        final int every = Math.max(1, runs / 20);
        final TransferExperiment done = new TransferExperiment(
                        path, flows.getFirst(), SimulationRun::controller, bytes, answerBytes, runs)
                .run(count -> {
                    if (count % every == 0) {
                        progress.accept(count + " of " + runs + " transfers");
                    }
                });
        transfer = done;
        head(done.traceHash(), done.payloadShare());
        json.put("runs", runs).put("bytes", bytes).put("answer_bytes", answerBytes);
        final double[] ratios = done.completionRatios();
        completionFigures(done, ratios);
        figure("retransmitted_fraction", done.retransmittedFraction());
        figure("parity_fraction", done.parityFraction());
        figure("spurious_fraction", done.spuriousFraction());
        figure("ideal_seconds", done.idealSeconds());
        figure("goodput_bps", done.goodputBitsPerSecond());
        lines.add(String.format(
                Locale.ROOT,
                "%d transfers of %s%s, ideal %s each (simulated)",
                runs,
                ByteSize.format(bytes),
                answerBytes == 0 ? "" : ", answered by " + ByteSize.format(answerBytes),
                time(done.idealSeconds())));
        lines.add(String.format(
                Locale.ROOT,
                "completion over ideal: mean %.4f, p50 %.4f, p99 %.4f, p99.9 %.4f, largest %.4f%s",
                figures.get("completion_ratio.mean"),
                figures.get("completion_ratio.p50"),
                figures.get("completion_ratio.p99"),
                figures.get("completion_ratio.p999"),
                ratios[ratios.length - 1],
                runs < 10_000 ? " (p99.9 means something from 10,000 runs on)" : ""));
        lines.add(String.format(
                Locale.ROOT,
                "efficiency %.2f %%, goodput %s",
                100 * done.efficiency(),
                rate(done.goodputBitsPerSecond())));
        costs(done.retransmittedFraction(), done.parityFraction(), done.spuriousFraction(), done.payloadShare());
        account(done.account());
    }

    private void completionFigures(TransferExperiment done, double[] ratios) {
        double mean = 0;
        for (double each : ratios) {
            mean += each / ratios.length;
        }
        figure("efficiency", done.efficiency());
        figures.put("completion_ratio.mean", mean);
        figures.put("completion_ratio.p50", TransferExperiment.quantile(ratios, 0.5));
        figures.put("completion_ratio.p99", TransferExperiment.quantile(ratios, 0.99));
        figures.put("completion_ratio.p999", TransferExperiment.quantile(ratios, 0.999));
        json.put(
                "completion_ratio",
                new Json()
                        .put("mean", mean)
                        .put("p50", TransferExperiment.quantile(ratios, 0.5))
                        .put("p99", TransferExperiment.quantile(ratios, 0.99))
                        .put("p999", TransferExperiment.quantile(ratios, 0.999))
                        .put("max", ratios[ratios.length - 1]));
    }

    private void account(@Nullable SenderAccount account) {
        if (account != null) {
            json.putAll(TransferJson.of(account));
            lines.addAll(account.lines());
        }
    }

    private void costs(double retransmitted, double parity, double spurious, double share) {
        lines.add(String.format(
                Locale.ROOT,
                "sent again %.4f %%, parity %.4f %%, needlessly sent again %.4f %%, payload share %.2f %%",
                100 * retransmitted,
                100 * parity,
                100 * spurious,
                100 * share));
    }

    private void runStream(Consumer<String> progress) {
        final StreamExperiment done = new StreamExperiment(
                        path, flows, SimulationRun::controller, (long) (options.seconds * 1e9), options.warmup.nanos())
                .run(seconds -> progress.accept(
                        String.format(Locale.ROOT, "%.1f of %.1f virtual seconds", seconds, options.seconds)));
        stream = done;
        head(done.traceHash(), done.payloadShare());
        json.put("runs", 1).put("virtual_seconds", options.seconds).put("warmup_seconds", options.warmup.nanos() / 1e9);
        figure("efficiency", done.efficiency());
        double sum = 0;
        for (int i = 0; i < flows.size(); i++) {
            sum += done.goodputBitsPerSecond(i);
        }
        figure("goodput_bps", sum);
        figure("terabyte_seconds", 8e12 / sum);
        figure("terabyte_seconds_limit", 8e12 / (done.meanRate() * done.payloadShare()));
        if (flows.size() == 1 && path.steps.isEmpty() && path.blackHoles.isEmpty()) {
            figures.put("hours_for_72_terabytes", 72 * 8e12 / sum / 3600);
            figures.put(
                    "hours_that_the_payload_share_allows", 72 * 8e12 / (done.meanRate() * done.payloadShare()) / 3600);
        }
        figure("retransmitted_fraction", done.retransmittedFraction());
        figure("parity_fraction", done.parityFraction());
        figure("spurious_fraction", done.spuriousFraction());
        figure("utilisation", done.utilisation());
        figure("queue_p95_ms", done.queueP95Nanos() / 1e6);
        figure("queue_p95_rtts", (double) done.queueP95Nanos() / path.rttNanos);
        lines.add(String.format(
                Locale.ROOT,
                "%s of %s in %.1f virtual seconds: efficiency %.2f %% (simulated)",
                rate(sum),
                rate(done.meanRate()),
                options.seconds,
                100 * done.efficiency()));
        costs(done.retransmittedFraction(), done.parityFraction(), done.spuriousFraction(), done.payloadShare());
        account(done.account());
        lines.add(String.format(
                Locale.ROOT,
                "line busy %.2f %%, queueing delay p95 %s, dropped by the queue %d",
                100 * done.utilisation(),
                TimeSpan.format(done.queueP95Nanos()),
                done.droppedPackets()));
        lines.add(String.format(
                Locale.ROOT,
                "extrapolated: 72 TB in %.3f h; the payload share allows %.3f h",
                72 * 8e12 / sum / 3600,
                72 * 8e12 / (done.meanRate() * done.payloadShare()) / 3600));
        flowFigures(done);
        recoveryFigures(done);
        if (!done.failures().isEmpty()) {
            throw new IllegalStateException(String.join("; ", done.failures()));
        }
    }

    private void flowFigures(StreamExperiment done) {
        final List<Json> rows = new ArrayList<>();
        final double fair = done.efficiency() * done.meanRate() * done.payloadShare() / flows.size();
        for (int i = 0; i < flows.size(); i++) {
            final double goodput = done.goodputBitsPerSecond(i);
            rows.add(new Json()
                    .put("flow", flows.get(i).label())
                    .put("goodput_bps", goodput)
                    .put("fair_shares", goodput / fair));
            figures.put("fair_shares." + i, goodput / fair);
            if (flows.size() > 1) {
                lines.add(String.format(
                        Locale.ROOT,
                        "flow %d, %s: %s, %.2f times its share",
                        i,
                        flows.get(i).label(),
                        rate(goodput),
                        goodput / fair));
            }
        }
        json.put("flows", rows);
        if (flows.size() > 1) {
            figure("jain", done.jain());
            lines.add(String.format(Locale.ROOT, "Jain's index %.4f", done.jain()));
        }
    }

    private void recoveryFigures(StreamExperiment done) {
        final List<Json> rows = new ArrayList<>();
        double worst = 0;
        double worstSeconds = 0;
        for (StreamExperiment.Recovery each : done.recoveries()) {
            worst = Math.max(worst, each.roundTrips());
            worstSeconds = Math.max(
                    worstSeconds, each.recoveryNanos() < 0 ? Double.POSITIVE_INFINITY : each.recoveryNanos() / 1e9);
            rows.add(new Json()
                    .put("change", each.what())
                    .put("at_seconds", each.atNanos() / 1e9)
                    .put("round_trips_to_90_percent", each.roundTrips())
                    .put("seconds_to_90_percent", each.recoveryNanos() < 0 ? Double.NaN : each.recoveryNanos() / 1e9));
            lines.add(String.format(
                    Locale.ROOT,
                    "%s at %.2f s: 90 %% of the path after %.1f round trips of %s",
                    each.what(),
                    each.atNanos() / 1e9,
                    each.roundTrips(),
                    TimeSpan.format(each.rttNanos())));
        }
        if (!rows.isEmpty()) {
            json.put("recoveries", rows);
            figures.put("recovery_rtts", worst);
            figures.put("recovery_seconds", worstSeconds);
        }
    }

    private static String rate(double bitsPerSecond) {
        return BitRate.format(bitsPerSecond);
    }

    private static String time(double seconds) {
        return TimeSpan.format(seconds * 1e9);
    }

    /// Named figures, in the order of the JSON object; ratios as fractions.
    Map<String, Double> figures() {
        return figures;
    }

    /// The JSON object.
    Json json() {
        return json;
    }

    /// Lines for people.
    List<String> lines() {
        return lines;
    }

    /// Lines of a plot; empty before it has run.
    List<PlotLine> plot() {
        if (stream != null) {
            return PlotLine.of(this, stream);
        }
        return transfer == null ? List.of() : PlotLine.of(this, transfer);
    }

    /// The flows.
    List<FlowSettings> flows() {
        return flows;
    }

    /// Real time that it took.
    double wallSeconds() {
        return wallSeconds;
    }
}
