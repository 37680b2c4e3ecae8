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
package io.longhaul.verbs.soft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.verbs.soft.LinkCounters.Counter;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class LinkModelTest {
    private static final long GIGABIT = 1_000_000_000L;
    private static final long START = -5_000_000_000L;

    @Test
    void rateIsExactHoweverLateThePacketsAreOffered() {
        LinkModel link = new LinkModel(
                WireConfig.builder()
                        .rateBitsPerSecond(3 * GIGABIT)
                        .queueBytes(1 << 30)
                        .delay(Duration.ofMillis(10))
                        .build(),
                START);
        int packets = 90_000;
        for (int i = 0; i < packets; i++) {
            assertEquals(1, link.offer(START + i / 1000, 1237, 0, false));
        }
        long expected = START + Duration.ofMillis(10).toNanos() + packets * 1237L * 8 / 3;
        assertEquals(expected, link.deliveryNanos(0), 1);
    }

    @Test
    void idleLineDelaysByOnePacket() {
        LinkModel link = new LinkModel(
                WireConfig.builder()
                        .rateBitsPerSecond(GIGABIT)
                        .delay(Duration.ofMillis(5))
                        .build(),
                0);
        link.offer(1_000_000, 1000, 0, false);
        assertEquals(1_000_000 + 8_000 + 5_000_000, link.deliveryNanos(0));
        link.offer(2_000_000, 1000, 0, false);
        assertEquals(2_000_000 + 8_000 + 5_000_000, link.deliveryNanos(0));
        assertEquals(1000, link.queuedBytes(2_000_000));
        assertEquals(0, link.queuedBytes(3_000_000));
    }

    @Test
    void queueIsFiniteAndMarksAboveItsThreshold() {
        LinkModel link = new LinkModel(
                WireConfig.builder()
                        .rateBitsPerSecond(GIGABIT)
                        .queueBytes(10_000)
                        .ecnThresholdBytes(4_500)
                        .build(),
                0);
        int delivered = 0;
        int marked = 0;
        for (int i = 0; i < 20; i++) {
            delivered += link.offer(0, 1000, 0, i % 2 == 0);
            marked += link.isMarked() ? 1 : 0;
        }
        assertEquals(10, delivered);
        assertEquals(2, marked);
        assertEquals(10, link.counters().get(Counter.QUEUE_DROPPED_PACKETS));
        assertEquals(10_000, link.counters().get(Counter.QUEUE_DROPPED_BYTES));
        assertEquals(2, link.counters().get(Counter.MARKED_PACKETS));
        assertEquals(1, link.offer(8_000, 1000, 0, false), "one packet has left");
    }

    @Test
    void fractionsAreWhatTheyShouldBe() {
        LinkModel link = new LinkModel(
                WireConfig.builder()
                        .lossFraction(0.02)
                        .duplicateFraction(0.03)
                        .corruptFraction(0.01)
                        .reorder(0.05, Duration.ofMillis(1))
                        .seed(42)
                        .build(),
                0);
        int packets = 500_000;
        int copies = 0;
        for (int i = 0; i < packets; i++) {
            copies += link.offer(i, 1000, 0, false);
        }
        LinkCounters counters = link.counters();
        double survivors = packets * 0.98;
        assertEquals(packets * 0.02, counters.get(Counter.LOST_PACKETS), packets * 0.001);
        assertEquals(survivors * 0.03, counters.get(Counter.DUPLICATED_PACKETS), packets * 0.001);
        assertEquals(survivors * 0.01, counters.get(Counter.CORRUPTED_PACKETS), packets * 0.001);
        assertEquals(survivors * 0.05, counters.get(Counter.REORDERED_PACKETS), packets * 0.001);
        assertEquals(copies, counters.get(Counter.DELIVERED_PACKETS));
        assertEquals(packets, counters.get(Counter.OFFERED_PACKETS));
        assertEquals(1000L * packets, counters.get(Counter.OFFERED_BYTES));
    }

    @Test
    void burstsHaveTheirLengthAndShare() {
        LinkModel link = new LinkModel(
                WireConfig.builder()
                        .burst(WireConfig.GilbertElliott.of(0.01, 16))
                        .seed(7)
                        .build(),
                0);
        int packets = 2_000_000;
        int bursts = 0;
        boolean before = false;
        for (int i = 0; i < packets; i++) {
            boolean lost = link.offer(i, 100, 0, false) == 0;
            bursts += lost && !before ? 1 : 0;
            before = lost;
        }
        double lost = link.counters().get(Counter.LOST_PACKETS);
        assertEquals(0.01, lost / packets, 0.001);
        assertEquals(16, lost / bursts, 1.5);
    }

    @Test
    void sameSeedGivesTheSameLink() {
        WireConfig config = WireConfig.builder()
                .lossFraction(0.1)
                .jitter(Duration.ofMillis(2))
                .reorder(0.1, Duration.ofMillis(3))
                .duplicateFraction(0.1)
                .corruptFraction(0.1)
                .rateBitsPerSecond(GIGABIT)
                .seed(99)
                .build();
        LinkModel one = new LinkModel(config, 0);
        LinkModel other = new LinkModel(config, 1_000_000);
        for (int i = 0; i < 20_000; i++) {
            int copies = one.offer(i * 10_000L, 900 + i % 100, i % 3, true);
            assertEquals(copies, other.offer(1_000_000 + i * 10_000L, 900 + i % 100, i % 3, true));
            for (int copy = 0; copy < copies; copy++) {
                assertEquals(one.deliveryNanos(copy) + 1_000_000, other.deliveryNanos(copy));
            }
            assertEquals(one.corruptBit(7000), other.corruptBit(7000));
            assertEquals(one.isReordered(), other.isReordered());
        }
    }

    @Test
    void jitterKeepsTheOrderAndReorderingDoesNot() {
        LinkModel link = new LinkModel(
                WireConfig.builder()
                        .delay(Duration.ofMillis(1))
                        .jitter(Duration.ofMillis(1))
                        .reorder(0.01, Duration.ofMillis(5))
                        .build(),
                0);
        long last = 0;
        int overtaken = 0;
        for (int i = 0; i < 10_000; i++) {
            long now = i * 1000L;
            link.offer(now, 100, 0, false);
            long delivery = link.deliveryNanos(0);
            assertTrue(delivery >= now + 1_000_000);
            if (link.isReordered()) {
                overtaken++;
            } else {
                assertTrue(delivery >= last);
                last = delivery;
            }
        }
        assertEquals(100, overtaken, 40);
    }

    @Test
    void lanesDifferAndDie() {
        LinkModel link = new LinkModel(
                WireConfig.builder()
                        .delay(Duration.ofMillis(1))
                        .lanes(List.of(
                                new WireConfig.Lane(1, Duration.ofMillis(4), 0, WireConfig.Lane.NEVER),
                                new WireConfig.Lane(2, Duration.ZERO, 1, WireConfig.Lane.NEVER),
                                new WireConfig.Lane(3, Duration.ZERO, 0, Duration.ofMillis(10))))
                        .blackHoles(List.of(new WireConfig.BlackHole(Duration.ofMillis(20), Duration.ofMillis(5))))
                        .mtuBytes(1500)
                        .build(),
                START);
        assertEquals(1, link.offer(START, 100, 0, false));
        assertEquals(START + 1_000_000, link.deliveryNanos(0));
        assertEquals(1, link.offer(START, 100, 1, false));
        assertEquals(START + 5_000_000, link.deliveryNanos(0));
        assertEquals(0, link.offer(START, 100, 2, false));
        assertEquals(1, link.offer(START + 9_999_999, 100, 3, false));
        assertEquals(0, link.offer(START + 10_000_000, 100, 3, false));
        assertEquals(0, link.offer(START + 11_000_000, 1501, 0, false));
        assertEquals(1, link.offer(START + 11_000_000, 1500, 0, false));
        link.killLane(0);
        assertEquals(0, link.offer(START + 12_000_000, 100, 0, false));
        link.reviveLane(0);
        assertEquals(1, link.offer(START + 13_000_000, 100, 0, false));
        assertEquals(0, link.offer(START + 20_000_000, 100, 0, false));
        assertEquals(1, link.offer(START + 25_000_000, 100, 0, false));
        assertEquals(3, link.counters().get(Counter.BLACK_HOLE_PACKETS));
        assertEquals(1, link.counters().get(Counter.TOO_LONG_PACKETS));
        assertFalse(link.counters().toString().isEmpty());
    }

    @Test
    void configurationsThatMakeNoSenseAreRefused() {
        WireConfig.Builder builder = WireConfig.builder();
        assertThrows(
                IllegalArgumentException.class, () -> builder.lossFraction(1.1).build());
        builder.lossFraction(0);
        assertThrows(
                IllegalArgumentException.class,
                () -> builder.delay(Duration.ofMillis(-1)).build());
        builder.delay(Duration.ofMillis(10));
        assertThrows(
                IllegalArgumentException.class,
                () -> builder.reorder(0.1, Duration.ZERO).build());
        builder.reorder(0, Duration.ZERO).rateBitsPerSecond(8 * GIGABIT);
        assertEquals(10_000_000, builder.build().queueBytes(), "what the line carries in one delay");
        assertThrows(
                IllegalArgumentException.class,
                () -> builder.ecnThresholdBytes(10_000_001).build());
        assertThrows(IllegalArgumentException.class, () -> WireConfig.GilbertElliott.of(0.1, 0.5));
    }
}
