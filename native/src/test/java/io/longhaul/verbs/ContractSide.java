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
package io.longhaul.verbs;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/// One end of a conversation in a [DeviceContract]: a device with one of everything, and a region cut into equal slots.
final class ContractSide implements AutoCloseable {
    static final int SLOTS = 512;
    static final int QUEUE_KEY = 0x11223344;
    static final int ALL_ACCESS = AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE;
    private static final long TIMEOUT_NANOS = 5_000_000_000L;

    final RdmaDevice device;
    final InetAddress address;
    final int slotBytes;
    final Arena arena = Arena.ofShared();
    final ProtectionDomain domain;
    final CompletionChannel channel;
    final CompletionQueue queue;
    final MemoryRegion region;
    final SendRequests sends;
    final ReceiveRequests receives;
    final WorkCompletions completions;
    private final List<AutoCloseable> extra = new ArrayList<>();

    ContractSide(RdmaDevice device, InetAddress address, int slotBytes) {
        this.device = device;
        this.address = address;
        this.slotBytes = slotBytes;
        domain = device.allocateProtectionDomain();
        channel = device.createCompletionChannel();
        queue = device.createCompletionQueue(4 * SLOTS, channel);
        region = domain.registerMemory(arena.allocate((long) SLOTS * slotBytes, 64), ALL_ACCESS);
        sends = SendRequests.allocate(arena, SLOTS);
        receives = ReceiveRequests.allocate(arena, SLOTS);
        completions = WorkCompletions.allocate(arena, SLOTS);
        for (int i = 0; i < SLOTS; i++) {
            sends.payload(i, region, slot(i), 0).flags(i, SendRequests.SIGNALED);
            receives.buffer(i, region, slot(i), slotBytes);
        }
    }

    /// Closes something before everything else.
    <T extends AutoCloseable> T closing(T resource) {
        extra.add(resource);
        return resource;
    }

    QueuePair queuePair(QueuePair.Type type) {
        return closing(domain.createQueuePair(QueuePairConfig.of(type, queue, SLOTS, SLOTS)));
    }

    /// A UD queue pair that can send and receive.
    QueuePair readyDatagramPair() {
        QueuePair qp = queuePair(QueuePair.Type.UD);
        qp.toInit(0, QUEUE_KEY);
        qp.toReadyToReceive();
        qp.toReadyToSend(7);
        return qp;
    }

    AddressHandle handleFor(ContractSide peer, QueuePair peerQueuePair, int trafficClass) {
        return closing(domain.createAddressHandle(peer.vectorOf(peerQueuePair).withTrafficClass(trafficClass)));
    }

    AddressVector vectorOf(QueuePair qp) {
        return AddressVector.of(address, qp.udpPort());
    }

    long slot(int index) {
        return (long) index * slotBytes;
    }

    MemorySegment slotSegment(int index) {
        return region.segment().asSlice(slot(index), slotBytes);
    }

    /// Fills a slot with bytes that depend on a number.
    void fill(int index, int bytes, int number) {
        MemorySegment slot = slotSegment(index);
        for (int i = 0; i < bytes; i++) {
            slot.set(JAVA_BYTE, i, pattern(number, i));
        }
    }

    void assertFilled(int index, int offset, int bytes, int number) {
        MemorySegment slot = slotSegment(index);
        for (int i = 0; i < bytes; i++) {
            assertEquals(pattern(number, i), slot.get(JAVA_BYTE, offset + i), "byte " + i + " of message " + number);
        }
    }

    static byte pattern(int number, int index) {
        return (byte) (number * 31 + index * 7 + (index >>> 8));
    }

    /// Polls until a number of completions is there, which are then in [#completions]; the peer makes progress as
    /// well.
    void awaitCompletions(int count, ContractSide peer) {
        long start = System.nanoTime();
        int found = 0;
        while (found < count) {
            peer.device.progress(System.nanoTime());
            int polled = queue.poll(scratch(), 1);
            if (polled == 1) {
                MemorySegment.copy(
                        scratch().segment(),
                        0,
                        completions.segment(),
                        completions.offset(found++),
                        WorkCompletions.SLOT_BYTES);
            } else if (System.nanoTime() - start > TIMEOUT_NANOS) {
                fail("only " + found + " of " + count + " completions came");
            }
        }
    }

    /// Makes progress for a while and expects no completion.
    void assertSilence(ContractSide peer) {
        long start = System.nanoTime();
        while (System.nanoTime() - start < 30_000_000L) {
            peer.device.progress(System.nanoTime());
            assertEquals(0, queue.poll(scratch(), 1), "unexpected completion");
        }
    }

    private WorkCompletions scratch;

    private WorkCompletions scratch() {
        if (scratch == null) {
            scratch = WorkCompletions.allocate(arena, 1);
        }
        return scratch;
    }

    @Override
    public void close() throws Exception {
        for (AutoCloseable resource : extra.reversed()) {
            resource.close();
        }
        region.close();
        queue.close();
        channel.close();
        domain.close();
        device.close();
        arena.close();
    }
}
