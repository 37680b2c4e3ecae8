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

import java.util.Arrays;

/// Packets on their way: numbers by the time of arrival, equal times in the order of sending.
final class Flights {
    private static final int INITIAL = 1024;

    private long[] times = new long[INITIAL]; // [heap]
    private long[] orders = new long[INITIAL]; // [heap]
    private long[] numbers = new long[INITIAL]; // [heap]
    private int size;
    private long sent;

    /// Arrival of the next; {@link Long#MAX_VALUE} for none.
    long nextNanos() {
        return size == 0 ? Long.MAX_VALUE : times[0];
    }

    void add(long timeNanos, long number) {
        if (size == times.length) {
            times = Arrays.copyOf(times, 2 * size);
            orders = Arrays.copyOf(orders, 2 * size);
            numbers = Arrays.copyOf(numbers, 2 * size);
        }
        final long order = sent++;
        int at = size++;
        while (at > 0) {
            final int parent = (at - 1) / 2;
            if (times[parent] <= timeNanos) {
                break;
            }
            move(parent, at);
            at = parent;
        }
        put(at, timeNanos, order, number);
    }

    /// Takes the number that arrives next.
    long take() {
        final long result = numbers[0];
        size--;
        final long time = times[size];
        final long order = orders[size];
        final long number = numbers[size];
        int at = 0;
        while (2 * at + 1 < size) {
            int child = 2 * at + 1;
            if (child + 1 < size && isBefore(child + 1, times[child], orders[child])) {
                child++;
            }
            if (!isBefore(child, time, order)) {
                break;
            }
            move(child, at);
            at = child;
        }
        put(at, time, order, number);
        return result;
    }

    private boolean isBefore(int at, long time, long order) {
        return times[at] < time || (times[at] == time && orders[at] < order);
    }

    private void move(int from, int to) {
        put(to, times[from], orders[from], numbers[from]);
    }

    private void put(int at, long time, long order, long number) {
        times[at] = time;
        orders[at] = order;
        numbers[at] = number;
    }
}
