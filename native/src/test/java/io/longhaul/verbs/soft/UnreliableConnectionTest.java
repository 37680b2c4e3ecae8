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

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionStatus;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.SendRequests.Opcode;
import io.longhaul.verbs.WorkCompletions;
import io.longhaul.verbs.soft.SoftDeviceCounters.Counter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// UC on the software device: messages of several packets, RDMA WRITE, and what a lost packet does.
@Timeout(20)
class UnreliableConnectionTest {
    private static final int MTU = 1024;
    private static final int TARGET = 3 << 20;
    private static final int READ_WRITE = AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE;

    private static void fill(SoftPair.Side side, int bytes) {
        for (int i = 0; i < bytes; i++) {
            side.region.segment().set(JAVA_BYTE, i, (byte) (i * 13 + (i >> 8)));
        }
    }

    private static void assertSame(SoftPair pair, long offset, int bytes) {
        MemorySegment sent = pair.a.region.segment().asSlice(0, bytes);
        assertEquals(-1, sent.mismatch(pair.b.region.segment().asSlice(offset, bytes)));
    }

    @Test
    void messagesOfAnyNumberOfPacketsArriveWhole() {
        try (SoftPair pair = SoftPair.connected(MTU)) {
            fill(pair.a, 16_384);
            for (int bytes : new int[] {0, 1, 1023, 1024, 1025, 2048, 5001, 16_384}) {
                pair.a.sends.opcode(0, Opcode.SEND_WITH_IMM).immediate(0, bytes).payload(0, pair.a.region, 0, bytes);
                pair.b.qp.postReceive(pair.b.receives, 3, 1);
                assertEquals(1, pair.a.qp.postSend(pair.a.sends, 0, 1));
                pair.awaitOne(pair.a);
                assertTrue(pair.a.completions.isSuccess(0));
                pair.awaitOne(pair.b);
                assertEquals(bytes, pair.b.completions.byteLength(0));
                assertEquals(bytes, pair.b.completions.immediate(0));
                assertEquals(WorkCompletions.OPCODE_RECEIVE, pair.b.completions.opcode(0));
                assertEquals(WorkCompletions.WITH_IMM, pair.b.completions.flags(0));
                assertSame(pair, 3 * 16_384L, bytes);
            }
        }
    }

    @Test
    void writesReachTheirRegion() {
        try (SoftPair pair = SoftPair.connected(MTU)) {
            fill(pair.a, 100_000);
            for (int bytes : new int[] {0, 1, 1024, 3000, 100_000}) {
                long target = pair.b.region.address() + TARGET;
                pair.a
                        .sends
                        .opcode(0, Opcode.WRITE)
                        .payload(0, pair.a.region, 0, bytes)
                        .remoteMemory(0, target, pair.b.region.remoteKey())
                        .opcode(1, Opcode.WRITE_WITH_IMM)
                        .immediate(1, 9)
                        .payload(1, pair.a.region, 0, 10)
                        .secondPayload(1, pair.a.region, 10, bytes / 2)
                        .remoteMemory(1, target + 200_000, pair.b.region.remoteKey());
                pair.b.qp.postReceive(pair.b.receives, 0, 1);
                pair.a.qp.postSend(pair.a.sends, 0, 2);
                pair.awaitOne(pair.a);
                assertEquals(WorkCompletions.OPCODE_WRITE, pair.a.completions.opcode(0));
                pair.awaitOne(pair.b);
                assertEquals(WorkCompletions.OPCODE_RECEIVE_WRITE_WITH_IMM, pair.b.completions.opcode(0));
                assertEquals(9, pair.b.completions.immediate(0));
                assertEquals(10 + bytes / 2, pair.b.completions.byteLength(0));
                assertSame(pair, TARGET, bytes);
                assertSame(pair, TARGET + 200_000, 10 + bytes / 2);
                pair.awaitOne(pair.a);
            }
        }
    }

