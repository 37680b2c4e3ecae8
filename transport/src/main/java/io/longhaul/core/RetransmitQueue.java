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

/// Chunks that were declared lost, in the order in which that happened. A chunk that is acknowledged meanwhile stays in
/// the
/// queue and is skipped by its state. Grows, never shrinks.
final class RetransmitQueue {
    private long[] ring = new long[8]; // [slot] csn, length a power of two
    private long head;
    private long tail;

    RetransmitQueue() {}

    boolean isEmpty() {
        return head == tail;
    }

    void add(long csn) {
        if (tail - head == ring.length) {
            final long[] larger = new long[ring.length * 2];
            for (long i = head; i < tail; i++) {
                larger[(int) (i & larger.length - 1)] = ring[(int) (i & ring.length - 1)];
            }
            ring = larger;
        }
        ring[(int) (tail++ & ring.length - 1)] = csn;
    }

    /// First chunk of the queue that still is lost, without taking it; -1 when there is none.
    long peekLost(SendWindow window) {
        while (head != tail) {
            final long csn = ring[(int) (head & ring.length - 1)];
            if (csn >= window.cumulativeCsn() && window.state(csn) == SendWindow.LOST) {
                return csn;
            }
            head++;
        }
        return -1;
    }

    void skip() {
        head++;
    }
}
