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

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.linux.Errno;
import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.AddressHandle;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionChannel;
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.DeviceProvider;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.PortAttributes;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.ibv.IbvLayouts.IbvContext;
import io.longhaul.verbs.ibv.IbvLayouts.LinkLayer;
import io.longhaul.verbs.ibv.IbvLayouts.PortState;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What goes wrong with a library, a device, a port: always told with the verb, the error, the device and a remedy, and
/// nothing stays open.
@Timeout(30)
class IbvErrorsTest {
    private static final AddressVector PEER =
            AddressVector.of(InetAddress.ofLiteral("192.0.2.2"), AddressVector.ROCE_UDP_PORT);

    private JavaVerbs fake;

    @BeforeEach
    void open() {
        Assumptions.assumeTrue(
                System.getProperty("os.name").equals("Linux")
                        && IbvLayouts.Tail.ofThisProcessor().isPresent(),
                "the structs of libibverbs are not known for this platform");
        fake = new JavaVerbs();
    }

    @AfterEach
    void close() {
        if (fake != null) {
            assertEquals(0, fake.openObjects(), "objects left open");
            fake.close();
        }
    }

    private IbvDevice device() {
        return fake.provider(IbvDeviceConfig.DEFAULT).open(JavaVerbs.NAME);
    }

    private static String reason(DeviceProvider provider) {
        assertFalse(provider.availability().available());
        assertEquals(List.of(), provider.deviceNames());
        assertThrows(DeviceException.class, () -> provider.open("any"));
        return provider.availability().reason();
    }

    @Test
    void missingLibraryIsToldWithThePackageToInstall() {
        IbvDeviceConfig config = IbvDeviceConfig.DEFAULT.withLibraryName("libibverbs-is-not-here.so.9");
        String reason = reason(new IbvDeviceProvider(config));
        assertTrue(reason.contains("libibverbs-is-not-here.so.9") && reason.contains("install"), reason);
    }

    @Test
    void missingFunctionIsNamed() {
        fake.remove(VerbsSymbol.IBV_CREATE_QP);
        fake.remove(VerbsSymbol._IBV_QUERY_GID_EX);
        String reason = reason(fake.provider(IbvDeviceConfig.DEFAULT));
        assertTrue(reason.contains("ibv_create_qp"), reason);
        assertFalse(reason.contains("query_gid_ex"), reason);
    }

    @Test
    void kernelWithoutRdmaAndMachineWithoutDeviceAreTold() {
        fake.devices = 0;
        String none = reason(fake.provider(IbvDeviceConfig.DEFAULT));
        assertTrue(none.contains("there is no RDMA device"), none);
        fake.fail("ibv_get_device_list", Errno.ENOSYS);
        String kernel = reason(fake.provider(IbvDeviceConfig.DEFAULT));
        assertTrue(kernel.contains("ENOSYS") && kernel.contains("modprobe"), kernel);
    }

    @Test
    void deviceWithoutPermissionIsTold() {
        fake.fail("ibv_open_device", Errno.EACCES);
        DeviceException refused = assertThrows(DeviceException.class, this::device);
        assertEquals("EACCES", refused.errorName());
        assertEquals(JavaVerbs.NAME, refused.device());
        assertTrue(refused.remedy().contains("/dev/infiniband/uverbs"), refused.getMessage());
    }

    @Test
    void structsOfAnotherLibraryAreNotTouched() {
        int abiCompat = IbvLayouts.Tail.ofThisProcessor().orElseThrow().contextAbiCompat();
        int[] spoilt = {
            IbvContext.DEVICE, IbvContext.OPS_POLL_CQ, IbvContext.OPS_POST_SEND, abiCompat, IbvContext.CMD_FD
        };
        for (int offset : spoilt) {
            long right = fake.context.get(JAVA_LONG, offset);
            fake.context.set(JAVA_LONG, offset, 0xffff_ffff_1234L);
            DeviceException refused = assertThrows(DeviceException.class, this::device, "offset " + offset);
            assertTrue(refused.remedy().contains("are not those of rdma-core"), refused.getMessage());
            fake.context.set(JAVA_LONG, offset, right);
            fake.closeDevice(fake.context.address());
        }
        device().close();
    }

    @Test
    void portOfAnotherKindIsRefusedAndTheDeviceClosed() {
        fake.linkLayer = LinkLayer.INFINIBAND;
        DeviceException refused = assertThrows(DeviceException.class, this::device);
        assertEquals("EPROTONOSUPPORT", refused.errorName());
    }

