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
package io.longhaul.verbs.ibv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.PortAttributes;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.RdmaDevice;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Devices, ports and addresses of the guest, and what happens when they go away.
@Tag("guest")
@Timeout(60)
class IbvPortTest {
    private final IbvDeviceProvider provider = new IbvDeviceProvider(IbvDeviceConfig.DEFAULT);

    @Test
    void devicesAreListedAndFoundByAddress() {
        assertTrue(provider.availability().available(), provider.availability().reason());
        assertTrue(provider.deviceNames().containsAll(List.of("rxe_a", "rxe_b")), provider.deviceNames()::toString);
        assertEquals(Optional.of("rxe_b"), provider.deviceNameOf(GuestDevices.ADDRESS_B));
        assertEquals(Optional.empty(), provider.deviceNameOf(InetAddress.ofLiteral("192.0.2.1")));
        DeviceException refused = assertThrows(DeviceException.class, () -> provider.open("mlx5_9"));
        assertEquals("ENODEV", refused.errorName());
        assertTrue(refused.getMessage().contains("rxe_a"), refused.getMessage());
    }

    @Test
    void gidIsChosenByAddressNotByPlace() {
        try (IbvDevice device = provider.open("rxe_a")) {
            List<PortAttributes.Gid> gids = device.portAttributes().gids();
            assertEquals(GuestDevices.ADDRESS_A, gids.getFirst().address());
            assertTrue(gids.getFirst().index() > 0, gids.toString());
            assertEquals(4096, device.portAttributes().maxPayloadBytes());
            assertFalse(device.capabilities().survivesBrokenMessages());
            try (ProtectionDomain domain = device.allocateProtectionDomain()) {
                domain.createAddressHandle(AddressVector.of(GuestDevices.ADDRESS_B, AddressVector.ROCE_UDP_PORT))
                        .close();
                assertThrows(
                        IllegalArgumentException.class,
                        () -> domain.createAddressHandle(AddressVector.of(GuestDevices.ADDRESS_B, 4792)));
            }
        }
        IbvDeviceConfig elsewhere = IbvDeviceConfig.DEFAULT.withLocalAddress(InetAddress.ofLiteral("192.0.2.1"));
        DeviceException refused =
                assertThrows(DeviceException.class, () -> new IbvDeviceProvider(elsewhere).open("rxe_a"));
        assertEquals("EADDRNOTAVAIL", refused.errorName());
        assertTrue(refused.remedy().contains("10.77.0.1"), refused.getMessage());
    }

    @Test
    void portThatDoesNotExistIsRefused() {
        DeviceException refused = assertThrows(
                DeviceException.class, () -> new IbvDeviceProvider(IbvDeviceConfig.DEFAULT.withPort(3)).open("rxe_a"));
        assertEquals(3, refused.port());
        assertEquals("ibv_query_port", refused.function());
    }

    @Test
    @Tag("fault-62")
    void portThatGoesDownIsToldByEventStateAndError() throws Exception {
        makeSpareDevice();
        try (IbvDevice device = provider.open("rxe_x");
                ProtectionDomain domain = device.allocateProtectionDomain();
                CompletionQueue queue = device.createCompletionQueue(16, null);
                QueuePair queuePair = domain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UD, queue, 8, 8))) {
            assertEquals(PortAttributes.State.ACTIVE, device.portAttributes().state());
            queuePair.toInit(0, 1);
            run("ip link set vx down");
            await(device, RdmaDevice.EventType.PORT_ERROR);
            assertEquals(PortAttributes.State.DOWN, device.portAttributes().state());
            DeviceException refused = assertThrows(DeviceException.class, queuePair::toReadyToReceive);
            assertEquals(1, refused.port());
            assertTrue(refused.remedy().contains("ip link set"), refused.getMessage());
            run("ip link set vx up");
            await(device, RdmaDevice.EventType.PORT_ACTIVE);
            queuePair.toReadyToReceive();
        } finally {
            removeSpareDevice();
        }
    }

    @Test
    @Tag("fault-62")
    void removalOfADeviceInUseWaitsForItsUsers() throws Exception {
        makeSpareDevice();
        try {
            Process removal;
            try (IbvDevice device = provider.open("rxe_x");
                    ProtectionDomain domain = device.allocateProtectionDomain();
                    MemoryRegion region = domain.allocateMemory(4096, AccessFlags.LOCAL_WRITE)) {
                // This kernel cannot take Soft-RoCE from its users. A NIC says DEVICE_FATAL, and its calls fail with
                // EIO.
                removal = new ProcessBuilder("rdma", "link", "delete", "rxe_x")
                        .inheritIO()
                        .start();
                assertFalse(removal.waitFor(500, TimeUnit.MILLISECONDS), "it did not wait");
                assertEquals(4096, region.length());
            }
            assertTrue(removal.waitFor(20, TimeUnit.SECONDS), "the removal still waits");
            assertFalse(provider.deviceNames().contains("rxe_x"));
            assertThrows(DeviceException.class, () -> provider.open("rxe_x"));
        } finally {
            removeSpareDevice();
        }
    }

    /// A device of its own, so that the others keep their state.
    private static void makeSpareDevice() throws IOException, InterruptedException {
        run("ip link add vx type veth peer name vy && ip addr add 10.78.0.1/24 dev vx && ip link set vy up"
                + " && ip link set vx up && rdma link add rxe_x type rxe netdev vx");
    }

    private static void removeSpareDevice() throws IOException, InterruptedException {
        run("rdma link delete rxe_x 2>/dev/null; ip link del vx");
    }

    private static void await(IbvDevice device, RdmaDevice.EventType type) {
        RdmaDevice.Event event;
        do {
            event = device.awaitEvent(10_000_000_000L);
            assertNotNull(event, "no event " + type);
        } while (event.type() != type);
        assertEquals(1, event.number());
    }

    private static void run(String command) throws IOException, InterruptedException {
        assertEquals(
                0, new ProcessBuilder("bash", "-c", command).inheritIO().start().waitFor(), command);
    }
}
