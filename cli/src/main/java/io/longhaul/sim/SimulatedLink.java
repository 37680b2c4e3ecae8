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
import io.longhaul.verbs.soft.LinkCounters;
import io.longhaul.verbs.soft.LinkModel;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.PriorityQueue;

/// One direction of a path: the link model of the software device, with the packets that are on it.
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

    private static final int SLOT_BYTES = 9216;
    private static final int SLAB_SLOTS = 256;

    private final LinkModel model;
    private final int lowerHeaderBytes;
    private final ArrayDeque<Packet> pool = new ArrayDeque<>();
    private final ArrayList<Arena> arenas = new ArrayList<>();
    private final PriorityQueue<Packet> flying = new PriorityQueue<>((a, b) -> a.deliveryNanos != b.deliveryNanos
            ? Long.compare(a.deliveryNanos, b.deliveryNanos)
            : Long.compare(a.sequence, b.sequence));
    private long sequence;

    SimulatedLink(WireConfig config, int lowerHeaderBytes) {
        model = new LinkModel(config, 0);
        this.lowerHeaderBytes = lowerHeaderBytes;
    }

    LinkCounters counters() {
        return model.counters();
    }

    LinkModel model() {
        return model;
    }

    /// Sends what an engine wrote: a packet, or a chunk to be placed.
    void send(long nowNanos, Transmit transmit) {
        final int length = transmit.length();
        final int lane = transmit.lane();
        final boolean placed = transmit.isPlaced();
        final int headerBytes = lowerHeaderBytes + (placed ? SimulatedMemory.MORE_HEADER_BYTES : 0);
        final int copies = model.offer(nowNanos, length + (-length & 3) + headerBytes, lane, !placed);
        for (int copy = 0; copy < copies; copy++) {
            final Packet packet = take();
            MemorySegment.copy(transmit.segment(), transmit.offset(), packet.bytes, 0, length);
            packet.length = length;
            packet.lane = lane;
            packet.placed = placed;
            packet.remoteAddress = transmit.remoteAddress();
            packet.remoteKey = transmit.remoteKey();
            packet.immediate = transmit.immediate();
            packet.ce = model.isMarked();
            packet.deliveryNanos = model.deliveryNanos(copy);
            packet.sequence = sequence++;
            final int bit = model.corruptBit(length * 8);
            if (bit >= 0 && placed) {
                // The check sum of RoCEv2 catches it: the device drops the packet.
                pool.push(packet);
                continue;
            }
            if (bit >= 0) {
                final byte old = packet.bytes.get(ValueLayout.JAVA_BYTE, bit / 8);
                packet.bytes.set(ValueLayout.JAVA_BYTE, bit / 8, (byte) (old ^ 1 << bit % 8));
            }
            flying.add(packet);
        }
    }

    private Packet take() {
        if (pool.isEmpty()) {
            final Arena arena = Arena.ofConfined();
            arenas.add(arena);
            final MemorySegment slab = arena.allocate((long) SLOT_BYTES * SLAB_SLOTS);
            for (int i = 0; i < SLAB_SLOTS; i++) {
                final Packet packet = new Packet();
                packet.bytes = slab.asSlice((long) i * SLOT_BYTES, SLOT_BYTES);
                pool.add(packet);
            }
        }
        return pool.pop();
    }

    long nextDeliveryNanos() {
        return flying.isEmpty() ? Long.MAX_VALUE : flying.element().deliveryNanos;
    }

    Packet deliver() {
        return flying.remove();
    }

    void recycle(Packet packet) {
        pool.push(packet);
    }

    void close() {
        arenas.forEach(Arena::close);
    }
}
