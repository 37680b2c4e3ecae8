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
package io.longhaul.verbs.soft;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Packets in flight on an emulated wire: their bytes in a ring, the order in which they arrive in a heap.
///
/// Space is taken in the order in which packets enter and given back in the same order, once all before are gone; a
/// packet that
/// stays longer than its followers holds their space for so long. The heap breaks ties by order of entry.
///
/// ```
/// entry:  0 entry bytes | 4 in flight | 8 packet bytes | 12 lane | 16 traffic class | 20 address bytes | 24 ICRC | 28
/// -
///        32 socket address, 32 bytes                                                                        | 64
/// packet
/// ```
///
/// Threading: the owner thread of the data path.
final class DelayLine {
    /// Where the socket address is in an entry.
    static final int ADDRESS_OFFSET = 32;

    /// Where the packet is in an entry.
    static final int PACKET_OFFSET = 64;

    private static final int IN_FLIGHT_OFFSET = 4;
    private static final int PACKET_BYTES_OFFSET = 8;
    private static final int LANE_OFFSET = 12;
    private static final int TRAFFIC_CLASS_OFFSET = 16;
    private static final int ADDRESS_BYTES_OFFSET = 20;
    private static final int ICRC_OFFSET = 24;
    private static final int ALIGNMENT = 64;
    private static final int INITIAL_HEAP = 4096;

    private final MemorySegment ring;
    private final long capacityBytes;
    private long head;
    private long tail;

    // [heap place], smallest first: delivery time, order of entry, offset in the ring
    private long[] times = new long[INITIAL_HEAP];
    private long[] orders = new long[INITIAL_HEAP];
    private long[] entries = new long[INITIAL_HEAP];
    private int size;
    private long nextOrder;

    /// Makes an empty line.
    ///
    /// @param bytes room for packets, 64 bytes for each of them included
    DelayLine(Arena arena, long bytes) {
        capacityBytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        ring = arena.allocate(capacityBytes, ALIGNMENT);
    }

    /// The memory of the ring.
    MemorySegment ring() {
        return ring;
    }

    int size() {
        return size;
    }

    /// Takes room for a packet; the caller fills in address and packet.
    ///
    /// @return where the entry begins, or -1 when there is no room
    long append(long deliveryNanos, int packetBytes, int lane, int trafficClass, int addressBytes) {
        int entryBytes = (PACKET_OFFSET + packetBytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        long position = tail % capacityBytes;
        long untilEnd = capacityBytes - position;
        long needed = entryBytes <= untilEnd ? entryBytes : untilEnd + entryBytes;
        if (tail - head + needed > capacityBytes) {
            return -1;
        }
        if (entryBytes > untilEnd) {
            ring.set(JAVA_INT, position, (int) untilEnd);
            ring.set(JAVA_INT, position + IN_FLIGHT_OFFSET, 0);
            tail += untilEnd;
            position = 0;
        }
        tail += entryBytes;
        ring.set(JAVA_INT, position, entryBytes);
        ring.set(JAVA_INT, position + IN_FLIGHT_OFFSET, 1);
        ring.set(JAVA_INT, position + PACKET_BYTES_OFFSET, packetBytes);
        ring.set(JAVA_INT, position + LANE_OFFSET, lane);
        ring.set(JAVA_INT, position + TRAFFIC_CLASS_OFFSET, trafficClass);
        ring.set(JAVA_INT, position + ADDRESS_BYTES_OFFSET, addressBytes);
        push(deliveryNanos, nextOrder++, position);
        return position;
    }

    int packetBytes(long entry) {
        return ring.get(JAVA_INT, entry + PACKET_BYTES_OFFSET);
    }

    int lane(long entry) {
        return ring.get(JAVA_INT, entry + LANE_OFFSET);
    }

    int trafficClass(long entry) {
        return ring.get(JAVA_INT, entry + TRAFFIC_CLASS_OFFSET);
    }

    int addressBytes(long entry) {
        return ring.get(JAVA_INT, entry + ADDRESS_BYTES_OFFSET);
    }

    /// The ICRC of the packet for identification 0, after corruption.
    int icrc(long entry) {
        return ring.get(JAVA_INT, entry + ICRC_OFFSET);
    }

    void icrc(long entry, int icrc) {
        ring.set(JAVA_INT, entry + ICRC_OFFSET, icrc);
    }

    /// When the next packet arrives; there must be one.
    long nextNanos() {
        return times[0];
    }

    /// The order of entry of the next packet.
    long nextOrder() {
        return orders[0];
    }

    /// The next packet's entry; it stays in the ring until [#free].
    long next() {
        return entries[0];
    }

    /// Takes the next packet out of the order.
    void pop() {
        size--;
        if (size > 0) {
            sink(times[size], orders[size], entries[size]);
        }
    }

    /// Puts a packet back that was taken out.
    void push(long deliveryNanos, long order, long entry) {
        if (size == times.length) {
            times = Arrays.copyOf(times, size * 2);
            orders = Arrays.copyOf(orders, size * 2);
            entries = Arrays.copyOf(entries, size * 2);
        }
        int place = size++;
        while (place > 0) {
            int parent = place - 1 >>> 1;
            if (!before(deliveryNanos, order, parent)) {
                break;
            }
            move(parent, place);
            place = parent;
        }
        put(place, deliveryNanos, order, entry);
    }

    /// Gives the room of an entry back.
    void free(long entry) {
        ring.set(JAVA_INT, entry + IN_FLIGHT_OFFSET, 0);
        while (head != tail) {
            long position = head % capacityBytes;
            if (ring.get(JAVA_INT, position + IN_FLIGHT_OFFSET) != 0) {
                return;
            }
            head += ring.get(JAVA_INT, position);
        }
    }

    private void sink(long time, long order, long entry) {
        int place = 0;
        while (true) {
            int child = 2 * place + 1;
            if (child >= size) {
                break;
            }
            if (child + 1 < size && before(times[child + 1], orders[child + 1], child)) {
                child++;
            }
            if (!before(times[child], orders[child], time, order)) {
                break;
            }
            move(child, place);
            place = child;
        }
        put(place, time, order, entry);
    }

    private boolean before(long time, long order, int place) {
        return before(time, order, times[place], orders[place]);
    }

    private static boolean before(long time, long order, long otherTime, long otherOrder) {
        long difference = time - otherTime;
        return difference < 0 || difference == 0 && order < otherOrder;
    }

    private void move(int from, int to) {
        put(to, times[from], orders[from], entries[from]);
    }

    private void put(int place, long time, long order, long entry) {
        times[place] = time;
        orders[place] = order;
        entries[place] = entry;
    }
}
