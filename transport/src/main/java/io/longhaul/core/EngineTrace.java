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

import io.longhaul.ConnectionStatistics.ResendCause;

/// Is told what an engine does, packet by packet. Everything is a number or a constant: nothing is allocated for it.
///
/// Threading: the agent that owns the engine. Implementations must not block and must not throw.
public interface EngineTrace {
    /// What a packet carries.
    enum Content {
        /// Chunks that are sent for the first time.
        DATA,
        /// Chunks of which at least the first was sent before.
        AGAIN,
        /// Parity, or copies ahead of any loss.
        PARITY,
        /// No chunks: acknowledgements, probes of the path, the end.
        CONTROL
    }

    /// A packet was handed to the device.
    ///
    /// @param packetNumber number on its lane
    /// @param ipBytes its size with all headers
    /// @param firstCsn first chunk, -1 for CONTROL and PARITY
    /// @param chunks number of chunks
    void packetSent(
            long nowNanos, int lane, long packetNumber, int ipBytes, Content content, long firstCsn, int chunks);

    /// A valid packet arrived.
    ///
    /// @param bytes its size without lower headers
    void packetReceived(long nowNanos, int lane, long packetNumber, int bytes);

    /// A packet was declared lost.
    void packetLost(long nowNanos, int lane, long packetNumber, ResendCause cause, long firstCsn, int chunks);

    /// A loss turned out to be none.
    ///
    /// @param lane lane that had lost it
    void spuriousLoss(long nowNanos, int lane);

    /// An acknowledgement was taken, or a timeout.
    ///
    /// @param values see {@link Metrics}; valid during the call
    void metrics(long nowNanos, Metrics values);

    /// The congestion controller has entered another phase.
    ///
    /// @param from the phase before, empty at the start
    void phase(long nowNanos, String from, String to);

    /// Values of the path and of the congestion controller. Reused.
    final class Metrics {
        /// Smallest round trip lately, nanoseconds.
        public long minRttNanos;

        /// Smoothed round trip, nanoseconds.
        public long smoothedRttNanos;

        /// Newest round trip, nanoseconds.
        public long latestRttNanos;

        /// Its variation, nanoseconds.
        public long rttVarianceNanos;

        /// Congestion window, bytes.
        public long congestionWindowBytes;

        /// Bytes in flight.
        public long bytesInFlight;

        /// Pacing rate, bytes per second.
        public long pacingRateBytesPerSecond;

        /// Probe timeouts in a row.
        public int probeTimeouts;

        /// Creates values of zero.
        public Metrics() {}
    }
}
