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
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.ReceiveRequests;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.WorkCompletions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class SoftDeviceProviderTest {
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

    /// The whole API in one place: a device on a pretended 1,000 km that sends a datagram to itself.
    @Test
    void oneDatagramOverAThousandKilometres() {
        WireConfig wire = WireConfig.builder()
                .delay(Duration.ofNanos(4_900_000))
                .rateBitsPerSecond(2_000_000_000L)
                .build();
        SoftDeviceConfig config = SoftDeviceConfig.builder(LOOPBACK).wire(wire).build();
        try (Arena arena = Arena.ofShared();
                SoftDevice device = new SoftDeviceProvider(config).open();
                var channel = device.createCompletionChannel();
                CompletionQueue queue = device.createCompletionQueue(64, channel);
                ProtectionDomain domain = device.allocateProtectionDomain();
                MemoryRegion memory = domain.registerMemory(arena.allocate(4096), AccessFlags.LOCAL_WRITE);
                QueuePair qp = domain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UD, queue, 16, 16));
                var peer = domain.createAddressHandle(AddressVector.of(LOOPBACK, qp.udpPort()))) {
            qp.toInit(0, 0x1234);
            qp.toReadyToReceive();
            qp.toReadyToSend(0);
            memory.segment().setString(2048, "hello");
            ReceiveRequests receives = ReceiveRequests.allocate(arena, 1).buffer(0, memory, 0, 1024);
            SendRequests sends = SendRequests.allocate(arena, 1)
                    .payload(0, memory, 2048, 6)
                    .destination(0, peer, qp.number(), 0x1234);
            qp.postReceive(receives, 0, 1);
            long start = System.nanoTime();
            qp.postSend(sends, 0, 1);
            WorkCompletions completions = WorkCompletions.allocate(arena, 16);
            while (queue.poll(completions, 16) == 0) {
                queue.requestNotify(false);
                channel.await(1_000_000_000L);
            }
            assertTrue(System.nanoTime() - start >= 4_900_000);
            MemorySegment payload = memory.segment().asSlice(WorkCompletions.GRH_BYTES);
            assertEquals("hello", payload.getString(0));
            assertEquals(WorkCompletions.GRH_BYTES + 6, completions.byteLength(0));
        }
    }

    @Test
    void providerTellsWhatItHas() {
        SoftDeviceConfig config =
                SoftDeviceConfig.builder(LOOPBACK).name("soft7").sourcePorts(3).build();
        SoftDeviceProvider provider = new SoftDeviceProvider(config);
        assertEquals("soft", provider.kind());
        assertTrue(provider.availability().available());
        assertEquals("soft7", provider.deviceNames().getFirst());
        assertThrows(DeviceException.class, () -> provider.open("soft8"));
        try (SoftDevice device = provider.open("soft7")) {
            assertEquals(3, device.capabilities().maxSourcePorts());
            assertNotEquals(device.udpPort(0), device.udpPort(2));
            assertEquals(LOOPBACK, device.localAddress());
            assertEquals(8936, device.portAttributes().maxPayloadBytes());
            SoftDeviceConfig same = SoftDeviceConfig.builder(LOOPBACK)
                    .firstUdpPort(device.udpPort(1))
                    .build();
            DeviceException taken = assertThrows(DeviceException.class, () -> new SoftDeviceProvider(same).open());
            assertTrue(taken.getMessage().contains("EADDRINUSE"), taken.getMessage());
            assertNotNull(device.toString());
        }
    }

    @Test
    void queuePairsTakeSourcePortsInTurnOrAsTold() {
        SoftDeviceConfig config =
                SoftDeviceConfig.builder(LOOPBACK).sourcePorts(2).build();
        try (SoftDevice device = new SoftDeviceProvider(config).open();
                CompletionQueue queue = device.createCompletionQueue(4, null);
                ProtectionDomain domain = device.allocateProtectionDomain()) {
            QueuePairConfig any = QueuePairConfig.of(QueuePair.Type.UD, queue, 1, 1);
            int[] expected = {0, 1, 0, 1, 1};
            for (int i = 0; i < expected.length; i++) {
                try (QueuePair qp = domain.createQueuePair(i < 3 ? any : any.withSourcePortIndex(2 * i - 5))) {
                    assertEquals(expected[i], qp.sourcePortIndex());
                    assertEquals(device.udpPort(expected[i]), qp.udpPort());
                }
            }
        }
    }

    @Test
    void impossibleConfigurationsAreRefused() {
        InetAddress wildcard = InetAddress.ofLiteral("0.0.0.0");
        assertThrows(
                IllegalArgumentException.class,
                () -> SoftDeviceConfig.builder(wildcard).build());
        assertThrows(
                IllegalArgumentException.class,
                () -> SoftDeviceConfig.builder(LOOPBACK).sourcePorts(65).build());
        assertThrows(
                IllegalArgumentException.class,
                () -> SoftDeviceConfig.builder(LOOPBACK).maxMtuBytes(100).build());
        SoftDeviceConfig elsewhere =
                SoftDeviceConfig.builder(InetAddress.ofLiteral("192.0.2.77")).build();
        DeviceException refused = assertThrows(DeviceException.class, () -> new SoftDeviceProvider(elsewhere).open());
        assertTrue(refused.getMessage().contains("EADDRNOTAVAIL"), refused.getMessage());
    }

    @Test
    void memoryThatCannotBeReachedIsNotRegistered() {
        SoftDeviceConfig config = SoftDeviceConfig.builder(LOOPBACK).build();
        try (SoftDevice device = new SoftDeviceProvider(config).open();
                ProtectionDomain domain = device.allocateProtectionDomain()) {
            MemorySegment heap = MemorySegment.ofArray(new byte[8]);
            assertThrows(IllegalArgumentException.class, () -> domain.registerMemory(heap, 0));
            MemorySegment readOnly = Arena.ofAuto().allocate(8).asReadOnly();
            assertThrows(
                    IllegalArgumentException.class, () -> domain.registerMemory(readOnly, AccessFlags.LOCAL_WRITE));
            assertThrows(
                    IllegalArgumentException.class, () -> domain.registerMemory(readOnly, AccessFlags.REMOTE_WRITE));
            AddressVector other = AddressVector.of(InetAddress.ofLiteral("::1"), 4791);
            assertThrows(DeviceException.class, () -> domain.createAddressHandle(other));
        }
    }
}
