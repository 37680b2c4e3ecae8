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
package io.longhaul.sim.experiment;

import io.longhaul.cli.account.SenderAccount;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.sim.Actor;
import io.longhaul.sim.Line;
import io.longhaul.sim.Transport;
import io.longhaul.verbs.soft.WireConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;

/// Lets flows send without end for a while, and says what each got, how the line was used, and how soon changes of the
/// path were followed.
public final class StreamExperiment {
    private static final double NANOS = 1e9;
    private static final int MAX_SAMPLES = 20_000;
    private static final int REPORTS = 20;
    private static final double RECOVERED = 0.9;

    private final PathSettings path;
    private final List<FlowSettings> settings;
    private final BiFunction<String, Long, CongestionControllerFactory> controllers;
    private final long durationNanos;
    private final long warmupNanos;
    private final long sampleNanos;

    private final List<long[]> delivered = new ArrayList<>(); // [sample][flow], bytes since the start
    private final List<long[]> windows = new ArrayList<>(); // [sample][flow], bytes
    private final List<String> failures = new ArrayList<>();
    private final double[] goodput; // [flow], bits per second
    private double utilisation;
    private long queueP95Nanos;
    private long droppedPackets;
    private double retransmittedFraction;
    private double parityFraction;
    private double spuriousFraction;
    private double payloadShare;
    private long traceHash = 1;
    private @Nullable SenderAccount accountBefore;
    private @Nullable SenderAccount account;

    /// How the path was followed after a change.
    ///
    /// @param what the change
    /// @param atNanos when it happened, after the start
    /// @param recoveryNanos until a whole round trip delivered 90 % of what the path then carried, counted from the
    /// change
    /// (after a black hole: from the first byte that got through); -1 for never
    /// @param rttNanos round trip of the path then
    public record Recovery(String what, long atNanos, long recoveryNanos, long rttNanos) {
        /// The same in round trips; infinite for never.
        public double roundTrips() {
            return recoveryNanos < 0 ? Double.POSITIVE_INFINITY : (double) recoveryNanos / rttNanos;
        }
    }

    /// Prepares.
    ///
    /// @param warmupNanos what is not measured at the start
    public StreamExperiment(
            PathSettings path,
            List<FlowSettings> settings,
            BiFunction<String, Long, CongestionControllerFactory> controllers,
            long durationNanos,
            long warmupNanos) {
        if (durationNanos <= warmupNanos) {
            throw new IllegalArgumentException("nothing is measured: the stream must last longer than its warm-up");
        }
        this.path = path;
        this.settings = List.copyOf(settings);
        this.controllers = controllers;
        this.durationNanos = durationNanos;
        this.warmupNanos = warmupNanos;
        sampleNanos = Math.max(1, Math.max(path.rttNanos / 2, durationNanos / MAX_SAMPLES));
        goodput = new double[settings.size()];
    }

    // Starts and stops flows, and notes what has arrived.
    private final class Conductor implements Actor {
        private final Network network;
        private final boolean[] started; // [flow]
        private final boolean[] stopped; // [flow]
        private long nextNanos;

        Conductor(Network network) {
            this.network = network;
            started = new boolean[settings.size()];
            stopped = new boolean[settings.size()];
            nextNanos = network.startNanos();
        }

        @Override
        public long nextNanos() {
            return nextNanos;
        }

        @Override
        public void wake(long nowNanos) {
            // Nobody but the timeline touches it.
        }

        @Override
        public void run(long nowNanos) {
            final int count = settings.size();
            final long[] bytes = new long[count];
            final long[] window = new long[count];
            for (int i = 0; i < count; i++) {
                bytes[i] = network.flows().get(i).deliveredBytes();
                window[i] = network.flows().get(i).windowBytes();
            }
            delivered.add(bytes);
            windows.add(window);
            nextNanos = nowNanos + sampleNanos;
        }

        // Starts and stops what is due, and gives the time of the next change, after the start.
        long turn(long sinceStartNanos) {
            long next = durationNanos;
            for (int i = 0; i < settings.size(); i++) {
                final FlowSettings flow = settings.get(i);
                if (!started[i] && flow.startNanos() <= sinceStartNanos) {
                    started[i] = true;
                    network.flows().get(i).startStream();
                }
                if (!stopped[i] && flow.stopNanos() <= sinceStartNanos) {
                    stopped[i] = true;
                    network.flows().get(i).stopStream();
                }
                if (!started[i]) {
                    next = Math.min(next, flow.startNanos());
                }
                if (!stopped[i]) {
                    next = Math.min(next, flow.stopNanos());
                }
            }
            return next;
        }
    }

    /// Runs.
    ///
    /// @param progress is told the virtual seconds that have passed
    public StreamExperiment run(DoubleConsumer progress) {
        try (Network network = new Network(path, settings, controllers, 0)) {
            final Conductor conductor = new Conductor(network);
            network.timeline().join(conductor);
            final long[] before = new long[settings.size()];
            long carriedBefore = 0;
            long at = 0;
            boolean measuring = false;
            while (at < durationNanos) {
                long next = Math.min(conductor.turn(at), at + Math.max(1, durationNanos / REPORTS));
                if (!measuring && at >= warmupNanos) {
                    measuring = true;
                    carriedBefore = network.line().carriedBytes();
                    network.line().clearDelays();
                    accountBefore = network.flows().getFirst().account();
                    for (int i = 0; i < before.length; i++) {
                        before[i] = network.flows().get(i).deliveredBytes();
                    }
                }
                next = measuring ? next : Math.min(next, warmupNanos);
                network.timeline().runFor(next - at);
                at = next;
                progress.accept(at / NANOS);
            }
            conclude(network, before, carriedBefore);
        }
        return this;
    }

