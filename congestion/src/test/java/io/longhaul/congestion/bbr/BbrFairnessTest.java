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
import io.longhaul.congestion.cubic.CubicFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Simulated: flows that share a bottleneck.
class BbrFairnessTest {
    @ParameterizedTest(name = "{0} flows, queue {1} BDP")
    @CsvSource({"2, 0.25", "2, 1", "2, 4", "4, 1"})
    void sharesWithFlowsThatComeLater(int count, double queueBdp) {
        final double rate = 100e6;
        final LinkModel link = new LinkModel(rate, 20 * MILLI, queueBdp, 7);
        final ModelFlow[] flows = new ModelFlow[count];
        for (int index = 0; index < count; index++) {
            flows[index] = BbrFixture.flow(link, 1400, 20 * MILLI, 0, index + 1);
            link.runUntil((index + 1) * SECOND);
        }
        link.runUntil(20 * SECOND);
        for (final ModelFlow flow : flows) {
            flow.mark();
        }
        link.resetQueueStatistics();
        link.runUntil(35 * SECOND);
        double sum = 0;
        double squares = 0;
        for (final ModelFlow flow : flows) {
            sum += flow.bitsPerSecondSinceMark();
            squares += flow.bitsPerSecondSinceMark() * flow.bitsPerSecondSinceMark();
        }
        final double jain = sum * sum / (count * squares);
        assertTrue(jain >= 0.9, "Jain's index " + jain);
        assertTrue(sum >= 0.97 * rate, "together " + sum / rate + " of the bottleneck");
        assertTrue(link.queueQuantileNanos(0.5) <= 4 * MILLI, "median queue " + link.queueQuantileNanos(0.5));
    }

    @ParameterizedTest(name = "{0} flows")
    @CsvSource({"2", "3", "4"})
    void keepsTheQueueShortWhileItShares(int count) {
        final double rate = 500e6;
        final LinkModel link = new LinkModel(rate, 20 * MILLI, 0.5, 7);
        final ModelFlow[] flows = new ModelFlow[count];
        for (int index = 0; index < count; index++) {
            flows[index] = BbrFixture.flow(link, 2800, 20 * MILLI, 0, index + 1);
        }
        link.runUntil(10 * SECOND);
        for (final ModelFlow flow : flows) {
            flow.mark();
        }
        link.resetQueueStatistics();
        link.runUntil(30 * SECOND);
        double sum = 0;
        for (final ModelFlow flow : flows) {
            sum += flow.bitsPerSecondSinceMark();
        }
        assertTrue(sum >= 0.95 * rate, "together " + sum / rate + " of the bottleneck");
        assertTrue(link.queueQuantileNanos(0.95) <= 4 * MILLI, "queue p95 " + link.queueQuantileNanos(0.95));
    }

    @Test
    @Tag("fault-23")
    void keepsAShareBesideSomebodyWhoFillsTheBuffer() {
        final double rate = 300e6;
        final LinkModel link = new LinkModel(rate, 20 * MILLI, 0.25, 7);
        final ModelFlow ours = BbrFixture.flow(link, 1400, 20 * MILLI);
        link.add(new CubicFactory().create(BbrFixture.config(1400, 20 * MILLI, 0)), 1400, 0);
        link.runUntil(20 * SECOND);
        final double share = BbrFixture.share(link, ours, rate / 2, 60 * SECOND);
        assertTrue(share >= 0.5 && share <= 1.5, share + " times its share");
    }
}
