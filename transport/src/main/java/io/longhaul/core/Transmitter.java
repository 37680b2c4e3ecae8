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

import io.longhaul.ConnectionStatistics.Limit;

/// Decides which packet leaves next: the end of the connection, answers, acknowledgements, probes, lost chunks, new
/// chunks.
final class Transmitter {
    private static final int TAIL_PROBES = 2;

    private final EngineParts parts;
    private final PacketWriter writer;
    private final Flow flow;
    private boolean established;
    private int probesToSend;
    private int lastControlLane;
    private boolean ackWaited; // a packet with data left, and did not take what was due
    private long pacedNanos;

    Transmitter(EngineParts parts) {
        this.parts = parts;
        writer = parts.writer;
        flow = parts.flow;
        pacedNanos = parts.startNanos;
    }

    /// The path is known: data may flow.
    void onEstablished() {
        established = true;
    }

    /// An acknowledgement may have opened the window.
    void onAck(long nowNanos) {
        pacedNanos = nowNanos;
    }

    /// Sends the newest and the oldest chunk that are not acknowledged again.
    void probeTail() {
        probesToSend = TAIL_PROBES;
    }

    /// Writes the next packet, if one may leave now.
    int poll(long nowNanos, Transmit out) {
        writer.begin(out, parts.mtu.packetBytes());
        if (parts.closing.put(nowNanos, parts.closeTimeoutNanos(), writer)) {
            return finishControl(nowNanos, out, nextControlLane());
        }
        if (!parts.closing.isLive()) {
            return 0;
        }
        if (!parts.replies.isEmpty()) {
            // Without the acknowledgement that is due too: on a lane of its own, it tells more of lanes that differ.
            parts.replies.put(writer);
            return finishControl(nowNanos, out, nextControlLane());
        }
        final boolean ackDue = parts.acks.isDue(nowNanos, parts.smoothedRttNanos());
        if (ackDue && !ackRides(nowNanos) && putAck(nowNanos)) {
            return finishControl(nowNanos, out, nextControlLane());
        }
        final int probe = pollProbe(nowNanos, out);
        final int length = probe > 0 ? probe : pollData(nowNanos, out);
        if (length == 0 && ackDue && putAck(nowNanos)) {
            return finishControl(nowNanos, out, nextControlLane());
        }
        return length;
    }

    // What is due may leave in a small packet with data that leaves at once: an answer, say. It is tried once for each
    // acknowledgement.
    private boolean ackRides(long nowNanos) {
        final boolean rides = !ackWaited
                && parts.acks.isPending()
                && established
                && probesToSend == 0
                && !parts.probeTimer.isSilent()
                && !parts.parity.hasMore()
                && flow.windowOpen()
                && flow.paced(nowNanos, writer.ipBytes(parts.mtu.packetBytes()))
                && parts.sender.isNextSmall(parts.acks.minBytes());
        ackWaited = rides;
        return rides;
    }

    // Control packets take the lanes in turn, so that a repeated one takes another lane than the first.
    private SendLane nextControlLane() {
        final SendLane lane = parts.laneScheduler.other(lastControlLane);
        lastControlLane = lane.index;
        return lane;
    }

    private boolean putAck(long nowNanos) {
        final int bytes = parts.acks.put(
                nowNanos,
                parts.smoothedRttNanos(),
                writer.segment(),
                writer.at(),
                writer.room(),
                parts.messages.creditBytes());
        writer.advance(bytes);
        if (bytes > 0) {
            ackWaited = false;
            parts.messages.onCreditSent();
        }
        return bytes > 0;
    }

    private int finishControl(long nowNanos, Transmit out, SendLane lane) {
        final int ipBytes = writer.ipBytes(writer.packetBytes());
        final long number = lane.history.addControl(nowNanos, ipBytes);
        return writer.finish(out, lane.index, number);
    }

