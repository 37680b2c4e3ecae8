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
package io.longhaul.congestion;

/// Measures the rate at which a path delivers (draft-ietf-ccwg-bbr §4.1, "delivery rate estimation").
///
/// The sender keeps four values for each packet, which this class supplies at send time and takes back when the packet
/// is
/// acknowledged: delivered bytes, the time of that count, the time of the first packet of the flight, and whether the
/// application lacked data. A rate sample is
/// {@snippet lang=text :
/// rate = delivered since the packet was sent / max(send elapsed, ack elapsed)
/// }
/// so that neither compressed acknowledgements nor a burst of sending inflates it.
///
/// Call order for one acknowledgement: {@link #onAckBegin}, {@link #onPacketAcked} for each packet,
/// {@link #sampleBytesPerSecond}. Sizes are bytes, times are nanoseconds.
public final class DeliveryRateEstimator {
    private long deliveredBytes;
    private long deliveredNanos;
    private long firstSentNanos;
    private long appLimitedUntilBytes;

    private long priorDeliveredBytes;
    private long priorDeliveredNanos;
    private long priorFirstSentNanos;
    private long priorSentNanos;
    private boolean priorAppLimited;
    private boolean hasSample;

    /// Creates an estimator that has seen nothing.
    public DeliveryRateEstimator() {}

    /// Is called before a packet is sent; afterwards the getters give the values to keep with the packet.
    ///
    /// @param nowNanos send time
    /// @param bytesInFlight bytes in flight before the packet
    public void onPacketSent(long nowNanos, long bytesInFlight) {
        if (bytesInFlight == 0) {
            firstSentNanos = nowNanos;
            deliveredNanos = nowNanos;
        }
    }

    /// Says that the sender has nothing more to send although the window is open.
    ///
    /// @param bytesInFlight bytes in flight now
    public void onAppLimited(long bytesInFlight) {
        appLimitedUntilBytes = Math.max(1, deliveredBytes + bytesInFlight);
    }

    /// Starts the processing of one acknowledgement.
    public void onAckBegin() {
        hasSample = false;
    }

    /// Takes a newly acknowledged packet with the values that were kept at its sending.
    public void onPacketAcked(
            long nowNanos,
            int bytes,
            long sentNanos,
            long packetDeliveredBytes,
            long packetDeliveredNanos,
            long packetFirstSentNanos,
            boolean packetAppLimited) {
        deliveredBytes += bytes;
        deliveredNanos = nowNanos;
        // The newest packet gives the sample: the most delivered at its sending, then the latest sent.
        if (!hasSample
                || packetDeliveredBytes > priorDeliveredBytes
                || (packetDeliveredBytes == priorDeliveredBytes && sentNanos - priorSentNanos > 0)) {
            hasSample = true;
            priorDeliveredBytes = packetDeliveredBytes;
            priorDeliveredNanos = packetDeliveredNanos;
            priorFirstSentNanos = packetFirstSentNanos;
            priorSentNanos = sentNanos;
            priorAppLimited = packetAppLimited;
            firstSentNanos = sentNanos;
        }
    }

    /// Gives the rate sample of this acknowledgement in bytes per second, or 0 when there is none.
    ///
    /// @param minRttNanos smallest round trip known: a sample over a shorter interval is not believed
    public long sampleBytesPerSecond(long minRttNanos) {
        if (appLimitedUntilBytes != 0 && deliveredBytes > appLimitedUntilBytes) {
            appLimitedUntilBytes = 0;
        }
        if (!hasSample) {
            return 0;
        }
        final long sendElapsedNanos = priorSentNanos - priorFirstSentNanos;
        final long ackElapsedNanos = deliveredNanos - priorDeliveredNanos;
        final long intervalNanos = Math.max(sendElapsedNanos, ackElapsedNanos);
        //= draft-ietf-ccwg-bbr §4.1.2.3: an interval below the minimum round trip is a measurement error
        if (intervalNanos < minRttNanos || intervalNanos <= 0) {
            return 0;
        }
        return (long) ((double) (deliveredBytes - priorDeliveredBytes) * 1e9 / intervalNanos);
    }

    /// True when the newest sample was taken while the application lacked data.
    public boolean sampleAppLimited() {
        return hasSample && priorAppLimited;
    }

    /// Delivered bytes at the sending of the packet that gave the sample: counts rounds.
    public long samplePacketDeliveredBytes() {
        return priorDeliveredBytes;
    }

    /// Total bytes delivered.
    public long deliveredBytes() {
        return deliveredBytes;
    }

    /// Time at which {@link #deliveredBytes} was reached.
    public long deliveredNanos() {
        return deliveredNanos;
    }

    /// Send time of the first packet of the present flight.
    public long firstSentNanos() {
        return firstSentNanos;
    }

    /// True while samples are limited by the application.
    public boolean appLimited() {
        return appLimitedUntilBytes != 0;
    }
}
