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
package io.longhaul.cli.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.cli.control.Digest;
import io.longhaul.cli.control.RefusalException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class BlockPlanTest {
    private static final long GIB = 1L << 30;

    @Test
    void cutsAFileAboveFourGibibytes() {
        final BlockPlan plan = new BlockPlan(0, 5 * GIB + 3, 8 << 20, 8);
        assertEquals(641, plan.blocks());
        assertEquals(5 * GIB, plan.offsetOf(640));
        assertEquals(3, plan.lengthOf(640));
        assertEquals(8 << 20, plan.lengthOf(639));
        assertEquals(0, plan.slotOffsetOf(640));
        assertEquals(7L << 23, plan.slotOffsetOf(639));
    }

    @Test
    void continuesWhereAnEarlierTryEnded() {
        final BlockPlan plan = new BlockPlan(1000, 2500, 1000, 2);
        assertEquals(2, plan.blocks());
        assertEquals(1000, plan.offsetOf(0));
        assertEquals(500, plan.lengthOf(1));
        assertEquals(0, new BlockPlan(2500, 2500, 1000, 2).blocks());
        assertEquals(0, new BlockPlan(0, 0, 0, 0).blocks());
    }

    @Test
    void refusesPlansThatLeadNowhere() {
        assertThrows(IllegalArgumentException.class, () -> new BlockPlan(5, 4, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new BlockPlan(0, 4, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new BlockPlan(0, 4, 1, 0));
    }

    @Test
    void windowsFollowThePath() {
        // 10 Gb/s x 100 ms = 125 MB; 2.25 of it.
        assertEquals(281_250_000, WindowSize.bytesFor(10_000_000_000L, 100_000_000, GIB));
        assertEquals(64 << 20, WindowSize.bytesFor(10_000_000_000L, 1_000_000, GIB));
        assertEquals(256 << 20, WindowSize.bytesFor(0, 500_000_000, GIB));
        assertEquals(GIB, WindowSize.bytesFor(100_000_000_000L, 100_000_000, GIB));
        assertEquals(10 << 20, WindowSize.bytesFor(0, 500_000_000, 10 << 20));
    }

    @Test
    void ringsHaveSeveralSlotsAndNoMoreThanNeeded() {
        assertEquals(new WindowSize(8 << 20, 32), WindowSize.of(256 << 20, 5 * GIB));
        assertEquals(new WindowSize(4 << 20, 16), WindowSize.of(64 << 20, 5 * GIB));
        assertEquals(new WindowSize(65_536, 1), WindowSize.of(64 << 20, 1));
        for (long left = 1; left < GIB; left = left * 3 + 1) {
            final WindowSize size = WindowSize.of(64 << 20, left);
            assertTrue(size.bytes() < left + size.slotBytes(), size.toString());
            assertTrue(size.bytes() <= (64 << 20) + size.slotBytes(), size.toString());
        }
    }

    @Test
    void patternsFollowFromTheirPlaceAlone() throws Exception {
        final ByteBuffer whole = ByteBuffer.allocateDirect(1003);
        Pattern.fill(whole, 42, 0);
        final ByteBuffer part = ByteBuffer.allocate(203);
        Pattern.fill(part, 42, 800);
        assertEquals(whole.flip().slice(800, 203), part.flip());
        assertThrows(IllegalArgumentException.class, () -> Pattern.fill(ByteBuffer.allocate(8), 1, 4));
        final ByteBuffer other = ByteBuffer.allocate(203);
        Pattern.fill(other, 43, 800);
        assertTrue(other.flip().mismatch(part) >= 0);
    }

    @Test
    void aPatternSinkNamesTheWrongByte() throws Exception {
        final ByteBuffer block = ByteBuffer.allocateDirect(300_000);
        Pattern.fill(block, 1, 4096);
        final BlockSink sink = Pattern.sink(1);
        sink.write(4096, block.flip());
        block.rewind();
        block.put(200_001, (byte) ~block.get(200_001));
        final RefusalException e = assertThrows(RefusalException.class, () -> sink.write(4096, block));
        assertTrue(String.valueOf(e.getMessage()).contains("byte 204097"), e.getMessage());
    }

    @Test
    void digestsCanBeReadOnTheWay() {
        final BlockDigest digest = BlockDigest.sha256();
        digest.update(ByteBuffer.wrap(new byte[] {1, 2}));
        final Digest half = digest.value();
        assertEquals(half, digest.value());
        digest.update(ByteBuffer.wrap(new byte[] {3}));
        final Digest whole = digest.value();
        digest.reset();
        digest.update(ByteBuffer.wrap(new byte[] {1, 2, 3}));
        assertEquals(whole, digest.value());
    }

    @Test
    void aPatternFindsBytesInTheWrongPlace() {
        final Pattern pattern = new Pattern(7);
        final ByteBuffer block = ByteBuffer.allocateDirect(40_003);
        pattern.fill(block, 8);
        block.flip();
        assertEquals(-1, pattern.mismatch(block, 8));
        assertTrue(pattern.mismatch(block, 16) >= 0);
        assertTrue(pattern.mismatch(block, 8 + 4096) >= 0);
        assertEquals(-1, pattern.mismatch(block.slice(8192, 8), 8200));
        for (int at : new int[] {0, 4087, 4088, 4095, 4096, 20_000, 40_002}) {
            block.put(at, (byte) ~block.get(at));
            assertEquals(at, pattern.mismatch(block, 8));
            block.put(at, (byte) ~block.get(at));
        }
        assertEquals(0, block.position());
    }
}
