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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.verbs.soft.WireConfig;
import java.time.Duration;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;

/// Paths that lose: at random, in bursts, for a while, in one direction.
@Timeout(300)
class LossFaultsTest {
    @Seeds
    @Tag("fault-1")
    void anyShareOfLossOnlyCostsTime(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        final double loss = path.oneOf(1e-4, 1e-3, 0.01, 0.02, 0.1, 0.3);
        path.over(link -> link.lossFraction(loss)).describedAs("loss " + loss).run();
    }

    @Seeds
    @Tag("fault-2")
    void burstsOfLossAreRepaired(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        final double burst = path.oneOf(2, 5, 10, 100, 1000);
        final double loss = path.oneOf(0.001, 0.02, 0.1);
        // To a sender that probes and waits, a thousand packets are minutes of silence.
        path.settings
                .idleTimeoutNanos(burst < 1000 ? 30 * Trial.SECOND : 900 * Trial.SECOND)
                .operationTimeoutNanos(3_600 * Trial.SECOND);
        path.over(link -> link.burst(WireConfig.GilbertElliott.of(loss, burst)))
                .limit(3_600 * Trial.SECOND)
                .describedAs("loss " + loss + " in bursts of " + burst)
                .run();
    }

    private static LongPredicate every(long periodNanos, long lostNanos, long untilNanos) {
        return nanos -> nanos < untilNanos && nanos >= Trial.SECOND && nanos % periodNanos < lostNanos;
    }

    @Seeds
    @Tag("fault-3")
    void aPathThatWasAwfulForTwentySecondsIsUsedSoonAfter(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        final boolean all = path.random.nextBoolean();
        // Half of all packets: those of every other stretch of 100 us.
        final LongPredicate awful =
                nanos -> nanos >= 2 * Trial.SECOND && nanos < 22 * Trial.SECOND && (all || nanos / 100_000 % 2 == 0);
        final Trial.Result result = path.over(there -> there.losing(awful), back -> back.losing(awful))
                .spread(400 * Trial.MILLI)
                .run();
        assertTrue(result.nanos() < 28 * Trial.SECOND, () -> "seed " + seed + ": ended after " + result.nanos());
    }

    @Seeds
    @Tag("fault-4")
    void silencesShorterThanTheIdleTimeoutOnlyCostTheirTime(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        final long silence = (long) path.oneOf(2e9, 5e9, 9e9, 25e9);
        final boolean there = path.random.nextBoolean();
        final boolean back = !there || path.random.nextBoolean();
        final LongPredicate lost = nanos -> nanos >= Trial.SECOND && nanos < Trial.SECOND + silence;
        final Trial.Result result = path.over(
                        route -> there ? route.losing(lost) : route, route -> back ? route.losing(lost) : route)
                .spread(40 * Trial.MILLI)
                .run();
        assertTrue(
                result.nanos() < silence + 6 * Trial.SECOND,
                () -> "seed " + seed + ": ended after " + result.nanos() + " ns, the silence took " + silence);
    }

    @Seeds
    @Tag("fault-4")
    @Tag("fault-66")
    void longerSilencesEndBothEndsAndEveryOperationOnce(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        path.settings.idleTimeoutNanos(10 * Trial.SECOND);
        final boolean there = path.random.nextBoolean();
        final boolean back = !there || path.random.nextBoolean();
        final LongPredicate lost = nanos -> nanos >= Trial.SECOND;
        final Trial.Result result = path.over(
                        route -> there ? route.losing(lost) : route, route -> back ? route.losing(lost) : route)
                .spread(100 * Trial.MILLI)
                .at(13 * Trial.SECOND, pair -> {
                    assertTrue(pair.client.closed && pair.server.closed, "not noticed within the idle timeout");
                })
                .runToAnyEnd();
        assertTrue(result.succeeded() < result.posted(), "the silence came too late to show anything");
    }

    @Seeds
    @Tag("fault-5")
    void aDirectionThatIsDeadForTenSecondsIsNotFlooded(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        final LongPredicate lost = nanos -> nanos >= 2 * Trial.SECOND && nanos < 12 * Trial.SECOND;
        final long[] sent = new long[4];
        path.over(there -> there, back -> back.losing(lost))
                .at(3 * Trial.SECOND, pair -> {
                    sent[0] = pair.statistics(pair.client).sentPackets();
                    sent[1] = pair.statistics(pair.server).sentPackets();
                })
                .at(11 * Trial.SECOND, pair -> {
                    sent[2] = pair.statistics(pair.client).sentPackets();
                    sent[3] = pair.statistics(pair.server).sentPackets();
                })
                .spread(200 * Trial.MILLI)
                .run();
        // Probes every 100 ms, two at a time, on up to eight lanes one of which is asked each second, an answer for
        // each, and what is posted meanwhile: 190 packets a second at most.
        final long most = 1_500;
        assertTrue(
                sent[2] - sent[0] < most && sent[3] - sent[1] < most,
                () -> "seed " + seed + ": " + (sent[2] - sent[0]) + " and " + (sent[3] - sent[1]) + " packets in 8 s");
    }

    @Seeds
    @Tag("fault-6")
    void aFlappingPathCarriesWhatItCanAndClosesNothing(long seed) {
        final FaultyPath path = new FaultyPath(seed, Duration.ofMillis(5));
        final long up = (long) path.logarithmic(50e6, 250e6);
        final long down = (long) path.logarithmic(50e6, 250e6);
        final LongPredicate lost = every(up + down, down, 61 * Trial.SECOND);
        final Trial.Result result = path.over(there -> there.losing(lost), back -> back.losing(lost))
                .spread(30 * Trial.MILLI)
                .describedAs("up " + up / 1e6 + " ms, down " + down / 1e6 + " ms")
                .run();
        assertEquals(result.posted(), result.succeeded());
        assertTrue(result.nanos() < 30 * Trial.SECOND, () -> "seed " + seed + ": took " + result.nanos());
    }

    @Seeds
    @Tag("fault-7")
    void whatWasHeldAndComesAtOnceIsTakenOnce(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        final long held = (long) path.logarithmic(50e6, 5e9);
        final long period = held * 3;
        path.over(
                        there -> there.holding(nanos -> nanos % period < held ? nanos - nanos % period + held : nanos),
                        back -> back)
                .spread(100 * Trial.MILLI)
                .describedAs("held for " + held / 1e6 + " ms")
                .run();
    }
}
