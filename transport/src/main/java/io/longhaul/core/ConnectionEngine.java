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

import io.longhaul.Operation;
import io.longhaul.congestion.CongestionControllerFactory;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// One connection: bytes in, bytes out. It opens no socket, reads no clock, starts no thread, and draws no random number;
/// equal calls give equal bytes.
///
/// Five verbs drive it: {@link #onPacket}, {@link #onTimeout}, {@link #pollTransmit}, {@link #nextTimeoutNanos},
/// {@link #pollEvent}. After any call the owner calls {@link #pollTransmit} until it returns 0, then {@link #pollEvent} until
/// it returns null, and then waits until {@link #nextTimeoutNanos}.
///
/// Threading: single writer, the agent that owns the connection. Times are monotonic nanoseconds; deadlines are compared by
/// difference.
public final class ConnectionEngine {
    /// Returned by {@link #nextTimeoutNanos} when no timer runs.
    public static final long NO_TIMEOUT = Long.MAX_VALUE;

    /// Creates an engine.
    public ConnectionEngine(EngineConfig config, CongestionControllerFactory congestion, RegionTable regions, long nowNanos) {
        throw new AssertionError("in progress");
    }

    /// Takes a packet from the wire. Never throws for what a peer sent: bad packets are counted and dropped.
    ///
    /// @param lane lane on which it arrived (index of the receiving queue pair)
    /// @param ceMarked the IP header said Congestion Experienced
    public void onPacket(long nowNanos, int lane, MemorySegment segment, long offset, int length, boolean ceMarked) {
        throw new AssertionError("in progress");
    }

    /// Runs timers that are due.
    public void onTimeout(long nowNanos) {
        throw new AssertionError("in progress");
    }

    /// Writes the next packet, if one may leave now.
    ///
    /// @return its length in bytes (also in {@code out}, with the lane), or 0 when nothing may leave now
    public int pollTransmit(long nowNanos, Transmit out) {
        throw new AssertionError("in progress");
    }

    /// Time at which {@link #onTimeout} (and then {@link #pollTransmit}) must be called at the latest.
    public long nextTimeoutNanos() {
        throw new AssertionError("in progress");
    }

    /// Takes the next event; the record is reused by the next call.
    public @Nullable EngineEvent pollEvent() {
        throw new AssertionError("in progress");
    }

    /// Posts an operation on which {@link Operation#begin} was called. Its end is an event.
    ///
    /// @return false when the limit of outstanding operations is reached or the engine is closing; nothing was posted
    public boolean post(long nowNanos, Operation operation) {
        throw new AssertionError("in progress");
    }

    /// Asks the peer for a region; the answer is an event with the token.
    ///
    /// @return false when the limit of outstanding operations is reached or the engine is closing
    public boolean lookup(long nowNanos, byte[] nameUtf8, long token) {
        throw new AssertionError("in progress");
    }

    /// Opens a stream.
    ///
    /// @return null when the limit of streams is reached or the engine is closing
    public @Nullable EngineStream openStream() {
        throw new AssertionError("in progress");
    }

    /// Must be called on the agent's thread after the application wrote to, read from, or shut down a stream.
    public void onStreamTouched(long nowNanos, EngineStream stream) {
        throw new AssertionError("in progress");
    }

    /// Closes: with {@code drain}, new postings are refused and CLOSE is sent once everything posted has ended; without, what
    /// is outstanding ends as FLUSHED at once and CLOSE is sent. CLOSED is the last event.
    public void close(long nowNanos, boolean drain, String reason) {
        throw new AssertionError("in progress");
    }

    /// Says that the peer is gone (its control connection broke): ends as CONNECTION_LOST.
    public void onPeerLost(long nowNanos, io.longhaul.ConnectionException.Reason reason, String text) {
        throw new AssertionError("in progress");
    }

    /// Says that the device refused a packet of this size: the path MTU shrinks at once.
    public void onPacketTooLarge(long nowNanos, int lane, int length) {
        throw new AssertionError("in progress");
    }

    /// True once CLOSED was queued and nothing more will be sent.
    public boolean isClosed() {
        throw new AssertionError("in progress");
    }

    /// Largest packet that {@link #pollTransmit} writes now, bytes.
    public int packetBytes() {
        throw new AssertionError("in progress");
    }

    /// A snapshot of the counters.
    public io.longhaul.ConnectionStatistics statistics(long nowNanos) {
        throw new AssertionError("in progress");
    }
}
