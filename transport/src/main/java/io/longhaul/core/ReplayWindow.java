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

/// Which packet numbers of a lane were taken: exact within the window, and everything below it counts as taken.
///
/// The window follows what may be in flight: it is 1,024 packets long at first, and doubles on a busy lane up to what
/// its
/// owner wants. 100 Gb/s x 200 ms in packets of 4 KiB are 610,000 packets in flight; a window of twice that has 2^21
/// bits,
/// 256 KiB.
//= RFC 4303 §3.4.3
final class ReplayWindow {
    private static final int INITIAL_WORDS = 16;
    private static final int MAX_WORDS = 1 << 18; // 2^24 packets
    private static final int WORD_SHIFT = 6;

    // [number / 64 modulo length], a power of two. The word of the newest number and the length - 1 words before it.
    private long[] words = new long[INITIAL_WORDS];
    private long newest = -1;

    ReplayWindow() {}

    /// Largest number that was taken, -1 before the first.
    long newest() {
        return newest;
    }

    /// Numbers that the window spans at least.
    int packets() {
        return words.length - 1 << WORD_SHIFT;
    }

    /// True when a number, 0 and more, may be taken: it was not, and is not too old to know.
    boolean isNew(long number) {
        if (number > newest) {
            return true;
        }
        return (newest >> WORD_SHIFT) - (number >> WORD_SHIFT) < words.length
                && (words[slot(number)] & 1L << number) == 0;
    }

    /// Takes a number that {@link #isNew}.
    ///
    /// @param wantedPackets window that is wanted; it becomes so long when the lane has sent as much
    void mark(long number, int wantedPackets) {
        assert isNew(number) : "only a new number is taken";
        if (number > newest) {
            final long word = number >> WORD_SHIFT;
            while (word >= words.length && words.length <= wantedPackets >> WORD_SHIFT && words.length < MAX_WORDS) {
                grow();
            }
            final long first = Math.max((newest >> WORD_SHIFT) + 1, word - words.length + 1);
            for (long w = first; w <= word; w++) {
                words[(int) w & words.length - 1] = 0;
            }
            newest = number;
        }
        words[slot(number)] |= 1L << number;
    }

    private void grow() {
        final long[] old = words;
        final long last = newest >> WORD_SHIFT;
        words = new long[old.length * 2];
        // What the shorter window had forgotten counts as taken.
        for (long w = Math.max(0, last - words.length + 1); w <= last - old.length; w++) {
            words[(int) w & words.length - 1] = -1L;
        }
        for (long w = Math.max(0, last - old.length + 1); w <= last; w++) {
            words[(int) w & words.length - 1] = old[(int) w & old.length - 1];
        }
    }

    private int slot(long number) {
        return (int) (number >> WORD_SHIFT) & words.length - 1;
    }
}
