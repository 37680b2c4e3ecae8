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
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.linux.Errno;
import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.CompletionStatus;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.DeviceProvider.Availability;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.PortAttributes;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.ReceiveRequests;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.WorkCompletions;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What the `ibv` device does with errors of a driver, and with a library that is not what it seems.
@Timeout(60)
class FakeIbverbsTest {
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
    private static final int DEPTH = 8;
    private static final int VENDOR_ERROR = 0x2a;

    private final FakeIbverbs fake = FakeIbverbs.loaded();
    private final int liveBefore = fake.live();

    @AfterEach
    void heal() {
        fake.fault(FakeIbverbs.Fault.NONE);
        fake.failPoll(0);
    }

    @ParameterizedTest
    @CsvSource({
        "ABI_COMPAT,abi_compat is not -1",
        "SMALL_EXTENSION,verbs_context.sz",
        "HUGE_EXTENSION,verbs_context.sz",
        "NULL_POLL_CQ,executable memory",
        "DATA_POST_SEND,executable memory",
        "OTHER_DEVICE,not the device that was opened",
        "BAD_FD,descriptor"
    })
    void contextOfAnotherInterfaceIsRefused(FakeIbverbs.Fault fault, String words) {
        fake.fault(fault);
        DeviceException e = assertThrows(DeviceException.class, fake::open);
        assertEquals("ibv_open_device", e.function());
        assertEquals("fake0", e.device());
        assertTrue(String.valueOf(e.getMessage()).contains(words), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"QP_CONTEXT,ibv_create_qp", "CQ_CONTEXT,ibv_create_cq"})
    void structOfAnotherShapeIsRefused(FakeIbverbs.Fault fault, String function) {
        try (IbvDevice device = fake.open();
                ProtectionDomain domain = device.allocateProtectionDomain()) {
            device.capabilities();
            fake.fault(fault);
            DeviceException e = assertThrows(DeviceException.class, () -> {
                try (CompletionQueue queue = device.createCompletionQueue(DEPTH, null)) {
                    domain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UD, queue, DEPTH, DEPTH));
                }
            });
            assertEquals(function, e.function());
            assertTrue(String.valueOf(e.getMessage()).contains("is not that of rdma-core"), e.getMessage());
        }
    }

    @ParameterizedTest
    @CsvSource({"NO_KERNEL,ENOSYS", "NO_DEVICE,there is no RDMA device"})
    void missingDeviceIsAReasonAndNoException(FakeIbverbs.Fault fault, String words) {
        fake.fault(fault);
        Availability availability = fake.provider().availability();
        assertFalse(availability.available());
        assertTrue(availability.reason().contains(words), availability.reason());
        assertTrue(fake.provider().deviceNames().isEmpty());
        DeviceException e = assertThrows(DeviceException.class, fake::open);
        assertEquals("ENODEV", e.errorName());
        fake.fault(FakeIbverbs.Fault.NONE);
        assertEquals(liveBefore, fake.live());
    }

    @Test
    void deviceWithoutPermissionSaysWhatToDo() {
        fake.fault(FakeIbverbs.Fault.NO_PERMISSION);
        DeviceException e = assertThrows(DeviceException.class, fake::open);
        assertEquals("EACCES", e.errorName());
        assertTrue(e.remedy().contains("/dev/infiniband"), e.remedy());
        assertEquals(liveBefore, fake.live());
    }

    @Test
    void infinibandPortIsRefusedAndTheDeviceClosed() {
        fake.fault(FakeIbverbs.Fault.INFINIBAND);
        DeviceException e = assertThrows(DeviceException.class, fake::open);
        assertTrue(String.valueOf(e.getMessage()).contains("InfiniBand"), e.getMessage());
        assertEquals(liveBefore, fake.live());
    }

    @Test
    void gidIsChosenByAddressAndNeverTheFirst() {
        try (IbvDevice device = fake.open()) {
            PortAttributes.Gid gid = device.portAttributes().gids().getFirst();
            assertEquals(3, gid.index());
            assertEquals(LOOPBACK, gid.address());
            assertTrue(gid.routable());
        }
    }

    @Test
    void olderLibraryWithoutQueryPortOfTheContextIsAskedByItsExport() {
        fake.fault(FakeIbverbs.Fault.NO_QUERY_PORT);
        try (IbvDevice device = fake.open()) {
            assertEquals(PortAttributes.State.ACTIVE, device.portAttributes().state());
            assertEquals(4096, device.portAttributes().maxPayloadBytes());
        }
    }

    @Test
    void portThatIsDownAndEmptyGidTableAreTypedErrors() {
        try (IbvDevice device = fake.open();
                Side side = new Side(device)) {
            fake.fault(FakeIbverbs.Fault.PORT_DOWN);
            assertEquals(PortAttributes.State.DOWN, device.portAttributes().state());
            side.pair.toInit(0, 1);
            DeviceException down = assertThrows(DeviceException.class, side.pair::toReadyToReceive);
            assertTrue(down.remedy().contains("the port is DOWN"), down.remedy());
            fake.fault(FakeIbverbs.Fault.NO_GID);
            DeviceException empty = assertThrows(
                    DeviceException.class, () -> side.domain.createAddressHandle(AddressVector.of(LOOPBACK, 4791)));
            assertTrue(empty.remedy().contains("GID table"), empty.remedy());
        }
    }

    @Test
    @Tag("fault-57")
    void memoryLockLimitIsExplained() {
        try (IbvDevice device = fake.open();
                ProtectionDomain domain = device.allocateProtectionDomain();
                Arena arena = Arena.ofShared()) {
            fake.fault(FakeIbverbs.Fault.NO_MEMLOCK);
            DeviceException e = assertThrows(
                    DeviceException.class,
                    () -> domain.registerMemory(arena.allocate(4096, 4096), AccessFlags.LOCAL_WRITE));
            assertEquals("ENOMEM", e.errorName());
            assertTrue(e.remedy().contains("RLIMIT_MEMLOCK"), e.remedy());
        }
    }

    @Test
    void fullSendQueueAcceptsWhatWentBefore() {
        try (IbvDevice device = fake.open();
                Side side = new Side(device)) {
            side.ready();
            fake.failPost(3, Errno.ENOMEM);
            assertEquals(3, side.pair.postSend(side.sends, 2, 5));
            assertEquals(3, side.queue.poll(side.completions, DEPTH));
            assertEquals(2, side.completions.id(0));
            assertEquals(4, side.completions.id(2));
            // The chain that was cut for the call is whole again.
            assertEquals(DEPTH, side.pair.postSend(side.sends, 0, DEPTH));
            assertEquals(0, side.pair.postSend(side.sends, 0, 1));
            assertEquals(DEPTH, side.queue.poll(side.completions, DEPTH));
            assertEquals(1, side.pair.postSend(side.sends, 0, 1));
        }
    }

    @Test
    void fullReceiveQueueAcceptsWhatWentBefore() {
        try (IbvDevice device = fake.open();
                Side side = new Side(device)) {
            side.ready();
            fake.failPost(1, Errno.ENOMEM);
            assertEquals(1, side.pair.postReceive(side.receives, 0, DEPTH));
            assertEquals(DEPTH - 1, side.pair.postReceive(side.receives, 0, DEPTH));
            assertEquals(0, side.pair.postReceive(side.receives, 0, 1));
        }
    }

    @ParameterizedTest
    @CsvSource({"22,EINVAL", "5,EIO", "19,ENODEV"})
    void otherErrorsOfAPostAreTyped(int errno, String name) {
        try (IbvDevice device = fake.open();
                Side side = new Side(device)) {
            side.ready();
            fake.failPost(2, errno);
            DeviceException send = assertThrows(DeviceException.class, () -> side.pair.postSend(side.sends, 0, 4));
            assertEquals("ibv_post_send", send.function());
            assertEquals(name, send.errorName());
            assertTrue(String.valueOf(send.getMessage()).contains("request 2 of 4"), send.getMessage());
            fake.failPost(0, errno);
            DeviceException receive =
                    assertThrows(DeviceException.class, () -> side.pair.postReceive(side.receives, 0, 1));
            assertEquals("ibv_post_recv", receive.function());
            assertEquals(name, receive.errorName());
        }
    }

    @Test
    @Tag("fault-62")
    void brokenCompletionQueueIsATypedError() {
        try (IbvDevice device = fake.open();
                Side side = new Side(device)) {
            fake.failPoll(-Errno.ENODEV);
            DeviceException e = assertThrows(DeviceException.class, () -> side.queue.poll(side.completions, 1));
            assertEquals("ibv_poll_cq", e.function());
            assertEquals("ENODEV", e.errorName());
            assertTrue(e.remedy().contains("removed"), e.remedy());
            fake.failPoll(-1);
            assertThrows(DeviceException.class, () -> side.queue.poll(side.completions, 1));
        }
    }

    @Test
    void completionWithErrorHasItsStatusAndTheNumberOfTheVendor() {
        try (IbvDevice device = fake.open();
                Side side = new Side(device)) {
            side.ready();
            for (CompletionStatus status : CompletionStatus.values()) {
                if (status == CompletionStatus.SUCCESS) {
                    continue;
                }
                fake.complete(side.pair.number(), 1234, status.code(), VENDOR_ERROR);
                assertEquals(1, side.queue.poll(side.completions, DEPTH));
                assertEquals(status, side.completions.status(0));
                assertFalse(side.completions.isSuccess(0));
                assertEquals(1234, side.completions.id(0));
                assertEquals(VENDOR_ERROR, side.completions.vendorError(0));
                assertEquals(side.pair.number(), side.completions.queuePair(0));
            }
        }
    }

    @Test
    @Tag("fault-62")
    void receiveThatIsPostedAfterTheConnectionBrokeIsFlushed() {
        try (IbvDevice device = fake.open();
                Side side = new Side(device);
                QueuePair connected =
                        side.domain.createQueuePair(QueuePairConfig.of(QueuePair.Type.RC, side.queue, DEPTH, DEPTH))) {
            connected.toInit(0, 0);
            AddressVector self = AddressVector.of(LOOPBACK, AddressVector.ROCE_UDP_PORT);
            connected.toReadyToReceive(self, connected.number(), 0, 1024);
            connected.toReadyToSend(0);
            fake.complete(connected.number(), 1, CompletionStatus.TRANSPORT_RETRY_EXCEEDED.code(), 0);
            assertEquals(1, side.queue.poll(side.completions, DEPTH));
            assertEquals(1, connected.postReceive(side.receives, 3, 1));
            assertEquals(1, side.queue.poll(side.completions, DEPTH));
            assertEquals(CompletionStatus.FLUSHED, side.completions.status(0));
            assertEquals(3, side.completions.id(0));
        }
    }

    @Test
    void pollTakesAtMostWhatItMayAndInOrder() {
        try (IbvDevice device = fake.open();
                Side side = new Side(device)) {
            side.ready();
            assertEquals(DEPTH, side.pair.postSend(side.sends, 0, DEPTH));
            for (int first = 0; first < DEPTH; first += 2) {
                assertEquals(2, side.queue.poll(side.completions, 2));
                assertEquals(first, side.completions.id(0));
                assertEquals(first + 1, side.completions.id(1));
            }
            assertEquals(0, side.queue.poll(side.completions, 2));
        }
    }

    @Test
    @Tag("fault-59")
    void everythingThatWasMadeIsGivenBack() {
        try (IbvDevice device = fake.open();
                Side side = new Side(device)) {
            side.ready();
            assertTrue(fake.live() > liveBefore);
        }
        assertEquals(liveBefore, fake.live());
    }

    /// A queue pair that sends to itself, and what it needs.
    private static final class Side implements AutoCloseable {
        private final Arena arena = Arena.ofShared();
        private final CompletionQueue queue;
        private final ProtectionDomain domain;
        private final MemoryRegion region;
        private final QueuePair pair;
        private final SendRequests sends = SendRequests.allocate(arena, DEPTH);
        private final ReceiveRequests receives = ReceiveRequests.allocate(arena, DEPTH);
        private final WorkCompletions completions = WorkCompletions.allocate(arena, DEPTH);
        private final io.longhaul.verbs.AddressHandle handle;

        Side(IbvDevice device) {
            queue = device.createCompletionQueue(4 * DEPTH, null);
            domain = device.allocateProtectionDomain();
            region = domain.registerMemory(arena.allocate(4096, 4096), AccessFlags.LOCAL_WRITE);
            pair = domain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UD, queue, DEPTH, DEPTH));
            handle = domain.createAddressHandle(AddressVector.of(LOOPBACK, AddressVector.ROCE_UDP_PORT));
            for (int i = 0; i < DEPTH; i++) {
                receives.buffer(i, region, 256L * i, 256);
                // To nobody: what is looked at is the queue, not the delivery.
                sends.payload(i, region, 0, 16).flags(i, SendRequests.SIGNALED).destination(i, handle, 0xffffff, 0);
            }
        }

        void ready() {
            pair.toInit(0, 1);
            pair.toReadyToReceive();
            pair.toReadyToSend(0);
        }

        @Override
        public void close() {
            handle.close();
            pair.close();
            region.close();
            domain.close();
            queue.close();
            arena.close();
        }
    }
}
