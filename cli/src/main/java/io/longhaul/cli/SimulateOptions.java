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

import io.longhaul.cli.quantity.BitRate;
import io.longhaul.cli.quantity.ByteSize;
import io.longhaul.cli.quantity.Fraction;
import io.longhaul.cli.quantity.QuantityException;
import io.longhaul.cli.quantity.TimeSpan;
import io.longhaul.sim.Line;
import io.longhaul.sim.LossTrace;
import io.longhaul.sim.PathRoute;
import io.longhaul.sim.experiment.FlowSettings;
import io.longhaul.sim.experiment.PathSettings;
import io.longhaul.sim.experiment.TransferExperiment;
import io.longhaul.verbs.soft.WireConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// One simulation: the path, the flows over it, and what they move. A line of a scenario file is read by the same
/// options.
final class SimulateOptions {
    @Option(names = "--rate", paramLabel = "RATE", description = "Rate of the path, whole Ethernet frames: 100gbit.")
    @Nullable
    BitRate rate;

    @Option(names = "--rtt", paramLabel = "TIME", description = "Round trip without queues: 20ms.")
    @Nullable
    TimeSpan rtt;

    @Option(names = "--loss", paramLabel = "FRACTION", description = "Packets lost in each direction. Default: 0.")
    Fraction loss = Fraction.ZERO;

    @Option(names = "--burst", paramLabel = "N", description = "Mean packets of a loss (Gilbert-Elliott). Default: 1.")
    double burst = 1;

    @Option(names = "--loss-trace", paramLabel = "FILE", description = "Replay losses: arriving, lost, arriving, ...")
    @Nullable
    Path lossTrace;

    @Option(names = "--reorder", paramLabel = "FRACTION[:TIME]", description = "Packets that come late. Default: 2ms.")
    @Nullable
    String reorder;

    @Option(names = "--jitter", paramLabel = "TIME", description = "Extra delay that keeps the order of a lane.")
    TimeSpan jitter = new TimeSpan(0);

    @Option(names = "--duplicate", paramLabel = "FRACTION", description = "Packets that arrive twice.")
    Fraction duplicate = Fraction.ZERO;

    @Option(names = "--corrupt", paramLabel = "FRACTION", description = "Packets with a flipped bit.")
    Fraction corrupt = Fraction.ZERO;

    @Option(
            names = "--queue",
            paramLabel = "SIZE",
            description = "Room before the line: 4MiB, or 0.25bdp. Default: 0.5bdp, at least 256KiB.")
    @Nullable
    String queue;

    @Option(names = "--ecn", paramLabel = "SIZE", description = "Queue above which packets are marked.")
    @Nullable
    ByteSize ecn;

    @Option(names = "--red", paramLabel = "MIN:MAX:P", description = "Random early detection: 1MiB:3MiB:10%%.")
    @Nullable
    String red;

    @Option(names = "--policer", paramLabel = "RATE:BURST", description = "Drop what exceeds: 10gbit:1MiB.")
    @Nullable
    String policer;

    @Option(
            names = "--step",
            paramLabel = "TIME:CHANGES",
            description = "Change the path: 5s:rate=1gbit or 5s:rtt=200ms. May be repeated.")
    List<String> steps = new ArrayList<>();

    @Option(names = "--black-hole", paramLabel = "START:TIME", description = "Lose everything: 5s:5s. May be repeated.")
    List<String> blackHoles = new ArrayList<>();

    @Option(names = "--lanes", paramLabel = "N", description = "Lanes of each flow, 1..64. Default: 4.")
    int lanes = 4;

    @Option(names = "--lane-spread", paramLabel = "TIME", description = "How much longer the last lane's path is.")
    TimeSpan laneSpread = new TimeSpan(0);

    @Option(names = "--mtu", paramLabel = "BYTES", description = "Largest IP packet. Default: 9000.")
    int mtu = 9000;

    @Option(names = "--size", paramLabel = "SIZE", description = "Move so much, --runs times: 128MiB.")
    @Nullable
    ByteSize size;

    @Option(
            names = "--answer",
            paramLabel = "SIZE",
            description = "Request and response: the far end answers each transfer by so much. Of other schemes than"
                    + " longhaul, the acknowledgement is the answer.")
    @Nullable
    ByteSize answer;

