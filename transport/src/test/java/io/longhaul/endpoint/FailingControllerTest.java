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
package io.longhaul.endpoint;

import static org.junit.jupiter.api.Assertions.assertFalse;

import io.longhaul.congestion.AckSample;
import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.CongestionController;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.congestion.LossSample;
import java.lang.foreign.Arena;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A controller of somebody else's that throws costs its connection, and nothing of the endpoint.
@Timeout(60)
class FailingControllerTest {
    private volatile boolean fails;

    private final class Controller implements CongestionController {
        @Override
        public void onPacketSent(long nowNanos, int bytes, long bytesInFlight, boolean appLimited) {
            // The packet is in its buffer by now.
            if (fails) {
                throw new IllegalStateException("made to fail");
            }
        }

        @Override
        public void onAck(AckSample sample) {}

        @Override
        public void onLoss(LossSample sample) {}

        @Override
        public void onSpuriousLoss(long nowNanos, long bytes) {}

        @Override
        public void onRetransmissionTimeout(long nowNanos, long bytesLost) {}

        @Override
        public long congestionWindowBytes() {
            return 1 << 20;
        }

        @Override
        public long pacingRateBytesPerSecond() {
            return 100_000_000;
        }

        @Override
        public long bandwidthBytesPerSecond() {
            return 100_000_000;
        }

        @Override
        public String phase() {
            return "steady";
        }

        @Override
        public String name() {
            return "failing";
        }
    }

    private final class Factory implements CongestionControllerFactory {
        @Override
        public CongestionController create(CongestionConfig config) {
            return new Controller();
        }

        @Override
        public String name() {
            return "failing";
        }
    }

    @Test
    void givesBackTheBufferThatWasBeingFilled() throws Exception {
        try (Arena arena = Arena.ofShared();
                EndpointPair pair = new EndpointPair(
                        EndpointPair.small().congestionController(new Factory()).build())) {
            final PortAgent port = ((Endpoint) pair.clientEndpoint).openPorts().getFirst();
            final PacketSlab slab = port.agent().port().sendSlab();
            EndpointPair.await(() -> freeSlots(port, slab) == slab.slots(), "the connection did not settle");
            fails = true;
            assertFalse(pair.client
                    .send(arena.allocate(1000))
                    .handle((v, e) -> e == null)
                    .get());
            EndpointPair.await(() -> !pair.client.isOpen(), "the connection went on");
            EndpointPair.await(() -> freeSlots(port, slab) == slab.slots(), "a send buffer was lost");
        }
    }

    // The slab belongs to the agent: it is asked on its thread.
    private static int freeSlots(PortAgent port, PacketSlab slab) {
        final CompletableFuture<Integer> free = new CompletableFuture<>();
        port.agent().commands().submit(() -> free.complete(slab.freeSlots()));
        return free.join();
    }
}
