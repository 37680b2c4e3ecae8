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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Grant;
import io.longhaul.Right;
import io.longhaul.core.Inbound.Described;
import io.longhaul.core.wire.PlacedImmediate;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Immediates that the peer has not sent: whoever sees the queue pair's number can forge a write of no bytes.
class PlacedChunksTest {
    private static final int WINDOW = 1024;

    private final Inbound in = new Inbound();
    private final ReceiveLanes lanes = new ReceiveLanes(2);
    private final List<String> violations = new ArrayList<>();
    private final PacketReader reader = new PacketReader(
            new PacketVerifier(in.config, null, in.window),
            in.window,
            lanes,
            in.pieces,
            new ParityReceiver(in.window, in.pieces, new PlacedMemory(in.regions, in), in.config.fec()),
            new AckScheduler(in.window, lanes, 1),
            new PacketReader.Frames() {
                @Override
                public boolean onAck(long nowNanos, MemorySegment segment, long offset) {
                    return true;
                }

                @Override
                public void onProbe(long nowNanos, int flags, int packetBytes, long nonce, long wantedBytes) {}

                @Override
                public boolean isLive() {
                    return true;
                }

                @Override
                public void onClose(long nowNanos, int code, String reason) {}

                @Override
                public void onViolation(long nowNanos, String text) {
                    violations.add(text);
                }
            });

    private boolean placed(long csn, int bytes) {
        return reader.onPlaced(in.now, 0, PlacedImmediate.of(csn), bytes);
    }

    private Described begunWrite() {
        in.regions.expose("r", Arena.ofAuto().allocate(1 << 16), new Grant(Set.of(Right.WRITE), null));
        final Described write = in.write(7, in.key("r"), 0, Inbound.bytes(5000, 1));
        in.sendChunk(write, 0);
        return write;
    }

    @Test
    void thatCannotBeAreDroppedAndCounted() {
        final Described write = begunWrite();
        final Described message = in.message(8, Inbound.bytes(3000, 2), 0, 3000);
        in.sendChunk(message, 0);
        assertFalse(placed(WINDOW + 5000, 100), "beyond the credit");
        assertFalse(placed(write.firstCsn + 20, 0), "no bytes");
        assertFalse(placed(write.firstCsn, 0), "no bytes, of a chunk that was received");
        assertFalse(placed(write.firstCsn + 20, 149), "another length");
        assertFalse(placed(message.firstCsn + 16, 150), "a message");
        assertFalse(placed(message.firstCsn + 500, 0), "no bytes, of a chunk that is not described");
        assertEquals(List.of(), violations);
        assertEquals(6, reader.corruptPackets());
        assertEquals(0, lanes.totalPackets());
        assertEquals(0, in.pieces.orphans());
    }

    @Test
    void areDroppedWhenTheDescriptionSaysOtherwise() {
        assertTrue(placed(20, 149), "as long as there is no description");
        assertTrue(placed(20, 150), "another note of the same chunk");
        final Described write = begunWrite();
        assertEquals(0, write.firstCsn);
        assertEquals(20, in.pieces.nextEarly());
        assertEquals(149, in.pieces.earlyBytes());
        assertEquals(Placement.MISMATCHED, in.pieces.onPlaced(in.now, 20, in.pieces.earlyBytes()));
        assertEquals(-1, in.pieces.nextEarly());
        assertEquals(List.of(), violations);
    }
}