    private void conclude(Network network, long[] before, long carriedBefore) {
        final double seconds = (durationNanos - warmupNanos) / NANOS;
        final Line line = network.line();
        utilisation = (line.carriedBytes() - carriedBefore) * 8 / seconds / meanRate();
        queueP95Nanos = line.delayQuantileNanos(0.95);
        droppedPackets = line.droppedPackets();
        final Transport first = network.flows().getFirst();
        payloadShare = (double) first.payloadBytesPerPacket() / (first.ipBytesPerPacket() + Line.ETHERNET_BYTES);
        retransmittedFraction = (double) first.retransmittedBytes() / Math.max(1, first.sentBytes());
        final SenderAccount after = first.account();
        account = after == null || accountBefore == null ? after : after.since(accountBefore);
        parityFraction = (double) first.parityBytes() / Math.max(1, first.sentBytes());
        spuriousFraction = (double) first.spuriousPackets() / Math.max(1, first.sentPackets());
        for (int i = 0; i < goodput.length; i++) {
            final Transport flow = network.flows().get(i);
            goodput[i] = (flow.deliveredBytes() - before[i]) * 8 / seconds;
            traceHash = traceHash * 31 + flow.traceHash();
            if (!flow.failure().isEmpty()) {
                failures.add("flow " + i + " (" + settings.get(i).label() + "): " + flow.failure());
            }
            flow.verify();
        }
    }

    /// Mean rate of the line while measured, bits per second.
    public double meanRate() {
        return path.meanRate(warmupNanos, durationNanos);
    }

    /// What the first flow counted as a sender while measured; null for a model.
    public @Nullable SenderAccount account() {
        return account;
    }

    /// Goodput of a flow while measured, bits per second.
    public double goodputBitsPerSecond(int flow) {
        return goodput[flow];
    }

    /// Goodput of all flows over what the line carries of application bytes.
    public double efficiency() {
        double sum = 0;
        for (double each : goodput) {
            sum += each;
        }
        return sum / (meanRate() * payloadShare);
    }

    /// Jain's index of the goodputs: 1 when all are equal.
    public double jain() {
        double sum = 0;
        double squares = 0;
        for (double each : goodput) {
            sum += each;
            squares += each * each;
        }
        return squares == 0 ? 0 : sum * sum / (goodput.length * squares);
    }

    /// Share of the line's time in which it was busy.
    public double utilisation() {
        return utilisation;
    }

    /// Waiting time in front of the line that 95 % of the packets did not exceed, nanoseconds.
    public long queueP95Nanos() {
        return queueP95Nanos;
    }

    /// Packets that the queue dropped.
    public long droppedPackets() {
        return droppedPackets;
    }

    /// Bytes that the first flow sent again over bytes that it sent first.
    public double retransmittedFraction() {
        return retransmittedFraction;
    }

    /// Bytes of parity of the first flow over bytes that it sent first.
    public double parityFraction() {
        return parityFraction;
    }

    /// Packets that the first flow sent again needlessly over packets that it sent.
    public double spuriousFraction() {
        return spuriousFraction;
    }

    /// Application bytes over all bytes of a full packet of the first flow on the line.
    public double payloadShare() {
        return payloadShare;
    }

    /// Hash over everything that was sent.
    public long traceHash() {
        return traceHash;
    }

    /// Flows that ended by themselves, and why.
    public List<String> failures() {
        return failures;
    }

    /// Time between two samples, nanoseconds.
    public long sampleNanos() {
        return sampleNanos;
    }

    /// Number of samples.
    public int samples() {
        return delivered.size();
    }

    /// Application bytes of a flow that had arrived at a sample.
    public long deliveredBytes(int sample, int flow) {
        return delivered.get(sample)[flow];
    }

    /// Window of a flow at a sample, bytes.
    public long windowBytes(int sample, int flow) {
        return windows.get(sample)[flow];
    }

    /// How soon the first flow followed each change of the path.
    public List<Recovery> recoveries() {
        final List<Recovery> result = new ArrayList<>();
        long rtt = path.rttNanos;
        for (PathSettings.Step each : path.steps) {
            rtt = each.rttNanos() == 0 ? rtt : each.rttNanos();
            final String what = (each.rateBitsPerSecond() == 0 ? "" : "rate") + (each.rttNanos() == 0 ? "" : "RTT");
            result.add(recovery(what, each.atNanos(), false, rtt));
        }
        for (WireConfig.BlackHole each : path.blackHoles) {
            final long end = each.start().plus(each.duration()).toNanos();
            result.add(recovery("black hole", end, true, path.rttNanos));
        }
        return result;
    }

    private Recovery recovery(String what, long changeNanos, boolean afterHole, long rttNanos) {
        int from = (int) ((changeNanos + sampleNanos - 1) / sampleNanos);
        final int span = (int) Math.max(1, (rttNanos + sampleNanos - 1) / sampleNanos);
        long zeroNanos = changeNanos;
        if (afterHole) {
            while (from + 1 < samples() && deliveredBytes(from + 1, 0) == deliveredBytes(from, 0)) {
                from++;
            }
            zeroNanos = from * sampleNanos;
        }
        final double needed = RECOVERED * path.rateAt(changeNanos) * payloadShare / 8 * (span * sampleNanos / NANOS);
        for (int i = from; i + span < samples(); i++) {
            if (deliveredBytes(i + span, 0) - deliveredBytes(i, 0) >= needed) {
                return new Recovery(what, changeNanos, Math.max(0, i * sampleNanos - zeroNanos), rttNanos);
            }
        }
        return new Recovery(what, changeNanos, -1, rttNanos);
    }
}
