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
import io.longhaul.FecPolicy;
import io.longhaul.allocation.JoinedEngines.Load;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.congestion.bbr.BbrFactory;
import io.longhaul.congestion.reserved.ReservedFactory;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A packet costs the engine no allocation after the start: both ends, sending, receiving, acknowledging and repairing.
@Timeout(60)
class EngineAllocationTest {
    private static final long PACKETS = 200_000;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @Test
    void largeWritesAllocateLessThanOneBytePerPacket() {
        assertFree(new BbrFactory(), 1, Load.WRITE, 4L << 20, 0);
    }

    @Test
    void largeWritesOverFourLanesAllocateLessThanOneBytePerPacket() {
        assertFree(new BbrFactory(), 4, Load.WRITE, 4L << 20, 0);
    }

    @Test
    void repairedWritesAllocateLessThanOneBytePerPacket() {
        assertFree(new ReservedFactory(), 1, Load.WRITE, 4L << 20, 500);
    }

    @Test
    void smallWritesAllocateLessThanOneBytePerPacket() {
        assertFree(new BbrFactory(), 1, Load.WRITE, 1024, 0);
    }

    @Test
    void readsAllocateLessThanOneBytePerPacket() {
        assertFree(new BbrFactory(), 1, Load.READ, 4L << 20, 0);
    }

    @Test
    void smallReadsAllocateLessThanOneBytePerPacket() {
        assertFree(new BbrFactory(), 1, Load.READ, 1024, 0);
    }

    @Test
    void messagesAllocateLessThanOneBytePerPacket() {
        assertFree(new BbrFactory(), 1, Load.MESSAGE, 128L << 10, 0);
    }

    @Test
    void smallMessagesAllocateLessThanOneBytePerPacket() {
        assertFree(new BbrFactory(), 1, Load.MESSAGE, 1024, 0);
    }

    @Test
    void streamsAllocateLessThanOneBytePerPacket() {
        assertFree(new BbrFactory(), 1, Load.STREAM, 0, 0);
    }

    @Test
    void protectedWritesAllocateLessThanOneBytePerPacket() {
        assertFree(new ReservedFactory(), 1, Load.WRITE, 1L << 20, 500, FecPolicy.AUTO);
    }

    @Test
    void smallProtectedWritesAllocateLessThanOneBytePerPacket() {
        assertFree(new ReservedFactory(), 1, Load.WRITE, 1024, 500, FecPolicy.FULL);
    }

    private static void assertFree(
            CongestionControllerFactory congestion, int lanes, Load load, long bytesEach, int loseEvery) {
        assertFree(congestion, lanes, load, bytesEach, loseEvery, FecPolicy.OFF);
    }

    private static void assertFree(
            CongestionControllerFactory congestion,
            int lanes,
            Load load,
            long bytesEach,
            int loseEvery,
            FecPolicy fec) {
        try (JoinedEngines engines = new JoinedEngines(congestion, lanes, load, bytesEach, loseEvery, fec, null)) {
            engines.exchange(PACKETS);
            final long lostBefore = engines.lostPackets();
            final long packetsBefore = engines.sentPackets();
            final long bytesBefore = THREADS.getCurrentThreadAllocatedBytes();
            engines.exchange(PACKETS);
            final long bytes = THREADS.getCurrentThreadAllocatedBytes() - bytesBefore;
            final long packets = engines.sentPackets() - packetsBefore;
            assertTrue(packets >= PACKETS, "only " + packets + " packets were sent");
            assertTrue(bytes < packets, bytes + " bytes were allocated for " + packets + " packets");
            assertEquals(fec != FecPolicy.OFF, engines.parityBytes() > 0, "parity");
            if (fec == FecPolicy.OFF) {
                assertEquals(loseEvery > 0, engines.lostPackets() > lostBefore, "losses");
            }
        }
    }
}
