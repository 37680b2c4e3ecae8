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
package io.longhaul.endpoint;

/// Decides for how long an agent lets packets and timers wait, so that while data flows it wakes for many at a time: at
/// 2 Gb/s a packet of 9000 bytes comes every 36 us, and to wake for each costs more than to handle it.
///
/// The time counts from the last wake-up, follows the shortest round trip of the connections that were served lately
/// ({@link io.longhaul.core.ConnectionEngine#latenessNanos}), and is none while little is sent and received: what comes
/// alone is taken at once. A sender that was quiet catches up, because its pacer allows more than that.
///
/// Threading: belongs to one agent.
final class WakeCoalescing {
    /// Packets sent and received in a window from which on packets wait.
    static final int BUSY_PACKETS = 4;

    /// Length of a window.
    static final long WINDOW_NANOS = 1_000_000;

    /// Shorter waits are not worth it: a sleep takes that long.
    static final long LEAST_NANOS = 50_000;

    private long windowStartNanos;
    private long packetsBefore;
    private boolean wasBusy;
    private long latenessNanos = Long.MAX_VALUE; // of the connections served in this window
    private long lastLatenessNanos = Long.MAX_VALUE; // and in the one before

    private long wakeNanos;

    /// The agent has woken.
    void onWake(long nowNanos) {
        wakeNanos = nowNanos;
    }

    /// A connection was served.
    ///
    /// @param nanos by how much it may be served late
    void onServed(long nanos) {
        latenessNanos = Math.min(latenessNanos, nanos);
    }

    /// How long the agent may sleep whatever comes, from now on.
    ///
    /// @param packets packets sent and received since the start
    /// @return 0 to be there for the next packet
    long quietNanos(long nowNanos, long packets) {
        final long elapsedNanos = nowNanos - windowStartNanos;
        final long moved = packets - packetsBefore;
        if (elapsedNanos >= WINDOW_NANOS) {
            wasBusy = moved * WINDOW_NANOS >= BUSY_PACKETS * elapsedNanos;
            windowStartNanos = nowNanos;
            packetsBefore = packets;
            lastLatenessNanos = latenessNanos;
            latenessNanos = Long.MAX_VALUE;
        }
        final long lateness = Math.min(latenessNanos, lastLatenessNanos);
        if (lateness == Long.MAX_VALUE || lateness < LEAST_NANOS || !wasBusy && moved < BUSY_PACKETS) {
            return 0;
        }
        return Math.max(0, wakeNanos + lateness - nowNanos);
    }
}
