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

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Publication;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.logbuffer.FragmentHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

/// Aeron over UDP, driver and application in one process at each end: messages, each answered when it has arrived in
/// full,
/// or a stream of bytes. Its flow control has a window of the given length, its buffers and those of the sockets
/// follow;
/// it has no congestion control that would lower it.
///
/// `serve RIGHT LEFT PORT FOLDER MTU WINDOW`, `load RIGHT LEFT PORT FOLDER MTU WINDOW` and a [LoadPlan], or `stream
/// RIGHT
/// LEFT PORT FOLDER MTU WINDOW WARMUP SECONDS`. The right end listens on PORT, the left one on the port behind it.
/// FOLDER
/// is Aeron's own, best in memory.
public final class AeronMessages implements AutoCloseable {
    private static final int STREAM = 1;
    private static final int HELLO_BYTES = 8;
    private static final int ANSWER_BYTES = 8;
    private static final int BLOCK_BYTES = 1 << 20;
    private static final int MOST_MESSAGE_BYTES = 1 << 20;
    private static final int FRAGMENTS_AT_A_TIME = 64;
    private static final int LEAST_TERM_BYTES = 16 << 20;
    private static final int MOST_RESENDS = 256; // holes that the sender fills at a time, the most that it can
    private static final long CONNECT_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final MediaDriver driver;
    private final Aeron aeron;
    private final String[] channels; // to the right, to the left

    private AeronMessages(String[] args) {
        int window = Integer.parseInt(args[6]);
        int term = Math.max(LEAST_TERM_BYTES, Integer.highestOneBit(2 * window - 1) << 1);
        String parameters = "|term-length=" + term + "|mtu=" + args[5];
        int port = Integer.parseInt(args[3]);
        channels = new String[] {
            "aeron:udp?endpoint=" + args[1] + ":" + port + parameters,
            "aeron:udp?endpoint=" + args[2] + ":" + (port + 1) + parameters
        };
        driver = MediaDriver.launch(new MediaDriver.Context()
                .aeronDirectoryName(args[4])
                .dirDeleteOnStart(true)
                .dirDeleteOnShutdown(true)
                .threadingMode(ThreadingMode.SHARED)
                .sharedIdleStrategy(idle())
                .mtuLength(Integer.parseInt(args[5]))
                .initialWindowLength(window)
                .socketRcvbufLength(window)
                .socketSndbufLength(window)
                .maxResend(MOST_RESENDS)
                .performStorageChecks(false)
                .termBufferSparseFile(true));
        aeron = Aeron.connect(new Aeron.Context().aeronDirectoryName(args[4]).idleStrategy(idle()));
    }

    private static IdleStrategy idle() {
        return new BackoffIdleStrategy(10, 20, 1_000, 50_000);
    }

    /// Runs one of the ends.
    public static void main(String[] args) throws IOException, InterruptedException {
        try (AeronMessages end = new AeronMessages(args)) {
            if (args[0].equals("serve")) {
                end.serve();
            } else if (args[0].equals("load")) {
                System.out.println(end.load(LoadPlan.parse(args, 7)));
            } else {
                System.out.println(end.stream(Double.parseDouble(args[7]), Double.parseDouble(args[8])));
            }
            System.out.flush();
            Runtime.getRuntime().halt(0); // what is on the way need not arrive
        }
    }

    /// Answers one load until the process is ended; the first fragment of each tells the length.
    private void serve() {
        Subscription subscription = aeron.addSubscription(channels[0], STREAM);
        ExclusivePublication answers = aeron.addExclusivePublication(channels[1], STREAM);
        System.out.println("{\"port\": 1}");
        UnsafeBuffer answer = new UnsafeBuffer(new byte[StreamMeter.REPORT_BYTES]);
        Arrived arrived = new Arrived();
        IdleStrategy idle = idle();
        long told = 0;
        long reported = System.nanoTime();
        while (true) {
            int work = subscription.poll(arrived, FRAGMENTS_AT_A_TIME);
            long messages = arrived.size > 0 ? arrived.bytes / arrived.size : 0;
            if (messages != told) {
                answer.putLong(0, messages);
                if (answers.offer(answer, 0, ANSWER_BYTES) > 0) {
                    told = messages;
                    work++;
                }
            }
            if (arrived.size == 0 && System.nanoTime() - reported > StreamMeter.REPORT_NANOS) {
                answer.putBytes(0, StreamMeter.report(arrived.bytes), StreamMeter.REPORT_BYTES);
                answers.offer(answer, 0, StreamMeter.REPORT_BYTES); // one that is not taken is followed by another
                reported = System.nanoTime();
            }
            idle.idle(work);
        }
    }

