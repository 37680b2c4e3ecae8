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
package io.longhaul.sim.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.longhaul.sim.Line;
import io.longhaul.sim.PathRoute;
import io.longhaul.sim.Timeline;
import io.longhaul.verbs.soft.WireConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The flows that serve as cross traffic do what is published of them, within 10 %; simulated.
@Timeout(120)
class PublishedBehaviourTest {
    private static final double WITHIN = 0.10;
    private static final long RATE = 100_000_000L;
    private static final long RTT = 20_000_000L;
    private static final long BDP_BYTES = RATE / 8 * RTT / 1_000_000_000L;
    private static final long SECOND = 1_000_000_000L;

    private final Timeline timeline = new Timeline();

    private static Line line(double queueBdp) {
        final Line.RateStep rate = new Line.RateStep(0, RATE);
        return new Line(
                new Line.Settings(List.of(rate), (long) (queueBdp * BDP_BYTES), 0, null, Line.ETHERNET_BYTES, 1));
    }

    private ControlledFlow flow(String name, Line there, long seed) {
        final Schemes.Path path = new Schemes.Path(route(there, seed), route(line(4), seed + 1), RATE, RTT, 1500, seed);
        return (ControlledFlow) Schemes.create(name, path, timeline);
    }

    private static PathRoute route(Line line, long seed) {
        final WireConfig wire =
                WireConfig.builder().delay(Duration.ofNanos(RTT / 2)).seed(seed).build();
        return new PathRoute(line, new PathRoute.Settings(wire, List.of(new PathRoute.DelayStep(0, 0)), null, null));
    }

    /// draft-ietf-ccwg-bbr §5.3.4: every 5 s, half of the volume for 200 ms and a round trip.
    @Test
    void bbrDrainsThePathEveryFiveSecondsForTwoHundredMilliseconds() {
        final ControlledFlow bbr = flow("bbr3", line(2), 1);
        bbr.startStream();
        timeline.runFor(2 * SECOND);
        final List<Long> starts = new ArrayList<>();
        long low = 0;
        boolean inside = false;
        while (timeline.nowNanos() < 42 * SECOND) {
            timeline.runFor(SECOND / 1000);
            final boolean half = bbr.windowBytes() < 0.6 * BDP_BYTES;
            if (half && !inside) {
                starts.add(timeline.nowNanos());
            }
            low += half ? SECOND / 1000 : 0;
            inside = half;
        }
        final int probes = starts.size();
        final double interval = (starts.getLast() - starts.getFirst()) / (probes - 1.0) / SECOND;
        // 5 s since the last time that the smallest round trip was seen, which is at the end of a probe.
        assertEquals(5.2, interval, WITHIN * 5.2, probes + " probes");
        assertEquals(0.2 + RTT / 1e9, low / 1e9 / probes, WITHIN * 0.22, "seconds of each");
    }

    /// draft-ietf-ccwg-bbr §5.6.3: twice the bandwidth-delay product and room for what comes in batches.
    @Test
    void bbrKeepsTwoBandwidthDelayProductsAtMost() {
        final ControlledFlow bbr = flow("bbr3", line(8), 1);
        bbr.startStream();
        timeline.runFor(10 * SECOND);
        double sum = 0;
        int samples = 0;
        while (timeline.nowNanos() < 30 * SECOND) {
            timeline.runFor(10_000_000);
            final double window = (double) bbr.windowBytes() / BDP_BYTES;
            sum += window > 0.6 ? window : 0;
            samples += window > 0.6 ? 1 : 0;
        }
        assertEquals(2, sum / samples, WITHIN * 2);
    }

    /// RFC 9438 §4.6: with a queue of one bandwidth-delay product a cut by 0.7 leaves the line full.
    @Test
    void cubicFillsALineWithAQueueOfOneBandwidthDelayProduct() {
        final Line line = line(1);
        final ControlledFlow cubic = flow("cubic", line, 1);
        cubic.startStream();
        timeline.runFor(10 * SECOND);
        final long before = line.carriedBytes();
        timeline.runFor(60 * SECOND);
        assertEquals(1, (line.carriedBytes() - before) * 8.0 / RATE / 60, 0.01);
    }

    /// RFC 9438 §5.2 and §4.7: flows of one round trip converge to equal shares.
    @Test
    void cubicFlowsShareEqually() {
        final Line line = line(1);
        final ControlledFlow first = flow("cubic", line, 1);
        final ControlledFlow second = flow("cubic", line, 11);
        first.startStream();
        timeline.runFor(5 * SECOND);
        second.startStream();
        timeline.runFor(60 * SECOND);
        final long firstBefore = first.arrivedPackets;
        final long secondBefore = second.arrivedPackets;
        timeline.runFor(300 * SECOND);
        final double firstMoved = first.arrivedPackets - firstBefore;
        final double secondMoved = second.arrivedPackets - secondBefore;
        assertEquals(0.5, firstMoved / (firstMoved + secondMoved), WITHIN * 0.5);
    }

    /// RFC 9438 §4.6: a loss leaves seven tenths of the window.
    @Test
    void cubicIsCutToSevenTenths() {
        final ControlledFlow cubic = flow("cubic", line(1), 1);
        cubic.startStream();
        timeline.runFor(20 * SECOND);
        double least = 1;
        double before = cubic.windowBytes();
        for (int i = 0; i < 60_000; i++) {
            timeline.runFor(SECOND / 1000);
            least = Math.min(least, cubic.windowBytes() / before);
            before = cubic.windowBytes();
        }
        assertEquals(0.7, least, WITHIN * 0.7);
    }
}
