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

import io.longhaul.Connection;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.Message;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// Many connections between two endpoints: what each costs while nothing flows, and what all carry together.
///
/// `serve ADDRESS PORT`, or `load ADDRESS PORT CONNECTIONS SIZE OUTSTANDING WARMUP SECONDS`: messages of SIZE bytes, on
/// every connection at least two outstanding, and OUTSTANDING of all together where that is more.
public final class LonghaulFleet {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int CONNECTIONS_AT_A_TIME = 16;
    private static final int QUESTION_BYTES = 8;
    private static final int ANSWER_BYTES = 40;
    private static final long SETTLE_MILLIS = 3000;
    private static final int MOST_CONNECTIONS = 16_384;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private LonghaulFleet() {}

    /// What a process has, and has used.
    ///
    /// @param rssBytes resident memory
    /// @param heapBytes in use, after a collection where one was asked for
    /// @param cpuNanos processor time
    /// @param bytes of messages that have arrived
    /// @param nanos its clock
    private record Census(long rssBytes, long heapBytes, long cpuNanos, long bytes, long nanos) {
        static Census take(boolean collect, long bytes) {
            if (collect) {
                System.gc();
            }
            Runtime runtime = Runtime.getRuntime();
            return new Census(
                    residentBytes(),
                    runtime.totalMemory() - runtime.freeMemory(),
                    StreamMeter.cpuNanos(),
                    bytes,
                    System.nanoTime());
        }

        private static long residentBytes() {
            try (var lines = Files.lines(Path.of("/proc/self/status"))) {
                return lines.filter(line -> line.startsWith("VmRSS:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
                        .findFirst()
                        .orElse(0);
            } catch (IOException e) {
                return 0;
            }
        }

        void write(MemorySegment target) {
            long[] all = {rssBytes, heapBytes, cpuNanos, bytes, nanos};
            for (int i = 0; i < all.length; i++) {
                target.set(LONG, 8L * i, all[i]);
            }
        }

        static Census read(MemorySegment source) {
            return new Census(
                    source.get(LONG, 0),
                    source.get(LONG, 8),
                    source.get(LONG, 16),
                    source.get(LONG, 24),
                    source.get(LONG, 32));
        }
    }

    /// Runs one of the ends.
    public static void main(String[] args) throws IOException, InterruptedException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(args[1]), Integer.parseInt(args[2]));
        Longhaul endpoint = Longhaul.open(LonghaulConfig.builder()
                .device("soft")
                .insecure(true)
                .handshakeTimeout(PATIENCE)
                .idleTimeout(PATIENCE)
                .maxPendingHandshakes(MOST_CONNECTIONS)
                .maxConnections(MOST_CONNECTIONS)
                .limits(new Longhaul.Limits(MOST_CONNECTIONS, 4L << 30, MOST_CONNECTIONS))
                .build());
        if (args[0].equals("serve")) {
            serve(endpoint, address);
        } else {
            Load load = new Load(
                    Integer.parseInt(args[3]),
                    Integer.parseInt(args[4]),
                    Integer.parseInt(args[5]),
                    Double.parseDouble(args[6]),
                    Double.parseDouble(args[7]));
            System.out.println(load.run(endpoint, address));
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }
    }

