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
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.linux.Errno;
import io.longhaul.verbs.CompletionStatus;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.SendRequests.Opcode;
import io.longhaul.verbs.soft.SoftDeviceCounters.Counter;
import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What the device does when the socket does not take what it is given.
@Timeout(20)
class EgressTest {
    /// Takes a part only, now and then, or finds a packet too long.
    private static final class UnwillingEgress implements Egress {
        private final Egress next;
        private final SplittableRandom random = new SplittableRandom(8);
        private DatagramBurst.Outcome outcome = DatagramBurst.Outcome.COMPLETE;

        UnwillingEgress(Egress next) {
            this.next = next;
        }

        @Override
        public int send(PacketBatch batch, int lane, SoftAddressHandle destination) {
            if (batch.packetBytes(0) > 4000) {
                outcome = DatagramBurst.Outcome.TOO_LONG;
                return 0;
            }
            if (random.nextInt(3) != 0) {
                outcome = DatagramBurst.Outcome.BLOCKED;
                return 0;
            }
            outcome = DatagramBurst.Outcome.COMPLETE;
            return next.send(batch, lane, destination);
        }

        @Override
        public DatagramBurst.Outcome outcome() {
            return outcome;
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

    @Test
    @Tag("fault-73")
    @Tag("fault-74")
    void whatIsNotTakenNowIsSentLater() {
        try (SoftPair pair = new SoftPair(QueuePair.Type.UC, builder -> builder, 512, UnwillingEgress::new)) {
            pair.b.qp.postReceive(pair.b.receives, 0, SoftPair.DEPTH);
            int messages = 150;
            for (int i = 0; i < messages; i++) {
                pair.a.region.segment().set(JAVA_BYTE, i * 2000L, (byte) i);
                pair.a
                        .sends
                        .opcode(i, Opcode.SEND_WITH_IMM)
                        .immediate(i, i)
                        .payload(i, pair.a.region, i * 2000L, 100 + i * 10);
            }
            assertEquals(messages, pair.a.qp.postSend(pair.a.sends, 0, messages));
            for (int i = 0; i < messages; i++) {
                pair.awaitOne(pair.b);
                assertEquals(i, pair.b.completions.immediate(0));
                assertEquals(100 + i * 10, pair.b.completions.byteLength(0));
                assertEquals((byte) i, pair.b.region.segment().get(JAVA_BYTE, i * 16_384L));
            }
            for (int i = 0; i < messages; i++) {
                pair.awaitOne(pair.a);
                assertEquals(i, pair.a.completions.id(0));
            }
            assertEquals(Long.MAX_VALUE, pair.a.device.nextProgressNanos());
        }
    }

    @Test
    @Tag("fault-26")
    @Tag("fault-73")
    void packetLongerThanThePathEndsWithLengthErrorAndTheRestGoesOn() {
        try (SoftPair pair = new SoftPair(QueuePair.Type.UD, builder -> builder, 0, UnwillingEgress::new)) {
            pair.b.qp.postReceive(pair.b.receives, 0, 4);
            pair.a
                    .sends
                    .payload(0, pair.a.region, 0, 100)
                    .payload(1, pair.a.region, 0, 5000)
                    .payload(2, pair.a.region, 0, 200);
            pair.a.qp.postSend(pair.a.sends, 0, 3);
            pair.awaitOne(pair.a);
            assertTrue(pair.a.completions.isSuccess(0));
            pair.awaitOne(pair.a);
            assertEquals(CompletionStatus.LOCAL_LENGTH_ERROR, pair.a.completions.status(0));
            assertEquals(Errno.EMSGSIZE, pair.a.completions.vendorError(0));
            assertEquals(1, pair.a.completions.id(0));
            pair.awaitOne(pair.a);
            assertTrue(pair.a.completions.isSuccess(0));
            pair.awaitOne(pair.b);
            pair.awaitOne(pair.b);
            assertEquals(240, pair.b.completions.byteLength(0));
        }
    }

    @Test
    @Tag("fault-74")
    void refusedSegmentationFallsBackToSinglePackets() {
        try (SoftPair pair = SoftPair.datagrams()) {
            assertTrue(pair.a.device.isBatched());
            pair.a.device.sockets().socket(0).omitChecksums();
            pair.b.qp.postReceive(pair.b.receives, 0, SoftPair.DEPTH);
            for (int i = 0; i < 40; i++) {
                pair.a.sends.opcode(i, Opcode.SEND_WITH_IMM).immediate(i, i).payload(i, pair.a.region, 0, 1000);
            }
            BitSet arrived = new BitSet();
            for (int i = 0; i < 4; i++) {
                pair.a.qp.postSend(pair.a.sends, i * 10, 10);
            }
            while (arrived.cardinality() < 40) {
                pair.awaitOne(pair.b);
                arrived.set(pair.b.completions.immediate(0));
            }
            assertEquals(4, pair.a.counter(Counter.SEGMENTATION_FALLBACKS));
            assertFalse(pair.a.device.isBatched(), "it does not try for ever");
            assertEquals(0, pair.b.counter(Counter.WRONG_ICRC));
        }
    }

    @Test
    @Tag("fault-62")
    void fullCompletionQueueHoldsSendsBack() {
        try (SoftPair pair = SoftPair.datagrams()) {
            pair.b.qp.postReceive(pair.b.receives, 0, SoftPair.DEPTH);
            for (int i = 0; i < SoftPair.DEPTH; i++) {
                pair.a.sends.payload(i, pair.a.region, 0, 4);
            }
            int posted = 0;
            for (int i = 0; i < 10; i++) {
                posted += pair.a.qp.postSend(pair.a.sends, 0, SoftPair.DEPTH);
            }
            assertEquals(
                    4 * SoftPair.DEPTH + SoftPair.DEPTH, posted, "a full completion queue, then a full send queue");
            for (int i = 0; i < posted; i++) {
                pair.awaitOne(pair.a);
                assertTrue(pair.a.completions.isSuccess(0));
            }
            assertEquals(posted, pair.a.counter(Counter.SENT_PACKETS));
        }
    }
}
