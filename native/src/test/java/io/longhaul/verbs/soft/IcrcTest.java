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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.longhaul.linux.SocketAddress;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class IcrcTest {
    // Two packets as ConnectX NICs sent them, BTH to padding; scapy checks its RoCE layer with the same.
    private static final byte[] CAPTURED_SEND =
            HexFormat.of().parseHex("2460ffff" + "000000d3" + "00cf1710" + "4630818be28935d90e9a95505401be885e500000");
    private static final byte[] CAPTURED_CNP =
            HexFormat.of().parseHex("8100ffff" + "40000118" + "00000000" + "00000000000000000000000000000000");

    private final Arena arena = Arena.ofShared();
    private final IcrcIdentification identification = new IcrcIdentification();

    @AfterEach
    void close() {
        arena.close();
    }

    @Test
    void slowImplementationIsTheCrcOfEthernet() {
        assertEquals(0xcbf43926, SlowIcrc.crc32("123456789".getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void matchesPacketsOfRealNics() {
        InetAddress same = InetAddress.ofLiteral("192.168.0.7");
        assertEquals(Integer.reverseBytes(0x78f353f3), icrc(same, 49152, same, 4791, 1144, CAPTURED_SEND));
        assertEquals(
                Integer.reverseBytes(0x82fd002a),
                icrc(
                        InetAddress.ofLiteral("10.0.17.1"),
                        0,
                        InetAddress.ofLiteral("10.0.18.1"),
                        4791,
                        0x718c,
                        CAPTURED_CNP));
    }

    @Test
    void identificationOfRealPacketIsSolved() {
        InetAddress same = InetAddress.ofLiteral("192.168.0.7");
        int difference = icrc(same, 49152, same, 4791, 0, CAPTURED_SEND) ^ Integer.reverseBytes(0x78f353f3);
        assertEquals(1144, identification.solve(difference, CAPTURED_SEND.length + 4));
    }

    @Test
    void agreesWithSlowImplementation() {
        SplittableRandom random = new SplittableRandom(5);
        InetAddress from4 = InetAddress.ofLiteral("10.1.2.3");
        InetAddress to4 = InetAddress.ofLiteral("172.16.254.9");
        InetAddress from6 = InetAddress.ofLiteral("2001:db8::1");
        InetAddress to6 = InetAddress.ofLiteral("fd00:1:2:3:4:5:6:7");
        for (int i = 0; i < 300; i++) {
            byte[] packet = new byte[12 + 4 * random.nextInt(i < 290 ? 300 : 16_000)];
            random.nextBytes(packet);
            int id = i % 3 == 0 ? random.nextInt(64) : random.nextInt(1 << 16);
            int fromPort = random.nextInt(1 << 16);
            int toPort = random.nextInt(1 << 16);
            int slow = SlowIcrc.ipv4(from4, fromPort, to4, toPort, id, packet);
            assertEquals(slow, icrc(from4, fromPort, to4, toPort, id, packet), "packet " + i);
            int withoutId = icrc(from4, fromPort, to4, toPort, 0, packet);
            assertEquals(id, identification.solve(withoutId ^ slow, packet.length + 4));
            assertEquals(
                    SlowIcrc.ipv6(from6, fromPort, to6, toPort, packet), icrc(from6, fromPort, to6, toPort, 0, packet));
        }
    }

    @Test
    void damagedPacketHasNoIdentification() {
        SplittableRandom random = new SplittableRandom(6);
        int accepted = 0;
        for (int i = 0; i < 100_000; i++) {
            int difference = random.nextInt();
            if (difference != 0 && identification.solve(difference, 1028) >= 0) {
                accepted++;
            }
        }
        // 16 of 32 bits are left: about 1.5 of 100,000.
        assertEquals(1.5, accepted, 8);
    }

    @Test
    void everyIdentificationIsSolvedAtEveryLength() {
        for (int id = 0; id < 1 << 16; id += 97) {
            for (int bytes = 16; bytes <= 65_504; bytes += 4096) {
                assertEquals(id, identification.solve(identification.difference(id, bytes), bytes));
            }
        }
        assertNotEquals(0, identification.difference(1, 16));
    }

    private int icrc(InetAddress from, int fromPort, InetAddress to, int toPort, int id, byte[] packet) {
        boolean ipv6 = from.getAddress().length == 16;
        Icrc icrc = new Icrc(arena, ipv6);
        MemorySegment addresses = arena.allocate(64, 8);
        SocketAddress.write(addresses, 0, from, fromPort);
        SocketAddress.write(addresses, 32, to, toPort);
        int offset = icrc.socketAddressOffset();
        icrc.path(addresses, offset, addresses, 32 + offset);
        icrc.ports(fromPort, toPort);
        MemorySegment segment = arena.allocate(packet.length, 4).copyFrom(MemorySegment.ofArray(packet));
        int headerBytes = Math.min(packet.length, 28);
        icrc.start(segment, 0, headerBytes, packet.length + Icrc.LENGTH_BYTES);
        icrc.update(segment.asSlice(headerBytes).asByteBuffer());
        int result = icrc.finish();
        return ipv6 ? result : result ^ identification.difference(id, packet.length + Icrc.LENGTH_BYTES);
    }

    @Test
    void trailerIsLittleEndian() {
        MemorySegment segment = arena.allocate(4);
        Icrc.write(segment, 0, 0x11223344);
        assertEquals("44332211", HexFormat.of().formatHex(segment.toArray(ValueLayout.JAVA_BYTE)));
        assertEquals(0x11223344, Icrc.read(segment, 0));
        assertEquals(
                Arrays.toString(SlowIcrc.append(new byte[1], 0x01020304)), Arrays.toString(new byte[] {0, 4, 3, 2, 1}));
    }
}
