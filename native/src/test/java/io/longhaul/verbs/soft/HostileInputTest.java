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
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.longhaul.linux.UdpSocket;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.WorkCompletions;
import io.longhaul.verbs.soft.SoftDeviceCounters.Counter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Packets made by hand, good and bad, from a stranger's socket.
@Timeout(20)
class HostileInputTest {
    private static final Counter[] DROPS = {
        Counter.MALFORMED,
        Counter.UNKNOWN_OPCODE,
        Counter.UNKNOWN_QUEUE_PAIR,
        Counter.WRONG_QUEUE_KEY,
        Counter.WRONG_SOURCE,
        Counter.WRONG_ICRC,
        Counter.NO_RECEIVE_POSTED,
        Counter.RECEIVE_TOO_SHORT,
        Counter.REMOTE_KEY_VIOLATION,
        Counter.BOUNDS_VIOLATION,
        Counter.BROKEN_MESSAGE,
        Counter.COMPLETION_QUEUE_FULL
    };

    /// A UD packet without ICRC, made independently of the sender of the device.
    private static byte[] datagram(int queuePair, int queueKey, int payloadBytes) {
        int pad = -payloadBytes & 3;
        MemorySegment packet = Arena.ofAuto().allocate(20 + payloadBytes + pad);
        BthFlyweight.writeOpcode(packet, 0, RoceOpcode.UD_SEND_ONLY, false, pad);
        BthFlyweight.writeDestination(packet, 0, queuePair, 5);
        DethFlyweight.write(packet, 12, queueKey, 0x777);
        for (int i = 0; i < payloadBytes; i++) {
            packet.set(JAVA_BYTE, 20 + i, (byte) i);
        }
        return packet.toArray(JAVA_BYTE);
    }

    private static void send(DatagramChannel socket, SoftPair.Side to, byte[] bytes) throws IOException {
        socket.send(ByteBuffer.wrap(bytes), new InetSocketAddress(SoftPair.LOOPBACK, to.qp.udpPort()));
    }

    private static byte[] sealed(DatagramChannel socket, SoftPair.Side to, byte[] packet, int identification)
            throws IOException {
        int port = ((InetSocketAddress) socket.getLocalAddress()).getPort();
        int icrc = SlowIcrc.ipv4(SoftPair.LOOPBACK, port, SoftPair.LOOPBACK, to.qp.udpPort(), identification, packet);
        return SlowIcrc.append(packet, icrc);
    }

    private static DatagramChannel stranger() throws IOException {
        return DatagramChannel.open().bind(new InetSocketAddress(SoftPair.LOOPBACK, 0));
    }

    @Test
    void foreignPacketsWithAnyIdentificationAreAccepted() throws IOException {
        try (SoftPair pair = SoftPair.datagrams();
                DatagramChannel socket = stranger()) {
            pair.b.qp.postReceive(pair.b.receives, 0, 16);
            int[] identifications = {0, 1, 0xbeef, 0xffff, 0x0100};
            for (int i = 0; i < identifications.length; i++) {
                byte[] packet = datagram(pair.b.qp.number(), SoftPair.QUEUE_KEY, 101 + i);
                send(socket, pair.b, sealed(socket, pair.b, packet, identifications[i]));
                pair.awaitOne(pair.b);
                assertEquals(WorkCompletions.GRH_BYTES + 101 + i, pair.b.completions.byteLength(0));
                assertEquals(0x777, pair.b.completions.sourceQueuePair(0));
                MemorySegment grh = pair.b.region.segment().asSlice(i * 16_384L, 40);
                assertEquals((byte) (identifications[i] >>> 8), grh.get(JAVA_BYTE, 24));
                assertEquals((byte) identifications[i], grh.get(JAVA_BYTE, 25));
                assertHeaderChecksum(grh);
            }
            assertEquals(identifications.length - 1, pair.b.counter(Counter.SOLVED_IDENTIFICATION));
        }
    }

