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
package io.longhaul.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.core.Inbound.Described;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class MessageAssemblerTest {
    private final Inbound in = new Inbound(false, 1 << 20, 4096, 16);
    private long nextId;

    private Placement send(int length) {
        return in.sendAll(in.message(nextId++, Inbound.bytes(length, length), 0, length));
    }

    private InboundMessage take() {
        final EngineEvent event = in.poll(EngineEvent.Type.MESSAGE);
        assertNotNull(event);
        final InboundMessage message = event.message();
        assertNotNull(message);
        return message;
    }

    @Test
    void givesCreditForWhatWasReleased() {
        assertEquals(4096, in.messages.creditBytes());
        send(1000);
        send(1);
        final InboundMessage first = take();
        final InboundMessage second = take();
        assertEquals(4096, in.messages.creditBytes());
        first.release();
        second.release();
        second.release();
        in.messages.reclaim();
        assertEquals(4096 + 1000 + 64, in.messages.creditBytes(), "a message counts at least 64 bytes");
        assertTrue(in.messages.isCreditDue());
        in.messages.onCreditSent();
        assertFalse(in.messages.isCreditDue());
    }

    private static Inbound sharing(ReceiveBudget budget) {
        final Inbound connection = new Inbound(false, 1 << 20, 4096, 16);
        connection.messages.memory().budget(budget);
        return connection;
    }

    @Test
    @Tag("fault-39")
    void messagesThatWaitForMemoryHoldNoPartOfIt() {
        final ReceiveBudget budget = new ReceiveBudget(4096 * 20);
        final Inbound one = sharing(budget);
        final Inbound other = sharing(budget);
        one.messages.onBlocked(4096 * 12);
        other.messages.onBlocked(4096 * 12);
        assertEquals(4096, one.messages.creditBytes(), "more than a share");
        assertEquals(4096 * 18, budget.leftBytes());
        other.messages.onBlocked(4096 * 6);
        assertEquals(4096 * 6, other.messages.creditBytes(), "what fits is had at once, whoever else waits");
    }

    @Test
    @Tag("fault-39")
    void aWindowGoesBackAsItIsUsedWhereOthersHaveCome() {
        final ReceiveBudget budget = new ReceiveBudget(4096 * 16);
        final Inbound early = sharing(budget);
        early.messages.onBlocked(4096 * 8);
        assertEquals(4096 * 8, early.messages.windowBytes());
        final long credit = early.messages.creditBytes();
        assertEquals(Placement.RECEIVED, early.sendAll(early.message(0, Inbound.bytes(4096 * 4, 1), 0, 4096 * 4)));
        final Inbound late = sharing(budget);
        assertTrue(budget.tryTake(4096 * 3), "others");
        final EngineEvent event = early.poll(EngineEvent.Type.MESSAGE);
        assertNotNull(event);
        final InboundMessage message = event.message();
        assertNotNull(message);
        message.release();
        early.messages.reclaim();
        assertEquals(4096 * 6, early.messages.windowBytes(), "as much as is left then");
        assertEquals(4096 * 6, budget.leftBytes());
        assertTrue(early.messages.creditBytes() >= credit, "credit that was given is never taken back");
        late.messages.onBlocked(4096 * 3);
        assertEquals(4096 * 3, late.messages.creditBytes());
    }

    @Test
    @Tag("fault-38")
    void refusesAPeerThatExceedsItsCredit() {
        final Inbound small = new Inbound(false, 4096, 4096, 16);
        assertEquals(Placement.RECEIVED, small.sendAll(small.message(1, Inbound.bytes(4000, 1), 0, 4000)));
        assertEquals(Placement.PROTOCOL_ERROR, small.sendAll(small.message(2, Inbound.bytes(97, 1), 0, 97)));
    }

    @Test
    @Tag("fault-38")
    void rejectsMessagesThatNoCreditWillEverCover() {
        final Described message = in.message(5, Inbound.bytes(100, 1), 0, (1 << 20) + 1);
        assertEquals(Placement.REFUSED, in.sendAll(message));
        assertEquals(Placement.REFUSED, in.sendAll(message));
        assertEquals(List.of("reject 5 MESSAGE_TOO_LARGE"), in.notes);
        assertEquals(Placement.PROTOCOL_ERROR, in.sendAll(in.message(6, Inbound.bytes(100, 1), 0, Long.MIN_VALUE)));
        assertEquals(Placement.PROTOCOL_ERROR, in.sendAll(in.message(7, Inbound.bytes(100, 1), 1, 100)));
        assertEquals(Placement.PROTOCOL_ERROR, in.sendAll(in.message(8, Inbound.bytes(100, 1), Long.MAX_VALUE, 100)));
    }

    @Test
    void doublesTheWindowWhenHalfOfItIsUsedInARoundTrip() {
        send(2000);
        assertEquals(4096, in.messages.windowBytes());
        in.now += 20_000_000;
        send(2000);
        assertEquals(4096, in.messages.windowBytes(), "not within one round trip");
        in.now += 1000;
        send(90);
        assertEquals(8192, in.messages.windowBytes());
    }

    @Test
    void growsForAPeerThatIsBlocked() {
        in.messages.onBlocked(10_000);
        assertTrue(in.messages.isCreditDue(), "a blocked peer is told at once");
        assertTrue(in.messages.creditBytes() >= 10_000);
        in.messages.onCreditSent();
        in.messages.onBlocked(1);
        assertTrue(in.messages.isCreditDue());
        in.messages.onBlocked(Long.MAX_VALUE);
        assertEquals(1 << 20, in.messages.windowBytes(), "up to the memory of the connection");
        in.messages.onBlocked(Long.MIN_VALUE);
        assertEquals(1 << 20, in.messages.creditBytes());
    }

    @Test
    void creditsVoidedAndAbandonedMessagesOnce() {
        final Described seen = in.message(1, Inbound.bytes(500, 1), 0, 500);
        in.sendChunk(seen, 0);
        in.voidAll(seen);
        assertEquals(4096 + 500, in.messages.creditBytes());
        // The announcement that the message was given up changes nothing more.
        in.sendAll(in.message(1, new byte[0], 0, 500));
        assertEquals(4096 + 500, in.messages.creditBytes());
        // A message of which nothing arrived is counted by its announcement.
        final Described unseen = in.message(2, Inbound.bytes(700, 1), 0, 700);
        in.voidAll(unseen);
        in.sendAll(in.message(2, new byte[0], 0, 700));
        assertEquals(4096 + 1200, in.messages.creditBytes());
        // One that was delivered keeps its charge until it is released.
        in.sendAll(in.message(3, Inbound.bytes(300, 1), 0, 300));
        in.sendAll(in.message(3, new byte[0], 0, 300));
        assertEquals(4096 + 1200, in.messages.creditBytes());
        take().release();
        in.messages.reclaim();
        assertEquals(4096 + 1500, in.messages.creditBytes());
    }

    @Test
    void keepsAPeerThatCountsTheSameForeverInsideItsCredit() {
        final SplittableRandom random = new SplittableRandom(17);
        final ArrayDeque<InboundMessage> held = new ArrayDeque<>();
        long sentTotal = 0;
        for (int i = 0; i < 20_000; i++) {
            in.now += 1000;
            final int length = random.nextInt(random.nextInt(10) == 0 ? 5000 : 100);
            final int charge = Math.max(64, length);
            if (sentTotal + charge > in.messages.creditBytes()) {
                in.messages.onBlocked(sentTotal + charge);
                while (sentTotal + charge > in.messages.creditBytes()) {
                    held.removeFirst().release();
                    in.messages.reclaim();
                }
            }
            sentTotal += charge;
            final Described message = in.message(nextId++, Inbound.bytes(length, i), 0, length);
            if (random.nextInt(4) == 0 && length > 0) {
                if (random.nextBoolean()) {
                    in.sendChunk(message, 0);
                }
                in.voidAll(message);
                in.sendAll(in.message(message.operationId, new byte[0], 0, length));
            } else {
                assertEquals(Placement.RECEIVED, in.sendAll(message), in.pieces.errorText());
            }
            for (EngineEvent event = in.events.poll(); event != null; event = in.events.poll()) {
                assertNotNull(event.message());
                held.add(event.message());
            }
            if (held.size() > random.nextInt(50)) {
                held.removeFirst().release();
            }
            in.messages.reclaim();
        }
        held.forEach(InboundMessage::release);
        in.messages.reclaim();
        assertEquals(sentTotal + in.messages.windowBytes(), in.messages.creditBytes());
    }

    @Test
    void keepsMessagesApartInMemory() {
        final Inbound large = new Inbound(false, 8 << 20, 8 << 20, 16);
        final SplittableRandom random = new SplittableRandom(3);
        final List<InboundMessage> held = new ArrayList<>();
        final List<byte[]> expected = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            final int length = random.nextInt(1 << 1 + random.nextInt(18));
            final byte[] bytes = Inbound.bytes(length, i);
            final Described message = large.message(i, bytes, 0, length);
            message.shortChunkBytes = 60_000;
            message.fullChunkBytes = 60_000;
            // Chunks of this size need fewer CSNs than were set aside.
            message.firstCsn = large.window.cumulativeCsn();
            assertEquals(Placement.RECEIVED, large.sendAll(message), large.pieces.errorText());
            final EngineEvent event = large.events.poll();
            assertNotNull(event);
            assertNotNull(event.message());
            held.add(event.message());
            expected.add(bytes);
            while (held.size() > 20) {
                final int index = random.nextInt(held.size());
                assertArrayEquals(
                        expected.remove(index), held.get(index).segment().toArray(ValueLayout.JAVA_BYTE));
                held.remove(index).release();
                large.messages.reclaim();
            }
        }
    }

    @Test
    void keepsDeliveredMessagesUntilTheyAreReleased() {
        send(100);
        send(200);
        final InboundMessage first = take();
        final InboundMessage second = take();
        final MemorySegment segment = first.segment();
        in.pieces.close();
        in.streams.closeAll("over");
        first.release();
        assertEquals(200, second.segment().byteSize());
        assertEquals(Inbound.bytes(200, 200)[7], second.segment().get(ValueLayout.JAVA_BYTE, 7));
        assertFalse(in.memory.isFreed());
        second.release();
        assertTrue(in.memory.isFreed());
        assertThrows(IllegalStateException.class, () -> segment.get(ValueLayout.JAVA_BYTE, 0));
    }

    @Test
    void freesEverythingWhenNothingIsHeld() {
        final Described partial = in.message(1, Inbound.bytes(1000, 1), 0, 2000);
        in.sendChunk(partial, 0);
        in.pieces.close();
        in.streams.closeAll("over");
        assertTrue(in.memory.isFreed());
    }

    @Test
    void takesReleasesFromAnotherThread() throws InterruptedException {
        final ConcurrentLinkedQueue<InboundMessage> delivered = new ConcurrentLinkedQueue<>();
        final AtomicBoolean stop = new AtomicBoolean();
        final Thread application = new Thread(() -> {
            while (!stop.get() || !delivered.isEmpty()) {
                final InboundMessage message = delivered.poll();
                if (message != null) {
                    message.release();
                } else {
                    Thread.onSpinWait();
                }
            }
        });
        application.start();
        long sentTotal = 0;
        for (int i = 0; i < 50_000; i++) {
            final int length = i % 300;
            while (sentTotal + Math.max(64, length) > in.messages.creditBytes()) {
                in.messages.reclaim();
                Thread.onSpinWait();
            }
            sentTotal += Math.max(64, length);
            assertEquals(Placement.RECEIVED, send(length), in.pieces.errorText());
            delivered.add(take());
        }
        stop.set(true);
        application.join();
        in.messages.reclaim();
        assertEquals(sentTotal + in.messages.windowBytes(), in.messages.creditBytes());
    }
}
