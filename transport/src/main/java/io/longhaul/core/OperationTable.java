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

import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.core.wire.OperationFlyweight;
import io.longhaul.core.wire.OperationKind;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Objects;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/// Operations posted here that have not ended: cut into pieces in the order of posting, ended exactly once.
final class OperationTable implements PendingRequests, Piece.Owner {
    /// Least credit that a message takes, so that empty messages are bounded too.
    static final long MIN_MESSAGE_CREDIT_BYTES = 64;

    /// One outstanding operation; pooled.
    private static final class Outstanding {
        @Nullable
        Operation operation;

        long id;
        int kind;
        int flags;
        long length;
        long issuedBytes;
        boolean issued;
        boolean ended;
        boolean queued;
        long placedBytes;
        long deadlineNanos;
        long token;
        MemorySegment local = MemorySegment.NULL;
        long localOffset;
        final ArrayList<Piece> pieces = new ArrayList<>();
    }

    private final EngineConfig config;
    private final EventQueue events;
    private final AnswerQueue answers;
    private final OutboundPlacement placement;
    private final Long2ObjectHashMap<Outstanding> byId = new Long2ObjectHashMap<>();
    private final ArrayDeque<Outstanding> queue = new ArrayDeque<>(1);
    private final ArrayDeque<Outstanding> pool = new ArrayDeque<>(1);
    private final ArrayList<Outstanding> expired = new ArrayList<>();
    private long nextId;
    private long sentMessageBytes;
    private long messageCreditBytes;
    private long unsentBytes;
    private int outstandingReads;
    private boolean blocked;
    private long earliestDeadlineNanos = ConnectionEngine.NO_TIMEOUT;

    OperationTable(EngineConfig config, EventQueue events, AnswerQueue answers, OutboundPlacement placement) {
        this.placement = placement;
        this.config = config;
        this.events = events;
        this.answers = answers;
        messageCreditBytes = config.peer().messageCreditBytes();
    }

    boolean isEmpty() {
        return byId.isEmpty();
    }

    /// Posts an operation.
    ///
    /// @return false at the limit
    boolean post(long nowNanos, Operation operation) {
        if (byId.size() >= config.maxOperations()) {
            return false;
        }
        if (operation.kind() == Operation.Kind.SEND
                && operation.length() > config.peer().maxMessageBytes()) {
            events.operationEnded(operation, OperationStatus.MESSAGE_TOO_LARGE, 0);
            return true;
        }
        final OperationStatus refused = checkRange(operation);
        if (refused != OperationStatus.SUCCESS) {
            events.operationEnded(operation, refused, 0);
            return true;
        }
        final Outstanding entry = add(nowNanos, operation.timeoutNanos());
        entry.operation = operation;
        entry.kind = wireKind(operation.kind());
        entry.flags = operation.fenced() ? OperationFlyweight.FLAG_FENCED : 0;
        entry.length = operation.length();
        entry.local = operation.local();
        entry.localOffset = operation.localOffset();
        unsentBytes += bytesToSend(entry);
        if (entry.kind == OperationKind.WRITE || entry.kind == OperationKind.WRITE_IMMEDIATE) {
            placement.onPosted(entry.id, region(operation).key(), operation.remoteOffset(), entry.length);
        }
        return true;
    }

    private static OperationStatus checkRange(Operation operation) {
        final RemoteRegion region = operation.remote();
        if (region == null) {
            return OperationStatus.SUCCESS;
        }
        final boolean atomic =
                operation.kind() == Operation.Kind.FETCH_AND_ADD || operation.kind() == Operation.Kind.COMPARE_AND_SWAP;
        final long length = atomic ? 8 : operation.length();
        final boolean inside = operation.remoteOffset() <= region.length() - length;
        final boolean aligned = !atomic || operation.remoteOffset() % 8 == 0;
        return inside && aligned ? OperationStatus.SUCCESS : OperationStatus.REMOTE_RANGE_ERROR;
    }

    // What has not been cut into pieces yet. Requests for a read or an atomic bring no bytes along.
    private static long bytesToSend(Outstanding entry) {
        final boolean sends = entry.kind == OperationKind.LOOKUP || !waitsForAnswer(entry.kind);
        return sends ? entry.length - entry.issuedBytes : 0;
    }

