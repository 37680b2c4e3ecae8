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
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.SendRequests.Opcode;
import io.longhaul.verbs.WorkCompletions;
import io.longhaul.verbs.soft.LinkCounters.Counter;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The wire behind a device, in virtual time.
@Timeout(20)
class EmulatedWireTest {
    private final AtomicLong clock = new AtomicLong(1_000_000_000L);

    private SoftPair pair(WireConfig wire) {
        return new SoftPair(
                QueuePair.Type.UD,
                builder -> builder.clock(clock::get).wire(builder.build().name().equals("a") ? wire : null),
                0);
    }

    private void send(SoftPair pair, int count, int bytes) {
        for (int i = 0; i < count; i++) {
            pair.a.sends.opcode(i, Opcode.SEND_WITH_IMM).immediate(i, i).payload(i, pair.a.region, 0, bytes);
        }
        assertEquals(count, pair.a.qp.postSend(pair.a.sends, 0, count));
    }

    /// How many messages have arrived at the present time of the clock.
    private int arrived(SoftPair pair) {
        int arrived = 0;
        for (int idle = 0; idle < 20; idle++) {
            int work = pair.a.device.progress(clock.get());
            work += pair.b.device.progress(clock.get());
            int polled = pair.b.queue.poll(pair.b.completions, 1);
            arrived += polled;
            if (work + polled > 0) {
                idle = 0;
            }
        }
        return arrived;
    }

    @Test
    void packetsArriveAfterTheDelayAndAtTheRate() {
        WireConfig wire = WireConfig.builder()
                .delay(Duration.ofMillis(10))
                .rateBitsPerSecond(1_000_000_000L)
                .build();
        try (SoftPair pair = pair(wire)) {
            pair.b.qp.postReceive(pair.b.receives, 0, SoftPair.DEPTH);
            // IP 20 + UDP 8 + BTH 12 + DETH 8 + ImmDt 4 + ICRC 4 = 56 bytes of headers
            send(pair, 100, 1000 - 56);
            assertEquals(100, pair.a.device.wire().packetsInFlight());
            assertEquals(clock.get() + 10_008_000 + 250_000, pair.a.device.nextProgressNanos(), "lateness allowed");
            assertEquals(0, arrived(pair));
            clock.addAndGet(10_007_999);
            assertEquals(0, arrived(pair));
            clock.addAndGet(1);
            assertEquals(1, arrived(pair));
            clock.addAndGet(50 * 8_000);
            assertEquals(50, arrived(pair), "8 us each, however late one looks");
            clock.addAndGet(49 * 8_000);
            assertEquals(49, arrived(pair));
            assertEquals(Long.MAX_VALUE, pair.a.device.nextProgressNanos());
        }
    }

    @Test
    void fullQueueDropsAndLongQueueMarks() {
        WireConfig wire = WireConfig.builder()
                .rateBitsPerSecond(1_000_000_000L)
                .queueBytes(50_000)
                .ecnThresholdBytes(20_000)
                .build();
        try (SoftPair pair = pair(wire)) {
            pair.b.qp.postReceive(pair.b.receives, 0, SoftPair.DEPTH);
            send(pair, 100, 1000 - 56);
            clock.addAndGet(1_000_000_000L);
            assertEquals(50, arrived(pair));
            LinkCounters counters = pair.a.device.wire().counters();
            assertEquals(50, counters.get(Counter.QUEUE_DROPPED_PACKETS));
            assertEquals(50_000, counters.get(Counter.QUEUE_DROPPED_BYTES));
            assertEquals(29, counters.get(Counter.MARKED_PACKETS));
            assertFalse(WorkCompletions.congestionExperienced(pair.b.region.segment(), 0));
            assertFalse(WorkCompletions.congestionExperienced(pair.b.region.segment(), 20 * 16_384L));
            assertTrue(WorkCompletions.congestionExperienced(pair.b.region.segment(), 21 * 16_384L));
            assertTrue(WorkCompletions.congestionExperienced(pair.b.region.segment(), 49 * 16_384L));
        }
    }

    @Test
    @Tag("fault-13")
    void corruptedPacketsFailTheirIcrc() {
        WireConfig wire = WireConfig.builder().corruptFraction(1).build();
        try (SoftPair pair = pair(wire)) {
            pair.b.qp.postReceive(pair.b.receives, 0, SoftPair.DEPTH);
            send(pair, 200, 1000);
            assertEquals(0, arrived(pair));
            long dropped = pair.b.counter(SoftDeviceCounters.Counter.WRONG_ICRC)
                    + pair.b.counter(SoftDeviceCounters.Counter.UNKNOWN_OPCODE)
                    + pair.b.counter(SoftDeviceCounters.Counter.MALFORMED)
                    + pair.b.counter(SoftDeviceCounters.Counter.WRONG_QUEUE_KEY)
                    + pair.b.counter(SoftDeviceCounters.Counter.UNKNOWN_QUEUE_PAIR);
            // A flip in the byte that the ICRC does not cover would arrive; it is 1 of 1,028.
            assertEquals(200, dropped);
        }
    }

    @Test
    void duplicatesArriveTwiceAndLanesDie() {
        WireConfig wire = WireConfig.builder().duplicateFraction(1).build();
        try (SoftPair pair = pair(wire)) {
            pair.b.qp.postReceive(pair.b.receives, 0, SoftPair.DEPTH);
            send(pair, 10, 100);
            assertEquals(20, arrived(pair));
            pair.a.device.wire().killLane(0);
            send(pair, 10, 100);
            assertEquals(0, arrived(pair));
            pair.a.device.wire().reviveLane(0);
            send(pair, 10, 100);
            assertEquals(20, arrived(pair));
        }
    }

    @Test
    void linkThatHoldsMoreThanAllowedIsRefused() {
        WireConfig wire = WireConfig.builder()
                .delay(Duration.ofMillis(100))
                .rateBitsPerSecond(100_000_000_000L)
                .maxMemoryBytes(1 << 30)
                .build();
        SoftDeviceProvider provider = new SoftDeviceProvider(
                SoftDeviceConfig.builder(SoftPair.LOOPBACK).wire(wire).build());
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> provider.open());
        assertTrue(refused.getMessage().contains("maxMemoryBytes"), refused.getMessage());
        assertNotNull(provider.availability());
    }
}