    /// What the server has received. The bytes are copied out, as every application must that keeps them.
    private static final class Arrived implements FragmentHandler {
        private final byte[] target = new byte[1 << 16];
        private long size = -1;
        private long bytes;

        @Override
        public void onFragment(
                org.agrona.DirectBuffer buffer, int offset, int length, io.aeron.logbuffer.Header header) {
            if (size < 0 && length == HELLO_BYTES) {
                size = buffer.getLong(offset);
                return;
            }
            buffer.getBytes(offset, target, 0, length);
            bytes += length;
        }
    }

    private String load(LoadPlan plan) throws IOException, InterruptedException {
        MessageLoad load = new MessageLoad(plan);
        int[] answered = new int[1];
        ExclusivePublication publication = connect(plan.sizeBytes(), (buffer, offset, length, header) -> {
            int messages = (int) buffer.getLong(offset);
            while (answered[0] < messages) {
                load.onAnswer(answered[0]);
                answered[0]++;
            }
        });
        UnsafeBuffer message = new UnsafeBuffer(ByteBuffer.allocateDirect(plan.sizeBytes()));
        return load.run(index -> offer(publication, message));
    }

    private String stream(double warmupSeconds, double seconds) throws IOException, InterruptedException {
        StreamMeter meter = new StreamMeter();
        byte[] report = new byte[StreamMeter.REPORT_BYTES];
        ExclusivePublication publication = connect(0, (buffer, offset, length, header) -> {
            buffer.getBytes(offset, report);
            meter.onReport(ByteBuffer.wrap(report));
        });
        UnsafeBuffer block = new UnsafeBuffer(ByteBuffer.allocateDirect(BLOCK_BYTES));
        Thread.ofPlatform().daemon().start(() -> {
            try {
                while (true) {
                    offer(publication, block);
                }
            } catch (IOException e) {
                System.err.println("AeronMessages: " + e.getMessage());
                Runtime.getRuntime().halt(1);
            }
        });
        return meter.measure(warmupSeconds, seconds);
    }

    /// Connects, tells the length of messages, and polls the answers on a thread of its own.
    private ExclusivePublication connect(long size, FragmentHandler answers) throws IOException {
        Subscription subscription = aeron.addSubscription(channels[1], STREAM);
        ExclusivePublication publication = aeron.addExclusivePublication(channels[0], STREAM);
        IdleStrategy idle = idle();
        long began = System.nanoTime();
        while (!publication.isConnected() || !subscription.isConnected()) {
            if (System.nanoTime() - began > CONNECT_NANOS) {
                throw new IOException("Aeron did not connect within 20 s");
            }
            idle.idle();
        }
        UnsafeBuffer hello = new UnsafeBuffer(new byte[HELLO_BYTES]);
        hello.putLong(0, size);
        offer(publication, hello);
        Thread.ofPlatform().daemon().start(() -> {
            IdleStrategy own = idle();
            while (true) {
                own.idle(subscription.poll(answers, FRAGMENTS_AT_A_TIME));
            }
        });
        return publication;
    }

    /// Hands a message over, in pieces that Aeron takes.
    private static void offer(ExclusivePublication publication, UnsafeBuffer message) throws IOException {
        IdleStrategy idle = idle();
        int piece = Math.min(publication.maxMessageLength(), MOST_MESSAGE_BYTES);
        for (int offset = 0; offset < message.capacity(); ) {
            int length = Math.min(piece, message.capacity() - offset);
            long result = publication.offer(message, offset, length);
            if (result > 0) {
                offset += length;
                idle.reset();
            } else if (result == Publication.CLOSED
                    || result == Publication.MAX_POSITION_EXCEEDED
                    || result == Publication.NOT_CONNECTED) {
                throw new IOException("Aeron has lost the connection: " + result);
            } else {
                idle.idle();
            }
        }
    }

    @Override
    public void close() {
        aeron.close();
        driver.close();
    }
}
