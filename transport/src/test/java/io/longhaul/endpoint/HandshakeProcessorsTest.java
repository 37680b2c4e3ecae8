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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.endpoint.HandshakeProcessors.Turn;
import io.longhaul.identity.Credentials;
import io.longhaul.identity.PrivateAuthority;
import io.longhaul.identity.TlsSession;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HandshakeProcessorsTest {
    private final HandshakeProcessors processors = new HandshakeProcessors(1);
    private final List<String> order = Collections.synchronizedList(new ArrayList<>());
    private final List<Thread> threads = new ArrayList<>();

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Takes the only processor until the latch opens.
    private Thread occupy(CountDownLatch until) {
        final CountDownLatch busy = new CountDownLatch(1);
        final Thread thread = Thread.ofVirtual().start(() -> {
            try (Turn turn = processors.begin("blocker")) {
                processors.run(turn, () -> {
                    busy.countDown();
                    await(until);
                });
            }
        });
        await(busy);
        return thread;
    }

    private void queue(Turn turn, String name) {
        final int before = processors.waiting();
        threads.add(Thread.ofVirtual().start(() -> processors.run(turn, () -> order.add(name))));
        while (processors.waiting() == before) {
            Thread.onSpinWait();
        }
    }

    private void finish() throws InterruptedException {
        for (final Thread thread : threads) {
            thread.join();
        }
    }

    @Test
    @Tag("fault-53")
    void aHostWithOneHandshakeWaitsForOneOfAHostWithMany() throws InterruptedException {
        final CountDownLatch go = new CountDownLatch(1);
        threads.add(occupy(go));
        for (int i = 0; i < 5; i++) {
            queue(processors.begin("many"), "many" + i);
        }
        queue(processors.begin("one"), "one");
        go.countDown();
        finish();
        assertEquals(List.of("many0", "one", "many1", "many2", "many3", "many4"), order);
    }

    @Test
    @Tag("fault-53")
    void handshakesThatHaveBegunEndBeforeOthersBegin() throws InterruptedException {
        final CountDownLatch go = new CountDownLatch(1);
        threads.add(occupy(go));
        final Turn old = processors.begin("host");
        queue(processors.begin("host"), "young, first step");
        queue(old, "old, last step");
        go.countDown();
        finish();
        assertEquals(List.of("old, last step", "young, first step"), order);
    }

    @Test
    @Tag("fault-53")
    void neverMoreThanItsShareComputeAtATime() throws InterruptedException {
        final HandshakeProcessors two = new HandshakeProcessors(2);
        final AtomicInteger present = new AtomicInteger();
        final AtomicInteger most = new AtomicInteger();
        for (int i = 0; i < 50; i++) {
            threads.add(Thread.ofVirtual().start(() -> {
                try (Turn turn = two.begin("host")) {
                    two.run(turn, () -> {
                        most.accumulateAndGet(present.incrementAndGet(), Math::max);
                        Thread.yield();
                        present.decrementAndGet();
                    });
                }
            }));
        }
        finish();
        assertTrue(most.get() <= 2, most + " at a time");
        assertEquals(0, two.parties(), "nothing is remembered of hosts that are gone");
    }

    @Test
    void whatAStepThrowsConcernsItsHandshakeAlone() {
        try (Turn turn = processors.begin("host")) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> processors.run(turn, () -> {
                        throw new IllegalArgumentException("a step that fails");
                    }));
            assertThrows(
                    StackOverflowError.class,
                    () -> processors.run(turn, () -> {
                        throw new StackOverflowError("a step that fails badly");
                    }));
            processors.run(turn, () -> order.add("next"));
        }
        assertEquals(List.of("next"), order);
        assertEquals(0, processors.parties());
    }

    @Test
    @Tag("fault-53")
    void whatAServerWaitsForItsOwnProcessorsIsNotCountedAgainstTheClient() throws Exception {
        final PrivateAuthority authority = PrivateAuthority.create();
        final Credentials own = Credentials.load(authority.identity("127.0.0.1").source());
        final CountDownLatch go = new CountDownLatch(1);
        threads.add(occupy(go));
        try (ServerSocket listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            final Thread client = Thread.ofVirtual().start(() -> {
                try {
                    final Socket socket = new Socket(InetAddress.getLoopbackAddress(), listener.getLocalPort());
                    TlsControlChannel.open(
                            new TcpControlChannel(socket),
                            TlsSession.client(own, Set.of(), "127.0.0.1", listener.getLocalPort()),
                            true,
                            "c",
                            Bootstrap.deadlineNanos(EndpointPair.PATIENCE));
                } catch (java.io.IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            final TcpControlChannel raw = new TcpControlChannel(listener.accept());
            final Duration timeout = Duration.ofSeconds(1);
            final long startNanos = System.nanoTime();
            Thread.ofVirtual().start(() -> {
                while (processors.waiting() == 0 || System.nanoTime() - startNanos < timeout.toNanos()) {
                    Thread.onSpinWait();
                }
                go.countDown();
            });
            try (TlsControlChannel server = TlsControlChannel.open(
                    processors, raw, TlsSession.server(own, Set.of()), false, "s", Bootstrap.deadlineNanos(timeout))) {
                assertTrue(System.nanoTime() - startNanos > timeout.toNanos());
                assertTrue(server.waitedNanos() > 0);
                client.join();
            }
        }
        finish();
    }
}
