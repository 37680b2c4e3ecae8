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

import io.longhaul.ConnectionStatistics;

/// The fields that the results of `cp`, `perf` and `demo` share.
final class TransferJson {
    private TransferJson() {}

    /// Makes the common fields.
    ///
    /// @param bytes application bytes moved
    /// @param seconds in this time
    static Json of(long bytes, double seconds, ConnectionStatistics statistics, String device) {
        return new Json()
                .put("bytes", bytes)
                .put("seconds", seconds)
                .put("goodput_bps", seconds > 0 ? Math.round(8.0 * bytes / seconds) : 0)
                .put("rtt_ms", statistics.smoothedRttNanos() / 1e6)
                .put("min_rtt_ms", statistics.minRttNanos() / 1e6)
                .put("retransmitted_bytes", statistics.retransmittedBytes())
                .put("parity_bytes", statistics.parityBytes())
                .put("placed_bytes", statistics.placedBytes())
                .put("payload_share", statistics.payloadShare())
                .put("device", device)
                .put("cc", statistics.congestionController())
                .put("lanes", statistics.lanes())
                .put("sealed", statistics.sealed())
                .put(
                        "limited_seconds",
                        new Json()
                                .put("application", statistics.applicationLimitedNanos() / 1e9)
                                .put("congestion", statistics.congestionLimitedNanos() / 1e9)
                                .put("credit", statistics.creditLimitedNanos() / 1e9))
                .put("lost_packets", statistics.lostPackets())
                .put("spurious_packets", statistics.spuriousPackets())
                .put("timeouts", statistics.retransmissionTimeouts());
    }
}
