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
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Grant;
import io.longhaul.OperationStatus;
import io.longhaul.Right;
import io.longhaul.core.Inbound.Described;
import io.longhaul.core.wire.OperationFlyweight;
import io.longhaul.core.wire.OperationKind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class InboundPiecesTest {
    private final Inbound in = new Inbound();
    private final MemorySegment region = MemorySegment.ofArray(new long[2048]);

    private long exposed(Right... rights) {
        in.regions.expose("r", region, new Grant(java.util.Set.of(rights), null));
        return in.key("r");
    }

    private byte[] regionBytes(long offset, int length) {
        return region.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
    }

    private byte[] nextMessage() {
        final EngineEvent event = in.poll(EngineEvent.Type.MESSAGE);
        assertNotNull(event, "a message");
        final InboundMessage message = event.message();
        assertNotNull(message);
        final byte[] bytes = message.segment().toArray(ValueLayout.JAVA_BYTE);
        message.release();
        return bytes;
    }

    @Test
    void placesAWriteWhoseChunksArriveInAnyOrderAndTwice() {
        final long key = exposed(Right.WRITE);
        final byte[] bytes = Inbound.bytes(5000, 1);
        final Described write = in.write(7, key, 64, bytes);
        final List<Integer> order = new ArrayList<>();
        for (int i = 0; i < write.chunks(); i++) {
            order.add(i);
        }
        Collections.shuffle(order, new Random(5));
        order.remove(Integer.valueOf(3));
        order.addFirst(3);
        for (final int index : order) {
            assertEquals(Placement.RECEIVED, in.sendChunk(write, index));
            in.sendChunk(write, index);
        }
        assertArrayEquals(bytes, regionBytes(64, 5000));
        assertEquals(0, in.pieces.pieces());
        assertEquals(5000, in.pieces.placedBytes());
        assertEquals(write.chunks(), in.window.cumulativeCsn());
    }

    @Test
    @Tag("fault-68")
    void changesNothingAfterCompletion() {
        final long key = exposed(Right.WRITE);
        final Described write = in.write(7, key, 0, Inbound.bytes(300, 1));
        in.sendAll(write);
        region.fill((byte) 0);
        for (int i = 0; i < write.chunks(); i++) {
            in.sendChunk(write, i);
        }
        assertArrayEquals(new byte[300], regionBytes(0, 300));
    }

    @Test
    void leavesOrphansToTheSender() {
        final long key = exposed(Right.WRITE);
        final Described write = in.write(7, key, 0, Inbound.bytes(5000, 1));
        assertEquals(Placement.ORPHAN, in.sendChunk(write, 20));
        assertEquals(1, in.pieces.orphans());
        in.sendChunk(write, 0);
        assertEquals(Placement.RECEIVED, in.sendChunk(write, 20));
    }

    @Test
    void keepsWhatOvertookItsDescriptionAgainAndAgain() {
        final long key = exposed(Right.WRITE);
        for (int i = 0; i < 3; i++) {
            // The first piece is overtaken by nothing, the second by two of its own frames.
            in.sendAll(in.write(2L * i, key, 0, Inbound.bytes(5000, 1)));
            final byte[] bytes = Inbound.bytes(5000, i);
            final Described write = in.write(2L * i + 1, key, 6000, bytes);
            assertEquals(Placement.ORPHAN, in.sendChunk(write, 20));
            assertEquals(Placement.ORPHAN, in.sendChunk(write, 17));
            in.sendChunk(write, 0);
            assertEquals(List.of(write.firstCsn + 17, write.firstCsn + 20), in.takeKept());
            for (int chunk = 1; chunk < write.chunks(); chunk++) {
                in.sendChunk(write, chunk);
            }
            assertArrayEquals(bytes, regionBytes(6000, 5000));
            assertEquals(0, in.pieces.pieces());
        }
    }

    /// A description costs what it brings, not what it announces.
    @Test
    void aPieceOfAThousandMillionChunksDoesNotStallTheReceiver() {
        final long key = exposed(Right.WRITE);
        final Described write = in.write(7, key, 0, Inbound.bytes(100, 1));
        write.length = OperationFlyweight.MAX_SEGMENT_BYTES;
        write.shortChunkBytes = 1;
        write.fullChunkBytes = 1;
        assertTrue(write.chunks() >= 1 << 30, write.chunks() + " chunks");
        final Described later = in.write(8, key, 0, Inbound.bytes(5000, 1));
        assertEquals(Placement.ORPHAN, in.sendChunk(later, 20));
        assertTimeout(Duration.ofMillis(500), () -> {
            for (int i = 0; i < 16; i++) {
                in.operation(write, i, 0, 1);
                in.takeKept();
            }
        });
    }

    @Test
    void putsPartsTogether() {
        final long key = exposed(Right.WRITE);
        final byte[] bytes = Inbound.bytes(3000, 1);
        final Described write = in.write(7, key, 0, bytes);
        for (int i = 0; i < write.chunks(); i++) {
            final int chunk =
                    OperationFlyweight.chunkBytes(i, bytes.length, write.shortChunkBytes, write.fullChunkBytes);
            final int half = chunk / 2;
            if (half > 0) {
                assertEquals(Placement.PARTIAL, in.sendPart(write, i, half, chunk - half));
                assertEquals(Placement.PARTIAL, in.sendPart(write, i, half, chunk - half));
                assertEquals(Placement.RECEIVED, in.sendPart(write, i, 0, half));
            } else {
                in.sendChunk(write, i);
            }
        }
        assertArrayEquals(bytes, regionBytes(0, 3000));
        assertEquals(0, in.pieces.pieces());
    }

    @Test
    void rejectsAWriteOnceAndRefusesItsLaterChunks() {
        exposed(Right.READ);
        final Described write = in.write(9, in.key("r"), 0, Inbound.bytes(5000, 1));
        assertEquals(Placement.REFUSED, in.sendChunk(write, 0));
        assertEquals(Placement.REFUSED, in.sendChunk(write, 1));
        assertEquals(Placement.ORPHAN, in.sendChunk(write, 25));
        assertEquals(List.of("reject 9 REMOTE_ACCESS_ERROR"), in.notes);
        assertEquals(0, in.window.cumulativeCsn());
        in.voidAll(write);
        assertEquals(write.chunks(), in.window.cumulativeCsn());
    }

    @Test
    void stopsAWriteWhoseRegionIsRevoked() {
        final Region exposed = in.regions.expose("w", region, Grant.of(Right.WRITE));
        final Described write = in.write(9, in.key("w"), 0, Inbound.bytes(5000, 1));
        in.sendChunk(write, 0);
        in.sendChunk(write, 1);
        exposed.beginRevoke(() -> in.notes.add("quiet"));
        assertEquals(Placement.REFUSED, in.sendChunk(write, 2));
        assertEquals(Placement.ORPHAN, in.sendChunk(write, 20));
        assertEquals(List.of("quiet", "reject 9 REMOTE_ACCESS_ERROR"), in.notes);
        assertArrayEquals(new byte[100], regionBytes(200, 100));
        assertEquals(0, in.pieces.pieces());
    }

    @Test
    void rejectsWritesOutsideOfTheirRegion() {
        final long key = exposed(Right.WRITE);
        in.sendAll(in.write(1, key, region.byteSize() - 10, Inbound.bytes(11, 1)));
        in.sendAll(in.write(2, key, -1, Inbound.bytes(1, 1)));
        in.sendAll(in.write(3, key, Long.MAX_VALUE, Inbound.bytes(1, 1)));
        assertEquals(
                List.of("reject 1 REMOTE_RANGE_ERROR", "reject 2 REMOTE_RANGE_ERROR", "reject 3 REMOTE_RANGE_ERROR"),
                in.notes);
    }

    @Test
    void deliversMessagesInOrderOnceEverythingBeforeThemHasArrived() {
        final Described first = in.message(1, Inbound.bytes(5, 1), 0, 5);
        final Described second = in.message(2, Inbound.bytes(0, 2), 0, 0);
        final Described third = in.message(3, Inbound.bytes(400, 3), 0, 1000);
        final Described rest = in.message(3, Inbound.bytes(600, 4), 400, 1000);
        in.sendAll(rest);
        in.sendAll(third);
        in.sendAll(second);
        assertTrue(in.events.isEmpty());
        in.sendAll(first);
        assertArrayEquals(first.bytes, nextMessage());
        assertArrayEquals(second.bytes, nextMessage());
        final byte[] whole = nextMessage();
        assertArrayEquals(third.bytes, java.util.Arrays.copyOf(whole, 400));
        assertArrayEquals(rest.bytes, java.util.Arrays.copyOfRange(whole, 400, 1000));
        assertTrue(in.events.isEmpty());
        assertEquals(0, in.pieces.pieces());
    }

    @Test
    void tellsImmediatesInOrder() {
        final long key = exposed(Right.WRITE);
        final Described write = in.write(1, key, 0, Inbound.bytes(200, 1));
        final Described last =
                in.piece(OperationKind.WRITE_IMMEDIATE, 1, Inbound.bytes(300, 2), key, 200, 0xffff_ffffL, 500);
        in.sendAll(last);
        in.sendChunk(write, 1);
        assertTrue(in.events.isEmpty());
        in.sendChunk(write, 0);
        final EngineEvent event = in.poll(EngineEvent.Type.IMMEDIATE);
        assertNotNull(event);
        assertEquals(0xffff_ffffL, event.value());
        assertEquals(500, event.length());
    }

    @Test
    void tellsNoImmediateOfAWriteThatWasRejected() {
        final long key = exposed(Right.WRITE);
        final Described write = in.write(1, key, 1 << 20, Inbound.bytes(200, 1));
        final Described last = in.piece(OperationKind.WRITE_IMMEDIATE, 1, Inbound.bytes(300, 2), key, 200, 5, 500);
        in.sendAll(last);
        in.sendAll(write);
        in.voidAll(write);
        assertEquals(last.firstCsn + last.chunks(), in.window.cumulativeCsn());
        assertTrue(in.events.isEmpty());
        assertEquals(0, in.pieces.pieces());
    }

    @Test
    @Tag("fault-67")
    void executesAtomicsExactlyOnce() {
        final long key = exposed(Right.ATOMIC);
        region.setAtIndex(ValueLayout.JAVA_LONG, 2, 40);
        final Described add = in.piece(OperationKind.FETCH_AND_ADD, 1, new byte[0], key, 16, 2);
        in.sendAll(add);
        in.sendAll(add);
        in.sendAll(in.piece(OperationKind.COMPARE_AND_SWAP, 2, new byte[0], key, 16, 42, 7));
        in.sendAll(in.piece(OperationKind.COMPARE_AND_SWAP, 3, new byte[0], key, 16, 42, 8));
        assertEquals(7, region.getAtIndex(ValueLayout.JAVA_LONG, 2));
        in.sendAll(in.piece(OperationKind.FETCH_AND_ADD, 4, new byte[0], key, 17, 2));
        in.sendAll(in.piece(OperationKind.FETCH_AND_ADD, 5, new byte[0], key, region.byteSize(), 2));
        assertEquals(
                List.of(
                        "atomic 1 40",
                        "atomic 2 42",
                        "atomic 3 7",
                        "reject 4 REMOTE_RANGE_ERROR",
                        "reject 5 REMOTE_RANGE_ERROR"),
                in.notes);
    }

    @Test
    void rejectsAtomicsOnMemoryThatIsNotAligned() {
        in.regions.expose("b", MemorySegment.ofArray(new byte[64]), Grant.of(Right.ATOMIC));
        in.sendAll(in.piece(OperationKind.FETCH_AND_ADD, 4, new byte[0], in.key("b"), 8, 2));
        assertEquals(List.of("reject 4 REMOTE_RANGE_ERROR"), in.notes);
    }

    @Test
    void executesFencedRequestsAfterEverythingBefore() {
        final long key = exposed(Right.WRITE, Right.READ, Right.ATOMIC);
        final Described write = in.write(1, key, 0, Inbound.bytes(200, 1));
        final Described fenced = in.piece(OperationKind.READ, 2, new byte[0], key, 0, 100);
        fenced.flags = OperationFlyweight.FLAG_FENCED;
        final Described atomic = in.piece(OperationKind.FETCH_AND_ADD, 3, new byte[0], key, 512, 1);
        atomic.flags = OperationFlyweight.FLAG_FENCED;
        final Described free = in.piece(OperationKind.READ, 4, new byte[0], key, 8, 100);
        in.sendAll(free);
        in.sendAll(atomic);
        in.sendAll(fenced);
        in.sendChunk(write, 1);
        assertEquals(List.of("read 4 8+100"), in.notes);
        in.sendChunk(write, 0);
        assertEquals(List.of("read 4 8+100", "read 2 0+100", "atomic 3 0"), in.notes);
    }

    @Test
    void limitsOutstandingReads() {
        final long key = exposed(Right.READ);
        final int limit = 2 * in.config.maxInboundReads();
        for (int i = 0; i <= limit; i++) {
            in.sendAll(in.piece(OperationKind.READ, i, new byte[0], key, 0, 8));
        }
        assertEquals("reject " + limit + " REMOTE_RESOURCES_EXHAUSTED", in.notes.get(limit));
        in.leases.getFirst().release();
        in.sendAll(in.piece(OperationKind.READ, 99, new byte[0], key, 0, 8));
        assertEquals("read 99 0+8", in.notes.get(limit + 1));
    }

    @Test
    @Tag("fault-69")
    void placesAnswersToReads() {
        final MemorySegment target = MemorySegment.ofArray(new byte[1000]);
        in.reads.put(5L, new Inbound.Read(target, 100, 700, new long[1]));
        final byte[] bytes = Inbound.bytes(700, 3);
        final Described first = in.piece(OperationKind.READ_RESPONSE, 50, java.util.Arrays.copyOf(bytes, 300), 5, 0);
        final Described second =
                in.piece(OperationKind.READ_RESPONSE, 51, java.util.Arrays.copyOfRange(bytes, 300, 700), 5, 300);
        in.sendAll(second);
        in.sendAll(first);
        assertEquals(List.of("placed 5 400", "placed 5 300"), in.notes);
        assertArrayEquals(bytes, target.asSlice(100, 700).toArray(ValueLayout.JAVA_BYTE));
        in.reads.clear();
        target.fill((byte) 0);
        assertEquals(
                Placement.RECEIVED,
                in.sendAll(in.piece(OperationKind.READ_RESPONSE, 52, Inbound.bytes(400, 1), 5, 300)));
        assertArrayEquals(new byte[1000], target.toArray(ValueLayout.JAVA_BYTE));
    }

    @Test
    @Tag("fault-69")
    void neverPlacesAnAnswerOutsideOfItsRead() {
        final MemorySegment target = MemorySegment.ofArray(new byte[1000]);
        final Described early = in.piece(OperationKind.READ_RESPONSE, 50, Inbound.bytes(400, 3), 5, 100);
        assertEquals(Placement.RECEIVED, in.sendChunk(early, 0), "the read is not there yet");
        in.reads.put(5L, new Inbound.Read(target, 0, 200, new long[1]));
        assertEquals(Placement.PROTOCOL_ERROR, in.sendChunk(early, 2));
        assertEquals(
                Placement.PROTOCOL_ERROR,
                in.sendAll(in.piece(OperationKind.READ_RESPONSE, 51, Inbound.bytes(1, 3), 5, 200)));
        assertEquals(
                Placement.PROTOCOL_ERROR,
                in.sendAll(in.piece(OperationKind.READ_RESPONSE, 52, Inbound.bytes(1, 3), 5, -1)));
        assertArrayEquals(new byte[1000], target.toArray(ValueLayout.JAVA_BYTE));
    }

    @Test
    void handsAnswersOn() {
        in.sendAll(in.piece(OperationKind.ATOMIC_RESPONSE, 1, new byte[0], 5, -3));
        in.sendAll(in.piece(OperationKind.LOOKUP_ANSWER, 2, new byte[0], 6, 77, 100, 3));
        in.sendAll(in.piece(OperationKind.REJECT, 3, new byte[0], 7, OperationStatus.REMOTE_RANGE_ERROR.ordinal()));
        assertEquals(List.of("result 5 -3", "answer 6 77 100 3", "rejected 7 REMOTE_RANGE_ERROR"), in.notes);
        for (final long wrong : new long[] {-1, 0, 1, 1000}) {
            assertEquals(
                    Placement.PROTOCOL_ERROR, in.sendAll(in.piece(OperationKind.REJECT, 4, new byte[0], 7, wrong)));
        }
    }

    @Test
    void answersLookups() {
        exposed(Right.READ, Right.ATOMIC);
        in.sendAll(in.piece(OperationKind.LOOKUP, 1, "r".getBytes(StandardCharsets.UTF_8)));
        in.sendAll(in.piece(OperationKind.LOOKUP, 2, "unknown-é".getBytes(StandardCharsets.UTF_8)));
        final Described split =
                in.piece(OperationKind.LOOKUP, 3, "x".repeat(255).getBytes(StandardCharsets.UTF_8));
        in.sendChunk(split, 2);
        in.sendChunk(split, 1);
        in.sendChunk(split, 0);
        assertEquals(List.of("lookup 1 16384 5", "lookup 2 0 0", "lookup 3 0 0"), in.notes);
        assertEquals(Placement.PROTOCOL_ERROR, in.sendAll(in.piece(OperationKind.LOOKUP, 4, new byte[] {
            (byte) 0xc3, 0x28
        })));
        assertEquals(Placement.PROTOCOL_ERROR, in.sendAll(in.piece(OperationKind.LOOKUP, 5, new byte[0])));
        assertEquals(Placement.PROTOCOL_ERROR, in.sendChunk(in.piece(OperationKind.LOOKUP, 6, new byte[256]), 0));
    }

    @Test
    void refusesImpossibleGeometry() {
        final long key = exposed(Right.WRITE);
        final Described write = in.write(1, key, 0, Inbound.bytes(300, 1));
        write.shortChunkBytes = 0;
        assertEquals(Placement.PROTOCOL_ERROR, in.operation(write, 0, 0, 100));
        write.shortChunkBytes = 100;
        write.fullChunkBytes = 0;
        assertEquals(Placement.PROTOCOL_ERROR, in.operation(write, 0, 0, 100));
        write.fullChunkBytes = 150;
        assertEquals(Placement.PROTOCOL_ERROR, in.operation(write, 3, 0, 100), "index behind the last");
        assertEquals(Placement.PROTOCOL_ERROR, in.operation(write, 16, 0, 100), "index of a DATA chunk");
        assertEquals(Placement.PROTOCOL_ERROR, in.operation(write, 0, 0, 101));
        assertEquals(Placement.PROTOCOL_ERROR, in.operation(write, 0, 1, 100));
        assertEquals(Placement.PROTOCOL_ERROR, in.operation(write, 0, 50, 0));
        write.length = (1L << 30) + 1;
        assertEquals(Placement.PROTOCOL_ERROR, in.operation(write, 0, 0, 100));
        write.length = -1;
        write.firstCsn = -1;
        assertEquals(Placement.PROTOCOL_ERROR, in.operation(write, 1, 0, 100), "starts below CSN 0");
    }

    @Test
    void refusesDescriptionsThatContradict() {
        final long key = exposed(Right.WRITE);
        final Described write = in.write(1, key, 0, Inbound.bytes(1000, 1));
        in.sendChunk(write, 0);
        write.arguments[1] = 8;
        assertEquals(Placement.PROTOCOL_ERROR, in.sendChunk(write, 1));
        assertFalse(in.pieces.errorText().isEmpty());
        write.arguments[1] = 0;
        final Described overlapping = in.write(2, key, 0, Inbound.bytes(1000, 1));
        overlapping.firstCsn = write.firstCsn + write.chunks() - 1;
        assertEquals(Placement.PROTOCOL_ERROR, in.sendChunk(overlapping, 1), "overlaps the end of another");
        final Described late = in.write(3, key, 0, Inbound.bytes(1000, 1));
        late.firstCsn = 500;
        in.sendChunk(late, 0);
        final Described wide = in.write(4, key, 0, Inbound.bytes(4000, 1));
        wide.firstCsn = 490;
        assertEquals(Placement.PROTOCOL_ERROR, in.sendChunk(wide, 0), "reaches into the next");
    }

    @Test
    void forgetsVoidedPieces() {
        final long key = exposed(Right.WRITE);
        final Described write = in.write(1, key, 0, Inbound.bytes(1000, 1));
        in.sendChunk(write, 2);
        in.sendPart(write, 4, 0, 10);
        final Described message = in.message(2, Inbound.bytes(1000, 1), 0, 2000);
        in.sendChunk(message, 2);
        assertEquals(1, in.messages.arrivingMessages());
        in.voidAll(write);
        in.voidAll(message);
        assertEquals(0, in.pieces.pieces());
        assertEquals(0, in.messages.arrivingMessages());
        assertTrue(in.events.isEmpty());
        final Described more = in.message(2, Inbound.bytes(1000, 1), 1000, 2000);
        assertEquals(Placement.REFUSED, in.sendChunk(more, 0), "a late piece of a voided message");
        assertTrue(in.notes.isEmpty(), "nothing is rejected");
    }

    @Test
    void deliversEverythingInARandomOrderOfChunksDuplicatesAndParts() {
        for (long seed = 1; seed <= 40; seed++) {
            runRandom(new Inbound(), new SplittableRandom(seed), seed);
        }
    }

    private void runRandom(Inbound peer, SplittableRandom random, long seed) {
        final MemorySegment target = MemorySegment.ofArray(new byte[200_000]);
        peer.regions.expose("t", target, Grant.of(Right.WRITE));
        final long key = peer.key("t");
        final byte[] expected = new byte[200_000];
        final List<byte[]> messages = new ArrayList<>();
        final List<long[]> frames = new ArrayList<>();
        final List<Described> sent = new ArrayList<>();
        int at = 0;
        for (int i = 0; i < 40; i++) {
            final byte[] bytes = Inbound.bytes(random.nextInt(random.nextInt(4) == 0 ? 3000 : 200), i);
            if (random.nextBoolean()) {
                System.arraycopy(bytes, 0, expected, at, bytes.length);
                sent.add(peer.write(i, key, at, bytes));
                at += bytes.length;
            } else {
                messages.add(bytes);
                sent.add(peer.message(i, bytes, 0, bytes.length));
            }
            final Described piece = sent.getLast();
            for (int chunk = 0; chunk < piece.chunks(); chunk++) {
                frames.add(new long[] {i, chunk});
            }
        }
        int rounds = 0;
        while (peer.window.cumulativeCsn() < frames.size()) {
            assertTrue(rounds++ < 1000, "no progress, seed " + seed);
            for (int n = 0; n < frames.size(); n++) {
                final long[] frame = frames.get(random.nextInt(frames.size()));
                sendSomehow(peer, sent.get((int) frame[0]), (int) frame[1], random);
            }
        }
        assertArrayEquals(expected, target.toArray(ValueLayout.JAVA_BYTE), "seed " + seed);
        for (final byte[] bytes : messages) {
            final EngineEvent event = peer.poll(EngineEvent.Type.MESSAGE);
            assertNotNull(event, "seed " + seed);
            assertNotNull(event.message());
            assertArrayEquals(bytes, event.message().segment().toArray(ValueLayout.JAVA_BYTE), "seed " + seed);
        }
        assertNull(peer.events.poll());
        assertEquals(0, peer.pieces.pieces(), "seed " + seed);
        assertTrue(peer.notes.isEmpty());
    }

    private static void sendSomehow(Inbound peer, Described piece, int chunk, SplittableRandom random) {
        final int bytes =
                OperationFlyweight.chunkBytes(chunk, piece.length(), piece.shortChunkBytes, piece.fullChunkBytes);
        if (bytes < 2 || random.nextInt(3) > 0) {
            assertFalse(peer.sendChunk(piece, chunk) == Placement.PROTOCOL_ERROR, peer.pieces.errorText());
            return;
        }
        final int from = random.nextInt(bytes - 1);
        final Placement placement = peer.sendPart(piece, chunk, from, 1 + random.nextInt(bytes - from));
        assertFalse(placement == Placement.PROTOCOL_ERROR, peer.pieces.errorText());
    }

    @Test
    @Tag("fault-16")
    void neverThrowsForGarbage() {
        final SplittableRandom random = new SplittableRandom(99);
        Inbound peer = new Inbound();
        for (int i = 0; i < 200_000; i++) {
            if (i % 500 == 0) {
                peer = new Inbound();
                peer.regions.expose("t", region, Grant.of(Right.WRITE, Right.READ, Right.ATOMIC));
                peer.key("t");
                peer.reads.put(1L, new Inbound.Read(MemorySegment.ofArray(new byte[100]), 0, 100, new long[1]));
            }
            sendGarbage(peer, random);
        }
    }

    private static void sendGarbage(Inbound peer, SplittableRandom random) {
        final boolean operation = random.nextInt(4) > 0;
        final int available = 1 + random.nextInt(400);
        for (int j = 0; j < 120; j++) {
            peer.packet.set(ValueLayout.JAVA_BYTE, 3 + j, (byte)
                    (random.nextInt(3) == 0 ? random.nextInt() : random.nextInt(3)));
        }
        // Mostly plausible: a known kind, a small CSN, a key that is right half of the time.
        peer.packet.set(ValueLayout.JAVA_BYTE, 4, (byte) random.nextInt(16));
        io.longhaul.core.wire.WireBytes.u64(peer.packet, operation ? 11 : 7, random.nextInt(1200));
        if (operation && random.nextBoolean()) {
            OperationFlyweight.putArgument(peer.packet, 3, 0, random.nextBoolean() ? 1000 : random.nextInt(40));
            io.longhaul.core.wire.WireBytes.u32(peer.packet, 27, random.nextInt(300));
        }
        final int bytes = operation
                ? InboundPieces.operationFrameBytes(peer.packet, 3, available)
                : InboundPieces.dataFrameBytes(peer.packet, 3, available);
        assertTrue(bytes <= available);
        if (bytes > 0) {
            final long csn = io.longhaul.core.wire.WireBytes.u64(peer.packet, operation ? 11 : 7);
            peer.takeOrNull(csn, operation);
        }
        if (random.nextInt(50) == 0) {
            final long first = random.nextInt(1000);
            final long count = 1 + random.nextInt(20);
            if (peer.window.rangeStatus(first, count) == ReceiveWindow.NEW) {
                peer.pieces.onVoid(first, count, random.nextInt(4));
                peer.window.markRange(first, count);
                peer.pieces.onCumulative(peer.now, peer.window.cumulativeCsn());
            }
        }
        for (final RegionTable.Lease lease : peer.leases) {
            lease.release();
        }
        peer.leases.clear();
    }
}
