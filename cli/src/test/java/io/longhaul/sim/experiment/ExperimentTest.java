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
package io.longhaul.sim.experiment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.congestion.catalog.ControllerCatalog;
import io.longhaul.verbs.soft.WireConfig;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ExperimentTest {
    private static PathSettings path(long seed) {
        final PathSettings path = new PathSettings();
        path.rateBitsPerSecond = 1_000_000_000L;
        path.rttNanos = 10_000_000L;
        path.lossFraction = 0.002;
        path.jitterNanos = 200_000;
        path.reorderFraction = 0.01;
        path.duplicateFraction = 0.001;
        path.corruptFraction = 0.001;
        path.seed = seed;
        return path;
    }

    private static TransferExperiment transfers(long seed, boolean warm) {
        return new TransferExperiment(
                        path(seed), FlowSettings.always("longhaul", "bbr", warm), ControllerCatalog::find, 300_000, 10)
                .run(done -> {});
    }

    @Test
    void equalRunsLeaveEqualTraces() {
        for (boolean warm : new boolean[] {true, false}) {
            final TransferExperiment first = transfers(5, warm);
            final TransferExperiment second = transfers(5, warm);
            assertEquals(first.traceHash(), second.traceHash());
            assertArrayEquals(first.seconds(), second.seconds());
            assertNotEquals(first.traceHash(), transfers(6, warm).traceHash());
        }
    }

    @Test
    void equalStreamsLeaveEqualTraces() {
        final List<FlowSettings> flows = List.of(
                FlowSettings.always("longhaul", "bbr", false),
                new FlowSettings("longhaul", "bbr", 20_000_000L, 500_000_000L, 1_500_000_000L, true));
        final long first = stream(path(3), flows, 2).traceHash();
        assertEquals(first, stream(path(3), flows, 2).traceHash());
        assertNotEquals(first, stream(path(4), flows, 2).traceHash());
    }

    private static StreamExperiment stream(PathSettings path, List<FlowSettings> flows, int seconds) {
        return new StreamExperiment(path, flows, ControllerCatalog::find, seconds * 1_000_000_000L, 500_000_000L)
                .run(done -> {});
    }

    @Test
    void aCleanTransferTakesTheIdealTime() {
        final PathSettings path = path(1);
        path.lossFraction = 0;
        path.jitterNanos = 0;
        path.reorderFraction = 0;
        path.duplicateFraction = 0;
        path.corruptFraction = 0;
        final TransferExperiment one = new TransferExperiment(
                        path, FlowSettings.always("longhaul", "reserved", true), ControllerCatalog::find, 10_000_000, 3)
                .run(done -> {});
        // 10 MB at 1 Gb/s and 10 ms: 91.1 ms with headers.
        assertEquals(0.0911, one.idealSeconds(), 0.0003);
        assertTrue(one.completionRatios()[0] >= 1, "faster than possible: " + one.completionRatios()[0]);
        assertTrue(one.completionRatios()[2] <= 1.02, "slower than needed: " + one.completionRatios()[2]);
        assertEquals(0, one.retransmittedFraction());
    }

    @Test
    void saysHowSoonABlackHoleIsForgotten() {
        final PathSettings path = path(1);
        path.blackHoles.add(new WireConfig.BlackHole(Duration.ofSeconds(1), Duration.ofMillis(500)));
        final StreamExperiment done = stream(path, List.of(FlowSettings.always("longhaul", "reserved", true)), 3);
        assertEquals(1, done.recoveries().size());
        final StreamExperiment.Recovery recovery = done.recoveries().getFirst();
        assertEquals(1_500_000_000L, recovery.atNanos());
        assertTrue(recovery.roundTrips() >= 0 && recovery.roundTrips() < 20, "round trips " + recovery.roundTrips());
        assertEquals(List.of(), done.failures());
    }

    @Test
    void meanRateFollowsTheSteps() {
        final PathSettings path = path(1);
        path.steps.add(new PathSettings.Step(2_000_000_000L, 500_000_000L, 0));
        path.steps.add(new PathSettings.Step(3_000_000_000L, 0, 50_000_000L));
        assertEquals(1e9, path.meanRate(0, 2_000_000_000L));
        assertEquals(0.75e9, path.meanRate(1_000_000_000L, 3_000_000_000L));
        assertEquals(0.5e9, path.meanRate(2_500_000_000L, 4_000_000_000L));
    }
}
