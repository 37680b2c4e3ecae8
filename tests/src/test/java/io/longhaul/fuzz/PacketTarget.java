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

/// A server that takes one packet after the other, and is made anew when one has ended its connection. The memory that
/// it
/// granted for reading is looked at after each.
final class PacketTarget implements Fuzzer.Target, AutoCloseable {
    private static final int REGION_BYTES = 4_096;
    private static final int LONGEST = 32_768;
    private static final byte BEFORE = 0x5a;
    private static final int HEADER_BYTES = 20;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final boolean sealed;
    private final MemorySegment packet;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;
    private final MemorySegment untouched;
    private final List<byte[]> recorded = new ArrayList<>();
    private final Transmit transmit = new Transmit();
    private final MemorySegment answer;
    private Pair pair;
    private ConnectionEngine engine;
    private boolean closed;
    private long nowNanos;
    private long number = 1L << 40;

    /// Runs a session first, of which the packets to begin with come.
    ///
    /// @param sealed whether packets are sealed; if not, each input is given the right connection, number and check
    /// sum
    PacketTarget(boolean sealed) {
        this.sealed = sealed;
        memory = arena.allocate(REGION_BYTES, 8);
        memory.fill(BEFORE);
        untouched = arena.allocate(REGION_BYTES, 8);
        untouched.fill(BEFORE);
        pair = session();
        engine = pair.server.engine;
        nowNanos = pair.nowNanos();
        packet = arena.allocate(LONGEST, 8);
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
        final int length = Math.min(input.length, LONGEST);
        MemorySegment.copy(MemorySegment.ofArray(input), 0, packet, 0, length);
        if (!sealed && length >= HEADER_BYTES + Integer.BYTES) {
            // Right where it would be refused before its frames are looked at.
            packet.set(LONG, 0, 0x5E27E2L);
            packet.set(LONG, 12, number++);
            packet.set(INT, 8, 0x0100_0000);
            final CRC32C crc = new CRC32C();
            crc.update(packet.asSlice(0, length - Integer.BYTES).asByteBuffer());
            packet.set(INT, length - Integer.BYTES, (int) crc.getValue());
        }
        nowNanos += 10_000;
        final boolean taken = engine.onPacket(nowNanos, 0, packet, 0, length, (length & 1) != 0);
        drive();
        final int kind = length > HEADER_BYTES ? input[HEADER_BYTES] & 31 : -1;
        assertEquals(-1, memory.mismatch(untouched), "memory that was granted for reading changed");
        return (taken ? 1 : 0) + (closed ? 2 : 0) + 4 * kind + 256 * Math.min(length / 64, 32);
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

    /// What the client sent in a session with every kind of frame.
    List<byte[]> recorded() {
        return recorded;
    }

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
    private Pair session() {
        final Pair recording = new Pair(settings(sealed));
        recording.tap = (at, lane, packet, length) -> {
            if (at == recording.server && recorded.size() < 400) {
                recorded.add(packet.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
            }
        };
        recording.establish();
        recording.server.exposed.expose("read", memory, Grant.of(Right.READ));
        recording.server.exposed.expose(
                "all", arena.allocate(REGION_BYTES, 8), Grant.of(Right.READ, Right.WRITE, Right.ATOMIC));
        final var all = recording.lookup(recording.client, "all");
        final var read = recording.lookup(recording.client, "read");
        final MemorySegment local = arena.allocate(REGION_BYTES, 8);
        for (int i = 0; i < 6; i++) {
            recording.complete(recording.client, new Operation().write(local, 0, 100 << i, all, 0), 1_000_000_000L);
            recording.complete(recording.client, new Operation().read(read, 0, local, 0, 4_000), 1_000_000_000L);
            recording.complete(recording.client, new Operation().send(local, 0, 4_000), 1_000_000_000L);
            recording.complete(recording.client, new Operation().fetchAndAdd(all, 8, 1), 1_000_000_000L);
        }
        final var stream = recording.client.engine.openStream();
        if (stream != null) {
            stream.write(ByteBuffer.allocate(3_000));
            stream.shutdownOutput();
            recording.client.engine.onStreamTouched(recording.clock(recording.client), stream);
        }
        recording.runFor(100_000_000L);
        return recording;
    }

    @Override
    public void close() {
        pair.close();
        arena.close();
    }
}
