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

import io.longhaul.linux.Errno;
import io.longhaul.linux.Libc;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// Writes down what comes to the queue pairs of a port, as somebody on the path would: a packet socket (packet(7)) sees
/// every datagram. A file of records: lane, length, and what the RoCEv2 datagram carried.
///
/// Only IPv4, and only where the kernel cuts rows of datagrams before they leave (a device with {@code gso_max_segs
/// 1}).
/// Needs CAP_NET_RAW. Threading: a thread of its own.
final class Recording implements AutoCloseable {
    /// Lane and length.
    static final int RECORD_HEADER_BYTES = 8;

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private static final int AF_PACKET = 17;
    private static final int SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0x800 | 0x80000;
    // ETH_P_IP in network order. A socket for one protocol sees what arrives, not what leaves: nothing twice on lo.
    private static final int IP_PROTOCOL = 0x0008;
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int BUFFER_BYTES = 512 << 20;

    private static final int MOST_BYTES = 1 << 16;
    private static final int UDP = 17;
    private static final int UDP_BYTES = 8;
    private static final int BTH_BYTES = 12;
    private static final int DETH_BYTES = 8;
    private static final int ICRC_BYTES = 4;
    private static final int UD_SEND_ONLY = 0x64; // IBTA vol 1 table 38
    private static final int QUEUE_PAIR_MASK = 0xffffff;

    private final List<LaneAddress> lanes;
    private final Arena arena = Arena.ofShared();
    private final Libc.CallState state = new Libc.CallState(arena);
    private final MemorySegment packet = arena.allocate(MOST_BYTES, 64);
    private final byte[] bytes = new byte[RECORD_HEADER_BYTES + MOST_BYTES];
    private final MemorySegment record = MemorySegment.ofArray(bytes);
    private final int socket;
    private final OutputStream file;
    private final AtomicLong packets = new AtomicLong();
    private final Thread thread;
    private volatile boolean goingOn = true;

    /// Starts it.
    ///
    /// @param lanes of the port, whose packets are written down
    Recording(List<LaneAddress> lanes, Path path) throws IOException {
        this.lanes = lanes;
        socket = Libc.socket(state, AF_PACKET, SOCK_DGRAM_NONBLOCK_CLOEXEC, IP_PROTOCOL);
        if (socket < 0) {
            throw new IOException("socket(AF_PACKET): " + Errno.name(socket) + "; run it as root");
        }
        final MemorySegment size = arena.allocateFrom(ValueLayout.JAVA_INT, BUFFER_BYTES);
        Libc.setsockopt(state, socket, SOL_SOCKET, SO_RCVBUFFORCE, size.address(), Integer.BYTES);
        file = new BufferedOutputStream(Files.newOutputStream(path), 1 << 20);
        thread = Thread.ofPlatform().daemon().name("recording").start(this::run);
    }

    private void run() {
        try {
            while (true) {
                final long length = Libc.read(state, socket, packet.address(), MOST_BYTES);
                if (length > 0) {
                    take((int) length);
                } else if (!goingOn) {
                    return;
                } else {
                    LockSupport.parkNanos(200_000);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void take(int length) throws IOException {
        final int ipBytes = 4 * (packet.get(ValueLayout.JAVA_BYTE, 0) & 0xf);
        final int roce = ipBytes + UDP_BYTES;
        final int payload = roce + BTH_BYTES + DETH_BYTES;
        if (packet.get(ValueLayout.JAVA_BYTE, 9) != UDP || length < payload + ICRC_BYTES) {
            return;
        }
        final int port = Short.toUnsignedInt(packet.get(SHORT, ipBytes + 2L));
        final int queuePair = packet.get(INT, roce + 4L) & QUEUE_PAIR_MASK;
        if (Byte.toUnsignedInt(packet.get(ValueLayout.JAVA_BYTE, roce)) != UD_SEND_ONLY) {
            return;
        }
        final int padding = packet.get(ValueLayout.JAVA_BYTE, roce + 1L) >> 4 & 3;
        for (int lane = 0; lane < lanes.size(); lane++) {
            if (lanes.get(lane).udpPort() == port && lanes.get(lane).queuePair() == queuePair) {
                write(lane, payload, length - ICRC_BYTES - padding - payload);
                return;
            }
        }
    }

    private void write(int lane, int offset, int length) throws IOException {
        record.set(ValueLayout.JAVA_INT_UNALIGNED, 0, lane);
        record.set(ValueLayout.JAVA_INT_UNALIGNED, Integer.BYTES, length);
        MemorySegment.copy(packet, ValueLayout.JAVA_BYTE, offset, bytes, RECORD_HEADER_BYTES, length);
        file.write(bytes, 0, RECORD_HEADER_BYTES + length);
        packets.incrementAndGet();
    }

    /// Packets written down so far.
    long packets() {
        return packets.get();
    }

    @Override
    public void close() throws IOException {
        goingOn = false;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        file.close();
        Libc.close(state, socket);
        arena.close();
    }
}
