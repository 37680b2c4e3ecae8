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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.verbs.AddressHandle;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionChannel;
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.soft.SoftDeviceCounters.Counter;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A sleep in which completions may wait.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class QuietSleepTest {
    private static final long QUIET_NANOS = 20_000_000;
    private static final long LONG_NANOS = 3_600_000_000_000L;

    private final SoftPair pair = SoftPair.datagrams();
    private final CompletionChannel channel = pair.b.device.createCompletionChannel();
    private final CompletionQueue queue = pair.b.device.createCompletionQueue(64, channel);
    private final QueuePair qp = pair.b.domain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UD, queue, 16, 16));
    private final SendRequests sends = SendRequests.allocate(pair.arena, 4);
    private AddressHandle handle;

    @BeforeEach
    void listen() {
        qp.toInit(0, SoftPair.QUEUE_KEY);
        qp.postReceive(pair.b.receives, 0, 16);
        qp.toReadyToReceive();
        qp.toReadyToSend(0);
        handle = pair.a.domain.createAddressHandle(AddressVector.of(SoftPair.LOOPBACK, qp.udpPort()));
    }

    @AfterEach
    void close() {
        handle.close();
        qp.close();
        queue.close();
        channel.close();
        pair.close();
    }

    private void send(int count) {
        for (int i = 0; i < count; i++) {
            sends.opcode(i, SendRequests.Opcode.SEND)
                    .flags(i, SendRequests.SIGNALED)
                    .payload(i, pair.a.region, 0, 100)
                    .destination(i, handle, qp.number(), SoftPair.QUEUE_KEY);
            assertEquals(1, pair.a.qp.postSend(sends, i, 1));
        }
    }

    @Test
    void whatArrivesWaitsAndIsTakenTogether() {
        queue.requestNotify(false);
        send(1);
        final long start = System.nanoTime();
        assertTrue(channel.await(LONG_NANOS, QUIET_NANOS));
        assertTrue(System.nanoTime() - start >= QUIET_NANOS, "the packet was there from the start");
        assertEquals(1, queue.poll(pair.b.completions, 16));
        queue.requestNotify(false);
        final long calls = pair.b.counter(Counter.RECEIVE_CALLS);
        send(3);
        assertTrue(channel.await(LONG_NANOS, QUIET_NANOS));
        assertEquals(3, queue.poll(pair.b.completions, 16));
        assertEquals(calls + 1, pair.b.counter(Counter.RECEIVE_CALLS), "one system call for all");
    }

    @Test
    void aWakeUpEndsIt() throws InterruptedException {
        queue.requestNotify(false);
        channel.wakeup();
        assertTrue(channel.await(LONG_NANOS, LONG_NANOS), "one that came before");
        final Thread waker = new Thread(channel::wakeup);
        waker.start();
        assertTrue(channel.await(LONG_NANOS, LONG_NANOS), "one that comes meanwhile");
        waker.join();
    }

    @Test
    void endsWhenNothingComes() {
        queue.requestNotify(false);
        assertFalse(channel.await(2_000_000, 1_000_000));
        assertFalse(channel.await(1_000_000, 2_000_000), "it may be longer than the sleep");
        assertFalse(channel.await(0, 0));
    }
}
