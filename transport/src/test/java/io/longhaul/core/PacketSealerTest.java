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
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConfigurationException;
import io.longhaul.core.SealingParameters.Suite;
import io.longhaul.core.wire.PacketFlyweight;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What is opened, what is refused, and when keys change.
@Timeout(60)
class PacketSealerTest {
    private static void assertRefused(SealedEnds ends, byte[] packet, String what) {
        assertFalse(ends.open(packet), what);
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void opensWhatWasSealedAndHidesTheFrames(Suite suite) {
        final SealedEnds ends = new SealedEnds(suite, SealingLimits.DEFAULT);
        for (int lane = 0; lane < SealedEnds.LANES; lane++) {
            for (long number = 0; number < 50; number++) {
                final byte[] packet = ends.seal(lane, number);
                assertTrue(ends.open(packet));
                final byte[] frames = ends.frames();
                assertEquals(SealedEnds.FRAME_BYTES, frames.length);
                assertEquals(5, frames[0]);
                assertEquals(15, frames[19]);
                final byte[] body = Arrays.copyOfRange(packet, PacketFlyweight.HEADER_BYTES, 40);
                assertFalse(Arrays.equals(frames, body), "the frames are readable");
            }
        }
        assertEquals(0, ends.verifier.corruptPackets());
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    @Tag("fault-13")
    void everyFlippedBitIsRefusedAndChangesNothing(Suite suite) {
        final SealedEnds ends = new SealedEnds(suite, SealingLimits.DEFAULT);
        assertTrue(ends.open(ends.seal(3, 0)));
        final byte[] packet = ends.seal(3, 1);
        final int bits = packet.length * 8;
        for (int bit = 0; bit < bits; bit++) {
            final byte[] flipped = packet.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            assertRefused(ends, flipped, "bit " + bit);
        }
        for (int length = 0; length < packet.length; length++) {
            assertRefused(ends, Arrays.copyOf(packet, length), "cut to " + length);
        }
        assertRefused(ends, Arrays.copyOf(packet, packet.length + 1), "a byte longer");
        assertEquals(1, ends.server.replayedPackets(), "the number of the first packet");
        assertEquals(bits + packet.length, ends.verifier.corruptPackets());
        assertTrue(ends.open(packet), "the packet itself");
        assertTrue(ends.open(ends.seal(3, 2)), "the next packet");
    }

    @Test
    @Tag("fault-32")
    void aPacketIsTakenOnce() {
        final SealedEnds ends = new SealedEnds();
        final List<byte[]> packets = new ArrayList<>();
        for (long number = 0; number < 3_000; number++) {
            packets.add(ends.seal(0, number));
        }
        for (int block = 0; block < 3_000; block += 500) {
            Collections.shuffle(packets.subList(block, block + 500), new Random(5 + block));
        }
        int taken = 0;
        for (final byte[] packet : packets) {
            taken += ends.open(packet) ? 1 : 0;
        }
        assertEquals(3_000, taken, "each the first time, in any order within the window");
        for (final byte[] packet : packets) {
            assertRefused(ends, packet, "a replay");
        }
        assertEquals(3_000, ends.server.replayedPackets());
        assertEquals(0, ends.verifier.corruptPackets());
    }

    @Test
    void aPacketFromBelowTheWindowIsRefused() {
        final SealedEnds ends = new SealedEnds();
        final byte[] late = ends.seal(0, 0);
        for (long number = 1; number < 5_000; number++) {
            assertTrue(ends.open(ends.seal(0, number)));
        }
        assertRefused(ends, late, "5,000 packets late");
        assertEquals(1, ends.server.replayedPackets());
    }

    @Test
    @Tag("fault-50")
    void keysChangeThroughThreeHundredEpochs() {
        final SealedEnds ends = new SealedEnds(Suite.AES_128_GCM, SealedEnds.updateEvery(2));
        byte[] first = {};
        byte[] before = {};
        long number = 0;
        for (int epoch = 0; epoch < 300; epoch++) {
            final byte[] held = ends.seal(1, number++);
            final byte[] packet = ends.seal(1, number++);
            assertEquals(epoch & 0xff, SealedEnds.epoch(packet));
            assertTrue(ends.open(packet), "epoch " + epoch);
            if (epoch > 0) {
                assertTrue(ends.open(before), "a packet of the epoch before " + epoch);
            }
            before = held;
            first = epoch == 0 ? packet : first;
            if (epoch == 256) {
                assertRefused(ends, first, "the same 8 bits, 256 epochs later");
            }
            ends.report(1, number - 1);
        }
        assertEquals(299, ends.client.keyUpdates());
    }

    @Test
    @Tag("fault-50")
    void noNewKeyBeforeThePeerHasConfirmedTheOldOne() {
        final SealedEnds ends = new SealedEnds(Suite.AES_128_GCM, SealedEnds.updateEvery(10));
        for (long number = 0; number < 100; number++) {
            assertEquals(0, SealedEnds.epoch(ends.seal(0, number)));
        }
        ends.report(0, 3);
        assertEquals(1, SealedEnds.epoch(ends.seal(0, 100)));
        for (long number = 101; number < 200; number++) {
            assertEquals(1, SealedEnds.epoch(ends.seal(0, number)), "a report of epoch 0 confirms nothing of epoch 1");
        }
        ends.report(0, 100);
        assertEquals(2, SealedEnds.epoch(ends.seal(0, 200)));
    }

    @Test
    void thePeerIsAskedForAReportOfEachNewKey() {
        final SealedEnds ends = new SealedEnds(Suite.AES_128_GCM, SealedEnds.updateEvery(10));
        for (long number = 0; number < 10; number++) {
            ends.seal(2, number);
        }
        assertFalse(ends.client.hasLaneToProbe());
        ends.now = 10 * SealedEnds.PROBE_TIMEOUT_NANOS;
        ends.seal(2, 10);
        assertTrue(ends.client.hasLaneToProbe(), "due, and not confirmed");
        assertEquals(2, ends.client.takeLaneToProbe());
        ends.seal(2, 11);
        assertFalse(ends.client.hasLaneToProbe(), "asked a moment ago");
        ends.now += SealedEnds.PROBE_TIMEOUT_NANOS;
        ends.seal(2, 12);
        assertEquals(2, ends.client.takeLaneToProbe(), "asked again");
        ends.report(2, 12);
        ends.seal(2, 13);
        assertEquals(2, ends.client.takeLaneToProbe(), "a new key");
    }

    @Test
    @Tag("fault-50")
    void anOldKeyIsAcceptedForThreeProbeTimeouts() {
        final SealedEnds ends = new SealedEnds(Suite.AES_128_GCM, SealedEnds.updateEvery(3));
        ends.open(ends.seal(0, 0));
        final byte[] soon = ends.seal(0, 1);
        final byte[] late = ends.seal(0, 2);
        ends.report(0, 0);
        final byte[] next = ends.seal(0, 3);
        assertEquals(1, SealedEnds.epoch(next));
        assertTrue(ends.open(next));
        ends.now += OpeningLane.KEEP_TIMEOUTS * SealedEnds.PROBE_TIMEOUT_NANOS;
        assertTrue(ends.open(soon));
        ends.now++;
        assertRefused(ends, late, "the key has ended");
        assertEquals(0, ends.server.forgedPackets(), "without a look at it");
    }

    @Test
    void bytesAndAgeMakeANewKeyDueToo() {
        final SealedEnds bytes =
                new SealedEnds(Suite.AES_256_GCM, new SealingLimits(1 << 20, 1 << 24, 100, 1 << 30, Long.MAX_VALUE, 1));
        bytes.report(0, 0);
        assertEquals(0, SealedEnds.epoch(bytes.seal(0, 0)));
        assertEquals(0, SealedEnds.epoch(bytes.seal(0, 1)));
        assertEquals(0, SealedEnds.epoch(bytes.seal(0, 2)), "80 bytes so far");
        assertEquals(1, SealedEnds.epoch(bytes.seal(0, 3)), "120 bytes so far");
        final SealedEnds age =
                new SealedEnds(Suite.AES_256_GCM, new SealingLimits(1 << 20, 1 << 24, 1 << 29, 1 << 30, 1_000_000, 1));
        age.report(0, 0);
        assertEquals(0, SealedEnds.epoch(age.seal(0, 0)));
        age.now += 1_000_000;
        assertEquals(1, SealedEnds.epoch(age.seal(0, 1)));
    }

    @Test
    void aLaneThatDiedAndReturnsHasAnotherKeyAndGoesOnCounting() {
        final SealedEnds ends = new SealedEnds();
        assertTrue(ends.open(ends.seal(4, 0)));
        final byte[] inFlight = ends.seal(4, 1);
        ends.lanes[4].deaths++;
        assertEquals(0, SealedEnds.incarnation(ends.seal(4, 2)), "not confirmed: nobody knows another key");
        ends.report(4, 0);
        ends.lanes[4].deaths++;
        final byte[] revived = ends.seal(4, 3);
        assertEquals(1, SealedEnds.incarnation(revived));
        assertEquals(0, SealedEnds.epoch(revived));
        assertTrue(ends.open(revived));
        assertTrue(ends.open(inFlight), "a packet from before its death");
        assertThrows(IllegalStateException.class, () -> ends.seal(4, 3), "a number is never sealed twice");
        assertThrows(IllegalStateException.class, () -> ends.seal(4, 2), "nor an older one");
        assertTrue(ends.open(ends.seal(4, 4)));
        for (int death = 2; death < 300; death++) {
            ends.report(4, 2 + death);
            ends.lanes[4].deaths++;
            final byte[] packet = ends.seal(4, 3 + death);
            assertEquals(death & 0xff, SealedEnds.incarnation(packet));
            assertTrue(ends.open(packet), "death " + death);
        }
        assertTrue(ends.open(ends.seal(0, 0)), "another lane");
    }

    @Test
    void aUsedUpKeyIsSaidToBe() {
        final SealedEnds ends =
                new SealedEnds(Suite.AES_128_GCM, new SealingLimits(10, 100, 1 << 29, 1 << 30, Long.MAX_VALUE, 1));
        long number = 0;
        while (!ends.client.isSpent()) {
            ends.seal(0, number++);
        }
        assertEquals(100 - SealingLimits.CLOSE_RESERVE, number);
        assertFalse(ends.client.isExhausted());
        while (!ends.client.isExhausted()) {
            ends.seal(0, number++);
        }
        assertEquals(100, number);
    }

    @Test
    @Tag("fault-51")
    void nothingIsOpenedAtTheForgeryLimit() {
        final SealedEnds ends =
                new SealedEnds(Suite.AES_128_GCM, new SealingLimits(10, 100, 1 << 29, 1 << 30, Long.MAX_VALUE, 3));
        final byte[] packet = ends.seal(0, 0);
        final byte[] forged = packet.clone();
        forged[30] ^= 1;
        for (int i = 0; i < 3; i++) {
            assertFalse(ends.server.isForgeryLimitReached());
            assertRefused(ends, forged, "forged");
        }
        assertTrue(ends.server.isForgeryLimitReached());
        assertRefused(ends, packet, "not even what is authentic");
        assertEquals(3, ends.server.forgedPackets());
    }

    @Test
    @Tag("fault-35")
    void whatIsReflectedOrMovedToAnotherLaneIsRefused() {
        final SealedEnds ends = new SealedEnds();
        final byte[] moved = ends.seal(0, 0);
        moved[10] = 1;
        assertRefused(ends, moved, "another lane");
        final byte[] reflected = ends.seal(ends.server, 0x5E55_101D_CAFE_0001L, 0, 0);
        assertRefused(ends, reflected, "sealed by the server itself");
        assertEquals(2, ends.server.forgedPackets());
    }

    @Test
    void randomPacketsChangeNothing() {
        final SealedEnds ends = new SealedEnds(Suite.AES_128_GCM, SealingLimits.DEFAULT);
        final byte[] genuine = ends.seal(2, 40);
        final SplittableRandom random = new SplittableRandom(0x5E55_101DL);
        for (int i = 0; i < 50_000; i++) {
            final byte[] packet = new byte[random.nextInt(1_500)];
            random.nextBytes(packet);
            if (packet.length > 20 && i % 2 == 0) {
                // Everything that can be guessed is right.
                System.arraycopy(genuine, 0, packet, 0, 12);
                packet[10] = (byte) random.nextInt(SealedEnds.LANES);
                packet[12] &= 0x7f;
            }
            assertRefused(ends, packet, "random packet " + i);
        }
        assertTrue(ends.server.forgedPackets() > 20_000, "too few came as far as the tag");
        assertTrue(ends.open(genuine), "number 40, though larger ones were claimed");
        assertTrue(ends.open(ends.seal(2, 41)));
    }

    @Test
    void aSealerServesOneEngineOnly() {
        final SealedEnds ends = new SealedEnds();
        assertThrows(
                IllegalStateException.class, () -> ends.client.attach(SealedEnds.config(true), ends.lanes, () -> 1, 1));
        final PacketSealer small = new PacketSealer(
                new SealingParameters(Suite.AES_128_GCM, SealedEnds.secret(), true),
                SealingLimits.DEFAULT,
                new SealingScratch(1_399));
        assertThrows(IllegalStateException.class, () -> small.attach(SealedEnds.config(true), ends.lanes, () -> 1, 1));
    }

    @Test
    void nothingIsSealedOrOpenedOnceTheKeysAreErased() {
        final SealedEnds ends = new SealedEnds();
        final byte[] secret = SealedEnds.secret();
        final PacketSealer other = new PacketSealer(
                new SealingParameters(Suite.AES_128_GCM, secret, true),
                SealingLimits.DEFAULT,
                new SealingScratch(1_400));
        other.attach(SealedEnds.config(true), ends.lanes, () -> 1, 1);
        assertArrayEquals(new byte[SealingParameters.SECRET_BYTES], secret, "the engine has taken the secret over");
        final byte[] packet = ends.seal(0, 1);
        ends.server.erase();
        assertFalse(ends.open(packet));
        assertEquals(0, ends.server.forgedPackets(), "there is no key to try");
        ends.client.erase();
        assertThrows(IllegalStateException.class, () -> ends.seal(0, 2));
    }

    @Test
    void anErasableKeyForgetsItsBytes() {
        final ErasableKey key = new ErasableKey(new byte[] {1, 2, 3, 4}, 1, 2, "AES");
        assertArrayEquals(new byte[] {2, 3}, key.getEncoded());
        key.destroy();
        assertTrue(key.isDestroyed());
        assertThrows(IllegalStateException.class, key::getEncoded);
    }

    @Test
    void limitsThatContradictOneAnotherAreRefused() {
        final ConfigurationException e =
                assertThrows(ConfigurationException.class, () -> new SealingLimits(100, 163, 1, 1, 1, 1));
        assertEquals("hardPackets=163 is out of range: 64 more than softPackets=100", e.getMessage());
        assertThrows(ConfigurationException.class, () -> new SealingLimits(0, 163, 1, 1, 1, 1));
        assertThrows(ConfigurationException.class, () -> new SealingLimits(1, 163, 2, 1, 1, 1));
        assertThrows(ConfigurationException.class, () -> new SealingLimits(1, 163, 1, 1, 0, 1));
        assertThrows(ConfigurationException.class, () -> new SealingLimits(1, 163, 1, 1, 1, 0));
        assertArrayEquals(
                new long[] {1 << 23, 1 << 24},
                new long[] {SealingLimits.DEFAULT.softPackets(), SealingLimits.DEFAULT.hardPackets()});
    }
}
