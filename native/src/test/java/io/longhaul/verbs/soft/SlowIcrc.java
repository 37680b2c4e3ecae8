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

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.util.Arrays;

/// The ICRC once more, bit by bit and from whole packets, to compare with.
final class SlowIcrc {
    private SlowIcrc() {}

    /// The CRC-32 of Ethernet.
    static int crc32(byte[] bytes) {
        int crc = -1;
        for (byte b : bytes) {
            for (int bit = 0; bit < 8; bit++) {
                boolean feedback = ((crc ^ b >> bit) & 1) != 0;
                crc = crc >>> 1 ^ (feedback ? 0xedb88320 : 0);
            }
        }
        return ~crc;
    }

    /// The ICRC of an IPv4 packet.
    ///
    /// @param packet BTH to padding, without ICRC
    static int ipv4(InetAddress from, int fromPort, InetAddress to, int toPort, int identification, byte[] packet) {
        int udpBytes = 8 + packet.length + 4;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ones(out, 8);
        out.write(0x45);
        ones(out, 1);
        word(out, 20 + udpBytes);
        word(out, identification);
        word(out, 0x4000);
        ones(out, 1);
        out.write(17);
        ones(out, 2);
        out.writeBytes(from.getAddress());
        out.writeBytes(to.getAddress());
        udpAndPacket(out, fromPort, toPort, udpBytes, packet);
        return crc32(out.toByteArray());
    }

    /// The ICRC of an IPv6 packet.
    static int ipv6(InetAddress from, int fromPort, InetAddress to, int toPort, byte[] packet) {
        int udpBytes = 8 + packet.length + 4;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ones(out, 8);
        out.write(0x6f);
        ones(out, 3);
        word(out, udpBytes);
        out.write(17);
        ones(out, 1);
        out.writeBytes(from.getAddress());
        out.writeBytes(to.getAddress());
        udpAndPacket(out, fromPort, toPort, udpBytes, packet);
        return crc32(out.toByteArray());
    }

    private static void udpAndPacket(ByteArrayOutputStream out, int from, int to, int udpBytes, byte[] packet) {
        word(out, from);
        word(out, to);
        word(out, udpBytes);
        ones(out, 2);
        byte[] masked = packet.clone();
        masked[4] = (byte) 0xff;
        out.writeBytes(masked);
    }

    /// A packet with its ICRC behind it.
    static byte[] append(byte[] packet, int icrc) {
        byte[] whole = Arrays.copyOf(packet, packet.length + 4);
        for (int i = 0; i < 4; i++) {
            whole[packet.length + i] = (byte) (icrc >>> 8 * i);
        }
        return whole;
    }

    private static void ones(ByteArrayOutputStream out, int count) {
        for (int i = 0; i < count; i++) {
            out.write(0xff);
        }
    }

    private static void word(ByteArrayOutputStream out, int value) {
        out.write(value >>> 8);
        out.write(value);
    }
}
