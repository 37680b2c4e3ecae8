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

import java.util.Map;

/// A snapshot of a connection's counters. Bytes are IP bytes with all headers unless said otherwise.
///
/// @param smoothedRttNanos smoothed round trip
/// @param minRttNanos smallest round trip lately
/// @param sentPackets packets sent, all kinds
/// @param sentBytes bytes sent, all kinds
/// @param receivedPackets valid packets received
/// @param receivedBytes bytes received in valid packets
/// @param payloadSentBytes application bytes sent for the first time
/// @param payloadReceivedBytes application bytes placed
/// @param retransmittedBytes application bytes sent again
/// @param parityBytes bytes of parity sent
/// @param placedBytes application bytes that were sent or received by direct placement
/// @param lostPackets packets declared lost
/// @param spuriousPackets packets declared lost that had arrived
/// @param duplicatePackets chunks received twice
/// @param corruptPackets packets dropped because their CRC32C, their format, or, where packets are sealed, their key or
/// tag
///     was wrong
/// @param congestionWindowBytes present window
/// @param bytesInFlight bytes in flight
/// @param pacingRateBytesPerSecond present pacing rate
/// @param limitedNanos why the connection was not faster: for how long each limit held the sender back; the values sum
/// up
///     to the life of the connection
/// @param resentBytes why application bytes were sent again; the values sum up to {@code retransmittedBytes}
/// @param needlessBytes those of them that turned out to have arrived before
/// @param probeTimeouts tail probes sent
/// @param retransmissionTimeouts retransmission timeouts
/// @param payloadBytesPerPacket application bytes of a full packet
/// @param ipBytesPerPacket IP bytes of a full packet
/// @param lanes lanes in use
/// @param congestionController name of the controller
/// @param congestionPhase its phase
/// @param sealed every packet is encrypted and authenticated
/// @param forgedPackets packets that named a key and a new number, and failed authentication
/// @param replayedPackets packets refused because their number was taken before, or is too old to know
/// @param keyUpdates keys that this side took after the first of each lane
public record ConnectionStatistics(
        long smoothedRttNanos,
        long minRttNanos,
        long sentPackets,
        long sentBytes,
        long receivedPackets,
        long receivedBytes,
        long payloadSentBytes,
        long payloadReceivedBytes,
        long retransmittedBytes,
        long parityBytes,
        long placedBytes,
        long lostPackets,
        long spuriousPackets,
        long duplicatePackets,
        long corruptPackets,
        long congestionWindowBytes,
        long bytesInFlight,
        long pacingRateBytesPerSecond,
        Map<Limit, Long> limitedNanos,
        Map<ResendCause, Long> resentBytes,
        long needlessBytes,
        long probeTimeouts,
        long retransmissionTimeouts,
        int payloadBytesPerPacket,
        int ipBytesPerPacket,
        int lanes,
        String congestionController,
        String congestionPhase,
        boolean sealed,
        long forgedPackets,
        long replayedPackets,
        long keyUpdates) {

    /// What keeps a sender from sending more, at a moment.
    public enum Limit {
        /// There is nothing to send.
        APPLICATION,
        /// The far application does not take what has arrived: message or stream credit is used up.
        RECEIVER,
        /// The receive window is used up: as many chunks are missing or unacknowledged as either side allows.
        CREDIT,
        /// As much is in flight as the congestion controller allows.
        CONGESTION_WINDOW,
        /// The next packet's time at the congestion controller's rate has not come.
        PACER,
        /// This machine: everything allowed it to send, and it did not.
        SENDER,
        /// The path is being measured, or nothing comes back from it: only probes leave.
        PATH
    }

    /// Why bytes are sent again.
    public enum ResendCause {
        /// Enough later packets of the lane arrived.
        PACKET_THRESHOLD,
        /// Later packets of the lane arrived, and the time for reordering has passed.
        TIME_THRESHOLD,
        /// Protected by parity or copies that did not suffice, or were lost as well.
        PARITY_SHORT,
        /// Nothing was heard: a probe of the tail, whether or not it was lost.
        TAIL_PROBE,
        /// Nothing was heard for several probes: a retransmission timeout.
        TIMEOUT,
        /// The lane fell silent while others were heard.
        LANE_SILENT,
        /// The lane was given up.
        LANE_DEAD
    }

    /// Copies the maps.
    public ConnectionStatistics {
        limitedNanos = Map.copyOf(limitedNanos);
        resentBytes = Map.copyOf(resentBytes);
    }

    /// Time for which a limit held the sender back, nanoseconds.
    public long limitedNanos(Limit limit) {
        return limitedNanos.getOrDefault(limit, 0L);
    }

    /// Application bytes sent again for a cause.
    public long resentBytes(ResendCause cause) {
        return resentBytes.getOrDefault(cause, 0L);
    }

    /// Application bytes over IP bytes of a full packet, 0..1 (design: payload share).
    public double payloadShare() {
        return (double) payloadBytesPerPacket / ipBytesPerPacket;
    }
}
