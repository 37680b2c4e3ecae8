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
package io.longhaul.congestion;

/// What one acknowledgement told about the path: the input of {@link CongestionController#onAck}.
///
/// The connection owns one instance and refills it for each acknowledgement; nobody keeps a reference. All times are
/// monotonic nanoseconds, all sizes are IP bytes, headers included. Fields are public because this is a record of plain
/// values on the hot path.
public final class AckSample {
    /// Time of arrival of the acknowledgement.
    public long nowNanos;

    /// Newest round-trip sample, acknowledgement delay removed; -1 when this acknowledgement gave none.
    public long rttNanos = -1;

    /// Smoothed round-trip time (RFC 6298) over all lanes in use; 0 before the first sample.
    public long smoothedRttNanos;

    /// Bytes newly acknowledged by this acknowledgement.
    public long newlyAckedBytes;

    /// Bytes newly declared lost at this acknowledgement.
    public long newlyLostBytes;

    /// Packets newly reported as marked Congestion Experienced.
    public long newlyCeMarkedPackets;

    /// Packets newly acknowledged.
    public long newlyAckedPackets;

    /// Bytes in flight before this acknowledgement was processed.
    public long priorBytesInFlight;

    /// Bytes in flight after acknowledged and lost packets were taken out.
    public long bytesInFlight;

    /// Total bytes delivered on the connection so far (the C.delivered of the BBR draft).
    public long deliveredBytes;

    /// Value of {@link #deliveredBytes} when the newest acknowledged packet was sent (P.delivered): counts rounds.
    public long packetDeliveredBytes;

    /// Bytes in flight just after the newest acknowledged packet was sent (P.tx_in_flight).
    public long packetBytesInFlight;

    /// Total bytes declared lost since the newest acknowledged packet was sent (RS.lost).
    public long lostBytesSincePacketSent;

    /// Delivery rate sample in bytes per second, or 0 when there is none.
    public long deliveryRateBytesPerSecond;

    /// True when the delivery rate sample was taken while the sender lacked data.
    public boolean appLimited;

    /// Creates an empty sample.
    public AckSample() {}
}
