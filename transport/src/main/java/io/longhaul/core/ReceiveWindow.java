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

import io.longhaul.core.wire.WireBytes;
import java.lang.foreign.MemorySegment;

/// Which CSNs were received: a circular bitmap over [cumulative, highest), and how far ahead the peer may send.
///
/// The window is a promise and costs nothing: it doubles whenever the span from the cumulative to the highest CSN
/// exceeds a quarter of it, and whenever as many chunks as it has were received, so that a path without holes is not
/// held back either. The bitmap follows the span: 2 bits for each chunk that is, or may soon be, between a hole and
/// the highest CSN. A path of 100 Gb/s and 100 ms has 140,000 chunks of 8,900 bytes in flight; after a hole the
/// bitmap has 2^18 x 2 bits, 64 KiB. Neither shrinks.
final class ReceiveWindow {
    /// The CSN may be taken.
    static final int NEW = 0;

    /// The CSN was received or voided before.
    static final int DUPLICATE = 1;

    /// The peer had no credit for the CSN: a protocol violation.
    static final int BEYOND = 2;

    // A run is at most 2^31: five bytes.
    private static final int MIN_RUN_BYTES = 12;

    private static final int INITIAL_BITMAP_CHUNKS = 256;

    private final int maxCapacity;
    private int capacity;
    private long doublingCsn;

    // [CSN / 64 modulo length], twice as long as the span, so that its first and last word never share a place. Words
    // that
    // lie wholly below the cumulative CSN are zero; in the word of the cumulative CSN the bits below it are set.
    private long[] words;
    private int bitmapChunks;

    private long cumulative;
    private long highest;
    private long runsEnd;

    ReceiveWindow(int windowChunks, int maxWindowChunks) {
        assert Integer.bitCount(windowChunks) == 1 && windowChunks >= 64 : "a power of two from 64";
        capacity = windowChunks;
        maxCapacity = Math.max(windowChunks, maxWindowChunks);
        doublingCsn = capacity;
        bitmapChunks = Math.min(INITIAL_BITMAP_CHUNKS, maxCapacity);
        words = new long[wordCount(bitmapChunks)];
    }

    private static int wordCount(int chunks) {
        return (int) (2L * chunks >>> 6);
    }

    private int slot(long csn) {
        return (int) (csn >>> 6) & words.length - 1;
    }

    /// NEW, DUPLICATE or BEYOND.
    int status(long csn) {
        if (csn < cumulative) {
            return csn < 0 ? BEYOND : DUPLICATE;
        }
        if (csn - cumulative >= capacity) {
            return BEYOND;
        }
        return csn >= highest || (words[slot(csn)] & 1L << csn) == 0 ? NEW : DUPLICATE;
    }

    /// NEW when at least one CSN of the range is, DUPLICATE when none is, BEYOND when the range is empty, negative
    /// or over the
    /// credit.
    int rangeStatus(long firstCsn, long count) {
        if (firstCsn < 0 || count <= 0 || firstCsn > creditCsn() || count > creditCsn() - firstCsn) {
            return BEYOND;
        }
        final long from = Math.max(firstCsn, cumulative);
        final long end = firstCsn + count;
        return end > highest || from < end && nextMissing(from, end) < end ? NEW : DUPLICATE;
    }

    /// Marks a CSN whose status is NEW as received.
    ///
    /// @return true when {@link #cumulativeCsn} advanced
    boolean mark(long csn) {
        assert status(csn) == NEW : "only a NEW CSN is marked";
        reach(csn + 1);
        words[slot(csn)] |= 1L << csn;
        if (csn >= highest) {
            highest = csn + 1;
        }
        final boolean advanced = csn == cumulative;
        if (advanced) {
            advance();
        }
        widen();
        return advanced;
    }

