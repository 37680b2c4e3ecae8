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

import io.longhaul.core.wire.WireBytes;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ReceiveWindowTest {
    private final MemorySegment out = MemorySegment.ofArray(new byte[4096]);

    @Test
    void startsEmpty() {
        final ReceiveWindow window = new ReceiveWindow(64, 256);
        assertEquals(0, window.cumulativeCsn());
        assertEquals(0, window.highestCsn());
        assertEquals(64, window.creditCsn());
        assertEquals(ReceiveWindow.NEW, window.status(0));
        assertEquals(ReceiveWindow.NEW, window.status(63));
        assertEquals(ReceiveWindow.BEYOND, window.status(64));
        assertEquals(ReceiveWindow.BEYOND, window.status(-1));
        assertEquals(ReceiveWindow.BEYOND, window.status(Long.MIN_VALUE));
        assertEquals(0, window.encodeRuns(0, out, 0, 100));
        assertEquals(0, window.runsEndCsn());
    }

    @Test
    void advancesOverWhatHadArrivedBefore() {
        final ReceiveWindow window = new ReceiveWindow(64, 64);
        assertFalse(window.mark(1));
        assertFalse(window.mark(2));
        assertEquals(ReceiveWindow.DUPLICATE, window.status(1));
        assertTrue(window.mark(0));
        assertEquals(3, window.cumulativeCsn());
        assertEquals(67, window.creditCsn());
        assertEquals(ReceiveWindow.DUPLICATE, window.status(0));
        assertEquals(ReceiveWindow.NEW, window.status(66));
    }

    @Test
    void growsWhenMoreThanAQuarterIsSpanned() {
        final ReceiveWindow window = new ReceiveWindow(64, 256);
        window.mark(15);
        assertEquals(64, window.capacityChunks());
        window.mark(16);
        assertEquals(128, window.capacityChunks());
        window.mark(127);
        assertEquals(256, window.capacityChunks());
        window.mark(255);
        assertEquals(256, window.capacityChunks());
        assertEquals(ReceiveWindow.BEYOND, window.status(256));
    }

    @Test
    void doublesWhenAWholeWindowArrivedWithoutAHole() {
        final ReceiveWindow window = new ReceiveWindow(64, 256);
        for (long csn = 0; csn < 63; csn++) {
            window.mark(csn);
        }
        assertEquals(63 + 64, window.creditCsn());
        window.mark(63);
        assertEquals(64 + 128, window.creditCsn());
        window.markRange(64, 128);
        assertEquals(192 + 256, window.creditCsn());
        window.markRange(192, 256);
        assertEquals(448 + 256, window.creditCsn(), "the cap");
    }

    @Test
    void promisesFarMoreThanItsBitmapHolds() {
        final ReceiveWindow window = new ReceiveWindow(1 << 20, 1 << 20);
        assertEquals(ReceiveWindow.NEW, window.status((1 << 20) - 1));
        assertEquals(ReceiveWindow.BEYOND, window.status(1 << 20));
        window.mark(3);
        window.mark((1 << 20) - 1);
        assertEquals(ReceiveWindow.DUPLICATE, window.status(3));
        assertEquals(ReceiveWindow.NEW, window.status(1024 + 3));
        assertEquals(ReceiveWindow.NEW, window.status(2048 + 3));
        assertEquals(ReceiveWindow.DUPLICATE, window.status((1 << 20) - 1));
        window.markRange(0, 1 << 20);
        assertEquals(1 << 20, window.cumulativeCsn());
    }

    @Test
    void refusesRangesOutsideOfTheCredit() {
        final ReceiveWindow window = new ReceiveWindow(64, 64);
        assertEquals(ReceiveWindow.NEW, window.rangeStatus(0, 64));
        assertEquals(ReceiveWindow.BEYOND, window.rangeStatus(0, 65));
        assertEquals(ReceiveWindow.BEYOND, window.rangeStatus(0, 0));
        assertEquals(ReceiveWindow.BEYOND, window.rangeStatus(5, Long.MAX_VALUE));
        assertEquals(ReceiveWindow.BEYOND, window.rangeStatus(Long.MAX_VALUE, 1));
        assertEquals(ReceiveWindow.BEYOND, window.rangeStatus(-1, 2));
        window.markRange(0, 64);
        assertEquals(ReceiveWindow.DUPLICATE, window.rangeStatus(10, 20));
    }

    @Test
    void agreesWithAModel() {
        for (long seed = 1; seed <= 60; seed++) {
            runModel(new SplittableRandom(seed), seed);
        }
    }

    private void runModel(SplittableRandom random, long seed) {
        final ReceiveWindow window = new ReceiveWindow(64, 64 << random.nextInt(6));
        final TreeSet<Long> received = new TreeSet<>();
        long cumulative = 0;
        long highest = 0;
        for (int step = 0; step < 1500; step++) {
            final long csn = cumulative + random.nextInt(window.capacityChunks() + 8) - 4;
            final long credit = window.creditCsn();
            final boolean known = csn >= 0 && (csn < cumulative || received.contains(csn));
            final int expected = csn < 0 || csn >= credit
                    ? ReceiveWindow.BEYOND
                    : known ? ReceiveWindow.DUPLICATE : ReceiveWindow.NEW;
            assertEquals(expected, window.status(csn), "status of " + csn + ", seed " + seed);
            if (random.nextInt(8) == 0) {
                final long count = 1 + random.nextInt(200);
                if (window.rangeStatus(csn, count) != ReceiveWindow.BEYOND) {
                    window.markRange(csn, count);
                    for (long i = csn; i < csn + count; i++) {
                        received.add(i);
                    }
                    highest = Math.max(highest, csn + count);
                }
            } else if (expected == ReceiveWindow.NEW) {
                window.mark(csn);
                received.add(csn);
                highest = Math.max(highest, csn + 1);
            }
            while (received.remove(cumulative)) {
                cumulative++;
            }
            received.headSet(cumulative).clear();
            assertEquals(cumulative, window.cumulativeCsn(), "seed " + seed);
            assertEquals(highest, window.highestCsn(), "seed " + seed);
            assertTrue(window.creditCsn() >= credit, "credit never shrinks");
            if (step % 16 == 0) {
                checkRuns(window, received, cumulative, highest, random);
            }
        }
    }

    // Reads all frames of an acknowledgement and compares every described CSN with the model.
    private void checkRuns(
            ReceiveWindow window, TreeSet<Long> received, long cumulative, long highest, SplittableRandom random) {
        final RunDecoder decoder = new RunDecoder();
        long base = Math.max(0, cumulative - random.nextInt(70));
        while (base < highest) {
            final int maxBytes = 12 + random.nextInt(40);
            final int bytes = window.encodeRuns(base, out, 7, maxBytes);
            assertTrue(bytes <= maxBytes);
            final long end = window.runsEndCsn();
            assertTrue(end > base, "each frame makes progress");
            assertTrue(decoder.wrap(out, 7, bytes, base, highest));
            final TreeSet<Long> described = new TreeSet<>();
            while (decoder.next()) {
                for (long i = 0; i < decoder.count(); i++) {
                    described.add(decoder.startCsn() + i);
                }
            }
            assertEquals(end, decoder.endCsn());
            for (long csn = base; csn < end; csn++) {
                assertEquals(csn < cumulative || received.contains(csn), described.contains(csn));
            }
            base = end;
        }
    }

    @Test
    void cutsTheLastRunToTheRoomThatIsLeft() {
        final ReceiveWindow window = new ReceiveWindow(1 << 16, 1 << 16);
        for (long csn = 1; csn < 12; csn += 2) {
            window.mark(csn);
        }
        window.markRange(20, 10_000);
        // 0, 1, 1 ... then a run that needs two bytes where one is left.
        final int bytes = window.encodeRuns(0, out, 0, 15);
        assertEquals(15, bytes);
        assertEquals(20 + 127, window.runsEndCsn());
    }

    @Test
    void encodesALargeWindowQuickly() {
        final ReceiveWindow window = new ReceiveWindow(1 << 21, 1 << 21);
        window.markRange(1, (1 << 21) - 1);
        final long start = System.nanoTime();
        for (int i = 0; i < 100; i++) {
            assertEquals(5, window.encodeRuns(0, out, 0, 12));
        }
        // 2^21 chunks are 32,768 words; a bit at a time this would take seconds.
        assertTrue(System.nanoTime() - start < 2_000_000_000L);
    }

    @Test
    @Tag("fault-37")
    void neverThrowsForMalformedRuns() {
        final SplittableRandom random = new SplittableRandom(4711);
        final RunDecoder decoder = new RunDecoder();
        for (int i = 0; i < 50_000; i++) {
            final int bytes = random.nextInt(40);
            for (int j = 0; j < bytes; j++) {
                out.set(java.lang.foreign.ValueLayout.JAVA_BYTE, j, (byte)
                        random.nextInt(random.nextInt(2) == 0 ? 4 : 256));
            }
            final long base = random.nextLong() >>> random.nextInt(64);
            final long limit = random.nextLong() >>> random.nextInt(64);
            final boolean valid = decoder.wrap(out, 0, bytes, base, limit);
            assertEquals(!valid, decoder.isInvalid());
            long at = base;
            while (decoder.next()) {
                assertTrue(valid && decoder.startCsn() >= at && decoder.count() > 0);
                at = decoder.startCsn() + decoder.count();
                assertTrue(at <= limit && at <= decoder.endCsn());
            }
        }
    }

    @Test
    @Tag("fault-37")
    void refusesTruncatedOverlongAndExcessiveRuns() {
        final RunDecoder decoder = new RunDecoder();
        WireBytes.u8(out, 0, 0x80);
        assertFalse(decoder.wrap(out, 0, 1, 0, 1000), "truncated");
        for (int i = 0; i < 11; i++) {
            WireBytes.u8(out, i, 0xff);
        }
        assertFalse(decoder.wrap(out, 0, 11, 0, Long.MAX_VALUE), "longer than 63 bits");
        WireBytes.putVarint(out, 0, 1001);
        assertFalse(decoder.wrap(out, 0, 2, 0, 1000), "beyond the limit");
        assertTrue(decoder.wrap(out, 0, 2, 0, 1001));
        WireBytes.u8(out, 0, 1);
        WireBytes.u8(out, 1, 0);
        assertFalse(decoder.wrap(out, 0, 2, 0, 1000), "an empty run in the middle");
        assertFalse(decoder.wrap(out, 0, 5000, 0, 1000), "outside of the memory");
    }
}
