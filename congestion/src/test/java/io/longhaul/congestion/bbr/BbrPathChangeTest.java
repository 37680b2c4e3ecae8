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

import static io.longhaul.congestion.bbr.BbrFixture.MILLI;
import static io.longhaul.congestion.bbr.BbrFixture.SECOND;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.congestion.LinkModel;
import io.longhaul.congestion.ModelFlow;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Simulated: paths that change under a running flow.
class BbrPathChangeTest {
    private static final long RTT = 20 * MILLI;

    @Test
    @Tag("fault-21")
    void followsTheRateDownAndUpAgain() {
        //= draft-ietf-ccwg-bbr-06 §A.15 type=test
        //= draft-ietf-ccwg-bbr-06 §A.16 type=test
        final double high = 10e9;
        final LinkModel link = new LinkModel(high, RTT, 1, 7);
        final ModelFlow flow = BbrFixture.flow(link, 8900, RTT);
        link.runUntil(SECOND);
        link.rate(high / 10);
        link.runUntil(SECOND + 500 * MILLI);
        final double low = BbrFixture.share(link, flow, high / 10, SECOND);
        assertTrue(low >= 0.98, "delivered " + low + " of the tenth");
        assertTrue(link.queueQuantileNanos(0.95) <= RTT / 10, "queue " + link.queueQuantileNanos(0.95));
        link.rate(high);
        link.runUntil(link.nowNanos() + 2 * SECOND);
        final double again = BbrFixture.share(link, flow, high, SECOND);
        assertTrue(again >= 0.98, "delivered " + again + " of the whole");
    }

    @ParameterizedTest(name = "{0} bit/s, {1} ms, loss {2}")
    @CsvSource({"1e9, 20, 0", "200e6, 100, 0", "500e6, 10, 0.001", "2e9, 40, 0.01"})
    void findsARateThatHasRisenTenfoldWithinThirtyRoundTrips(double high, int rttMillis, double loss) {
        final long rtt = rttMillis * MILLI;
        final LinkModel link = new LinkModel(high / 10, rtt, 1, 7).loss(loss);
        final ModelFlow flow = BbrFixture.flow(link, 2800, rtt);
        link.runUntil(5 * SECOND + 100 * rtt);
        link.rate(high);
        double best = 0;
        for (int round = 0; round < 30; round++) {
            best = Math.max(best, BbrFixture.share(link, flow, high * (1 - loss), rtt));
        }
        assertTrue(best >= 0.9, "delivered " + best + " of the rate in the best of 30 round trips");
    }

    @Test
    void doesNotProbeAPolicerAgainAndAgain() {
        final LinkModel link = new LinkModel(500e6, RTT, 1, 7).policer(250e6, 200_000);
        final ModelFlow flow = BbrFixture.flow(link, 2800, RTT);
        link.runUntil(5 * SECOND);
        final double share = BbrFixture.share(link, flow, 250e6, 10 * SECOND);
        assertTrue(share >= 0.95, "delivered " + share + " of what passes");
        assertTrue(flow.lossSinceMark() <= 0.02, "lost " + flow.lossSinceMark());
    }

    @Test
    void recoversItsRateWithinTenRoundTripsOfABlackHolesEnd() {
        final double rate = 500e6;
        final LinkModel link = new LinkModel(rate, RTT, 1, 7).blackHole(2 * SECOND, 7 * SECOND);
        final ModelFlow flow = BbrFixture.flow(link, 2800, RTT);
        link.runUntil(7 * SECOND + 100 * MILLI + 10 * RTT); // probes are 100 ms apart
        final double share = BbrFixture.share(link, flow, rate, SECOND);
        assertTrue(share >= 0.99, "delivered " + share + " of the bottleneck");
    }

    @Test
    @Tag("fault-19")
    void acceptsThatThePathHasBecomeLonger() {
        final double rate = 500e6;
        final LinkModel link = new LinkModel(rate, RTT, 1, 7);
        final ModelFlow flow = BbrFixture.flow(link, 2800, RTT);
        link.runUntil(2 * SECOND);
        link.extraDelay(2 * RTT);
        link.runUntil(3 * SECOND + 500 * MILLI);
        final double share = BbrFixture.share(link, flow, rate, SECOND);
        assertTrue(share >= 0.97, "delivered " + share + " of the bottleneck");
        link.extraDelay(0);
        link.runUntil(link.nowNanos() + SECOND);
        assertTrue(BbrFixture.share(link, flow, rate, SECOND) >= 0.99);
    }

    @Test
    void pacesAtTheKnownRateAfterAnIdleTime() {
        //= draft-ietf-ccwg-bbr-06 §5.4.1 type=test
        final double rate = 500e6;
        final LinkModel link = new LinkModel(rate, RTT, 0.25, 7);
        final ModelFlow flow = BbrFixture.flow(link, 2800, RTT);
        link.runUntil(2 * SECOND);
        flow.appRate(100_000);
        link.runUntil(12 * SECOND);
        assertTrue(flow.controller().bandwidthBytesPerSecond() >= 0.98 * rate / 8, "idleness lowered the model");
        flow.appRate(0);
        link.runUntil(12 * SECOND + 2 * RTT);
        final double share = BbrFixture.share(link, flow, rate, 500 * MILLI);
        assertTrue(share >= 0.98, "delivered " + share + " of the bottleneck");
        assertTrue(flow.lossSinceMark() == 0, "lost " + flow.lossSinceMark());
    }

    @Test
    void holdsItsRateForMinutesWithoutAnExpensiveProbeOfTheRoundTrip() {
        //= draft-ietf-ccwg-bbr-06 §5.3.4 type=test
        final double rate = 50e6;
        final LinkModel link = new LinkModel(rate, RTT, 1, 7);
        final ModelFlow flow = BbrFixture.flow(link, 1400, RTT);
        link.runUntil(2 * SECOND);
        final double share = BbrFixture.share(link, flow, rate, 100 * SECOND);
        assertTrue(share >= 0.995, "delivered " + share + " of the bottleneck");
        assertTrue(link.queueQuantileNanos(0.95) <= RTT / 10, "queue " + link.queueQuantileNanos(0.95));
    }
}
