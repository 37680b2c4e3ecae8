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
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.core.Inbound.Described;
import io.longhaul.core.wire.OperationFlyweight;
import io.longhaul.core.wire.OperationKind;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class StreamTableTest {
    private final Inbound in = new Inbound(false, 1 << 20, 64 * 1024, 4); // a server: the peer's streams are even

    private Described chunk(Inbound peer, int id, long offset, byte[] bytes, boolean fin) {
        final Described piece = peer.piece(OperationKind.STREAM, 0, bytes, id, offset);
        piece.flags = fin ? OperationFlyweight.FLAG_FIN : 0;
        return piece;
    }

    private Placement bytes(int id, long offset, byte[] bytes, boolean fin) {
        return in.sendAll(chunk(in, id, offset, bytes, fin));
    }

    private EngineStream opened() {
        final EngineEvent event = in.poll(EngineEvent.Type.STREAM_OPENED);
        assertNotNull(event);
        final EngineStream stream = event.stream();
        assertNotNull(stream);
        return stream;
    }

    private boolean becameReady() {
        return in.poll(EngineEvent.Type.STREAM_READY) != null;
    }

    private static byte[] read(EngineStream stream, int most) {
        final ByteBuffer buffer = ByteBuffer.allocate(most);
        int taken = stream.read(buffer);
        while (taken > 0) {
            taken = stream.read(buffer);
        }
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    private static byte[] pull(Inbound peer, int maxBytes, List<Piece> pieces) {
        final Piece piece = new Piece();
        if (!peer.streams.fillNext(piece, maxBytes)) {
            return new byte[0];
        }
        pieces.add(piece);
        return piece.source.asSlice(piece.sourceOffset, piece.length).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    }

    @Test
    void opensAllLowerStreamsOfThePeer() {
        bytes(4, 0, Inbound.bytes(10, 1), false);
        assertEquals(0, opened().id());
        assertEquals(2, opened().id());
        assertEquals(4, opened().id());
        assertEquals(3, in.streams.size());
    }

    @Test
    void refusesNumbersThatNobodyOpened() {
        assertEquals(Placement.PROTOCOL_ERROR, bytes(1, 0, Inbound.bytes(10, 1), false), "ours, never opened");
        assertEquals(
                Placement.PROTOCOL_ERROR, in.sendAll(in.piece(OperationKind.STREAM, 0, Inbound.bytes(1, 1), -2, 0)));
        assertEquals(
                Placement.PROTOCOL_ERROR,
                in.sendAll(in.piece(OperationKind.STREAM_CREDIT, 0, new byte[0], 1L << 40, 0)));
        assertEquals(Placement.PROTOCOL_ERROR, bytes(100, 0, Inbound.bytes(10, 1), false), "far too many");
        assertEquals(Placement.PROTOCOL_ERROR, in.sendAll(in.piece(OperationKind.STREAM_STOP, 0, new byte[0], 3)));
    }

    @Test
    void answersAStreamTooManyWithAnEndAndAStop() {
        bytes(8, 0, Inbound.bytes(10, 1), false);
        for (int id = 0; id < 8; id += 2) {
            assertEquals(id, opened().id());
        }
        assertNull(in.poll(EngineEvent.Type.STREAM_OPENED));
        assertTrue(in.notes.contains("stop 8"));
        final List<Piece> pieces = new ArrayList<>();
        pull(in, 1000, pieces);
        assertEquals(8, pieces.getFirst().arguments[0]);
        assertEquals(OperationFlyweight.FLAG_FIN, pieces.getFirst().flags);
        done(pieces.getFirst());
        assertEquals(4, in.streams.size());
        assertEquals(Placement.RECEIVED, bytes(8, 10, Inbound.bytes(10, 1), false), "late bytes are dropped");
    }

    private static void done(Piece piece) {
        final Piece.Owner owner = piece.owner;
        assertNotNull(owner);
        owner.onPieceDone(piece, false);
    }

    @Test
    void readsWhatArrivedInAnyOrder() {
        final byte[] all = Inbound.bytes(60_000, 1);
        final List<Described> chunks = new ArrayList<>();
        final Random random = new Random(4);
        for (int at = 0; at < all.length; ) {
            final int part = Math.min(all.length - at, 1 + random.nextInt(90));
            chunks.add(chunk(in, 0, at, Arrays.copyOfRange(all, at, at + part), at + part == all.length));
            at += part;
        }
        Collections.shuffle(chunks, random);
        for (final Described chunk : chunks) {
            assertEquals(Placement.RECEIVED, in.sendAll(chunk), in.pieces.errorText());
        }
        final EngineStream stream = opened();
        assertTrue(stream.isReadable());
        assertArrayEquals(all, read(stream, 70_000));
        assertEquals(EngineStream.END, stream.read(ByteBuffer.allocate(1)));
    }

    @Test
    void tellsWhenAStreamBecomesReadableAndWhenItEnds() {
        bytes(0, 100, Inbound.bytes(100, 1), false);
        final EngineStream stream = opened();
        assertFalse(becameReady(), "a gap is in front");
        assertFalse(stream.isReadable());
        assertEquals(0, stream.read(ByteBuffer.allocate(10)));
        bytes(0, 0, Inbound.bytes(100, 1), false);
        assertTrue(becameReady());
        bytes(0, 200, Inbound.bytes(100, 1), false);
        assertFalse(becameReady(), "it was readable before");
        read(stream, 1000);
        bytes(0, 300, new byte[0], true);
        assertTrue(becameReady());
        assertTrue(stream.isReadable());
        assertEquals(EngineStream.END, stream.read(ByteBuffer.allocate(10)));
    }

    @Test
    void refusesBytesBeyondCreditAndTwoFinalSizes() {
        assertEquals(Placement.PROTOCOL_ERROR, bytes(0, 64 * 1024 - 5, Inbound.bytes(6, 1), false));
        assertEquals(Placement.PROTOCOL_ERROR, bytes(0, Long.MAX_VALUE, Inbound.bytes(6, 1), false));
        assertEquals(Placement.PROTOCOL_ERROR, bytes(0, -1, Inbound.bytes(6, 1), false));
        bytes(0, 100, Inbound.bytes(10, 1), false);
        assertEquals(Placement.PROTOCOL_ERROR, bytes(0, 50, Inbound.bytes(10, 1), true), "ends before what came");
        assertEquals(Placement.RECEIVED, bytes(0, 110, Inbound.bytes(10, 1), true));
        assertEquals(Placement.PROTOCOL_ERROR, bytes(0, 110, Inbound.bytes(9, 1), true));
        assertEquals(Placement.PROTOCOL_ERROR, bytes(0, 120, Inbound.bytes(1, 1), false));
        assertEquals(Placement.RECEIVED, bytes(0, 0, Inbound.bytes(100, 1), false));
    }

    @Test
    void givesCreditAsTheApplicationReadsAndWidensTheWindow() {
        final byte[] part = Inbound.bytes(4096, 1);
        long limit = 64 * 1024;
        EngineStream stream = null;
        for (long at = 0; at < 1 << 20; at += part.length) {
            if (at + part.length > limit) {
                final String last = in.notes.getLast();
                limit = Long.parseLong(last.substring("credit 0 ".length()));
            }
            assertTrue(at + part.length <= limit, "credit in time");
            assertEquals(Placement.RECEIVED, bytes(0, at, part, false), in.pieces.errorText());
            stream = stream == null ? opened() : stream;
            assertArrayEquals(part, read(stream, 5000));
            assertTrue(stream.requestTouch());
            assertFalse(stream.requestTouch());
            in.streams.onTouched(in.now, stream);
            in.now += 100_000;
        }
        assertTrue(limit - (1 << 20) > 128 * 1024, "a window of several times the first one");
        assertTrue(in.memory.promisedBytes() <= 1 << 20);
    }

    @Test
    void asksForACallOnlyWhenAReadGivesCreditOrReachesTheEnd() {
        final byte[] part = Inbound.bytes(4096, 1);
        final byte[] all = Inbound.bytes(64 * 1024, 1);
        bytes(0, 0, all, false);
        final EngineStream stream = opened();
        in.streams.onTouched(in.now, stream);
        int told = 0;
        for (int at = 0; at < all.length; at += part.length) {
            assertEquals(part.length, stream.read(ByteBuffer.allocate(part.length)));
            if (stream.isReadToTell()) {
                told++;
                in.streams.onTouched(in.now, stream);
            }
        }
        assertEquals(4, told, "once for each quarter of the window, not for each of 16 reads");
        bytes(0, all.length, Inbound.bytes(100, 1), true);
        assertEquals(100, stream.read(ByteBuffer.allocate(part.length)));
        assertTrue(stream.isReadToTell(), "the end");
    }

    private void arrive(long from, long to) {
        for (long at = from; at < to; at += 4096) {
            assertEquals(Placement.RECEIVED, bytes(0, at, Inbound.bytes(4096, 1), false));
        }
        in.now += 50_000_000; // the round trip is 10 ms
    }

    private void readAndTell(EngineStream stream, int count) {
        final ByteBuffer buffer = ByteBuffer.allocate(count);
        while (buffer.hasRemaining()) {
            assertTrue(stream.read(buffer) > 0);
        }
        in.streams.onTouched(in.now, stream);
    }

    @Test
    void widensAWindowThatThePeerHasUsedUpBehindAHole() {
        arrive(4096, 64 * 1024);
        arrive(0, 4096);
        assertEquals("credit 0 " + 128 * 1024, in.notes.getLast(), "twice the first window");
        readAndTell(opened(), 64 * 1024);
        assertEquals("credit 0 " + 192 * 1024, in.notes.getLast());
    }

    @Test
    void doesNotWidenTheWindowOfAReaderThatFallsBehind() {
        arrive(0, 32 * 1024);
        arrive(32 * 1024, 64 * 1024);
        readAndTell(opened(), 32 * 1024);
        assertEquals("credit 0 " + 96 * 1024, in.notes.getLast(), "the first window");
    }

    @Test
    void ignoresWhatLiesBelowTheReader() {
        bytes(0, 0, Inbound.bytes(100, 1), false);
        final EngineStream stream = opened();
        final byte[] first = read(stream, 50);
        assertEquals(50, first.length);
        bytes(0, 0, Inbound.bytes(100, 99), false);
        bytes(0, 50, Inbound.bytes(100, 99), false);
        final byte[] rest = read(stream, 1000);
        assertArrayEquals(Arrays.copyOfRange(Inbound.bytes(100, 1), 50, 100), Arrays.copyOf(rest, 50));
        assertEquals(100, rest.length);
    }

    @Test
    void sendsInTurnWithinCreditAndEndsBehindTheLastByte() {
        final EngineStream first = in.streams.open();
        final EngineStream second = in.streams.open();
        assertNotNull(first);
        assertNotNull(second);
        assertEquals(1, first.id());
        assertEquals(3, second.id());
        final byte[] all = Inbound.bytes(100_000, 5);
        int taken = first.write(ByteBuffer.wrap(all));
        assertEquals(100_000, taken);
        assertEquals(5, second.write(ByteBuffer.wrap(all, 0, 5)));
        second.shutdownOutput();
        assertFalse(in.streams.hasOutbound(), "the agent was not told");
        in.streams.onTouched(in.now, first);
        in.streams.onTouched(in.now, second);
        final List<Piece> pieces = new ArrayList<>();
        assertArrayEquals(Arrays.copyOf(all, 1000), pull(in, 1000, pieces));
        assertArrayEquals(Arrays.copyOf(all, 5), pull(in, 1000, pieces));
        assertEquals(OperationFlyweight.FLAG_FIN, pieces.get(1).flags);
        assertEquals(64 * 1024 - 1000, pull(in, 1 << 20, pieces).length, "to the end of the block and of the credit");
        assertFalse(in.streams.hasOutbound());
        assertTrue(in.streams.hasUnacknowledged());
        assertEquals(EngineStream.FAILED, second.write(ByteBuffer.wrap(all, 0, 5)));
        in.sendAll(in.piece(OperationKind.STREAM_CREDIT, 0, new byte[0], 1, 1 << 20));
        assertArrayEquals(Arrays.copyOfRange(all, 65_536, 100_000), pull(in, 1 << 20, pieces));
        first.shutdownOutput();
        in.streams.onTouched(in.now, first);
        assertEquals(0, pull(in, 1000, pieces).length);
        final Piece end = pieces.getLast();
        assertEquals(100_000, end.arguments[1]);
        assertEquals(OperationFlyweight.FLAG_FIN, end.flags);
        Collections.shuffle(pieces, new Random(1));
        pieces.forEach(StreamTableTest::done);
        assertFalse(in.streams.hasUnacknowledged());
        assertEquals(2, in.streams.size(), "the input is open");
        bytes(1, 0, new byte[0], true);
        bytes(3, 0, Inbound.bytes(3, 1), true);
        assertEquals(1, in.streams.size());
        read(second, 10);
        in.streams.onTouched(in.now, second);
        assertEquals(0, in.streams.size());
        assertEquals(EngineStream.END, first.read(ByteBuffer.allocate(1)));
    }

    @Test
    void tellsTheWriterWhenThereIsRoomAgain() {
        final EngineStream stream = in.streams.open();
        assertNotNull(stream);
        final byte[] all = Inbound.bytes(1 << 18, 5);
        final int taken = stream.write(ByteBuffer.wrap(all));
        assertTrue(taken > 0 && taken < all.length);
        assertFalse(stream.isWritable());
        assertEquals(0, stream.write(ByteBuffer.wrap(all)));
        in.streams.onTouched(in.now, stream);
        final List<Piece> pieces = new ArrayList<>();
        pull(in, 1 << 20, pieces);
        done(pieces.getFirst());
        assertTrue(becameReady());
        assertTrue(stream.isWritable());
    }

    @Test
    void stopsSendingWhenNobodyReads() {
        final EngineStream stream = in.streams.open();
        assertNotNull(stream);
        stream.write(ByteBuffer.wrap(Inbound.bytes(1000, 1)));
        in.streams.onTouched(in.now, stream);
        in.sendAll(in.piece(OperationKind.STREAM_STOP, 0, new byte[0], 1));
        assertTrue(becameReady());
        assertTrue(stream.isPeerStopped());
        assertFalse(in.streams.hasOutbound());
        assertEquals(EngineStream.FAILED, stream.write(ByteBuffer.wrap(new byte[1])));
        assertTrue(stream.isWritable(), "a writer must learn of it");
        stream.close();
        in.streams.onTouched(in.now, stream);
        assertEquals(0, in.streams.size());
        assertEquals(List.of("stop 1"), in.notes);
    }

    @Test
    void dropsWhatArrivesAfterTheReaderClosed() {
        bytes(0, 0, Inbound.bytes(1000, 1), false);
        final EngineStream stream = opened();
        stream.close();
        in.streams.onTouched(in.now, stream);
        assertEquals(List.of("stop 0"), in.notes);
        assertEquals(Placement.RECEIVED, bytes(0, 1000, Inbound.bytes(1000, 1), true));
        assertEquals(EngineStream.FAILED, stream.read(ByteBuffer.allocate(1)));
        final List<Piece> pieces = new ArrayList<>();
        pull(in, 1000, pieces);
        done(pieces.getFirst());
        assertEquals(0, in.streams.size());
        assertEquals(0, in.memory.promisedBytes() - in.messages.windowBytes());
    }

    @Test
    void keepsWhatHasArrivedWhenTheConnectionEnds() {
        bytes(0, 0, Inbound.bytes(1000, 1), false);
        bytes(2, 0, Inbound.bytes(10, 1), true);
        final EngineStream first = opened();
        final EngineStream second = opened();
        final EngineStream mine = in.streams.open();
        assertNotNull(mine);
        in.streams.closeAll("the peer is gone");
        in.pieces.close();
        assertTrue(becameReady());
        assertEquals("the peer is gone", first.failure());
        assertTrue(mine.isReadable() && mine.isWritable());
        assertEquals(EngineStream.FAILED, mine.write(ByteBuffer.wrap(new byte[1])));
        assertEquals(EngineStream.FAILED, mine.read(ByteBuffer.allocate(1)));
        assertArrayEquals(Inbound.bytes(1000, 1), read(first, 2000));
        assertEquals(EngineStream.FAILED, first.read(ByteBuffer.allocate(1)));
        assertArrayEquals(Inbound.bytes(10, 1), read(second, 2000));
        assertEquals(EngineStream.END, second.read(ByteBuffer.allocate(1)));
        first.close();
        second.close();
        mine.close();
        assertTrue(in.memory.isFreed());
        assertNull(in.streams.open());
        in.streams.onTouched(in.now, first);
    }

    @Test
    void limitsOurOwnStreams() {
        for (int i = 0; i < 4; i++) {
            assertNotNull(in.streams.open());
        }
        assertNull(in.streams.open());
    }

    @Test
    void carriesBytesBetweenTwoThreadsThroughTwoTables() throws InterruptedException {
        final Inbound sender = new Inbound(true, 1 << 20, 64 * 1024, 4);
        final EngineStream out = sender.streams.open();
        assertNotNull(out);
        bytes(0, 0, new byte[0], false);
        final EngineStream input = opened();
        final byte[] all = Inbound.bytes(3_000_000, 9);
        final byte[] got = new byte[all.length + 1];
        final Thread writer = new Thread(() -> write(out, all));
        final int[] length = {0};
        final Thread reader = new Thread(() -> length[0] = readAll(input, got));
        writer.setDaemon(true);
        reader.setDaemon(true);
        writer.start();
        reader.start();
        final SplittableRandom random = new SplittableRandom(6);
        final List<Piece> flying = new ArrayList<>();
        int turns = 0;
        while (reader.isAlive()) {
            assertTrue(turns++ < 100_000_000, "no progress");
            carryCredit(sender);
            sender.streams.onTouched(sender.now, out);
            in.streams.onTouched(in.now, input);
            pull(sender, 1 + random.nextInt(70_000), flying);
            if (!flying.isEmpty() && (flying.size() > 6 || !sender.streams.hasOutbound())) {
                fly(sender, flying.remove(random.nextInt(flying.size())));
            }
            in.now += 10_000;
        }
        writer.join();
        reader.join();
        assertEquals(all.length, length[0]);
        assertArrayEquals(all, Arrays.copyOf(got, all.length));
    }

    // Delivers a piece, then what the receiver said about credit, then the acknowledgement.
    private void fly(Inbound sender, Piece piece) {
        final byte[] bytes =
                piece.source.asSlice(piece.sourceOffset, piece.length).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
        final Described chunk = chunk(in, 0, piece.arguments[1], bytes, piece.flags != 0);
        chunk.shortChunkBytes = 9000;
        chunk.fullChunkBytes = 9000;
        chunk.firstCsn = in.window.highestCsn();
        assertEquals(Placement.RECEIVED, in.sendAll(chunk), in.pieces.errorText());
        carryCredit(sender);
        done(piece);
    }

    private void carryCredit(Inbound sender) {
        for (final String note : in.notes) {
            final String[] words = note.split(" ");
            sender.streams.onCredit(Long.parseLong(words[1]), Long.parseLong(words[2]));
        }
        in.notes.clear();
    }

    private static void write(EngineStream out, byte[] all) {
        final SplittableRandom random = new SplittableRandom(7);
        final MemorySegment source = MemorySegment.ofArray(all);
        int at = 0;
        while (at < all.length) {
            final int taken = out.write(source, at, Math.min(all.length - at, 1 + random.nextInt(100_000)));
            assertTrue(taken >= 0);
            at += taken;
            if (taken == 0) {
                Thread.onSpinWait();
            }
        }
        out.shutdownOutput();
    }

    private static int readAll(EngineStream input, byte[] into) {
        final SplittableRandom random = new SplittableRandom(8);
        final MemorySegment target = MemorySegment.ofArray(into);
        int at = 0;
        while (true) {
            final int taken = input.read(target, at, Math.min(into.length - at, 1 + random.nextInt(50_000)));
            if (taken < 0) {
                return taken == EngineStream.END ? at : taken;
            }
            at += taken;
            if (taken == 0) {
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void closingUnderAReaderNeverGivesItForeignBytes() throws InterruptedException {
        for (int round = 0; round < 100; round++) {
            final Inbound peer = new Inbound();
            peer.sendAll(chunk(peer, 0, 0, filled((byte) 1), false));
            final EngineEvent event = peer.poll(EngineEvent.Type.STREAM_OPENED);
            assertNotNull(event);
            final EngineStream stream = event.stream();
            assertNotNull(stream);
            final boolean[] foreign = {false};
            final Thread reader = new Thread(() -> foreign[0] = sawForeign(stream));
            reader.start();
            stream.close();
            peer.streams.onTouched(peer.now, stream);
            peer.sendAll(chunk(peer, 2, 0, filled((byte) 2), false));
            reader.join();
            assertFalse(foreign[0]);
        }
    }

    private static byte[] filled(byte value) {
        final byte[] bytes = new byte[30_000];
        Arrays.fill(bytes, value);
        return bytes;
    }

    private static boolean sawForeign(EngineStream stream) {
        final ByteBuffer buffer = ByteBuffer.allocate(100);
        while (stream.read(buffer) > 0) {
            for (int i = 0; i < buffer.position(); i++) {
                if (buffer.get(i) != 1) {
                    return true;
                }
            }
            buffer.clear();
        }
        return false;
    }
}
