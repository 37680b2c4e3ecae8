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
package io.longhaul.verbs.ibv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionChannel;
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.CompletionStatus;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.ReceiveRequests;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.WorkCompletions;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.Deque;

/// One of the guest's devices with one of everything.
final class GuestSide implements AutoCloseable {
    static final int REGION_BYTES = 1 << 16;
    static final int DEPTH = 64;
    static final int ALL_ACCESS = AccessFlags.LOCAL_WRITE
            | AccessFlags.REMOTE_WRITE
            | AccessFlags.REMOTE_READ
            | AccessFlags.REMOTE_ATOMIC
            | AccessFlags.MEMORY_WINDOW_BIND;
    private static final int PATH_MTU_BYTES = 4096;
    private static final long TIMEOUT_NANOS = 20_000_000_000L;

    final IbvDevice device;
    final InetAddress address;
    final Arena arena = Arena.ofShared();
    final ProtectionDomain domain;
    final CompletionChannel channel;
    final CompletionQueue queue;
    final MemoryRegion region;
    final SendRequests sends = SendRequests.allocate(arena, DEPTH);
    final ReceiveRequests receives = ReceiveRequests.allocate(arena, DEPTH);
    final WorkCompletions completions = WorkCompletions.allocate(arena, 1);
    private final Deque<AutoCloseable> resources = new ArrayDeque<>();

    GuestSide(boolean first) {
        device = keep(GuestDevices.open(first));
        address = first ? GuestDevices.ADDRESS_A : GuestDevices.ADDRESS_B;
        domain = keep(device.allocateProtectionDomain());
        channel = keep(device.createCompletionChannel());
        queue = keep(device.createCompletionQueue(4 * DEPTH, channel));
        region = keep(domain.allocateMemory(REGION_BYTES, ALL_ACCESS));
        for (int i = 0; i < DEPTH; i++) {
            sends.payload(i, region, 0, 0).flags(i, SendRequests.SIGNALED);
            receives.buffer(i, region, (long) i * 1024, 1024);
        }
    }

    <T extends AutoCloseable> T keep(T resource) {
        resources.push(resource);
        return resource;
    }

    QueuePairConfig config(QueuePair.Type type) {
        return QueuePairConfig.of(type, queue, DEPTH, DEPTH);
    }

    QueuePair queuePair(QueuePair.Type type) {
        return keep(domain.createQueuePair(config(type)));
    }

    /// Brings a connected pair to RTS.
    void connect(QueuePair own, GuestSide peer, int peerNumber) {
        own.toInit(AccessFlags.REMOTE_WRITE | AccessFlags.REMOTE_READ | AccessFlags.REMOTE_ATOMIC, 0);
        own.toReadyToReceive(
                AddressVector.of(peer.address, AddressVector.ROCE_UDP_PORT), peerNumber, 0x111, PATH_MTU_BYTES);
        own.toReadyToSend(0x111);
    }

    /// Waits for the next completion, sleeping in the channel, and leaves it in [#completions].
    void awaitCompletion() {
        long start = System.nanoTime();
        while (queue.poll(completions, 1) == 0) {
            queue.requestNotify(false);
            if (queue.poll(completions, 1) != 0) {
                return;
            }
            channel.await(100_000_000L);
            if (System.nanoTime() - start > TIMEOUT_NANOS) {
                fail("no completion");
            }
        }
    }

    void awaitStatus(CompletionStatus status) {
        awaitCompletion();
        assertEquals(status, completions.status(0), "vendor error " + completions.vendorError(0));
    }

    @Override
    public void close() throws Exception {
        while (!resources.isEmpty()) {
            resources.pop().close();
        }
        arena.close();
    }
}