    @Option(names = "--runs", paramLabel = "N", description = "Number of transfers. Default: 1.")
    int runs = 1;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            description = "Stream for so many virtual seconds, instead of --size.")
    double seconds;

    @Option(names = "--warmup", paramLabel = "TIME", description = "What a stream does not count. Default: 1s.")
    TimeSpan warmup = new TimeSpan(1_000_000_000L);

    @Option(names = "--cold", description = "Start without knowing the rate of the path.")
    boolean cold;

    @Option(
            names = "--scheme",
            paramLabel = "NAME",
            description = "What moves the bytes: longhaul, gbn,"
                    + " gbn-rxe, sr, sr-tlp, rs-32-8, rs-8-2, cubic, bbr3. Default: longhaul.")
    String scheme = "longhaul";

    @Option(names = "--cc", paramLabel = "NAME", description = "Congestion controller of longhaul. Default: bbr.")
    String controller = "bbr";

    @Option(
            names = "--fec",
            paramLabel = "WHEN",
            description = "Parity of longhaul: off, auto, full or tail. Default: off.")
    String fec = "off";

    @Option(names = "--sealed", description = "Longhaul seals its packets, as connections with certificates do.")
    boolean sealed;

    @Option(names = "--flows", paramLabel = "N", description = "Equal streams beside each other. Default: 1.")
    int flows = 1;

    @Option(
            names = "--flow",
            paramLabel = "PARTS",
            description = "One more stream: scheme=cubic,cc=bbr,rtt=80ms,start=60s,stop=90s,cold. May be repeated.")
    List<String> moreFlows = new ArrayList<>();

    @Option(names = "--seed", paramLabel = "N", description = "Seed of everything random. Default: 1.")
    long seed = 1;

    @Option(names = "--qlog", paramLabel = "FILE|DIR", description = TraceOption.HELP)
    @Nullable
    String qlog;

    /// True for a stream.
    boolean isStream() {
        return seconds > 0;
    }

    /// The path.
    PathSettings path() {
        final BitRate givenRate = rate;
        final TimeSpan givenRtt = rtt;
        if (givenRate == null || givenRtt == null) {
            throw CommandFailure.usage("give the path: --rate 100gbit --rtt 20ms");
        }
        final PathSettings path = new PathSettings();
        path.rateBitsPerSecond = givenRate.bitsPerSecond();
        path.rttNanos = givenRtt.nanos();
        path.lossFraction = loss.value();
        path.burstPackets = burst;
        path.jitterNanos = jitter.nanos();
        path.duplicateFraction = duplicate.value();
        path.corruptFraction = corrupt.value();
        path.markBytes = ecn == null ? 0 : ecn.bytes();
        path.lanes = lanes;
        path.sealed = sealed;
        path.fec = EndpointOptions.fecPolicy(fec);
        path.laneSpreadNanos = laneSpread.nanos();
        path.mtuBytes = mtu;
        path.seed = seed;
        path.traces = TraceOption.target(qlog);
        try {
            setTexts(path);
            path.check();
        } catch (IllegalArgumentException e) {
            throw CommandFailure.usage(String.valueOf(e.getMessage()));
        }
        return path;
    }

    private void setTexts(PathSettings path) {
        if (lossTrace != null) {
            path.losses = readTrace(lossTrace);
        }
        if (reorder != null) {
            final String[] parts = reorder.split(":", 2);
            path.reorderFraction = Fraction.parse(parts[0]).value();
            path.reorderNanos = parts.length > 1 ? TimeSpan.parse(parts[1]).nanos() : path.reorderNanos;
        }
        if (queue != null && queue.endsWith("bdp")) {
            path.queueBdp = number("--queue", queue.substring(0, queue.length() - 3));
        } else if (queue != null) {
            path.queueBytes = ByteSize.parse(queue).bytes();
        }
        if (red != null) {
            final String[] parts = split("--red", red, 3, "1MiB:3MiB:10%");
            path.red = new Line.Red(
                    ByteSize.parse(parts[0]).bytes(),
                    ByteSize.parse(parts[1]).bytes(),
                    Fraction.parse(parts[2]).value());
        }
        if (policer != null) {
            final String[] parts = split("--policer", policer, 2, "10gbit:1MiB");
            path.policer = new PathRoute.Policer(
                    BitRate.parse(parts[0]).bitsPerSecond(),
                    ByteSize.parse(parts[1]).bytes());
        }
        steps.forEach(each -> path.steps.add(step(each)));
        for (String each : blackHoles) {
            final String[] parts = split("--black-hole", each, 2, "5s:5s");
            path.blackHoles.add(new WireConfig.BlackHole(
                    TimeSpan.parse(parts[0]).toDuration(),
                    Duration.ofNanos(TimeSpan.parse(parts[1]).nanos())));
        }
    }

    private static LossTrace readTrace(Path file) {
        try {
            return LossTrace.parse(Files.readString(file));
        } catch (IOException e) {
            throw new IllegalArgumentException("the trace " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static PathSettings.Step step(String text) {
        final String[] parts = split("--step", text, 2, "5s:rate=1gbit,rtt=200ms");
        long newRate = 0;
        long newRtt = 0;
        for (String change : parts[1].split(",", -1)) {
            if (change.startsWith("rate=")) {
                newRate = BitRate.parse(change.substring(5)).bitsPerSecond();
            } else if (change.startsWith("rtt=")) {
                newRtt = TimeSpan.parse(change.substring(4)).nanos();
            } else {
                throw new QuantityException(text, "changes neither rate nor rtt", "5s:rate=1gbit");
            }
        }
        return new PathSettings.Step(TimeSpan.parse(parts[0]).nanos(), newRate, newRtt);
    }

    private static String[] split(String option, String text, int count, String example) {
        final String[] parts = text.split(":", -1);
        if (parts.length != count) {
            throw new QuantityException(text, "is no value of " + option, example);
        }
        return parts;
    }

    private static double number(String option, String text) {
        try {
            final double value = Double.parseDouble(text);
            if (value > 0 && value < 1e6) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new QuantityException(text, "is no positive number for " + option, "0.25bdp");
    }

    /// The flows.
    List<FlowSettings> flows() {
        final List<FlowSettings> result = new ArrayList<>();
        try {
            for (int i = 0; i < flows; i++) {
                result.add(FlowSettings.always(scheme, controller, !cold));
            }
            moreFlows.forEach(each -> result.add(flow(each)));
        } catch (IllegalArgumentException e) {
            throw CommandFailure.usage(String.valueOf(e.getMessage()));
        }
        return result;
    }

    private FlowSettings flow(String text) {
        String flowScheme = scheme;
        String cc = controller;
        long ownRtt = 0;
        long start = 0;
        long stop = Long.MAX_VALUE;
        boolean warm = !cold;
        for (String part : text.split(",", -1)) {
            final int equals = part.indexOf('=');
            final String name = equals < 0 ? part : part.substring(0, equals);
            final String value = equals < 0 ? "" : part.substring(equals + 1);
            switch (name) {
                case "scheme" -> flowScheme = value;
                case "cc" -> cc = value;
                case "rtt" -> ownRtt = TimeSpan.parse(value).nanos();
                case "start" -> start = TimeSpan.parse(value).nanos();
                case "stop" -> stop = TimeSpan.parse(value).nanos();
                case "cold" -> warm = false;
                default ->
                    throw new QuantityException(
                            text, "has the unknown part '" + name + "'", "cc=bbr,rtt=80ms,start=60s");
            }
        }
        return new FlowSettings(flowScheme, cc, ownRtt, start, stop, warm);
    }

    /// Checks what fits together.
    void check() {
        if (isStream() == (size != null)) {
            throw CommandFailure.usage("say what to move: --size 128MiB, or a stream of --seconds 10");
        }
        if (runs < 1 || runs > 10_000_000) {
            throw CommandFailure.usage("Invalid value for option '--runs': '" + runs + "' is not in 1..10000000");
        }
        if (flows < 1 || flows > 1000 || !(seconds >= 0 && seconds <= 1e6)) {
            throw CommandFailure.usage("--flows must be 1..1000, and --seconds at most 1000000");
        }
        if (!isStream() && (flows > 1 || !moreFlows.isEmpty())) {
            throw CommandFailure.usage("several flows are streams: give --seconds instead of --size");
        }
        if (isStream() && answer != null) {
            throw CommandFailure.usage("--answer belongs to --size: streams are not answered");
        }
        if (answer != null
                && size != null
                && Math.max(answer.bytes(), size.bytes()) > TransferExperiment.MAX_MESSAGE_BYTES) {
            throw CommandFailure.usage("a request and an answer are one message each, of at most "
                    + ByteSize.format(TransferExperiment.MAX_MESSAGE_BYTES) + ": give smaller ones");
        }
        if (isStream() && warmup.nanos() >= seconds * 1e9) {
            throw CommandFailure.usage("nothing would be measured: --seconds must be longer than --warmup");
        }
    }
}