    @Test
    void emptyAddressTableAndForeignAddressAreTold() {
        IbvDeviceConfig elsewhere = IbvDeviceConfig.DEFAULT.withLocalAddress(InetAddress.ofLiteral("192.0.2.99"));
        DeviceException foreign = assertThrows(
                DeviceException.class, () -> fake.provider(elsewhere).open(JavaVerbs.NAME));
        assertEquals("EADDRNOTAVAIL", foreign.errorName());
        assertTrue(foreign.remedy().contains("192.0.2.1"), foreign.getMessage());
        fake.gids = 0;
        try (IbvDevice device = device();
                ProtectionDomain domain = device.allocateProtectionDomain()) {
            assertEquals(List.of(), device.portAttributes().gids());
            DeviceException empty = assertThrows(DeviceException.class, () -> domain.createAddressHandle(PEER));
            assertEquals("ibv_create_ah", empty.function());
            assertTrue(empty.remedy().contains("no entry"), empty.getMessage());
        }
    }

    @Test
    void addressTableIsReadWithoutTheNewFunction() {
        try (IbvDevice device = device()) {
            PortAttributes.Gid first = device.portAttributes().gids().getFirst();
            assertEquals(1, first.index());
            assertTrue(first.routable());
        }
    }

    @Test
    void portThatIsDownIsToldBeforeTrafficIsTried() {
        fake.portState = PortState.DOWN;
        try (Parts parts = new Parts(device())) {
            assertEquals(
                    PortAttributes.State.DOWN, parts.device.portAttributes().state());
            parts.queuePair.toInit(0, 0);
            DeviceException refused = assertThrows(DeviceException.class, parts.queuePair::toReadyToReceive);
            assertEquals(1, refused.port());
            assertTrue(refused.remedy().contains("DOWN"), refused.getMessage());
        }
    }

    @Test
    void tooLittleLockableMemoryIsExplained() {
        try (Parts parts = new Parts(device())) {
            fake.fail("ibv_reg_mr_iova2", Errno.ENOMEM);
            DeviceException refused = assertThrows(
                    DeviceException.class, () -> parts.domain.allocateMemory(1 << 20, AccessFlags.LOCAL_WRITE));
            assertEquals("ENOMEM", refused.errorName());
            assertTrue(
                    refused.remedy().contains("RLIMIT_MEMLOCK (now " + Remedies.lockedMemoryLimit()),
                    refused.getMessage());
            assertNotEquals("unknown", Remedies.lockedMemoryLimit());
            assertTrue(refused.getMessage().contains("bytes=1048576"), refused.getMessage());
        }
    }

