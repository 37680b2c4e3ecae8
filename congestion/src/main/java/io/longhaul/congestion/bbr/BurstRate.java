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
import io.longhaul.congestion.Bandwidth;

/// The rate of a burst that is shorter than a round trip: of a message behind a pause.
///
/// A delivery-rate sample of such a burst spreads it over the round trip that the first acknowledgement takes, so that
/// 1 MiB over 2 Gb/s and 20 ms never shows more than 350 Mb/s. What shows the path is how the burst arrives:
///
/// {@snippet lang=text :
/// rate = min(bytes sent behind the first packet / time in which they were sent,
///            bytes acknowledged behind the first acknowledgement / time in which they were)
/// }
/// It is believed from 32 packets and 1 ms on, so that one late acknowledgement is no rate.
//= draft-ietf-ccwg-bbr-06 §4.1 type=deviation: beside samples over a round trip, for who never sends for one
final class BurstRate {
    private static final int LEAST_PACKETS = 32;
    private static final long LEAST_NANOS = 1_000_000;

    private final long leastBytes;
    private long firstSentNanos;
    private long lastSentNanos;
    private long sentBytes;
    private boolean acknowledged;
    private long firstAckNanos;
    private long ackedBytes;

    /// @param packetBytes of a full packet
    BurstRate(int packetBytes) {
        leastBytes = (long) LEAST_PACKETS * packetBytes;
    }

    /// True when nothing has left for so long that the next packet begins another burst: half a round trip.
    boolean isOver(long nowNanos, long minRttNanos) {
        return nowNanos - lastSentNanos >= minRttNanos / 2;
    }

    /// A packet leaves.
    ///
    /// @param first of a burst
    void onSent(long nowNanos, int bytes, boolean first) {
        lastSentNanos = nowNanos;
        if (first) {
            firstSentNanos = nowNanos;
            sentBytes = 0;
            acknowledged = false;
            ackedBytes = 0;
        } else {
            sentBytes += bytes;
        }
    }

    /// Takes an acknowledgement.
    ///
    /// @return bytes per second, or 0 while there is none to be believed
    double onAck(AckSample sample, long minRttNanos) {
        if (sample.newlyAckedBytes == 0 || sample.nowNanos - firstSentNanos < minRttNanos) {
            return 0; // what came before the pause is still being reported on
        }
        if (!acknowledged) {
            acknowledged = true;
            firstAckNanos = sample.nowNanos;
            return 0;
        }
        ackedBytes += sample.newlyAckedBytes;
        final long elapsedNanos = sample.nowNanos - firstAckNanos;
        final long sendNanos = lastSentNanos - firstSentNanos;
        if (ackedBytes < leastBytes || elapsedNanos < LEAST_NANOS || sendNanos >= minRttNanos) {
            return 0;
        }
        final double arriving = Bandwidth.rate(ackedBytes, elapsedNanos);
        return sendNanos <= 0 ? arriving : Math.min(arriving, Bandwidth.rate(sentBytes, sendNanos));
    }
}
