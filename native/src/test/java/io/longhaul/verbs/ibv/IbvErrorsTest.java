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
import static org.junit.jupiter.api.Assertions.assertNull;
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
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
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
    @Tag("fault-57")
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
    void onlyWhatIsSurelyAFullQueueCountsAsOne() {
        try (Parts parts = new Parts(device());
                Arena arena = Arena.ofConfined();
                AddressHandle handle = parts.domain.createAddressHandle(PEER)) {
            SendRequests sends = SendRequests.allocate(arena, 4);
            for (int i = 0; i < 4; i++) {
                sends.destination(i, handle, 1, 1);
            }
            parts.ready();
            fake.sendRoom = 1;
            assertEquals(1, parts.queuePair.postSend(sends, 0, 4));
            fake.sendRoom = Integer.MAX_VALUE;
            fake.doorbellErrno = Errno.ENOMEM;
            DeviceException queued = assertThrows(DeviceException.class, () -> parts.queuePair.postSend(sends, 0, 4));
            assertEquals("ENOMEM", queued.errorName());
            assertTrue(queued.getMessage().contains("may be queued"), queued.getMessage());
            fake.doorbellErrno = 0;
            fake.sendRoom = 0;
            fake.sendErrno = -1;
            DeviceException unclear = assertThrows(DeviceException.class, () -> parts.queuePair.postSend(sends, 0, 4));
            assertTrue(unclear.getMessage().contains("request 0 of 4"), unclear.getMessage());
            fake.sendErrno = -Errno.ENOMEM;
            assertEquals(0, parts.queuePair.postSend(sends, 0, 4));
        }
    }

    @Test
    void bindNamesAnOpenWindowAndAnOpenRegion() {
        try (Parts parts = new Parts(device());
                Arena arena = Arena.ofConfined();
                QueuePair connected =
                        parts.domain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UC, parts.queue, 8, 8))) {
            connected.toInit(0, 0);
            connected.toReadyToReceive(PEER, 1, 0, 1024);
            connected.toReadyToSend(0);
            MemoryRegion region = parts.domain.allocateMemory(64, AccessFlags.MEMORY_WINDOW_BIND);
            MemoryRegion.Window window = parts.domain.allocateMemoryWindow();
            SendRequests sends =
                    SendRequests.allocate(arena, 2).bindWindow(1, window, window.nextKey(), region, 0, 64, 0);
            assertEquals(2, connected.postSend(sends, 0, 2));
            fake.fail("ibv_dereg_mr", Errno.EBUSY);
            assertThrows(DeviceException.class, region::close);
            assertEquals(2, connected.postSend(sends, 0, 2));
            fake.mend("ibv_dereg_mr");
            region.close();
            assertRefused(connected, sends, "request 1 of the list binds a window to no open memory region");
            long regionAt = sends.offset(1) + SendRequests.BIND_WINDOW_OFFSET + SendRequests.BIND_REGION_OFFSET;
            sends.segment().set(JAVA_LONG, regionAt, 0L);
            assertRefused(connected, sends, "no open memory region");
            window.close();
            assertRefused(connected, sends, "request 1 of the list binds no open memory window");
        }
    }

    private static void assertRefused(QueuePair queuePair, SendRequests sends, String words) {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> queuePair.postSend(sends, 0, 2));
        assertTrue(String.valueOf(refused.getMessage()).contains(words), refused.getMessage());
    }

    @Test
    void addressTableIsReadAgainOnlyWhenItChanged() {
        try (Parts parts = new Parts(device())) {
            parts.domain.createAddressHandle(PEER).close();
            assertEquals(1, fake.sourceGid);
            int before = fake.gidQueries;
            parts.domain.createAddressHandle(PEER).close();
            assertEquals(1, fake.gidQueries - before);
            fake.gids = 2;
            fake.routableGid = 2;
            parts.domain.createAddressHandle(PEER).close();
            assertEquals(2, fake.sourceGid);
        }
    }

    @Test
    void interruptedThreadWaitsForTheDrainWithoutSpinning() {
        try (Parts parts = new Parts(device())) {
            parts.ready();
            parts.queuePair.toSendQueueDrained();
            fake.drainedAtNanos = System.nanoTime() + 20_000_000;
            Thread.currentThread().interrupt();
            parts.queuePair.toReadyToSend(0);
            assertTrue(Thread.interrupted());
            assertTrue(fake.drainRefusals <= 250, fake.drainRefusals + " tries in 20 ms, of 0.1 ms each");
        }
    }

    @Test
    void attributesThatAreSetInTheDrainedStateTakeEffect() {
        fake.offerRateLimit();
        try (Parts parts = new Parts(device());
                QueuePair connected =
                        parts.domain.createQueuePair(QueuePairConfig.of(QueuePair.Type.RC, parts.queue, 8, 8))) {
            connected.toInit(0, 0);
            connected.toReadyToReceive(PEER, 1, 0, 1024);
            connected.toReadyToSend(0);
            connected.toSendQueueDrained();
            connected.configure(QueuePair.Attributes.DEFAULT
                    .withRnrRetries(Duration.ofMillis(20), 3)
                    .withRateLimitBitsPerSecond(5_000_000));
            assertEquals(IbvLayouts.QpAttrMask.MIN_RNR_TIMER, fake.modifyMask);
            assertEquals(-1, fake.rateLimit);
            connected.toReadyToSend(0);
            assertEquals(5_000, fake.rateLimit);
        }
    }

    @Test
    void closingTheDeviceEndsTheWaitForEvents() throws Exception {
        IbvDevice device = device();
        AtomicReference<Throwable> ended = new AtomicReference<>();
        Thread waiter = new Thread(() -> {
            try {
                device.awaitEvent(-1);
            } catch (IllegalStateException e) {
                ended.set(e);
            }
        });
        waiter.start();
        while (Arrays.stream(waiter.getStackTrace())
                .noneMatch(each -> each.getMethodName().equals("ppoll"))) {
            Thread.onSpinWait();
        }
        device.close();
        waiter.join();
        assertTrue(String.valueOf(ended.get().getMessage()).contains("is closed"), String.valueOf(ended.get()));
        assertThrows(IllegalStateException.class, () -> device.awaitEvent(0));
    }

    @Test
    void deviceThatCannotBeClosedStaysOpenAndIsClosedLater() {
        IbvDevice device = device();
        assertNull(device.awaitEvent(0));
        fake.fail("ibv_close_device", Errno.EBUSY);
        DeviceException refused = assertThrows(DeviceException.class, device::close);
        assertEquals("EBUSY", refused.errorName());
        assertNull(device.awaitEvent(1_000));
        device.allocateProtectionDomain().close();
        fake.mend("ibv_close_device");
        device.close();
        device.close();
    }

    @Test
    @Tag("fault-62")
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
    @Tag("fault-61")
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
    @Tag("fault-61")
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

        void ready() {
            queuePair.toInit(0, 0);
            queuePair.toReadyToReceive();
            queuePair.toReadyToSend(0);
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
