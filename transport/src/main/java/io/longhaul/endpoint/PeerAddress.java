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
package io.longhaul.endpoint;

import io.longhaul.verbs.WorkCompletions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// The address of a peer, to be found in the GRH of what arrives: in an IPv6 header that fills it, or in an IPv4 header
/// at
/// its end (RoCEv2).
final class PeerAddress {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int IPV4_AT = WorkCompletions.GRH_BYTES - 20;
    private static final int IPV4_SOURCE_AT = IPV4_AT + 12;
    private static final int IPV6_SOURCE_AT = 8;
    private static final int VERSION_SHIFT = 28;

    private final boolean ipv6;
    private final long high;
    private final long low;

    PeerAddress(InetAddress address) {
        final ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
        ipv6 = address instanceof Inet6Address;
        high = ipv6 ? bytes.getLong() : 0;
        low = ipv6 ? bytes.getLong() : bytes.getInt();
    }

    /// True when a datagram came from here.
    ///
    /// @param segment where its GRH lies
    /// @param grhOffset where it begins
    boolean isSource(MemorySegment segment, long grhOffset) {
        if (ipv6) {
            return segment.get(INT, grhOffset) >>> VERSION_SHIFT == 6
                    && segment.get(LONG, grhOffset + IPV6_SOURCE_AT) == high
                    && segment.get(LONG, grhOffset + IPV6_SOURCE_AT + Long.BYTES) == low;
        }
        return segment.get(INT, grhOffset + IPV4_AT) >>> VERSION_SHIFT == 4
                && segment.get(INT, grhOffset + IPV4_SOURCE_AT) == (int) low;
    }
}
