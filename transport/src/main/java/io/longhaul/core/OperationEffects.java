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
import io.longhaul.Right;
import io.longhaul.core.wire.OperationKind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// What the kinds of operations do with a piece: accept it, place its bytes, and take effect.
///
/// Every method returns RECEIVED when all is well, REFUSED after the operation was rejected, or PROTOCOL_ERROR with a
/// text.
final class OperationEffects {
    private static final VarHandle ATOMIC_LONG = ValueLayout.JAVA_LONG.varHandle(); // native order, aligned
    private static final OperationStatus[] STATUSES = OperationStatus.values();
    private static final long ATOMIC_BYTES = 8;
    private static final int ALL_RIGHTS = (1 << Right.values().length) - 1;

    private final EngineConfig config;
    private final RegionTable regions;
    private final MessageAssembler messages;
    private final StreamTable streams;
    private final PendingRequests pending;
    private final Responses responses;
    private final EventQueue events;
    private final RefusedOperations refused = new RefusedOperations();
    private InboundPlacement placement;
    private String errorText = "";
    private long placedBytes;

    OperationEffects(
            EngineConfig config,
            RegionTable regions,
            MessageAssembler messages,
            StreamTable streams,
            PendingRequests pending,
            Responses responses,
            EventQueue events) {
        this.config = config;
        this.regions = regions;
        this.messages = messages;
        this.streams = streams;
        this.pending = pending;
        this.responses = responses;
        this.events = events;
        placement = new InboundPlacement(null, regions, responses);
    }

    /// Lets the peer place chunks of writes.
    void placement(InboundPlacement value) {
        placement = value;
    }

    /// Notes why the peer broke the protocol.
    Placement violation(String text) {
        errorText = text;
        return Placement.PROTOCOL_ERROR;
    }

    String errorText() {
        return errorText;
    }

    long placedBytes() {
        return placedBytes;
    }

    private Placement reject(InboundPiece piece, OperationStatus status) {
        placement.onOperationEnded(piece.operationId);
        if (refused.add(piece.operationId)) {
            responses.reject(piece.operationId, status);
        }
        return Placement.REFUSED;
    }

    /// True when the operation of a piece was refused or voided: its chunks are not wanted. A message that was
    /// given up is
    /// announced under the same id, and wanted.
    boolean isRefused(InboundPiece piece) {
        return refused.contains(piece.operationId) && !isAbandonment(piece);
    }

    // An empty piece of a message that is not empty says that the sender has given the message up.
    private static boolean isAbandonment(InboundPiece piece) {
        return piece.kind == OperationKind.SEND && piece.length == 0 && piece.argument1 > 0;
    }

    /// Forgets an operation whose chunks were voided.
    void onVoid(long operationId) {
        refused.add(operationId);
        messages.onVoid(operationId);
        placement.onOperationEnded(operationId);
    }

    /// Ends every direct transfer: the connection has ended.
    void close() {
        placement.close();
    }

    /// True when a piece takes effect only once every smaller CSN was received.
    boolean isOrdered(InboundPiece piece) {
        return switch (piece.kind) {
            case OperationKind.SEND -> !isAbandonment(piece);
            case OperationKind.WRITE_IMMEDIATE -> true;
            case OperationKind.READ, OperationKind.FETCH_AND_ADD, OperationKind.COMPARE_AND_SWAP -> piece.isFenced();
            default -> false;
        };
    }

    /// Accepts or refuses a piece of which the first chunk has arrived.
    Placement begin(long nowNanos, InboundPiece piece) {
        return switch (piece.kind) {
            case OperationKind.SEND -> beginMessage(nowNanos, piece);
            case OperationKind.WRITE, OperationKind.WRITE_IMMEDIATE -> beginWrite(nowNanos, piece);
            case OperationKind.READ_RESPONSE -> beginReadResponse(piece);
            case OperationKind.STREAM -> beginStream(nowNanos, piece);
            case OperationKind.LOOKUP -> beginLookup(piece);
            default -> piece.length == 0 ? Placement.RECEIVED : violation("bytes in a request or answer without any");
        };
    }

    private Placement beginMessage(long nowNanos, InboundPiece piece) {
        final long offset = piece.argument0;
        final long length = piece.argument1;
        if (length < 0 || offset < 0 || piece.length > length || offset > length - piece.length) {
            return violation("a piece outside of its message");
        }
        if (isAbandonment(piece)) {
            return Placement.RECEIVED;
        }
        InboundMessage message = messages.find(piece.operationId);
        if (message == null) {
            if (messages.isSettled(piece.operationId)) {
                return Placement.REFUSED;
            }
            if (messages.isTooLong(length)) {
                return rejectMessage(piece, OperationStatus.MESSAGE_TOO_LARGE);
            }
            if (messages.exceedsCredit(length)) {
                return violation("a message beyond the message credit");
            }
            message = messages.begin(nowNanos, piece.operationId, length);
            if (message == null) {
                return rejectMessage(piece, OperationStatus.REMOTE_RESOURCES_EXHAUSTED);
            }
        }
        if (message.length != length) {
            return violation("two lengths of one message");
        }
        piece.message = message;
        piece.messageSequence = message.sequence;
        return Placement.RECEIVED;
    }