    private static void assertHeaderChecksum(MemorySegment grh) {
        int sum = 0;
        for (int i = 20; i < 40; i += 2) {
            sum += (grh.get(JAVA_BYTE, i) & 0xff) << 8 | grh.get(JAVA_BYTE, i + 1) & 0xff;
        }
        assertEquals(0xffff, (sum & 0xffff) + (sum >>> 16));
        assertEquals(0x45, grh.get(JAVA_BYTE, 20));
        for (int i = 0; i < 20; i++) {
            assertEquals(0, grh.get(JAVA_BYTE, i));
        }
    }

    @Test
    @Tag("fault-16")
    void everyReasonToDropHasItsCounter() throws IOException {
        try (SoftPair pair = new SoftPair(QueuePair.Type.UD, builder -> builder.filter(false), 0);
                DatagramChannel socket = stranger()) {
            int number = pair.b.qp.number();
            pair.b.receives.buffer(0, pair.b.region, 0, 60);
            pair.b.qp.postReceive(pair.b.receives, 0, 1);

            send(socket, pair.b, new byte[0]);
            send(socket, pair.b, new byte[15]);
            send(socket, pair.b, Arrays.copyOf(datagram(number, SoftPair.QUEUE_KEY, 0), 16));
            pair.awaitCounter(pair.b, Counter.MALFORMED, 3);

            byte[] packet = datagram(number, SoftPair.QUEUE_KEY, 8);
            packet[0] = (byte) 0x81;
            send(socket, pair.b, sealed(socket, pair.b, packet, 0));
            packet = datagram(number, SoftPair.QUEUE_KEY, 8);
            packet[1] |= 1;
            send(socket, pair.b, sealed(socket, pair.b, packet, 0));
            packet = datagram(number, SoftPair.QUEUE_KEY, 8);
            packet[3] = 0;
            send(socket, pair.b, sealed(socket, pair.b, packet, 0));
            pair.awaitCounter(pair.b, Counter.UNKNOWN_OPCODE, 3);

            send(socket, pair.b, sealed(socket, pair.b, datagram(number ^ 1, SoftPair.QUEUE_KEY, 8), 0));
            packet = datagram(number, SoftPair.QUEUE_KEY, 8);
            packet[0] = RoceOpcode.UC_SEND_ONLY;
            send(socket, pair.b, sealed(socket, pair.b, packet, 0));
            pair.awaitCounter(pair.b, Counter.UNKNOWN_QUEUE_PAIR, 2);

            send(socket, pair.b, sealed(socket, pair.b, datagram(number, 99, 8), 0));
            pair.awaitCounter(pair.b, Counter.WRONG_QUEUE_KEY, 1);

            packet = sealed(socket, pair.b, datagram(number, SoftPair.QUEUE_KEY, 8), 0);
            packet[25] ^= 4;
            send(socket, pair.b, packet);
            pair.awaitCounter(pair.b, Counter.WRONG_ICRC, 1);

            send(socket, pair.b, sealed(socket, pair.b, datagram(number, SoftPair.QUEUE_KEY, 21), 0));
            pair.awaitCounter(pair.b, Counter.RECEIVE_TOO_SHORT, 1);
            send(socket, pair.b, sealed(socket, pair.b, datagram(number, SoftPair.QUEUE_KEY, 20), 0));
            pair.awaitOne(pair.b);
            send(socket, pair.b, sealed(socket, pair.b, datagram(number, SoftPair.QUEUE_KEY, 20), 0));
            pair.awaitCounter(pair.b, Counter.NO_RECEIVE_POSTED, 1);
        }
    }

    @Test
    @Tag("fault-16")
    void garbageIsDroppedAndCountedAndNeverThrows() throws IOException {
        for (QueuePair.Type type : new QueuePair.Type[] {QueuePair.Type.UD, QueuePair.Type.UC}) {
            try (SoftPair pair = new SoftPair(type, builder -> builder.filter(false), 1024);
                    DatagramChannel socket = stranger()) {
                pair.b.qp.postReceive(pair.b.receives, 0, 64);
                SplittableRandom random = new SplittableRandom(11);
                int packets = 4000;
                for (int i = 0; i < packets; i++) {
                    send(socket, pair.b, garbage(random, pair, socket));
                    pair.progress();
                }
                long accountedFor = accounted(pair.b);
                long start = System.nanoTime();
                while (accountedFor < packets && System.nanoTime() - start < 5_000_000_000L) {
                    pair.progress();
                    accountedFor = accounted(pair.b);
                }
                assertTrue(accountedFor >= packets, pair.b.device.counters().toString());
            }
        }
    }

