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

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.verbs.soft.WireConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;

/// Packets that come late, in another order, twice, or damaged.
@Timeout(300)
class OrderFaultsTest {
    @Seeds
    @Tag("fault-8")
    void aLittleReorderingChangesNothing(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        final double share = path.oneOf(0.001, 0.01, 0.25);
        final Duration late = Duration.ofMillis((long) path.oneOf(1, 5, 10));
        path.over(link -> link.reorder(share, late))
                .describedAs(share + " late by " + late)
                .run();
    }

    @Seeds
    @Tag("fault-9")
    void heavyReorderingChangesNothing(long seed) {
        final FaultyPath path = new FaultyPath(seed, Duration.ofMillis(30));
        final double share = path.oneOf(0.1, 0.5, 0.9);
        final Duration late = Duration.ofMillis((long) path.oneOf(50, 100, 500));
        path.settings.operationTimeoutNanos(900 * Trial.SECOND);
        path.over(link -> link.reorder(share, late))
                .limit(900 * Trial.SECOND)
                .describedAs(share + " late by " + late)
                .run();
    }

    @Seeds
    @Tag("fault-10")
    void lanesOfVeryDifferentLengthWorkTogether(long seed) {
        final FaultyPath path = new FaultyPath(seed, Duration.ofMillis(20));
        final int lanes = 2 + path.random.nextInt(15);
        path.settings.lanes(lanes);
        final List<WireConfig.Lane> each = new ArrayList<>();
        for (int i = 0; i < lanes; i++) {
            final Duration longer = Duration.ofNanos(path.random.nextLong(20 * Trial.MILLI));
            each.add(new WireConfig.Lane(i, longer, path.oneOf(0, 0, 0.02), WireConfig.Lane.NEVER));
        }
        path.over(link -> link.lanes(each)).describedAs(lanes + " lanes").run();
    }

    @Seeds
    @Tag("fault-11")
    @Tag("fault-67")
    void duplicatesHaveNoEffect(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        final double share = path.oneOf(0.01, 0.2, 0.5, 1);
        path.over(link -> link.duplicateFraction(share).lossFraction(0.01))
                .describedAs(share + " twice")
                .run();
    }

    @Seeds
    @Tag("fault-12")
    @Tag("fault-68")
    void duplicatesThatComeSecondsLaterHaveNoEffect(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        final long late = (long) path.oneOf(0.3e9, 2.7e9, 5.5e9, 11e9);
        path.settings.routes(
                new FaultyRoute(path.link()
                                .seed(seed)
                                .duplicateFraction(0.3)
                                .lossFraction(0.01)
                                .build())
                        .duplicatesLateBy(late),
                new FaultyRoute(path.link()
                                .seed(seed + 1)
                                .duplicateFraction(0.3)
                                .build())
                        .duplicatesLateBy(late));
        new Trial(path.settings, seed)
                .spread(late / 30)
                .describedAs("duplicates late by " + late / 1e6 + " ms")
                .run();
    }

    @Seeds
    @Tag("fault-13")
    void damagedPacketsAreDroppedAndCounted(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        final double share = path.oneOf(0.001, 0.02, 0.3);
        final long[] dropped = {0};
        path.over(link -> link.corruptFraction(share))
                .at(
                        300 * Trial.MILLI,
                        pair -> dropped[0] = pair.statistics(pair.server).corruptPackets())
                .describedAs(share + " damaged")
                .run();
        assertTrue(dropped[0] > 0 || share < 0.3, () -> "seed " + seed + ": no damaged packet was counted");
    }

    @Seeds
    @Tag("fault-18")
    void jitterAndSuspensionsCloseNothing(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        if (path.random.nextBoolean()) {
            final Duration jitter = Duration.ofMillis((long) path.oneOf(3, 10, 50));
            path.over(link -> link.jitter(jitter))
                    .describedAs("jitter " + jitter)
                    .run();
            return;
        }
        // As a wireless network does: 250 ms of nothing, six times, every 255 to 500 ms.
        final long period = 255 * Trial.MILLI + path.random.nextLong(245 * Trial.MILLI);
        path.over(
                        there -> there.holding(nanos -> nanos < 7 * period && nanos % period < 250 * Trial.MILLI
                                ? nanos - nanos % period + 250 * Trial.MILLI
                                : nanos),
                        back -> back)
                .describedAs("suspended every " + period / 1e6 + " ms")
                .run();
    }
}