    @Test
    void whatCannotBeMadeIsNamedAndNothingStays() {
        try (IbvDevice device = device()) {
            assertFails("ibv_alloc_pd", device::allocateProtectionDomain);
            assertFails("ibv_create_comp_channel", device::createCompletionChannel);
            try (ProtectionDomain domain = device.allocateProtectionDomain();
                    CompletionQueue queue = device.createCompletionQueue(8, null)) {
                assertFails("ibv_create_cq", () -> device.createCompletionQueue(8, null));
                assertFails("ibv_create_ah", () -> domain.createAddressHandle(PEER));
                assertFails(
                        "ibv_create_qp",
                        () -> domain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UD, queue, 8, 8)));
                DeviceException tooMany =
                        assertThrows(DeviceException.class, () -> device.createCompletionQueue(5000, null));
                assertTrue(tooMany.remedy().contains("4096"), tooMany.getMessage());
            }
        }
    }

    private void assertFails(String verb, Runnable attempt) {
        fake.fail(verb, Errno.EMFILE);
        DeviceException refused = assertThrows(DeviceException.class, attempt::run);
        fake.mend(verb);
        assertEquals(verb, refused.function());
        assertEquals("EMFILE", refused.errorName());
        assertEquals(JavaVerbs.NAME, refused.device());
        assertFalse(refused.remedy().isEmpty());
    }

    @Test
    void fullQueueAcceptsFewerAndMalformedRequestIsNamed() {
        try (Parts parts = new Parts(device());
                Arena arena = Arena.ofConfined()) {
            SendRequests sends = SendRequests.allocate(arena, 8);
            parts.queuePair.toInit(0, 0);
            parts.queuePair.toReadyToReceive();
            parts.queuePair.toReadyToSend(0);
            AddressHandle handle = parts.domain.createAddressHandle(PEER);
            for (int i = 0; i < 8; i++) {
                sends.destination(i, handle, 1, 1);
            }
            long next = sends.segment().get(JAVA_LONG, sends.offset(5) + SendRequests.NEXT_OFFSET);
            assertEquals(4, parts.queuePair.postSend(sends, 2, 4));
            fake.sendRoom = 3;
            assertEquals(3, parts.queuePair.postSend(sends, 0, 6));
            assertEquals(0, parts.queuePair.postSend(sends, 3, 3));
            fake.sendErrno = Errno.EINVAL;
            fake.sendRoom = 2;
            DeviceException refused = assertThrows(DeviceException.class, () -> parts.queuePair.postSend(sends, 0, 6));
            assertTrue(refused.getMessage().contains("request 2 of 6"), refused.getMessage());
            assertEquals(next, sends.segment().get(JAVA_LONG, sends.offset(5) + SendRequests.NEXT_OFFSET));
            handle.close();
            assertThrows(IllegalArgumentException.class, () -> parts.queuePair.postSend(sends, 0, 1));
        }
    }

    @Test
    void deviceThatIsRemovedInUseIsToldAndCanBeClosed() {
        try (Parts parts = new Parts(device())) {
            fake.fail("ibv_modify_qp", Errno.EIO);
            DeviceException refused = assertThrows(DeviceException.class, () -> parts.queuePair.toInit(0, 0));
            assertTrue(refused.remedy().contains("removed"), refused.getMessage());
            fake.fail("ibv_get_cq_event", Errno.EIO);
            DeviceException broken = assertThrows(DeviceException.class, () -> parts.channel.await(1_000_000_000L));
            assertEquals("ibv_get_cq_event", broken.function());
        }
    }

    @Test
    void regionInUseStaysOpenUntilItCanBeClosed() {
        try (Parts parts = new Parts(device())) {
            MemoryRegion region = parts.domain.allocateMemory(64, AccessFlags.LOCAL_WRITE);
            fake.fail("ibv_dereg_mr", Errno.EBUSY);
            DeviceException refused = assertThrows(DeviceException.class, region::close);
            assertEquals("EBUSY", refused.errorName());
            region.segment().set(JAVA_LONG, 0, 1);
            assertThrows(IllegalStateException.class, parts.domain::close);
            fake.mend("ibv_dereg_mr");
            region.close();
            region.close();
        }
    }

    @Test
    void memoryThatWasFreedTooEarlyIsTold() {
        try (Parts parts = new Parts(device())) {
            Arena arena = Arena.ofShared();
            MemoryRegion region = parts.domain.registerMemory(arena.allocate(64), AccessFlags.LOCAL_WRITE);
            arena.close();
            DeviceException told = assertThrows(DeviceException.class, region::close);
            assertTrue(told.remedy().contains("close the region before the arena"), told.getMessage());
        }
    }

    @Test
    void wrongOrderAndClosedResourcesAreRefused() {
        Parts parts = new Parts(device());
        assertThrows(IllegalStateException.class, () -> parts.queuePair.toReadyToSend(0));
        assertThrows(IllegalStateException.class, parts.device::close);
        assertThrows(IllegalStateException.class, () -> parts.queuePair.toReadyToReceive(PEER, 1, 0, 1024)); // of UC
        parts.close();
        parts.close();
        assertThrows(IllegalStateException.class, parts.queuePair::toError);
        assertThrows(IllegalStateException.class, () -> parts.queue.requestNotify(false));
        assertThrows(IllegalStateException.class, () -> parts.channel.await(0));
        assertThrows(IllegalStateException.class, parts.device::allocateProtectionDomain);
        parts.channel.wakeup();
    }

    /// One of everything.
    private static final class Parts implements AutoCloseable {
        final IbvDevice device;
        final ProtectionDomain domain;
        final CompletionChannel channel;
        final CompletionQueue queue;
        final QueuePair queuePair;

        Parts(IbvDevice device) {
            this.device = device;
            domain = device.allocateProtectionDomain();
            channel = device.createCompletionChannel();
            queue = device.createCompletionQueue(8, channel);
            queuePair = domain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UD, queue, 8, 8));
        }

        @Override
        public void close() {
            queuePair.close();
            queue.close();
            channel.close();
            domain.close();
            device.close();
        }
    }
}
