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
package io.longhaul.sim;

import io.longhaul.core.Transmit;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.PriorityQueue;

/// The packets that are on one direction of a path. The engine writes each packet where it then lies until it is
/// delivered.
final class SimulatedLink {
    /// A packet on its way; pooled.
    static final class Packet {
        MemorySegment bytes = MemorySegment.NULL;
        int length;
        int lane;
        boolean ce;
        boolean placed;
        long remoteAddress;
        int remoteKey;
        int immediate;
        long deliveryNanos;
        long sequence;
    }

    private static final int ALIGNMENT = 64;
    private static final int SLAB_BYTES = 2 << 20;

    private final Route route;
    private final int lowerHeaderBytes;
    private final int slotBytes;
    private final ArrayDeque<Packet> pool = new ArrayDeque<>();
    private final ArrayList<Arena> arenas = new ArrayList<>();
    private final ArrayDeque<Packet> inOrder = new ArrayDeque<>();
    private final PriorityQueue<Packet> overtaking = new PriorityQueue<>((a, b) -> a.deliveryNanos != b.deliveryNanos
            ? Long.compare(a.deliveryNanos, b.deliveryNanos)
            : Long.compare(a.sequence, b.sequence));
    private long sequence;
    private long nextDeliveryNanos = Long.MAX_VALUE;

    /// @param packetBytes longest packet, without the lower headers
    SimulatedLink(Route route, int lowerHeaderBytes, int packetBytes) {
        this.route = route;
        this.lowerHeaderBytes = lowerHeaderBytes;
        slotBytes = (packetBytes + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /// A packet to be written and then sent or recycled.
    Packet take() {
        if (pool.isEmpty()) {
            final Arena arena = Arena.ofConfined();
            arenas.add(arena);
            final int slots = Math.max(1, SLAB_BYTES / slotBytes);
            final MemorySegment slab = arena.allocate((long) slotBytes * slots, ALIGNMENT);
            for (int i = 0; i < slots; i++) {
                final Packet packet = new Packet();
                packet.bytes = slab.asSlice((long) i * slotBytes, slotBytes);
                pool.add(packet);
            }
        }
        return pool.pop();
    }

    /// Sends a packet that was taken and that an engine has written: a packet, or a chunk to be placed.
    void send(long nowNanos, Packet packet, Transmit transmit) {
        final int length = transmit.length();
        final boolean placed = transmit.isPlaced();
        final int headerBytes = lowerHeaderBytes + (placed ? SimulatedMemory.MORE_HEADER_BYTES : 0);
        final int copies = route.offer(nowNanos, length + (-length & 3) + headerBytes, transmit.lane(), !placed);
        final int bit = copies == 0 ? -1 : route.corruptBit(length * 8);
        if (copies == 0 || (bit >= 0 && placed)) {
            // The check sum of RoCEv2 catches a flipped bit of a chunk: the device drops it.
            pool.push(packet);
            return;
        }
        packet.length = length;
        packet.lane = transmit.lane();
        packet.placed = placed;
        packet.remoteAddress = transmit.remoteAddress();
        packet.remoteKey = transmit.remoteKey();
        packet.immediate = transmit.immediate();
        packet.ce = route.isMarked();
        if (bit >= 0) {
            final byte old = packet.bytes.get(ValueLayout.JAVA_BYTE, bit / 8);
            packet.bytes.set(ValueLayout.JAVA_BYTE, bit / 8, (byte) (old ^ 1 << bit % 8));
        }
        if (copies > 1) {
            final Packet copy = copyOf(packet);
            fly(packet, 0);
            fly(copy, 1);
        } else {
            fly(packet, 0);
        }
    }

    private Packet copyOf(Packet packet) {
        final Packet copy = take();
        MemorySegment.copy(packet.bytes, 0, copy.bytes, 0, packet.length);
        copy.length = packet.length;
        copy.lane = packet.lane;
        copy.placed = packet.placed;
        copy.remoteAddress = packet.remoteAddress;
        copy.remoteKey = packet.remoteKey;
        copy.immediate = packet.immediate;
        copy.ce = packet.ce;
        return copy;
    }

    private void fly(Packet packet, int copy) {
        packet.deliveryNanos = route.deliveryNanos(copy);
        packet.sequence = sequence++;
        final Packet last = inOrder.peekLast();
        if (last == null || packet.deliveryNanos >= last.deliveryNanos) {
            inOrder.addLast(packet);
        } else {
            overtaking.add(packet);
        }
        nextDeliveryNanos = Math.min(nextDeliveryNanos, packet.deliveryNanos);
    }

    long nextDeliveryNanos() {
        return nextDeliveryNanos;
    }

    /// Takes the packet that arrives next.
    Packet deliver() {
        final Packet first = inOrder.peekFirst();
        final Packet other = overtaking.peek();
        final boolean overtakes = other != null
                && (first == null
                        || other.deliveryNanos < first.deliveryNanos
                        || (other.deliveryNanos == first.deliveryNanos && other.sequence < first.sequence));
        final Packet packet = overtakes ? overtaking.remove() : inOrder.removeFirst();
        final Packet nextInOrder = inOrder.peekFirst();
        final Packet nextOther = overtaking.peek();
        nextDeliveryNanos = Math.min(
                nextInOrder == null ? Long.MAX_VALUE : nextInOrder.deliveryNanos,
                nextOther == null ? Long.MAX_VALUE : nextOther.deliveryNanos);
        return packet;
    }

    void recycle(Packet packet) {
        pool.push(packet);
    }

    void close() {
        arenas.forEach(Arena::close);
    }
}