    private static int wireKind(Operation.Kind kind) {
        return switch (kind) {
            case SEND -> OperationKind.SEND;
            case WRITE -> OperationKind.WRITE;
            case WRITE_WITH_IMMEDIATE -> OperationKind.WRITE_IMMEDIATE;
            case READ -> OperationKind.READ;
            case FETCH_AND_ADD -> OperationKind.FETCH_AND_ADD;
            case COMPARE_AND_SWAP -> OperationKind.COMPARE_AND_SWAP;
        };
    }

    /// Asks for a region.
    boolean lookup(long nowNanos, byte[] nameUtf8, long token) {
        if (byId.size() >= config.maxOperations()) {
            return false;
        }
        final Outstanding entry = add(nowNanos, 0);
        entry.kind = OperationKind.LOOKUP;
        entry.length = nameUtf8.length;
        entry.local = MemorySegment.ofArray(nameUtf8);
        entry.token = token;
        unsentBytes += bytesToSend(entry);
        return true;
    }

    private Outstanding add(long nowNanos, long timeoutNanos) {
        final Outstanding entry = pool.isEmpty() ? new Outstanding() : pool.pop();
        entry.operation = null;
        entry.id = nextId++;
        entry.flags = 0;
        entry.issuedBytes = 0;
        entry.issued = false;
        entry.ended = false;
        entry.queued = true;
        entry.placedBytes = 0;
        entry.token = 0;
        entry.localOffset = 0;
        final long timeout = timeoutNanos == 0 ? config.operationTimeoutNanos() : timeoutNanos;
        // Deadlines beyond 2^62 would overflow differences; nobody lives to see them.
        entry.deadlineNanos = nowNanos + Math.min(timeout, Long.MAX_VALUE / 2);
        if (earliestDeadlineNanos == ConnectionEngine.NO_TIMEOUT || entry.deadlineNanos - earliestDeadlineNanos < 0) {
            earliestDeadlineNanos = entry.deadlineNanos;
        }
        byId.put(entry.id, entry);
        queue.add(entry);
        return entry;
    }

    void onMessageCredit(long totalBytes) {
        // Credit is absolute: an older acknowledgement cannot take it back.
        if (totalBytes > messageCreditBytes) {
            messageCreditBytes = totalBytes;
            blocked = false;
        }
    }

    /// True when the head of the queue waits for message credit.
    boolean isBlocked() {
        return blocked;
    }

    /// Total message credit that would let the head of the queue go.
    long wantedMessageCredit() {
        final Outstanding head = queue.peek();
        return head == null ? messageCreditBytes : sentMessageBytes + Math.max(head.length, MIN_MESSAGE_CREDIT_BYTES);
    }

    /// True when the head of the queue could be sent.
    boolean hasSendable() {
        blocked = false;
        Outstanding head = queue.peek();
        while (head != null && head.ended) {
            dequeue(head);
            head = queue.peek();
        }
        return head != null && !isHeldBack(head);
    }

    private boolean isHeldBack(Outstanding entry) {
        if (entry.issuedBytes > 0) {
            return false;
        }
        if (entry.kind == OperationKind.SEND) {
            final long wanted = sentMessageBytes + Math.max(entry.length, MIN_MESSAGE_CREDIT_BYTES);
            blocked = wanted > messageCreditBytes;
            return blocked;
        }
        return entry.kind == OperationKind.READ
                && outstandingReads >= config.peer().maxInboundReads();
    }

    private void dequeue(Outstanding entry) {
        queue.poll();
        entry.queued = false;
        recycleIfDone(entry);
    }

    /// Fills the next piece of the oldest operation that is not sent completely.
    boolean fillNext(Piece piece, int maxBytes) {
        if (!hasSendable()) {
            return false;
        }
        final Outstanding entry = queue.element();
        piece.kind = entry.kind;
        piece.flags = entry.flags;
        piece.operationId = entry.id;
        piece.owner = this;
        switch (entry.kind) {
            case OperationKind.SEND -> fillSend(entry, piece, maxBytes);
            case OperationKind.WRITE, OperationKind.WRITE_IMMEDIATE -> fillWrite(entry, piece, maxBytes);
            case OperationKind.LOOKUP -> takeBytes(entry, piece, maxBytes);
            default -> fillRequest(entry, piece);
        }
        entry.pieces.add(piece);
        if (entry.issued) {
            queue.poll();
            entry.queued = false;
        }
        return true;
    }

