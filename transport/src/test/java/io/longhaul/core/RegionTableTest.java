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
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ConfigurationException;
import io.longhaul.Grant;
import io.longhaul.OperationStatus;
import io.longhaul.Right;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class RegionTableTest {
    private final ExposedRegions shared = new ExposedRegions();
    private final SplittableRandom random = new SplittableRandom(1);
    private final RegionTable table = new RegionTable(random::nextLong, shared);
    private final MemorySegment memory = MemorySegment.ofArray(new long[16]);

    private long key(String name) {
        final RegionTable.Granted granted = table.lookup(0, name);
        assertNotNull(granted);
        return granted.key;
    }

    private OperationStatus check(long key, Right right, long offset, long length) {
        final OperationStatus status = table.check(0, key, right, offset, length);
        if (status == OperationStatus.SUCCESS) {
            table.done();
        }
        return status;
    }

    @Test
    @Tag("fault-34")
    void checksKeyRightAndRange() {
        table.expose("a", memory, Grant.of(Right.READ));
        final long key = key("a");
        assertEquals(OperationStatus.SUCCESS, check(key, Right.READ, 0, 128));
        assertEquals(OperationStatus.SUCCESS, check(key, Right.READ, 128, 0));
        assertEquals(OperationStatus.REMOTE_ACCESS_ERROR, check(key, Right.WRITE, 0, 1));
        assertEquals(OperationStatus.REMOTE_ACCESS_ERROR, check(key + 1, Right.READ, 0, 1));
        assertEquals(OperationStatus.REMOTE_RANGE_ERROR, check(key, Right.READ, 1, 128));
        assertEquals(OperationStatus.REMOTE_RANGE_ERROR, check(key, Right.READ, -1, 1));
        assertEquals(OperationStatus.REMOTE_RANGE_ERROR, check(key, Right.READ, 0, -1));
        assertEquals(OperationStatus.REMOTE_RANGE_ERROR, check(key, Right.READ, Long.MAX_VALUE, 1));
        assertEquals(OperationStatus.REMOTE_RANGE_ERROR, check(key, Right.READ, 1, Long.MAX_VALUE));
        assertEquals(1, table.wrongKeys());
    }

    @Test
    @Tag("fault-34")
    void givesEachConnectionItsOwnKeyOfASharedRegion() {
        shared.expose("s", memory, Grant.of(Right.READ, Right.WRITE));
        final RegionTable other = new RegionTable(random::nextLong, shared);
        final RegionTable.Granted granted = other.lookup(0, "s");
        assertNotNull(granted);
        final long key = key("s");
        assertNotEquals(granted.key, key);
        assertEquals(key, key("s"), "looking up again gives the same key");
        assertEquals(OperationStatus.REMOTE_ACCESS_ERROR, check(granted.key, Right.READ, 0, 1));
    }

    @Test
    void prefersItsOwnRegionAndForgetsRevokedNames() {
        shared.expose("x", memory, Grant.of(Right.READ));
        final Region own = table.expose("x", MemorySegment.ofArray(new byte[3]), Grant.of(Right.READ));
        final RegionTable.Granted granted = table.lookup(0, "x");
        assertNotNull(granted);
        assertEquals(3, granted.region.length());
        assertThrows(ConfigurationException.class, () -> table.expose("x", memory, Grant.of(Right.READ)));
        own.beginRevoke(() -> {});
        assertEquals(OperationStatus.REMOTE_ACCESS_ERROR, check(granted.key, Right.READ, 0, 1));
        assertEquals(0, table.wrongKeys(), "the key was right once");
        assertEquals(128, own(table.lookup(0, "x")).region.length());
        table.expose("x", memory, Grant.of(Right.READ));
    }

    private static RegionTable.Granted own(RegionTable.@org.jspecify.annotations.Nullable Granted granted) {
        assertNotNull(granted);
        return granted;
    }

    @Test
    @Tag("fault-34")
    void expiresFromTheFirstLookupOn() {
        table.expose("t", memory, new Grant(Set.of(Right.READ), Duration.ofNanos(100)));
        final long key = own(table.lookup(50, "t")).key;
        assertEquals(OperationStatus.SUCCESS, table.check(149, key, Right.READ, 0, 1));
        table.done();
        assertEquals(OperationStatus.REMOTE_ACCESS_ERROR, table.check(150, key, Right.READ, 0, 1));
        assertNull(table.lookup(150, "t"), "an expired grant is not renewed by looking again");
    }

    @Test
    void quiescesWhenTheLastUseEnds() {
        final Region region = table.expose("q", memory, Grant.of(Right.READ));
        final long key = key("q");
        assertEquals(OperationStatus.SUCCESS, table.check(0, key, Right.READ, 0, 8));
        final RegionTable.Lease lease = table.lease();
        assertEquals(1, table.leases());
        final AtomicInteger told = new AtomicInteger();
        region.beginRevoke(told::incrementAndGet);
        region.beginRevoke(told::incrementAndGet);
        assertTrue(lease.isRevoked());
        assertFalse(region.isQuiesced());
        assertEquals(0, told.get());
        lease.release();
        assertTrue(region.isQuiesced());
        assertEquals(1, told.get());
        assertEquals(0, table.leases());
    }

    @Test
    @Tag("fault-33")
    void noticesGuessing() {
        table.expose("g", memory, Grant.of(Right.READ));
        for (int i = 0; i < 64; i++) {
            table.check(i, 1 + i, Right.READ, 0, 1);
        }
        assertFalse(table.isGuessing());
        table.check(2_000_000_000L, 99, Right.READ, 0, 1);
        assertFalse(table.isGuessing(), "not within a second");
        for (int i = 0; i < 64; i++) {
            table.check(2_000_000_001L, 1 + i, Right.READ, 0, 1);
        }
        assertTrue(table.isGuessing());
        assertEquals(129, table.wrongKeys());
    }

    @Test
    void noticesPatientGuessing() {
        table.expose("g", memory, Grant.of(Right.READ));
        for (int i = 0; i < RegionTable.MAX_WRONG_KEYS; i++) {
            table.check(i * 20_000_000L, 1 + i, Right.READ, 0, 1);
            assertFalse(table.isGuessing(), "after " + i);
        }
        table.check(RegionTable.MAX_WRONG_KEYS * 20_000_000L, 7, Right.READ, 0, 1);
        assertTrue(table.isGuessing());
    }

    @Test
    void noneOfAMillionGuessesFindsAKey() {
        final MemorySegment victim = MemorySegment.ofArray(new long[16]);
        for (int i = 0; i < 100; i++) {
            table.expose("r" + i, victim, Grant.of(Right.READ, Right.WRITE, Right.ATOMIC));
            key("r" + i);
        }
        final SplittableRandom guesses = new SplittableRandom(7);
        final long right = key("r5");
        for (int i = 0; i < 1 << 20; i++) {
            // At random, counting up, and one bit beside a key that is right.
            final long guess = switch (i % 3) {
                case 0 -> guesses.nextLong();
                case 1 -> i;
                default -> right ^ 1L << i % 64;
            };
            assertEquals(OperationStatus.REMOTE_ACCESS_ERROR, table.check(i, guess, Right.WRITE, 0, 1));
        }
        assertEquals(1 << 20, table.wrongKeys());
        assertTrue(table.isGuessing());
    }

    private OperationStatus begin(long key, Right right, long operationId, long offset, long length) {
        final InboundPiece piece = new InboundPiece(1);
        piece.argument0 = key;
        piece.argument1 = offset;
        piece.operationId = operationId;
        final OperationStatus status = table.begin(0, piece, right, length);
        if (status == OperationStatus.SUCCESS) {
            table.done();
        }
        return status;
    }

    @Test
    void countsUsesByOperation() {
        table.expose("u", memory, Grant.of(Right.READ, Right.WRITE).limitedTo(2));
        final long key = key("u");
        assertEquals(OperationStatus.SUCCESS, begin(key, Right.WRITE, 10, 0, 64));
        assertEquals(OperationStatus.SUCCESS, begin(key, Right.WRITE, 10, 64, 64), "a further piece");
        assertEquals(OperationStatus.REMOTE_RANGE_ERROR, begin(key, Right.WRITE, 11, 64, 65), "what is refused");
        assertEquals(OperationStatus.REMOTE_ACCESS_ERROR, begin(key, Right.ATOMIC, 12, 0, 8), "does not count");
        assertNotNull(table.lookup(0, "u"));
        assertEquals(OperationStatus.SUCCESS, begin(key, Right.READ, 13, 0, 0));
        assertEquals(OperationStatus.REMOTE_ACCESS_ERROR, begin(key, Right.READ, 14, 0, 1));
        assertEquals(OperationStatus.SUCCESS, check(key, Right.WRITE, 0, 1), "chunks of what was begun");
        assertNull(table.lookup(0, "u"), "a spent grant is not renewed by looking again");
        assertEquals(0, table.wrongKeys());
    }

    @Test
    void anOperationDoesNotMoveMoreThanTheRegionHasUnderOneUse() {
        table.expose("u", memory, Grant.of(Right.WRITE).limitedTo(3));
        final long key = key("u");
        assertEquals(OperationStatus.SUCCESS, begin(key, Right.WRITE, 1, 0, 100));
        assertEquals(OperationStatus.REMOTE_ACCESS_ERROR, begin(key, Right.WRITE, 1, 0, 29));
        assertEquals(OperationStatus.SUCCESS, begin(key, Right.WRITE, 1, 100, 28));
        assertEquals(OperationStatus.REMOTE_ACCESS_ERROR, begin(key, Right.WRITE, 1, 0, 1));
    }

    @Test
    void givesNoMoreKeysThanItMay() {
        final RegionTable small = new RegionTable(random::nextLong, shared, 3);
        for (int i = 0; i < 4; i++) {
            shared.expose("m" + i, memory, Grant.of(Right.READ));
        }
        final java.util.List<String> answers = new java.util.ArrayList<>();
        final Responses responses = answers(answers);
        for (int i = 0; i < 4; i++) {
            small.answerLookup(i, "m" + i, i, responses);
        }
        small.answerLookup(5, "m1", 5, responses);
        small.answerLookup(5, "nobody", 7, responses);
        assertEquals(
                java.util.List.of(
                        "0 given", "1 given", "2 given", "3 REMOTE_RESOURCES_EXHAUSTED", "5 given", "7 unknown"),
                answers);
        java.util.Objects.requireNonNull(shared.find("m0")).beginRevoke(() -> {});
        small.answerLookup(2_000_000_000L, "m3", 6, responses);
        assertEquals("6 given", answers.getLast(), "the place of a region that was revoked");
    }

    private static Responses answers(java.util.List<String> into) {
        return (Responses) java.lang.reflect.Proxy.newProxyInstance(
                Responses.class.getClassLoader(), new Class<?>[] {Responses.class}, (self, method, arguments) -> {
                    final String given = arguments[1].equals(0L) ? " unknown" : " given";
                    into.add(arguments[0] + (method.getName().equals("reject") ? " " + arguments[1] : given));
                    return null;
                });
    }

    @Test
    void refusesBadNamesAndReadOnlyTargets() {
        final Grant read = Grant.of(Right.READ);
        assertThrows(ConfigurationException.class, () -> table.expose("", memory, read));
        assertThrows(ConfigurationException.class, () -> table.expose("n".repeat(256), memory, read));
        assertThrows(ConfigurationException.class, () -> table.expose("\ud800", memory, read));
        final MemorySegment readOnly = memory.asReadOnly();
        table.expose("ro", readOnly, read);
        assertThrows(ConfigurationException.class, () -> table.expose("rw", readOnly, Grant.of(Right.WRITE)));
    }

    @Test
    @Tag("fault-61")
    void deniesMemoryThatWasClosed() {
        final Arena arena = Arena.ofShared();
        table.expose("c", arena.allocate(64), Grant.of(Right.READ));
        final long key = key("c");
        arena.close();
        assertEquals(OperationStatus.REMOTE_ACCESS_ERROR, check(key, Right.READ, 0, 1));
    }

    @Test
    @Tag("fault-59")
    void doesNotLeakEntriesOfRevokedRegions() {
        final long[] keys = new long[50_000];
        for (int i = 0; i < keys.length; i++) {
            final Region region = table.expose("r", memory, Grant.of(Right.READ));
            keys[i] = key("r");
            region.beginRevoke(() -> {});
        }
        assertEquals(OperationStatus.REMOTE_ACCESS_ERROR, check(keys[40_000], Right.READ, 0, 1));
        assertEquals(0, table.wrongKeys(), "what was on its way to a revoked region is no guess");
        assertEquals(OperationStatus.REMOTE_ACCESS_ERROR, check(keys[0], Right.READ, 0, 1));
        assertEquals(1, table.wrongKeys(), "the entry of the first region is gone");
    }

    @Test
    @Tag("fault-34")
    void neverUsesARegionAfterItsQuiescenceWasTold() throws InterruptedException {
        for (int round = 0; round < 200; round++) {
            final MemorySegment bytes = MemorySegment.ofArray(new long[1]);
            final Region region = table.expose("race", bytes, Grant.of(Right.WRITE));
            final long key = key("race");
            final AtomicBoolean quiet = new AtomicBoolean();
            final Thread revoker = new Thread(() -> region.beginRevoke(() -> quiet.set(true)));
            revoker.start();
            int uses = 0;
            while (table.check(0, key, Right.WRITE, 0, 8) == OperationStatus.SUCCESS) {
                assertFalse(quiet.get(), "told quiet during a use");
                table.done();
                uses++;
            }
            revoker.join();
            assertTrue(quiet.get(), "told after " + uses + " uses");
        }
    }
}
