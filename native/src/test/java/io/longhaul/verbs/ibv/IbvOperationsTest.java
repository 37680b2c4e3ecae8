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

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.AddressHandle;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionStatus;
import io.longhaul.verbs.DeviceException;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairState;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.SharedReceiveQueue;
import io.longhaul.verbs.WorkCompletions;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What the device contract does not cover: reliable connections, UC, inline sends, shared queues, windows, events, on
/// the
/// kernel's Soft-RoCE.
@Tag("guest")
@Timeout(60)
class IbvOperationsTest {
    private static final int IMMEDIATE = 0xabcd0123;
    private static final int KEY = 0x4711;

    private GuestSide a;
    private GuestSide b;

    @BeforeEach
    void open() {
        a = new GuestSide(true);
        b = new GuestSide(false);
    }

    @AfterEach
    void close() throws Exception {
        a.close();
        b.close();
    }

    private static void fill(MemorySegment segment, int seed) {
        for (int i = 0; i < segment.byteSize(); i++) {
            segment.set(JAVA_BYTE, i, (byte) (seed + i * 7));
        }
    }

    private void connect(QueuePair ofA, QueuePair ofB) {
        a.connect(ofA, b, ofB.number());
        b.connect(ofB, a, ofA.number());
    }

    @Test
    void reliableConnectionWritesReadsAndSends() {
        QueuePair from = a.queuePair(QueuePair.Type.RC);
        QueuePair to = b.queuePair(QueuePair.Type.RC);
        connect(from, to);
        MemorySegment source = a.region.segment().asSlice(0, 10_000);
        fill(source, 3);
        b.receives.id(0, 5);
        assertEquals(1, to.postReceive(b.receives, 0, 1));
        a.sends
                .opcode(0, SendRequests.Opcode.WRITE_WITH_IMM)
                .immediate(0, IMMEDIATE)
                .payload(0, a.region, 0, 10_000)
                .remoteMemory(0, b.region.address() + 20_000, b.region.remoteKey());
        assertEquals(1, from.postSend(a.sends, 0, 1));
        a.awaitStatus(CompletionStatus.SUCCESS);
        assertEquals(WorkCompletions.OPCODE_WRITE, a.completions.opcode(0));
        b.awaitStatus(CompletionStatus.SUCCESS);
        assertEquals(WorkCompletions.OPCODE_RECEIVE_WRITE_WITH_IMM, b.completions.opcode(0));
        assertEquals(5, b.completions.id(0));
        assertEquals(IMMEDIATE, b.completions.immediate(0));
        assertEquals(-1, source.mismatch(b.region.segment().asSlice(20_000, 10_000)));

        a.sends
                .opcode(1, SendRequests.Opcode.READ)
                .payload(1, a.region, 40_000, 10_000)
                .remoteMemory(1, b.region.address() + 20_000, b.region.remoteKey());
        assertEquals(1, from.postSend(a.sends, 1, 1));
        a.awaitStatus(CompletionStatus.SUCCESS);
        assertEquals(WorkCompletions.OPCODE_READ, a.completions.opcode(0));
        assertEquals(-1, source.mismatch(a.region.segment().asSlice(40_000, 10_000)));
    }

    @Test
    void atomicsReturnWhatWasThere() {
        QueuePair from = a.queuePair(QueuePair.Type.RC);
        QueuePair to = b.queuePair(QueuePair.Type.RC);
        connect(from, to);
        MemorySegment word = b.region.segment().asSlice(64, 8);
        word.set(JAVA_LONG, 0, 40);
        long remote = b.region.address() + 64;
        a.sends.payload(0, a.region, 8, 8).fetchAndAdd(0, remote, b.region.remoteKey(), 2);
        a.sends.payload(1, a.region, 16, 8).compareAndSwap(1, remote, b.region.remoteKey(), 42, 1000);
        a.sends.payload(2, a.region, 24, 8).compareAndSwap(2, remote, b.region.remoteKey(), 42, 2000);
        assertEquals(3, from.postSend(a.sends, 0, 3));
        a.awaitStatus(CompletionStatus.SUCCESS);
        assertEquals(WorkCompletions.OPCODE_FETCH_AND_ADD, a.completions.opcode(0));
        a.awaitStatus(CompletionStatus.SUCCESS);
        assertEquals(WorkCompletions.OPCODE_COMPARE_AND_SWAP, a.completions.opcode(0));
        a.awaitStatus(CompletionStatus.SUCCESS);
        assertEquals(40, a.region.segment().get(JAVA_LONG, 8));
        assertEquals(42, a.region.segment().get(JAVA_LONG, 16));
        assertEquals(1000, a.region.segment().get(JAVA_LONG, 24));
        assertEquals(1000, word.get(JAVA_LONG, 0));
    }

