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
package io.longhaul.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.FecPolicy;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.congestion.bbr.BbrFactory;
import io.longhaul.congestion.reserved.ReservedFactory;
import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What forward error correction wins, and what it costs, on lossy paths; all of it simulated. The fast tests run a few
/// hundred operations with fixed seeds; the slow ones enough for a 99.9th percentile.
@Timeout(600)
class FecSimulationTest {
    private static final double TEN = 10e9;
    private static final double HUNDRED = 100e9;
    private static final double RTT = 0.020;
    private static final long MIB = 1 << 20;

    private static Pair.Settings path(double rate, double rtt, double loss, int burst) {
        final WireConfig.Builder link =
                WireConfig.builder().delay(Duration.ofNanos((long) (rtt * 5e8))).rateBitsPerSecond((long) rate);
        if (burst > 1) {
            link.burst(WireConfig.GilbertElliott.of(loss, burst));
        } else {
            link.lossFraction(loss);
        }
        return new Pair.Settings().seed(5).link(link).rateHint((long) rate).fec(FecPolicy.AUTO);
    }

    private static Completions writes(double rate, double loss, int burst, long bytes, int count) {
        return writes(new ReservedFactory(), rate, loss, burst, bytes, count);
    }

    private static Completions writes(
            CongestionControllerFactory congestion, double rate, double loss, int burst, long bytes, int count) {
        final Pair.Settings settings = path(rate, RTT, loss, burst).congestion(congestion);
        return show(Completions.ofWrites(new Completions.Work(settings, rate, RTT, bytes, count)));
    }

    private static Completions exchanges(long bytes, int count) {
        final Pair.Settings settings = path(TEN, 0.010, 0.01, 1).congestion(new ReservedFactory());
        return show(Completions.ofExchanges(new Completions.Work(settings, TEN, 0.010, bytes, count)));
    }

    private static Completions show(Completions completions) {
        System.err.println(completions);
        return completions;
    }

    @Test
    void oneMebibyteLosesNoRoundTripAtTenGigabit() {
        final Completions completions = writes(TEN, 1e-3, 1, MIB, 500);
        assertTrue(completions.quantile(0.999) <= 1.05, completions.toString());
        assertTrue(completions.parityShare() <= 0.25, completions.toString());
    }

    @Test
    void oneMebibyteLosesNoRoundTripAtAHundredGigabit() {
        final Completions completions = writes(new BbrFactory(), HUNDRED, 1e-3, 1, MIB, 500);
        assertTrue(completions.quantile(0.999) <= 1.05, completions.toString());
        assertTrue(completions.parityShare() <= 0.25, completions.toString());
    }

    @Test
    void withoutParityOneOfTenPaysARoundTrip() {
        final Pair.Settings settings =
                path(TEN, RTT, 1e-3, 1).congestion(new ReservedFactory()).fec(FecPolicy.OFF);
        final Completions completions = show(Completions.ofWrites(new Completions.Work(settings, TEN, RTT, MIB, 300)));
        assertTrue(completions.quantile(0.95) >= 1.9, completions.toString());
        assertTrue(completions.parityShare() == 0, completions.toString());
    }

    @Test
    void smallRequestsAndAnswersLoseNoRoundTripAtOnePercent() {
        for (final long bytes : new long[] {4 << 10, 64 << 10}) {
            final Completions completions = exchanges(bytes, 500);
            assertTrue(completions.quantile(0.995) <= 1.1, completions.toString());
        }
    }

    @Test
    void mediumMessagesStayCloseToIdeal() {
        final Completions completions = writes(HUNDRED, 1e-3, 1, 128 * MIB, 2);
        assertTrue(completions.mean() <= 1.06, completions.toString());
        assertTrue(completions.quantile(1) <= 1.10, completions.toString());
    }

    /// Two lanes: parity and copies travel beside what they protect, and nothing but the time may change.
    @Test
    void twoLanesWorkAsOne() {
        final Pair.Settings settings =
                path(TEN, RTT, 1e-3, 1).congestion(new ReservedFactory()).lanes(2);
        final Completions completions = show(Completions.ofWrites(new Completions.Work(settings, TEN, RTT, MIB, 200)));
        assertTrue(completions.quantile(0.99) <= 1.05, completions.toString());
    }

    @Test
    @Tag("slow")
    void oneMebibyteTenThousandTimes() {
        for (final double rate : new double[] {TEN, HUNDRED}) {
            final Completions completions = writes(rate, 1e-3, 1, MIB, 10_000);
            assertTrue(completions.quantile(0.999) <= 1.05, completions.toString());
            assertTrue(completions.parityShare() <= 0.25, completions.toString());
        }
    }

    @Test
    @Tag("slow")
    void smallRequestsAndAnswersTenThousandTimes() {
        for (final long bytes : new long[] {4 << 10, 16 << 10, 64 << 10}) {
            final Completions completions = exchanges(bytes, 10_000);
            assertTrue(completions.quantile(0.999) <= 1.1, completions.toString());
        }
    }

    /// Mean and maximum of 40 writes; the 99.9th percentile of this size takes hours and is the command's matter.
    @Test
    @Tag("slow")
    void oneGibibyteWithBursts() {
        final Completions completions = writes(HUNDRED, 1e-3, 16, 1024 * MIB, 40);
        assertTrue(completions.meanEfficiency() >= 0.975, completions.toString());
        assertTrue(completions.quantile(1) <= 1.3, completions.toString());
    }
}
