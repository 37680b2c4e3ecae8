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

import io.longhaul.ConnectionStatistics;
import io.longhaul.Grant;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.sim.Pair;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/// One large write over a simulated path, checked byte by byte, with what it cost.
record Bulk(double seconds, double rttSeconds, long bytes, ConnectionStatistics statistics) {
    /// Writes {@code bytes} bytes of a pattern and waits for the completion.
    static Bulk write(Pair.Settings settings, double rttSeconds, long bytes) {
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(settings).establish()) {
            final MemorySegment source = arena.allocate(bytes);
            final MemorySegment target = arena.allocate(bytes);
            final SplittableRandom random = new SplittableRandom(bytes);
            for (long i = 0; i + 8 <= bytes; i += 8) {
                source.set(ValueLayout.JAVA_LONG, i, random.nextLong());
            }
            pair.server.exposed.expose("target", target, Grant.of(Right.WRITE));
            final RemoteRegion region = pair.lookup(pair.client, "target");
            final long start = pair.nowNanos();
            final Operation operation =
                    new Operation().timeout(java.time.Duration.ofHours(1)).write(source, 0, bytes, region, 0);
            assertEquals(OperationStatus.SUCCESS, pair.complete(pair.client, operation, 3_600_000_000_000L));
            assertEquals(-1, source.mismatch(target), "first byte that differs");
            return new Bulk((pair.nowNanos() - start) / 1e9, rttSeconds, bytes, pair.statistics(pair.client));
        }
    }

    /// Completion time over the ideal, RTT + wire bytes / rate (design section 6).
    double completionRatio(double rateBitsPerSecond) {
        return seconds / (rttSeconds + serialisationSeconds(rateBitsPerSecond));
    }

    /// Efficiency of a finite transfer (design section 6).
    double efficiency(double rateBitsPerSecond) {
        return serialisationSeconds(rateBitsPerSecond) / (seconds - rttSeconds);
    }

    private double serialisationSeconds(double rateBitsPerSecond) {
        return bytes * 8 / statistics.payloadShare() / rateBitsPerSecond;
    }

    /// Retransmitted bytes over bytes.
    double retransmittedShare() {
        return (double) statistics.retransmittedBytes() / bytes;
    }

    String describe(double rateBitsPerSecond) {
        return String.format(
                "%.3f s, completion ratio %.4f, efficiency %.4f, retransmitted %.5f, lost %d, spurious %d, probes %d/%d, cwnd %d, %s,"
                        + " held back by %s, sent again because of %s, needlessly %d",
                seconds,
                completionRatio(rateBitsPerSecond),
                efficiency(rateBitsPerSecond),
                retransmittedShare(),
                statistics.lostPackets(),
                statistics.spuriousPackets(),
                statistics.probeTimeouts(),
                statistics.retransmissionTimeouts(),
                statistics.congestionWindowBytes(),
                statistics.congestionPhase(),
                statistics.limitedNanos(),
                statistics.resentBytes(),
                statistics.needlessBytes());
    }
}
