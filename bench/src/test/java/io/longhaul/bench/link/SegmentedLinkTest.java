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

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.verbs.soft.LinkCounters.Counter;
import io.longhaul.verbs.soft.WireConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The link in virtual time, with super-packets written by hand. What comes out is checked by code of its own.
@Timeout(60)
final class SegmentedLinkTest {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int SEGMENT = 1000;
    private static final int TCP_HEADERS = 52; // with a time stamp option
    private static final long MS = 1_000_000;

    private final Arena arena = Arena.ofAuto();

    /// A packet that came out.
    private record Packet(long nanos, byte[] bytes) {
        MemorySegment segment() {
            return MemorySegment.ofArray(bytes);
        }

        int gsoType() {
            return bytes[1] & 0x7f;
        }

        int ipBytes() {
            return bytes.length - VnetHeader.BYTES;
        }

        int id() {
            return segment().get(SHORT, VnetHeader.BYTES + 4) & 0xffff;
        }

        int sequence() {
            return segment().get(INT, VnetHeader.BYTES + 24);
        }

        int tcpFlags() {
            return bytes[VnetHeader.BYTES + 33] & 0xff;
        }
    }

    private static WireConfig.Builder wire() {
        return WireConfig.builder().delay(Duration.ofMillis(10)).maxMemoryBytes(32 << 20);
    }

    private static void offer(SegmentedLink link, long now, int type, int payload, int ecn) {
        long room = link.room();
        assertTrue(room >= 0);
        MemorySegment to = link.memory().asSlice(room);
        int headers = type == VnetHeader.GSO_UDP_L4 ? 28 : TCP_HEADERS;
        VnetHeader.write(to, 0, type, headers, type == VnetHeader.GSO_NONE ? 0 : SEGMENT, 20);
        long ip = VnetHeader.BYTES;
        to.asSlice(ip, headers).fill((byte) 0);
        to.set(JAVA_BYTE, ip, (byte) 0x45);
        to.set(JAVA_BYTE, ip + 1, (byte) ecn);
        to.set(SHORT, ip + 2, (short) (headers + payload));
        to.set(SHORT, ip + 4, (short) 0xfffe);
        to.set(JAVA_BYTE, ip + 8, (byte) 64);
        to.set(JAVA_BYTE, ip + 9, (byte) (headers == 28 ? 17 : 6));
        to.set(INT, ip + 12, 0x0ac94d01);
        to.set(INT, ip + 16, 0x0ac94d02);
        if (headers == 28) {
            to.set(SHORT, ip + 24, (short) (8 + payload));
        } else {
            to.set(INT, ip + 24, Integer.MAX_VALUE - 1500); // wraps within the packet
            to.set(JAVA_BYTE, ip + 32, (byte) 0x80);
            to.set(JAVA_BYTE, ip + 33, (byte) 0x99); // CWR, ACK, PSH, FIN
        }
        for (int i = 0; i < payload; i++) {
            to.set(JAVA_BYTE, ip + headers + i, (byte) (i / SEGMENT + i));
        }
        link.offer(now, VnetHeader.BYTES + headers + payload);
    }

    private static List<Packet> drain(SegmentedLink link, long stepNanos) {
        List<Packet> all = new ArrayList<>();
        while (link.nextNanos() != SegmentedLink.NEVER) {
            long now = stepNanos == 0 ? link.nextNanos() : (link.nextNanos() / stepNanos + 1) * stepNanos;
            while (link.poll(now)) {
                byte[] bytes = new byte[link.headerBytes() + link.payloadBytes()];
                MemorySegment to = MemorySegment.ofArray(bytes);
                MemorySegment.copy(link.headers(), 0, to, 0, link.headerBytes());
                MemorySegment.copy(link.memory(), link.payloadOffset(), to, link.headerBytes(), link.payloadBytes());
                link.done();
                all.add(new Packet(now, bytes));
            }
        }
        return all;
    }

    private static int sum(byte[] bytes, int from, int count) {
        long sum = 0;
        for (int i = 0; i < count; i += 2) {
            sum += (bytes[from + i] & 0xff) << 8 | bytes[from + i + 1] & 0xff;
        }
        while (sum >> 16 != 0) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        return (int) sum;
    }

    @Test
    void eachSegmentTakesItsOwnTimeOnTheLine() {
        // 1052 bytes at 8.416 Mb/s take a millisecond.
        SegmentedLink link = new SegmentedLink(
                arena, wire().rateBitsPerSecond(8_416_000).queueBytes(1 << 20).build(), 0);
        offer(link, 0, VnetHeader.GSO_TCPV4, 2500, 0);
        List<Packet> out = drain(link, 0);

        assertEquals(3, out.size());
        assertEquals(11 * MS, out.get(0).nanos());
        assertEquals(12 * MS, out.get(1).nanos());
        assertEquals(12 * MS + MS * 552 / 1052, out.get(2).nanos(), 2);
        assertEquals(3, link.counters().get(Counter.DELIVERED_PACKETS));
        assertEquals(2500 + 3 * TCP_HEADERS, link.counters().get(Counter.DELIVERED_BYTES));
    }

