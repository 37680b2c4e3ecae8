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

import io.longhaul.OperationStatus;
import io.longhaul.core.wire.OperationKind;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;

/// Answers to the peer: small control answers, and reads, which may be large.
final class AnswerQueue implements Responses {
    private static final class Control {
        int kind;
        long operationId;
        final long[] arguments = new long[4];
    }

    private static final class Read implements Piece.Owner {
        long requestId;
        MemorySegment source = MemorySegment.NULL;
        long offset;
        long length;
        long next;
        final ArrayList<Piece> pieces = new ArrayList<>();
        boolean issued;
        RegionTable.Lease lease;
        final AnswerQueue queue;

        Read(AnswerQueue queue, RegionTable.Lease lease) {
            this.queue = queue;
            this.lease = lease;
        }

        @Override
        public void onPieceDone(Piece piece, boolean voided) {
            pieces.remove(piece);
            if (issued && pieces.isEmpty()) {
                queue.release(this);
            }
        }

        @Override
        public boolean mayRead() {
            return !lease.isRevoked();
        }

        @Override
        public void onSourceFailed(Piece piece) {
            queue.fail(this);
        }
    }

    private static final int MAX_CONTROLS = 1 << 16;

    private final ArrayDeque<Control> controls = new ArrayDeque<>(1);
    private final ArrayDeque<Control> controlPool = new ArrayDeque<>(1);
    private final ArrayDeque<Read> reads = new ArrayDeque<>(1);
    private final ArrayDeque<Read> readPool = new ArrayDeque<>(1);
    private final ArrayDeque<Read> open = new ArrayDeque<>(1);
    private long nextOperationId = 1L << 62; // apart from the ids of operations, which count from 0

    AnswerQueue() {}

    private void control(int kind, long first, long second, long third, long fourth) {
        final Control control = controlPool.isEmpty() ? new Control() : controlPool.pop();
        control.kind = kind;
        control.operationId = nextOperationId++;
        control.arguments[0] = first;
        control.arguments[1] = second;
        control.arguments[2] = third;
        control.arguments[3] = fourth;
        controls.add(control);
    }

    @Override
    public void reject(long operationId, OperationStatus status) {
        control(OperationKind.REJECT, operationId, status.ordinal(), 0, 0);
    }

    @Override
    public void atomicResponse(long requestId, long oldValue) {
        control(OperationKind.ATOMIC_RESPONSE, requestId, oldValue, 0, 0);
    }

    @Override
    public void lookupAnswer(long requestId, long key, long lengthBytes, int rights) {
        control(OperationKind.LOOKUP_ANSWER, requestId, key, lengthBytes, rights);
    }

    @Override
    public void streamCredit(int streamId, long limitBytes) {
        control(OperationKind.STREAM_CREDIT, streamId, limitBytes, 0, 0);
    }

    @Override
    public void streamStop(int streamId) {
        control(OperationKind.STREAM_STOP, streamId, 0, 0, 0);
    }

    /// Asks the peer for a key under which a transfer may be placed.
    void placementRequest(long operationId, long regionKey, long offset, long lengthBytes) {
        control(OperationKind.PLACEMENT, operationId, regionKey, offset, lengthBytes);
    }

    @Override
    public void placementGrant(long operationId, long offset, long address, int key) {
        control(OperationKind.PLACEMENT_GRANT, operationId, offset, address, key & 0xffff_ffffL);
    }

    /// Gives the keys of an operation back.
    void placementRelease(long operationId) {
        control(OperationKind.PLACEMENT_RELEASE, operationId, 0, 0, 0);
    }

    /// Tells the peer that a message is abandoned: an empty piece of a message that is not empty. The peer drops
    /// what it
    /// holds of it and gives its credit back, whether it has seen any of it or not.
    void abandonMessage(long operationId, long messageBytes) {
        control(OperationKind.SEND, 0, messageBytes, 0, 0);
        controls.getLast().operationId = operationId;
    }

    @Override
    public void readResponse(
            long requestId, MemorySegment source, long offset, long lengthBytes, RegionTable.Lease lease) {
        final Read read = readPool.isEmpty() ? new Read(this, lease) : readPool.pop();
        read.requestId = requestId;
        read.source = source;
        read.offset = offset;
        read.length = lengthBytes;
        read.next = 0;
        read.pieces.clear();
        read.issued = false;
        read.lease = lease;
        reads.add(read);
        open.add(read);
    }

    /// True when a peer asks without ever taking the answers.
    boolean isOverfull() {
        return controls.size() > MAX_CONTROLS;
    }

    boolean hasMore() {
        return !controls.isEmpty() || !reads.isEmpty();
    }

    boolean fillControl(Piece piece) {
        final Control control = controls.poll();
        if (control == null) {
            return false;
        }
        piece.kind = control.kind;
        piece.operationId = control.operationId;
        System.arraycopy(control.arguments, 0, piece.arguments, 0, 4);
        controlPool.push(control);
        return true;
    }

    boolean fillRead(Piece piece, int maxBytes) {
        final Read read = reads.peek();
        if (read == null) {
            return false;
        }
        piece.kind = OperationKind.READ_RESPONSE;
        piece.operationId = nextOperationId++;
        piece.length = Math.min(maxBytes, read.length - read.next);
        piece.source = read.source;
        piece.sourceOffset = read.offset + read.next;
        piece.messageBytes = read.length;
        piece.messageOffset = read.next;
        piece.arguments[0] = read.requestId;
        piece.arguments[1] = read.next;
        piece.owner = read;
        read.pieces.add(piece);
        read.next += piece.length;
        if (read.next == read.length) {
            read.issued = true;
            reads.poll();
        }
        return true;
    }

    // The region was revoked or its memory is gone: what was not sent is void, and the reader is told.
    private void fail(Read read) {
        for (int i = 0; i < read.pieces.size(); i++) {
            final Piece piece = read.pieces.get(i);
            piece.voided = true;
            piece.owner = null;
            piece.source = MemorySegment.NULL;
        }
        read.pieces.clear();
        reads.remove(read);
        reject(read.requestId, OperationStatus.REMOTE_ACCESS_ERROR);
        release(read);
    }

    /// Ends the reads whose region was revoked.
    void dropRevoked() {
        for (final Read read : open.toArray(new Read[0])) {
            if (read.lease.isRevoked()) {
                fail(read);
            }
        }
    }

    private void release(Read read) {
        open.remove(read);
        read.lease.release();
        read.source = MemorySegment.NULL;
        readPool.push(read);
    }

    /// Lets go of every region: the connection has ended.
    void releaseAll() {
        reads.clear();
        controls.clear();
        while (!open.isEmpty()) {
            release(open.element());
        }
    }
}
