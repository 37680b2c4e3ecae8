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
package io.longhaul.bench.peers;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.longhaul.linux.Errno;
import io.longhaul.linux.Libc;
import io.longhaul.linux.OutgoingMessage;
import io.longhaul.linux.Poller;
import io.longhaul.linux.ReceiveBatch;
import io.longhaul.linux.SocketAddress;
import io.longhaul.linux.UdpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/// UDP with segmentation and receive offload and nothing above it, the ceiling of everything that is built on it:
/// datagrams at a
/// fixed rate, or as fast as they go, and what of them has arrived.
///
/// `serve ADDRESS PORT`, or `load ADDRESS PORT FROM DATAGRAM WARMUP SECONDS RATE`: lengths in bytes, the rate in bits
/// of IP
/// packets a second, 0 without limit. The first word of a datagram is its phase: 0 warm-up, 1 counts, 2 asks for the
/// result.
public final class UdpBlast {
    private static final int HEADER_BYTES = 28;
    private static final int LONGEST_BURST_BYTES = 65_000;
    private static final int MOST_SEGMENTS = 64;
    private static final int SOCKET_BUFFER_BYTES = 32 << 20;
    private static final int BATCH = 16;
    private static final int ANSWER_BYTES = 32;
    private static final long QUESTION_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final int QUESTIONS = 100;

    private UdpBlast() {}

    /// Runs one of the ends.
    public static void main(String[] args) throws IOException {
        InetAddress address = InetAddress.getByName(args[1]);
        int port = Integer.parseInt(args[2]);
        try (Arena arena = Arena.ofConfined()) {
            if (args[0].equals("serve")) {
                serve(arena, address, port);
            } else {
                InetAddress from = InetAddress.getByName(args[3]);
                Load load = new Load(
                        Integer.parseInt(args[4]),
                        Double.parseDouble(args[5]),
                        Double.parseDouble(args[6]),
                        Double.parseDouble(args[7]));
                System.out.println(load(arena, from, address, port, load));
            }
        }
    }

    private record Load(int datagramBytes, double warmupSeconds, double seconds, double bitsPerSecond) {}