    private Placement rejectMessage(InboundPiece piece, OperationStatus status) {
        messages.onRefused(piece.operationId, piece.argument1);
        return reject(piece, status);
    }

    private Placement beginWrite(long nowNanos, InboundPiece piece) {
        if (piece.kind == OperationKind.WRITE_IMMEDIATE && piece.argument3 < piece.length) {
            return violation("a write shorter than its last piece");
        }
        final OperationStatus status = regions.begin(nowNanos, piece, Right.WRITE, piece.length);
        if (status != OperationStatus.SUCCESS) {
            return reject(piece, status);
        }
        regions.done();
        placement.onWriteBegun(piece.operationId, piece.argument1);
        return Placement.RECEIVED;
    }

    private Placement beginReadResponse(InboundPiece piece) {
        final long offset = piece.argument1;
        if (pending.readTarget(piece.argument0) != null) {
            final long readLength = pending.readLength(piece.argument0);
            if (offset < 0 || piece.length > readLength || offset > readLength - piece.length) {
                return violation("an answer outside of its read");
            }
        }
        return Placement.RECEIVED;
    }

    private Placement beginStream(long nowNanos, InboundPiece piece) {
        if (!streams.accept(nowNanos, piece.argument0, piece.argument1, piece.length, piece.isFin())) {
            return violation(streams.errorText());
        }
        piece.stream = streams.accepted();
        return Placement.RECEIVED;
    }

    private Placement beginLookup(InboundPiece piece) {
        if (piece.length < 1 || piece.length > ExposedRegions.MAX_NAME_BYTES) {
            return violation("a name of less than 1 or more than 255 bytes");
        }
        if (piece.name.byteSize() == 0) {
            piece.name = MemorySegment.ofArray(new byte[ExposedRegions.MAX_NAME_BYTES]);
        }
        return Placement.RECEIVED;
    }

    /// Copies bytes to where they belong.
    ///
    /// @param at where they start in the piece
    /// @return also PARTIAL when there was no memory: the sender repeats them
    Placement place(long nowNanos, InboundPiece piece, long at, MemorySegment source, long offset, int bytes) {
        switch (piece.kind) {
            case OperationKind.SEND:
                return placeMessage(piece, at, source, offset, bytes);
            case OperationKind.WRITE, OperationKind.WRITE_IMMEDIATE:
                return placeWrite(nowNanos, piece, at, source, offset, bytes);
            case OperationKind.READ_RESPONSE:
                return placeReadResponse(piece, at, source, offset, bytes);
            case OperationKind.STREAM:
                final EngineStream stream = piece.stream;
                final boolean placed =
                        stream == null || streams.place(stream, piece.argument1 + at, source, offset, bytes);
                return placed ? Placement.RECEIVED : Placement.PARTIAL;
            case OperationKind.LOOKUP:
                MemorySegment.copy(source, offset, piece.name, at, bytes);
                return Placement.RECEIVED;
            default:
                return Placement.RECEIVED;
        }
    }

    /// Judges a chunk whose bytes the device has written to where they belong.
    ///
    /// @return PARTIAL when its key has ended meanwhile: the sender repeats it, and is then told why
    Placement placed(long nowNanos, InboundPiece piece, long at, int bytes) {
        if (!isWrite(piece)) {
            return Placement.MISMATCHED;
        }
        final OperationStatus status =
                regions.check(nowNanos, piece.argument0, Right.WRITE, piece.argument1 + at, bytes);
        if (status != OperationStatus.SUCCESS) {
            return reject(piece, status);
        }
        regions.done();
        if (!placement.isLive(piece.operationId, piece.argument1 + at)) {
            return Placement.PARTIAL;
        }
        placement.onPlaced(bytes);
        return Placement.RECEIVED;
    }

    private static boolean isWrite(InboundPiece piece) {
        return piece.kind == OperationKind.WRITE || piece.kind == OperationKind.WRITE_IMMEDIATE;
    }

    private Placement placeMessage(InboundPiece piece, long at, MemorySegment source, long offset, int bytes) {
        final InboundMessage message = piece.message;
        if (message == null) {
            return Placement.RECEIVED;
        }
        if (message.sequence != piece.messageSequence) {
            return Placement.REFUSED;
        }
        messages.write(message, piece.argument0 + at, source, offset, bytes);
        return Placement.RECEIVED;
    }

