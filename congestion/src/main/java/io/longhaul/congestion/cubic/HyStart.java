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
package io.longhaul.congestion.cubic;

/// Ends slow start before it overflows the queue: a round trip that grows from round to round is the sign (RFC 9406).
///
/// After the sign, growth is slowed down for five rounds; if the round trip falls again in that time, it was no sign.
final class HyStart {
    //= RFC 9406 §4.3: the constants that it recommends
    private static final long MIN_THRESHOLD_NANOS = 4_000_000;
    private static final long MAX_THRESHOLD_NANOS = 16_000_000;
    private static final int RTT_DIVISOR = 8;
    private static final int SAMPLES = 8;
    private static final int SLOW_ROUNDS = 5;
    private static final double SLOW_GROWTH = 0.25;

    private long roundEndBytes;
    private long lastRoundNanos = Long.MAX_VALUE;
    private long roundNanos = Long.MAX_VALUE;
    private long baselineNanos = Long.MAX_VALUE;
    private int samples;
    private boolean slow;
    private int slowRounds;

    /// Takes an acknowledgement.
    ///
    /// @param rttNanos newest round trip; -1 for none
    /// @return true when slow start is over
    //= RFC 9406 §4.2
    boolean onAck(long rttNanos, long packetDeliveredBytes, long deliveredBytes) {
        if (packetDeliveredBytes >= roundEndBytes) {
            roundEndBytes = deliveredBytes;
            lastRoundNanos = roundNanos;
            roundNanos = Long.MAX_VALUE;
            samples = 0;
            if (slow && ++slowRounds >= SLOW_ROUNDS) {
                return true;
            }
        }
        if (rttNanos > 0) {
            roundNanos = Math.min(roundNanos, rttNanos);
            samples++;
        }
        if (samples >= SAMPLES && roundNanos != Long.MAX_VALUE) {
            judge();
        }
        return false;
    }

    private void judge() {
        if (slow) {
            slow = roundNanos >= baselineNanos;
        } else if (lastRoundNanos != Long.MAX_VALUE) {
            final long threshold = Math.clamp(lastRoundNanos / RTT_DIVISOR, MIN_THRESHOLD_NANOS, MAX_THRESHOLD_NANOS);
            if (roundNanos >= lastRoundNanos + threshold) {
                baselineNanos = roundNanos;
                slow = true;
                slowRounds = 0;
            }
        }
    }

    /// Share of the acknowledged bytes by which the window grows.
    double growth() {
        return slow ? SLOW_GROWTH : 1;
    }
}
