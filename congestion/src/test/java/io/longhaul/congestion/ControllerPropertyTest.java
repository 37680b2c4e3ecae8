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
package io.longhaul.congestion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.congestion.bbr.BbrFactory;
import io.longhaul.congestion.catalog.ControllerCatalog;
import io.longhaul.congestion.reserved.ReservedFactory;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Whatever is reported, in whatever order: the window holds a packet, the rate is above 0, nothing throws, and equal
/// calls
/// give equal answers.
class ControllerPropertyTest {
    private static final int RUNS = 150;
    private static final int STEPS = 600;

    @Test
    void keepsItsPromisesForRandomCalls() {
        seeds().forEach(seed -> factories().forEach(factory -> run(factory, seed)));
    }

    @Test
    void givesEqualAnswersToEqualCalls() {
        for (final CongestionControllerFactory factory : List.of(new BbrFactory(7), new BbrFactory(7))) {
            assertEquals(run(new BbrFactory(7), 99), run(factory, 99));
        }
        for (final String name : ControllerCatalog.names()) {
            assertEquals(run(ControllerCatalog.find(name, 7), 99), run(ControllerCatalog.find(name, 7), 99));
        }
    }

    private static LongStream seeds() {
        final String chosen = System.getProperty("longhaul.seed");
        return chosen == null ? LongStream.range(0, RUNS) : LongStream.of(Long.parseLong(chosen));
    }

    private static Stream<CongestionControllerFactory> factories() {
        return ControllerCatalog.names().stream().map(name -> ControllerCatalog.find(name, 3));
    }

    /// Runs random calls; gives a hash of all answers.
    private static long run(CongestionControllerFactory factory, long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final CongestionConfig config = randomConfig(random, factory);
        final CongestionController controller = factory.create(config);
        final RandomCalls calls = new RandomCalls(random, config);
        long hash = 1;
        for (int step = 0; step < STEPS; step++) {
            calls.next(controller);
            final String where = factory.name() + ", -Dlonghaul.seed=" + seed + ", step " + step + ", " + config;
            assertTrue(
                    controller.congestionWindowBytes() >= config.packetBytes(),
                    () -> "window below a packet: " + where);
            assertTrue(
                    controller.congestionWindowBytes() <= config.maxWindowBytes(), () -> "window above cap: " + where);
            assertTrue(controller.pacingRateBytesPerSecond() > 0, () -> "no rate: " + where);
            assertTrue(controller.bandwidthBytesPerSecond() >= 0, () -> "negative bandwidth: " + where);
            assertNotNull(controller.phase());
            hash = hash * 31 + controller.congestionWindowBytes();
            hash = hash * 31 + controller.pacingRateBytesPerSecond();
        }
        return hash;
    }

    private static CongestionConfig randomConfig(SplittableRandom random, CongestionControllerFactory factory) {
        final int packetBytes = random.nextInt(256, 65_536);
        final boolean hinted = factory instanceof ReservedFactory || random.nextBoolean();
        return new CongestionConfig(
                packetBytes,
                1L << random.nextInt(10, 32),
                hinted ? 1L << random.nextInt(0, 36) : 0,
                (4L * packetBytes) << random.nextInt(0, 20),
                random.nextInt(1, 4097));
    }

    private static final class RandomCalls {
        private final SplittableRandom random;
        private final CongestionConfig config;
        private final AckSample ack = new AckSample();
        private final LossSample loss = new LossSample();
        private long nowNanos;
        private long deliveredBytes;
        private long bytesInFlight;

        RandomCalls(SplittableRandom random, CongestionConfig config) {
            this.random = random;
            this.config = config;
            nowNanos = random.nextLong(1L << 50);
        }

        void next(CongestionController controller) {
            nowNanos += random.nextLong(1L << random.nextInt(1, 34));
            switch (random.nextInt(10)) {
                case 0, 1, 2 -> {
                    bytesInFlight += config.packetBytes();
                    controller.onPacketSent(nowNanos, config.packetBytes(), bytesInFlight, random.nextInt(4) == 0);
                }
                case 3 -> loss(controller);
                case 4 -> {
                    if (random.nextInt(8) == 0) {
                        controller.onRetransmissionTimeout(nowNanos, bytesInFlight);
                        bytesInFlight = 0;
                    }
                }
                case 5 -> controller.onSpuriousLoss(nowNanos, random.nextLong(1_000_000));
                default -> ack(controller);
            }
        }

        private void ack(CongestionController controller) {
            final long acked = random.nextLong(1L << random.nextInt(1, 36));
            ack.nowNanos = nowNanos;
            ack.rttNanos = random.nextInt(5) == 0 ? -1 : random.nextLong(1L << random.nextInt(1, 34));
            ack.smoothedRttNanos = config.initialRttNanos();
            ack.newlyAckedBytes = acked;
            ack.newlyAckedPackets = Math.max(1, acked / config.packetBytes());
            ack.newlyCeMarkedPackets = random.nextInt(6) == 0 ? random.nextLong(100) : 0;
            ack.priorBytesInFlight = bytesInFlight;
            bytesInFlight = Math.max(0, bytesInFlight - acked);
            ack.bytesInFlight = bytesInFlight;
            ack.packetDeliveredBytes = random.nextLong(deliveredBytes + 1);
            deliveredBytes += acked;
            ack.deliveredBytes = deliveredBytes;
            ack.packetBytesInFlight = random.nextLong(1L << 40);
            ack.deliveryRateBytesPerSecond = random.nextInt(4) == 0 ? 0 : random.nextLong(1L << random.nextInt(1, 40));
            ack.appLimited = random.nextInt(5) == 0;
            controller.onAck(ack);
        }

        private void loss(CongestionController controller) {
            loss.nowNanos = nowNanos;
            loss.lostBytes = 1 + random.nextLong(1L << random.nextInt(1, 36));
            loss.lostPackets = 1 + loss.lostBytes / config.packetBytes();
            bytesInFlight = Math.max(0, bytesInFlight - loss.lostBytes);
            loss.bytesInFlight = bytesInFlight;
            loss.newestLostSentNanos = nowNanos - random.nextLong(1L << 30);
            controller.onLoss(loss);
        }
    }
}
