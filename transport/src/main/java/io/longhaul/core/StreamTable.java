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
import org.agrona.collections.Int2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/// The streams of a connection: those of the client have even numbers, those of the server odd ones.
///
/// A number opens its stream and all lower ones of the same side. A stream that would be one too many is refused: it is
/// answered with its end and a stop, and the application never sees it. A stream leaves the table when its output was
/// acknowledged to the end and its input was read to the end; chunks that still come for it are dropped.
///
/// Receive windows start at the configured credit and double, as long as the memory of the connection allows it, when
/// the
/// application has read a whole window within two round trips, or when the peer has used a window up although the
/// application reads what it can: then holes that are repaired take the room. At 1 Gb/s, 100 ms and 1 % of loss a
/// stream
/// needs three bandwidth-delay products.
final class StreamTable {
    /// Operation ids of the pieces of streams: apart from those of operations and answers, which count from 0 and
    /// from 2^62.
    private static final long FIRST_OPERATION_ID = 1L << 61;

    private final EngineConfig config;
    private final ReceiveMemory memory;
    private final EventQueue events;
    private final Responses responses;
    private final Int2ObjectHashMap<EngineStream> streams = new Int2ObjectHashMap<>();
    private final ArrayDeque<EngineStream> active = new ArrayDeque<>(1);
    private final int localParity;
    private int nextLocalId;
    private int nextPeerId;
    private int openLocal;
    private int openPeer;
    private long nextOperationId = FIRST_OPERATION_ID;
    private long rttNanos;
    private @Nullable EngineStream accepted;
    private String errorText = "";
    private boolean ended;
    private @Nullable EngineStream blocked;

    StreamTable(EngineConfig config, ReceiveMemory memory, EventQueue events, Responses responses) {
        this.config = config;
        this.memory = memory;
        this.events = events;
        this.responses = responses;
        localParity = config.client() ? 0 : 1;
        nextLocalId = localParity;
        nextPeerId = 1 - localParity;
        rttNanos = config.initialRttNanos();
    }

    /// Opens a stream of this side; null when there are as many as there may be.
    @Nullable
    EngineStream open() {
        if (ended || openLocal >= config.maxStreams() || nextLocalId > Integer.MAX_VALUE - 2) {
            return null;
        }
        if (!memory.tryPromise(config.streamCreditBytes())) {
            return null;
        }
        final EngineStream stream = add(nextLocalId);
        nextLocalId += 2;
        openLocal++;
        return stream;
    }

    // Its memory is promised.
    private EngineStream add(int id) {
        final long window = config.streamCreditBytes();
        final EngineStream stream =
                new EngineStream(id, memory, this, window, config.peer().streamCreditBytes());
        streams.put(id, stream);
        stream.output.raiseLimit(room(stream));
        return stream;
    }

    /// Open streams of both sides.
    int size() {
        return streams.size();
    }

    private boolean violation(String text) {
        errorText = text;
        return false;
    }

    /// Why the latest call returned false.
    String errorText() {
        return errorText;
    }

    /// Finds a stream of a frame, opening it when it is the peer's and new; {@link #accepted} is null when it is
    /// gone.
    private boolean find(long id) {
        accepted = null;
        if (id < 0 || id > Integer.MAX_VALUE - 2) {
            return violation("a stream number outside of 0..2^31-3");
        }
        final int number = (int) id;
        if ((number & 1) == localParity) {
            if (number >= nextLocalId) {
                return violation("a frame for a stream that was never opened");
            }
        } else if (number >= nextPeerId && !openUpTo(number)) {
            return false;
        }
        accepted = streams.get(number);
        return true;
    }

    private boolean openUpTo(int number) {
        if (openPeer + ((long) number - nextPeerId) / 2 + 1 > 2L * config.maxStreams()) {
            return violation("more streams than there may be");
        }
        while (nextPeerId <= number) {
            final boolean affordable = memory.tryPromise(config.streamCreditBytes());
            if (!affordable) {
                memory.promiseInitial(config.streamCreditBytes()); // until it is stopped, which is now
            }
            final EngineStream stream = add(nextPeerId);
            nextPeerId += 2;
            if (openPeer++ < config.maxStreams() && affordable) {
                events.streamOpened(stream);
            } else {
                stream.close();
                stopInput(stream);
                schedule(stream);
            }
        }
        return true;
    }

