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

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.soft.DatagramBurst.Outcome;
import io.longhaul.verbs.soft.LinkCounters.Counter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongSupplier;

/// The packets of an [EmulatedWire]: they wait in a [DelayLine] for as long as the [LinkModel] says, then leave in
/// bursts. A burst may leave a 40th of the link's delay late, at most 250 us, so that one wake-up of a sleeping owner
/// serves several packets (64 KiB at 2 Gb/s: one system call); an owner that is awake sends them in time.
///
/// Threading: the owner thread of the data path.
final class WireEgress implements Egress {
    private static final int ECN_MASK = 3;
    private static final int MAX_RELEASED = 1024;
    private static final long RETRY_NANOS = 50_000;
    private static final long MAX_LATENESS_NANOS = 250_000;
    private static final int LATENESSES_PER_DELAY = 40;
    private static final long MIN_RING_BYTES = 4L << 20;
    private static final double UNLIMITED_BITS_PER_SECOND = 10e9;
    private static final double SLACK = 1.5;
    private static final double NANOS_AND_BITS = 8e9;
    private static final int MIN_MODEL_PACKET_BYTES = 512;

    private final SocketPool sockets;
    private final DatagramBurst burst;
    private final LongSupplier clock;
    private final LinkModel model;
    private final DelayLine line;
    private final MemorySegment ring;
    private final int ipAndUdpBytes;
    private final long latenessNanos;
    private boolean blocked;
    private long retryNanos;

    // [datagram of the burst being released]
    private final long[] entries = new long[DatagramBurst.MAX_DATAGRAMS];
    private final long[] times = new long[DatagramBurst.MAX_DATAGRAMS];
    private final long[] orders = new long[DatagramBurst.MAX_DATAGRAMS];

    WireEgress(Arena arena, WireConfig config, SocketPool sockets, DatagramBurst burst, LongSupplier clock) {
        this.sockets = sockets;
        this.burst = burst;
        this.clock = clock;
        model = new LinkModel(config, clock.getAsLong());
        line = new DelayLine(arena, ringBytes(config, model));
        ring = line.ring();
        latenessNanos = Math.min(MAX_LATENESS_NANOS, config.delay().toNanos() / LATENESSES_PER_DELAY);
        ipAndUdpBytes = (sockets.isIpv6() ? Icrc.IPV6_HEADER_BYTES : Icrc.IPV4_HEADER_BYTES) + Icrc.UDP_HEADER_BYTES;
    }

    LinkModel model() {
        return model;
    }

    int packetsInFlight() {
        return line.size();
    }

    @Override
    public int send(PacketBatch batch, int lane, SoftAddressHandle destination) {
        long now = clock.getAsLong();
        boolean ecnCapable = (destination.trafficClass() & ECN_MASK) != 0;
        for (int i = 0; i < batch.count(); i++) {
            int bytes = batch.packetBytes(i);
            int copies = model.offer(now, bytes + ipAndUdpBytes, lane, ecnCapable);
            int bit = model.corruptBit(bytes * Byte.SIZE);
            int trafficClass =
                    destination.trafficClass() | (model.isMarked() ? AddressVector.CONGESTION_EXPERIENCED : 0);
            for (int copy = 0; copy < copies; copy++) {
                long entry = line.append(
                        model.deliveryNanos(copy), bytes, lane, trafficClass, destination.socketAddressBytes());
                if (entry < 0) {
                    model.counters().add(Counter.OVERFLOWED_PACKETS, 1);
                } else {
                    fill(entry, batch, i, destination, bit);
                }
            }
        }
        return batch.count();
    }

    @Override
    public Outcome outcome() {
        return Outcome.COMPLETE;
    }

    @Override
    public int release(long nowNanos) {
        int released = 0;
        blocked = false;
        while (!blocked && released < MAX_RELEASED && line.size() > 0 && line.nextNanos() - nowNanos <= 0) {
            int count = gather(nowNanos);
            released += sendBurst(count);
        }
        retryNanos = nowNanos + RETRY_NANOS;
        return released;
    }

