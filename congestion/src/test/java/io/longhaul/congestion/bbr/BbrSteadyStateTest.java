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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Simulated: what one flow gets from a bottleneck, and what queue it keeps there.
class BbrSteadyStateTest {
    @ParameterizedTest(name = "{0} ms, queue {1} BDP, loss {2}")
    @CsvSource({
        "20, 0.25, 0", "20, 0.25, 0.001", "20, 0.25, 0.01", "20, 1, 0", "20, 4, 0.01",
        "100, 0.25, 0", "100, 0.25, 0.001", "100, 0.25, 0.01", "100, 1, 0", "100, 4, 0.01"
    })
    void fillsTheBottleneckAndKeepsItsQueueSmall(int rttMillis, double queueBdp, double loss) {
        final long rttNanos = rttMillis * MILLI;
        final double rate = 500e6;
        final LinkModel link = new LinkModel(rate, rttNanos, queueBdp, 7).loss(loss);
        final ModelFlow flow = BbrFixture.flow(link, 2800, rttNanos);
        link.runUntil(3 * SECOND);
        final double share = BbrFixture.share(link, flow, rate, 8 * SECOND);
        assertTrue(share >= 0.99, "delivered " + share + " of the bottleneck");
        final long p95Nanos = link.queueQuantileNanos(0.95);
        assertTrue(p95Nanos <= rttNanos / 10, "queue delay p95 " + p95Nanos + " ns");
    }

    @ParameterizedTest(name = "loss {0}")
    @CsvSource({"0.03", "0.05", "0.08"})
    void losesNothingButThePacketsToCorruption(double loss) {
        final double rate = 500e6;
        final LinkModel link = new LinkModel(rate, 20 * MILLI, 1, 7).loss(loss);
        final ModelFlow flow = BbrFixture.flow(link, 2800, 20 * MILLI);
        link.runUntil(4 * SECOND);
        final double share = BbrFixture.share(link, flow, rate, 6 * SECOND);
        assertTrue(share >= 0.97, "delivered " + share + " of the bottleneck");
    }

    @ParameterizedTest(name = "{0} b/s, {1} ms, packets of {2}")
    @CsvSource({
        "64000, 600, 600, 60",
        "10000, 2000, 256, 400",
        "10e9, 1, 8900, 1",
        "100e9, 20, 65000, 2",
        "1e9, 0.1, 1400, 1"
    })
    void worksFromSlowSatellitesToFastMetros(double rate, double rttMillis, int packetBytes, int seconds) {
        final long rttNanos = (long) (rttMillis * MILLI);
        final LinkModel link = new LinkModel(rate, rttNanos, 1, 7);
        final ModelFlow flow = BbrFixture.flow(link, packetBytes, rttNanos);
        link.runUntil(seconds * SECOND);
        final double share = BbrFixture.share(link, flow, rate, seconds * SECOND);
        assertTrue(share >= 0.96, "delivered " + share + " of the bottleneck");
    }

    @ParameterizedTest(name = "an acknowledgement for each {0} packets")
    @CsvSource({"1", "2", "64"})
    void doesNotCareHowAcknowledgementsAreBatched(int packets) {
        final LinkModel link = new LinkModel(200e6, 20 * MILLI, 0.25, 7).acknowledgeEach(packets);
        final ModelFlow flow = BbrFixture.flow(link, 1400, 20 * MILLI);
        link.runUntil(2 * SECOND);
        final double share = BbrFixture.share(link, flow, 200e6, 4 * SECOND);
        assertTrue(share >= 0.99, "delivered " + share + " of the bottleneck");
    }

    @ParameterizedTest(name = "jitter of {0} us")
    @CsvSource({"200", "1000", "5000"})
    void doesNotTakeJitterForAQueue(long jitterMicros) {
        final LinkModel link = new LinkModel(200e6, 20 * MILLI, 1, 7).jitter(jitterMicros * 1000);
        final ModelFlow flow = BbrFixture.flow(link, 1400, 20 * MILLI);
        link.runUntil(2 * SECOND);
        final double share = BbrFixture.share(link, flow, 200e6, 4 * SECOND);
        assertTrue(share >= 0.95, "delivered " + share + " of the bottleneck");
    }
}
