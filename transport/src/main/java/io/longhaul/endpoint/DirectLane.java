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

import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.ReceiveRequests;
import io.longhaul.verbs.SendRequests;
import java.lang.foreign.Arena;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One UC queue pair of a connection. For placement: chunks that are collected and posted with one doorbell, and
/// receives
/// without a buffer, each of which the peer's next RDMA WRITE WITH IMMEDIATE uses up. For packets: sends, and receives
/// with a
/// buffer each.
///
/// Threading: belongs to one agent.
final class DirectLane {
    private final QueuePair queuePair;
    private final int startPsn;
    private final int sendDepth; // a power of two
    private final PacketSlab sendSlab;
    private final MemoryRegion sendRegion;
    private final SendRequests sends;
    private final ReceiveRequests receives;
    private final @Nullable PacketSlab receiveSlab; // of packets
    private int collectedReceives; // of packets
    private final int[] slots; // [position & sendDepth - 1]
    private final int[] lengths; // [position & sendDepth - 1], bytes; of packets
    private int collectedSends;
    private int firstUnposted;
    private long nextPosition;
    private long completedPosition; // everything before it is free
    private int missingReceives;
    private boolean failed;

    /// Creates it.
    ///
    /// @param queuePair in INIT
    /// @param startPsn number of its first packet
    /// @param sendDepth sends that may be outstanding, a power of two
    /// @param sendRegion the slab, registered in the domain of the queue pair
    /// @param receiveSlab buffers for packets; null for placement
    DirectLane(
            QueuePair queuePair,
            int startPsn,
            int sendDepth,
            PacketSlab sendSlab,
            MemoryRegion sendRegion,
            @Nullable PacketSlab receiveSlab,
            Arena arena) {
        this.queuePair = queuePair;
        this.startPsn = startPsn;
        this.sendDepth = sendDepth;
        this.sendSlab = sendSlab;
        this.sendRegion = sendRegion;
        this.receiveSlab = receiveSlab;
        sends = SendRequests.allocate(arena, DataLane.SEND_BATCH);
        receives = ReceiveRequests.allocate(arena, DataLane.RECEIVE_BATCH);
        slots = new int[sendDepth];
        lengths = new int[receiveSlab == null ? 1 : sendDepth];
        for (int i = 0; i < sends.capacity(); i++) {
            sends.payload(i, sendRegion, 0, 0)
                    .opcode(i, receiveSlab == null ? SendRequests.Opcode.WRITE_WITH_IMM : SendRequests.Opcode.SEND);
        }
    }

    QueuePair queuePair() {
        return queuePair;
    }

    int startPsn() {
        return startPsn;
    }

    LaneAddress address() {
        return new LaneAddress(queuePair.number(), startPsn, queuePair.udpPort());
    }

    /// Posts receives: of packets as many as there are buffers.
    void addReceives(int count) {
        if (receiveSlab == null) {
            missingReceives += count;
        } else {
            while (receiveSlab.freeSlots() > 0) {
                recycle(receiveSlab.take());
            }
        }
    }

    /// Buffers of packets; null for placement.
    @Nullable
    PacketSlab receiveSlab() {
        return receiveSlab;
    }

    /// Gives the buffer of a packet back to the queue pair, with the next batch.
    void recycle(int slot) {
        final PacketSlab slab = Objects.requireNonNull(receiveSlab, "for packets");
        final int i = collectedReceives++;
        receives.id(i, slot).buffer(i, slab.region(), slab.offset(slot), slab.slotBytes());
        if (collectedReceives == receives.capacity()) {
            postReceives();
        }
    }

    /// A receive was used up.
    void onReceived() {
        missingReceives++;
    }

    /// The device has taken the queue pair out of service: nothing is posted any more, for all of it would come
    /// back
    /// at once. Chunks that it is given are lost.
    void onFailed() {
        failed = true;
    }

    /// True after {@link #onFailed}.
    boolean isFailed() {
        return failed;
    }

    /// True while sends are outstanding.
    boolean hasOutstanding() {
        return completedPosition < nextPosition;
    }

    /// Posts the receives that were used up.
    void postReceives() {
        if (collectedReceives > 0) {
            if (!failed) {
                final int posted = queuePair.postReceive(receives, 0, collectedReceives);
                assert posted == collectedReceives : "the receive queue holds all buffers of the lane";
            }
            collectedReceives = 0;
        }
        while (missingReceives > 0 && !failed) {
            final int posted = queuePair.postReceive(receives, 0, Math.min(missingReceives, receives.capacity()));
            missingReceives -= posted;
            if (posted == 0) {
                return;
            }
        }
    }

    /// Sends that can be collected before this must be asked again.
    int sendRoom() {
        if (failed) {
            return sends.capacity();
        }
        if (firstUnposted > 0) {
            return 0;
        }
        return Math.min(sends.capacity() - collectedSends, sendDepth - (int) (nextPosition - completedPosition));
    }

    /// Collects a chunk; only with {@link #sendRoom}.
    void collect(int slot, int lengthBytes, long remoteAddress, int remoteKey, int immediate) {
        if (failed) {
            sendSlab.free(slot);
            return;
        }
        slots[(int) nextPosition & sendDepth - 1] = slot;
        sends.id(collectedSends, nextPosition)
                .flags(collectedSends, 0)
                .immediate(collectedSends, immediate)
                .payloadAt(collectedSends, sendRegion.address() + sendSlab.offset(slot), lengthBytes)
                .remoteMemory(collectedSends, remoteAddress, remoteKey);
        collectedSends++;
        nextPosition++;
        if (collectedSends == sends.capacity()) {
            postSends();
        }
    }

    /// Collects a packet; only with {@link #sendRoom}.
    void collectPacket(int slot, int lengthBytes) {
        if (failed) {
            sendSlab.free(slot);
            return;
        }
        slots[(int) nextPosition & sendDepth - 1] = slot;
        lengths[(int) nextPosition & sendDepth - 1] = lengthBytes;
        sends.id(collectedSends, nextPosition)
                .flags(collectedSends, 0)
                .payloadAt(collectedSends, sendRegion.address() + sendSlab.offset(slot), lengthBytes);
        collectedSends++;
        nextPosition++;
        if (collectedSends == sends.capacity()) {
            postSends();
        }
    }

    /// Posts what was collected; the last one is signaled, so that all are freed.
    void postSends() {
        if (failed) {
            dropUnposted();
        }
        if (collectedSends == 0) {
            return;
        }
        sends.flags(collectedSends - 1, SendRequests.SIGNALED);
        firstUnposted += queuePair.postSend(sends, firstUnposted, collectedSends - firstUnposted);
        if (firstUnposted == collectedSends) {
            firstUnposted = 0;
            collectedSends = 0;
        }
    }

    private void dropUnposted() {
        for (int i = firstUnposted; i < collectedSends; i++) {
            sendSlab.free(slots[(int) --nextPosition & sendDepth - 1]);
        }
        firstUnposted = 0;
        collectedSends = 0;
    }

    /// Length of the packet at a position, bytes; 0 for placement.
    int length(long position) {
        return receiveSlab == null ? 0 : lengths[(int) position & sendDepth - 1];
    }

    /// Frees every send up to a position, that one included.
    void complete(long position) {
        while (completedPosition <= position) {
            sendSlab.free(slots[(int) completedPosition & sendDepth - 1]);
            completedPosition++;
        }
    }

    /// Destroys the queue pair, after which the device touches no buffer any more, and frees all.
    void close() {
        failed = true;
        dropUnposted();
        queuePair.close();
        complete(nextPosition - 1);
    }
}
