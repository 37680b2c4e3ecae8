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
import io.longhaul.ConnectionStatistics.Limit;
import io.longhaul.ConnectionStatistics.ResendCause;
import io.longhaul.FecPolicy;
import io.longhaul.Operation;
import io.longhaul.cli.account.SenderAccount;
import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.CongestionController;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.congestion.reserved.ReservedFactory;
import io.longhaul.core.EngineStream;
import io.longhaul.core.InboundMessage;
import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What the statistics say of why a connection was not faster, and why bytes were sent again; in virtual time.
@Timeout(120)
class DiagnosisSimulationTest {
    private static final long RATE = 1_000_000_000L;
    private static final double RTT = 0.020;
    private static final long SECOND = 1_000_000_000L;
    private static final long BYTES = 64L << 20;

    private static WireConfig.Builder link() {
        return WireConfig.builder().delay(Duration.ofMillis(10)).rateBitsPerSecond(RATE);
    }

    private static Pair.Settings path(WireConfig.Builder link) {
        return new Pair.Settings().seed(3).link(link).rateHint(RATE);
    }

    private static void addsUp(Pair pair) {
        for (final ConnectionStatistics each : List.of(pair.statistics(pair.client), pair.statistics(pair.server))) {
            assertEquals(
                    pair.nowNanos(),
                    each.limitedNanos().values().stream()
                            .mapToLong(Long::longValue)
                            .sum());
            addsUp(each);
        }
    }

    private static void addsUp(ConnectionStatistics statistics) {
        assertEquals(
                statistics.retransmittedBytes(),
                statistics.resentBytes().values().stream()
                        .mapToLong(Long::longValue)
                        .sum());
        assertTrue(statistics.needlessBytes() <= statistics.retransmittedBytes(), statistics.toString());
        double shares = 0;
        for (final Limit each : Limit.values()) {
            shares += SenderAccount.of(statistics).share(each);
        }
        assertEquals(1, shares, 1e-9);
    }

    private static double share(ConnectionStatistics statistics, Limit limit) {
        return SenderAccount.of(statistics).share(limit);
    }

    private static double share(ConnectionStatistics statistics, ResendCause cause) {
        return (double) statistics.resentBytes(cause) / statistics.retransmittedBytes();
    }

    @Test
    void anIdleConnectionIsHeldBackByItsApplication() {
        try (Pair pair = new Pair(path(link())).establish()) {
            pair.runFor(10 * SECOND);
            addsUp(pair);
            final ConnectionStatistics statistics = pair.statistics(pair.client);
            assertTrue(share(statistics, Limit.APPLICATION) > 0.98, statistics.toString());
            assertEquals(0, statistics.limitedNanos(Limit.SENDER), "virtual machines are infinitely fast");
            assertTrue(statistics.limitedNanos(Limit.PATH) > 0, "the path was measured first");
        }
    }

    @Test
    void aProvisionedCircuitIsHeldBackByItsPacer() {
        final Bulk bulk = Bulk.write(path(link()).congestion(new ReservedFactory()), RTT, BYTES);
        addsUp(bulk.statistics());
        assertTrue(share(bulk.statistics(), Limit.PACER) > 0.8, () -> bulk.describe(RATE));
    }

    @Test
    void aSmallWindowIsNamed() {
        final Bulk bulk = Bulk.write(path(link()).congestion(new SmallWindow()), RTT, BYTES / 16);
        addsUp(bulk.statistics());
        assertTrue(share(bulk.statistics(), Limit.CONGESTION_WINDOW) > 0.9, () -> bulk.describe(RATE));
    }

    /// A controller with an infinite rate and a window of ten packets.
    private static final class SmallWindow implements CongestionControllerFactory {
        @Override
        public String name() {
            return "small";
        }

        @Override
        public CongestionController create(CongestionConfig config) {
            return (CongestionController) Proxy.newProxyInstance(
                    CongestionController.class.getClassLoader(),
                    new Class<?>[] {CongestionController.class},
                    (proxy, method, arguments) -> switch (method.getName()) {
                        case "congestionWindowBytes" -> 10L * config.packetBytes();
                        case "pacingRateBytesPerSecond" -> 1L << 40;
                        case "name", "phase" -> "small";
                        default -> null;
                    });
        }
    }

