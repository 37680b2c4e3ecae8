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

/// What a path needs and what schemes of reliability reach on it, by closed forms.
///
/// Worked numbers, 100 Gb/s and 2,000 km: RTT 20 ms, rate x RTT 250 MB, 61,035 packets of 4 KiB in flight. At a loss
/// of 1e-4 go-back-N keeps 14 % of the link; selective repeat 99.99 %.
///
/// @param rateBitsPerSecond rate of the path
/// @param rttNanos round trip
/// @param lossFraction share of packets that the path loses, 0..1
record PathArithmetic(long rateBitsPerSecond, long rttNanos, double lossFraction) {
    /// Payload of an RDMA packet with the largest InfiniBand MTU.
    static final int RDMA_PAYLOAD_BYTES = 4096;

    /// RXE_MAX_UNACKED_PSNS of Linux' Soft-RoCE: packets that a reliable connection has in flight.
    static final int RXE_PACKETS = 128;

    /// Segment of TCP on a 9000-byte path.
    static final int TCP_SEGMENT_BYTES = 8948;

    /// One round trip in flight, one in repair, and a quarter to spare.
    private static final double WINDOW_ROUND_TRIPS = 2.25;

    /// Pause of a host that receive queues have to bridge.
    private static final double PAUSE_SECONDS = 0.020;

    private static final double MATHIS = 1.2247;
    private static final double CUBIC_C = 0.4;
    private static final double CUBIC_BETA = 0.7;

    /// Bytes in flight that fill the path.
    double bandwidthDelayBytes() {
        return rateBitsPerSecond / 8.0 * rttSeconds();
    }

    /// Window that keeps the path full while losses are repaired.
    double windowBytes() {
        return WINDOW_ROUND_TRIPS * bandwidthDelayBytes();
    }

    /// Receive buffers that bridge a pause of 20 ms.
    double receiveQueueBytes() {
        return rateBitsPerSecond / 8.0 * PAUSE_SECONDS;
    }

    private double rttSeconds() {
        return rttNanos / 1e9;
    }

    /// Packets in flight when the path is full, at least 1.
    double packetsInFlight(int payloadBytes) {
        return Math.max(1, bandwidthDelayBytes() / payloadBytes);
    }

    /// Share of the link that go-back-N keeps with an unlimited window: (1 - p) / (1 + (N - 1) p), N packets in
    /// flight.
    double goBackNShare() {
        final double packets = packetsInFlight(RDMA_PAYLOAD_BYTES);
        return (1 - lossFraction) / (1 + (packets - 1) * lossFraction);
    }

    /// Go-back-N with the window of Soft-RoCE: 128 packets of 4 KiB in a round trip, at most the link.
    double rxeBitsPerSecond() {
        final double packets = Math.min(RXE_PACKETS, packetsInFlight(RDMA_PAYLOAD_BYTES));
        final double window = 8.0 * packets * RDMA_PAYLOAD_BYTES / Math.max(1e-9, rttSeconds());
        final double share = (1 - lossFraction) / (1 + (packets - 1) * lossFraction);
        return Math.min(rateBitsPerSecond, window) * share;
    }

    /// One TCP connection with 9000-byte packets: the better of Reno and CUBIC, at most the link. Reno: MSS / RTT
    /// x sqrt(3/2) / sqrt(p). CUBIC: (C (3 + beta) / (4 (1 - beta)))^(1/4) x RTT^(3/4) / p^(3/4) segments in
    /// flight.
    double tcpBitsPerSecond() {
        if (lossFraction == 0 || rttNanos == 0) {
            return rateBitsPerSecond;
        }
        //= Mathis et al., CCR 1997 §2
        final double reno = MATHIS / Math.sqrt(lossFraction);
        //= RFC 9438 §5.1
        final double cubic = Math.pow(CUBIC_C * (3 + CUBIC_BETA) / (4 * (1 - CUBIC_BETA)), 0.25)
                * Math.pow(rttSeconds(), 0.75)
                / Math.pow(lossFraction, 0.75);
        return Math.min(rateBitsPerSecond, Math.max(reno, cubic) * TCP_SEGMENT_BYTES * 8 / rttSeconds());
    }

    /// Share of the link that selective repeat keeps in bulk: what is not lost.
    double selectiveRepeatShare() {
        return 1 - lossFraction;
    }

    /// Time of a transfer at a goodput, seconds: what is sent, and one round trip.
    double transferSeconds(double sizeBytes, double goodputBitsPerSecond) {
        return rttSeconds() + 8 * sizeBytes / goodputBitsPerSecond;
    }
}
