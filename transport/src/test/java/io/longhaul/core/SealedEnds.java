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

import io.longhaul.FecPolicy;
import io.longhaul.core.SealingParameters.Suite;
import io.longhaul.core.wire.PacketFlyweight;
import io.longhaul.core.wire.WireBytes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// What a client seals and a server opens, packet by packet, without engines.
final class SealedEnds {
    static final int LANES = 8;
    static final long PROBE_TIMEOUT_NANOS = 1_000_000;
    static final int FRAME_BYTES = 20;
    static final int PACKET_BYTES = PacketFlyweight.HEADER_BYTES + FRAME_BYTES + PacketFlyweight.TAG_BYTES;

    private static final long CONNECTION_ID = 0x5E55_101D_CAFE_0001L;
    private static final int MAX_PACKET_BYTES = 1400;

    final SendLane[] lanes = new SendLane[LANES];
    final PacketSealer client;
    final PacketSealer server;
    final PacketVerifier verifier;
    final ReceiveWindow window = new ReceiveWindow(64, 1 << 20);
    private final MemorySegment slot = Arena.ofAuto().allocate(MAX_PACKET_BYTES);
    long now = 1;

    SealedEnds(Suite suite, SealingLimits limits) {
        for (int i = 0; i < LANES; i++) {
            lanes[i] = new SendLane(i, 1_000_000, 1_000_000_000, 0);
        }
        client = new PacketSealer(
                new SealingParameters(suite, secret(), true), limits, new SealingScratch(MAX_PACKET_BYTES));
        client.attach(config(true), lanes, () -> PROBE_TIMEOUT_NANOS, now);
        server = new PacketSealer(
                new SealingParameters(suite, secret(), false), limits, new SealingScratch(MAX_PACKET_BYTES));
        server.attach(config(false), lanes, () -> PROBE_TIMEOUT_NANOS, now);
        verifier = new PacketVerifier(config(false), server, window);
    }

    SealedEnds() {
        this(Suite.AES_128_GCM, SealingLimits.DEFAULT);
    }

    /// The secret of the test vectors.
    static byte[] secret() {
        final byte[] secret = new byte[SealingParameters.SECRET_BYTES];
        for (int i = 0; i < secret.length; i++) {
            secret[i] = (byte) (0x20 + i);
        }
        return secret;
    }

    static EngineConfig config(boolean client) {
        return new EngineConfig(
                client,
                client ? 7 : CONNECTION_ID,
                client ? CONNECTION_ID : 7,
                LANES,
                MAX_PACKET_BYTES,
                1200,
                64,
                10_000_000,
                0,
                30_000_000_000L,
                1_000_000_000L,
                5_000_000_000L,
                1 << 20,
                64 * 1024,
                64 * 1024,
                1024,
                1 << 20,
                1000,
                4,
                16,
                new EngineConfig.PeerLimits(1 << 20, 1 << 20, 64 * 1024, 1024, 4),
                FecConfig.of(FecPolicy.OFF),
                1);
    }

    /// Limits that make a new key due after so many packets.
    static SealingLimits updateEvery(long packets) {
        return new SealingLimits(
                packets, packets + 100_000, Long.MAX_VALUE - 1, Long.MAX_VALUE, Long.MAX_VALUE, 1L << 36);
    }

    /// The client's next packet: a PROBE frame with bytes that count.
    byte[] seal(int lane, long number) {
        return seal(client, CONNECTION_ID, lane, number);
    }

    byte[] seal(PacketSealer sealer, long connectionId, int lane, long number) {
        final MemorySegment out = sealer.outbound();
        WireBytes.u32(out, PacketFlyweight.HEADER_BYTES, 0x0500_0000L);
        for (int i = 0; i < FRAME_BYTES - 4; i++) {
            WireBytes.u8(out, PacketFlyweight.HEADER_BYTES + 4 + i, i);
        }
        sealer.now(now);
        sealer.seal(connectionId, lane, number, PacketFlyweight.HEADER_BYTES + FRAME_BYTES, slot, 0);
        return slot.asSlice(0, PACKET_BYTES).toArray(ValueLayout.JAVA_BYTE);
    }

    /// The server has reported everything up to a number.
    void report(int lane, long number) {
        lanes[lane].newestReported = number;
    }

    /// Gives a packet to the server.
    boolean open(byte[] packet) {
        final MemorySegment arrived = Arena.ofAuto().allocate(Math.max(1, packet.length + 64));
        MemorySegment.copy(packet, 0, arrived, ValueLayout.JAVA_BYTE, 64, packet.length);
        return verifier.isIntact(now, arrived, 64, packet.length);
    }

    /// Frames of the packet that was opened last.
    byte[] frames() {
        return verifier.frames()
                .asSlice(verifier.framesAt(), verifier.framesEnd() - verifier.framesAt())
                .toArray(ValueLayout.JAVA_BYTE);
    }

    static int epoch(byte[] packet) {
        return PacketFlyweight.keyEpoch(MemorySegment.ofArray(packet), 0);
    }

    static int incarnation(byte[] packet) {
        return PacketFlyweight.incarnation(MemorySegment.ofArray(packet), 0);
    }
}
