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
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;

/// Completion ratios of many equal operations, one after the other on a warm, idle path, and what they cost.
///
/// @param ratios seconds over ideal (design section 6), ascending
/// @param efficiencies efficiency of each operation, in the order of the ratios
/// @param parityShare share of parity in the bytes of the application
/// @param retransmittedShare share of bytes sent again
record Completions(double[] ratios, double[] efficiencies, double parityShare, double retransmittedShare) {
    private static final long WARM_UP_BYTES = 60_000_000;

    /// A path, and what is done on it.
    record Work(Pair.Settings settings, double rateBitsPerSecond, double rttSeconds, long bytes, int count) {}

    /// Writes.
    static Completions ofWrites(Work work) {
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(work.settings).establish()) {
            final MemorySegment source = filled(arena, work.bytes);
            final MemorySegment target = arena.allocate(work.bytes);
            pair.server.exposed.expose("target", target, Grant.of(Right.WRITE));
            final RemoteRegion region = pair.lookup(pair.client, "target");
            return measure(work, pair, 1, i -> {
                if (i % 100 == 0) {
                    target.fill((byte) 0);
                }
                final Operation operation =
                        new Operation().timeout(Duration.ofHours(1)).write(source, 0, work.bytes, region, 0);
                assertEquals(OperationStatus.SUCCESS, pair.complete(pair.client, operation, 600_000_000_000L));
                if (i % 100 == 0) {
                    assertEquals(-1, source.mismatch(target), "first byte that differs");
                }
            });
        }
    }

    /// Requests, each of which is answered by as many bytes.
    static Completions ofExchanges(Work work) {
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(work.settings).establish()) {
            final MemorySegment source = filled(arena, work.bytes);
            final AtomicInteger answers = new AtomicInteger();
            pair.server.onMessage = message -> {
                assertEquals(-1, source.mismatch(message.segment()), "first byte of the request that differs");
                message.release();
                pair.post(pair.server, new Operation().send(source, 0, work.bytes));
            };
            pair.client.onMessage = message -> {
                assertEquals(-1, source.mismatch(message.segment()), "first byte of the answer that differs");
                message.release();
                answers.incrementAndGet();
            };
            return measure(work, pair, 2, i -> {
                pair.post(pair.client, new Operation().send(source, 0, work.bytes));
                pair.runUntil(() -> answers.get() == i + 1, 600_000_000_000L);
                assertEquals(i + 1, answers.get(), "answers");
            });
        }
    }

    private static MemorySegment filled(Arena arena, long bytes) {
        final MemorySegment source = arena.allocate(bytes);
        final SplittableRandom random = new SplittableRandom(bytes);
        for (long i = 0; i + 8 <= bytes; i += 8) {
            source.set(ValueLayout.JAVA_LONG, i, random.nextLong());
        }
        return source;
    }

    private interface Step {
        void run(int index);
    }

    private static Completions measure(Work work, Pair pair, int ways, Step step) {
        final int warmUp = (int) Math.max(2, Math.min(500, WARM_UP_BYTES / work.bytes));
        for (int i = 0; i < warmUp; i++) {
            step.run(i);
            pair.runFor((long) (work.rttSeconds * 3e8));
        }
        final ConnectionStatistics before = pair.statistics(pair.client);
        final double wire = ways * work.bytes * 8 / before.payloadShare() / work.rateBitsPerSecond;
        final double[] seconds = new double[work.count];
        for (int i = 0; i < work.count; i++) {
            final long start = pair.nowNanos();
            step.run(warmUp + i);
            seconds[i] = (pair.nowNanos() - start) / 1e9;
            pair.runFor((long) (work.rttSeconds * 3e8));
        }
        final ConnectionStatistics after = pair.statistics(pair.client);
        Arrays.sort(seconds);
        final double sent = after.payloadSentBytes() - before.payloadSentBytes();
        return new Completions(
                Arrays.stream(seconds).map(s -> s / (work.rttSeconds + wire)).toArray(),
                Arrays.stream(seconds).map(s -> wire / (s - work.rttSeconds)).toArray(),
                (after.parityBytes() - before.parityBytes()) / sent,
                (after.retransmittedBytes() - before.retransmittedBytes()) / sent);
    }

    double mean() {
        return Arrays.stream(ratios).average().orElseThrow();
    }

    double meanEfficiency() {
        return Arrays.stream(efficiencies).average().orElseThrow();
    }

    /// The ratio that a share of the operations does not exceed.
    double quantile(double share) {
        return ratios[(int) Math.min(ratios.length - 1, Math.ceil(share * ratios.length))];
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "simulated: %d operations, completion ratio mean %.4f, p50 %.4f, p99 %.4f, p99.9 %.4f, max %.4f,"
                        + " mean efficiency %.4f, parity %.4f, sent again %.5f",
                ratios.length,
                mean(),
                quantile(0.5),
                quantile(0.99),
                quantile(0.999),
                ratios[ratios.length - 1],
                meanEfficiency(),
                parityShare,
                retransmittedShare);
    }
}