    /// Checks a piece of a stream against credit and final size.
    ///
    /// @return false when the peer broke the protocol
    boolean accept(long nowNanos, long id, long offset, long lengthBytes, boolean fin) {
        if (!find(id)) {
            return false;
        }
        final EngineStream stream = accepted;
        final long end = offset + lengthBytes;
        if (offset < 0 || end < 0) {
            return violation("a stream offset outside of 0..2^63-1");
        }
        if (stream == null || stream.state.inputStopped) {
            accepted = null;
            return true;
        }
        final StreamState state = stream.state;
        if (end > state.receiveLimit) {
            return violation("stream bytes beyond the credit");
        }
        final long size = stream.finalSize();
        if (size != EngineStream.UNKNOWN && (end > size || fin && end != size) || fin && end < state.highestOffset) {
            return violation("two final sizes of one stream");
        }
        if (state.tuneSinceNanos == 0) {
            state.tuneSinceNanos = nowNanos;
        }
        state.highestOffset = Math.max(state.highestOffset, end);
        if (fin) {
            stream.finalSize(end);
        }
        return true;
    }

    /// The stream of the latest {@link #accept}; null when its bytes are to be dropped.
    @Nullable
    EngineStream accepted() {
        return accepted;
    }

    /// Copies bytes to their place.
    ///
    /// @return false when the machine has no memory left
    boolean place(EngineStream stream, long offset, MemorySegment source, long sourceOffset, int bytes) {
        return stream.state.inputStopped || ended || stream.input.place(offset, source, sourceOffset, bytes);
    }

    /// Notes that a chunk was placed completely.
    void arrived(long nowNanos, EngineStream stream, long offset, int bytes) {
        final StreamState state = stream.state;
        if (state.inputStopped || ended) {
            return;
        }
        final StreamReceiveBuffer input = stream.input;
        final long before = input.readable();
        if (bytes > 0) {
            input.arrived(offset, bytes);
        }
        final long now = input.readable();
        final boolean reachedEnd = now == stream.finalSize() && !state.endTold;
        state.endTold |= reachedEnd;
        if (reachedEnd || now > before && input.consumed() >= before) {
            events.streamReady(stream);
        }
        updateInput(nowNanos, stream);
        finishIfDone(stream);
    }

    // Frees what was read, and gives credit for it.
    private void updateInput(long nowNanos, EngineStream stream) {
        final StreamState state = stream.state;
        if (state.inputStopped) {
            return;
        }
        stream.input.recycle();
        final long consumed = stream.input.consumed();
        if (stream.finalSize() != EngineStream.UNKNOWN) {
            if (consumed == stream.finalSize()) {
                endInput(stream);
            }
            return;
        }
        tune(nowNanos, stream, consumed);
        giveCredit(stream, consumed);
        while (stream.wantsRead(state.receiveLimit - state.windowBytes + creditStep(state))) {
            giveCredit(stream, stream.input.consumed());
        }
    }

    private void giveCredit(EngineStream stream, long consumed) {
        final StreamState state = stream.state;
        final long limit = consumed + state.windowBytes;
        if (limit - state.receiveLimit >= creditStep(state)) {
            state.receiveLimit = limit;
            responses.streamCredit(stream.id(), limit);
        }
    }

    private static long creditStep(StreamState state) {
        return Math.max(1, state.windowBytes >>> 2);
    }

    private void tune(long nowNanos, EngineStream stream, long consumed) {
        final StreamState state = stream.state;
        final long little = state.windowBytes >>> 2;
        final long sinceNanos = nowNanos - state.tuneSinceNanos;
        final boolean usedUp = state.receiveLimit - state.highestOffset <= little
                && stream.input.readable() - consumed <= little
                && sinceNanos >= rttNanos;
        final boolean readAll = consumed - state.tuneConsumed >= state.windowBytes;
        if (!usedUp && !readAll) {
            return;
        }
        if (usedUp || sinceNanos < 2 * rttNanos) {
            state.windowBytes += memory.promise(state.windowBytes);
        }
        state.tuneSinceNanos = nowNanos;
        state.tuneConsumed = consumed;
    }

    private void endInput(EngineStream stream) {
        if (!stream.state.inputDone) {
            stream.state.inputDone = true;
            memory.unpromise(stream.state.windowBytes);
        }
    }

    private void stopInput(EngineStream stream) {
        final StreamState state = stream.state;
        if (state.inputStopped) {
            return;
        }
        state.inputStopped = true;
        if (!state.inputDone) {
            responses.streamStop(stream.id());
        }
        endInput(stream);
        stream.input.shut();
    }