    @Test
    @Tag("fault-34")
    void writesThatAreNotAllowedChangeNothing() {
        try (SoftPair pair = SoftPair.connected(MTU);
                MemoryRegion localOnly =
                        pair.b.domain.registerMemory(pair.arena.allocate(4096), AccessFlags.LOCAL_WRITE)) {
            fill(pair.a, 4096);
            MemoryRegion region = pair.b.region;
            pair.b.qp.postReceive(pair.b.receives, 0, 10);
            write(pair, region.address(), region.remoteKey() + 1, 8);
            pair.awaitCounter(pair.b, Counter.REMOTE_KEY_VIOLATION, 1);
            write(pair, localOnly.address(), localOnly.remoteKey(), 8);
            pair.awaitCounter(pair.b, Counter.REMOTE_KEY_VIOLATION, 2);
            write(pair, region.address() - 1, region.remoteKey(), 8);
            pair.awaitCounter(pair.b, Counter.BOUNDS_VIOLATION, 1);
            write(pair, region.address() + region.length() - 7, region.remoteKey(), 8);
            pair.awaitCounter(pair.b, Counter.BOUNDS_VIOLATION, 2);
            write(pair, Long.MAX_VALUE - 3, region.remoteKey(), 8);
            pair.awaitCounter(pair.b, Counter.BOUNDS_VIOLATION, 3);
            pair.assertSilence(pair.b);
            assertTrue(localOnly.segment().mismatch(pair.arena.allocate(4096)) < 0);

            MemoryRegion gone = pair.b.domain.registerMemory(pair.arena.allocate(4096), READ_WRITE);
            gone.close();
            write(pair, gone.address(), gone.remoteKey(), 8);
            pair.awaitCounter(pair.b, Counter.REMOTE_KEY_VIOLATION, 3);
        }
    }

    @Test
    @Tag("fault-61")
    void receiveIntoFreedMemoryEndsAsProtectionError() {
        try (SoftPair pair = SoftPair.connected(MTU)) {
            assertFreedReceiveFails(pair);
        }
        try (SoftPair pair = SoftPair.datagrams()) {
            assertFreedReceiveFails(pair);
        }
    }

    private static void assertFreedReceiveFails(SoftPair pair) {
        Arena freed = Arena.ofShared();
        try (MemoryRegion region = pair.b.domain.registerMemory(freed.allocate(4096), AccessFlags.LOCAL_WRITE)) {
            pair.b.receives.buffer(0, region, 0, 4096);
            pair.b.qp.postReceive(pair.b.receives, 0, 1);
            freed.close();
            pair.a.sends.payload(0, pair.a.region, 0, 100);
            assertEquals(1, pair.a.qp.postSend(pair.a.sends, 0, 1));
            pair.awaitOne(pair.b);
            assertEquals(CompletionStatus.LOCAL_PROTECTION_ERROR, pair.b.completions.status(0));
        }
    }

    private static void write(SoftPair pair, long address, int key, int bytes) {
        pair.a
                .sends
                .opcode(0, Opcode.WRITE_WITH_IMM)
                .payload(0, pair.a.region, 0, bytes)
                .remoteMemory(0, address, key);
        pair.a.qp.postSend(pair.a.sends, 0, 1);
        pair.awaitOne(pair.a);
    }

    /// Loses the packets that a predicate chooses, by their number from 0.
    private static final class LossyEgress implements Egress {
        private final Egress next;
        private final IntPredicate lost;
        private int number;

        LossyEgress(Egress next, IntPredicate lost) {
            this.next = next;
            this.lost = lost;
        }

        @Override
        public int send(PacketBatch batch, int lane, SoftAddressHandle destination) {
            for (int i = 0; i < batch.count(); i++) {
                if (lost.test(number++)) {
                    batch.headers().set(JAVA_BYTE, batch.headerOffset(i) + 7, (byte) 0);
                }
            }
            return next.send(batch, lane, destination);
        }

        @Override
        public DatagramBurst.Outcome outcome() {
            return next.outcome();
        }

        @Override
        public int release(long nowNanos) {
            return next.release(nowNanos);
        }

        @Override
        public long nextNanos() {
            return next.nextNanos();
        }
    }

    private static SoftPair losing(IntPredicate lost) {
        return new SoftPair(QueuePair.Type.UC, builder -> builder, MTU, egress -> new LossyEgress(egress, lost));
    }

    @Test
    void aLostPacketCostsItsMessageOnly() {
        for (int lost = 0; lost < 4; lost++) {
            int victim = 4 + lost;
            try (SoftPair pair = losing(number -> number == victim)) {
                fill(pair.a, 4096);
                pair.b.qp.postReceive(pair.b.receives, 0, 3);
                for (int message = 0; message < 3; message++) {
                    pair.a
                            .sends
                            .opcode(message, Opcode.SEND_WITH_IMM)
                            .immediate(message, message)
                            .payload(message, pair.a.region, 0, 4096);
                }
                pair.a.qp.postSend(pair.a.sends, 0, 3);
                pair.awaitOne(pair.b);
                assertEquals(0, pair.b.completions.immediate(0));
                pair.awaitOne(pair.b);
                assertEquals(2, pair.b.completions.immediate(0));
                assertEquals(1, pair.b.completions.id(0), "the receive of the broken message serves the next");
                assertSame(pair, 16_384, 4096);
                pair.assertSilence(pair.b);
                assertTrue(pair.b.counter(Counter.BROKEN_MESSAGE) > 0);
            }
        }
    }

