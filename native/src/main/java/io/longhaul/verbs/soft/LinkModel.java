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

import io.longhaul.verbs.soft.LinkCounters.Counter;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLongArray;

/// Decides what becomes of each packet on a long link. Pure: time and packets go in, decisions come out.
///
/// The emulated wire asks it with the clock of the machine, a simulator with a virtual one. Departure from the queue is
/// computed
/// from when the packet was offered and what was before it, in exact fractions of a nanosecond, so that the rate is
/// exact no
/// matter when anybody looks: `departure = max(offered, previous departure) + bytes * 8 / rate`,
/// `delivery = departure + delay + jitter`. At 2 Gb/s a packet of 9,000 bytes takes 36 us.
///
/// Threading: one thread, except for [#killLane] and [#reviveLane].
public final class LinkModel {
    /// Most lanes that can be told apart.
    public static final int MAX_LANES = 64;

    private static final long BITS_PER_BYTE_AND_NANOS = 8_000_000_000L;
    private static final long NEVER = Long.MAX_VALUE;

    private final WireConfig config;
    private final SplittableRandom random;
    private final LinkCounters counters = new LinkCounters();
    private final long startNanos;
    private final long delayNanos;
    private final long jitterNanos;
    private final long reorderNanos;

    // [lane], length MAX_LANES
    private final long[] laneExtraNanos = new long[MAX_LANES];
    private final double[] laneLoss = new double[MAX_LANES];
    private final long[] laneDeadAfterNanos = new long[MAX_LANES];
    private final long[] laneLastDeliveryNanos = new long[MAX_LANES];
    private final AtomicLongArray laneKilled = new AtomicLongArray(MAX_LANES);

    // [black hole], from the start of the link
    private final long[] blackHoleStartNanos;
    private final long[] blackHoleEndNanos;

    private long lineFreeNanos;
    private long lineRemainder;
    private boolean burstIsBad;

    private long firstDeliveryNanos;
    private long secondDeliveryNanos;
    private boolean marked;
    private boolean reordered;
    private int corruptBit = -1;

    /// Makes an idle link.
    ///
    /// @param startNanos the time from which black holes and dead lanes are counted
    public LinkModel(WireConfig config, long startNanos) {
        this.config = config;
        this.startNanos = startNanos;
        random = new SplittableRandom(config.seed());
        delayNanos = config.delay().toNanos();
        jitterNanos = config.jitter().toNanos();
        reorderNanos = config.reorderDelay().toNanos();
        lineFreeNanos = startNanos;
        blackHoleStartNanos = new long[config.blackHoles().size()];
        blackHoleEndNanos = new long[config.blackHoles().size()];
        for (int i = 0; i < blackHoleStartNanos.length; i++) {
            WireConfig.BlackHole hole = config.blackHoles().get(i);
            blackHoleStartNanos[i] = hole.start().toNanos();
            blackHoleEndNanos[i] = hole.start().plus(hole.duration()).toNanos();
        }
        for (int i = 0; i < MAX_LANES; i++) {
            laneDeadAfterNanos[i] = NEVER;
            laneLastDeliveryNanos[i] = startNanos;
        }
        for (WireConfig.Lane lane : config.lanes()) {
            if (lane.index() >= MAX_LANES) {
                throw new IllegalArgumentException(
                        "lane " + lane.index() + " is not one of the " + MAX_LANES + " that can be told apart");
            }
            laneExtraNanos[lane.index()] = lane.extraDelay().toNanos();
            laneLoss[lane.index()] = lane.lossFraction();
            laneDeadAfterNanos[lane.index()] = lane.deadFrom().toNanos();
        }
    }

    /// Offers a packet; the other methods then tell about it until the next is offered.
    ///
    /// @param nowNanos when it reaches the link; never before the previous one
    /// @param ipBytes length of the IP packet
    /// @param lane its lane; those from [#MAX_LANES] on share lanes with lower ones
    /// @param ecnCapable whether it may be marked
    /// @return how many copies arrive: 0, 1 or 2
    public int offer(long nowNanos, int ipBytes, int lane, boolean ecnCapable) {
        int index = lane & MAX_LANES - 1;
        marked = false;
        reordered = false;
        corruptBit = -1;
        counters.add(Counter.OFFERED_PACKETS, 1);
        counters.add(Counter.OFFERED_BYTES, ipBytes);
        if (isDead(index, nowNanos - startNanos)) {
            counters.add(Counter.BLACK_HOLE_PACKETS, 1);
            return 0;
        }
        if (config.mtuBytes() != 0 && ipBytes > config.mtuBytes()) {
            counters.add(Counter.TOO_LONG_PACKETS, 1);
            return 0;
        }
        if (config.rateBitsPerSecond() != 0 && !enterLine(nowNanos, ipBytes, ecnCapable)) {
            counters.add(Counter.QUEUE_DROPPED_PACKETS, 1);
            counters.add(Counter.QUEUE_DROPPED_BYTES, ipBytes);
            return 0;
        }
        if (isLost(index)) {
            counters.add(Counter.LOST_PACKETS, 1);
            counters.add(Counter.LOST_BYTES, ipBytes);
            return 0;
        }
        if (happens(config.corruptFraction())) {
            corruptBit = random.nextInt(1 << 20);
            counters.add(Counter.CORRUPTED_PACKETS, 1);
        }
        return deliver(config.rateBitsPerSecond() == 0 ? nowNanos : lineFreeNanos, ipBytes, index);
    }

