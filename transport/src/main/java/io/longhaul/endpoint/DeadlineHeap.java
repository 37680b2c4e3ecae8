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
package io.longhaul.endpoint;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Drivers by the time at which their engine wants to be called: a binary heap whose entries know their place, so that
/// moving one costs O(log n) and allocates nothing. Times are compared by difference.
///
/// Threading: belongs to one agent.
final class DeadlineHeap {
    private static final int NOT_IN_HEAP = -1;

    private @Nullable ConnectionDriver[] heap = new @Nullable ConnectionDriver[64]; // [place], grows and never shrinks
    private int size;

    int size() {
        return size;
    }

    /// Time of the earliest deadline; only when there is one.
    long earliestNanos() {
        return at(0).deadlineNanos;
    }

    ConnectionDriver earliest() {
        return at(0);
    }

    /// Sets the deadline of a driver, which may be in the heap already.
    void schedule(ConnectionDriver driver, long deadlineNanos) {
        if (driver.heapIndex == NOT_IN_HEAP) {
            if (size == heap.length) {
                heap = Arrays.copyOf(heap, size * 2);
            }
            driver.deadlineNanos = deadlineNanos;
            place(driver, size++);
            siftUp(driver.heapIndex);
        } else if (deadlineNanos != driver.deadlineNanos) {
            final boolean earlier = deadlineNanos - driver.deadlineNanos < 0;
            driver.deadlineNanos = deadlineNanos;
            if (earlier) {
                siftUp(driver.heapIndex);
            } else {
                siftDown(driver.heapIndex);
            }
        }
    }

    /// Takes a driver out; nothing happens when it is not in.
    void remove(ConnectionDriver driver) {
        final int index = driver.heapIndex;
        if (index == NOT_IN_HEAP) {
            return;
        }
        driver.heapIndex = NOT_IN_HEAP;
        final ConnectionDriver last = at(--size);
        heap[size] = null;
        if (last != driver) {
            place(last, index);
            siftUp(index);
            siftDown(last.heapIndex);
        }
    }

    private ConnectionDriver at(int index) {
        return Objects.requireNonNull(heap[index], "places below size are taken");
    }

    private void place(ConnectionDriver driver, int index) {
        heap[index] = driver;
        driver.heapIndex = index;
    }

    private void siftUp(int start) {
        final ConnectionDriver driver = at(start);
        int index = start;
        while (index > 0) {
            final ConnectionDriver parent = at((index - 1) >>> 1);
            if (parent.deadlineNanos - driver.deadlineNanos <= 0) {
                break;
            }
            place(parent, index);
            index = (index - 1) >>> 1;
        }
        place(driver, index);
    }

    private void siftDown(int start) {
        final ConnectionDriver driver = at(start);
        int index = start;
        while (2 * index + 1 < size) {
            int child = 2 * index + 1;
            if (child + 1 < size && at(child + 1).deadlineNanos - at(child).deadlineNanos < 0) {
                child++;
            }
            if (driver.deadlineNanos - at(child).deadlineNanos <= 0) {
                break;
            }
            place(at(child), index);
            index = child;
        }
        place(driver, index);
    }
}