    /// The peer gave credit.
    ///
    /// @return false when the peer broke the protocol
    boolean onCredit(long id, long limitBytes) {
        if (limitBytes < 0) {
            return violation("a negative stream credit");
        }
        if (!find(id)) {
            return false;
        }
        final EngineStream stream = accepted;
        if (stream != null && limitBytes > stream.state.sendCredit) {
            stream.state.sendCredit = limitBytes;
            updateRoom(stream);
            schedule(stream);
        }
        return true;
    }

    /// The peer does not read any more.
    ///
    /// @return false when the peer broke the protocol
    boolean onStop(long id) {
        if (!find(id)) {
            return false;
        }
        final EngineStream stream = accepted;
        if (stream != null && !stream.isPeerStopped()) {
            stream.onPeerStopped();
            events.streamReady(stream);
            finishIfDone(stream);
        }
        return true;
    }

    // The writer may be ahead by what the peer takes at once, and by no more than its share of the memory.
    private void updateRoom(EngineStream stream) {
        final StreamSendBuffer output = stream.output;
        if (output.isShut()) {
            return;
        }
        if (output.raiseLimit(room(stream))) {
            events.streamReady(stream);
        }
    }

    private long room(EngineStream stream) {
        final long low = stream.output.lowPosition();
        final long credit = stream.state.sendCredit - low + ReceiveMemory.BLOCK_BYTES;
        final long share = config.maxMemoryBytes() / Math.max(1, streams.size());
        return low + Math.max(StreamSendBuffer.MIN_ROOM_BYTES, Math.min(credit, share));
    }

    private void schedule(EngineStream stream) {
        if (!stream.state.queued && stream.hasOutbound()) {
            stream.state.queued = true;
            active.addLast(stream);
        } else if (stream.isBlocked()) {
            blocked = stream;
        }
    }

    /// True when the stream that ran out of credit last still waits for more.
    boolean isBlocked() {
        return blocked != null && !blocked.state.gone && blocked.isBlocked();
    }

    /// True when a stream has bytes or an end to send and credit for it.
    boolean hasOutbound() {
        EngineStream stream = active.peekFirst();
        while (stream != null && !stream.hasOutbound()) {
            active.removeFirst();
            stream.state.queued = false;
            stream = active.peekFirst();
        }
        return stream != null;
    }

    /// True when a stream has anything unsent, unacknowledged or waiting for credit: a draining close waits.
    boolean hasUnacknowledged() {
        for (final EngineStream stream : streams.values()) {
            if (!stream.isOutputSettled()) {
                return true;
            }
        }
        return false;
    }

    /// Describes the next bytes to send, round robin over the streams: kind, flags, operation id, arguments,
    /// length, source,
    /// owner.
    ///
    /// @return false when there is nothing to send; the piece is then unchanged
    boolean fillNext(Piece piece, int maxBytes) {
        if (!hasOutbound()) {
            return false;
        }
        final EngineStream stream = active.removeFirst();
        stream.state.queued = false;
        if (!stream.fill(piece, maxBytes)) {
            return false;
        }
        piece.operationId = nextOperationId++;
        schedule(stream);
        return true;
    }

    /// A piece is done: acknowledged, or void.
    void onAcknowledged(EngineStream stream, long position, long bytes) {
        if (ended || stream.state.gone) {
            return;
        }
        stream.output.onAcknowledged(position, bytes);
        updateRoom(stream);
        finishIfDone(stream);
    }

    /// The application wrote to, read from, shut down or closed a stream.
    void onTouched(long nowNanos, EngineStream stream) {
        stream.clearTouch();
        if (ended || stream.state.gone) {
            return;
        }
        if (stream.isClosed()) {
            stopInput(stream);
        }
        updateInput(nowNanos, stream);
        updateRoom(stream);
        schedule(stream);
        finishIfDone(stream);
    }

    private void finishIfDone(EngineStream stream) {
        final StreamState state = stream.state;
        if (state.gone || !stream.isOutputDone() || !state.inputDone) {
            return;
        }
        state.gone = true;
        state.inputStopped = true;
        streams.remove(stream.id());
        if ((stream.id() & 1) == localParity) {
            openLocal--;
        } else {
            openPeer--;
        }
        stream.finish();
    }

    /// Sets the smoothed round trip for the tuning of windows.
    void rttNanos(long value) {
        rttNanos = value;
    }

    /// Ends all streams: writers fail at once, readers behind what has arrived. Nothing of a stream may be sent
    /// afterwards.
    void closeAll(String reason) {
        if (ended) {
            return;
        }
        ended = true;
        for (final EngineStream stream : streams.values()) {
            stream.detach(reason.isEmpty() ? "the connection has ended" : reason);
            events.streamReady(stream);
        }
        streams.clear();
        active.clear();
    }
}