    /// When a copy arrives.
    ///
    /// @param copy 0 or 1
    public long deliveryNanos(int copy) {
        return copy == 0 ? firstDeliveryNanos : secondDeliveryNanos;
    }

    /// Whether the packet is to be marked CE.
    public boolean isMarked() {
        return marked;
    }

    /// Whether packets offered later overtake it.
    public boolean isReordered() {
        return reordered;
    }

    /// Which bit is flipped.
    ///
    /// @param bits how many bits there are, counted from the first of the UDP payload
    /// @return 0 to `bits` - 1, or -1 for none
    public int corruptBit(int bits) {
        return corruptBit < 0 ? -1 : corruptBit % bits;
    }

    /// How many bytes wait for the line or are on it.
    public long queuedBytes(long nowNanos) {
        long busyNanos = lineFreeNanos - nowNanos;
        return busyNanos <= 0 ? 0 : (long) (busyNanos * (double) config.rateBitsPerSecond() / BITS_PER_BYTE_AND_NANOS);
    }

    /// From now on everything on a lane is lost. Any thread.
    public void killLane(int lane) {
        laneKilled.set(lane & MAX_LANES - 1, 1);
    }

    /// Undoes [#killLane]. Any thread.
    public void reviveLane(int lane) {
        laneKilled.set(lane & MAX_LANES - 1, 0);
    }

    /// What the link did so far.
    public LinkCounters counters() {
        return counters;
    }

    /// The longest time that a packet can stay in the link, the queue included.
    Duration longestStay() {
        long longestExtra = 0;
        for (long extra : laneExtraNanos) {
            longestExtra = Math.max(longestExtra, extra);
        }
        long queueNanos = config.rateBitsPerSecond() == 0
                ? 0
                : (long) (config.queueBytes() * (double) BITS_PER_BYTE_AND_NANOS / config.rateBitsPerSecond());
        return Duration.ofNanos(delayNanos + jitterNanos + reorderNanos + longestExtra + queueNanos);
    }

    private boolean isDead(int lane, long sinceStartNanos) {
        if (laneKilled.get(lane) != 0 || sinceStartNanos >= laneDeadAfterNanos[lane]) {
            return true;
        }
        for (int i = 0; i < blackHoleStartNanos.length; i++) {
            if (sinceStartNanos >= blackHoleStartNanos[i] && sinceStartNanos < blackHoleEndNanos[i]) {
                return true;
            }
        }
        return false;
    }

    /// Queues a packet for the line, after which [#lineFreeNanos] is when its last bit has left.
    private boolean enterLine(long nowNanos, int ipBytes, boolean ecnCapable) {
        long queuedBytes = queuedBytes(nowNanos);
        if (queuedBytes + ipBytes > config.queueBytes()) {
            return false;
        }
        marked = ecnCapable && config.ecnThresholdBytes() != 0 && queuedBytes > config.ecnThresholdBytes();
        if (marked) {
            counters.add(Counter.MARKED_PACKETS, 1);
        }
        if (lineFreeNanos - nowNanos < 0) {
            lineFreeNanos = nowNanos;
            lineRemainder = 0;
        }
        // The remainder carries fractions of a nanosecond from packet to packet.
        long numerator = ipBytes * BITS_PER_BYTE_AND_NANOS + lineRemainder;
        lineFreeNanos += numerator / config.rateBitsPerSecond();
        lineRemainder = numerator % config.rateBitsPerSecond();
        return true;
    }

    private boolean isLost(int lane) {
        boolean lost = happens(config.lossFraction()) || happens(laneLoss[lane]);
        WireConfig.GilbertElliott burst = config.burst();
        if (burst.isActive()) {
            burstIsBad = burstIsBad ? !happens(burst.badToGoodFraction()) : happens(burst.goodToBadFraction());
            lost |= happens(burstIsBad ? burst.badLossFraction() : burst.goodLossFraction());
        }
        return lost;
    }

    private int deliver(long departureNanos, int ipBytes, int lane) {
        long arrival = departureNanos + delayNanos + laneExtraNanos[lane];
        if (jitterNanos != 0) {
            arrival += random.nextLong(jitterNanos + 1);
        }
        if (arrival - laneLastDeliveryNanos[lane] < 0) {
            arrival = laneLastDeliveryNanos[lane];
        }
        if (happens(config.reorderFraction())) {
            reordered = true;
            arrival += reorderNanos;
            counters.add(Counter.REORDERED_PACKETS, 1);
        } else {
            laneLastDeliveryNanos[lane] = arrival;
        }
        firstDeliveryNanos = arrival;
        int copies = 1;
        if (happens(config.duplicateFraction())) {
            secondDeliveryNanos = arrival + (reorderNanos != 0 ? random.nextLong(reorderNanos + 1) : 0);
            counters.add(Counter.DUPLICATED_PACKETS, 1);
            copies = 2;
        }
        counters.add(Counter.DELIVERED_PACKETS, copies);
        counters.add(Counter.DELIVERED_BYTES, (long) copies * ipBytes);
        return copies;
    }

    private boolean happens(double fraction) {
        return fraction > 0 && random.nextDouble() < fraction;
    }
}
