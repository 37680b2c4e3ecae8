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

import io.longhaul.ConnectionStatistics;
import io.longhaul.Grant;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// 10 Gb/s x 100 ms, a bandwidth-delay product of 125 MB: no window, credit, acknowledgement format or ring caps it,
/// whatever the packet size. All figures are simulated.
@Timeout(180)
class LargeWindowSimulationTest {
    private static final long RATE = 10_000_000_000L;
    private static final double RTT_SECONDS = 0.1;
    private static final long RTT_NANOS = 100_000_000L;
    private static final double BDP_BYTES = RATE / 8.0 * RTT_SECONDS;

    private static Pair.Settings path(int ipBytes) {
        final WireConfig.Builder link =
                WireConfig.builder().delay(Duration.ofMillis(50)).rateBitsPerSecond(RATE);
        return new Pair.Settings().ipBytes(ipBytes).link(link);
    }

    // 217,000 packets of 576 bytes are in flight; the same path with a hole in it is below.
    @ParameterizedTest
    @CsvSource({"9000, 268435456", "1500, 268435456", "576, 155189248"})
    void isFilledWithPacketsOfAnySize(int ipBytes, long bytes) {
        final Pair.Settings settings = path(ipBytes).rateHint(RATE);
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(settings).establish()) {
            final Operation write = post(pair, arena, bytes);
            final long start = pair.nowNanos();
            pair.runUntil(write::isDone, RTT_NANOS + RTT_NANOS / 4);
            final long inFlight = pair.statistics(pair.client).bytesInFlight();
            assertTrue(inFlight >= 0.98 * BDP_BYTES, inFlight + " bytes in flight, " + BDP_BYTES + " wanted");
            pair.runUntil(write::isDone, 100 * RTT_NANOS);
            assertEquals(OperationStatus.SUCCESS, write.status());
            final ConnectionStatistics statistics = pair.statistics(pair.client);
            final double wireSeconds = 8.0 * bytes / statistics.payloadShare() / RATE;
            final double ratio = (pair.nowNanos() - start) / 1e9 / (RTT_SECONDS + wireSeconds);
            assertTrue(ratio < 1.02, "completion ratio " + ratio);
            assertEquals(0, statistics.retransmittedBytes());
            assertEquals(0, statistics.limitedNanos(ConnectionStatistics.Limit.CREDIT));
        }
    }

    /// With 1 % loss every acknowledgement describes a thousand holes, and the oldest one is a round trip old.
    @Test
    void isFilledWhenOnePacketInAHundredIsLost() {
        final WireConfig.Builder link = WireConfig.builder()
                .delay(Duration.ofMillis(50))
                .rateBitsPerSecond(RATE)
                .lossFraction(0.01);
        final Bulk bulk = Bulk.write(path(9000).link(link).rateHint(RATE), RTT_SECONDS, 1L << 30);
        assertTrue(bulk.efficiency(RATE) > 0.80, () -> bulk.describe(RATE));
        assertTrue(bulk.retransmittedShare() < 0.02, () -> bulk.describe(RATE));
        assertEquals(0, bulk.statistics().limitedNanos(ConnectionStatistics.Limit.CREDIT));
    }

    // From 256 KiB to 125 MB in a round trip are 8.9 doublings: 0.9 s beside the ideal 0.97 s.
    @Test
    void isFoundFromCold() {
        final Bulk bulk = Bulk.write(path(9000), RTT_SECONDS, 1L << 30);
        assertTrue(bulk.completionRatio(RATE) < 2.05, () -> bulk.describe(RATE));
        assertTrue(bulk.retransmittedShare() < 0.06, () -> bulk.describe(RATE));
    }

    private static Operation post(Pair pair, Arena arena, long bytes) {
        pair.server.exposed.expose("target", arena.allocate(bytes), Grant.of(Right.WRITE));
        final RemoteRegion region = pair.lookup(pair.client, "target");
        final MemorySegment source = arena.allocate(bytes);
        final Operation write = new Operation().timeout(Duration.ofMinutes(1)).write(source, 0, bytes, region, 0);
        pair.post(pair.client, write);
        return write;
    }
}
