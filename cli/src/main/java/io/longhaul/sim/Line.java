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

import java.util.List;
import java.util.SplittableRandom;

/// A serial line with a finite queue in front of it; flows may share it.
///
/// {@snippet lang=text :
/// departure = max(offered, previous departure) + (IP bytes + frame bytes) x 8 / rate(t)
/// }
/// The rate may change at given times: what waits then leaves at the new rate. The queue drops at its tail, may mark
/// above
/// a threshold, and may drop or mark early (RED). Worked number: a packet of 9,000 bytes takes 723 ns of 100 Gb/s with
/// its 38 bytes of Ethernet.
///
/// Threading: one thread; times never go back.
public final class Line {
    /// Bytes that Ethernet adds to an IP packet: header 14, check sequence 4, preamble 8, gap 12.
    public static final int ETHERNET_BYTES = 38;

    private static final double BITS_NANOS = 8e9;
    /// Weight of a new sample in RED's average queue.
    //= Floyd and Jacobson, ToN 1993 §5
    private static final double RED_WEIGHT = 0.002;
    private static final int DELAY_SLOTS = 4096;

    /// The rate from a time on.
    ///
    /// @param fromNanos virtual time, nanoseconds
    /// @param bitsPerSecond rate, above 0
    public record RateStep(long fromNanos, long bitsPerSecond) {}

    /// Random early detection: between the thresholds the probability grows from 0 to the largest, above the upper
    /// one
    /// everything is dropped or marked.
    ///
    /// @param minBytes lower threshold of the average queue
    /// @param maxBytes upper threshold
    /// @param maxFraction probability at the upper threshold, 0..1
    public record Red(long minBytes, long maxBytes, double maxFraction) {
        /// Checks the relations.
        public Red {
            if (minBytes < 1 || maxBytes <= minBytes || !(maxFraction > 0 && maxFraction <= 1)) {
                throw new IllegalArgumentException(
                        "RED needs 0 < minimum < maximum and a probability in (0, 1]: minimum " + minBytes
                                + ", maximum " + maxBytes + ", probability " + maxFraction);
            }
        }
    }

    /// What a line is made of.
    ///
    /// @param rates in the order of time, the first from 0
    /// @param queueBytes room for waiting packets, frame bytes included
    /// @param markBytes queue above which packets are marked CE; 0 never marks
    /// @param red early detection; null for none
    /// @param frameBytes bytes that the link layer adds to an IP packet
    /// @param seed of RED's choices
    public record Settings(
            List<RateStep> rates,
            long queueBytes,
            long markBytes,
            @org.jspecify.annotations.Nullable Red red,
            int frameBytes,
            long seed) {
        /// Checks the ranges.
        public Settings {
            rates = List.copyOf(rates);
            if (rates.isEmpty() || rates.getFirst().fromNanos() != 0) {
                throw new IllegalArgumentException("the first rate of a line must hold from time 0");
            }
            for (RateStep each : rates) {
                if (each.bitsPerSecond() < 1) {
                    throw new IllegalArgumentException("the rate of a line must be positive");
                }
            }
            if (queueBytes < 1) {
                throw new IllegalArgumentException("queueBytes must be positive, is " + queueBytes);
            }
        }
    }

    private final Settings settings;
    private final long[] fromNanos; // [step], and one that never comes
    private final double[] bytesPerNano; // [step]
    private final SplittableRandom random;
    private final long[] delayHistogram = new long[DELAY_SLOTS]; // [delay / slot], packets
    private final long delaySlotNanos;
    private int step;
    private double freeNanos;
    private double averageBytes;
    private boolean marked;
    private long carriedBytes;
    private long droppedPackets;
    private long markedPackets;

    /// Makes an idle line.
    public Line(Settings settings) {
        this.settings = settings;
        final int steps = settings.rates().size();
        fromNanos = new long[steps + 1];
        bytesPerNano = new double[steps];
        double slowest = Double.MAX_VALUE;
        for (int i = 0; i < steps; i++) {
            fromNanos[i] = settings.rates().get(i).fromNanos();
            bytesPerNano[i] = settings.rates().get(i).bitsPerSecond() / BITS_NANOS;
            slowest = Math.min(slowest, bytesPerNano[i]);
        }
        fromNanos[steps] = Long.MAX_VALUE;
        delaySlotNanos = Math.max(1, (long) (settings.queueBytes() / slowest / (DELAY_SLOTS - 1)) + 1);
        random = new SplittableRandom(settings.seed());
    }

