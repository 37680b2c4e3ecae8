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
package io.longhaul.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Grant;
import io.longhaul.Operation;
import io.longhaul.Right;
import io.longhaul.core.ConnectionEngine;
import io.longhaul.core.EngineEvent;
import io.longhaul.core.InboundMessage;
import io.longhaul.core.Transmit;
import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Packets and their frames, as a peer could write them that means ill: with a right check sum, or sealed and changed
/// afterwards. The memory that was granted for reading never changes.
@Timeout(600)
class PacketFuzzTest {
    private static final int REGION_BYTES = 4_096;
    /// Most frames end the connection, and another pair of engines must be made.
    private static final int ENGINES_MADE = 20;
    private static final int HEADER_BYTES = 20;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private static Pair.Settings settings(boolean sealed) {
        final Pair.Settings settings = new Pair.Settings()
                .seed(5)
                .lanes(2)
                .ipBytes(1500)
                .maxMemory(1 << 20)
                .link(WireConfig.builder()
                        .delay(Duration.ofMillis(1))
                        .rateBitsPerSecond(1_000_000_000L)
                        .lossFraction(0.02));
        return sealed ? settings.sealed() : settings;
    }

    // A session with every kind of frame, and what the client sent in it.
    private static Pair session(boolean sealed, Arena arena, MemorySegment memory, List<byte[]> packets) {
        final Pair pair = new Pair(settings(sealed));
        pair.tap = (at, lane, packet, length) -> {
            if (at == pair.server && packets.size() < 400) {
                packets.add(packet.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
            }
        };
        pair.establish();
        pair.server.exposed.expose("read", memory, Grant.of(Right.READ));
        pair.server.exposed.expose(
                "all", arena.allocate(REGION_BYTES, 8), Grant.of(Right.READ, Right.WRITE, Right.ATOMIC));
        final var all = pair.lookup(pair.client, "all");
        final var read = pair.lookup(pair.client, "read");
        final MemorySegment local = arena.allocate(REGION_BYTES, 8);
        for (int i = 0; i < 6; i++) {
            pair.complete(pair.client, new Operation().write(local, 0, 100 << i, all, 0), 1_000_000_000L);
            pair.complete(pair.client, new Operation().read(read, 0, local, 0, 4_000), 1_000_000_000L);
            pair.complete(pair.client, new Operation().send(local, 0, 4_000), 1_000_000_000L);
            pair.complete(pair.client, new Operation().fetchAndAdd(all, 8, 1), 1_000_000_000L);
        }
        final var stream = pair.client.engine.openStream();
        if (stream != null) {
            stream.write(ByteBuffer.allocate(3_000));
            stream.shutdownOutput();
            pair.client.engine.onStreamTouched(pair.clock(pair.client), stream);
        }
        pair.runFor(100_000_000L);
        return pair;
    }

    /// A server that takes one packet after the other, and is made anew when one has ended its connection.
    private static final class Victim implements Fuzzer.Target {
        private final boolean sealed;
        private final MemorySegment packet;
        private final MemorySegment memory;
        private final Transmit transmit = new Transmit();
        private final MemorySegment answer;
        private Pair pair;
        private ConnectionEngine engine;
        private boolean closed;
        private long nowNanos;
        private long number = 1L << 40;

        Victim(Arena arena, boolean sealed, Pair pair, MemorySegment memory) {
            this.sealed = sealed;
            this.pair = pair;
            this.memory = memory;
            engine = pair.server.engine;
            nowNanos = pair.nowNanos();
            packet = arena.allocate(32_768, 8);
            answer = arena.allocate(9_000, 8);
        }

        private void renew() {
            pair.close();
            pair = new Pair(settings(sealed));
            engine = pair.server.engine;
            closed = false;
            nowNanos = 0;
            pair.server.exposed.expose("read", memory, Grant.of(Right.READ));
        }

        @Override
        public int accept(byte[] input) {
            if (closed) {
                renew();
            }
            MemorySegment.copy(MemorySegment.ofArray(input), 0, packet, 0, input.length);
            if (!sealed && input.length >= HEADER_BYTES + Integer.BYTES) {
                // Right where it would be refused before its frames are looked at.
                packet.set(LONG, 0, 0x5E27E2L);
                packet.set(LONG, 12, number++);
                packet.set(INT, 8, 0x0100_0000);
                final CRC32C crc = new CRC32C();
                crc.update(packet.asSlice(0, input.length - Integer.BYTES).asByteBuffer());
                packet.set(INT, input.length - Integer.BYTES, (int) crc.getValue());
            }
            nowNanos += 10_000;
            final boolean taken = engine.onPacket(nowNanos, 0, packet, 0, input.length, (input.length & 1) != 0);
            drive();
            final int kind = input.length > HEADER_BYTES ? input[HEADER_BYTES] & 31 : -1;
            return (taken ? 1 : 0) + (closed ? 2 : 0) + 4 * kind + 256 * Math.min(input.length / 64, 32);
        }

        // What an agent does after a packet.
        private void drive() {
            if (engine.nextTimeoutNanos() - nowNanos <= 0) {
                engine.onTimeout(nowNanos);
            }
            transmit.buffer(answer, 0, 1_448);
            for (int i = 0; engine.pollTransmit(nowNanos, transmit) > 0; i++) {
                assertTrue(i < 1_000, "one packet is answered without end");
            }
            EngineEvent event = engine.pollEvent();
            while (event != null) {
                final InboundMessage message = event.message();
                if (message != null) {
                    message.release();
                    engine.onMessageReleased();
                }
                closed |= event.type() == EngineEvent.Type.CLOSED;
                event = engine.pollEvent();
            }
            closed |= engine.isClosed();
        }

        void check() {
            for (int i = 0; i < REGION_BYTES; i++) {
                assertEquals(0x5a, memory.get(ValueLayout.JAVA_BYTE, i), "memory that was granted for reading changed");
            }
            pair.close();
        }
    }

    @Test
    @Tag("fault-16")
    @Tag("fault-37")
    void framesWithARightCheckSumNeverThrow() {
        run("frames", false);
    }

    @Test
    @Tag("fault-16")
    @Tag("fault-35")
    void sealedPacketsThatWereChangedNeverThrowAndEndNothing() {
        run("sealed packets", true);
    }

    private static void run(String name, boolean sealed) {
        try (Arena arena = Arena.ofShared()) {
            final List<byte[]> packets = new ArrayList<>();
            final MemorySegment memory = arena.allocate(REGION_BYTES, 8);
            memory.fill((byte) 0x5a);
            final Victim victim = new Victim(arena, sealed, session(sealed, arena, memory, packets), memory);
            new Fuzzer(name, packets, victim).run(sealed ? 1 : ENGINES_MADE);
            victim.check();
        }
    }
}
