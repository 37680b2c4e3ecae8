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
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.longhaul.Connection;
import io.longhaul.Message;
import io.longhaul.Operation;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What an application does to the thread of an agent costs the port nothing.
@Timeout(60)
class CallbackFaultsTest {
    /// What a callback leaves behind.
    enum Fault {
        INTERRUPT {
            @Override
            void happen() {
                Thread.currentThread().interrupt();
            }
        },
        INTERRUPTED_EXCEPTION {
            @Override
            void happen() {
                throwAnyway(new InterruptedException("of a language without checked exceptions"));
            }
        },
        EXCEPTION {
            @Override
            void happen() {
                throw new IllegalStateException("a callback that throws");
            }
        },
        ERROR {
            @Override
            void happen() {
                throw new NoClassDefFoundError("a callback that throws");
            }
        };

        abstract void happen();
    }

    @SuppressWarnings("unchecked") // the point: T is whatever the compiler wants, the exception is not one
    private static <T extends Throwable> void throwAnyway(Throwable thrown) throws T {
        throw (T) thrown;
    }

    @ParameterizedTest
    @EnumSource
    void connectionsGoOnAfterACompletionListener(Fault fault) throws Exception {
        try (Arena arena = Arena.ofShared();
                EndpointPair pair = new EndpointPair()) {
            final CountDownLatch told = new CountDownLatch(1);
            final Operation operation = new Operation()
                    .send(arena.allocate(100), 0, 100)
                    .onComplete(_ -> {
                        told.countDown();
                        fault.happen();
                    });
            pair.client.post(operation);
            told.await();
            assertNotNull(pair.server.receive(EndpointPair.PATIENCE));
            echo(pair, arena);
        }
    }

    @ParameterizedTest
    @EnumSource
    void connectionsGoOnAfterAListener(Fault fault) throws Exception {
        try (Arena arena = Arena.ofShared();
                EndpointPair pair = new EndpointPair()) {
            pair.server.listener(new Connection.Listener() {
                @Override
                public boolean onMessage(Message message) {
                    message.close();
                    fault.happen();
                    return true;
                }
            });
            pair.client.send(arena.allocate(100)).get(20, TimeUnit.SECONDS);
            pair.server.listener(new Connection.Listener() {});
            echo(pair, arena);
        }
    }

    /// The JVM interrupts a thread that is inside of a shared arena when another one closes it.
    @Test
    void connectionsGoOnAfterMemoryWasFreedThatIsBeingSent() throws Exception {
        final SplittableRandom random = new SplittableRandom(1);
        try (Arena arena = Arena.ofShared();
                EndpointPair pair = new EndpointPair()) {
            pair.server.listener(new Connection.Listener() {
                @Override
                public boolean onMessage(Message message) {
                    message.close();
                    return true;
                }
            });
            for (int i = 0; i < 5_000; i++) {
                final Arena freed = Arena.ofShared();
                final CompletableFuture<Void> sent = pair.client.send(freed.allocate(64 << 10));
                LockSupport.parkNanos(random.nextInt(60_000));
                try {
                    freed.close();
                } catch (IllegalStateException e) {
                    continue; // a call of the device uses it
                }
                sent.handle((_, _) -> "in either way").get(20, TimeUnit.SECONDS);
            }
            pair.server.listener(new Connection.Listener() {});
            echo(pair, arena);
        }
    }

    private static void echo(EndpointPair pair, Arena arena) throws Exception {
        pair.client.send(arena.allocate(1000)).get(20, TimeUnit.SECONDS);
        try (Message message = pair.server.receive(EndpointPair.PATIENCE)) {
            assertNotNull(message);
            assertEquals(1000, message.segment().byteSize());
        }
    }
}