    /// Marks a range whose status is not BEYOND as received.
    ///
    /// @return true when {@link #cumulativeCsn} advanced
    boolean markRange(long firstCsn, long count) {
        assert rangeStatus(firstCsn, count) != BEYOND : "a range inside the credit";
        final long end = firstCsn + count;
        final long before = cumulative;
        reach(end);
        long csn = Math.max(firstCsn, cumulative);
        while (csn < end) {
            final long wordEnd = Math.min(end, (csn | 63) + 1);
            words[slot(csn)] |= -1L << csn & -1L >>> -wordEnd;
            csn = wordEnd;
        }
        highest = Math.max(highest, end);
        advance();
        widen();
        return cumulative != before;
    }

    private void advance() {
        int slot = slot(cumulative);
        long word = words[slot];
        while (word == -1L) {
            words[slot] = 0;
            cumulative = (cumulative | 63) + 1;
            slot = slot(cumulative);
            word = words[slot];
        }
        cumulative = (cumulative & ~63L) + Long.numberOfTrailingZeros(~word);
    }

    // Promises more.
    private void widen() {
        while (capacity < maxCapacity && (highest - cumulative > capacity >>> 2 || cumulative >= doublingCsn)) {
            capacity <<= 1;
            doublingCsn = cumulative + capacity;
        }
    }

    // Makes the bitmap long enough for all CSNs below one.
    private void reach(long endCsn) {
        if (endCsn - cumulative <= bitmapChunks) {
            return;
        }
        final long[] old = words;
        while (endCsn - cumulative > bitmapChunks) {
            bitmapChunks <<= 1;
        }
        words = new long[wordCount(bitmapChunks)];
        for (long word = cumulative >>> 6; word <= highest >>> 6; word++) {
            words[(int) word & words.length - 1] = old[(int) word & old.length - 1];
        }
    }

    /// Every smaller CSN was received.
    long cumulativeCsn() {
        return cumulative;
    }

    /// The CSN behind the largest one received.
    long highestCsn() {
        return highest;
    }

    /// CSNs below it may be sent; never decreases.
    long creditCsn() {
        return cumulative + capacity;
    }

    /// Present size of the window, chunks.
    int capacityChunks() {
        return capacity;
    }

    /// Writes runs of received and missing CSNs in turn, received first, as varints, from {@code baseCsn} to
    /// {@link #highestCsn} or to where {@code maxBytes} end; the last run is then cut short, so that the frame says
    /// nothing
    /// about what lies behind {@link #runsEndCsn}.
    ///
    /// @param maxBytes at least 12
    /// @return bytes written
    int encodeRuns(long baseCsn, MemorySegment out, long offset, int maxBytes) {
        assert maxBytes >= MIN_RUN_BYTES : "room for two runs";
        final long limit = offset + maxBytes;
        long at = offset;
        long csn = baseCsn;
        boolean received = true;
        while (csn < highest && at < limit) {
            final long next = received ? nextMissing(csn, highest) : nextReceived(csn, highest);
            final long run = next - csn;
            final int room = (int) (limit - at);
            if (WireBytes.varintBytes(run) > room) {
                final long cut = (1L << 7 * room) - 1;
                at = WireBytes.putVarint(out, at, cut);
                csn += cut;
                break;
            }
            at = WireBytes.putVarint(out, at, run);
            csn = next;
            received = !received;
        }
        runsEnd = csn;
        return (int) (at - offset);
    }

    /// CSN behind the last one that the latest {@link #encodeRuns} described: the base of the next frame.
    long runsEndCsn() {
        return runsEnd;
    }

    // First missing CSN in [from, end), or end.
    private long nextMissing(long from, long end) {
        long csn = Math.max(from, cumulative);
        while (csn < end) {
            final long word = ~words[slot(csn)] & -1L << csn;
            if (word != 0) {
                return Math.min(end, (csn & ~63L) + Long.numberOfTrailingZeros(word));
            }
            csn = (csn | 63) + 1;
        }
        return end;
    }

    // First received CSN in [from, end), or end.
    private long nextReceived(long from, long end) {
        if (from < cumulative) {
            return Math.min(from, end);
        }
        long csn = from;
        while (csn < end) {
            final long word = words[slot(csn)] & -1L << csn;
            if (word != 0) {
                return Math.min(end, (csn & ~63L) + Long.numberOfTrailingZeros(word));
            }
            csn = (csn | 63) + 1;
        }
        return end;
    }
}