    private int pollProbe(long nowNanos, Transmit out) {
        writer.begin(out, parts.config.maxPacketBytes());
        if (parts.probes.put(nowNanos, parts.probeTimeoutNanos(), writer)) {
            return finishControl(nowNanos, out, parts.lanes[parts.probes.lane()]);
        }
        writer.begin(out, parts.mtu.packetBytes());
        while (probesToSend > 0) {
            probesToSend--;
            final int chunks = parts.sender.fillProbe(probesToSend == 1, parts.probeTimer.isSilent());
            if (chunks > 0) {
                if (parts.probeTimer.isSilent()) {
                    // Only probes leave: what they deliver says nothing about the path's rate.
                    flow.onAppLimited();
                }
                return finishData(nowNanos, out, parts.sender.probeLane(), chunks);
            }
        }
        return 0;
    }

    private int pollData(long nowNanos, Transmit out) {
        if (!established || parts.probeTimer.isSilent()) {
            parts.limits.set(nowNanos, Limit.PATH);
            return 0;
        }
        if (!hasData(nowNanos)) {
            return 0;
        }
        if (!flow.windowOpen()) {
            parts.limits.set(nowNanos, Limit.CONGESTION_WINDOW);
            return 0;
        }
        final int packet = writer.ipBytes(parts.mtu.packetBytes());
        if (!flow.paced(nowNanos, packet)) {
            pacedNanos = nowNanos + flow.pacedInNanos(packet);
            parts.limits.pace(nowNanos, pacedNanos + flow.catchUpNanos(packet));
            return 0;
        }
        parts.limits.set(nowNanos, Limit.SENDER);
        if (parts.parity.hasMore() && !parts.sender.hasLost() && parts.parity.fill(nowNanos, parts.sender)) {
            return finishParity(nowNanos, out);
        }
        if (!parts.sender.hasLost()) {
            final int placed = parts.placedSender.poll(nowNanos, out);
            if (placed > 0) {
                parts.probeTimer.arm(nowNanos, parts.probeTimeoutNanos(), parts.smoothedRttNanos());
                return placed;
            }
        }
        final int chunks = parts.sender.fill();
        return chunks == 0 ? 0 : finishData(nowNanos, out, parts.sender.lane(), chunks);
    }

    private int finishParity(long nowNanos, Transmit out) {
        if (parts.acks.isPending() && writer.room() >= parts.acks.minBytes()) {
            putAck(nowNanos);
        }
        return parts.parity.finish(out, parts.sender.isAppLimited());
    }

    private boolean hasData(long nowNanos) {
        if (parts.sender.hasLost() || parts.parity.hasMore()) {
            return true;
        }
        if (!parts.pieces.hasMore()) {
            final boolean refused = parts.operations.isBlocked() || parts.streams.isBlocked();
            parts.limits.set(nowNanos, refused ? Limit.RECEIVER : Limit.APPLICATION);
            if (flow.windowOpen()) {
                flow.onAppLimited();
            }
            return false;
        }
        if (!parts.window.hasCredit()) {
            parts.limits.set(nowNanos, Limit.CREDIT);
            return false;
        }
        return true;
    }

    private int finishData(long nowNanos, Transmit out, SendLane lane, int chunks) {
        if (parts.acks.isPending() && writer.room() >= parts.acks.minBytes()) {
            putAck(nowNanos);
        }
        final int length = parts.sender.finish(nowNanos, out, lane, chunks);
        parts.probeTimer.arm(nowNanos, parts.probeTimeoutNanos(), parts.smoothedRttNanos());
        return length;
    }

    /// Time at which {@link #poll} may have something to send; far in the past when it has now.
    long dueNanos() {
        if (!parts.replies.isEmpty() || probesToSend > 0) {
            return parts.startNanos;
        }
        if (!established || parts.probeTimer.isSilent() || !flow.windowOpen()) {
            return ConnectionEngine.NO_TIMEOUT;
        }
        final boolean has =
                parts.sender.hasLost() || parts.parity.hasMore() || parts.pieces.hasMore() && parts.window.hasCredit();
        return has ? pacedNanos : ConnectionEngine.NO_TIMEOUT;
    }
}
