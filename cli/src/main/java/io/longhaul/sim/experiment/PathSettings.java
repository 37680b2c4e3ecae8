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

import io.longhaul.FecPolicy;
import io.longhaul.qlog.QlogTarget;
import io.longhaul.sim.Line;
import io.longhaul.sim.LossTrace;
import io.longhaul.sim.PathRoute;
import io.longhaul.verbs.soft.WireConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The path of an experiment, the same in both directions. Plain values, filled by the command and by scenario files.
///
/// Rates count the whole Ethernet frame and its 24 bytes of preamble, check sequence and gap.
public final class PathSettings {
    /// A change of the path at a time.
    ///
    /// @param atNanos virtual time after the flows have started, nanoseconds
    /// @param rateBitsPerSecond new rate; 0 keeps it
    /// @param rttNanos new round trip; 0 keeps it
    public record Step(long atNanos, long rateBitsPerSecond, long rttNanos) {}

    private static final long MIN_QUEUE_BYTES = 256 * 1024;
    private static final double BITS_NANOS = 8e9;

    /// Rate of the line, bits per second, above 0.
    public long rateBitsPerSecond;

    /// Round trip without queues, nanoseconds, above 0.
    public long rttNanos;

    /// Share of the packets lost.
    public double lossFraction;

    /// Mean length of a burst of losses, packets; 1 for losses each on its own.
    public double burstPackets = 1;

    /// Losses to replay; null for none.
    public @Nullable LossTrace losses;

    /// Share of the packets that arrive late, and how late.
    public double reorderFraction;

    /// How late a reordered packet is, nanoseconds.
    public long reorderNanos = 2_000_000;

    /// Extra delay of each packet that keeps the order of its lane, nanoseconds.
    public long jitterNanos;

    /// Share of the packets that arrive twice.
    public double duplicateFraction;

    /// Share of the packets with a flipped bit.
    public double corruptFraction;

    /// Room in front of the line, bytes; 0 for what the line carries in half a round trip, and 256 KiB at least.
    public long queueBytes;

    /// Queue as a share of rate x round trip, instead of {@link #queueBytes}; 0 for none.
    public double queueBdp;

    /// Queue above which packets are marked, bytes; 0 never marks.
    public long markBytes;

    /// Early detection; null for none.
    public Line.@Nullable Red red;

    /// Policer before the line; null for none.
    public PathRoute.@Nullable Policer policer;

    /// Changes of rate and round trip.
    public List<Step> steps = new ArrayList<>();

    /// Times during which everything is lost, counted from the start of the flows.
    public List<WireConfig.BlackHole> blackHoles = new ArrayList<>();

    /// Lanes of each flow, 1..64.
    public int lanes = 4;

    /// When longhaul sends parity.
    public FecPolicy fec = FecPolicy.OFF;

    /// Whether longhaul seals its packets.
    public boolean sealed;

    /// Paths of different length under the lanes: the last lane is so much longer than the first, nanoseconds each
    /// way.
    public long laneSpreadNanos;

    /// Largest IP packet.
    public int mtuBytes = 9000;

    /// Seed of everything random.
    public long seed = 1;

    /// Takes traces of both ends of every flow of Longhaul; null for none.
    public @Nullable QlogTarget traces;

    /// Creates a path without rate and round trip.
    public PathSettings() {}

    /// Checks every range and how they fit together.
    ///
    /// @throws IllegalArgumentException when something is out of range
    public void check() {
        require(rateBitsPerSecond >= 1_000, "the rate of the path must be at least 1 kbit/s");
        require(rttNanos >= 1_000, "the round trip must be at least 1 us");
        require(lossFraction >= 0 && lossFraction < 1, "the loss must be below 1");
        require(burstPackets >= 1, "a burst has at least 1 packet");
        require(lanes >= 1 && lanes <= 64, "there are 1 to 64 lanes, not " + lanes);
        require(mtuBytes >= 576 && mtuBytes <= 65_000, "the MTU must be 576 to 65000 bytes, is " + mtuBytes);
        require(
                losses == null || lossFraction == 0,
                "losses are either drawn or replayed: give a loss or a trace, not both");
        require(queueBytes == 0 || queueBytes >= 2L * mtuBytes, "the queue must hold at least two packets");
        long last = 0;
        for (Step each : steps) {
            require(each.atNanos() > last, "steps must come in the order of time, the first after 0");
            last = each.atNanos();
        }
    }

    private static void require(boolean holds, String text) {
        if (!holds) {
            throw new IllegalArgumentException(text);
        }
    }

    /// Bytes that the line carries in a round trip.
    public double bandwidthDelayBytes() {
        return rateBitsPerSecond / BITS_NANOS * rttNanos;
    }

