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
package io.longhaul.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteOrder;

/// Reads and writes `struct sockaddr_in` and `struct sockaddr_in6`.
///
/// ```
/// sockaddr_in   u16 family | be16 port | 4 address | 8 zero                                   16 bytes
/// sockaddr_in6  u16 family | be16 port | be32 flow info | 16 address | u32 scope              28 bytes
/// ```
public final class SocketAddress {
    /// Room for either.
    public static final int MAX_BYTES = 28;

    /// Length of an IPv4 socket address.
    public static final int IPV4_BYTES = 16;

    /// Length of an IPv6 socket address.
    public static final int IPV6_BYTES = 28;

    /// Where the 4 bytes of the IPv4 address are.
    public static final int IPV4_ADDRESS_OFFSET = 4;

    /// Where the 16 bytes of the IPv6 address are.
    public static final int IPV6_ADDRESS_OFFSET = 8;

    private static final int PORT_OFFSET = 2;
    private static final int SCOPE_OFFSET = 24;
    private static final ValueLayout.OfShort BIG_ENDIAN_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private SocketAddress() {}

    /// Writes an address.
    ///
    /// @return its length in bytes
    public static int write(MemorySegment target, long offset, InetAddress address, int port) {
        byte[] bytes = address.getAddress();
        boolean ipv4 = bytes.length == 4;
        int length = ipv4 ? IPV4_BYTES : IPV6_BYTES;
        target.asSlice(offset, length).fill((byte) 0);
        target.set(ValueLayout.JAVA_SHORT_UNALIGNED, offset, (short)
                (ipv4 ? SocketLayouts.AF_INET : SocketLayouts.AF_INET6));
        target.set(BIG_ENDIAN_SHORT, offset + PORT_OFFSET, (short) port);
        int at = ipv4 ? IPV4_ADDRESS_OFFSET : IPV6_ADDRESS_OFFSET;
        MemorySegment.copy(bytes, 0, target, ValueLayout.JAVA_BYTE, offset + at, bytes.length);
        if (address instanceof Inet6Address ipv6) {
            target.set(ValueLayout.JAVA_INT_UNALIGNED, offset + SCOPE_OFFSET, ipv6.getScopeId());
        }
        return length;
    }

    /// The port of an address.
    public static int port(MemorySegment source, long offset) {
        return source.get(BIG_ENDIAN_SHORT, offset + PORT_OFFSET) & 0xffff;
    }
}