    /// Offers a packet.
    ///
    /// @param nowNanos never before the previous one
    /// @return false when the queue drops it
    public boolean enter(long nowNanos, int ipBytes, boolean ecnCapable) {
        marked = false;
        final int bytes = ipBytes + settings.frameBytes();
        while (freeNanos >= fromNanos[step + 1] || nowNanos >= fromNanos[step + 1]) {
            step++;
        }
        final double queued = queuedBytes(nowNanos);
        if (queued + bytes > settings.queueBytes() || isEarlyDrop(queued, ecnCapable)) {
            droppedPackets++;
            return false;
        }
        if (ecnCapable && settings.markBytes() != 0 && queued > settings.markBytes()) {
            marked = true;
        }
        markedPackets += marked ? 1 : 0;
        final double start = Math.max(freeNanos, nowNanos);
        delayHistogram[(int) Math.min(DELAY_SLOTS - 1, (long) (start - nowNanos) / delaySlotNanos)]++;
        freeNanos = serve(start, bytes);
        carriedBytes += bytes;
        return true;
    }

    private boolean isEarlyDrop(double queued, boolean ecnCapable) {
        final Red red = settings.red();
        if (red == null) {
            return false;
        }
        averageBytes += RED_WEIGHT * (queued - averageBytes);
        if (averageBytes < red.minBytes()) {
            return false;
        }
        final double share = (averageBytes - red.minBytes()) / (red.maxBytes() - red.minBytes());
        if (share < 1 && random.nextDouble() >= red.maxFraction() * share) {
            return false;
        }
        marked = ecnCapable;
        return !ecnCapable;
    }

    // Time at which the last of so many bytes has left, over all steps of the rate.
    private double serve(double startNanos, double bytes) {
        double at = startNanos;
        double left = bytes;
        while (true) {
            final double end = at + left / bytesPerNano[step];
            if (end < fromNanos[step + 1]) {
                return end;
            }
            left -= (fromNanos[step + 1] - at) * bytesPerNano[step];
            at = fromNanos[step + 1];
            step++;
        }
    }

    /// When the last bit of the packet that entered last leaves.
    public long departureNanos() {
        return (long) Math.ceil(freeNanos);
    }

    /// True when the packet that entered last is to be marked.
    public boolean isMarked() {
        return marked;
    }

    /// Bytes that wait for the line or are on it.
    public double queuedBytes(long nowNanos) {
        double at = freeNanos;
        double bytes = 0;
        for (int i = step; at > nowNanos; i--) {
            final double from = Math.max(nowNanos, fromNanos[i]);
            bytes += Math.max(0, at - from) * bytesPerNano[i];
            at = Math.min(at, from);
        }
        return bytes;
    }

    /// Bytes that entered, frame bytes included.
    public long carriedBytes() {
        return carriedBytes;
    }

    /// Packets that the queue dropped.
    public long droppedPackets() {
        return droppedPackets;
    }

    /// Packets that were marked.
    public long markedPackets() {
        return markedPackets;
    }

    /// The settings.
    public Settings settings() {
        return settings;
    }

    /// Forgets the waiting times seen so far.
    public void clearDelays() {
        java.util.Arrays.fill(delayHistogram, 0);
    }

    /// Waiting time that a share of the packets did not exceed, nanoseconds, rounded up to a 4096th of the queue; 0
    /// before the first packet.
    ///
    /// @param fraction 0..1
    public long delayQuantileNanos(double fraction) {
        long total = 0;
        for (long each : delayHistogram) {
            total += each;
        }
        long seen = 0;
        for (int i = 0; i < DELAY_SLOTS && total > 0; i++) {
            seen += delayHistogram[i];
            if (seen >= fraction * total) {
                return i == 0 ? 0 : (i + 1) * delaySlotNanos;
            }
        }
        return 0;
    }
}