    /// Bytes that the line carries in a round trip of a flow, at the most, whatever step is in force.
    ///
    /// @param ownRttNanos round trip of the flow; 0 for that of the path
    double mostBandwidthDelayBytes(long ownRttNanos) {
        long rate = rateBitsPerSecond;
        long rtt = ownRttNanos == 0 ? rttNanos : ownRttNanos;
        for (Step each : steps) {
            rate = Math.max(rate, each.rateBitsPerSecond());
            rtt = Math.max(rtt, each.rttNanos());
        }
        return rate / BITS_NANOS * rtt;
    }

    /// Room in front of the line, bytes.
    public long queueRoomBytes() {
        if (queueBytes != 0) {
            return queueBytes;
        }
        if (queueBdp != 0) {
            return Math.max(2L * mtuBytes, (long) (queueBdp * bandwidthDelayBytes()));
        }
        return Math.max(MIN_QUEUE_BYTES, (long) (bandwidthDelayBytes() / 2));
    }

    /// Makes a line of the path.
    ///
    /// @param startNanos virtual time from which steps are counted
    /// @param salt tells the directions apart
    Line line(long startNanos, long salt) {
        final List<Line.RateStep> rates = new ArrayList<>();
        rates.add(new Line.RateStep(0, rateBitsPerSecond));
        for (Step each : steps) {
            if (each.rateBitsPerSecond() != 0) {
                rates.add(new Line.RateStep(startNanos + each.atNanos(), each.rateBitsPerSecond()));
            }
        }
        return new Line(
                new Line.Settings(rates, queueRoomBytes(), markBytes, red, Line.ETHERNET_BYTES, seed * 31 + salt));
    }

    /// Makes a route of one flow over a line.
    ///
    /// @param ownRttNanos round trip of the flow; 0 for that of the path
    /// @param startNanos virtual time from which steps and black holes are counted
    /// @param salt tells flows and directions apart
    PathRoute route(Line line, long ownRttNanos, long startNanos, long salt) {
        final WireConfig.Builder wire = WireConfig.builder()
                .jitter(Duration.ofNanos(jitterNanos))
                .duplicateFraction(duplicateFraction)
                .corruptFraction(corruptFraction)
                .mtuBytes(mtuBytes)
                .blackHoles(shifted(startNanos))
                .lanes(laneDelays())
                .seed(seed * 0x9E37_79B9L + salt);
        if (reorderFraction > 0) {
            wire.reorder(reorderFraction, Duration.ofNanos(reorderNanos));
        }
        if (burstPackets > 1 && lossFraction > 0) {
            wire.burst(WireConfig.GilbertElliott.of(lossFraction, burstPackets));
        } else {
            wire.lossFraction(lossFraction);
        }
        final List<PathRoute.DelayStep> delays = new ArrayList<>();
        delays.add(new PathRoute.DelayStep(0, (ownRttNanos == 0 ? rttNanos : ownRttNanos) / 2));
        for (Step each : steps) {
            if (each.rttNanos() != 0) {
                delays.add(new PathRoute.DelayStep(startNanos + each.atNanos(), each.rttNanos() / 2));
            }
        }
        return new PathRoute(line, new PathRoute.Settings(wire.build(), delays, policer, losses));
    }

    private List<WireConfig.BlackHole> shifted(long startNanos) {
        return blackHoles.stream()
                .map(each -> new WireConfig.BlackHole(each.start().plusNanos(startNanos), each.duration()))
                .toList();
    }

    private List<WireConfig.Lane> laneDelays() {
        final List<WireConfig.Lane> result = new ArrayList<>();
        for (int i = 1; i < lanes && laneSpreadNanos > 0; i++) {
            final Duration extra = Duration.ofNanos(laneSpreadNanos * i / (lanes - 1));
            result.add(new WireConfig.Lane(i, extra, 0, WireConfig.Lane.NEVER));
        }
        return result;
    }

    /// Rate in force at a time after the start of the flows.
    public long rateAt(long nanos) {
        long rate = rateBitsPerSecond;
        for (Step each : steps) {
            if (each.atNanos() <= nanos && each.rateBitsPerSecond() != 0) {
                rate = each.rateBitsPerSecond();
            }
        }
        return rate;
    }

    /// Mean rate between two times after the start of the flows, bits per second.
    public double meanRate(long fromNanos, long toNanos) {
        double bits = 0;
        long at = fromNanos;
        for (Step each : steps) {
            final long until = Math.clamp(each.atNanos(), at, toNanos);
            bits += (double) rateAt(at) * (until - at);
            at = until;
        }
        bits += (double) rateAt(at) * (toNanos - at);
        return bits / (toNanos - fromNanos);
    }
}
