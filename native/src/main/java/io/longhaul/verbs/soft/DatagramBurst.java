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

import io.longhaul.linux.Errno;
import io.longhaul.linux.OutgoingMessage;
import io.longhaul.linux.UdpSocket;
import io.longhaul.verbs.soft.SoftDeviceCounters.Counter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Datagrams to one destination that leave in one system call where the kernel allows it, and one by one where not.
///
/// All have the same length, but the last may be shorter: that is what segmentation offload wants. The kernel gives
/// them the
/// IPv4 identifications 0, 1, 2 ... (the socket is unconnected and never fragments), and 0 to one that is sent alone;
/// the ICRC
/// of each is written accordingly just before.
///
/// Threading: the owner thread of the data path.
final class DatagramBurst {
    /// Most datagrams of one burst: `UDP_MAX_SEGMENTS` of older kernels.
    static final int MAX_DATAGRAMS = 64;

    /// Most bytes of one burst: the longest UDP payload that fits IPv4 and IPv6.
    static final int MAX_BYTES = 65_487;

    /// Most pieces of one datagram.
    static final int MAX_PIECES = 4;

    /// How often in a row the kernel may refuse a burst and then accept its datagrams one by one.
    private static final int MAX_REFUSALS = 4;

    /// What stopped [#send] before the end.
    enum Outcome {
        /// Nothing did.
        COMPLETE,
        /// There is no room now: try the rest again later.
        BLOCKED,
        /// The first datagram that was not sent is longer than the path MTU.
        TOO_LONG
    }

    private final SocketPool sockets;
    private final SoftDeviceCounters counters;
    private final IcrcIdentification identification;
    private final OutgoingMessage message;
    private final boolean ipv6;

    // [datagram], length MAX_DATAGRAMS
    private final int[] firstPiece = new int[MAX_DATAGRAMS + 1];
    private final int[] lengths = new int[MAX_DATAGRAMS];
    private final int[] icrcs = new int[MAX_DATAGRAMS];
    private final MemorySegment[] icrcSegments = new MemorySegment[MAX_DATAGRAMS];
    private final long[] icrcOffsets = new long[MAX_DATAGRAMS];

    private int count;
    private int totalBytes;
    private int refusals;
    private Outcome outcome = Outcome.COMPLETE;

    DatagramBurst(Arena arena, SocketPool sockets, SoftDeviceCounters counters, IcrcIdentification identification) {
        this.sockets = sockets;
        this.counters = counters;
        this.identification = identification;
        ipv6 = sockets.isIpv6();
        message = new OutgoingMessage(arena, ipv6, MAX_DATAGRAMS * MAX_PIECES);
    }

    /// Starts an empty burst.
    void begin(long socketAddress, int socketAddressBytes, int trafficClass) {
        message.begin(socketAddress, socketAddressBytes, trafficClass);
        count = 0;
        totalBytes = 0;
    }

    /// Whether a datagram of some length can be the next.
    boolean accepts(int bytes) {
        if (count == 0) {
            return true;
        }
        return count < MAX_DATAGRAMS
                && totalBytes + bytes <= MAX_BYTES
                && lengths[count - 1] == lengths[0]
                && bytes <= lengths[0];
    }

    /// Adds a piece to the next datagram.
    void addPiece(long address, int bytes) {
        message.add(address, bytes);
    }

    /// Ends a datagram.
    ///
    /// @param bytes its length
    /// @param icrc its ICRC for identification 0
    /// @param icrcSegment where its ICRC is to be written
    void endDatagram(int bytes, int icrc, MemorySegment icrcSegment, long icrcOffset) {
        lengths[count] = bytes;
        icrcs[count] = icrc;
        icrcSegments[count] = icrcSegment;
        icrcOffsets[count] = icrcOffset;
        count++;
        firstPiece[count] = message.pieceCount();
        totalBytes += bytes;
    }

    int count() {
        return count;
    }

    /// Sends the burst.
    ///
    /// @return how many datagrams from the first on are done with; why not more is told by [#outcome()]
    int send(UdpSocket socket) {
        outcome = Outcome.COMPLETE;
        boolean refused = false;
        if (count > 1 && sockets.hasSegmentation()) {
            writeIcrcs(true);
            long result = socket.send(message, 0, firstPiece[count], lengths[0]);
            counters.add(Counter.SEND_CALLS, 1);
            if (result >= 0) {
                refusals = 0;
                countSent(count, totalBytes);
                return count;
            }
            if (isBackpressure(result)) {
                counters.add(Counter.SEND_BACKPRESSURE, 1);
                outcome = Outcome.BLOCKED;
                return 0;
            }
            refused = isSegmentationRefusal(result);
            if (!refused) {
                counters.add(Counter.SEND_REFUSED, count);
                return count;
            }
            counters.add(Counter.SEGMENTATION_FALLBACKS, 1);
            if (result == -Errno.EIO) {
                sockets.disableSegmentation();
            }
        }
        writeIcrcs(false);
        int sent = sendOneByOne(socket);
        if (refused && outcome == Outcome.COMPLETE && ++refusals >= MAX_REFUSALS) {
            sockets.disableSegmentation();
        }
        return sent;
    }

    /// What stopped the last [#send].
    Outcome outcome() {
        return outcome;
    }

    private int sendOneByOne(UdpSocket socket) {
        for (int i = 0; i < count; i++) {
            long result = socket.send(message, firstPiece[i], firstPiece[i + 1] - firstPiece[i], 0);
            counters.add(Counter.SEND_CALLS, 1);
            if (result >= 0) {
                countSent(1, lengths[i]);
            } else if (isBackpressure(result)) {
                counters.add(Counter.SEND_BACKPRESSURE, 1);
                outcome = Outcome.BLOCKED;
                return i;
            } else if (result == -Errno.EMSGSIZE) {
                counters.add(Counter.SEND_TOO_LONG, 1);
                outcome = Outcome.TOO_LONG;
                return i;
            } else {
                counters.add(Counter.SEND_REFUSED, 1);
            }
        }
        return count;
    }

    private void writeIcrcs(boolean segmented) {
        for (int i = 0; i < count; i++) {
            int icrc = icrcs[i];
            if (segmented && !ipv6) {
                icrc ^= identification.difference(i, lengths[i]);
            }
            Icrc.write(icrcSegments[i], icrcOffsets[i], icrc);
        }
    }

    private void countSent(int packets, long bytes) {
        counters.add(Counter.SENT_PACKETS, packets);
        counters.add(Counter.SENT_BYTES, bytes);
    }

    private static boolean isBackpressure(long result) {
        return result == -Errno.EAGAIN || result == -Errno.ENOBUFS || result == -Errno.ENOMEM;
    }

    private static boolean isSegmentationRefusal(long result) {
        return result == -Errno.EINVAL
                || result == -Errno.EMSGSIZE
                || result == -Errno.EIO
                || result == -Errno.ENOPROTOOPT
                || result == -Errno.EOPNOTSUPP;
    }
}
