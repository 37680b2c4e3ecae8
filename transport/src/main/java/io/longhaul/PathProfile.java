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
package io.longhaul;

import java.time.Duration;
import java.util.Locale;

/// What a path asks of its two ends, derived from its rate, round trip and loss.
///
/// Worked example: 100 Gb/s x 100 ms has a bandwidth-delay product of 1.25 GB; its credit is 2.8 GB, and its window, in
/// packets of 8,900 bytes, 524,288 chunks.
///
/// @param rateBitsPerSecond rate of the path
/// @param roundTrip round trip without queues
/// @param lossFraction share of packets that the path loses, 0 to below 1
public record PathProfile(long rateBitsPerSecond, Duration roundTrip, double lossFraction) {
    /// Credit in bandwidth-delay products: one in flight, one while a loss is repaired, and a quarter for
    /// acknowledgements that are late.
    private static final double CREDIT_PRODUCTS = 2.25;

    /// Payload of a packet on the smallest path that is expected, bytes: a 1500-byte MTU.
    private static final int SMALL_PACKET_BYTES = 1400;

    /// Payload of a packet where jumbo frames pass, bytes.
    private static final int LARGE_PACKET_BYTES = 8900;

    private static final int MIN_WINDOW_CHUNKS = 1 << 10;
    private static final int MAX_WINDOW_CHUNKS = 1 << 24;
    private static final long MIN_CREDIT_BYTES = 1 << 20;
    private static final double PAUSE_SECONDS = 0.020;
    private static final long MAX_RATE_BITS_PER_SECOND = 10_000_000_000_000L;
    private static final double NANOS_PER_SECOND = 1e9;

    /// Validates.
    public PathProfile {
        if (rateBitsPerSecond <= 0 || rateBitsPerSecond > MAX_RATE_BITS_PER_SECOND) {
            throw new ConfigurationException(
                    "rateBitsPerSecond=" + rateBitsPerSecond + " is out of range: 1.." + MAX_RATE_BITS_PER_SECOND);
        }
        if (roundTrip.isNegative() || roundTrip.isZero() || roundTrip.compareTo(Duration.ofMinutes(1)) > 0) {
            throw new ConfigurationException("roundTrip=" + roundTrip + " is out of range: above zero, up to 1 minute");
        }
        if (!(lossFraction >= 0 && lossFraction < 1)) {
            throw new ConfigurationException("lossFraction=" + lossFraction + " is out of range: 0 to below 1");
        }
    }

    /// A profile.
    public static PathProfile of(long rateBitsPerSecond, Duration roundTrip, double lossFraction) {
        return new PathProfile(rateBitsPerSecond, roundTrip, lossFraction);
    }

    private double rttSeconds() {
        return roundTrip.toNanos() / NANOS_PER_SECOND;
    }

    /// Bandwidth-delay product: what is in flight when the path is full, bytes.
    public long bandwidthDelayBytes() {
        return (long) Math.ceil(rateBitsPerSecond / 8.0 * rttSeconds());
    }

    /// Share of credit for losses that must be repaired more than once: expected tries of a packet.
    private double tries() {
        return 1 / (1 - lossFraction);
    }

    /// Receive memory for messages and streams, bytes.
    public long creditBytes() {
        return Math.max(MIN_CREDIT_BYTES, (long) Math.ceil(CREDIT_PRODUCTS * tries() * bandwidthDelayBytes()));
    }

    /// Window in chunks of the size that the rate suggests: large packets from 10 Gb/s, small ones below. A power
    /// of two.
    public int windowChunks() {
        final long chunks = creditBytes() / chunkBytes();
        return Math.clamp(powerOfTwoFrom(chunks), MIN_WINDOW_CHUNKS, MAX_WINDOW_CHUNKS);
    }

    private int chunkBytes() {
        return rateBitsPerSecond >= 10_000_000_000L ? LARGE_PACKET_BYTES : SMALL_PACKET_BYTES;
    }

    private static long powerOfTwoFrom(long value) {
        return value <= 1 ? 1 : Long.highestOneBit(value - 1) << 1;
    }

    /// Receive queue that bridges a pause of 20 ms of the receiver, bytes over all lanes.
    public long receiveQueueBytes() {
        return (long) Math.ceil(rateBitsPerSecond / 8.0 * PAUSE_SECONDS);
    }

    /// Time after which the tail of a transfer is probed, at no jitter.
    public Duration tailProbe() {
        return roundTrip.plusMillis(1);
    }

    /// Least retransmission timeout.
    public Duration retransmissionTimeout() {
        return roundTrip.multipliedBy(2);
    }

    /// Longest time between two probes of a silent path.
    public Duration silentPathProbe() {
        final Duration four = roundTrip.multipliedBy(4);
        final Duration least = Duration.ofMillis(100);
        return four.compareTo(least) > 0 ? four : least;
    }

    /// Each derived value with its formula, one in a line.
    public String explain() {
        return String.format(
                Locale.ROOT,
                """
                path: %,d bit/s, round trip %s, loss %s
                bandwidth-delay product = rate x round trip / 8 = %,d bytes
                creditBytes = 2.25 x product / (1 - loss), at least 1 MiB = %,d bytes; maxMemoryBytes must be at least this
                windowChunks = power of two from creditBytes / %,d bytes a packet = %,d
                receive queues = rate x 20 ms / 8 = %,d bytes over all lanes
                tail probe = round trip + 4 x variation + 1 ms = %s
                retransmission timeout = at least 2 x round trip = %s
                probe of a silent path = max(4 x round trip, 100 ms) = %s
                """,
                rateBitsPerSecond,
                millis(roundTrip),
                lossFraction,
                bandwidthDelayBytes(),
                creditBytes(),
                chunkBytes(),
                windowChunks(),
                receiveQueueBytes(),
                millis(tailProbe()),
                millis(retransmissionTimeout()),
                millis(silentPathProbe()));
    }

    private static String millis(Duration duration) {
        return String.format(Locale.ROOT, "%.3f ms", duration.toNanos() / 1e6);
    }
}
