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
package io.longhaul.cli.pingpong;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What each end tells the other over TCP before the first message: where its queue pair is.
///
/// On the wire it is a text of fixed width, hexadecimal, and a zero byte at its end, 52 bytes in all:
///
/// ```
/// LLLL:QQQQQQ:PPPPPP:GGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGG\0
/// LID  number PSN    GID, 16 bytes in network order
/// ```
///
/// @param localIdentifier LID, 16 bits; RoCE has none and says 0
/// @param queuePair number of the queue pair, 24 bits
/// @param psn packet sequence number of its first packet, 24 bits
/// @param gid IP address that its GID stands for; the unspecified address when it named none
record Contact(int localIdentifier, int queuePair, int psn, InetAddress gid) {
    /// Length of the text and its zero byte.
    static final int BYTES = 52;

    private static final Pattern TEXT = Pattern.compile(
            "(?<lid>\\p{XDigit}{4}):(?<qpn>\\p{XDigit}{6}):(?<psn>\\p{XDigit}{6}):(?<gid>\\p{XDigit}{32})");
    private static final int GID_BYTES = 16;
    private static final int RADIX = 16;
    private static final byte[] IPV4_MAPPED = HexFormat.of().parseHex("00000000000000000000ffff");

    /// Whether the peer named a GID. Without one a RoCE device cannot be reached.
    boolean hasGid() {
        return !gid.isAnyLocalAddress();
    }

    /// The bytes for the wire.
    byte[] encode() {
        final String text = String.format(Locale.ROOT, "%04x:%06x:%06x:", localIdentifier, queuePair, psn)
                + HexFormat.of().formatHex(gidBytes());
        return Arrays.copyOf(text.getBytes(StandardCharsets.US_ASCII), BYTES);
    }

    /// Reads what came over the wire.
    ///
    /// @param bytes 52 of them
    /// @throws IOException when they are not of this form
    static Contact decode(byte[] bytes) throws IOException {
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        final String text = new String(bytes, 0, length, StandardCharsets.US_ASCII);
        final Matcher parts = TEXT.matcher(text);
        if (!parts.matches()) {
            throw new IOException("the peer does not speak the protocol of ibv_uc_pingpong and ibv_ud_pingpong");
        }
        return new Contact(
                Integer.parseInt(parts.group("lid"), RADIX),
                Integer.parseInt(parts.group("qpn"), RADIX),
                Integer.parseInt(parts.group("psn"), RADIX),
                address(HexFormat.of().parseHex(parts.group("gid"))));
    }

    private static InetAddress address(byte[] gidBytes) throws UnknownHostException {
        return InetAddress.getByAddress(gidBytes); // makes an IPv4 address of a mapped one
    }

    private byte[] gidBytes() {
        final byte[] address = gid.getAddress();
        if (address.length == GID_BYTES) {
            return address;
        }
        final byte[] bytes = new byte[GID_BYTES];
        if (hasGid()) {
            System.arraycopy(IPV4_MAPPED, 0, bytes, 0, IPV4_MAPPED.length);
            System.arraycopy(address, 0, bytes, IPV4_MAPPED.length, address.length);
        }
        return bytes;
    }

    /// For people, as the programs of rdma-core print it.
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "LID 0x%04x, QPN 0x%06x, PSN 0x%06x, GID %s",
                localIdentifier,
                queuePair,
                psn,
                hasGid() ? gid.getHostAddress() : "none");
    }
}
