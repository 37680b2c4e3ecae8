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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Connection;
import io.longhaul.Listener;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.core.wire.PacketFlyweight;
import io.longhaul.identity.PrivateAuthority;
import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.AddressHandle;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.WorkCompletions;
import io.longhaul.verbs.soft.SoftDeviceConfig;
import io.longhaul.verbs.soft.SoftDeviceProvider;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Packets that are right down to the ICRC, with a connection's id and a packet number that comes next, but for the
/// tag:
/// from elsewhere they reach no cipher, from the peer's own queue pair and address they are refused by it.
@Timeout(60)
class ForeignPacketsTest {
    private static final PrivateAuthority AUTHORITY = PrivateAuthority.create();
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
    private static final InetAddress ELSEWHERE = InetAddress.ofLiteral("127.0.0.2");
    private static final int BYTES = 200;
    private static final int COUNT = 5;

    private static LonghaulConfig config() {
        return EndpointPair.small()
                .insecure(false)
                .identity(AUTHORITY.identity("127.0.0.1"))
                .device("soft")
                .lanes(1)
                .build();
    }

    /// Sends packets of that shape.
    ///
    /// @param source number of the queue pair that sends, or 0 for any
    private static void forge(InetAddress from, int source, LaneAddress to, long connectionId, long number) {
        final RandomGenerator random = source == 0 ? RandomGenerator.getDefault() : new Fixed(source);
        final RdmaDevice device = new SoftDeviceProvider(
                        SoftDeviceConfig.builder(from).random(random).build())
                .open();
        try (Arena arena = Arena.ofShared();
                ProtectionDomain domain = device.allocateProtectionDomain();
                CompletionQueue queue = device.createCompletionQueue(COUNT, null);
                MemoryRegion region = domain.registerMemory(arena.allocate(BYTES, 8), AccessFlags.LOCAL_WRITE);
                QueuePair queuePair =
                        domain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UD, queue, COUNT, COUNT));
                AddressHandle handle = domain.createAddressHandle(AddressVector.of(LOOPBACK, to.udpPort()))) {
            queuePair.toInit(0, 1);
            queuePair.toReadyToReceive();
            queuePair.toReadyToSend(0);
            final SendRequests sends = SendRequests.allocate(arena, 1);
            final MemorySegment packet = region.segment();
            final WorkCompletions completions = WorkCompletions.allocate(arena, 1);
            for (int i = 0; i < COUNT; i++) {
                PacketFlyweight.putHeader(packet, 0, connectionId, 0, number + i);
                sends.flags(0, SendRequests.SIGNALED)
                        .payload(0, region, 0, BYTES)
                        .destination(0, handle, to.queuePair(), to.queueKey());
                queuePair.postSend(sends, 0, 1);
                while (queue.poll(completions, 1) == 0) {
                    Thread.onSpinWait();
                }
            }
        } finally {
            device.close();
        }
    }

    /// Gives the device's one queue pair the number that it is to imitate.
    private record Fixed(int number) implements RandomGenerator {
        @Override
        public long nextLong() {
            return number;
        }

        @Override
        public int nextInt() {
            return number;
        }

        @Override
        public int nextInt(int least, int bound) {
            return number;
        }
    }

    private static AgentCounters counters(Longhaul endpoint) {
        return ((Endpoint) endpoint).openPorts().getFirst().agent().counters();
    }

    private static LaneAddress lane(Longhaul endpoint) {
        return ((Endpoint) endpoint)
                .openPorts()
                .getFirst()
                .port()
                .lanes()
                .getFirst()
                .address();
    }

    @Test
    @Tag("fault-35")
    void onlyWhatComesFromThePeersQueuePairAndAddressReachesTheCipher() throws Exception {
        try (Longhaul server = Longhaul.open(config());
                Longhaul client = Longhaul.open(config());
                Listener listener = server.listen(new InetSocketAddress(LOOPBACK, 0));
                Connection there = client.connect(listener.localAddress(), EndpointPair.PATIENCE);
                Connection here = listener.accept(EndpointPair.PATIENCE)) {
            assertNotNull(here);
            final LaneAddress target = lane(server);
            final int peer = lane(client).queuePair();
            final long next = there.statistics().sentPackets() + 1000;
            final long unknown = counters(server).unknownPackets;

            forge(LOOPBACK, 0, target, here.id(), next);
            EndpointPair.await(() -> unknownSince(server, here, unknown) == COUNT, "another queue pair");
            forge(ELSEWHERE, peer, target, here.id(), next);
            EndpointPair.await(() -> unknownSince(server, here, unknown) == 2 * COUNT, "another address");
            assertEquals(0, here.statistics().forgedPackets());

            forge(LOOPBACK, peer, target, here.id(), next);
            EndpointPair.await(() -> here.statistics().forgedPackets() == COUNT, "the peer's queue pair and address");
            assertEquals(2 * COUNT, unknownSince(server, here, unknown));
            assertTrue(here.isOpen() && there.isOpen());
        }
    }

    @Test
    @Tag("fault-32")
    void aConnectionThatHasEndedTakesNoPacket() throws Exception {
        try (Longhaul server = Longhaul.open(config());
                Longhaul client = Longhaul.open(config());
                Listener listener = server.listen(new InetSocketAddress(LOOPBACK, 0));
                Connection there = client.connect(listener.localAddress(), EndpointPair.PATIENCE);
                Connection here = listener.accept(EndpointPair.PATIENCE);
                Connection other = client.connect(listener.localAddress(), EndpointPair.PATIENCE)) {
            assertNotNull(here);
            final LaneAddress target = lane(server);
            final int peer = lane(client).queuePair();
            forge(LOOPBACK, peer, target, here.id(), 1_000_000);
            EndpointPair.await(() -> here.statistics().forgedPackets() == COUNT, "while it is open");
            final EngineAgent agent = ((Endpoint) server).openPorts().getFirst().agent();
            there.close(EndpointPair.PATIENCE);
            EndpointPair.await(
                    () -> !agent.commands()
                            .call(() -> agent.isRegistered(here.id()))
                            .join(),
                    "out of service");
            final long unknown = counters(server).unknownPackets;
            forge(LOOPBACK, peer, target, here.id(), 2_000_000);
            EndpointPair.await(() -> unknownSince(server, other, unknown) == COUNT, "after its end");
            assertEquals(COUNT, here.statistics().forgedPackets());
            assertTrue(other.isOpen());
        }
    }

    // The statistics are asked for on the agent's thread: what it has counted before is seen here.
    private static long unknownSince(Longhaul server, Connection here, long before) {
        assertFalse(here.statistics().forgedPackets() < 0);
        return counters(server).unknownPackets - before;
    }
}
