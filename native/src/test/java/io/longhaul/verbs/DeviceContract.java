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
package io.longhaul.verbs;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.BitSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What every device does, whatever it is made of. Subclasses open the device.
@SuppressWarnings({"exports", "missing-explicit-ctor"}) // tests are on the class path
@Timeout(30)
public abstract class DeviceContract {
    private static final int HEADROOM = WorkCompletions.GRH_BYTES;
    private static final int IMMEDIATE = 0xcafe0042;
    private static final int DSCP_AND_ECT = 0x2a;

    private ContractSide a;
    private ContractSide b;

    /// Opens a device that reaches the other one that this method opens.
    protected abstract RdmaDevice openDevice(String name);

    /// The address under which the devices are reached.
    protected abstract InetAddress address();

    /// The address under which one of the devices is reached.
    protected InetAddress addressOf(String name) {
        return address();
    }

    /// Whether a UD send beyond the MTU ends with an error; the InfiniBand specification (C10-93.1.1) lets a device
    /// drop it
    /// and report success.
    protected boolean reportsOverlongDatagrams() {
        return true;
    }

    /// How a receive ends whose buffer the device may not write.
    protected CompletionStatus statusOfProtectedReceive() {
        return CompletionStatus.LOCAL_PROTECTION_ERROR;
    }

    /// Whether queues hold exactly as many requests as were asked for; a device may round up.
    protected boolean hasExactQueues() {
        return true;
    }

    /// Whether packets arrive in the order in which they were sent.
    protected boolean keepsOrder() {
        return true;
    }

    /// Whether packets arrive once only.
    protected boolean arrivesOnce() {
        return true;
    }

    @BeforeEach
    void open() {
        RdmaDevice first = openDevice("first");
        RdmaDevice second = openDevice("second");
        int slotBytes = first.portAttributes().maxPayloadBytes() + HEADROOM;
        a = new ContractSide(first, addressOf("first"), slotBytes);
        b = new ContractSide(second, addressOf("second"), slotBytes);
    }

    @AfterEach
    void close() throws Exception {
        if (a != null && b != null) {
            a.close();
            b.close();
        }
    }

    @Test
    void tellsWhatItIs() {
        PortAttributes port = a.device.portAttributes();
        assertEquals(PortAttributes.State.ACTIVE, port.state());
        assertTrue(port.maxPayloadBytes() >= 256);
        assertTrue(port.maxPayloadBytes() < port.mtuBytes());
        assertFalse(port.gids().isEmpty());
        assertTrue(a.device.capabilities().supports(QueuePair.Type.UD));
    }

    @Test
    void datagramArrivesWithHeaderAndImmediate() {
        QueuePair from = a.readyDatagramPair();
        QueuePair to = b.readyDatagramPair();
        AddressHandle handle = a.handleFor(b, to, DSCP_AND_ECT);
        a.fill(0, 100, 1);
        a.sends
                .opcode(0, SendRequests.Opcode.SEND_WITH_IMM)
                .payload(0, a.region, 0, 100)
                .immediate(0, IMMEDIATE)
                .id(0, 77)
                .destination(0, handle, to.number(), ContractSide.QUEUE_KEY);
        b.receives.id(0, 88);
        assertEquals(1, to.postReceive(b.receives, 0, 1));
        assertEquals(1, from.postSend(a.sends, 0, 1));

        a.awaitCompletions(1, b);
        assertEquals(77, a.completions.id(0));
        assertTrue(a.completions.isSuccess(0));
        assertFalse(a.completions.isReceive(0));
        assertEquals(from.number(), a.completions.queuePair(0));

        b.awaitCompletions(1, a);
        WorkCompletions received = b.completions;
        assertEquals(88, received.id(0));
        assertEquals(CompletionStatus.SUCCESS, received.status(0));
        assertTrue(received.isReceive(0));
        assertEquals(HEADROOM + 100, received.byteLength(0));
        assertEquals(from.number(), received.sourceQueuePair(0));
        assertEquals(to.number(), received.queuePair(0));
        assertTrue(received.hasImmediate(0));
        assertEquals(IMMEDIATE, received.immediate(0));
        assertEquals(WorkCompletions.WITH_GRH, received.flags(0) & WorkCompletions.WITH_GRH);
        assertEquals(DSCP_AND_ECT, WorkCompletions.trafficClass(b.region.segment(), 0));
        assertFalse(WorkCompletions.congestionExperienced(b.region.segment(), 0));
        b.assertFilled(0, HEADROOM, 100, 1);
        assertSourceAddress(b.region.segment());
    }

