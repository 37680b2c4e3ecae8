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

/// How long the peer has been silent: when to ask whether it lives, and when it counts as gone.
final class PeerWatch {
    private static final long MIN_INTERVAL_NANOS = 1_000_000_000L;

    private final long idleTimeoutNanos;
    private final long keepAliveIntervalNanos;
    private final Runnable atInterval;
    private long lastHeardNanos;
    private long keepAliveNanos;
    private long intervalNanos;

    /// @param atInterval run about once in a keep-alive interval and once in a second at most, whether or not the
    /// peer
    /// is silent
    PeerWatch(EngineConfig config, long nowNanos, Runnable atInterval) {
        this.atInterval = atInterval;
        idleTimeoutNanos = config.idleTimeoutNanos();
        keepAliveIntervalNanos = config.keepAliveNanos();
        lastHeardNanos = nowNanos;
        intervalNanos = nowNanos;
        keepAliveNanos = nowNanos + keepAliveIntervalNanos;
    }

    /// A packet of the peer was verified.
    void onHeard(long nowNanos) {
        lastHeardNanos = nowNanos;
    }

    boolean isLost(long nowNanos) {
        return nowNanos - lastHeardNanos >= idleTimeoutNanos;
    }

    /// Why {@link #isLost}.
    String lossText() {
        return "nothing was heard from the peer for " + idleTimeoutNanos / 1_000_000 + " ms";
    }

    /// True when the peer is to be asked now; it is only said once for each silence.
    boolean isProbeDue(long nowNanos) {
        if (nowNanos - keepAliveNanos < 0) {
            return false;
        }
        if (nowNanos - intervalNanos >= Math.max(MIN_INTERVAL_NANOS, keepAliveIntervalNanos / 2)) {
            intervalNanos = nowNanos;
            atInterval.run();
        }
        final boolean quiet = nowNanos - lastHeardNanos >= keepAliveIntervalNanos;
        keepAliveNanos = (quiet ? nowNanos : lastHeardNanos) + keepAliveIntervalNanos;
        return quiet;
    }

    /// When to look again.
    long dueNanos() {
        return Instants.earlier(keepAliveNanos, lastHeardNanos + idleTimeoutNanos);
    }
}
