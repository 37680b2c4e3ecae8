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
import io.longhaul.FecPolicy;
import io.longhaul.Longhaul;
import io.longhaul.LonghaulConfig;
import io.longhaul.LonghaulConfig.IdleMode;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/// Messages over Longhaul by the loads that the other transports get: without a declared rate and without sealing.
///
/// - `serve ADDRESS PORT OPTIONS`
/// - `load ADDRESS PORT OPTIONS` and a [LoadPlan]: a message is answered when its send has completed
/// - `pingpong ADDRESS PORT OPTIONS SIZE WARMUP SECONDS`: every message is sent back
/// - `flood ADDRESS PORT OPTIONS SIZE DEPTH WARMUP SECONDS`: so many sends outstanding at a time
///
/// OPTIONS are words with commas between them: `fec`, `spin`, or `none`.
public final class LonghaulMessages {
    private static final Duration OPERATION = Duration.ofMinutes(2);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int MOST_OUTSTANDING = 4096;
    private static final long MEMORY_BYTES = 1L << 30;
    private static final int MOST_ECHOED_BYTES = 1024;

    // An operation ends when its acknowledgement has come, which may be later than many answers.
    private static final int ECHOES = 2048;

    private LonghaulMessages() {}

    /// Runs one of the ends.
    public static void main(String[] args) throws IOException, InterruptedException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(args[1]), Integer.parseInt(args[2]));
        Longhaul endpoint = Longhaul.open(config(args[3]));
        if (args[0].equals("serve")) {
            serve(endpoint, address);
            return;
        }
        Connection connection = endpoint.connect(address, PATIENCE);
        System.out.println(
                switch (args[0]) {
                    case "load" -> load(connection, LoadPlan.parse(args, 4));
                    case "pingpong" ->
                        pingPong(
                                connection,
                                Integer.parseInt(args[4]),
                                Double.parseDouble(args[5]),
                                Double.parseDouble(args[6]));
                    default ->
                        flood(
                                connection,
                                Integer.parseInt(args[4]),
                                Integer.parseInt(args[5]),
                                Double.parseDouble(args[6]),
                                Double.parseDouble(args[7]));
                });
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private static LonghaulConfig config(String options) {
        LonghaulConfig.Builder builder = LonghaulConfig.builder()
                .device("soft")
                .insecure(true)
                .maxMemoryBytes(MEMORY_BYTES)
                .maxMessageBytes(MEMORY_BYTES)
                .operationTimeout(OPERATION) // a slow one is a result, too
                .maxOperations(MOST_OUTSTANDING);
        for (String each : options.split(",", -1)) {
            switch (each) {
                case "fec" -> builder.fec(FecPolicy.AUTO);
                case "spin" -> builder.idleMode(IdleMode.SPIN);
                case "none" -> {}
                default -> throw new IllegalArgumentException("options are fec, spin or none, not " + each);
            }
        }
        return builder.build();
    }

    private static void serve(Longhaul endpoint, InetSocketAddress address) throws InterruptedException {
        try (var listener = endpoint.listen(address)) {
            System.out.println("{\"port\": " + listener.localAddress().getPort() + "}");
            while (true) {
                Connection connection = listener.accept(Duration.ofDays(1));
                if (connection != null) {
                    connection.listener(new Served(connection));
                }
            }
        }
    }

    /// The server's end. A message that begins with a one is sent back; the agent calls it.
    private static final class Served implements Connection.Listener {
        private final Connection connection;
        private final MemorySegment echoes = Arena.ofAuto().allocate(ECHOES * MOST_ECHOED_BYTES, 64);
        private final Operation[] operations = new Operation[ECHOES];
        private int next;

        Served(Connection connection) {
            this.connection = connection;
            for (int i = 0; i < ECHOES; i++) {
                operations[i] = new Operation();
            }
        }

        @Override
        public boolean onMessage(io.longhaul.Message message) {
            try (message) {
                if (message.length() <= MOST_ECHOED_BYTES
                        && message.segment().get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0) == 1) {
                    long offset = (long) next * MOST_ECHOED_BYTES;
                    MemorySegment.copy(message.segment(), 0, echoes, offset, message.length());
                    post(connection, operations[next].send(echoes, offset, message.length()));
                    next = (next + 1) % ECHOES;
                }
            }
            return true;
        }
    }

    private static String load(Connection connection, LoadPlan plan) throws IOException, InterruptedException {
        MessageLoad load = new MessageLoad(plan);
        MemorySegment message = Arena.ofAuto().allocate(plan.sizeBytes(), 64);
        ArrayBlockingQueue<Operation> free = new ArrayBlockingQueue<>(MOST_OUTSTANDING);
        for (int i = 0; i < (plan.perSecond() > 0 ? MOST_OUTSTANDING : 1); i++) {
            free.add(new Operation().onComplete(done -> {
                if (done.status() == OperationStatus.SUCCESS) {
                    int index = (int) done.context();
                    free.add(done); // the next message may come before the answer is counted
                    load.onAnswer(index);
                } else {
                    load.onFailure("a send ended with " + done.status());
                }
            }));
        }
        return load.run(index -> {
            Operation operation = free.take().send(message, 0, plan.sizeBytes()).context(index);
            while (!connection.post(operation)) {
                LockSupport.parkNanos(20_000);
            }
        });
    }

    private static String pingPong(Connection connection, int sizeBytes, double warmup, double seconds)
            throws IOException, InterruptedException {
        MemorySegment message = Arena.ofAuto().allocate(sizeBytes, 64);
        message.set(java.lang.foreign.ValueLayout.JAVA_BYTE, 0, (byte) 1);
        Operation[] operations = new Operation[ECHOES];
        for (int i = 0; i < ECHOES; i++) {
            operations[i] = new Operation().send(message, 0, sizeBytes);
        }
        Histogram nanos = LoadPlan.histogram();
        CountDownLatch ended = new CountDownLatch(1);
        long warm = System.nanoTime() + (long) (warmup * 1e9);
        long end = warm + (long) (seconds * 1e9);
        long[] state = {System.nanoTime(), 0}; // when the last one was sent, and how many
        connection.listener(new Connection.Listener() {
            @Override
            public boolean onMessage(io.longhaul.Message answer) {
                long now = System.nanoTime();
                answer.close();
                if (state[0] - warm >= 0) {
                    nanos.recordValue(now - state[0]);
                }
                state[1]++;
                if (now - end >= 0) {
                    ended.countDown();
                } else {
                    state[0] = System.nanoTime();
                    post(connection, operations[(int) (state[1] % ECHOES)]);
                }
                return true;
            }
        });
        post(connection, operations[0]);
        long patience = (long) (warmup + seconds) + PATIENCE.toSeconds();
        if (!ended.await(patience, java.util.concurrent.TimeUnit.SECONDS)) {
            throw new IOException("a message or its answer got lost after " + state[1]);
        }
        return String.format(
                Locale.ROOT,
                "{\"operations\": %d, \"latency_us\": %s}",
                nanos.getTotalCount(),
                LoadPlan.latencies(nanos));
    }

    /// Posts, or ends the process: without this message there will be no other.
    private static void post(Connection connection, Operation operation) {
        boolean posted = false;
        try {
            posted = connection.post(operation);
        } finally {
            if (!posted) {
                System.err.println("LonghaulMessages: a message could not be posted");
                Runtime.getRuntime().halt(1);
            }
        }
    }

    private static String flood(Connection connection, int sizeBytes, int depth, double warmup, double seconds)
            throws IOException, InterruptedException {
        MemorySegment message = Arena.ofAuto().allocate(sizeBytes, 64);
        AtomicLong completed = new AtomicLong(); // written by the agent only
        ArrayBlockingQueue<Operation> declined = new ArrayBlockingQueue<>(depth);
        for (int i = 0; i < depth; i++) {
            Operation operation = new Operation().send(message, 0, sizeBytes).onComplete(done -> {
                if (done.status() != OperationStatus.SUCCESS) {
                    System.err.println("LonghaulMessages: a send ended with " + done.status());
                    Runtime.getRuntime().halt(1);
                }
                completed.lazySet(completed.getPlain() + 1);
                if (!connection.post(done)) {
                    declined.add(done);
                }
            });
            declined.add(operation);
        }
        Thread.ofPlatform().daemon().start(() -> {
            while (true) {
                Operation operation = declined.poll();
                while (operation != null && !connection.post(operation)) {
                    LockSupport.parkNanos(50_000);
                }
                if (operation == null) {
                    LockSupport.parkNanos(1_000_000);
                }
            }
        });
        LockSupport.parkNanos((long) (warmup * 1e9));
        long before = completed.get();
        long cpu = StreamMeter.cpuNanos();
        long began = System.nanoTime();
        Thread.sleep(Duration.ofNanos((long) (seconds * 1e9)));
        double measured = (System.nanoTime() - began) / 1e9;
        long count = completed.get() - before;
        if (count == 0) {
            throw new IOException("no message completed within " + seconds + " s");
        }
        return String.format(
                Locale.ROOT,
                "{\"operations\": %d, \"seconds\": %.6f, \"messages_per_second\": %.0f, \"goodput_bps\": %.0f, \"cpu_seconds\": %.3f}",
                count,
                measured,
                count / measured,
                8.0 * sizeBytes * count / measured,
                (StreamMeter.cpuNanos() - cpu) / 1e9);
    }
}
