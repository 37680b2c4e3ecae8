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

import io.longhaul.verbs.AddressHandle;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.WorkCompletions;
import io.longhaul.verbs.soft.SoftDeviceConfig;
import io.longhaul.verbs.soft.SoftDeviceProvider;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/// A stranger's device whose queue pairs have the numbers of others, and from which RoCEv2 packets go that are right
/// down
/// to the ICRC.
///
/// Threading: one thread at a time.
final class Impostor implements AutoCloseable {
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

    private final Arena arena = Arena.ofShared();
    private final List<LaneAddress> targets;
    private final int batch;
    private final RdmaDevice device;
    private final ProtectionDomain domain;
    private final CompletionQueue queue;
    private final MemoryRegion region;
    private final List<QueuePair> queuePairs = new ArrayList<>(); // [target]
    private final List<AddressHandle> handles; // [target]
    private final SendRequests sends;
    private final WorkCompletions completions;

    /// Opens the device.
    ///
    /// @param targets queue pairs to which packets go
    /// @param sources queue pairs from which they seem to come, for each target one; none for any others
    /// @param memory where the packets are
    /// @param batch most packets at a time
    Impostor(List<LaneAddress> targets, List<LaneAddress> sources, MemorySegment memory, int batch, long seed) {
        this.targets = targets;
        this.batch = batch;
        sends = SendRequests.allocate(arena, batch);
        completions = WorkCompletions.allocate(arena, batch);
        device = new SoftDeviceProvider(SoftDeviceConfig.builder(LOOPBACK)
                        .name("impostor")
                        .random(new Numbers(sources, seed))
                        .build())
                .open();
        domain = device.allocateProtectionDomain();
        queue = device.createCompletionQueue(4 * batch, null);
        region = domain.registerMemory(memory, 0);
        for (int i = 0; i < targets.size(); i++) {
            final QueuePair queuePair =
                    domain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UD, queue, 2 * batch, batch));
            queuePair.toInit(0, 1);
            queuePair.toReadyToReceive();
            queuePair.toReadyToSend(0);
            queuePairs.add(queuePair);
        }
        handles = targets.stream()
                .map(target -> domain.createAddressHandle(AddressVector.of(LOOPBACK, target.udpPort())))
                .toList();
    }

    /// Gives queue pairs the numbers that they are to imitate, one after the other.
    private static final class Numbers implements RandomGenerator {
        private final SplittableRandom others;
        private final Iterator<LaneAddress> wanted;

        Numbers(List<LaneAddress> wanted, long seed) {
            this.wanted = wanted.iterator();
            others = new SplittableRandom(seed);
        }

        @Override
        public long nextLong() {
            return others.nextLong();
        }

        @Override
        public int nextInt(int least, int bound) {
            return wanted.hasNext() ? wanted.next().queuePair() : others.nextInt(least, bound);
        }
    }

    /// Puts a packet into the batch.
    ///
    /// @param index 0 to batch - 1
    /// @param target number of the queue pair to which it goes; the same for all of a batch
    /// @param offset of its bytes in the memory
    void put(int index, int target, long offset, int length) {
        final LaneAddress to = targets.get(target);
        sends.payload(index, region, offset, length)
                .destination(index, handles.get(target), to.queuePair(), to.queueKey())
                .flags(index, 0);
    }

    /// Sends the batch, and waits until it has left.
    void send(int target, int count) {
        sends.flags(count - 1, SendRequests.SIGNALED);
        queuePairs.get(target).postSend(sends, 0, count);
        while (queue.poll(completions, batch) == 0) {
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() {
        handles.forEach(AddressHandle::close);
        queuePairs.forEach(QueuePair::close);
        region.close();
        queue.close();
        domain.close();
        device.close();
        arena.close();
    }
}
