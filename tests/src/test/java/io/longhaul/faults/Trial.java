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
package io.longhaul.faults;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.OperationStatus;
import io.longhaul.property.Workload;
import io.longhaul.sim.Pair;
import io.longhaul.sim.Side;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/// Operations of every kind, in both directions, over a path with a fault, and what must hold whatever the fault: every
/// byte, every end, the order, nothing after completion, and an end of the connection.
final class Trial {
    static final long MILLI = 1_000_000L;
    static final long SECOND = 1_000_000_000L;

    private static final int OPERATIONS = 24;

    private record Event(long atNanos, Consumer<Pair> happens) {}

    private final Pair.Settings settings;
    private final long seed;
    private final List<Event> events = new ArrayList<>();
    private final List<Side> closing = new ArrayList<>();
    private int operations = OPERATIONS;
    private long spreadNanos = 10 * MILLI;
    private long limitNanos = 120 * SECOND;
    private String description = "";

    /// What came of it.
    ///
    /// @param nanos virtual time from the first posting to the last end
    /// @param succeeded operations that ended with SUCCESS
    /// @param posted operations
    /// @param traceHash hash over all packets
    record Result(long nanos, long succeeded, long posted, long traceHash) {}

    /// @param settings of the pair; the seed must have been set before the link
    Trial(Pair.Settings settings, long seed) {
        this.settings = settings;
        this.seed = seed;
    }

    /// Has something happen, so long after the connection was made.
    Trial at(long nanos, Consumer<Pair> happens) {
        events.add(new Event(nanos, happens));
        return this;
    }

    /// Has a side close, so long after the connection was made; it posts nothing afterwards.
    Trial closingAt(long nanos, boolean client, boolean drain) {
        return at(nanos, pair -> {
            final Side side = client ? pair.client : pair.server;
            closing.add(side);
            side.engine.close(pair.clock(side), drain, "enough");
        });
    }

    /// Sets how many operations each side posts.
    Trial operations(int value) {
        operations = value;
        return this;
    }

    /// Sets the time between two postings.
    Trial spread(long nanos) {
        spreadNanos = nanos;
        return this;
    }

    /// Sets the virtual time in which everything must have ended.
    Trial limit(long nanos) {
        limitNanos = nanos;
        return this;
    }

    /// Says what is printed beside the seed when it fails.
    Trial describedAs(String text) {
        description = text;
        return this;
    }

    /// Runs; everything must succeed.
    Result run() {
        return run(true);
    }

    /// Runs; operations may fail, but each must end once, and nothing wrong may be in the memory.
    Result runToAnyEnd() {
        return run(false);
    }

    private Result run(boolean allSucceed) {
        final long before = nativeBytes();
        final Result result = runPair(allSucceed);
        assertTrue(
                nativeBytes() <= before,
                () -> "seed " + seed + " " + description + ": native memory was " + before + " bytes, is "
                        + nativeBytes());
        return result;
    }

    /// Native memory that this process has reserved, bytes: segments of arenas are counted with buffers.
    static long nativeBytes() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    private Result runPair(boolean allSucceed) {
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(settings).establish()) {
            return exercise(pair, arena, allSucceed);
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError("seed " + seed + " " + description + ": " + e.getMessage(), e);
        }
    }

    private Result exercise(Pair pair, Arena arena, boolean allSucceed) {
        final List<Workload> workloads =
                List.of(new Workload(pair, arena, seed, pair.client), new Workload(pair, arena, seed + 1, pair.server));
        final SplittableRandom random = new SplittableRandom(seed ^ 0x7A1A1L);
        final long start = pair.nowNanos();
        events.sort(Comparator.comparingLong(Event::atNanos));
        int happened = 0;
        for (int i = 0; i < operations; i++) {
            for (int k = 0; k < workloads.size(); k++) {
                final Side side = k == 0 ? pair.client : pair.server;
                if (!side.closed && !closing.contains(side)) {
                    workloads.get(k).postOne();
                }
            }
            happened = runFor(pair, start, happened, random.nextLong(2 * spreadNanos + 1));
        }
        while (happened < events.size()) {
            happened = runFor(pair, start, happened, events.get(happened).atNanos());
        }
        final boolean ended = pair.runUntil(
                () -> workloads.stream().allMatch(each -> allSucceed ? each.isDone() : each.isEnded()), limitNanos);
        assertTrue(
                ended,
                () -> "stalled: client closed " + pair.client.engine.isClosed() + " " + pair.client.closeReason
                        + ", server closed " + pair.server.engine.isClosed() + " " + pair.server.closeReason
                        + ", " + pair.statistics(pair.client) + ", " + pair.statistics(pair.server));
        final long nanos = pair.nowNanos() - start;
        if (allSucceed) {
            assertFalse(pair.client.closed || pair.server.closed, "the connection has ended");
            workloads.forEach(Workload::check);
        } else {
            workloads.forEach(Workload::checkEnds);
        }
        final List<MemorySegment> snapshots =
                workloads.stream().map(Workload::snapshot).toList();
        endAndWait(pair);
        for (int i = 0; i < workloads.size(); i++) {
            if (allSucceed) {
                workloads.get(i).checkUnchanged(snapshots.get(i));
            } else {
                workloads.get(i).checkEnds();
            }
        }
        final long succeeded = workloads.stream()
                .mapToLong(each -> each.count(OperationStatus.SUCCESS))
                .sum();
        return new Result(nanos, succeeded, 2L * operations, pair.traceHash());
    }

    private int runFor(Pair pair, long start, int happened, long nanos) {
        final long end = pair.nowNanos() + nanos;
        int next = happened;
        while (next < events.size() && start + events.get(next).atNanos() - end <= 0) {
            pair.runFor(Math.max(0, start + events.get(next).atNanos() - pair.nowNanos()));
            events.get(next++).happens().accept(pair);
        }
        pair.runFor(Math.max(0, end - pair.nowNanos()));
        return next;
    }

    // Late packets arrive, then both ends close, and neither holds anything any more.
    private static void endAndWait(Pair pair) {
        pair.runFor(2 * SECOND);
        pair.client.engine.close(pair.clock(pair.client), true, "done");
        final boolean closed =
                pair.runUntil(() -> pair.client.engine.isClosed() && pair.server.engine.isClosed(), 150 * SECOND);
        assertTrue(
                closed,
                () -> "not closed: client " + pair.client.closed + " " + pair.client.engine.isClosed() + " "
                        + pair.client.closeReason + ", server " + pair.server.closed + " "
                        + pair.server.engine.isClosed() + " " + pair.server.closeReason);
        pair.runFor(SECOND);
    }
}