    @Test
    void aLostPacketOfAWriteDoesNotStopTheFollowingOnes() {
        for (int lost = 0; lost < 4; lost++) {
            int victim = lost;
            try (SoftPair pair = losing(number -> number == victim)) {
                fill(pair.a, 4096);
                pair.b.qp.postReceive(pair.b.receives, 0, 3);
                for (int message = 0; message < 2; message++) {
                    pair.a
                            .sends
                            .opcode(message, Opcode.WRITE_WITH_IMM)
                            .immediate(message, message)
                            .payload(message, pair.a.region, 0, 4096)
                            .remoteMemory(message, pair.b.region.address() + TARGET, pair.b.region.remoteKey());
                }
                pair.a.qp.postSend(pair.a.sends, 0, 2);
                pair.awaitOne(pair.b);
                assertEquals(1, pair.b.completions.immediate(0));
                assertEquals(4096, pair.b.completions.byteLength(0));
                assertSame(pair, TARGET, 4096);
            }
        }
    }

    @Test
    void messageWithoutReceiveOrForAShortOneIsDropped() {
        try (SoftPair pair = SoftPair.connected(MTU)) {
            pair.a.sends.opcode(0, Opcode.SEND).payload(0, pair.a.region, 0, 3000);
            pair.a.qp.postSend(pair.a.sends, 0, 1);
            pair.awaitOne(pair.a);
            pair.awaitCounter(pair.b, Counter.NO_RECEIVE_POSTED, 1);
            pair.awaitCounter(pair.b, Counter.BROKEN_MESSAGE, 2);

            pair.b.receives.buffer(0, pair.b.region, 0, 2999);
            pair.b.qp.postReceive(pair.b.receives, 0, 1);
            pair.a.qp.postSend(pair.a.sends, 0, 1);
            pair.awaitOne(pair.a);
            pair.awaitCounter(pair.b, Counter.RECEIVE_TOO_SHORT, 1);

            write(pair, pair.b.region.address(), pair.b.region.remoteKey(), 100);
            pair.awaitOne(pair.b);
            write(pair, pair.b.region.address() + TARGET, pair.b.region.remoteKey(), 100);
            pair.awaitCounter(pair.b, Counter.NO_RECEIVE_POSTED, 2);
            assertEquals(0, pair.b.region.segment().get(JAVA_BYTE, TARGET + 50), "not written either");
        }
    }

    @Test
    @Tag("fault-29")
    void packetsOfAnotherHostAreNotForAConnection() {
        try (SoftPair pair = SoftPair.connected(MTU)) {
            SoftQueuePair receiver = (SoftQueuePair) pair.b.qp;
            receiver.reset();
            receiver.toInit(0, 0);
            receiver.toReadyToReceive(
                    AddressVector.of(InetAddress.ofLiteral("127.0.0.9"), 4791), pair.a.qp.number(), 100, MTU);
            receiver.postReceive(pair.b.receives, 0, 1);
            pair.a.sends.opcode(0, Opcode.SEND).payload(0, pair.a.region, 0, 8);
            pair.a.qp.postSend(pair.a.sends, 0, 1);
            pair.awaitCounter(pair.b, Counter.WRONG_SOURCE, 1);
        }
    }

    @Test
    void readsAreRefusedAndPathMtuIsChecked() {
        try (SoftPair pair = SoftPair.connected(MTU)) {
            pair.a.sends.opcode(0, Opcode.READ).payload(0, pair.a.region, 0, 8);
            pair.a.qp.postSend(pair.a.sends, 0, 1);
            pair.awaitOne(pair.a);
            assertEquals(CompletionStatus.LOCAL_QUEUE_PAIR_OPERATION_ERROR, pair.a.completions.status(0));
            assertFalse(pair.a.completions.isSuccess(0));
        }
        assertThrows(
                IllegalArgumentException.class, () -> SoftPair.connected(1022).close());
        assertThrows(
                IllegalArgumentException.class, () -> SoftPair.connected(65_000).close());
    }
}
