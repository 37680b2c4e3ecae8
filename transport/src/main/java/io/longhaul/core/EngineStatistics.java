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
package io.longhaul.core;

import io.longhaul.ConnectionStatistics;

/// Collects the counters of an engine.
final class EngineStatistics {
    private EngineStatistics() {}

    static ConnectionStatistics of(EngineParts parts, long corruptPackets, long nowNanos) {
        final Flow flow = parts.flow;
        final ReceiveLanes received = parts.receiveLanes;
        final PacketSealer sealer = parts.sealer;
        return new ConnectionStatistics(
                flow.rtt.smoothedNanos(),
                flow.rtt.minNanos(),
                parts.writer.sentPackets() + parts.placedSender.sentPackets(),
                parts.writer.sentBytes() + parts.placedSender.sentBytes(),
                received.totalPackets(),
                received.totalBytes() + received.totalPackets() * parts.config.lowerHeaderBytes(),
                parts.sender.payloadBytes() + parts.placedSender.placedBytes(),
                parts.inbound.placedBytes(),
                parts.sender.retransmittedBytes(),
                parts.parity.parityBytes(),
                parts.placedSender.placedBytes() + parts.inboundPlacement.placedBytes(),
                flow.lostPackets(),
                parts.recovery.spuriousPackets(),
                received.totalDuplicates(),
                corruptPackets,
                flow.controller().congestionWindowBytes(),
                flow.bytesInFlight(),
                flow.controller().pacingRateBytesPerSecond(),
                parts.limits.nanos(nowNanos),
                parts.resent.byCause(),
                parts.resent.needless(),
                parts.probeTimer.probeTimeouts(),
                parts.probeTimer.retransmissionTimeouts(),
                parts.sender.payloadBytesPerPacket(),
                parts.writer.ipBytes(parts.mtu.packetBytes()),
                parts.config.lanes(),
                flow.controller().name(),
                flow.controller().phase(),
                sealer != null,
                sealer == null ? 0 : sealer.forgedPackets(),
                parts.verifier.replayedPackets(),
                sealer == null ? 0 : sealer.keyUpdates());
    }
}
