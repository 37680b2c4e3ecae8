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
package io.longhaul.core;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/// Memory and credit of arriving messages.
///
/// Credit is a total since the start: the sum of max(length, 64) over all messages that the peer may have begun to
/// send. A
/// message is charged when its first chunk arrives, and is credited again when the application has released it, when it
/// is
/// voided, or when it is rejected. The sender never takes a charge back; a message that he abandons before any of its
/// chunks
/// arrived is made known by {@link #onAbandoned}, so that both sides go on counting the same.
///
/// Threading: the agent; {@link #onReleased} any thread.
final class MessageAssembler {
    /// Least charge of a message: what its administration costs, bytes.
    static final long MIN_CHARGE_BYTES = 64;

    private static final int MAX_POOLED = 16 * 1024;

    private boolean closed;
    private final ReceiveMemory memory;
    private final MessageMemory places;
    private final EventQueue events;
    private final long maxMemoryBytes;
    private final Long2ObjectHashMap<InboundMessage> arriving = new Long2ObjectHashMap<>();
    private final ArrayDeque<InboundMessage> pool = new ArrayDeque<>(1);
    private final AtomicReference<@Nullable InboundMessage> released = new AtomicReference<>();
    private final SettledMessages settled = new SettledMessages();

    private final long initialWindowBytes;
    private long windowBytes;
    private long chargedBytes;
    private long releasedBytes;
    private long toldCreditBytes;
    private boolean peerBlocked;
    private long rttNanos;
    private long roundStartNanos;
    private long roundBytes;
    private long nextSequence;
    private long sequenceAtRest;
    private long blocksAtRest;

    MessageAssembler(EngineConfig config, ReceiveMemory memory, EventQueue events, long nowNanos) {
        this.memory = memory;
        this.events = events;
        maxMemoryBytes = config.maxMemoryBytes();
        places = new MessageMemory(memory, maxMemoryBytes);
        initialWindowBytes = config.messageCreditBytes();
        windowBytes = initialWindowBytes;
        toldCreditBytes = windowBytes;
        rttNanos = config.initialRttNanos();
        roundStartNanos = nowNanos;
        memory.promiseInitial(windowBytes);
    }

    /// Message bytes that the peer may have sent since the start, each message counted with at least 64; never
    /// decreases.
    long creditBytes() {
        return releasedBytes + windowBytes;
    }

    /// Bytes of the window.
    long windowBytes() {
        return windowBytes;
    }

    /// True when the credit advanced by a quarter of the window since {@link #onCreditSent}, or when the peer waits
    /// for it.
    boolean isCreditDue() {
        return peerBlocked || creditBytes() - toldCreditBytes >= Math.max(1, windowBytes >>> 2);
    }

    /// An ACK with {@link #creditBytes} was sent.
    void onCreditSent() {
        toldCreditBytes = creditBytes();
        peerBlocked = false;
    }

    /// The peer is held back (PROBE with flag BLOCKED) and would like to have sent {@code wantedTotalBytes}.
    void onBlocked(long wantedTotalBytes) {
        reclaim();
        peerBlocked = true;
        if (wantedTotalBytes > creditBytes()) {
            final long missing = Math.min(wantedTotalBytes - creditBytes(), maxMemoryBytes);
            if (!tryGrow(Math.max(windowBytes, missing))) {
                tryGrow(missing);
            }
        }
    }

    // All or nothing: the peer waits for room for a whole message, and a part of it would only be missing elsewhere.
    private boolean tryGrow(long bytes) {
        final long more = Math.min(bytes, maxMemoryBytes - windowBytes);
        if (more <= 0 || !memory.tryPromise(more)) {
            return false;
        }
        windowBytes += more;
        return true;
    }

    private void grow(long bytes) {
        final long more = Math.min(bytes, maxMemoryBytes - windowBytes);
        if (more > 0) {
            windowBytes += memory.promise(more);
        }
    }

    /// Sets the smoothed round trip for the tuning of the window.
    void rttNanos(long value) {
        rttNanos = value;
    }

    /// True for a length that no credit will ever cover.
    boolean isTooLong(long lengthBytes) {
        return lengthBytes > maxMemoryBytes;
    }

    /// True when the peer has no credit for another message of this length.
    boolean exceedsCredit(long lengthBytes) {
        return Math.max(lengthBytes, MIN_CHARGE_BYTES) > creditBytes() - chargedBytes;
    }

    @Nullable
    InboundMessage find(long operationId) {
        return arriving.get(operationId);
    }

    /// Memory that messages share with what else waits to be read.
    ReceiveMemory memory() {
        return memory;
    }

