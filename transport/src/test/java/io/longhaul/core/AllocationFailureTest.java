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
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.core.Inbound.Described;
import io.longhaul.core.wire.OperationKind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Native memory that is not there, drawn by seed: what needs it ends with a typed error or waits to be sent again, and
/// everything else goes on.
@Timeout(60)
class AllocationFailureTest {
    private static final int SEEDS = Integer.getInteger("longhaul.seeds", 20);
    private static final int MEMORY_BYTES = 8 << 20;

    /// Refuses by chance, and counts what it gave.
    private static final class Scarce implements ReceiveMemory.Allocator {
        private final SplittableRandom random;
        private double refused;
        private int refusals;

        Scarce(long seed, double refused) {
            random = new SplittableRandom(seed);
            this.refused = refused;
        }

        @Override
        public MemorySegment allocate(Arena arena, long bytes) {
            if (random.nextDouble() < refused) {
                refusals++;
                throw new OutOfMemoryError("refused by the test");
            }
            return arena.allocate(bytes, 64);
        }
    }

    private static Inbound inbound(Scarce scarce, long messageCreditBytes) {
        final Inbound inbound = new Inbound(false, MEMORY_BYTES, messageCreditBytes, 16);
        inbound.memory.allocator(scarce);
        return inbound;
    }

    @Test
    @Tag("fault-56")
    void messagesWithoutMemoryAreRefusedAndAllOthersArriveWhole() {
        for (int seed = 1; seed <= SEEDS; seed++) {
            final Scarce scarce = new Scarce(seed, 0.5);
            final Inbound in = inbound(scarce, MEMORY_BYTES);
            final SplittableRandom random = new SplittableRandom(seed);
            final Set<Long> refused = new HashSet<>();
            for (long id = 0; id < 60; id++) {
                final int length = 1 << random.nextInt(18);
                final byte[] bytes = Inbound.bytes(length, (int) id);
                final Described message = in.message(id, bytes, 0, length);
                final Placement placement = in.sendAll(message);
                final String text = "seed " + seed + ", message " + id + " of " + length + " bytes";
                if (in.notes.contains("reject " + id + " REMOTE_RESOURCES_EXHAUSTED")) {
                    in.voidAll(message); // as its sender does
                    refused.add(id);
                } else {
                    assertEquals(Placement.RECEIVED, placement, text);
                    assertArrives(in, bytes, text);
                }
            }
            assertTrue(scarce.refusals > 0 && !refused.isEmpty(), "seed " + seed + ": nothing was refused");
            assertTrue(refused.size() < 60, "seed " + seed + ": nothing arrived");
            scarce.refused = 0;
            final byte[] all = Inbound.bytes(MEMORY_BYTES, seed);
            assertEquals(
                    Placement.RECEIVED,
                    in.sendAll(in.message(100, all, 0, all.length)),
                    "seed " + seed + ": the credit of refused messages is back");
            assertArrives(in, all, "seed " + seed + ", the last one");
            in.messages.close();
            assertTrue(in.memory.isFreed(), "seed " + seed + ": everything is freed");
        }
    }

    private static void assertArrives(Inbound in, byte[] bytes, String text) {
        final EngineEvent event = in.poll(EngineEvent.Type.MESSAGE);
        assertNotNull(event, text);
        final InboundMessage message = event.message();
        assertNotNull(message, text);
        assertArrayEquals(bytes, message.segment().toArray(ValueLayout.JAVA_BYTE), text);
        message.release();
        in.messages.reclaim();
    }

    @Test
    @Tag("fault-56")
    void bytesOfStreamsWithoutMemoryAreTakenWhenTheyComeAgain() {
        for (int seed = 1; seed <= SEEDS; seed++) {
            final Scarce scarce = new Scarce(seed, 0.7);
            final Inbound in = inbound(scarce, 64 * 1024);
            final byte[] bytes = Inbound.bytes(60_000, seed);
            final Described piece = in.piece(OperationKind.STREAM, 0, bytes, 0, 0);
            int again = 0;
            for (int i = 0; i < piece.chunks(); i++) {
                while (in.sendChunk(piece, i) != Placement.RECEIVED) {
                    assertTrue(again++ < 1000, "seed " + seed + ": chunk " + i + " never arrives");
                }
            }
            assertEquals(scarce.refusals, again, "seed " + seed);
            final EngineEvent event = in.poll(EngineEvent.Type.STREAM_OPENED);
            assertNotNull(event);
            final EngineStream stream = event.stream();
            assertNotNull(stream);
            final ByteBuffer read = ByteBuffer.allocate(bytes.length);
            while (read.hasRemaining()) {
                assertTrue(stream.read(read) > 0, "seed " + seed);
            }
            assertArrayEquals(bytes, read.array(), "seed " + seed);
        }
    }
}
