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
package io.longhaul.bench.link;

import io.longhaul.verbs.soft.LinkCounters;
import io.longhaul.verbs.soft.LinkModel;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;

/// One direction of the link: super-packets go in, each of their segments meets a [LinkModel] of its own accord, and
/// what is
/// due together comes out as super-packets again.
///
/// Pure: time goes in with each call, bytes lie in a ring to which a device can read directly.
///
/// Threading: one thread; the counters can be read by any.
public final class SegmentedLink {
    /// The longest read: a super-packet of the longest IP packet, with its [VnetHeader].
    public static final int LONGEST_READ_BYTES = VnetHeader.BYTES + (1 << 16);

    /// The answer of [#nextNanos()] when nothing is on the link.
    public static final long NEVER = Long.MAX_VALUE;

    private static final int INITIAL_SEGMENTS = 4096;

    private final LinkModel model;
    private final PacketRing ring;
    private final SuperPacket arriving = new SuperPacket();
    private final SuperPacket leaving = new SuperPacket();
    private final MemorySegment headers;

    // [entry & mask], in order of delivery, those from headSegment to tailSegment
    private long[] times = new long[INITIAL_SEGMENTS];
    private long[] packets = new long[INITIAL_SEGMENTS];
    private int[] indexes = new int[INITIAL_SEGMENTS]; // negative: -1 - index, marked
    private long headSegment;
    private long tailSegment;

    // Those that are overtaken, and second copies.
    private final PriorityQueue<Late> late = new PriorityQueue<>(Comparator.comparingLong(Late::nanos));

    private long unreadable;
    private int headerBytes;
    private long payloadOffset;
    private int payloadBytes;
    private long polledPacket;
    private int polledSegments;

    /// A segment outside of the order.
    private record Late(long nanos, long packet, int index) {}

    /// Makes an idle link.
    ///
    /// @param config what it does; corruption is refused, since checksums are left to be computed by a card that is
    /// not
    /// there, and would hide it
    /// @param startNanos the time from which black holes are counted
    public SegmentedLink(Arena arena, WireConfig config, long startNanos) {
        if (config.corruptFraction() > 0) {
            throw new IllegalArgumentException("a link without checksums cannot corrupt packets; use loss instead");
        }
        model = new LinkModel(config, startNanos);
        ring = new PacketRing(arena, config.maxMemoryBytes(), LONGEST_READ_BYTES);
        headers = arena.allocate(VnetHeader.BYTES + SuperPacket.MAX_HEADER_BYTES, 8);
    }

    /// What a link of this configuration needs at least: all that can be on it, and as much again for what is read.
    public static long memoryBytes(WireConfig config) {
        double onTheLine = config.rateBitsPerSecond()
                / 8e9
                * (config.delay().toNanos()
                        + config.jitter().toNanos()
                        + config.reorderDelay().toNanos());
        // Small packets take 64 bytes each and more than their length; hence twice.
        return 2 * ((long) onTheLine + config.queueBytes()) + (16L << 20);
    }

    /// The memory that [#room()] points into.
    public MemorySegment memory() {
        return ring.memory();
    }

    /// Where the next read can put [#LONGEST_READ_BYTES].
    ///
    /// @return an offset, or -1 while the ring is full: leave the packets in the device
    public long room() {
        return ring.room();
    }

    /// Takes what was read at [#room()].
    ///
    /// @param nowNanos when it reaches the link; never before the previous
    /// @param length of [VnetHeader] and packet
    public void offer(long nowNanos, int length) {
        long at = ring.room();
        if (!arriving.read(ring.memory(), at, length)) {
            unreadable++;
            return;
        }
        boolean ecnCapable = arriving.isEcnCapable();
        // The packet is in the ring before its first segment is, so that a segment can name it.
        long packet = ring.append(length, 1);
        int kept = 0;
        for (int i = 0; i < arriving.segments(); i++) {
            int copies = model.offer(nowNanos, arriving.ipBytes(i), 0, ecnCapable);
            for (int copy = 0; copy < copies; copy++) {
                long nanos = model.deliveryNanos(copy);
                if (copy > 0 || model.isReordered()) {
                    late.add(new Late(nanos, packet, model.isMarked() ? -1 - i : i));
                } else {
                    push(nanos, packet, model.isMarked() ? -1 - i : i);
                }
            }
            kept += copies;
        }
        ring.release(packet, 1 - kept);
    }