    private static double cpuSeconds() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getProcessCpuTime() / 1e9
                : Double.NaN;
    }

    private static void serve(Arena arena, InetAddress address, int port) throws IOException {
        Libc.CallState state = new Libc.CallState(arena);
        try (UdpSocket socket = new UdpSocket(arena, state, address, port)) {
            socket.requestBufferBytes(SOCKET_BUFFER_BYTES, SOCKET_BUFFER_BYTES);
            socket.enableReceiveOffload();
            Poller poller = new Poller(arena, state, socket.fd());
            ReceiveBatch batch = new ReceiveBatch(arena, BATCH);
            OutgoingMessage message = new OutgoingMessage(arena, false, 1);
            MemorySegment answer = arena.allocate(ANSWER_BYTES, 8);
            System.out.println("{\"port\": " + socket.port() + "}");
            long bytes = 0;
            long first = 0;
            long last = 0;
            double cpuAtFirst = 0;
            while (true) {
                int count = socket.receive(batch);
                if (count <= 0) {
                    poller.poll(-1);
                    continue;
                }
                long now = System.nanoTime();
                for (int i = 0; i < count; i++) {
                    long phase = batch.buffers().get(JAVA_LONG, batch.bufferOffset(i));
                    if (phase == 1) {
                        if (bytes == 0) {
                            first = now;
                            cpuAtFirst = cpuSeconds();
                        } else {
                            last = now;
                        }
                        bytes += batch.length(i);
                    } else if (phase == 2) {
                        answer.set(JAVA_LONG, 0, 2L);
                        answer.set(JAVA_LONG, 8, bytes);
                        answer.set(JAVA_LONG, 16, last - first);
                        answer.set(JAVA_LONG, 24, (long) ((cpuSeconds() - cpuAtFirst) * 1e9));
                        message.begin(batch.names().address() + batch.nameOffset(i), SocketAddress.IPV4_BYTES, 0);
                        message.add(answer.address(), ANSWER_BYTES);
                        socket.send(message, 0, 1, 0);
                    }
                }
            }
        }
    }

    private static String load(Arena arena, InetAddress from, InetAddress to, int port, Load load) throws IOException {
        Libc.CallState state = new Libc.CallState(arena);
        try (UdpSocket socket = new UdpSocket(arena, state, from, 0)) {
            socket.requestBufferBytes(SOCKET_BUFFER_BYTES, SOCKET_BUFFER_BYTES);
            MemorySegment address = arena.allocate(SocketAddress.MAX_BYTES, 8);
            SocketAddress.write(address, 0, to, port);
            int segments = Math.clamp(LONGEST_BURST_BYTES / load.datagramBytes(), 1, MOST_SEGMENTS);
            MemorySegment burst = arena.allocate((long) segments * load.datagramBytes(), 64);
            OutgoingMessage message = new OutgoingMessage(arena, false, 1);
            Poller poller = new Poller(arena, state);
            double burstNanos = load.bitsPerSecond() == 0
                    ? 0
                    : 8e9 * segments * (load.datagramBytes() + HEADER_BYTES) / load.bitsPerSecond();
            long start = System.nanoTime();
            long warm = start + (long) (load.warmupSeconds() * 1e9);
            long end = warm + (long) (load.seconds() * 1e9);
            double due = start;
            long phase = 0;
            double cpu = 0;
            long sent = 0;
            for (long now = start; now - end < 0; now = System.nanoTime()) {
                if (due - now > 0) {
                    poller.poll((long) due - now);
                    continue;
                }
                if (phase == 0 && now - warm >= 0) {
                    phase = 1;
                    cpu = cpuSeconds();
                    setPhase(burst, segments, load.datagramBytes(), phase);
                }
                message.begin(address.address(), SocketAddress.IPV4_BYTES, 0);
                message.add(burst.address(), burst.byteSize());
                long result = socket.send(message, 0, 1, load.datagramBytes());
                if (result < 0 && result != -Errno.EAGAIN && result != -Errno.ENOBUFS) {
                    throw new IOException("sendmsg failed: " + Errno.name((int) result));
                }
                sent += phase * Math.max(0, result);
                due += burstNanos;
            }
            cpu = cpuSeconds() - cpu;
            return ask(arena, state, socket, address, message, sent, cpu);
        }
    }

    private static void setPhase(MemorySegment burst, int segments, int datagramBytes, long phase) {
        for (int i = 0; i < segments; i++) {
            burst.set(JAVA_LONG.withByteAlignment(1), (long) i * datagramBytes, phase);
        }
    }

    private static String ask(
            Arena arena,
            Libc.CallState state,
            UdpSocket socket,
            MemorySegment address,
            OutgoingMessage message,
            long sent,
            double cpu)
            throws IOException {
        ReceiveBatch batch = new ReceiveBatch(arena, 1);
        Poller poller = new Poller(arena, state, socket.fd());
        MemorySegment question = arena.allocate(8, 8);
        question.set(JAVA_LONG, 0, 2L);
        long latest = -1;
        for (int i = 0; i < QUESTIONS; i++) {
            message.begin(address.address(), SocketAddress.IPV4_BYTES, 0);
            message.add(question.address(), 8);
            socket.send(message, 0, 1, 0);
            long until = System.nanoTime() + QUESTION_NANOS;
            while (System.nanoTime() - until < 0) {
                poller.poll(QUESTION_NANOS);
                if (socket.receive(batch) == 1) {
                    long bytes = batch.buffers().get(JAVA_LONG, batch.bufferOffset(0) + 8);
                    // What was still on the way has arrived when two answers are the same.
                    if (bytes == latest && i > 10) {
                        long nanos = batch.buffers().get(JAVA_LONG, batch.bufferOffset(0) + 16);
                        double serverCpu = batch.buffers().get(JAVA_LONG, batch.bufferOffset(0) + 24) / 1e9;
                        return String.format(
                                Locale.ROOT,
                                "{\"goodput_bps\": %.0f, \"sent_bytes\": %d, \"bytes\": %d, \"cpu_seconds\": %.3f}",
                                nanos == 0 ? 0 : 8e9 * bytes / nanos,
                                sent,
                                bytes,
                                cpu + serverCpu);
                    }
                    latest = bytes;
                }
            }
        }
        throw new IOException("no answer: too much was lost");
    }
}