    private void assertSourceAddress(MemorySegment grh) {
        byte[] expected = a.address.getAddress();
        int offset = expected.length == 4 ? 32 : 8;
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], grh.get(JAVA_BYTE, offset + i), "byte " + i + " of the source address");
        }
    }

    @Test
    void datagramsOfEveryLengthArriveWhole() {
        QueuePair from = a.readyDatagramPair();
        QueuePair to = b.readyDatagramPair();
        AddressHandle handle = a.handleFor(b, to, AddressVector.ECT_0);
        int most = a.device.portAttributes().maxPayloadBytes();
        int[] lengths = {0, 1, 2, 3, 4, 5, 7, 255, 256, 1000, most - 1, most};
        for (int length : lengths) {
            a.fill(1, length, length);
            b.slotSegment(2).fill((byte) 0);
            a.sends.payload(1, a.region, a.slot(1), length).destination(1, handle, to.number(), ContractSide.QUEUE_KEY);
            to.postReceive(b.receives, 2, 1);
            from.postSend(a.sends, 1, 1);
            a.awaitCompletions(1, b);
            b.awaitCompletions(1, a);
            assertEquals(HEADROOM + length, b.completions.byteLength(0));
            assertFalse(b.completions.hasImmediate(0));
            b.assertFilled(2, HEADROOM, length, length);
            if (!arrivesOnce()) {
                // A duplicate may take the next receive: one length has to do.
                return;
            }
        }
    }

    @Test
    void listOfDatagramsArrives() {
        QueuePair from = a.readyDatagramPair();
        QueuePair to = b.readyDatagramPair();
        AddressHandle handle = a.handleFor(b, to, AddressVector.ECT_0);
        int count = 200;
        for (int i = 0; i < count; i++) {
            int length = 300 + i % 3 * 100;
            a.fill(i, length, i);
            a.sends
                    .opcode(i, SendRequests.Opcode.SEND_WITH_IMM)
                    .immediate(i, i)
                    .payload(i, a.region, a.slot(i), length)
                    .destination(i, handle, to.number(), ContractSide.QUEUE_KEY);
        }
        assertEquals(ContractSide.SLOTS, to.postReceive(b.receives, 0, ContractSide.SLOTS));
        assertEquals(count, from.postSend(a.sends, 0, count));
        a.awaitCompletions(count, b);
        for (int i = 0; i < count; i++) {
            assertEquals(i, a.completions.id(i));
        }
        BitSet arrived = new BitSet();
        int last = -1;
        while (arrived.cardinality() < count) {
            b.awaitCompletions(1, a);
            int number = b.completions.immediate(0);
            arrived.set(number);
            b.assertFilled((int) b.completions.id(0), HEADROOM, 300 + number % 3 * 100, number);
            if (keepsOrder()) {
                assertEquals(last + 1, number);
                last = number;
            }
        }
    }

    @Test
    void twoPiecesAreGatheredAndScattered() {
        QueuePair from = a.readyDatagramPair();
        QueuePair to = b.readyDatagramPair();
        a.fill(0, 150, 5);
        a.sends
                .payload(0, a.region, 0, 61)
                .secondPayload(0, a.region, 61, 89)
                .destination(0, a.handleFor(b, to, 0), to.number(), ContractSide.QUEUE_KEY);
        b.receives.buffer(0, b.region, b.slot(3), 77).secondBuffer(0, b.region, b.slot(3) + 77, 500);
        to.postReceive(b.receives, 0, 1);
        from.postSend(a.sends, 0, 1);
        b.awaitCompletions(1, a);
        assertEquals(HEADROOM + 150, b.completions.byteLength(0));
        b.assertFilled(3, HEADROOM, 150, 5);
    }

    @Test
    @Tag("fault-62")
    void datagramWithoutPostedReceiveIsDropped() {
        QueuePair from = a.readyDatagramPair();
        QueuePair to = b.readyDatagramPair();
        a.sends.payload(0, a.region, 0, 8).destination(0, a.handleFor(b, to, 0), to.number(), ContractSide.QUEUE_KEY);
        from.postSend(a.sends, 0, 1);
        a.awaitCompletions(1, b);
        assertTrue(a.completions.isSuccess(0));
        b.assertSilence(a);
        to.postReceive(b.receives, 0, 1);
        from.postSend(a.sends, 0, 1);
        b.awaitCompletions(1, a);
        assertTrue(b.completions.isSuccess(0));
    }

    @Test
    void datagramForAnotherKeyOrNumberOrTooShortReceiveIsDropped() {
        QueuePair from = a.readyDatagramPair();
        QueuePair to = b.readyDatagramPair();
        AddressHandle handle = a.handleFor(b, to, 0);
        b.receives.buffer(0, b.region, 0, HEADROOM + 7);
        to.postReceive(b.receives, 0, 1);
        a.sends
                .payload(0, a.region, 0, 4)
                .destination(0, handle, to.number(), ContractSide.QUEUE_KEY + 1)
                .payload(1, a.region, 0, 4)
                .destination(1, handle, to.number() ^ 0x555555, ContractSide.QUEUE_KEY)
                .payload(2, a.region, 0, 8)
                .destination(2, handle, to.number(), ContractSide.QUEUE_KEY);
        from.postSend(a.sends, 0, 2);
        a.awaitCompletions(2, b);
        b.assertSilence(a);
    }

    @Test
    void unsignaledSendsCompleteSilently() {
        QueuePair from = a.readyDatagramPair();
        QueuePair to = b.readyDatagramPair();
        AddressHandle handle = a.handleFor(b, to, 0);
        for (int i = 0; i < 10; i++) {
            a.sends
                    .payload(i, a.region, 0, 16)
                    .flags(i, i == 9 ? SendRequests.SIGNALED : 0)
                    .destination(i, handle, to.number(), ContractSide.QUEUE_KEY);
        }
        from.postSend(a.sends, 0, 10);
        a.awaitCompletions(1, b);
        assertEquals(9, a.completions.id(0));
        a.assertSilence(b);
    }

    @Test
    void fullQueuesAcceptFewer() {
        QueuePair from = a.readyDatagramPair();
        QueuePair to = b.readyDatagramPair();
        AddressHandle handle = a.handleFor(b, to, 0);
        for (int i = 0; i < ContractSide.SLOTS; i++) {
            a.sends.payload(i, a.region, 0, 4).destination(i, handle, to.number(), ContractSide.QUEUE_KEY);
        }
        from.toSendQueueDrained();
        assertEquals(QueuePairState.SQD, from.state());
        int accepted = 0;
        int posted;
        do {
            posted = from.postSend(a.sends, 0, 400);
            accepted += posted;
        } while (posted == 400);
        assertEquals(0, from.postSend(a.sends, 0, 1));
        assertTrue(accepted >= ContractSide.SLOTS, "accepted " + accepted);
        if (hasExactQueues()) {
            assertEquals(ContractSide.SLOTS, accepted);
        }
        a.assertSilence(b);
        from.toReadyToSend(0);
        for (int completed = 0; completed < accepted; completed++) {
            a.awaitCompletions(1, b);
            assertEquals(completed % 400, a.completions.id(0));
        }

        int receives = 0;
        do {
            posted = to.postReceive(b.receives, 0, ContractSide.SLOTS);
            receives += posted;
        } while (posted == ContractSide.SLOTS);
        assertEquals(0, to.postReceive(b.receives, 0, 1));
        assertTrue(receives >= ContractSide.SLOTS, "accepted " + receives);
        if (hasExactQueues()) {
            assertEquals(ContractSide.SLOTS, receives);
        }
    }

    @Test
    void tooLongOrForeignSendsEndWithAnError() {
        QueuePair from = a.readyDatagramPair();
        QueuePair to = b.readyDatagramPair();
        AddressHandle handle = a.handleFor(b, to, 0);
        int most = a.device.portAttributes().maxPayloadBytes();
        a.sends.payload(0, a.region, 0, most + 1).destination(0, handle, to.number(), ContractSide.QUEUE_KEY);
        from.postSend(a.sends, 0, 1);
        a.awaitCompletions(1, b);
        assertEquals(
                reportsOverlongDatagrams() ? CompletionStatus.LOCAL_LENGTH_ERROR : CompletionStatus.SUCCESS,
                a.completions.status(0));

        QueuePair other = a.readyDatagramPair();
        a.sends
                .payload(1, a.region, a.region.length() - 4, 5)
                .destination(1, handle, to.number(), ContractSide.QUEUE_KEY);
        other.postSend(a.sends, 1, 1);
        a.awaitCompletions(1, b);
        assertEquals(CompletionStatus.LOCAL_PROTECTION_ERROR, a.completions.status(0));
    }

    @Test
    void receiveIntoReadOnlyRegionEndsWithAnError() throws Exception {
        QueuePair from = a.readyDatagramPair();
        QueuePair to = b.readyDatagramPair();
        MemoryRegion readOnly = b.closing(b.domain.registerMemory(b.arena.allocate(256), 0));
        b.receives.buffer(0, readOnly, 0, 256);
        to.postReceive(b.receives, 0, 1);
        a.sends.payload(0, a.region, 0, 4).destination(0, a.handleFor(b, to, 0), to.number(), ContractSide.QUEUE_KEY);
        from.postSend(a.sends, 0, 1);
        b.awaitCompletions(1, a);
        assertEquals(statusOfProtectedReceive(), b.completions.status(0));
        assertEquals(0, readOnly.segment().get(JAVA_INT_UNALIGNED, 0));
    }

    @Test
    void statesArePassedInOrder() {
        QueuePair qp = a.queuePair(QueuePair.Type.UD);
        assertEquals(QueuePairState.RESET, qp.state());
        assertThrows(IllegalStateException.class, () -> qp.toReadyToReceive());
        assertThrows(IllegalStateException.class, () -> qp.postReceive(a.receives, 0, 1));
        qp.toInit(0, 1);
        assertEquals(1, qp.postReceive(a.receives, 0, 1));
        assertThrows(IllegalStateException.class, () -> qp.postSend(a.sends, 0, 1));
        assertThrows(IllegalStateException.class, () -> qp.toReadyToSend(0));
        qp.toReadyToReceive();
        assertThrows(IllegalStateException.class, () -> qp.postSend(a.sends, 0, 1));
        qp.toReadyToSend(0);
        assertEquals(QueuePairState.RTS, qp.state());
        qp.toError();
        assertEquals(QueuePairState.ERR, qp.state());
        a.awaitCompletions(1, b);
        assertEquals(CompletionStatus.FLUSHED, a.completions.status(0));
        qp.postReceive(a.receives, 3, 1);
        a.awaitCompletions(1, b);
        assertEquals(CompletionStatus.FLUSHED, a.completions.status(0));
        assertEquals(3, a.completions.id(0));
        qp.reset();
        assertEquals(QueuePairState.RESET, qp.state());
    }

    @Test
    @Tag("fault-62")
    void parentsAreClosedAfterTheirChildren() {
        a.queuePair(QueuePair.Type.UD);
        IllegalStateException refused = assertThrows(IllegalStateException.class, () -> a.domain.close());
        assertTrue(refused.getMessage().contains("queue pair"), refused.getMessage());
        assertThrows(IllegalStateException.class, () -> a.device.close());
        assertThrows(IllegalStateException.class, () -> a.queue.close());
        assertThrows(IllegalStateException.class, () -> a.channel.close());
    }

    @Test
    void manyQueuePairsShareTheSourcePorts() {
        QueuePair from = a.readyDatagramPair();
        int count = 100;
        for (int i = 0; i < count; i++) {
            QueuePair to = b.readyDatagramPair();
            to.postReceive(b.receives, i, 1);
            a.sends
                    .payload(i, a.region, 0, 32)
                    .destination(i, a.handleFor(b, to, 0), to.number(), ContractSide.QUEUE_KEY);
        }
        from.postSend(a.sends, 0, count);
        BitSet arrived = new BitSet();
        while (arrived.cardinality() < count) {
            b.awaitCompletions(1, a);
            arrived.set((int) b.completions.id(0));
        }
    }

    @Test
    void unsupportedTypesAreRefused() {
        for (QueuePair.Type type : QueuePair.Type.values()) {
            if (!a.device.capabilities().supports(type)) {
                DeviceException refused = assertThrows(DeviceException.class, () -> a.queuePair(type));
                assertTrue(refused.getMessage().contains("not supported"), refused.getMessage());
            }
        }
    }

    @Test
    void awaitEndsByCompletionWakeupAndTimeout() throws InterruptedException {
        assertFalse(b.channel.await(0));
        long start = System.nanoTime();
        assertFalse(b.channel.await(20_000_000));
        assertTrue(System.nanoTime() - start >= 15_000_000, "too early");

        b.channel.wakeup();
        assertTrue(b.channel.await(5_000_000_000L));
        assertFalse(b.channel.await(0));

        Thread waker = Thread.ofPlatform().start(() -> b.channel.wakeup());
        assertTrue(b.channel.await(5_000_000_000L));
        waker.join();

        QueuePair from = a.readyDatagramPair();
        QueuePair to = b.readyDatagramPair();
        to.postReceive(b.receives, 0, 1);
        a.sends.payload(0, a.region, 0, 4).destination(0, a.handleFor(b, to, 0), to.number(), ContractSide.QUEUE_KEY);
        b.queue.requestNotify(false);
        from.postSend(a.sends, 0, 1);
        a.awaitCompletions(1, a);
        boolean woken = false;
        for (int i = 0; i < 1000 && !woken; i++) {
            a.device.progress(System.nanoTime());
            woken = b.channel.await(5_000_000L);
        }
        assertTrue(woken);
        b.awaitCompletions(1, a);
    }

    @Test
    void unsolicitedMessagesDoNotWakeOneWhoWaitsForSolicitedOnes() {
        QueuePair from = a.readyDatagramPair();
        QueuePair to = b.readyDatagramPair();
        AddressHandle handle = a.handleFor(b, to, 0);
        to.postReceive(b.receives, 0, 8);
        a.sends.payload(0, a.region, 0, 4).destination(0, handle, to.number(), ContractSide.QUEUE_KEY);
        a.sends.payload(1, a.region, 0, 4).destination(1, handle, to.number(), ContractSide.QUEUE_KEY);
        a.sends.flags(1, SendRequests.SIGNALED | SendRequests.SOLICITED);
        b.queue.requestNotify(true);
        from.postSend(a.sends, 0, 1);
        assertFalse(awaitWithProgress(20));
        from.postSend(a.sends, 1, 1);
        assertTrue(awaitWithProgress(1000));
    }

    private boolean awaitWithProgress(int rounds) {
        for (int i = 0; i < rounds; i++) {
            a.device.progress(System.nanoTime());
            if (b.channel.await(1_000_000L)) {
                return true;
            }
        }
        return false;
    }
}
