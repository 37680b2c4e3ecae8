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
package io.longhaul.sim;

import io.longhaul.verbs.soft.LinkModel;
import io.longhaul.verbs.soft.WireConfig;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One direction of a path: a policer, a line that other flows may share, then what a long link does.
///
/// Losses, bursts, jitter, reordering, duplication, corruption, black holes and lanes are those of the emulated wire's
/// {@link LinkModel}; so simulation and real time mean the same by them. The delay may change at given times: a route
/// that becomes shorter lets packets overtake.
///
/// Threading: one thread.
public final class PathRoute implements Route {
    private static final double BITS_NANOS = 8e9;

    /// The one-way delay from a time on.
    ///
    /// @param fromNanos virtual time, nanoseconds
    /// @param delayNanos delay, nanoseconds
    public record DelayStep(long fromNanos, long delayNanos) {}

    /// A token bucket that drops what exceeds it.
    ///
    /// @param bitsPerSecond rate of the tokens, IP bytes
    /// @param burstBytes depth of the bucket
    public record Policer(long bitsPerSecond, long burstBytes) {
        /// Checks the ranges.
        public Policer {
            if (bitsPerSecond < 1 || burstBytes < 1) {
                throw new IllegalArgumentException("a policer needs a rate and a burst above 0");
            }
        }
    }

    /// What the route does beside its line.
    ///
    /// @param wire impairments; its rate must be 0, and its delay is added to that of the steps
    /// @param delays in the order of time, the first from 0
    /// @param policer before the line; null for none
    /// @param losses replayed losses; null for none
    public record Settings(
            WireConfig wire,
            List<DelayStep> delays,
            @Nullable Policer policer,
            @Nullable LossTrace losses) {
        /// Checks the relations.
        public Settings {
            delays = List.copyOf(delays);
            if (wire.rateBitsPerSecond() != 0) {
                throw new IllegalArgumentException("the rate of a route is that of its line");
            }
            if (delays.isEmpty() || delays.getFirst().fromNanos() != 0) {
                throw new IllegalArgumentException("the first delay of a route must hold from time 0");
            }
        }
    }

    private final Line line;
    private final LinkModel model;
    private final Settings settings;
    private final @Nullable LossTrace losses;
    private int step;
    private boolean marked;
    private long extraNanos;
    private double policerBytes;
    private long policerNanos;
    private long offeredPackets;
    private long lostPackets;

    /// Makes an idle route.
    ///
    /// @param line may be shared with other routes
    public PathRoute(Line line, Settings settings) {
        this.line = line;
        this.settings = settings;
        losses = settings.losses() == null ? null : settings.losses().start();
        model = new LinkModel(settings.wire(), 0);
        policerBytes = settings.policer() == null ? 0 : settings.policer().burstBytes();
    }

    /// The line.
    public Line line() {
        return line;
    }

    /// The impairments behind the line.
    public LinkModel model() {
        return model;
    }

    /// Packets offered.
    public long offeredPackets() {
        return offeredPackets;
    }

    /// Packets that did not arrive, for whatever reason.
    public long lostPackets() {
        return lostPackets;
    }

    @Override
    public int offer(long nowNanos, int ipBytes, int lane, boolean ecnCapable) {
        offeredPackets++;
        final int copies = pass(nowNanos, ipBytes, lane, ecnCapable);
        lostPackets += copies == 0 ? 1 : 0;
        return copies;
    }

    private int pass(long nowNanos, int ipBytes, int lane, boolean ecnCapable) {
        if (!isPoliced(nowNanos, ipBytes) || !line.enter(nowNanos, ipBytes, ecnCapable)) {
            return 0;
        }
        marked = line.isMarked();
        final long departure = line.departureNanos();
        while (step + 1 < settings.delays().size()
                && departure >= settings.delays().get(step + 1).fromNanos()) {
            step++;
        }
        extraNanos = settings.delays().get(step).delayNanos();
        final LossTrace trace = losses;
        if (trace != null && trace.isLost()) {
            return 0;
        }
        return model.offer(departure, ipBytes, lane, ecnCapable);
    }

    private boolean isPoliced(long nowNanos, int ipBytes) {
        final Policer policer = settings.policer();
        if (policer == null) {
            return true;
        }
        policerBytes = Math.min(
                policer.burstBytes(),
                policerBytes + (nowNanos - policerNanos) * (policer.bitsPerSecond() / BITS_NANOS));
        policerNanos = nowNanos;
        if (policerBytes < ipBytes) {
            return false;
        }
        policerBytes -= ipBytes;
        return true;
    }

    @Override
    public long deliveryNanos(int copy) {
        return model.deliveryNanos(copy) + extraNanos;
    }

    @Override
    public boolean isMarked() {
        return marked;
    }

    @Override
    public int corruptBit(int bits) {
        return model.corruptBit(bits);
    }
}
