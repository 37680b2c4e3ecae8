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
import io.longhaul.cli.account.SenderAccount;

/// The fields that the results of `cp`, `perf` and `demo` share.
final class TransferJson {
    private TransferJson() {}

    /// Makes the common fields.
    ///
    /// @param bytes application bytes moved
    /// @param seconds in this time
    /// @param account of the side that sent
    static Json of(long bytes, double seconds, ConnectionStatistics statistics, SenderAccount account, String device) {
        return new Json()
                .put("bytes", bytes)
                .put("seconds", seconds)
                .put("goodput_bps", seconds > 0 ? Math.round(8.0 * bytes / seconds) : 0)
                .put("rtt_ms", statistics.smoothedRttNanos() / 1e6)
                .put("min_rtt_ms", statistics.minRttNanos() / 1e6)
                .put("retransmitted_bytes", account.retransmittedBytes())
                .put("parity_bytes", account.parityBytes())
                .put("placed_bytes", statistics.placedBytes())
                .put("payload_share", statistics.payloadShare())
                .put("device", device)
                .put("cc", statistics.congestionController())
                .put("lanes", statistics.lanes())
                .put("sealed", statistics.sealed())
                .put("insecure", !statistics.sealed())
                .putAll(of(account))
                .put("lost_packets", statistics.lostPackets())
                .put("spurious_packets", statistics.spuriousPackets())
                .put("timeouts", statistics.retransmissionTimeouts());
    }

    /// Makes the fields that say what held a sender back, and why it sent bytes again.
    static Json of(SenderAccount account) {
        final Json limits = new Json();
        for (ConnectionStatistics.Limit each : ConnectionStatistics.Limit.values()) {
            limits.put(SenderAccount.key(each), account.share(each));
        }
        final Json causes = new Json();
        account.resentBytes().forEach((cause, bytes) -> causes.put(SenderAccount.key(cause), bytes));
        return new Json()
                .put("limited_by", limits)
                .put("retransmitted_why", causes)
                .put("needless_bytes", account.needlessBytes());
    }
}
