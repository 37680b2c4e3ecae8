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

/// Tail probes and retransmission timeouts (RFC 8985 §7, RFC 9002 §6.2).
///
/// While something is unacknowledged, silence of one probe timeout sends probes; the third in a row is a retransmission
/// timeout: everything in flight is lost, and until the peer is heard again only probes leave. The timeout doubles, but
/// a
/// silent path is probed at least every max(4 RTT, 100 ms), so that its return is seen.
final class ProbeTimer {
    /// Probe timeouts in a row that make a retransmission timeout.
    static final int RTO_AFTER = 3;

    private static final long MIN_CAP_NANOS = 100_000_000L;
    private static final int CAP_ROUND_TRIPS = 4;

    private long armedNanos = ConnectionEngine.NO_TIMEOUT;
    private int count;
    private boolean silent;
    private long probeTimeouts;
    private long retransmissionTimeouts;

    ProbeTimer() {}

    /// Starts the timer anew: something was sent or acknowledged.
    void arm(long nowNanos, long timeoutNanos, long smoothedRttNanos) {
        final long backedOff = timeoutNanos << Math.min(count, 10);
        final long cap = Math.max(Math.max(CAP_ROUND_TRIPS * smoothedRttNanos, MIN_CAP_NANOS), timeoutNanos);
        armedNanos = nowNanos + Math.min(backedOff, cap);
    }

    void disarm() {
        armedNanos = ConnectionEngine.NO_TIMEOUT;
    }

    boolean isArmed() {
        return armedNanos != ConnectionEngine.NO_TIMEOUT;
    }

    long dueNanos() {
        return armedNanos;
    }

    /// The peer was heard.
    void onHeard() {
        count = 0;
        silent = false;
    }

    /// The timer expired.
    ///
    /// @return true when this is a retransmission timeout
    boolean onExpired() {
        count++;
        probeTimeouts++;
        if (count == RTO_AFTER) {
            silent = true;
            retransmissionTimeouts++;
            return true;
        }
        return count > RTO_AFTER;
    }

    /// Timeouts in a row.
    int count() {
        return count;
    }

    /// True while only probes may leave.
    boolean isSilent() {
        return silent;
    }

    long probeTimeouts() {
        return probeTimeouts;
    }

    long retransmissionTimeouts() {
        return retransmissionTimeouts;
    }
}
