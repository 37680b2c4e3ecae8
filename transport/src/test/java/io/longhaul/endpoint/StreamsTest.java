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

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.ByteStream;
import io.longhaul.Connection;
import io.longhaul.LonghaulConfig;
import io.longhaul.OperationException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Byte streams between two endpoints over the loopback.
@Timeout(60)
class StreamsTest {
    private static byte[] randomBytes(int length, long seed) {
        final byte[] bytes = new byte[length];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    private static byte[] readAll(ByteStream stream, int length) throws IOException {
        stream.timeout(EndpointPair.PATIENCE);
        final ByteBuffer bytes = ByteBuffer.allocate(length + 1);
        while (stream.read(bytes) >= 0) {
            assertTrue(bytes.position() <= length, "too many bytes");
        }
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    private static ByteStream accept(Connection connection) throws InterruptedException {
        final ByteStream stream = connection.acceptStream(EndpointPair.PATIENCE);
        assertNotNull(stream, "no stream came");
        return stream;
    }

    private static CompletableFuture<Void> write(ByteStream stream, byte[] bytes) {
        // A thread for each: the common pool may have a single one.
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        stream.timeout(EndpointPair.PATIENCE);
                        stream.write(ByteBuffer.wrap(bytes));
                        stream.shutdownOutput();
                    } catch (IOException e) {
                        throw new CompletionException(e);
                    }
                },
                command -> Thread.ofVirtual().start(command));
    }

    /// A pair of joined streams.
    private record Streams(ByteStream client, ByteStream server) {
        static Streams open(EndpointPair pair) throws Exception {
            final ByteStream client = pair.client.openStream();
            client.write(ByteBuffer.wrap(new byte[] {1}));
            final ByteStream server = accept(pair.server);
            server.timeout(EndpointPair.PATIENCE);
            assertEquals(1, server.read(ByteBuffer.allocate(1)));
            return new Streams(client, server);
        }
    }

    @Test
    @Tag("fault-64")
    void carryBytesBothWaysWithHalfClose() throws Exception {
        try (EndpointPair pair = new EndpointPair()) {
            final byte[] there = randomBytes(3_000_000, 1);
            final byte[] back = randomBytes(1_000_000, 2);
            final ByteStream client = pair.client.openStream();
            final CompletableFuture<Void> written = write(client, there);
            final ByteStream server = accept(pair.server);
            assertEquals(client.id(), server.id());
            assertArrayEquals(there, readAll(server, there.length));
            written.get(20, TimeUnit.SECONDS);
            assertThrows(ClosedChannelException.class, () -> client.write(ByteBuffer.allocate(1)));
            final CompletableFuture<Void> answered = write(server, back);
            assertArrayEquals(back, readAll(client, back.length));
            answered.get(20, TimeUnit.SECONDS);
            assertEquals(-1, client.read(ByteBuffer.allocate(1)));
        }
    }

    @Test
    @Tag("fault-40")
    @Tag("fault-41")
    void aReaderThatPausesStopsItsWriterOnly() throws Exception {
        final LonghaulConfig config = EndpointPair.small()
                .creditBytes(64 << 10)
                .maxMemoryBytes(4 << 20)
                .build();
        try (EndpointPair pair = new EndpointPair(config)) {
            final byte[] bytes = randomBytes(12_000_000, 3);
            final ByteStream paused = pair.client.openStream();
            final CompletableFuture<Void> written = write(paused, bytes);
            final ByteStream pausedReader = accept(pair.server);
            EndpointPair.await(() -> !paused.isWritable(), "the paused stream fills up");
            final ByteStream other = pair.client.openStream();
            write(other, new byte[1000]).get(20, TimeUnit.SECONDS);
            assertEquals(1000, readAll(accept(pair.server), 1000).length);
            assertArrayEquals(bytes, readAll(pausedReader, bytes.length));
            written.get(20, TimeUnit.SECONDS);
        }
    }

    @Test
    void manyStreamsRunAtOnce() throws Exception {
        final LonghaulConfig config =
                EndpointPair.small().creditBytes(256 * 1024).build();
        try (EndpointPair pair = new EndpointPair(config)) {
            final int count = 100;
            final byte[] bytes = randomBytes(50_000, 4);
            for (int i = 0; i < count; i++) {
                write(pair.client.openStream(), bytes);
            }
            for (int i = 0; i < count; i++) {
                assertArrayEquals(bytes, readAll(accept(pair.server), bytes.length));
            }
        }
    }

    @Test
    void aReadTimesOutAndTheStreamGoesOn() throws Exception {
        try (EndpointPair pair = new EndpointPair()) {
            final Streams streams = Streams.open(pair);
            streams.server.timeout(Duration.ofMillis(30));
            assertThrows(SocketTimeoutException.class, () -> streams.server.read(ByteBuffer.allocate(1)));
            streams.client.write(ByteBuffer.wrap(new byte[] {2}));
            streams.server.timeout(EndpointPair.PATIENCE);
            assertEquals(1, streams.server.read(ByteBuffer.allocate(1)));
        }
    }

    @Test
    void closingEndsABlockedRead() throws Exception {
        try (EndpointPair pair = new EndpointPair()) {
            final Streams streams = Streams.open(pair);
            final CompletableFuture<Throwable> failure = new CompletableFuture<>();
            final Thread reader = readBlocked(streams.client, failure);
            streams.client.close();
            assertInstanceOf(AsynchronousCloseException.class, failure.get(20, TimeUnit.SECONDS));
            reader.join();
            assertThrows(ClosedChannelException.class, () -> streams.client.read(ByteBuffer.allocate(1)));
            assertEquals(-1, streams.server.read(ByteBuffer.allocate(1)));
        }
    }

    @Test
    void anInterruptEndsABlockedReadAndKeepsTheStream() throws Exception {
        try (EndpointPair pair = new EndpointPair()) {
            final Streams streams = Streams.open(pair);
            final CompletableFuture<Throwable> failure = new CompletableFuture<>();
            final Thread reader = readBlocked(streams.client, failure);
            reader.interrupt();
            assertInstanceOf(InterruptedIOException.class, failure.get(20, TimeUnit.SECONDS));
            streams.server.write(ByteBuffer.wrap(new byte[] {9}));
            streams.client.timeout(EndpointPair.PATIENCE);
            assertEquals(1, streams.client.read(ByteBuffer.allocate(1)));
        }
    }

    private static Thread readBlocked(ByteStream stream, CompletableFuture<Throwable> failure)
            throws InterruptedException {
        final Thread reader = new Thread(() -> {
            try {
                stream.read(ByteBuffer.allocate(1));
                failure.complete(new AssertionError("the read returned"));
            } catch (IOException | RuntimeException e) {
                failure.complete(e);
            }
        });
        reader.start();
        EndpointPair.await(() -> isWaiting(reader), "the reader blocks");
        return reader;
    }

    private static boolean isWaiting(Thread thread) {
        return thread.getState() == Thread.State.WAITING || thread.getState() == Thread.State.TIMED_WAITING;
    }

    @Test
    void theEndOfTheConnectionEndsABlockedRead() throws Exception {
        try (EndpointPair pair = new EndpointPair()) {
            final Streams streams = Streams.open(pair);
            final CompletableFuture<Throwable> failure = new CompletableFuture<>();
            readBlocked(streams.client, failure);
            pair.serverEndpoint.close();
            assertInstanceOf(IOException.class, failure.get(20, TimeUnit.SECONDS));
            assertThrows(IOException.class, () -> streams.client.write(ByteBuffer.allocate(1)));
        }
    }

    @Test
    void readinessIsTold() throws Exception {
        try (EndpointPair pair = new EndpointPair()) {
            final Streams streams = Streams.open(pair);
            final AtomicInteger read = new AtomicInteger();
            final ByteBuffer target = ByteBuffer.allocate(64);
            assertEquals(0, streams.server.tryRead(target));
            streams.server.onReady(() -> {
                try {
                    read.addAndGet(Math.max(0, streams.server.tryRead(target.clear())));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            streams.client.write(ByteBuffer.wrap(new byte[10]));
            EndpointPair.await(() -> read.get() == 10, "ten bytes by readiness");
            streams.client.write(ByteBuffer.wrap(new byte[7]));
            EndpointPair.await(() -> read.get() == 17, "seven more");
            streams.server.onReady(() -> {});
        }
    }

    @Test
    void thereIsALimit() throws Exception {
        try (EndpointPair pair =
                new EndpointPair(EndpointPair.small().maxStreams(3).build())) {
            for (int i = 0; i < 3; i++) {
                pair.client.openStream();
            }
            assertThrows(OperationException.class, pair.client::openStream);
        }
    }
}