    @Test
    void singleSegmentsAreWhatTheKernelWouldHaveSent() {
        SegmentedLink link = new SegmentedLink(
                arena, wire().rateBitsPerSecond(8_416_000).queueBytes(1 << 20).build(), 0);
        offer(link, 0, VnetHeader.GSO_TCPV4, 2500, 0);
        List<Packet> out = drain(link, 0);

        for (int i = 0; i < 3; i++) {
            Packet packet = out.get(i);
            byte[] bytes = packet.bytes();
            assertEquals(VnetHeader.GSO_NONE, packet.gsoType());
            assertEquals(0xfffe + i & 0xffff, packet.id(), "identification");
            assertEquals(Integer.MAX_VALUE - 1500 + i * SEGMENT, packet.sequence());
            assertEquals(i == 0, (packet.tcpFlags() & 0x80) != 0, "CWR on the first");
            assertEquals(i == 2, (packet.tcpFlags() & 0x09) == 0x09, "PSH and FIN on the last");
            assertTrue((packet.tcpFlags() & 0x10) != 0, "ACK on all");
            assertEquals(packet.ipBytes(), packet.segment().get(SHORT, VnetHeader.BYTES + 2) & 0xffff);
            assertEquals(0xffff, sum(bytes, VnetHeader.BYTES, 20), "IP header checksum");
            int pseudo = sum(bytes, VnetHeader.BYTES + 12, 8) + 6 + packet.ipBytes() - 20;
            assertEquals(
                    (pseudo & 0xffff) + (pseudo >> 16),
                    packet.segment().get(SHORT, VnetHeader.BYTES + 36) & 0xffff,
                    "sum of the pseudo header");
            assertEquals((byte) (i + i * SEGMENT), bytes[VnetHeader.BYTES + TCP_HEADERS], "payload");
        }
    }

    @Test
    void whatArrivesTogetherIsOneSuperPacketAgain() {
        SegmentedLink link = new SegmentedLink(arena, wire().build(), 0);
        offer(link, 0, VnetHeader.GSO_UDP_L4, 5300, 0);
        List<Packet> out = drain(link, MS);

        assertEquals(1, out.size());
        Packet packet = out.getFirst();
        assertEquals(VnetHeader.GSO_UDP_L4, packet.gsoType());
        assertEquals(SEGMENT, VnetHeader.segmentBytes(packet.segment(), 0));
        assertEquals(28 + 5300, packet.ipBytes());
        assertEquals(8 + 5300, packet.segment().get(SHORT, VnetHeader.BYTES + 24) & 0xffff, "UDP length");
        for (int i = 0; i < 5300; i++) {
            assertEquals((byte) (i / SEGMENT + i), packet.bytes()[VnetHeader.BYTES + 28 + i]);
        }
    }

    @Test
    void everySegmentIsLostOnItsOwnAndTheRestArrives() {
        final int count = 400;
        SegmentedLink link =
                new SegmentedLink(arena, wire().lossFraction(0.1).seed(5).build(), 0);
        int offered = 0;
        for (int i = 0; i < count; i++) {
            offer(link, 2 * i * MS, VnetHeader.GSO_TCPV4, 63_000, 0);
            offered += 63;
        }
        List<Packet> out = drain(link, MS);

        BitSet arrived = new BitSet();
        for (Packet packet : out) {
            int before = (int) (packet.nanos() / MS - 11) / 2; // polled a tick after its delay
            int first = (packet.sequence() - (Integer.MAX_VALUE - 1500)) / SEGMENT;
            int segments = (packet.ipBytes() - TCP_HEADERS + SEGMENT - 1) / SEGMENT;
            assertEquals(segments > 1 ? VnetHeader.GSO_TCPV4 : 0, packet.gsoType());
            assertEquals(first + segments == 63, (packet.tcpFlags() & 1) != 0);
            arrived.set(before * 63 + first, before * 63 + first + segments);
        }
        long lost = link.counters().get(Counter.LOST_PACKETS);
        assertEquals(offered, link.counters().get(Counter.OFFERED_PACKETS));
        assertEquals(offered - lost, arrived.cardinality());
        assertEquals(0.1, (double) lost / offered, 0.01);
        assertTrue(out.size() > count * 4, "rows are broken where segments are missing: " + out.size());
    }