    /// When the next segment arrives, or [#NEVER].
    public long nextNanos() {
        long inOrder = headSegment == tailSegment ? NEVER : times[index(headSegment)];
        Late first = late.peek();
        return first == null ? inOrder : Math.min(inOrder, first.nanos());
    }

    /// Takes the next row of segments of one super-packet that have arrived. [#headers()], [#headerBytes()],
    /// [#payloadOffset()] and [#payloadBytes()] then describe what to write, until [#done()].
    ///
    /// @return false when nothing has arrived
    public boolean poll(long nowNanos) {
        Late first = late.peek();
        boolean hasInOrder = headSegment != tailSegment;
        if (first != null && (!hasInOrder || first.nanos() < times[index(headSegment)])) {
            if (first.nanos() - nowNanos > 0) {
                return false;
            }
            late.poll();
            compose(first.packet(), first.index(), 1);
            return true;
        }
        if (!hasInOrder || times[index(headSegment)] - nowNanos > 0) {
            return false;
        }
        long packet = packets[index(headSegment)];
        int begin = indexes[index(headSegment)];
        int count = 1;
        // Marked segments count downwards from -1.
        int step = begin < 0 ? -1 : 1;
        while (headSegment + count != tailSegment
                && packets[index(headSegment + count)] == packet
                && indexes[index(headSegment + count)] == begin + step * count
                && times[index(headSegment + count)] - nowNanos <= 0) {
            count++;
        }
        headSegment += count;
        compose(packet, begin, count);
        return true;
    }

    private void compose(long packet, int begin, int count) {
        boolean marked = begin < 0;
        int first = marked ? -1 - begin : begin;
        leaving.read(ring.memory(), ring.offset(packet), ring.length(packet));
        if (marked && leaving.segments() == 1) {
            leaving.markInPlace();
        }
        headerBytes = leaving.writeHeaders(headers, first, count, marked);
        payloadOffset = leaving.payloadOffset(first);
        payloadBytes = leaving.payloadBytes(first, count);
        polledPacket = packet;
        polledSegments = count;
    }

    /// Gives the memory of what was polled back.
    public void done() {
        ring.release(polledPacket, polledSegments);
        polledSegments = 0;
    }

    /// What to write first.
    public MemorySegment headers() {
        return headers;
    }

    /// How much of [#headers()] to write.
    public int headerBytes() {
        return headerBytes;
    }

    /// Where what follows begins in [#memory()].
    public long payloadOffset() {
        return payloadOffset;
    }

    /// How much of that there is.
    public int payloadBytes() {
        return payloadBytes;
    }

    /// What the model did.
    public LinkCounters counters() {
        return model.counters();
    }

    /// How many reads were no packets that can be cut: none, unless the kernel has changed.
    public long unreadable() {
        return unreadable;
    }

    private void push(long nanos, long packet, int index) {
        if (tailSegment - headSegment == times.length) {
            grow();
        }
        int at = index(tailSegment++);
        times[at] = nanos;
        packets[at] = packet;
        indexes[at] = index;
    }

    private void grow() {
        int old = times.length;
        times = Arrays.copyOf(times, 2 * old);
        packets = Arrays.copyOf(packets, 2 * old);
        indexes = Arrays.copyOf(indexes, 2 * old);
        System.arraycopy(times, 0, times, old, old);
        System.arraycopy(packets, 0, packets, old, old);
        System.arraycopy(indexes, 0, indexes, old, old);
    }

    private int index(long entry) {
        return (int) entry & times.length - 1;
    }
}
