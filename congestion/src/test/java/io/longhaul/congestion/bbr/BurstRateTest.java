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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.congestion.AckSample;
import org.junit.jupiter.api.Test;

final class BurstRateTest {
    private static final long RTT = 20_000_000;
    private static final int PACKET = 9000;

    private final BurstRate burst = new BurstRate(PACKET);
    private final AckSample sample = new AckSample();
    private long start = 1_000_000_000L;

    /// Sends packets from the start on, at equal distances.
    private void send(int packets, long apartNanos) {
        for (int i = 0; i < packets; i++) {
            burst.onSent(start + i * apartNanos, PACKET, i == 0);
        }
    }

    private double ack(long nanosAfterStart, int packets) {
        sample.nowNanos = start + nanosAfterStart;
        sample.newlyAckedBytes = (long) packets * PACKET;
        return burst.onAck(sample, RTT);
    }

    @Test
    void showsTheRateAtWhichABurstArrived() {
        //= draft-ietf-ccwg-bbr-06 §4.1 type=test
        send(118, 9_000); // 8 Gb/s
        assertEquals(0, ack(RTT, 18));
        double rate = 0;
        for (int i = 1; i <= 10; i++) {
            rate = ack(RTT + i * 360_000, 10); // 2 Gb/s
        }
        assertEquals(2e9 / 8, rate, 1);
    }

    @Test
    void showsNoMoreThanWasSent() {
        send(118, 36_000); // 2 Gb/s
        ack(RTT, 18);
        assertEquals(0, ack(RTT + 500_000, 50), "too short to be believed");
        assertEquals(2e9 / 8, ack(RTT + 1_000_000, 50), 1);
    }

    @Test
    void passesOverWhatIsReportedOfTheBurstBefore() {
        send(118, 9_000);
        start += RTT;
        send(118, 9_000);
        assertEquals(0, ack(1_000_000, 10));
        assertEquals(0, ack(RTT, 18));
        assertEquals(2e9 / 8, ack(RTT + 3_600_000, 100), 1);
    }

    @Test
    void saysNothingOfFewPacketsOrOfWhatLastsARoundTrip() {
        send(30, 9_000);
        ack(RTT, 1);
        assertEquals(0, ack(RTT + 2_000_000, 29));
        start += 10 * RTT;
        send(118, RTT / 100);
        ack(RTT, 1);
        assertEquals(0, ack(2 * RTT, 117), "ordinary samples show that");
    }

    @Test
    void knowsWhenABurstIsOver() {
        send(2, 9_000);
        assertFalse(burst.isOver(start + RTT / 4, RTT));
        assertTrue(burst.isOver(start + RTT, RTT));
    }
}