    // Every chunk is checked again: a revocation or the end of a lifetime stops the write in its middle.
    private Placement placeWrite(
            long nowNanos, InboundPiece piece, long at, MemorySegment source, long offset, int bytes) {
        final OperationStatus status =
                regions.check(nowNanos, piece.argument0, Right.WRITE, piece.argument1 + at, bytes);
        if (status != OperationStatus.SUCCESS) {
            return reject(piece, status);
        }
        try {
            MemorySegment.copy(source, offset, regions.segment(), piece.argument1 + at, bytes);
        } catch (IllegalStateException | WrongThreadException e) {
            // The application closed the memory of an exposed region, or confined it to its own thread.
            return reject(piece, OperationStatus.REMOTE_ACCESS_ERROR);
        } finally {
            regions.done();
        }
        return Placement.RECEIVED;
    }

    // The range is checked again: the peer may have described the piece before a read with this id was posted.
    private Placement placeReadResponse(InboundPiece piece, long at, MemorySegment source, long offset, int bytes) {
        final long requestId = piece.argument0;
        final MemorySegment target = pending.readTarget(requestId);
        if (target == null) {
            return Placement.RECEIVED;
        }
        final long readOffset = piece.argument1 + at;
        if (piece.argument1 < 0 || readOffset < 0 || readOffset > pending.readLength(requestId) - bytes) {
            return violation("an answer outside of its read");
        }
        try {
            MemorySegment.copy(source, offset, target, pending.readTargetOffset(requestId) + readOffset, bytes);
        } catch (IllegalStateException | WrongThreadException e) {
            // The application closed the target under its read: there is nowhere to place anything.
            return Placement.RECEIVED;
        }
        return Placement.RECEIVED;
    }

    /// A chunk is complete.
    void onChunk(long nowNanos, InboundPiece piece, long at, int bytes) {
        placedBytes += bytes;
        final EngineStream stream = piece.stream;
        if (stream != null) {
            streams.arrived(nowNanos, stream, piece.argument1 + at, bytes);
        }
        if (isWrite(piece)) {
            placement.onBytes(piece.operationId, piece.argument1 + at, bytes);
        }
    }

    /// All chunks of a piece are complete: what need not wait takes effect.
    Placement complete(long nowNanos, InboundPiece piece) {
        switch (piece.kind) {
            case OperationKind.SEND:
                if (isAbandonment(piece)) {
                    refused.add(piece.operationId);
                    messages.onAbandoned(piece.operationId, piece.argument1);
                }
                return Placement.RECEIVED;
            case OperationKind.READ, OperationKind.FETCH_AND_ADD, OperationKind.COMPARE_AND_SWAP:
                return piece.isFenced() ? Placement.RECEIVED : execute(nowNanos, piece);
            case OperationKind.READ_RESPONSE:
                if (pending.readTarget(piece.argument0) != null) {
                    pending.onReadPlaced(piece.argument0, piece.length);
                }
                return Placement.RECEIVED;
            case OperationKind.ATOMIC_RESPONSE:
                pending.onAtomicResult(piece.argument0, piece.argument1);
                return Placement.RECEIVED;
            case OperationKind.REJECT:
                return completeReject(piece);
            case OperationKind.LOOKUP:
                return completeLookup(nowNanos, piece);
            case OperationKind.LOOKUP_ANSWER:
                if (piece.argument2 < 0 || (piece.argument3 & ~ALL_RIGHTS) != 0) {
                    return violation("an answer to a lookup with a wrong length or rights");
                }
                pending.onLookupAnswer(piece.argument0, piece.argument1, piece.argument2, (int) piece.argument3);
                return Placement.RECEIVED;
            case OperationKind.STREAM_CREDIT:
                return streams.onCredit(piece.argument0, piece.argument1)
                        ? Placement.RECEIVED
                        : violation(streams.errorText());
            case OperationKind.STREAM_STOP:
                return streams.onStop(piece.argument0) ? Placement.RECEIVED : violation(streams.errorText());
            case OperationKind.PLACEMENT, OperationKind.PLACEMENT_GRANT, OperationKind.PLACEMENT_RELEASE:
                return completePlacement(nowNanos, piece);
            default:
                return Placement.RECEIVED;
        }
    }

    /// Every CSN up to the end of a piece was received or voided, but not all of its own: the peer voided the rest.
    void onIncomplete(InboundPiece piece) {
        if (piece.kind == OperationKind.SEND) {
            messages.onVoid(piece.operationId);
        }
    }

