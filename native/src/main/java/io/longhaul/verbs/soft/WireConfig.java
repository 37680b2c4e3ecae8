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
package io.longhaul.verbs.soft;

import java.time.Duration;
import java.util.List;
import java.util.Objects;

/// What a pretended long link does to the packets of one direction. Each end of a connection has one of its own.
///
/// Packets meet, in this order: black holes and dead lanes; the MTU; the finite queue (tail drop, ECN marks) in front
/// of a
/// serial line of the given rate; loss; corruption; the delay, with jitter that keeps the order and a share of packets
/// that
/// are reordered; duplication. Sizes on the line count the IP packet: IP and UDP headers, ICRC, payload.
///
/// Make one with [#builder()].
///
/// @param delay one-way propagation
/// @param rateBitsPerSecond rate of the line; 0 is without limit, then there is no queue
/// @param queueBytes room in front of the line, the packet on the line included
/// @param ecnThresholdBytes queue length above which packets that are ECN-capable are marked CE; 0 never marks
/// @param mtuBytes IP packets longer than this vanish, as on a path with a hidden smaller MTU; 0 lets all pass
/// @param lossFraction probability that a packet is lost, each on its own
/// @param burst losses in bursts
/// @param jitter extra delay of each packet, uniform from 0 to this; never changes the order
/// @param reorderFraction probability that a packet is delayed by `reorderDelay` while others overtake it
/// @param reorderDelay how late a reordered packet is
/// @param duplicateFraction probability that a packet arrives twice
/// @param corruptFraction probability that one bit of a packet is flipped
/// @param blackHoles times during which everything is lost
/// @param lanes what differs on single lanes
/// @param seed of everything random: the same seed and the same packets give the same link
/// @param maxMemoryBytes most memory for packets in flight
public record WireConfig(
        Duration delay,
        long rateBitsPerSecond,
        long queueBytes,
        long ecnThresholdBytes,
        int mtuBytes,
        double lossFraction,
        GilbertElliott burst,
        Duration jitter,
        double reorderFraction,
        Duration reorderDelay,
        double duplicateFraction,
        double corruptFraction,
        List<BlackHole> blackHoles,
        List<Lane> lanes,
        long seed,
        long maxMemoryBytes) {

    /// Checks every range and how they fit together.
    public WireConfig {
        checkNotNegative("delay", delay);
        checkNotNegative("jitter", jitter);
        checkNotNegative("reorderDelay", reorderDelay);
        checkNotNegative("rateBitsPerSecond", rateBitsPerSecond);
        checkNotNegative("ecnThresholdBytes", ecnThresholdBytes);
        checkNotNegative("mtuBytes", mtuBytes);
        checkFraction("lossFraction", lossFraction);
        checkFraction("reorderFraction", reorderFraction);
        checkFraction("duplicateFraction", duplicateFraction);
        checkFraction("corruptFraction", corruptFraction);
        Objects.requireNonNull(burst, "burst");
        blackHoles = List.copyOf(blackHoles);
        lanes = List.copyOf(lanes);
        if (rateBitsPerSecond > 0 && queueBytes < 1) {
            throw new IllegalArgumentException("queueBytes must be positive when there is a rate, is " + queueBytes);
        }
        if (ecnThresholdBytes > queueBytes && rateBitsPerSecond > 0) {
            throw new IllegalArgumentException(
                    "ecnThresholdBytes " + ecnThresholdBytes + " must not exceed queueBytes " + queueBytes);
        }
        if (reorderFraction > 0 && reorderDelay.isZero()) {
            throw new IllegalArgumentException("reorderDelay must be positive when reorderFraction is");
        }
        if (maxMemoryBytes < 1) {
            throw new IllegalArgumentException("maxMemoryBytes must be positive, is " + maxMemoryBytes);
        }
    }

    /// Losses in bursts: a chain of two states, good and bad, that moves once per packet.
    ///
    /// @param goodToBadFraction probability to turn bad; 0 switches the model off
    /// @param badToGoodFraction probability to turn good: the mean burst has 1 / this packets
    /// @param goodLossFraction loss in the good state
    /// @param badLossFraction loss in the bad state
    public record GilbertElliott(
            double goodToBadFraction, double badToGoodFraction, double goodLossFraction, double badLossFraction) {
        /// No bursts.
        public static final GilbertElliott NONE = new GilbertElliott(0, 1, 0, 0);

        /// Checks the ranges.
        public GilbertElliott {
            checkFraction("goodToBadFraction", goodToBadFraction);
            checkFraction("badToGoodFraction", badToGoodFraction);
            checkFraction("goodLossFraction", goodLossFraction);
            checkFraction("badLossFraction", badLossFraction);
        }

        /// Bursts in which every packet is lost.
        ///
        /// @param lossFraction share of all packets that is lost, below 1
        /// @param meanBurstPackets mean length of a burst, 1 and more
        public static GilbertElliott of(double lossFraction, double meanBurstPackets) {
            checkFraction("lossFraction", lossFraction);
            if (meanBurstPackets < 1) {
                throw new IllegalArgumentException("meanBurstPackets must be at least 1, is " + meanBurstPackets);
            }
            double badToGood = 1 / meanBurstPackets;
            return new GilbertElliott(badToGood * lossFraction / (1 - lossFraction), badToGood, 0, 1);
        }

        boolean isActive() {
            return goodToBadFraction > 0 || goodLossFraction > 0;
        }
    }

    /// A time during which everything is lost.
    ///
    /// @param start counted from the making of the link
    /// @param duration how long
    public record BlackHole(Duration start, Duration duration) {
        /// Checks the ranges.
        public BlackHole {
            checkNotNegative("start", start);
            checkNotNegative("duration", duration);
        }
    }

    /// What differs on one lane. A lane is a UDP source port of the device; there may be gaps.
    ///
    /// @param index the lane, 0 and more
    /// @param extraDelay in addition to the delay of the link
    /// @param lossFraction in addition to the losses of the link
    /// @param deadFrom when everything on it begins to be lost, counted from the making of the link; [#NEVER] for
    /// never
    public record Lane(int index, Duration extraDelay, double lossFraction, Duration deadFrom) {
        /// A time that does not come.
        public static final Duration NEVER = Duration.ofNanos(Long.MAX_VALUE);

        /// Checks the ranges.
        public Lane {
            checkNotNegative("lane", index);
            checkNotNegative("extraDelay", extraDelay);
            checkFraction("lossFraction", lossFraction);
            checkNotNegative("deadFrom", deadFrom);
        }
    }

    /// Starts with a link that does nothing: no delay, no limit, no loss.
    public static Builder builder() {
        return new Builder();
    }

    private static void checkNotNegative(String name, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative, is " + value);
        }
    }

    private static void checkNotNegative(String name, long value) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " must not be negative, is " + value);
        }
    }

    private static void checkFraction(String name, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException(name + " must be in 0..1, is " + value);
        }
    }

    /// Collects what a [WireConfig] is made of.
    public static final class Builder {
        private static final long MIN_QUEUE_BYTES = 256 * 1024;
        private static final long DEFAULT_MAX_MEMORY_BYTES = 2L << 30;
        private static final double BITS_AND_NANOS = 8e9;

        private Duration delay = Duration.ZERO;
        private long rateBitsPerSecond;
        private long queueBytes = -1;
        private long ecnThresholdBytes;
        private int mtuBytes;
        private double lossFraction;
        private GilbertElliott burst = GilbertElliott.NONE;
        private Duration jitter = Duration.ZERO;
        private double reorderFraction;
        private Duration reorderDelay = Duration.ZERO;
        private double duplicateFraction;
        private double corruptFraction;
        private List<BlackHole> blackHoles = List.of();
        private List<Lane> lanes = List.of();
        private long seed = 1;
        private long maxMemoryBytes = DEFAULT_MAX_MEMORY_BYTES;

        private Builder() {}

        /// Sets the one-way propagation; 1,000 km of fibre are 4.9 ms.
        public Builder delay(Duration value) {
            delay = value;
            return this;
        }

        /// Sets the rate of the line, 0 without limit.
        public Builder rateBitsPerSecond(long value) {
            rateBitsPerSecond = value;
            return this;
        }

        /// Sets the room in front of the line. Without it: what the line carries in one delay, and 256 KiB at
        /// least.
        public Builder queueBytes(long value) {
            queueBytes = value;
            return this;
        }

        /// Sets the queue length above which ECN-capable packets are marked.
        public Builder ecnThresholdBytes(long value) {
            ecnThresholdBytes = value;
            return this;
        }

        /// Sets the length above which IP packets vanish.
        public Builder mtuBytes(int value) {
            mtuBytes = value;
            return this;
        }

        /// Sets the probability of independent loss.
        public Builder lossFraction(double value) {
            lossFraction = value;
            return this;
        }

        /// Sets losses in bursts.
        public Builder burst(GilbertElliott value) {
            burst = value;
            return this;
        }

        /// Sets the extra delay that keeps the order.
        public Builder jitter(Duration value) {
            jitter = value;
            return this;
        }

        /// Sets how many packets are overtaken, and for how long.
        public Builder reorder(double fraction, Duration lateBy) {
            reorderFraction = fraction;
            reorderDelay = lateBy;
            return this;
        }

        /// Sets the probability that a packet arrives twice.
        public Builder duplicateFraction(double value) {
            duplicateFraction = value;
            return this;
        }

        /// Sets the probability of a flipped bit.
        public Builder corruptFraction(double value) {
            corruptFraction = value;
            return this;
        }

        /// Sets the times during which everything is lost.
        public Builder blackHoles(List<BlackHole> value) {
            blackHoles = value;
            return this;
        }

        /// Sets what differs on single lanes.
        public Builder lanes(List<Lane> value) {
            lanes = value;
            return this;
        }

        /// Sets the seed of everything random.
        public Builder seed(long value) {
            seed = value;
            return this;
        }

        /// Sets the most memory for packets in flight.
        public Builder maxMemoryBytes(long value) {
            maxMemoryBytes = value;
            return this;
        }

        /// Makes the configuration.
        ///
        /// @throws IllegalArgumentException when something is out of range or does not fit together
        public WireConfig build() {
            long bytesPerDelay = (long) (rateBitsPerSecond / BITS_AND_NANOS * delay.toNanos());
            long queue = queueBytes >= 0 ? queueBytes : Math.max(MIN_QUEUE_BYTES, bytesPerDelay);
            return new WireConfig(
                    delay,
                    rateBitsPerSecond,
                    queue,
                    ecnThresholdBytes,
                    mtuBytes,
                    lossFraction,
                    burst,
                    jitter,
                    reorderFraction,
                    reorderDelay,
                    duplicateFraction,
                    corruptFraction,
                    blackHoles,
                    lanes,
                    seed,
                    maxMemoryBytes);
        }
    }
}
