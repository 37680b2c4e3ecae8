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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.congestion.reserved.ReservedFactory;
import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What comes late is not lost: wrong retransmissions stay below 0.1 % of the packets, whatever the lanes and the path;
/// in virtual time.
@Timeout(120)
class ReorderingSimulationTest {
    private static final double MOST_SPURIOUS = 0.001;

    private static WireConfig.Builder link(int mbit, int rttMillis) {
        return WireConfig.builder()
                .delay(Duration.ofMillis(rttMillis).dividedBy(2))
                .rateBitsPerSecond(mbit * 1_000_000L);
    }

    private static double spurious(Bulk bulk) {
        final double packets = bulk.bytes() / 8900.0;
        return bulk.statistics().spuriousPackets() / packets;
    }

    @ParameterizedTest
    @CsvSource({
        // Mbit/s, round trip ms, lanes, jitter ms, reordered, by ms, MiB
        "2000, 20, 8, 2, 0.01, 2, 192",
        "2000, 10, 1, 1, 0.03, 2, 192",
        "2000, 10, 16, 5, 0.03, 2, 512",
        "2000, 100, 1, 5, 0.03, 2, 192",
        "2000, 100, 4, 1, 0.03, 2, 192",
        "500, 20, 4, 2, 0.005, 5, 192",
    })
    void reorderingIsLearnedFromItsFirstPackets(
            int mbit, int rttMillis, int lanes, int jitterMillis, double reordered, int byMillis, int mebibytes) {
        final WireConfig.Builder link = link(mbit, rttMillis)
                .jitter(Duration.ofMillis(jitterMillis))
                .reorder(reordered, Duration.ofMillis(byMillis));
        final Bulk bulk = Bulk.write(
                new Pair.Settings()
                        .seed(5)
                        .link(link)
                        .lanes(lanes)
                        .rateHint(mbit * 1_000_000L)
                        .congestion(new ReservedFactory()),
                rttMillis / 1e3,
                (long) mebibytes << 20);
        assertTrue(spurious(bulk) < MOST_SPURIOUS, () -> bulk.describe(mbit * 1e6));
        assertEquals(0, bulk.statistics().lostPackets() - bulk.statistics().spuriousPackets(), 1, "nothing was lost");
    }

    /// 2 ms of 10 Gb/s are 277 packets: to count them proves nothing.
    @Test
    void morePacketsThanTheLargestThresholdMayOvertake() {
        final long rate = 10_000_000_000L;
        final WireConfig.Builder link = link(10_000, 20)
                .queueBytes(50 << 20)
                .jitter(Duration.ofMillis(2))
                .reorder(0.03, Duration.ofMillis(2));
        final Bulk bulk = Bulk.write(
                new Pair.Settings().seed(5).link(link).rateHint(rate).congestion(new ReservedFactory()),
                0.020,
                256L << 20);
        assertTrue(spurious(bulk) < MOST_SPURIOUS, () -> bulk.describe(rate));
    }

    /// A cold start overruns the queue, and among what is dropped are all sixteen descriptions of a piece. The
    /// receiver
    /// keeps what it cannot place, and acknowledges it when it can: it must not be sent again meanwhile.
    @ParameterizedTest
    @CsvSource({"1", "4"})
    void whatWaitsForItsDescriptionIsNotSentAgain(int lanes) {
        final Bulk bulk = Bulk.write(new Pair.Settings().seed(3).lanes(lanes).link(link(1000, 100)), 0.100, 64L << 20);
        assertTrue(bulk.statistics().lostPackets() > 500, () -> "the queue was overrun: " + bulk.describe(1e9));
        assertEquals(0, bulk.statistics().spuriousPackets(), () -> bulk.describe(1e9));
        assertEquals(0, bulk.statistics().needlessBytes(), () -> bulk.describe(1e9));
    }
}
