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
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Grant;
import io.longhaul.Right;
import io.longhaul.core.fec.XorKernel;
import io.longhaul.core.wire.OperationFlyweight;
import io.longhaul.core.wire.ParityFlyweight;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ParityReceiverTest {
    private static final int AT = 5;

    private final Inbound in = new Inbound();
    private final ParityReceiver repairs =
            new ParityReceiver(in.window, in.pieces, new PlacedMemory(in.regions, in), in.config.fec());
    private final ParityEncoder encoder = new ParityEncoder(new XorKernel());
    private final MemorySegment region = MemorySegment.ofArray(new long[2048]);

    private Inbound.Described write(int length) {
        in.regions.expose("r", region, new Grant(Set.of(Right.WRITE), null));
        return in.write(7, in.key("r"), 64, Inbound.bytes(length, 1));
    }

    private byte[] written(int length) {
        return region.asSlice(64, length).toArray(ValueLayout.JAVA_BYTE);
    }

    private void sendAllBut(Inbound.Described described, Integer... missing) {
        for (int i = 0; i < described.chunks(); i++) {
            if (!Arrays.asList(missing).contains(i)) {
                in.sendChunk(described, i);
            }
        }
    }

    private static Piece piece(Inbound.Described described) {
        final Piece piece = new Piece();
        piece.kind = described.kind;
        piece.operationId = described.operationId;
        piece.length = described.length();
        System.arraycopy(described.arguments, 0, piece.arguments, 0, described.arguments.length);
        piece.source = MemorySegment.ofArray(described.bytes);
        piece.firstCsn = described.firstCsn;
        piece.chunkCount = described.chunks();
        piece.shortChunkBytes = described.shortChunkBytes;
        piece.fullChunkBytes = described.fullChunkBytes;
        return piece;
    }

    // Writes a frame as a sender would; gives its length.
    private int frame(Inbound.Described described, int group, int groups, int row, boolean withDescription) {
        final Piece piece = piece(described);
        assertTrue(encoder.encode(piece, group, groups, 4));
        final int flags = withDescription ? ParityFlyweight.FLAG_DESCRIBED : 0;
        ParityFlyweight.putGroup(in.packet, AT, flags, piece.firstCsn, group, groups);
        ParityFlyweight.putRow(in.packet, AT, row, 4, encoder.parityBytes(), encoder.check());
        int header = ParityFlyweight.HEADER_BYTES;
        if (withDescription) {
            DataSender.putDescription(in.packet, AT + header, piece, piece.firstCsn, 0, 0, 0);
            header += OperationFlyweight.headerBytes(piece.kind);
        }
        encoder.copy(row, in.packet, AT + header);
        return header + encoder.parityBytes();
    }

    private boolean receive(int bytes) {
        assertEquals(bytes, ParityReceiver.frameBytes(in.packet, AT, bytes));
        assertEquals(-1, ParityReceiver.frameBytes(in.packet, AT, bytes - 1));
        final boolean valid = repairs.onParity(in.now, in.packet, AT, bytes);
        place();
        return valid;
    }

    private void place() {
        for (int i = 0; i < repairs.repairedCount(); i++) {
            final long csn = repairs.repairedCsn(i);
            assertEquals(
                    Placement.RECEIVED,
                    in.pieces.onRepaired(in.now, csn, repairs.repairedBytes(), repairs.repairedOffset(i)));
            if (in.window.mark(csn)) {
                in.pieces.onCumulative(in.now, in.window.cumulativeCsn());
            }
        }
        repairs.onPlaced();
    }

    @Test
    void repairsTheMissingChunksOfAWrite() {
        final Inbound.Described write = write(5000);
        sendAllBut(write, 1, 18, 34);
        assertTrue(receive(frame(write, 0, 1, 3, false)));
        assertTrue(receive(frame(write, 0, 1, 0, false)));
        assertEquals(0, repairs.repairedChunks());
        assertTrue(receive(frame(write, 0, 1, 2, false)));
        assertEquals(3, repairs.repairedChunks());
        assertArrayEquals(Inbound.bytes(5000, 1), written(5000));
        assertEquals(write.chunks(), in.window.cumulativeCsn());
        assertEquals(0, in.pieces.pieces());
    }

    @Test
    void repairsEachOfInterleavedGroupsForItself() {
        final Inbound.Described write = write(5000);
        sendAllBut(write, 3, 4, 5);
        assertTrue(receive(frame(write, 1, 3, 0, false)));
        assertEquals(1, repairs.repairedChunks());
        assertTrue(receive(frame(write, 0, 3, 2, false)));
        assertTrue(receive(frame(write, 2, 3, 1, false)));
        assertEquals(3, repairs.repairedChunks());
        assertArrayEquals(Inbound.bytes(5000, 1), written(5000));
    }

    @Test
    void aChunkThatComesLateCompletesWhatParityWaitedFor() {
        final Inbound.Described write = write(5000);
        sendAllBut(write, 2, 20);
        assertTrue(receive(frame(write, 0, 1, 0, false)));
        assertTrue(repairs.isWaiting());
        in.sendChunk(write, 20);
        repairs.onChunk(in.now, write.firstCsn + 20);
        place();
        assertEquals(1, repairs.repairedChunks());
        assertArrayEquals(Inbound.bytes(5000, 1), written(5000));
        assertFalse(repairs.isWaiting());
    }

    @Test
    void parityAloneBringsAShortMessage() {
        final byte[] bytes = Inbound.bytes(350, 9);
        final Inbound.Described message = in.message(3, bytes, 0, 350);
        assertEquals(4, message.chunks());
        for (int row = 0; row < 4; row++) {
            assertTrue(receive(frame(message, 0, 1, row, true)));
        }
        final EngineEvent event = in.poll(EngineEvent.Type.MESSAGE);
        assertTrue(event != null && event.message() != null);
        assertArrayEquals(bytes, event.message().segment().toArray(ValueLayout.JAVA_BYTE));
    }

    /// The application, or another write to the same place, has changed what had arrived: nothing may be repaired
    /// with it.
    @Test
    void doesNotRepairWithMemoryThatWasWrittenTo() {
        final Inbound.Described write = write(5000);
        sendAllBut(write, 7);
        region.set(ValueLayout.JAVA_BYTE, 64 + 2000, (byte) ~region.get(ValueLayout.JAVA_BYTE, 64 + 2000));
        assertTrue(receive(frame(write, 0, 1, 0, false)));
        assertEquals(0, repairs.repairedChunks());
        assertEquals(1, repairs.failedRepairs());
        assertEquals(7, in.window.cumulativeCsn());
        assertEquals(Placement.RECEIVED, in.sendChunk(write, 7));
    }

    @Test
    void changesNothingAfterCompletion() {
        final Inbound.Described write = write(1000);
        in.sendAll(write);
        region.fill((byte) 0);
        for (int row = 0; row < 4; row++) {
            assertTrue(receive(frame(write, 0, 1, row, true)));
        }
        assertArrayEquals(new byte[1000], written(1000));
        assertEquals(0, repairs.repairedChunks());
    }

    @Test
    void repairsNothingInARegionThatWasRevoked() {
        final Region exposed = in.regions.expose("gone", region, new Grant(Set.of(Right.WRITE), null));
        final Inbound.Described write = in.write(7, in.key("gone"), 64, Inbound.bytes(5000, 1));
        sendAllBut(write, 7);
        exposed.beginRevoke(() -> {});
        assertTrue(receive(frame(write, 0, 1, 0, false)));
        assertEquals(0, repairs.repairedChunks());
    }

    @Test
    void parityThatDoesNotFitItsPieceBreaksTheProtocol() {
        final Inbound.Described write = write(5000);
        sendAllBut(write, 1);
        final int bytes = frame(write, 0, 1, 0, false);
        ParityFlyweight.putRow(in.packet, AT, 0, 4, encoder.parityBytes() - 1, encoder.check());
        assertFalse(repairs.onParity(in.now, in.packet, AT, bytes - 1));
        frame(write, 0, 1, 0, false);
        ParityFlyweight.putGroup(in.packet, AT, 0, write.firstCsn, 100, 200);
        assertFalse(repairs.onParity(in.now, in.packet, AT, bytes));
    }

    @Test
    void randomFramesNeitherThrowNorRepairAnything() {
        final SplittableRandom random = new SplittableRandom(1);
        final Inbound.Described write = write(5000);
        sendAllBut(write, 1, 2, 3);
        final byte[] bytes = new byte[600];
        for (int round = 0; round < 4000; round++) {
            random.nextBytes(bytes);
            MemorySegment.copy(bytes, 0, in.packet, ValueLayout.JAVA_BYTE, AT, bytes.length);
            if (random.nextBoolean()) {
                frame(write, 0, 1, random.nextInt(4), random.nextBoolean());
                in.packet.set(ValueLayout.JAVA_BYTE, AT + random.nextInt(200), (byte) random.nextInt());
            }
            final int length = ParityReceiver.frameBytes(in.packet, AT, bytes.length);
            assertTrue(length == -1 || length > ParityFlyweight.HEADER_BYTES && length <= bytes.length);
            if (length > 0) {
                repairs.onParity(in.now, in.packet, AT, length);
                repairs.onPlaced();
            }
        }
        sendAllBut(write);
        assertArrayEquals(Inbound.bytes(5000, 1), written(5000));
    }

    @Test
    void theFrameIsTheOneOfTheWireFormat() {
        final MemorySegment frame = MemorySegment.ofArray(new byte[ParityFlyweight.HEADER_BYTES]);
        ParityFlyweight.putGroup(frame, 0, ParityFlyweight.FLAG_DESCRIBED, 0x0102_0304_0506_0708L, 0x0b, 0x0c);
        ParityFlyweight.putRow(frame, 0, 0x09, 0x0a, 0x2233, 0x8d8e_8f90L);
        assertArrayEquals(
                new byte[] {
                    7,
                    1,
                    0x22,
                    0x33,
                    1,
                    2,
                    3,
                    4,
                    5,
                    6,
                    7,
                    8,
                    9,
                    10,
                    11,
                    12,
                    (byte) 0x8d,
                    (byte) 0x8e,
                    (byte) 0x8f,
                    (byte) 0x90
                },
                frame.toArray(ValueLayout.JAVA_BYTE));
        assertEquals(0x0102_0304_0506_0708L, ParityFlyweight.firstCsn(frame, 0));
        assertEquals(9, ParityFlyweight.row(frame, 0));
        assertEquals(10, ParityFlyweight.rows(frame, 0));
        assertEquals(11, ParityFlyweight.group(frame, 0));
        assertEquals(12, ParityFlyweight.groups(frame, 0));
        assertEquals(0x2233, ParityFlyweight.parityBytes(frame, 0));
        assertEquals(0x8d8e_8f90L, ParityFlyweight.check(frame, 0));
        assertTrue(ParityFlyweight.isDescribed(frame, 0));
    }
}