    @Test
    void aReceiverThatDoesNotTakeItsMessagesIsNamed() {
        final Pair.Settings settings = path(link()).maxMemory(4 << 20);
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(settings).establish()) {
            final MemorySegment message = arena.allocate(1 << 20);
            for (int i = 0; i < 16; i++) {
                pair.post(pair.client, new Operation().send(message, 0, 1 << 20));
            }
            pair.runFor(10 * SECOND);
            addsUp(pair);
            final ConnectionStatistics statistics = pair.statistics(pair.client);
            assertTrue(share(statistics, Limit.RECEIVER) > 0.95, statistics.toString());
            pair.server.messages.forEach(InboundMessage::release);
            pair.server.onMessage = InboundMessage::release;
            pair.server.engine.onMessageReleased();
            pair.runFor(10 * SECOND);
            final ConnectionStatistics after = pair.statistics(pair.client);
            assertTrue(
                    after.limitedNanos(Limit.APPLICATION) - statistics.limitedNanos(Limit.APPLICATION) > 9 * SECOND,
                    "nothing is left to be sent");
        }
    }

    @Test
    void aReaderOfAStreamThatDoesNotReadIsNamed() {
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(path(link())).establish()) {
            final EngineStream stream = java.util.Objects.requireNonNull(pair.client.engine.openStream());
            final MemorySegment block = arena.allocate(1 << 20);
            for (int i = 0; i < 100; i++) {
                stream.write(block, 0, block.byteSize());
                pair.client.engine.onStreamTouched(pair.nowNanos(), stream);
                pair.runFor(SECOND / 10);
            }
            addsUp(pair);
            final ConnectionStatistics statistics = pair.statistics(pair.client);
            assertTrue(share(statistics, Limit.RECEIVER) > 0.95, statistics.toString());
        }
    }

    @Test
    void randomLossIsFoundByTheLaterPacketsOfTheLane() {
        final Bulk bulk = Bulk.write(path(link().lossFraction(0.01)), RTT, BYTES);
        addsUp(bulk.statistics());
        assertTrue(share(bulk.statistics(), ResendCause.PACKET_THRESHOLD) > 0.95, () -> bulk.describe(RATE));
        assertTrue(bulk.statistics().needlessBytes() * 100 < bulk.statistics().retransmittedBytes());
    }

    @Test
    void anOutageEndsInProbesAndATimeout() {
        final WireConfig.Builder hole =
                link().blackHoles(List.of(new WireConfig.BlackHole(Duration.ofMillis(300), Duration.ofSeconds(1))));
        final Bulk bulk = Bulk.write(path(hole), RTT, BYTES);
        addsUp(bulk.statistics());
        assertTrue(bulk.statistics().resentBytes(ResendCause.TAIL_PROBE) > 0, () -> bulk.describe(RATE));
        assertTrue(share(bulk.statistics(), ResendCause.TIMEOUT) > 0.5, () -> bulk.describe(RATE));
        assertTrue(bulk.statistics().limitedNanos(Limit.PATH) > SECOND / 2, () -> bulk.describe(RATE));
    }

    /// A second in which nothing comes back, while everything arrives: nothing but probes is sent again.
    @Test
    void anOutageOfTheWayBackCostsProbesOnly() {
        final WireConfig there = link().seed(1).build();
        final WireConfig back = link().seed(2)
                .blackHoles(List.of(new WireConfig.BlackHole(Duration.ofMillis(300), Duration.ofSeconds(1))))
                .build();
        final Bulk bulk = Bulk.write(path(link()).links(there, back), RTT, BYTES);
        addsUp(bulk.statistics());
        final ConnectionStatistics statistics = bulk.statistics();
        assertEquals(statistics.retransmittedBytes(), statistics.resentBytes(ResendCause.TAIL_PROBE));
        assertTrue(statistics.spuriousPackets() > 100, () -> bulk.describe(RATE));
        assertEquals(0, statistics.needlessBytes(), "probes are no mistake");
    }

    /// Packets that come later than a whole round trip: their retransmissions are on the way when they arrive, and
    /// only
    /// the receiver can tell that it got them twice.
    @Test
    void whatComesMuchTooLateIsRecognisedByTheDuplicates() {
        final Bulk bulk = Bulk.write(path(link().reorder(0.01, Duration.ofMillis(90))), RTT, BYTES);
        addsUp(bulk.statistics());
        final ConnectionStatistics statistics = bulk.statistics();
        assertTrue(statistics.retransmittedBytes() > 0, () -> bulk.describe(RATE));
        assertTrue(statistics.needlessBytes() * 10 > 9 * statistics.retransmittedBytes(), () -> bulk.describe(RATE));
    }

    @Test
    void aPathThatDuplicatesIsNotTakenForOneThatReorders() {
        final Bulk bulk = Bulk.write(path(link().duplicateFraction(0.02).lossFraction(0.005)), RTT, BYTES);
        addsUp(bulk.statistics());
        assertTrue(
                bulk.statistics().needlessBytes() * 50 < bulk.statistics().retransmittedBytes(),
                () -> bulk.describe(RATE));
    }

    @Test
    void aPathThatDuplicatesLessThanItLosesIsNotTakenForOneThatReorders() {
        final Bulk bulk = Bulk.write(path(link().duplicateFraction(0.000_5).lossFraction(0.01)), RTT, BYTES);
        addsUp(bulk.statistics());
        assertEquals(0, bulk.statistics().needlessBytes(), () -> bulk.describe(RATE));
        assertTrue(share(bulk.statistics(), ResendCause.PACKET_THRESHOLD) > 0.95, () -> bulk.describe(RATE));
    }

    /// Sixty messages to a packet: what was wrongly taken for lost is a packet, not its chunks.
    @Test
    void aLatePacketOfManyChunksIsOneSpuriousLoss() {
        final Pair.Settings settings =
                path(link().reorder(0.02, Duration.ofMillis(15))).lanes(1);
        final ConnectionStatistics statistics = messages(settings, 64, 60, 4_000, SECOND / 1_000);
        assertTrue(statistics.spuriousPackets() > 0, statistics.toString());
        assertTrue(statistics.spuriousPackets() <= statistics.lostPackets(), statistics.toString());
        assertTrue(statistics.needlessBytes() <= statistics.retransmittedBytes(), statistics.toString());
    }

    @Test
    void aProbeOfALatePacketIsNoLossThatWasNone() {
        final Pair.Settings settings =
                path(link().reorder(0.05, Duration.ofMillis(11))).lanes(1);
        final ConnectionStatistics statistics = messages(settings, 4096, 1, 400, SECOND / 10);
        assertTrue(statistics.resentBytes(ResendCause.TAIL_PROBE) > 0, statistics.toString());
        assertEquals(0, statistics.lostPackets(), statistics.toString());
        assertEquals(0, statistics.spuriousPackets(), statistics.toString());
        assertEquals(0, statistics.needlessBytes(), statistics.toString());
    }

    // Posts some messages at a time, and waits between the times.
    private static ConnectionStatistics messages(
            Pair.Settings settings, int bytes, int atOnce, int times, long everyNanos) {
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(settings).establish()) {
            pair.server.onMessage = InboundMessage::release;
            final MemorySegment message = arena.allocate(bytes);
            for (int time = 0; time < times; time++) {
                for (int i = 0; i < atOnce; i++) {
                    pair.post(pair.client, new Operation().send(message, 0, bytes));
                }
                pair.runFor(everyNanos);
            }
            pair.runFor(SECOND);
            addsUp(pair);
            return pair.statistics(pair.client);
        }
    }

    @Test
    void parityThatDidNotSufficeIsNamed() {
        final Pair.Settings settings =
                path(link().burst(WireConfig.GilbertElliott.of(0.02, 40))).fec(FecPolicy.FULL);
        final Bulk bulk = Bulk.write(settings, RTT, BYTES);
        addsUp(bulk.statistics());
        assertTrue(bulk.statistics().resentBytes(ResendCause.PARITY_SHORT) > 0, () -> bulk.describe(RATE));
    }

    @Test
    void aLaneThatDiesIsNamed() {
        final WireConfig.Builder link =
                link().lanes(List.of(new WireConfig.Lane(2, Duration.ZERO, 0, Duration.ofMillis(300))));
        final Bulk bulk = Bulk.write(path(link).lanes(4), RTT, BYTES);
        addsUp(bulk.statistics());
        assertTrue(bulk.statistics().resentBytes(ResendCause.LANE_SILENT) > 0, () -> bulk.describe(RATE));
    }
}
