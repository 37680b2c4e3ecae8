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

import io.longhaul.core.wire.PacketFlyweight;
import java.lang.foreign.MemorySegment;

/// Tells an {@link EngineTrace} what the parts of an engine have just done. Exists only while there is a trace.
final class TracePoints {
    final EngineTrace trace;
    private final EngineParts parts;
    private final EngineTrace.Metrics metrics = new EngineTrace.Metrics();
    private String phase = "";

    TracePoints(EngineTrace trace, EngineParts parts) {
        this.trace = trace;
        this.parts = parts;
        parts.recovery.trace(trace);
    }

    /// A packet was written.
    void onSent(long nowNanos, Transmit out) {
        final int index = out.isPlaced() ? parts.config.lanes() + out.lane() : out.lane();
        final PacketHistory history = parts.lanes[index].history;
        final long number = history.nextPacketNumber() - 1;
        final long csn = history.firstCsn(number);
        final int chunks = history.chunkCount(number);
        final EngineTrace.Content content;
        if (history.state(number) == PacketHistory.CONTROL) {
            content = EngineTrace.Content.CONTROL;
        } else if (chunks == 0) {
            content = EngineTrace.Content.PARITY;
        } else {
            final boolean again = parts.window.transmissions(csn) > 1;
            content = again ? EngineTrace.Content.AGAIN : EngineTrace.Content.DATA;
        }
        trace.packetSent(nowNanos, index, number, history.bytes(number), content, chunks == 0 ? -1 : csn, chunks);
    }

    /// A valid packet was taken.
    void onReceived(long nowNanos, MemorySegment segment, long offset, int length) {
        trace.packetReceived(
                nowNanos, PacketFlyweight.lane(segment, offset), PacketFlyweight.packetNumber(segment, offset), length);
    }

    /// An acknowledgement or a timeout has changed the state.
    void onMetrics(long nowNanos) {
        final Flow flow = parts.flow;
        metrics.minRttNanos = flow.rtt.minNanos();
        metrics.smoothedRttNanos = flow.rtt.smoothedNanos();
        metrics.latestRttNanos = flow.rtt.latestNanos();
        metrics.rttVarianceNanos = flow.rtt.varianceNanos();
        metrics.congestionWindowBytes = flow.controller().congestionWindowBytes();
        metrics.bytesInFlight = flow.bytesInFlight();
        metrics.pacingRateBytesPerSecond = flow.controller().pacingRateBytesPerSecond();
        metrics.probeTimeouts = parts.probeTimer.count();
        trace.metrics(nowNanos, metrics);
        final String now = flow.controller().phase();
        if (!now.equals(phase)) {
            trace.phase(nowNanos, phase, now);
            phase = now;
        }
    }
}
