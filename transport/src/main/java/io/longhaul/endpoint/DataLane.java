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

import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.ReceiveRequests;
import io.longhaul.verbs.SendRequests;
import org.jspecify.annotations.Nullable;

/// One UD queue pair of a port with its completion queue: receives that are posted again in batches, and sends that are
/// collected and posted with one doorbell.
///
/// A send is known by its position: sends complete in order, so that one signaled completion frees everything up to it.
///
/// Threading: belongs to one agent.
final class DataLane {
    /// Sends posted with one doorbell.
    static final int SEND_BATCH = 64;

    /// Receives posted with one doorbell.
    static final int RECEIVE_BATCH = 32;

    private final int index;
    private final QueuePair queuePair;
    private final CompletionQueue sendQueue;
    private final CompletionQueue receiveQueue;
    private final int queueKey;
    private final PacketSlab receiveSlab;
    private final ReceiveRequests receives;
    private int collectedReceives;
    private final PacketSlab sendSlab;
    private final SendRequests sends;
    private int firstUnposted;
    private int collectedSends;
    private final int sendDepth; // a power of two
    private final int[] slots; // [position & sendDepth - 1]
    private final int[] lengths; // [position & sendDepth - 1], bytes
    private final @Nullable ConnectionDriver[] owners; // [position & sendDepth - 1]
    private long nextPosition;
    private long completedPosition; // everything before it is free

    /// What a lane is made of.
    ///
    /// @param index its number
    /// @param queuePair ready to send
    /// @param sendQueue completions of its sends
    /// @param receiveQueue completions of its receives
    /// @param queueKey key that its packets must carry
    /// @param sendDepth sends that may be outstanding, a power of two
    record Parts(
            int index,
            QueuePair queuePair,
            CompletionQueue sendQueue,
            CompletionQueue receiveQueue,
            int queueKey,
            int sendDepth) {}

    DataLane(Parts parts, PacketSlab sendSlab, PacketSlab receiveSlab, SendRequests sends, ReceiveRequests receives) {
        index = parts.index();
        queuePair = parts.queuePair();
        sendQueue = parts.sendQueue();
        receiveQueue = parts.receiveQueue();
        queueKey = parts.queueKey();
        sendDepth = parts.sendDepth();
        this.sendSlab = sendSlab;
        this.receiveSlab = receiveSlab;
        this.sends = sends;
        this.receives = receives;
        slots = new int[sendDepth];
        lengths = new int[sendDepth];
        owners = new @Nullable ConnectionDriver[sendDepth];
        for (int i = 0; i < receives.capacity(); i++) {
            receives.buffer(i, receiveSlab.region(), 0, receiveSlab.slotBytes());
        }
        for (int i = 0; i < sends.capacity(); i++) {
            sends.payload(i, sendSlab.region(), 0, 0);
        }
    }

    int index() {
        return index;
    }

    QueuePair queuePair() {
        return queuePair;
    }

    /// Completions of sends. Nobody need be woken by them, but who waits for room.
    CompletionQueue sendQueue() {
        return sendQueue;
    }

    CompletionQueue receiveQueue() {
        return receiveQueue;
    }

    LaneAddress address() {
        return new LaneAddress(queuePair.number(), queueKey, queuePair.udpPort());
    }

    PacketSlab receiveSlab() {
        return receiveSlab;
    }

    /// Gives a receive buffer back to the queue pair, with the next batch.
    void recycle(int slot) {
        final int i = collectedReceives++;
        receives.id(i, slot).buffer(i, receiveSlab.region(), receiveSlab.offset(slot), receiveSlab.slotBytes());
        if (collectedReceives == receives.capacity()) {
            postReceives();
        }
    }

    /// Posts the receives that were collected.
    void postReceives() {
        if (collectedReceives > 0) {
            final int posted = queuePair.postReceive(receives, 0, collectedReceives);
            assert posted == collectedReceives : "the receive queue holds all buffers of the lane";
            collectedReceives = 0;
        }
    }

    /// Sends that can be collected before this must be asked again.
    int sendRoom() {
        if (firstUnposted > 0) {
            return 0;
        }
        return Math.min(sends.capacity() - collectedSends, sendDepth - (int) (nextPosition - completedPosition));
    }

    /// Collects a send; only with {@link #sendRoom}.
    void collect(int slot, int lengthBytes, ConnectionDriver owner, RemoteLane remote) {
        final int place = (int) nextPosition & sendDepth - 1;
        slots[place] = slot;
        lengths[place] = lengthBytes;
        owners[place] = owner;
        final MemoryRegion region = sendSlab.region();
        sends.id(collectedSends, nextPosition)
                .flags(collectedSends, 0)
                .payloadAt(collectedSends, region.address() + sendSlab.offset(slot), lengthBytes)
                .destination(collectedSends, remote.handle(), remote.queuePair(), remote.queueKey());
        collectedSends++;
        nextPosition++;
        if (collectedSends == sends.capacity()) {
            postSends();
        }
    }

    /// Posts the sends that were collected; the last one is signaled, so that all are freed.
    void postSends() {
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

    /// Length of the send at a position, bytes.
    int length(long position) {
        return lengths[(int) position & sendDepth - 1];
    }

    /// Connection of the send at a position that has not been freed.
    @Nullable
    ConnectionDriver owner(long position) {
        return owners[(int) position & sendDepth - 1];
    }

    /// True for a position that is outstanding.
    boolean isOutstanding(long position) {
        return position >= completedPosition && position < nextPosition;
    }

    /// True while sends are outstanding.
    boolean hasOutstanding() {
        return completedPosition < nextPosition;
    }

    /// Frees every send up to a position, that one included.
    void complete(long position) {
        while (completedPosition <= position) {
            final int place = (int) completedPosition & sendDepth - 1;
            sendSlab.free(slots[place]);
            owners[place] = null;
            completedPosition++;
        }
    }

    /// Position that the next send gets.
    long nextPosition() {
        return nextPosition;
    }

    /// True when everything before a position has completed.
    boolean hasCompleted(long position) {
        return completedPosition >= position;
    }
}