    /// Every CSN up to the end of a piece was received: what had to wait takes effect.
    Placement inOrder(long nowNanos, InboundPiece piece) {
        placement.onOrdered(piece.operationId);
        return switch (piece.kind) {
            case OperationKind.SEND -> inOrderMessage(piece);
            case OperationKind.READ, OperationKind.FETCH_AND_ADD, OperationKind.COMPARE_AND_SWAP ->
                execute(nowNanos, piece);
            case OperationKind.WRITE_IMMEDIATE -> {
                events.immediate((int) piece.argument2, piece.argument3);
                yield Placement.RECEIVED;
            }
            default -> Placement.RECEIVED;
        };
    }

    private Placement inOrderMessage(InboundPiece piece) {
        final InboundMessage message = piece.message;
        if (message == null || message.sequence != piece.messageSequence) {
            return Placement.RECEIVED;
        }
        if (message.passedBytes != piece.argument0) {
            return violation("pieces of a message out of order");
        }
        message.passedBytes += piece.length;
        if (message.passedBytes == message.length) {
            messages.deliver(message);
        }
        return Placement.RECEIVED;
    }

    private Placement execute(long nowNanos, InboundPiece piece) {
        return piece.kind == OperationKind.READ ? executeRead(nowNanos, piece) : executeAtomic(nowNanos, piece);
    }

    private Placement executeRead(long nowNanos, InboundPiece piece) {
        // The peer counts a read until it has the bytes, this side until the acknowledgement has come back: the next
        // reads may be here before the acknowledgements of as many earlier ones.
        if (regions.leases() >= 2 * config.maxInboundReads()) {
            return reject(piece, OperationStatus.REMOTE_RESOURCES_EXHAUSTED);
        }
        final OperationStatus status = regions.begin(nowNanos, piece, Right.READ, piece.argument2);
        if (status != OperationStatus.SUCCESS) {
            return reject(piece, status);
        }
        final MemorySegment segment = regions.segment();
        responses.readResponse(piece.operationId, segment, piece.argument1, piece.argument2, regions.lease());
        return Placement.RECEIVED;
    }

    private Placement executeAtomic(long nowNanos, InboundPiece piece) {
        final long offset = piece.argument1;
        if ((offset & 7) != 0) {
            return reject(piece, OperationStatus.REMOTE_RANGE_ERROR);
        }
        final OperationStatus status = regions.begin(nowNanos, piece, Right.ATOMIC, ATOMIC_BYTES);
        if (status != OperationStatus.SUCCESS) {
            return reject(piece, status);
        }
        final long oldValue;
        try {
            final MemorySegment segment = regions.segment();
            if (segment.maxByteAlignment() < ATOMIC_BYTES) {
                return reject(piece, OperationStatus.REMOTE_RANGE_ERROR);
            }
            oldValue = piece.kind == OperationKind.FETCH_AND_ADD
                    ? (long) ATOMIC_LONG.getAndAdd(segment, offset, piece.argument2)
                    : (long) ATOMIC_LONG.compareAndExchange(segment, offset, piece.argument2, piece.argument3);
        } catch (IllegalStateException | WrongThreadException e) {
            return reject(piece, OperationStatus.REMOTE_ACCESS_ERROR);
        } finally {
            regions.done();
        }
        responses.atomicResponse(piece.operationId, oldValue);
        return Placement.RECEIVED;
    }

    private Placement completePlacement(long nowNanos, InboundPiece piece) {
        if (!placement.isEnabled()) {
            return violation("direct placement, which was not agreed on");
        }
        switch (piece.kind) {
            case OperationKind.PLACEMENT_GRANT ->
                pending.onPlacementGrant(piece.argument0, piece.argument1, piece.argument2, (int) piece.argument3);
            case OperationKind.PLACEMENT ->
                placement.onRequest(nowNanos, piece.argument0, piece.argument1, piece.argument2, piece.argument3);
            default -> placement.onOperationEnded(piece.argument0);
        }
        return Placement.RECEIVED;
    }

    private Placement completeReject(InboundPiece piece) {
        final long ordinal = piece.argument1;
        if (ordinal <= OperationStatus.SUCCESS.ordinal() || ordinal >= STATUSES.length) {
            return violation("a refusal without a reason");
        }
        pending.onReject(piece.argument0, STATUSES[(int) ordinal]);
        return Placement.RECEIVED;
    }

    private Placement completeLookup(long nowNanos, InboundPiece piece) {
        final String name = utf8(piece.name, (int) piece.length);
        if (name == null) {
            return violation("a name that is not UTF-8");
        }
        regions.answerLookup(nowNanos, name, piece.operationId, responses);
        return Placement.RECEIVED;
    }

    private static @Nullable String utf8(MemorySegment bytes, int length) {
        try {
            final ByteBuffer buffer = bytes.asSlice(0, length).asByteBuffer();
            return StandardCharsets.UTF_8.newDecoder().decode(buffer).toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