    @Test
    void theQueueDropsWhatDoesNotFitAndNotTheWholeRow() {
        SegmentedLink link = new SegmentedLink(
                arena, wire().rateBitsPerSecond(8_416_000).queueBytes(3 * 1052).build(), 0);
        offer(link, 0, VnetHeader.GSO_TCPV4, 10_000, 0);
        assertEquals(3, link.counters().get(Counter.DELIVERED_PACKETS));
        assertEquals(7, link.counters().get(Counter.QUEUE_DROPPED_PACKETS));
        assertEquals(3, drain(link, 0).size());
    }

    @Test
    void marksSegmentsBeyondTheThreshold() {
        SegmentedLink link = new SegmentedLink(
                arena,
                wire().rateBitsPerSecond(8_416_000)
                        .queueBytes(1 << 20)
                        .ecnThresholdBytes(2100)
                        .build(),
                0);
        offer(link, 0, VnetHeader.GSO_TCPV4, 6000, 2);
        List<Packet> out = drain(link, 20 * MS);

        assertEquals(2, out.size(), "the marked and the unmarked");
        assertEquals(2, out.get(0).bytes()[VnetHeader.BYTES + 1] & 3);
        assertEquals(3, out.get(1).bytes()[VnetHeader.BYTES + 1] & 3);
        assertEquals(0xffff, sum(out.get(1).bytes(), VnetHeader.BYTES, 20));
    }

    @Test
    void reorderedAndDuplicatedSegmentsComeOutOnTheirOwn() {
        SegmentedLink link = new SegmentedLink(
                arena,
                wire().reorder(0.2, Duration.ofMillis(3))
                        .duplicateFraction(0.1)
                        .seed(3)
                        .build(),
                0);
        offer(link, 0, VnetHeader.GSO_TCPV4, 60_000, 0);
        List<Packet> out = drain(link, MS);

        long copies = link.counters().get(Counter.DELIVERED_PACKETS);
        int total = out.stream()
                .mapToInt(each -> (each.ipBytes() - TCP_HEADERS) / SEGMENT)
                .sum();
        assertEquals(copies, total);
        assertTrue(copies > 60);
        assertTrue(link.counters().get(Counter.REORDERED_PACKETS) > 3);
        assertEquals(SegmentedLink.NEVER, link.nextNanos());
    }

    @Test
    void memoryIsGivenBackAndAFullLinkSaysSo() {
        SegmentedLink link =
                new SegmentedLink(arena, wire().maxMemoryBytes(300_000).build(), 0);
        int taken = 0;
        while (link.room() >= 0) {
            offer(link, 0, VnetHeader.GSO_TCPV4, 60_000, 0);
            taken++;
        }
        assertTrue(taken >= 3 && taken <= 4, "taken: " + taken);
        assertEquals(taken, drain(link, MS).size());
        assertTrue(link.room() >= 0);
    }

    @Test
    void manyPacketsOfAllLengthsPassUnchanged() {
        final long seed = 11;
        SplittableRandom random = new SplittableRandom(seed);
        SegmentedLink link = new SegmentedLink(
                arena,
                wire().rateBitsPerSecond(2_000_000_000).queueBytes(64 << 20).build(),
                0);
        long bytes = 0;
        long received = 0;
        for (int i = 0; i < 20_000; i++) {
            long now = i * MS / 4;
            int payload = random.nextInt(1, 60_000);
            offer(link, now, payload > SEGMENT ? VnetHeader.GSO_TCPV4 : VnetHeader.GSO_NONE, payload, 0);
            bytes += payload;
            while (link.poll(now)) {
                received += link.payloadBytes()
                        - (VnetHeader.gsoType(link.headers(), 0) == 0 && link.headerBytes() == VnetHeader.BYTES
                                ? TCP_HEADERS
                                : 0);
                link.done();
            }
        }
        while (link.nextNanos() != SegmentedLink.NEVER) {
            assertTrue(link.poll(link.nextNanos()));
            received += link.payloadBytes() - (link.headerBytes() == VnetHeader.BYTES ? TCP_HEADERS : 0);
            link.done();
        }
        assertEquals(bytes, received, "seed " + seed);
        assertEquals(0, link.unreadable());
    }

    @Test
    void refusesWhatItCannotRead() {
        SegmentedLink link = new SegmentedLink(arena, wire().build(), 0);
        SplittableRandom random = new SplittableRandom(2);
        for (int i = 0; i < 10_000; i++) {
            long room = link.room();
            int length = random.nextInt(0, 200);
            for (int j = 0; j < length; j++) {
                link.memory().set(JAVA_BYTE, room + j, (byte) random.nextInt());
            }
            link.offer(i, length);
            while (link.poll(i)) {
                link.done();
            }
        }
        assertTrue(link.unreadable() > 8_000);
        assertThrows(
                IllegalArgumentException.class,
                () -> new SegmentedLink(arena, wire().corruptFraction(0.1).build(), 0));
        assertFalse(link.room() < 0);
    }
}
