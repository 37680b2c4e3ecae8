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
package io.longhaul.sim.model;

/// A queue of longs that grows.
final class LongQueue {
    private long[] ring = new long[1024]; // [position], power of two
    private long head;
    private long tail;

    boolean isEmpty() {
        return head == tail;
    }

    long first() {
        return ring[(int) head & ring.length - 1];
    }

    long take() {
        return ring[(int) head++ & ring.length - 1];
    }

    void add(long value) {
        if (tail - head == ring.length) {
            final long[] larger = new long[2 * ring.length];
            for (long i = head; i < tail; i++) {
                larger[(int) i & larger.length - 1] = ring[(int) i & ring.length - 1];
            }
            ring = larger;
        }
        ring[(int) tail++ & ring.length - 1] = value;
    }
}