    private static void serve(Longhaul endpoint, InetSocketAddress address) throws InterruptedException {
        AtomicLong bytes = new AtomicLong();
        LinkedBlockingQueue<Runnable> questions = new LinkedBlockingQueue<>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                while (true) {
                    questions.take().run();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        try (var listener = endpoint.listen(address)) {
            System.out.println("{\"port\": " + listener.localAddress().getPort() + "}");
            while (true) {
                Connection connection = listener.accept(Duration.ofDays(1));
                if (connection != null) {
                    connection.listener(new Connection.Listener() {
                        @Override
                        public boolean onMessage(Message message) {
                            long length = message.length();
                            boolean collect = length == QUESTION_BYTES
                                    && message.segment().get(LONG, 0) != 0;
                            message.close();
                            if (length == QUESTION_BYTES) {
                                questions.add(() -> answer(connection, Census.take(collect, bytes.get())));
                            } else {
                                bytes.addAndGet(length);
                            }
                            return true;
                        }
                    });
                }
            }
        }
    }

    private static void answer(Connection connection, Census census) {
        MemorySegment answer = Arena.ofAuto().allocate(ANSWER_BYTES, 8);
        census.write(answer);
        var _ = connection.send(answer); // the client waits for it
    }

    /// What the client does.
    private record Load(int connections, int sizeBytes, int outstanding, double warmup, double seconds) {
        String run(Longhaul endpoint, InetSocketAddress address) throws IOException, InterruptedException {
            Connection control = endpoint.connect(address, PATIENCE);
            Census clientBefore = Census.take(true, 0);
            Census serverBefore = ask(control, true);
            long began = System.nanoTime();
            List<Connection> all = connect(endpoint, address);
            double connected = (System.nanoTime() - began) / 1e9;
            Thread.sleep(SETTLE_MILLIS);
            Census clientIdle = Census.take(true, 0);
            Census serverIdle = ask(control, true);
            Thread.sleep(SETTLE_MILLIS);
            Census clientLater = Census.take(false, 0);
            Census serverLater = ask(control, false);
            double idleSeconds = (serverLater.nanos() - serverIdle.nanos()) / 1e9;
            double idleCpu =
                    (clientLater.cpuNanos() - clientIdle.cpuNanos() + serverLater.cpuNanos() - serverIdle.cpuNanos())
                            / 1e9
                            / idleSeconds;
            start(all);
            sleep(warmup);
            Census clientFirst = Census.take(false, 0);
            Census serverFirst = ask(control, false);
            sleep(seconds);
            Census clientLast = Census.take(false, 0);
            Census serverLast = ask(control, false);
            double measured = (serverLast.nanos() - serverFirst.nanos()) / 1e9;
            long bytes = serverLast.bytes() - serverFirst.bytes();
            if (bytes == 0) {
                throw new IOException("nothing arrived within " + seconds + " s");
            }
            double cpu =
                    (clientLast.cpuNanos() - clientFirst.cpuNanos() + serverLast.cpuNanos() - serverFirst.cpuNanos())
                            / 1e9;
            return String.format(
                    Locale.ROOT,
                    "{\"connections\": %d, \"connect_seconds\": %.3f, \"bytes\": %d, \"seconds\": %.6f, \"goodput_bps\": %.0f,"
                            + " \"cpu_seconds\": %.6f, \"idle_cpu_share\": %.5f, \"client\": %s, \"server\": %s}",
                    connections,
                    connected,
                    bytes,
                    measured,
                    8 * bytes / measured,
                    cpu,
                    idleCpu,
                    memory(clientBefore, clientIdle, clientLast),
                    memory(serverBefore, serverIdle, serverLast));
        }

        private static String memory(Census before, Census idle, Census active) {
            return String.format(
                    Locale.ROOT,
                    "{\"rss_before_bytes\": %d, \"rss_idle_bytes\": %d, \"rss_active_bytes\": %d, \"heap_before_bytes\": %d,"
                            + " \"heap_idle_bytes\": %d}",
                    before.rssBytes(),
                    idle.rssBytes(),
                    active.rssBytes(),
                    before.heapBytes(),
                    idle.heapBytes());
        }

        private static void sleep(double seconds) throws InterruptedException {
            TimeUnit.NANOSECONDS.sleep((long) (seconds * 1e9));
        }

        private static Census ask(Connection control, boolean collect) throws IOException, InterruptedException {
            MemorySegment question = Arena.ofAuto().allocate(QUESTION_BYTES, 8);
            question.set(LONG, 0, collect ? 1 : 0);
            var _ = control.send(question); // the answer tells
            try (Message answer = control.receive(PATIENCE)) {
                if (answer == null) {
                    throw new IOException("the server did not answer within " + PATIENCE.toSeconds() + " s");
                }
                return Census.read(answer.segment());
            }
        }

        private List<Connection> connect(Longhaul endpoint, InetSocketAddress address)
                throws IOException, InterruptedException {
            List<Connection> all = new ArrayList<>();
            LinkedBlockingQueue<Object> made = new LinkedBlockingQueue<>();
            AtomicLong next = new AtomicLong();
            for (int i = 0; i < Math.min(CONNECTIONS_AT_A_TIME, connections); i++) {
                Thread.ofPlatform().daemon().start(() -> {
                    while (next.getAndIncrement() < connections) {
                        try {
                            made.add(endpoint.connect(address, PATIENCE));
                        } catch (RuntimeException e) {
                            made.add(e);
                        }
                    }
                });
            }
            while (all.size() < connections) {
                Object each = made.poll(2 * PATIENCE.toSeconds(), TimeUnit.SECONDS);
                if (!(each instanceof Connection connection)) {
                    throw new IOException("connection " + all.size() + " failed: " + each);
                }
                all.add(connection);
            }
            return all;
        }

        private void start(List<Connection> all) {
            MemorySegment message = Arena.ofAuto().allocate(sizeBytes, 64);
            int depth = Math.max(2, outstanding / connections);
            LinkedBlockingQueue<Runnable> declined = new LinkedBlockingQueue<>();
            for (Connection each : all) {
                for (int i = 0; i < depth; i++) {
                    Operation operation = new Operation().send(message, 0, sizeBytes);
                    operation.onComplete(done -> {
                        if (done.status() != OperationStatus.SUCCESS) {
                            System.err.println("LonghaulFleet: a send ended with " + done.status());
                            Runtime.getRuntime().halt(1);
                        }
                        if (!each.post(done)) {
                            declined.add(() -> each.post(done));
                        }
                    });
                    each.post(operation);
                }
            }
            Thread.ofPlatform().daemon().start(() -> {
                try {
                    while (true) {
                        declined.take().run();
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        }
    }
}
