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
/// Credit is a total since the start: the sum of max(length, 64) over all messages that the peer may have sent. A message is
/// charged when its first chunk arrives and gives credit again when the application has released it. A message that the peer
/// voided, or that was rejected, is charged on neither side: here the charge is undone when the VOID arrives, and the sender
/// undoes his when the VOID was acknowledged. A message that the application got before its VOID came is undone too, out of
/// what is released next.
///
/// Threading: the agent; {@link #onReleased} any thread.
final class MessageAssembler {
    /// Least charge of a message: what its administration costs, bytes.
    static final long MIN_CHARGE_BYTES = 64;

    private static final int MAX_POOLED = 16 * 1024;
    private static final int REMEMBERED = 4096; // delivered messages whose VOID may still come, a power of two

    private final ReceiveMemory memory;
    private final MessageMemory places;
    private final EventQueue events;
    private final long maxMemoryBytes;
    private final Long2ObjectHashMap<InboundMessage> arriving = new Long2ObjectHashMap<>();
    private final ArrayDeque<InboundMessage> pool = new ArrayDeque<>();
    private final AtomicReference<@Nullable InboundMessage> released = new AtomicReference<>();
    private final long[] deliveredIds = new long[REMEMBERED]; // [operation id modulo length], id + 1
    private final long[] deliveredCharges = new long[REMEMBERED];

    private long windowBytes;
    private long chargedBytes;
    private long releasedBytes;
    private long owedBytes;
    private long toldCreditBytes;
    private boolean peerBlocked;
    private long rttNanos;
    private long roundStartNanos;
    private long roundBytes;
    private long nextSequence;

    MessageAssembler(EngineConfig config, ReceiveMemory memory, EventQueue events) {
        this.memory = memory;
        this.events = events;
        maxMemoryBytes = config.maxMemoryBytes();
        places = new MessageMemory(memory, maxMemoryBytes);
        windowBytes = config.messageCreditBytes();
        toldCreditBytes = windowBytes;
        rttNanos = config.initialRttNanos();
        memory.promiseInitial(windowBytes);
    }

    /// Message bytes that the peer may have sent since the start, each message counted with at least 64; never decreases.
    long creditBytes() {
        return releasedBytes + windowBytes;
    }

    /// Bytes of the window.
    long windowBytes() {
        return windowBytes;
    }

    /// True when the credit advanced by a quarter of the window since {@link #onCreditSent}, or when the peer waits for it.
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
            grow(Math.max(windowBytes, missing));
        }
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

    @Nullable InboundMessage find(long operationId) {
        return arriving.get(operationId);
    }

    /// Charges a message, whose length is not too long and inside the credit, and gives it memory.
    ///
    /// @return null when the machine has no memory left; nothing was charged
    @Nullable InboundMessage begin(long nowNanos, long operationId, long lengthBytes) {
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
        final int slot = (int) message.operationId & REMEMBERED - 1;
        deliveredIds[slot] = message.operationId + 1;
        deliveredCharges[slot] = message.charge();
        memory.hold();
        message.markDelivered();
        events.message(message);
    }

    /// Forgets a message that the peer voided.
    void onVoid(long operationId) {
        final InboundMessage message = arriving.remove(operationId);
        if (message != null) {
            chargedBytes -= message.charge();
            places.free(message);
            recycle(message);
            return;
        }
        final int slot = (int) operationId & REMEMBERED - 1;
        if (deliveredIds[slot] == operationId + 1) {
            deliveredIds[slot] = 0;
            chargedBytes -= deliveredCharges[slot];
            owedBytes += deliveredCharges[slot];
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
        // Plain look first: a release that is missed here is seen next time.
        if (released.getPlain() == null) {
            return;
        }
        InboundMessage message = released.getAndSet(null);
        while (message != null) {
            final InboundMessage next = message.nextReleased;
            message.nextReleased = null;
            final long fromDebt = Math.min(owedBytes, message.charge());
            owedBytes -= fromDebt;
            releasedBytes += message.charge() - fromDebt;
            places.free(message);
            recycle(message);
            message = next;
        }
    }

    /// Messages of which chunks have arrived, and which were not delivered yet.
    int arrivingMessages() {
        return arriving.size();
    }

    /// Drops partial messages and this side's hold on the memory; delivered messages stay valid until they are released.
    void close() {
        for (final InboundMessage message : arriving.values()) {
            places.free(message);
            message.sequence = -1;
        }
        arriving.clear();
        pool.clear();
        memory.release();
    }
}
