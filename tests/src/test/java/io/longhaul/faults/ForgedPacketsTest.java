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
package io.longhaul.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConnectionException;
import io.longhaul.core.wire.AckFlyweight;
import io.longhaul.core.wire.PacketFlyweight;
import io.longhaul.property.Workload;
import io.longhaul.sim.Pair;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;

/// Packets that somebody has changed with care, and peers that lie.
@Timeout(300)
class ForgedPacketsTest {
    private static final ValueLayout.OfInt TRAILER = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private interface Change {
        /// Changes a packet.
        ///
        /// @return false when it is as before
        boolean apply(MemorySegment packet, SplittableRandom random);
    }

    // Every packet reaches its receiver changed first, then as it is.
    private static void runChanged(FaultyPath path, Change change) {
        path.settings.link(path.link());
        final SplittableRandom random = new SplittableRandom(path.seed);
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(path.settings).establish()) {
            final MemorySegment changed = arena.allocate(9_000, 8);
            final long[] refused = {0};
            pair.tap = (to, lane, packet, length) -> {
                MemorySegment.copy(packet, 0, changed, 0, length);
                if (change.apply(changed.asSlice(0, length), random)) {
                    assertFalse(
                            to.engine.onPacket(pair.clock(to), lane, changed, 0, length, false),
                            "a changed packet was taken");
                    refused[0]++;
                }
            };
            final Workload workload = new Workload(pair, arena, path.seed);
            for (int i = 0; i < 10; i++) {
                workload.postOne();
            }
            assertTrue(pair.runUntil(workload::isDone, 60 * Trial.SECOND), "stalled");
            workload.check();
            assertTrue(refused[0] > 20, "few packets were changed: " + refused[0]);
        } catch (AssertionError e) {
            throw new AssertionError("seed " + path.seed + ": " + e.getMessage(), e);
        }
    }

    @Seeds
    @Tag("fault-14")
    void damageThatTheCheckSumOfUdpDoesNotSeeIsRefused(long seed) {
        // Sums of 16-bit words do not change when two of them change places.
        runChanged(new FaultyPath(seed), (packet, random) -> {
            final long words = packet.byteSize() / 2;
            final long one = 2 * random.nextLong(words);
            final long other = 2 * random.nextLong(words);
            final short word = packet.get(ValueLayout.JAVA_SHORT_UNALIGNED, one);
            final short another = packet.get(ValueLayout.JAVA_SHORT_UNALIGNED, other);
            packet.set(ValueLayout.JAVA_SHORT_UNALIGNED, one, another);
            packet.set(ValueLayout.JAVA_SHORT_UNALIGNED, other, word);
            return word != another;
        });
    }

    @Seeds
    @Tag("fault-15")
    @Tag("fault-35")
    void changesWithARightCheckSumAreRefusedWhereItIsSealed(long seed) {
        final FaultyPath path = new FaultyPath(seed);
        path.settings.sealed();
        runChanged(path, (packet, random) -> {
            final long at = PacketFlyweight.HEADER_BYTES
                    + random.nextLong(packet.byteSize() - PacketFlyweight.HEADER_BYTES - Integer.BYTES);
            final byte old = packet.get(ValueLayout.JAVA_BYTE, at);
            packet.set(ValueLayout.JAVA_BYTE, at, (byte) (old ^ 1 + random.nextInt(255)));
            putCheckSum(packet);
            return true;
        });
    }

    private static void putCheckSum(MemorySegment packet) {
        final CRC32C crc = new CRC32C();
        crc.update(packet.asSlice(0, packet.byteSize() - Integer.BYTES).asByteBuffer());
        packet.set(TRAILER, packet.byteSize() - Integer.BYTES, (int) crc.getValue());
    }

    @Seeds
    @Tag("fault-36")
    void acknowledgementsOfWhatWasNeverSentEndTheConnection(long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(new Pair.Settings().seed(seed).link(new FaultyPath(seed).link())).establish()) {
            final Workload workload = new Workload(pair, arena, seed);
            for (int i = 0; i < 10; i++) {
                workload.postOne();
            }
            assertTrue(pair.runUntil(workload::isDone, 60 * Trial.SECOND), "stalled");
            final boolean aPacket = random.nextBoolean();
            final long lie = aPacket ? 1L << 20 + random.nextInt(43) : 1 + random.nextLong(1L << 62);
            final MemorySegment packet = arena.allocate(
                    PacketFlyweight.HEADER_BYTES + AckFlyweight.bytes(1, 0) + PacketFlyweight.TRAILER_BYTES);
            final long at = PacketFlyweight.HEADER_BYTES;
            PacketFlyweight.putHeader(packet, 0, 0xC11E57L, 0, 1L << 30);
            AckFlyweight.put(packet, at, 1, aPacket ? 0 : 1_000_000 + lie, 0, 0);
            AckFlyweight.putRuns(packet, at, 0, 0, false);
            AckFlyweight.putLaneAge(packet, AckFlyweight.laneOffset(at, 0), 0, 0, 0);
            AckFlyweight.putLaneCounters(packet, AckFlyweight.laneOffset(at, 0), aPacket ? lie : 0, 1, 1, 0, 0);
            putCheckSum(packet);
            pair.client.engine.onPacket(pair.clock(pair.client), 0, packet, 0, (int) packet.byteSize(), false);
            assertTrue(
                    pair.runUntil(() -> pair.client.closed && pair.server.closed, 60 * Trial.SECOND),
                    () -> "seed " + seed + ": the lie " + lie + " was believed");
            assertEquals(ConnectionException.Reason.PROTOCOL_VIOLATION, pair.client.closeReason);
        }
    }
}