    @Test
    void unreliableConnectionSendsAndWrites() {
        QueuePair from = a.queuePair(QueuePair.Type.UC);
        QueuePair to = b.queuePair(QueuePair.Type.UC);
        connect(from, to);
        fill(a.region.segment().asSlice(0, 4096), 9);
        to.postReceive(b.receives, 0, 2);
        a.sends.opcode(0, SendRequests.Opcode.SEND_WITH_IMM).immediate(0, 1).payload(0, a.region, 0, 500);
        a.sends
                .opcode(1, SendRequests.Opcode.WRITE_WITH_IMM)
                .immediate(1, 2)
                .payload(1, a.region, 0, 4096)
                .remoteMemory(1, b.region.address() + 8192, b.region.remoteKey());
        assertEquals(2, from.postSend(a.sends, 0, 2));
        b.awaitStatus(CompletionStatus.SUCCESS);
        assertEquals(1, b.completions.immediate(0));
        assertEquals(500, b.completions.byteLength(0));
        b.awaitStatus(CompletionStatus.SUCCESS);
        assertEquals(2, b.completions.immediate(0));
        assertEquals(
                -1,
                a.region.segment().asSlice(0, 4096).mismatch(b.region.segment().asSlice(8192, 4096)));
    }

    @Test
    void inlineSendsMayBeChangedAtOnce() {
        int most = a.device.capabilities().maxInlineBytes();
        assertTrue(most >= 64, "inline " + most);
        QueuePair from =
                a.keep(a.domain.createQueuePair(a.config(QueuePair.Type.UC).withMaxInlineBytes(most)));
        QueuePair to = b.queuePair(QueuePair.Type.UC);
        connect(from, to);
        to.postReceive(b.receives, 0, 2);
        MemorySegment payload = a.region.segment().asSlice(0, 64);
        payload.fill((byte) 1);
        a.sends.payload(0, a.region, 0, 64).flags(0, SendRequests.SIGNALED | SendRequests.INLINE);
        from.postSend(a.sends, 0, 1);
        payload.fill((byte) 2);
        b.awaitStatus(CompletionStatus.SUCCESS);
        assertEquals(1, b.region.segment().get(JAVA_BYTE, 63));

        a.awaitStatus(CompletionStatus.SUCCESS);
        a.sends.payload(0, a.region, 0, most + 1);
        DeviceException refused = assertThrows(DeviceException.class, () -> from.postSend(a.sends, 0, 1));
        assertEquals("ibv_post_send", refused.function());
        assertEquals("rxe_a", refused.device());
    }

    @Test
    void datagramToWhatIsNoAddressHandleIsRefused() {
        QueuePair from = a.queuePair(QueuePair.Type.UD);
        from.toInit(0, KEY);
        from.toReadyToReceive();
        from.toReadyToSend(0);
        AddressHandle handle = a.domain.createAddressHandle(AddressVector.of(b.address, AddressVector.ROCE_UDP_PORT));
        a.sends.destination(0, handle, 17, KEY);
        assertThrows(IllegalArgumentException.class, () -> from.postSend(a.sends, 0, 2));
        handle.close();
        assertThrows(IllegalArgumentException.class, () -> from.postSend(a.sends, 0, 1));
    }

    @Test
    void sharedReceiveQueueServesSeveralAndTellsWhenItRunsDry() {
        SharedReceiveQueue shared = b.keep(b.domain.createSharedReceiveQueue(16));
        assertEquals(4, shared.postReceive(b.receives, 0, 4));
        QueuePair[] from = new QueuePair[2];
        QueuePair[] to = new QueuePair[2];
        for (int i = 0; i < 2; i++) {
            from[i] = a.queuePair(QueuePair.Type.RC);
            to[i] = b.keep(b.domain.createQueuePair(b.config(QueuePair.Type.RC).withSharedReceiveQueue(shared)));
            connect(from[i], to[i]);
            assertThrows(IllegalStateException.class, () -> to[0].postReceive(b.receives, 0, 1));
        }
        shared.limit(3);
        for (int i = 0; i < 4; i++) {
            a.sends.payload(0, a.region, 0, 100);
            from[i & 1].postSend(a.sends, 0, 1);
            b.awaitStatus(CompletionStatus.SUCCESS);
            assertEquals(to[i & 1].number(), b.completions.queuePair(0));
            assertEquals(i, b.completions.id(0));
            a.awaitStatus(CompletionStatus.SUCCESS);
        }
        RdmaDevice.Event event = b.device.awaitEvent(5_000_000_000L);
        while (event != null && event.type() != RdmaDevice.EventType.SHARED_RECEIVE_QUEUE_LIMIT) {
            event = b.device.awaitEvent(5_000_000_000L);
        }
        assertNotNull(event, "no event about the limit");
        assertNull(a.device.awaitEvent(0));
    }

