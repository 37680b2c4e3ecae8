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
final class RoundCounter {
    private long nextRoundDeliveredBytes;
    private long count;
    private boolean started;

    //= draft-ietf-ccwg-bbr-06 §5.5.1: a round ends with the first acknowledgement of a packet sent in it
    void onAck(AckSample sample) {
        started = sample.newlyAckedBytes > 0 && sample.packetDeliveredBytes >= nextRoundDeliveredBytes;
        if (started) {
            nextRoundDeliveredBytes = sample.deliveredBytes;
            count++;
        }
    }

    /// Starts a round of its own: what was in flight no longer counts.
    void restart(long deliveredBytes) {
        nextRoundDeliveredBytes = deliveredBytes;
    }

    /// True when the acknowledgement just processed began a round.
    boolean started() {
        return started;
    }

    /// Rounds begun so far.
    long count() {
        return count;
    }
}
