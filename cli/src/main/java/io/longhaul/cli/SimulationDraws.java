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

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/// Streams over paths drawn at random: none may stall, break a rule, deliver a wrong byte, or stay below 90 % of what
/// its own path allows.
///
/// Rate 100 Mb/s to 100 Gb/s, round trip 10 to 200 ms, loss 0 or 1e-6 to 1e-2 (each logarithmic, the loss in bursts of
/// up to 16 in a third of the draws), reordering up to 1 % by up to 2 ms, jitter up to 2 ms, duplication and corruption
/// up to 0.1 %, queues of 0.25 to 1 BDP, three MTUs, 1 to 8 lanes, controllers `bbr` and `reserved`. In a quarter of
/// the
/// draws the path changes before it is measured: its rate falls and comes back, its route becomes longer or shorter,
/// everything is lost for a while, or a CUBIC flow comes and goes. A rate is lowered where a round trip holds more than
/// {@value #MAX_PACKETS_PER_RTT} packets, so that a draw takes seconds, not minutes.
final class SimulationDraws {
    private static final double LEAST_SHARE = 0.9;
    private static final int MAX_PACKETS_PER_RTT = 20_000;
    private static final int WARM_UP_ROUND_TRIPS = 12;
    private static final int MEASURED_ROUND_TRIPS = 24;
    private static final int MEASURED_PACKETS = 20_000;
    private static final double CHANGE_START_MILLIS = 300;
    private static final int CHANGE_SETTLING_ROUND_TRIPS = 30;
    private static final double CHANGE_SETTLING_SECONDS = 2;
    private static final double MAX_EXTRA_RETRANSMISSION = 0.02;

    /// What came of one draw.
    ///
    /// @param command that repeats it
    /// @param share of its bound that was reached; 0 when it failed
    /// @param fault empty when nothing was wrong
    record Draw(String command, double share, String fault) {}

    private final long seed;
    private final List<Draw> draws = new ArrayList<>();

    SimulationDraws(long seed) {
        this.seed = seed;
    }

    /// Draws and runs.
    ///
    /// @param first number of the first draw, from 0
    /// @param count number of draws
    SimulationDraws run(int first, int count, Consumer<String> progress) {
        for (int i = first; i < first + count; i++) {
            final Draw draw = run(options(new SplittableRandom(seed * 1_000_003 + i), i));
            draws.add(draw);
            if (!draw.fault().isEmpty()) {
                progress.accept("draw " + i + ": " + draw.fault() + ": " + draw.command());
            } else if ((i - first + 1) % 25 == 0) {
                progress.accept((i - first + 1) + " of " + count + " draws, " + faults().size() + " with faults");
            }
        }
        return this;
    }

    private List<String> options(SplittableRandom random, int number) {
        final int mtu = new int[] {1500, 4148, 9000}[random.nextInt(3)];
        final double rttMillis = logarithmic(random, 10, 200);
        final double most = MAX_PACKETS_PER_RTT * (mtu + 38) * 8e3 / rttMillis;
        final double rate = Math.min(logarithmic(random, 100e6, 100e9), most);
        final List<String> options = new ArrayList<>();
        add(options, "--rate", String.format(Locale.ROOT, "%.0fkbit", rate / 1e3));
        add(options, "--rtt", String.format(Locale.ROOT, "%.0fus", rttMillis * 1e3));
        add(options, "--mtu", String.valueOf(mtu));
        add(options, "--lanes", String.valueOf(1 + random.nextInt(8)));
        add(options, "--cc", random.nextBoolean() ? "bbr" : "reserved");
        add(options, "--queue", String.format(Locale.ROOT, "%.2fbdp", 0.25 + 0.75 * random.nextDouble()));
        if (random.nextInt(5) != 0) {
            add(options, "--loss", String.format(Locale.ROOT, "%.3g", logarithmic(random, 1e-6, 1e-2)));
            if (random.nextInt(3) == 0) {
                add(options, "--burst", String.valueOf(2 + random.nextInt(15)));
            }
        }
        if (random.nextBoolean()) {
            add(options, "--jitter", random.nextInt(2001) + "us");
        }
        if (random.nextBoolean()) {
            final double share = 0.01 * random.nextDouble();
            add(options, "--reorder", String.format(Locale.ROOT, "%.5f:%dus", share, 100 + random.nextInt(1900)));
        }
        if (random.nextInt(4) == 0) {
            add(options, "--duplicate", String.format(Locale.ROOT, "%.5f", 0.001 * random.nextDouble()));
            add(options, "--corrupt", String.format(Locale.ROOT, "%.5f", 0.001 * random.nextDouble()));
        }
        final double settling = random.nextInt(4) == 0 ? change(options, random, rate, rttMillis) : 0;
        final double packetsPerSecond = rate / 8 / (mtu + 38);
        final double warmUp = WARM_UP_ROUND_TRIPS * rttMillis / 1e3 + 0.5 + settling;
        final double measured = Math.max(MEASURED_ROUND_TRIPS * rttMillis / 1e3, MEASURED_PACKETS / packetsPerSecond);
        add(options, "--warmup", String.format(Locale.ROOT, "%.0fms", warmUp * 1e3));
        add(options, "--seconds", String.format(Locale.ROOT, "%.3f", warmUp + measured));
        add(options, "--seed", String.valueOf(number + 1));
        return options;
    }

