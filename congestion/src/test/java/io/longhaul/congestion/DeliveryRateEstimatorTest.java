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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class DeliveryRateEstimatorTest {
    private static final long MILLI = 1_000_000;
    private static final int PACKET = 1000;

    @Test
    void measuresTheRateBetweenTwoDeliveries() {
        final DeliveryRateEstimator rate = new DeliveryRateEstimator();
        rate.onPacketSent(0, 0);
        rate.onAckBegin();
        rate.onPacketAcked(10 * MILLI, PACKET, 0, 0, 0, 0, false);
        assertEquals(100_000, rate.sampleBytesPerSecond(MILLI));
        assertEquals(PACKET, rate.deliveredBytes());
    }

    @Test
    void isNotInflatedByCompressedAcknowledgements() {
        //= draft-ietf-ccwg-bbr-06 §4.1.2 type=test
        final DeliveryRateEstimator rate = new DeliveryRateEstimator();
        rate.onPacketSent(0, 0);
        rate.onAckBegin();
        rate.onPacketAcked(10 * MILLI, PACKET, 0, 0, 0, 0, false);
        // Sent over 20 ms, acknowledged within 11 ms of the acknowledgement before: the send interval counts.
        rate.onAckBegin();
        rate.onPacketAcked(21 * MILLI, PACKET, 20 * MILLI, PACKET, 10 * MILLI, 0, false);
        assertEquals(50_000, rate.sampleBytesPerSecond(MILLI));
    }

    @Test
    void givesNoSampleOverLessThanTheMinimumRoundTrip() {
        //= draft-ietf-ccwg-bbr-06 §4.1.2.3 type=test
        final DeliveryRateEstimator rate = new DeliveryRateEstimator();
        rate.onPacketSent(0, 0);
        rate.onAckBegin();
        rate.onPacketAcked(5 * MILLI, PACKET, 0, 0, 0, 0, false);
        assertEquals(0, rate.sampleBytesPerSecond(10 * MILLI));
    }

    @Test
    void takesTheSampleFromTheNewestPacket() {
        final DeliveryRateEstimator rate = new DeliveryRateEstimator();
        rate.onPacketSent(0, 0);
        rate.onAckBegin();
        rate.onPacketAcked(30 * MILLI, PACKET, 10 * MILLI, 500, 10 * MILLI, 0, true);
        rate.onPacketAcked(30 * MILLI, PACKET, 0, 0, 0, 0, false);
        assertEquals(500, rate.samplePacketDeliveredBytes());
        assertTrue(rate.sampleAppLimited());
    }

    @Test
    void isLimitedByTheApplicationUntilWhatWasInFlightIsDelivered() {
        //= draft-ietf-ccwg-bbr-06 §4.1.2 type=test
        final DeliveryRateEstimator rate = new DeliveryRateEstimator();
        rate.onPacketSent(0, 0);
        rate.onAppLimited(PACKET);
        assertTrue(rate.appLimited());
        for (int packet = 1; packet <= 2; packet++) {
            rate.onAckBegin();
            rate.onPacketAcked(packet * 10 * MILLI, PACKET, 0, 0, 0, 0, rate.appLimited());
            rate.sampleBytesPerSecond(MILLI);
        }
        assertFalse(rate.appLimited());
    }

    @Test
    void startsAnewAfterAnIdleTime() {
        final DeliveryRateEstimator rate = new DeliveryRateEstimator();
        rate.onPacketSent(0, 0);
        rate.onPacketSent(500 * MILLI, 0);
        assertEquals(500 * MILLI, rate.firstSentNanos());
        assertEquals(500 * MILLI, rate.deliveredNanos());
    }

    @Test
    void doesNotOverflowAtFourHundredGigabits() {
        final DeliveryRateEstimator rate = new DeliveryRateEstimator();
        rate.onPacketSent(0, 0);
        long delivered = 0;
        for (int packet = 0; packet < 100; packet++) {
            rate.onAckBegin();
            rate.onPacketAcked(2000 * MILLI, 1_000_000_000, 0, 0, 0, 0, false);
            delivered += 1_000_000_000;
        }
        assertEquals(delivered / 2, rate.sampleBytesPerSecond(MILLI));
    }
}
