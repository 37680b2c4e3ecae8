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
import io.longhaul.Right;
import io.longhaul.core.Inbound.Described;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// Frames that overtake the description of their piece.
class OrphanFramesTest {
    private static final int FRAME_BYTES = 1000;

    private final MemorySegment packet = Arena.ofAuto().allocate(FRAME_BYTES);

    private static void placeKept(Inbound in) {
        OrphanFrames.Frame frame = in.pieces.nextKept();
        while (frame != null) {
            if (in.window.status(frame.csn()) == ReceiveWindow.NEW) {
                assertEquals(Placement.RECEIVED, in.pieces.onData(in.now, frame.segment(), frame.offset()));
                in.window.mark(frame.csn());
            }
            in.pieces.onKeptDone(frame);
            frame = in.pieces.nextKept();
        }
    }

    @Test
    void keepNoMemoryAtRest() {
        final ReceiveMemory memory = new ReceiveMemory(1 << 20);
        final OrphanFrames frames = new OrphanFrames(memory, 1 << 20);
        frames.keep(1, packet, 0, FRAME_BYTES);
        frames.rest();
        final OrphanFrames.Frame frame = frames.remove(1);
        assertNotNull(frame);
        frames.release(frame);
        frames.rest();
        memory.trim();
        memory.freeUnused();
        assertTrue(memory.isEmpty(), "the block is still taken");
        frames.keep(2, packet, 0, FRAME_BYTES);
        assertEquals(1, frames.size());
    }

    @Test
    void areFoundByTheirChunkAndLeaveNothingBehind() {
        final OrphanFrames frames = new OrphanFrames(new ReceiveMemory(1 << 20), 1 << 20);
        for (int i = 0; i < 100; i++) {
            packet.set(ValueLayout.JAVA_BYTE, 0, (byte) i);
            frames.keep(i, packet, 0, FRAME_BYTES);
            frames.keep(i, packet, 0, FRAME_BYTES);
        }
        assertEquals(100, frames.size());
        for (int i = 99; i >= 0; i--) {
            final OrphanFrames.Frame frame = frames.remove(i);
            assertEquals((byte) i, frame.segment().get(ValueLayout.JAVA_BYTE, frame.offset()));
            frames.release(frame);
        }
        assertTrue(frames.isEmpty());
        assertNull(frames.remove(0));
    }

    @Test
    void areTakenInOrderAndAtTheCostOfWhatIsKept() {
        final OrphanFrames frames = new OrphanFrames(new ReceiveMemory(1 << 20), 1 << 20);
        final EarlyChunks early = new EarlyChunks();
        final long far = 1L << 40;
        for (final long csn : new long[] {far, 900_000, 17, 20, 3}) {
            frames.keep(csn, packet, 0, FRAME_BYTES);
            early.add(csn, (int) csn & 0xff);
        }
        // 10^10 CSNs in all: to look at each of them takes minutes.
        assertTimeout(Duration.ofSeconds(10), () -> {
            for (int i = 0; i < 10_000; i++) {
                frames.begin(1_000_000, 2_000_000);
                early.begin(1_000_000, 2_000_000);
                assertNull(frames.next());
                assertEquals(-1, early.next());
            }
        });
        frames.begin(10, 1_000_000);
        early.begin(10, 1_000_000);
        for (final long csn : new long[] {17, 20, 900_000}) {
            final OrphanFrames.Frame frame = frames.next();
            assertNotNull(frame);
            assertEquals(csn, frame.csn());
            frames.release(frame);
            assertEquals(csn, early.next());
        }
        assertNull(frames.next());
        assertFalse(frames.isTaking());
        assertEquals(2, frames.size());
        frames.begin(2, 4);
        assertEquals(3, frames.next().csn());
    }

    @Test
    void takeAnEighthOfTheMemoryAtMostAndUseItAgain() {
        final OrphanFrames frames = new OrphanFrames(new ReceiveMemory(1 << 20), 1 << 20);
        final int most = 2 * (ReceiveMemory.BLOCK_BYTES / FRAME_BYTES);
        for (int round = 0; round < 5; round++) {
            final int first = 10_000 * round;
            for (int i = 0; i < 2 * most; i++) {
                frames.keep(first + i, packet, 0, FRAME_BYTES);
            }
            assertEquals(most, frames.size());
            frames.drop(first, first + 2L * most);
            assertTrue(frames.isEmpty());
        }
    }

    @Test
    void arePlacedWhenTheDescriptionArrives() {
        final Inbound in = new Inbound();
        final MemorySegment region = Arena.ofAuto().allocate(5000);
        in.regions.expose("w", region, Grant.of(Right.WRITE));
        final byte[] bytes = Inbound.bytes(5000, 1);
        final Described write = in.write(7, in.key("w"), 0, bytes);
        for (int i = write.chunks() - 1; i > 0; i--) {
            in.sendChunk(write, i);
            placeKept(in);
        }
        in.sendChunk(write, 0);
        assertEquals(write.chunks(), in.window.cumulativeCsn());
        assertArrayEquals(bytes, region.toArray(ValueLayout.JAVA_BYTE));
        assertEquals(0, in.pieces.pieces());
    }

    @Test
    void areDroppedWithTheirVoidedPiece() {
        final Inbound in = new Inbound();
        final Described write = in.write(7, 1, 0, Inbound.bytes(5000, 1));
        assertEquals(Placement.ORPHAN, in.sendChunk(write, 20));
        in.voidAll(write);
        assertEquals(write.chunks(), in.window.cumulativeCsn());
        in.pieces.close();
    }
}