    // Adds a change that ends a while before the measurement; gives how much later that has to begin, seconds.
    private static double change(List<String> options, SplittableRandom random, double rate, double rttMillis) {
        final double lastsMillis = rttMillis * (5 + 20 * random.nextDouble());
        final double endMillis = CHANGE_START_MILLIS + lastsMillis;
        switch (random.nextInt(4)) {
            case 0 -> {
                final double share = 0.1 + 0.8 * random.nextDouble();
                add(options, "--step", step(CHANGE_START_MILLIS, "rate=" + whole(share * rate / 1e3) + "kbit"));
                add(options, "--step", step(endMillis, "rate=" + whole(rate / 1e3) + "kbit"));
            }
            case 1 -> {
                final double factor = logarithmic(random, 0.5, 2);
                add(options, "--step", step(endMillis, "rtt=" + whole(factor * rttMillis * 1e3) + "us"));
            }
            case 2 -> {
                final String start = whole(CHANGE_START_MILLIS * 1e3) + "us:";
                add(options, "--black-hole", start + whole(lastsMillis * 1e3) + "us");
            }
            default -> {
                add(options, "--flow", "scheme=cubic,cold,stop=" + whole(endMillis) + "ms");
            }
        }
        return endMillis / 1e3 + CHANGE_SETTLING_ROUND_TRIPS * 2 * rttMillis / 1e3 + CHANGE_SETTLING_SECONDS;
    }

    private static String step(double atMillis, String change) {
        return whole(atMillis * 1e3) + "us:" + change;
    }

    private static String whole(double value) {
        return String.format(Locale.ROOT, "%.0f", value);
    }

    private static void add(List<String> options, String name, String value) {
        options.add(name);
        options.add(value);
    }

    private static double logarithmic(SplittableRandom random, double least, double most) {
        return least * Math.pow(most / least, random.nextDouble());
    }

    private static Draw run(List<String> words) {
        final String command = "longhaul simulate " + String.join(" ", words);
        final SimulateOptions options = Scenario.options(words);
        try {
            final SimulationRun run = new SimulationRun(options).run(text -> {});
            final double lost = options.loss.value() + options.corrupt.value();
            final double share = run.figures().getOrDefault("efficiency", 0.0) / (1 - lost);
            final double again = run.figures().getOrDefault("retransmitted_fraction", 0.0);
            if (share < LEAST_SHARE) {
                return new Draw(command, share, String.format(Locale.ROOT, "only %.1f %% of its bound", 100 * share));
            }
            final boolean changes =
                    words.contains("--step") || words.contains("--black-hole") || words.contains("--flow");
            if (!changes && again > 2 * lost + MAX_EXTRA_RETRANSMISSION) {
                return new Draw(command, share, String.format(Locale.ROOT, "%.2f %% sent again", 100 * again));
            }
            return new Draw(command, share, "");
        } catch (CommandFailure e) {
            return new Draw(command, 0, String.valueOf(e.getMessage()));
        }
    }

    /// Draws with a fault.
    List<Draw> faults() {
        return draws.stream().filter(each -> !each.fault().isEmpty()).toList();
    }

    /// Shares of the bounds, ascending.
    double[] shares() {
        return draws.stream().mapToDouble(Draw::share).sorted().toArray();
    }
}