    private void takeBytes(Outstanding entry, Piece piece, int maxBytes) {
        piece.length = Math.min(maxBytes, entry.length - entry.issuedBytes);
        piece.source = entry.local;
        piece.sourceOffset = entry.localOffset + entry.issuedBytes;
        piece.messageBytes = entry.length;
        piece.messageOffset = entry.issuedBytes;
        entry.issuedBytes += piece.length;
        entry.issued = entry.issuedBytes == entry.length;
        unsentBytes -= piece.length;
        piece.behindBytes = unsentBytes - (entry.length - entry.issuedBytes);
    }

    private void fillSend(Outstanding entry, Piece piece, int maxBytes) {
        if (entry.issuedBytes == 0) {
            sentMessageBytes += Math.max(entry.length, MIN_MESSAGE_CREDIT_BYTES);
        }
        piece.arguments[0] = entry.issuedBytes;
        piece.arguments[1] = entry.length;
        takeBytes(entry, piece, maxBytes);
    }

    private void fillWrite(Outstanding entry, Piece piece, int maxBytes) {
        final Operation operation = operation(entry);
        piece.arguments[0] = region(operation).key();
        piece.arguments[1] = operation.remoteOffset() + entry.issuedBytes;
        takeBytes(entry, piece, maxBytes);
        if (entry.kind == OperationKind.WRITE_IMMEDIATE) {
            // Only the last piece carries the immediate: everything before it has smaller CSNs.
            piece.kind = entry.issued ? OperationKind.WRITE_IMMEDIATE : OperationKind.WRITE;
            piece.arguments[2] = operation.immediate() & 0xffff_ffffL;
            piece.arguments[3] = entry.length;
        }
    }

    private void fillRequest(Outstanding entry, Piece piece) {
        final Operation operation = operation(entry);
        piece.arguments[0] = region(operation).key();
        piece.arguments[1] = operation.remoteOffset();
        if (entry.kind == OperationKind.READ) {
            outstandingReads++;
            piece.arguments[2] = entry.length;
        } else {
            piece.arguments[2] = operation.operand();
            piece.arguments[3] = operation.swap();
        }
        entry.issued = true;
    }

    private static Operation operation(Outstanding entry) {
        return Objects.requireNonNull(entry.operation, "only lookups have no operation");
    }

    private static RemoteRegion region(Operation operation) {
        return Objects.requireNonNull(operation.remote(), "one-sided operations name a region");
    }

    @Override
    public void onPieceDone(Piece piece, boolean voided) {
        final Outstanding entry = byId.get(piece.operationId);
        if (entry == null) {
            return;
        }
        entry.pieces.remove(piece);
        final boolean complete = entry.issued && entry.pieces.isEmpty();
        if (complete && !waitsForAnswer(entry.kind)) {
            end(entry, OperationStatus.SUCCESS, 0);
        }
    }

    private static boolean waitsForAnswer(int kind) {
        return kind != OperationKind.SEND && kind != OperationKind.WRITE && kind != OperationKind.WRITE_IMMEDIATE;
    }

    private void end(Outstanding entry, OperationStatus status, long result) {
        byId.remove(entry.id);
        unsentBytes -= bytesToSend(entry);
        placement.onEnded(entry.id, status == OperationStatus.SUCCESS);
        entry.ended = true;
        if (entry.kind == OperationKind.READ && entry.issued) {
            outstandingReads--;
        }
        abandonPieces(entry, status != OperationStatus.SUCCESS);
        final Operation operation = entry.operation;
        if (operation != null) {
            events.operationEnded(operation, status, result);
        } else if (status != OperationStatus.SUCCESS) {
            events.lookupEnded(entry.token, status, 0, 0, 0);
        }
        entry.operation = null;
        entry.local = MemorySegment.NULL;
        recycleIfDone(entry);
    }

    // Whatever is still on its way for an operation that has ended is void: its memory may be gone.
    private void abandonPieces(Outstanding entry, boolean abandoned) {
        for (int i = 0; i < entry.pieces.size(); i++) {
            final Piece piece = entry.pieces.get(i);
            piece.voided = true;
            piece.owner = null;
            piece.source = MemorySegment.NULL;
        }
        if (abandoned && entry.kind == OperationKind.SEND && entry.issuedBytes > 0) {
            answers.abandonMessage(entry.id, entry.length);
        }
        entry.pieces.clear();
    }

