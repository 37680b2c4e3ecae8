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
package io.longhaul.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConnectionException;
import io.longhaul.Grant;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.core.Region;
import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Grants over simulated paths: what a peer may do, how often, and until when.
@Timeout(120)
class GrantSimulationTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int REGION_BYTES = 3 << 18;
    private static final int TWO_PIECES = 3 << 20;
    private static final byte AFTER = (byte) 0xEE;

    private static WireConfig.Builder link(SplittableRandom random) {
        return WireConfig.builder()
                .delay(Duration.ofNanos(200_000 + random.nextLong(20_000_000)))
                .rateBitsPerSecond(100_000_000L + random.nextLong(1_900_000_000L))
                .lossFraction(random.nextInt(3) * 0.01)
                .duplicateFraction(random.nextInt(2) * 0.05)
                .reorder(random.nextInt(2) * 0.02, Duration.ofMillis(1));
    }

    /// Seeds of this build; {@code -Dlonghaul.seeds=1000} for more.
    private static long seeds() {
        return Long.getLong("longhaul.seeds", 20);
    }

    @Test
    void afterARevocationNoByteIsWrittenOrReadWhateverIsStillOnItsWay() {
        for (long seed = 1; seed <= seeds(); seed++) {
            revokeUnderLoad(seed, false);
        }
    }

    @Test
    void afterARevocationTheDeviceWritesNothingEither() {
        for (long seed = 1; seed <= seeds(); seed++) {
            revokeUnderLoad(seed, true);
        }
    }

    /// Keeps writes, reads and atomics of random ranges under way.
    private static final class Load {
        private final Pair pair;
        private final RemoteRegion region;
        private final SplittableRandom random;
        private final MemorySegment source;
        private final List<MemorySegment> targets = new ArrayList<>();
        private final List<OperationStatus> ends = new ArrayList<>();
        private boolean goingOn = true;
        private int outstanding;

        Load(Pair pair, RemoteRegion region, Arena arena, SplittableRandom random) {
            this.pair = pair;
            this.region = region;
            this.random = random;
            source = arena.allocate(REGION_BYTES, 8);
            for (int i = 0; i < 16; i++) {
                targets.add(arena.allocate(REGION_BYTES, 8));
                post(i);
            }
        }

        private void post(int slot) {
            final long length = 1 + random.nextLong(random.nextBoolean() ? REGION_BYTES : 4096);
            final long offset = random.nextLong(REGION_BYTES - length + 1);
            final Operation operation = new Operation();
            switch (random.nextInt(5)) {
                case 0, 1 -> operation.write(source, 0, length, region, offset);
                case 2 -> operation.write(source, 0, length, region, offset).withImmediate(slot);
                case 3 -> operation.read(region, offset, targets.get(slot), 0, length);
                default -> operation.fetchAndAdd(region, offset & ~7L, 1);
            }
            outstanding++;
            pair.post(pair.client, operation.timeout(Duration.ofMinutes(5)).onComplete(ended -> onEnd(ended, slot)));
        }

        private void onEnd(Operation ended, int slot) {
            outstanding--;
            ends.add(ended.status());
            source.asSlice(random.nextLong(REGION_BYTES - 64), 64).fill((byte) random.nextInt(0, 0xEE));
            if (goingOn) {
                post(slot);
            }
        }
    }

    private static void revokeUnderLoad(long seed, boolean placed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final Pair.Settings settings = new Pair.Settings()
                .seed(seed)
                .lanes(1 + random.nextInt(4))
                .ipBytes(random.nextBoolean() ? 1500 : 9000)
                .link(link(random));
        if (placed) {
            settings.placementLanes(2);
        } else if (random.nextBoolean()) {
            settings.sealed();
        }
        final String which = "seed " + seed + (placed ? ", placed" : "");
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(settings).establish()) {
            final MemorySegment memory = arena.allocate(REGION_BYTES, 8);
            final Region exposed =
                    pair.server.exposed.expose("r", memory, Grant.of(Right.READ, Right.WRITE, Right.ATOMIC));
            final Load load = new Load(pair, pair.lookup(pair.client, "r"), arena, random);
            pair.runFor(random.nextLong(SECOND / 2));
            final boolean[] quiet = new boolean[1];
            exposed.beginRevoke(() -> quiet[0] = true);
            pair.server.engine.onRegionsRevoked();
            assertTrue(quiet[0] && exposed.isQuiesced(), which + ": revoke() would wait");
            final byte[] before = memory.toArray(ValueLayout.JAVA_BYTE);
            pair.runFor(random.nextLong(SECOND));
            assertEquals(-1, memory.mismatch(MemorySegment.ofArray(before)), which + ": written after the revocation");
            memory.fill(AFTER);
            load.goingOn = false;
            assertTrue(pair.runUntil(() -> load.outstanding == 0, 60 * SECOND), which + ": operations that do not end");
            for (final MemorySegment target : load.targets) {
                for (long i = 0; i < REGION_BYTES; i += 8) {
                    if (target.get(ValueLayout.JAVA_LONG, i) == 0xEEEE_EEEE_EEEE_EEEEL) {
                        throw new AssertionError(which + ": byte " + i + " was read after the revocation");
                    }
                }
            }
            final byte[] after = new byte[REGION_BYTES];
            Arrays.fill(after, AFTER);
            assertEquals(-1, memory.mismatch(MemorySegment.ofArray(after)), which + ": written after the revocation");
            assertTrue(load.ends.contains(OperationStatus.REMOTE_ACCESS_ERROR), which + ": " + load.ends.size());
            assertFalse(pair.client.closed || pair.server.closed, which + ": the connection stays");
        }
    }

    @Test
    void aGrantIsUsedAsOftenAsItSaysAndNoMore() {
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(new Pair.Settings().lanes(4).link(link(new SplittableRandom(5)))).establish()) {
            final MemorySegment source = arena.allocate(TWO_PIECES);
            source.fill((byte) 1);
            final MemorySegment memory = arena.allocate(TWO_PIECES);
            pair.server.exposed.expose(
                    "twice", memory, Grant.of(Right.WRITE, Right.READ).limitedTo(2));
            final RemoteRegion region = pair.lookup(pair.client, "twice");
            final Operation write = new Operation().write(source, 0, TWO_PIECES, region, 0);
            assertEquals(OperationStatus.SUCCESS, pair.complete(pair.client, write, 30 * SECOND), "two pieces");
            assertEquals(-1, memory.mismatch(source));
            final Operation read = new Operation().read(region, 0, source, 0, 1000);
            assertEquals(OperationStatus.SUCCESS, pair.complete(pair.client, read, 30 * SECOND));
            source.fill((byte) 2);
            final Operation more = new Operation().write(source, 0, TWO_PIECES, region, 0);
            assertEquals(OperationStatus.REMOTE_ACCESS_ERROR, pair.complete(pair.client, more, 30 * SECOND));
            final byte[] ones = new byte[TWO_PIECES];
            Arrays.fill(ones, (byte) 1);
            assertEquals(-1, memory.mismatch(MemorySegment.ofArray(ones)), "what the third operation wrote");
            assertFalse(pair.client.closed, "a spent grant is no offence");
        }
    }

    @Test
    void aPatientGuesserLosesItsConnection() {
        try (Arena arena = Arena.ofShared();
                Pair pair = new Pair(new Pair.Settings().link(link(new SplittableRandom(5)))).establish()) {
            final MemorySegment memory = arena.allocate(4096);
            pair.server.exposed.expose("r", memory, Grant.of(Right.WRITE));
            final MemorySegment source = arena.allocate(64).fill((byte) 7);
            final SplittableRandom random = new SplittableRandom(9);
            int guesses = 0;
            while (!pair.client.closed && guesses < 10_000) {
                final RemoteRegion guess =
                        new RemoteRegion("r", random.nextLong(), 4096, java.util.Set.of(Right.WRITE));
                final OperationStatus status =
                        pair.complete(pair.client, new Operation().write(source, 0, 64, guess, 0), 30 * SECOND);
                assertTrue(
                        status == OperationStatus.REMOTE_ACCESS_ERROR || status == OperationStatus.CONNECTION_LOST,
                        status + " after " + guesses);
                guesses++;
                pair.runFor(20_000_000);
            }
            assertEquals(4097, guesses);
            assertEquals(ConnectionException.Reason.PROTOCOL_VIOLATION, pair.server.closeReason);
            assertEquals(-1, memory.mismatch(arena.allocate(4096)));
        }
    }
}