    /// Charges a message, whose length is not too long and inside the credit, and gives it memory.
    ///
    /// @return null when the machine has no memory left; nothing was charged
    @Nullable
    InboundMessage begin(long nowNanos, long operationId, long lengthBytes) {
        final InboundMessage message = pool.isEmpty() ? new InboundMessage(this) : pool.pop();
        message.operationId = operationId;
        message.length = lengthBytes;
        message.passedBytes = 0;
        message.sequence = nextSequence++;
        if (!places.place(message)) {
            recycle(message);
            return null;
        }
        arriving.put(operationId, message);
        charge(nowNanos, message.charge());
        return message;
    }

    private void charge(long nowNanos, long bytes) {
        chargedBytes += bytes;
        if (nowNanos - roundStartNanos > rttNanos) {
            roundStartNanos = nowNanos;
            roundBytes = 0;
        }
        roundBytes += bytes;
        if (roundBytes > windowBytes >>> 1) {
            grow(windowBytes);
            roundStartNanos = nowNanos;
            roundBytes = 0;
        }
    }

    /// Copies bytes to their place in a message.
    void write(InboundMessage message, long at, MemorySegment source, long sourceOffset, int bytes) {
        MemorySegment.copy(source, sourceOffset, message.memory, message.memoryOffset + at, bytes);
    }

    /// Hands a complete message to the application.
    void deliver(InboundMessage message) {
        arriving.remove(message.operationId);
        settle(message.operationId);
        message.sequence = -1; // nothing that still refers to it may touch it now
        memory.hold();
        message.markDelivered();
        events.message(message);
    }

    private void settle(long operationId) {
        settled.add(operationId);
    }

    /// True for a message that was delivered or dropped not long ago.
    boolean isSettled(long operationId) {
        return settled.contains(operationId);
    }

    /// Charges and credits a message that is refused, so that both sides count the same.
    void onRefused(long operationId, long lengthBytes) {
        final long charge = Math.max(lengthBytes, MIN_CHARGE_BYTES);
        if (charge <= creditBytes() - chargedBytes) {
            chargedBytes += charge;
            releasedBytes += charge;
        }
        settle(operationId);
    }

    /// Drops a message of which a chunk was voided.
    void onVoid(long operationId) {
        final InboundMessage message = arriving.remove(operationId);
        if (message != null) {
            settle(operationId);
            releasedBytes += message.charge();
            places.free(message);
            recycle(message);
        }
    }

    /// The peer gave a message up, whether or not chunks of it have arrived.
    void onAbandoned(long operationId, long lengthBytes) {
        onVoid(operationId);
        if (!isSettled(operationId)) {
            onRefused(operationId, lengthBytes);
        }
    }

    private void recycle(InboundMessage message) {
        message.sequence = -1;
        if (pool.size() < MAX_POOLED) {
            pool.push(message);
        }
    }

    /// The application released a message: any thread.
    void onReleased(InboundMessage message) {
        InboundMessage head;
        do {
            head = released.get();
            message.nextReleased = head;
        } while (!released.compareAndSet(head, message));
        memory.release();
    }

    /// Takes back released messages. Cheap when there are none.
    void reclaim() {
        // A look without a write first: a release that it misses is seen next time.
        InboundMessage message = released.getAcquire() == null ? null : released.getAndSet(null);
        final long releasedBefore = releasedBytes;
        while (message != null) {
            final InboundMessage next = message.nextReleased;
            message.nextReleased = null;
            releasedBytes += message.charge();
            places.free(message);
            recycle(message);
            message = next;
        }
        shrink(releasedBytes - releasedBefore);
    }

    // Where others have come, a window that has grown beyond this connection's share goes back as it is used: what was
    // released is not promised again. The credit stays what it was.
    private void shrink(long justReleasedBytes) {
        final long spare = Math.min(justReleasedBytes, windowBytes - initialWindowBytes);
        final long back = Math.min(spare, memory.excessBytes());
        if (back > 0) {
            windowBytes -= back;
            memory.unpromise(back);
        }
    }

    /// Gives native memory that nobody uses back to the machine, if none was asked for since the last call.
    void rest() {
        if (sequenceAtRest == nextSequence && blocksAtRest == memory.takenBlocks()) {
            places.trim();
            memory.trim();
        }
        memory.freeUnused();
        sequenceAtRest = nextSequence;
        blocksAtRest = memory.takenBlocks();
    }

    /// Messages of which chunks have arrived, and which were not delivered yet.
    int arrivingMessages() {
        return arriving.size();
    }

    /// Drops partial messages and this side's hold on the memory; delivered messages stay valid until they are
    /// released.
    void close() {
        if (closed) {
            // The memory is held once and let go once: the application may still read what was delivered.
            return;
        }
        closed = true;
        for (final InboundMessage message : arriving.values()) {
            places.free(message);
            message.sequence = -1;
        }
        arriving.clear();
        pool.clear();
        released.set(null);
        memory.release();
    }
}