    @Override
    public long nextNanos() {
        if (blocked) {
            return retryNanos;
        }
        return line.size() == 0 ? Long.MAX_VALUE : line.nextNanos() + latenessNanos;
    }

    private void fill(long entry, PacketBatch batch, int packet, SoftAddressHandle destination, int corruptBit) {
        int bytes = batch.packetBytes(packet);
        long start = entry + DelayLine.PACKET_OFFSET;
        MemorySegment.copy(
                destination.socketAddress(),
                0,
                ring,
                entry + DelayLine.ADDRESS_OFFSET,
                DelayLine.PACKET_OFFSET - DelayLine.ADDRESS_OFFSET);
        batch.copyTo(ring, start, packet);
        if (corruptBit >= 0) {
            long at = start + corruptBit / Byte.SIZE;
            ring.set(JAVA_BYTE, at, (byte) (ring.get(JAVA_BYTE, at) ^ 1 << corruptBit % Byte.SIZE));
        }
        line.icrc(entry, Icrc.read(ring, start + bytes - Icrc.LENGTH_BYTES));
    }

    /// Takes packets that are due and belong together from the line into the burst.
    private int gather(long nowNanos) {
        long first = line.next();
        int count = 0;
        burst.begin(
                ring.address() + first + DelayLine.ADDRESS_OFFSET, line.addressBytes(first), line.trafficClass(first));
        do {
            long entry = line.next();
            int bytes = line.packetBytes(entry);
            long start = entry + DelayLine.PACKET_OFFSET;
            entries[count] = entry;
            times[count] = line.nextNanos();
            orders[count] = line.nextOrder();
            burst.addPiece(ring.address() + start, bytes);
            burst.endDatagram(bytes, line.icrc(entry), ring, start + bytes - Icrc.LENGTH_BYTES);
            line.pop();
            count++;
        } while (line.size() > 0
                && line.nextNanos() - nowNanos <= 0
                && burst.accepts(line.packetBytes(line.next()))
                && belongTogether(first, line.next()));
        return count;
    }

    private boolean belongTogether(long entry, long other) {
        if (line.lane(entry) != line.lane(other) || line.trafficClass(entry) != line.trafficClass(other)) {
            return false;
        }
        for (int i = DelayLine.ADDRESS_OFFSET; i < DelayLine.PACKET_OFFSET; i += Long.BYTES) {
            if (ring.get(JAVA_LONG, entry + i) != ring.get(JAVA_LONG, other + i)) {
                return false;
            }
        }
        return true;
    }

    private int sendBurst(int count) {
        int done = burst.send(sockets.socket(line.lane(entries[0])));
        int next = done;
        if (burst.outcome() == Outcome.TOO_LONG) {
            // Its completion is long past: the packet vanishes as on a real path, and the rest is tried again.
            next++;
        }
        for (int i = 0; i < next; i++) {
            line.free(entries[i]);
        }
        for (int i = next; i < count; i++) {
            line.push(times[i], orders[i], entries[i]);
        }
        blocked = burst.outcome() == Outcome.BLOCKED;
        return next;
    }

    private static long ringBytes(WireConfig config, LinkModel model) {
        double perPacket = 1 + (double) (DelayLine.PACKET_OFFSET * 2) / MIN_MODEL_PACKET_BYTES;
        double rate = config.rateBitsPerSecond() == 0 ? UNLIMITED_BITS_PER_SECOND : config.rateBitsPerSecond();
        double bytes = rate
                / NANOS_AND_BITS
                * model.longestStay().toNanos()
                * (1 + config.duplicateFraction())
                * perPacket
                * SLACK;
        long wanted = Math.max(MIN_RING_BYTES, (long) bytes);
        if (config.rateBitsPerSecond() == 0) {
            return Math.min(wanted, config.maxMemoryBytes());
        }
        if (wanted > config.maxMemoryBytes()) {
            throw new IllegalArgumentException("the wire holds up to " + wanted + " B (rate "
                    + config.rateBitsPerSecond() + " bit/s x " + model.longestStay()
                    + "), more than maxMemoryBytes " + config.maxMemoryBytes()
                    + ": raise it, or lower rate, delay or queueBytes");
        }
        return wanted;
    }
}
