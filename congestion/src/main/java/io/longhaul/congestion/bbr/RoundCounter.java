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
package io.longhaul.congestion.bbr;

import io.longhaul.congestion.AckSample;

/// Counts packet-timed round trips: a round ends when a packet is acknowledged that was sent after the round began.
///
/// It also ends after some round trips in which packets were lost, reports came, and nothing was acknowledged: without
/// an end of a round nobody would answer such a loss.
final class RoundCounter {
    /// Round trips without anything acknowledged after which a round that loses ends.
    private static final int STALLED_ROUND_TRIPS = 4;

    /// Time that such a round lasts at least, ns: shorter round trips are those of a busy host.
    private static final long LEAST_STALL_NANOS = 1_000_000;

    private long nextRoundDeliveredBytes;
    private long count;
    private boolean started;
    private boolean stalled;
    private boolean progressed;
    private long progressNanos; // of the last acknowledgement of anything, or the last end of a stalled round

    //= draft-ietf-ccwg-bbr-06 §5.5.1: a round ends with the first acknowledgement of a packet sent in it
    /// Counts.
    ///
    /// @param lossy true when the present round has lost enough for a stall, and a rate is known that could be cut
    void onAck(AckSample sample, boolean lossy) {
        started = sample.newlyAckedBytes > 0 && sample.packetDeliveredBytes >= nextRoundDeliveredBytes;
        stalled = lossy && sample.newlyAckedBytes == 0 && isStalled(sample);
        if (started || stalled) {
            nextRoundDeliveredBytes = sample.deliveredBytes;
            count++;
        }
        if (sample.newlyAckedBytes > 0 || stalled) {
            progressed = true;
            progressNanos = sample.nowNanos;
        }
    }

    private boolean isStalled(AckSample sample) {
        final long patienceNanos = Math.max(LEAST_STALL_NANOS, STALLED_ROUND_TRIPS * sample.smoothedRttNanos);
        return progressed && sample.nowNanos - progressNanos >= patienceNanos;
    }

    /// Starts a round of its own: what was in flight no longer counts.
    void restart(long deliveredBytes) {
        nextRoundDeliveredBytes = deliveredBytes;
    }

    /// True when the acknowledgement just processed began a round.
    boolean started() {
        return started || stalled;
    }

    /// True when the round that ended with the acknowledgement just processed had nothing acknowledged.
    boolean stalled() {
        return stalled;
    }

    /// Rounds begun so far.
    long count() {
        return count;
    }
}
