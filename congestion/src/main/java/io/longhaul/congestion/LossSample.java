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

/// What was declared lost: the input of {@link CongestionController#onLoss}. Reused by its owner like {@link
/// AckSample}.
public final class LossSample {
    /// Time at which the loss was declared.
    public long nowNanos;

    /// Bytes declared lost by this call.
    public long lostBytes;

    /// Packets declared lost by this call.
    public long lostPackets;

    /// Bytes in flight after the lost packets were taken out.
    public long bytesInFlight;

    /// Bytes in flight just after the newest lost packet was sent.
    public long packetBytesInFlight;

    /// Total bytes declared lost since the newest lost packet was sent, this loss included.
    public long lostBytesSincePacketSent;

    /// Send time of the newest lost packet.
    public long newestLostSentNanos;

    /// Creates an empty sample.
    public LossSample() {}
}