    private void recycleIfDone(Outstanding entry) {
        if (entry.ended && !entry.queued) {
            pool.push(entry);
        }
    }

    @Override
    public void onSourceFailed(Piece piece) {
        final Outstanding entry = byId.get(piece.operationId);
        if (entry != null) {
            end(entry, OperationStatus.LOCAL_ACCESS_ERROR, 0);
        }
    }

    @Override
    public @Nullable MemorySegment readTarget(long requestId) {
        final Outstanding entry = byId.get(requestId);
        return entry == null || entry.kind != OperationKind.READ ? null : entry.local;
    }

    @Override
    public long readTargetOffset(long requestId) {
        final Outstanding entry = byId.get(requestId);
        return entry == null ? 0 : entry.localOffset;
    }

    @Override
    public long readLength(long requestId) {
        final Outstanding entry = byId.get(requestId);
        return entry == null ? 0 : entry.length;
    }

    @Override
    public void onReadPlaced(long requestId, long bytes) {
        final Outstanding entry = byId.get(requestId);
        if (entry == null || entry.kind != OperationKind.READ) {
            return;
        }
        entry.placedBytes += bytes;
        if (entry.placedBytes >= entry.length) {
            end(entry, OperationStatus.SUCCESS, 0);
        }
    }

    @Override
    public void onAtomicResult(long requestId, long oldValue) {
        final Outstanding entry = byId.get(requestId);
        if (entry != null
                && (entry.kind == OperationKind.FETCH_AND_ADD || entry.kind == OperationKind.COMPARE_AND_SWAP)) {
            end(entry, OperationStatus.SUCCESS, oldValue);
        }
    }

    @Override
    public void onLookupAnswer(long requestId, long key, long lengthBytes, int rights) {
        final Outstanding entry = byId.get(requestId);
        if (entry == null || entry.kind != OperationKind.LOOKUP) {
            return;
        }
        final long token = entry.token;
        if (rights == 0) {
            end(entry, OperationStatus.NOT_FOUND, 0);
        } else {
            end(entry, OperationStatus.SUCCESS, 0);
            events.lookupEnded(token, OperationStatus.SUCCESS, key, lengthBytes, rights);
        }
    }

    @Override
    public void onPlacementGrant(long operationId, long offset, long address, int key) {
        placement.onAnswer(operationId, offset, address, key);
    }

    @Override
    public void onReject(long operationId, OperationStatus status) {
        final Outstanding entry = byId.get(operationId);
        final boolean failure = status != OperationStatus.SUCCESS && status != OperationStatus.PENDING;
        if (entry != null && failure) {
            end(entry, status, 0);
        }
    }

    /// Earliest deadline, perhaps of an operation that has ended.
    long earliestDeadlineNanos() {
        return byId.isEmpty() ? ConnectionEngine.NO_TIMEOUT : earliestDeadlineNanos;
    }

    /// Ends what has passed its deadline. Walks all outstanding operations, but only when a deadline may have
    /// passed.
    void expire(long nowNanos) {
        if (byId.isEmpty() || nowNanos - earliestDeadlineNanos < 0) {
            return;
        }
        earliestDeadlineNanos = ConnectionEngine.NO_TIMEOUT;
        byId.forEach((id, entry) -> {
            if (nowNanos - entry.deadlineNanos >= 0) {
                expired.add(entry);
            } else if (earliestDeadlineNanos == ConnectionEngine.NO_TIMEOUT
                    || entry.deadlineNanos - earliestDeadlineNanos < 0) {
                earliestDeadlineNanos = entry.deadlineNanos;
            }
        });
        endExpired(OperationStatus.DEADLINE_EXCEEDED);
    }

    /// Ends everything: the connection is over.
    void endAll(OperationStatus status) {
        byId.forEach((id, entry) -> expired.add(entry));
        endExpired(status);
    }

    private void endExpired(OperationStatus status) {
        // In the order of posting: ids count up.
        expired.sort((a, b) -> Long.compare(a.id, b.id));
        for (int i = 0; i < expired.size(); i++) {
            end(expired.get(i), status, 0);
        }
        expired.clear();
    }
}
