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

/// Decides how many bytes may be in flight on a path and how fast they may leave.
///
/// One controller serves one connection. It is sans-IO: time is an argument, and nothing is reached for globally, so
/// equal
/// calls give equal answers. The caller reports every packet that counts towards the window (packets that carry data or
/// parity; pure acknowledgements and path probes do not count), and asks for the window and the pacing rate afterwards.
///
/// Threading: single writer; the agent that owns the connection calls everything.
public interface CongestionController {
    /// Is called after a packet that counts towards the window was handed to the device.
    ///
    /// @param nowNanos monotonic time
    /// @param bytes IP bytes of the packet, all headers included
    /// @param bytesInFlight bytes in flight, this packet included
    /// @param appLimited true when the sender has no more data to send after this packet
    void onPacketSent(long nowNanos, int bytes, long bytesInFlight, boolean appLimited);

    /// Is called once for each acknowledgement that made progress, after its losses were reported through {@link
    /// #onLoss}.
    ///
    /// @param sample reused by the caller: valid during the call only
    void onAck(AckSample sample);

    /// Is called when packets were declared lost, at most once for each acknowledgement or timer.
    ///
    /// @param sample reused by the caller: valid during the call only
    void onLoss(LossSample sample);

    /// Is called when losses that were reported earlier turn out to have been delivered (the receiver saw
    /// duplicates).
    ///
    /// @param nowNanos monotonic time
    /// @param bytes bytes that were declared lost and have arrived
    void onSpuriousLoss(long nowNanos, long bytes);

    /// Is called when a retransmission timeout declared everything in flight lost.
    ///
    /// @param nowNanos monotonic time
    /// @param bytesLost bytes that were in flight
    void onRetransmissionTimeout(long nowNanos, long bytesLost);

    /// Bytes that may be in flight; at least one packet.
    long congestionWindowBytes();

    /// Bytes per second at which packets may leave; always above 0.
    long pacingRateBytesPerSecond();

    /// The estimate of the bottleneck's rate in bytes per second, or 0 while unknown.
    long bandwidthBytesPerSecond();

    /// Name of the present phase for diagnosis, for example {@code ProbeBwCruise}.
    String phase();

    /// Name under which the controller is chosen, for example {@code bbr}.
    String name();
}