    @Test
    @Tag("fault-16")
    void theKernelDropsNoiseAndLetsEveryOpcodeThrough() throws IOException {
        int[] known = {0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b, 0x64, 0x65};
        for (SoftDeviceConfig.Mode mode : SoftDeviceConfig.Mode.values()) {
            try (SoftPair pair = new SoftPair(QueuePair.Type.UD, builder -> builder.mode(mode), 0);
                    DatagramChannel socket = stranger()) {
                UdpSocket filtered = pair.b.device.sockets().socket(0);
                assumeTrue(filtered.droppedDatagrams() >= 0, "the kernel tells no drops (Linux 4.12)");
                byte[] template = datagram(pair.b.qp.number() ^ 1, SoftPair.QUEUE_KEY, 40);
                int refused = 0;
                for (int opcode = 0; opcode < 256; opcode++) {
                    byte[] packet = Arrays.copyOf(template, template.length + 4);
                    packet[0] = (byte) opcode;
                    send(socket, pair.b, packet);
                    refused += Arrays.binarySearch(known, opcode) < 0 ? 1 : 0;
                }
                for (int length = 0; length < 16; length++) {
                    send(socket, pair.b, Arrays.copyOf(template, length));
                    refused++;
                }
                byte[] version = Arrays.copyOf(template, template.length + 4);
                version[1] |= 1;
                send(socket, pair.b, version);
                byte[] partition = Arrays.copyOf(template, template.length + 4);
                partition[2] = 0;
                send(socket, pair.b, partition);
                byte[] limited = Arrays.copyOf(template, template.length + 4);
                limited[2] = 0x7f;
                send(socket, pair.b, limited);
                pair.awaitCounter(pair.b, Counter.UNKNOWN_QUEUE_PAIR, known.length + 1);
                assertEquals(refused + 2, filtered.droppedDatagrams());
                assertEquals(0, pair.b.counter(Counter.UNKNOWN_OPCODE) + pair.b.counter(Counter.MALFORMED));
            }
        }
    }

    /// Dropped packets (a broken message may be counted on top of another reason) and delivered ones.
    private static long accounted(SoftPair.Side side) {
        long sum = 0;
        for (Counter counter : DROPS) {
            sum += side.counter(counter);
        }
        while (side.queue.poll(side.completions, 16) > 0) {
            assertTrue(side.completions.isReceive(0));
        }
        return Math.max(
                sum,
                side.counter(Counter.RECEIVED_PACKETS)
                        + side.counter(Counter.MALFORMED)
                        + side.counter(Counter.UNKNOWN_OPCODE)
                        + side.counter(Counter.UNKNOWN_QUEUE_PAIR)
                        + side.counter(Counter.WRONG_QUEUE_KEY)
                        + side.counter(Counter.WRONG_SOURCE)
                        + side.counter(Counter.WRONG_ICRC));
    }

    private static byte[] garbage(SplittableRandom random, SoftPair pair, DatagramChannel socket) throws IOException {
        byte[] packet = new byte[12 + random.nextInt(200)];
        random.nextBytes(packet);
        if (random.nextInt(4) == 0) {
            return packet;
        }
        packet = Arrays.copyOf(packet, packet.length & ~3);
        int[] opcodes = {0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b, 0x64, 0x65};
        packet[0] = (byte) opcodes[random.nextInt(opcodes.length)];
        packet[1] &= (byte) 0xf0;
        packet[2] = (byte) 0xff;
        packet[3] = (byte) 0xff;
        int number = pair.b.qp.number();
        packet[5] = (byte) (number >>> 16);
        packet[6] = (byte) (number >>> 8);
        packet[7] = (byte) number;
        if (random.nextInt(3) == 0 && packet.length >= 20) {
            packet[12] = 0;
            packet[13] = 0;
            packet[14] = (byte) (SoftPair.QUEUE_KEY >>> 8);
            packet[15] = (byte) SoftPair.QUEUE_KEY;
        }
        return sealed(socket, pair.b, packet, random.nextInt(1 << 16));
    }
}