    @Test
    void windowGivesAndTakesAccess() {
        QueuePair from = a.queuePair(QueuePair.Type.RC);
        QueuePair to = b.queuePair(QueuePair.Type.RC);
        connect(from, to);
        MemoryRegion.Window window = b.keep(b.domain.allocateMemoryWindow());
        int key = window.nextKey();
        b.sends.bindWindow(0, window, key, b.region, 4096, 4096, AccessFlags.REMOTE_WRITE);
        to.postSend(b.sends, 0, 1);
        b.awaitStatus(CompletionStatus.SUCCESS);
        assertEquals(WorkCompletions.OPCODE_BIND_MEMORY_WINDOW, b.completions.opcode(0));
        a.region.segment().set(JAVA_LONG, 0, 77);
        a.sends
                .opcode(0, SendRequests.Opcode.WRITE)
                .payload(0, a.region, 0, 8)
                .remoteMemory(0, b.region.address() + 5000, key);
        from.postSend(a.sends, 0, 1);
        a.awaitStatus(CompletionStatus.SUCCESS);
        assertEquals(77, b.region.segment().get(java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED, 5000));

        b.sends.invalidate(0, key);
        to.postSend(b.sends, 0, 1);
        b.awaitStatus(CompletionStatus.SUCCESS);
        assertNotEquals(key, window.nextKey());
        from.postSend(a.sends, 0, 1);
        a.awaitStatus(CompletionStatus.REMOTE_ACCESS_ERROR);
        assertEquals(QueuePairState.ERR, from.state());
    }

    @Test
    void whatThePeerForbidsEndsWithAnErrorAndFlushesTheRest() {
        QueuePair from = a.queuePair(QueuePair.Type.RC);
        QueuePair to = b.queuePair(QueuePair.Type.RC);
        connect(from, to);
        for (int i = 0; i < 2; i++) {
            a.sends
                    .opcode(i, SendRequests.Opcode.WRITE)
                    .payload(i, a.region, 0, 8)
                    .remoteMemory(i, b.region.address(), b.region.remoteKey() ^ 0x5500);
        }
        from.postSend(a.sends, 0, 2);
        a.awaitStatus(CompletionStatus.REMOTE_ACCESS_ERROR);
        a.awaitStatus(CompletionStatus.FLUSHED);
        assertEquals(QueuePairState.ERR, from.state());
        from.reset();
        assertEquals(QueuePairState.RESET, from.state());
    }

    @Test
    void silentPeerAndEmptyReceiveQueueEndAfterTheRetries() {
        QueuePair.Attributes hasty = QueuePair.Attributes.DEFAULT
                .withRetries(Duration.ofMillis(4), 2)
                .withRnrRetries(Duration.ofNanos(10_000), 1);
        QueuePair from = a.queuePair(QueuePair.Type.RC);
        QueuePair to = b.queuePair(QueuePair.Type.RC);
        from.configure(hasty);
        to.configure(hasty);
        a.connect(from, b, 0xfffff);
        a.sends.payload(0, a.region, 0, 8);
        from.postSend(a.sends, 0, 1);
        a.awaitStatus(CompletionStatus.TRANSPORT_RETRY_EXCEEDED);

        from.reset();
        connect(from, to);
        from.postSend(a.sends, 0, 1);
        a.awaitStatus(CompletionStatus.RNR_RETRY_EXCEEDED);
    }

    @Test
    void attributesAreTakenOrRefusedByName() {
        QueuePair qp = a.queuePair(QueuePair.Type.RC);
        DeviceException refused = assertThrows(DeviceException.class, () -> {
            qp.configure(QueuePair.Attributes.DEFAULT.withRateLimitBitsPerSecond(1_000_000_000));
            a.connect(qp, b, 1);
        });
        assertEquals("ibv_modify_qp_rate_limit", refused.function());
        assertTrue(refused.getMessage().contains("rxe_a"), refused.getMessage());

        QueuePair other = a.queuePair(QueuePair.Type.RC);
        other.toInit(0, 0);
        AddressVector noRoute = AddressVector.of(b.address, AddressVector.ROCE_UDP_PORT);
        IllegalArgumentException mtu =
                assertThrows(IllegalArgumentException.class, () -> other.toReadyToReceive(noRoute, 1, 0, 1500));
        assertTrue(mtu.getMessage().contains("4096"), mtu.getMessage());
        other.configure(QueuePair.Attributes.DEFAULT.withPartitionKeyIndex(9).withReads(255, 255));
        assertThrows(DeviceException.class, () -> {
            other.toReadyToReceive(noRoute, 1, 0, 4096);
            other.toReadyToSend(0);
        });
    }

    @Test
    void regionsAndQueuesBeyondTheLimitsAreRefused() {
        int most = a.device.capabilities().maxCompletionQueueEntries();
        DeviceException queue =
                assertThrows(DeviceException.class, () -> a.device.createCompletionQueue(most + 1, null));
        assertTrue(queue.remedy().contains(Integer.toString(most)), queue.getMessage());
        MemoryRegion region = a.domain.allocateMemory(8192, AccessFlags.LOCAL_WRITE);
        MemorySegment memory = region.segment();
        region.close();
        assertThrows(IllegalStateException.class, () -> memory.get(JAVA_BYTE, 0));
        assertThrows(IllegalArgumentException.class, () -> a.domain.registerMemory(memory, AccessFlags.LOCAL_WRITE));
    }
}
