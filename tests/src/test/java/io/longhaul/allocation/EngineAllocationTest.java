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
package io.longhaul.allocation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.longhaul.Grant;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A packet costs the engine no allocation after the start: both ends, sending, receiving, acknowledging, with and without
/// losses, over many large writes and over many small ones.
@Timeout(60)
class EngineAllocationTest {
    private static final long PACKETS = 200_000;
    private static final long REGION_BYTES = 4L << 20;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @Test
    void largeWritesAllocateLessThanOneBytePerPacket() {
        assertFree(4L << 20, 4, 0);
    }

    @Test
    void largeWritesOverALossyPathAllocateLessThanOneBytePerPacket() {
        assertFree(4L << 20, 4, 0.002);
    }

    @Test
    void smallWritesAllocateLessThanOneBytePerPacket() {
        assertFree(1024, 256, 0);
    }

    private static void assertFree(long writeBytes, int outstanding, double loss) {
        final WireConfig.Builder link = WireConfig.builder()
                .delay(Duration.ofMillis(1))
                .rateBitsPerSecond(2_000_000_000L)
                .lossFraction(loss);
        try (Arena arena = Arena.ofConfined();
                Pair pair = new Pair(new Pair.Settings().ipBytes(1500).link(link)).establish()) {
            pair.server.exposed.expose("target", arena.allocate(REGION_BYTES, 64), Grant.of(Right.WRITE));
            final RemoteRegion region = pair.lookup(pair.client, "target");
            final MemorySegment source = arena.allocate(writeBytes, 64);
            for (int i = 0; i < outstanding; i++) {
                pair.post(
                        pair.client,
                        new Operation()
                                .onComplete(done -> repeat(pair, done))
                                .write(source, 0, writeBytes, region, 0));
            }
            advance(pair, PACKETS);
            final long packetsBefore = sentPackets(pair);
            final long bytesBefore = THREADS.getCurrentThreadAllocatedBytes();
            advance(pair, PACKETS);
            final long bytes = THREADS.getCurrentThreadAllocatedBytes() - bytesBefore;
            final long packets = sentPackets(pair) - packetsBefore;
            System.err.printf("%d bytes allocated for %d packets%n", bytes, packets);
            assertTrue(bytes < packets, bytes + " bytes were allocated for " + packets + " packets");
        }
    }

    private static void repeat(Pair pair, Operation done) {
        assertEquals(OperationStatus.SUCCESS, done.status());
        pair.post(pair.client, done);
    }

    // Statistics are records, which count as allocated: they are taken rarely.
    private static void advance(Pair pair, long packets) {
        final long end = sentPackets(pair) + packets;
        while (sentPackets(pair) < end) {
            final long steps = pair.steps() + packets / 8;
            assertTrue(pair.runUntil(() -> pair.steps() >= steps, 60_000_000_000L), "the pair stands still");
        }
    }

    private static long sentPackets(Pair pair) {
        return pair.statistics(pair.client).sentPackets()
                + pair.statistics(pair.server).sentPackets();
    }
}
