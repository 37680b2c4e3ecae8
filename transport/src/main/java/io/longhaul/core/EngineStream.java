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

import io.longhaul.core.wire.OperationFlyweight;
import io.longhaul.core.wire.OperationKind;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;

/// A byte stream: an application side for one reader and one writer, and the agent's side inside the engine.
///
/// After a call that moved bytes or closed something, the caller sees to it that the agent calls
/// {@link ConnectionEngine#onStreamTouched}, unless {@link #requestTouch} says that this is under way.
///
/// Threading: reads by one thread, writes by one thread, {@link #close} and the questions by any.
public final class EngineStream {
    /// Returned by reads at the end of the stream.
    public static final int END = -1;

    /// Returned by reads and writes when the stream has failed, see {@link #failure}.
    public static final int FAILED = -2;

    /// Length of the stream before its end is known.
    static final long UNKNOWN = -1;

    private final int id;
    final StreamReceiveBuffer input;
    final StreamSendBuffer output;
    private final AtomicBoolean touched = new AtomicBoolean();

    // Written by the application's threads.
    private volatile boolean outputShut;
    private volatile boolean closed;

    // Written by the agent.
    private volatile long finalSize = UNKNOWN;
    private volatile boolean peerStopped;
    private volatile String failure = "";
    private volatile boolean detached;
    private volatile long wantsReadBytes; // position from which on a reader must tell the agent

    /// What only the agent touches.
    final StreamState state;

    EngineStream(int id, ReceiveMemory memory, StreamTable table, long receiveWindowBytes, long sendCreditBytes) {
        this.id = id;
        input = new StreamReceiveBuffer(memory);
        output = new StreamSendBuffer(memory);
        state = new StreamState(this, table, receiveWindowBytes, sendCreditBytes);
    }

    /// Number of the stream, unique in its connection.
    public int id() {
        return id;
    }

    /// Takes what there is room for.
    ///
    /// @return bytes taken, 0 when there is no room, or FAILED
    public int write(ByteBuffer source) {
        final int position = source.position();
        final int taken = write(MemorySegment.ofBuffer(source), 0, source.remaining());
        if (taken > 0) {
            source.position(position + taken);
        }
        return taken;
    }

    /// Takes what there is room for.
    ///
    /// @return bytes taken, 0 when there is no room, or FAILED
    public int write(MemorySegment source, long offset, long lengthBytes) {
        if (outputShut || peerStopped || !failure.isEmpty()) {
            return FAILED;
        }
        final int taken = output.write(source, offset, lengthBytes);
        return taken < 0 ? FAILED : taken;
    }

    /// Gives what has arrived in order.
    ///
    /// @return bytes read, 0 when nothing has arrived, END or FAILED
    public int read(ByteBuffer target) {
        final int position = target.position();
        final int taken = read(MemorySegment.ofBuffer(target), 0, target.remaining());
        if (taken > 0) {
            target.position(position + taken);
        }
        return taken;
    }

    /// Gives what has arrived in order.
    ///
    /// @return bytes read, 0 when nothing has arrived, END or FAILED
    public int read(MemorySegment target, long offset, long lengthBytes) {
        // The end and the failure first: what arrived before them is seen afterwards.
        final long size = finalSize;
        final boolean failed = !failure.isEmpty();
        final int taken = closed ? -1 : input.read(target, offset, lengthBytes);
        if (taken > 0) {
            if (detached && input.consumed() == input.readable()) {
                input.shut();
            }
            return taken;
        }
        if (size == input.consumed()) {
            return END;
        }
        return taken < 0 || failed && input.consumed() == input.readable() ? FAILED : 0;
    }

    /// Ends the output behind what was written. Idempotent.
    public void shutdownOutput() {
        outputShut = true;
    }

    /// Ends both directions: what was written is still sent, unread input is dropped. Idempotent.
    public void close() {
        outputShut = true;
        closed = true;
        if (detached) {
            input.shut();
        }
    }

    /// True when a read would not return 0.
    public boolean isReadable() {
        return input.readable() > input.consumed() || finalSize == input.consumed() || closed || !failure.isEmpty();
    }

    /// True when a write would take bytes, or fail for another reason than that this side ended its output.
    public boolean isWritable() {
        return peerStopped || !failure.isEmpty() || !outputShut && output.limit() > output.written();
    }

    /// True when the peer does not read any more: writes fail.
    public boolean isPeerStopped() {
        return peerStopped;
    }

    /// True once {@link #shutdownOutput} or {@link #close} was called.
    public boolean isOutputShut() {
        return outputShut;
    }

    /// True once {@link #close} was called.
    public boolean isClosed() {
        return closed;
    }

    /// Why the connection under the stream ended, or an empty text.
    public String failure() {
        return failure;
    }

    /// Whether the agent must be told of what was read: there is credit to give, or the end was reached. Most reads
    /// are not worth waking it, and what arrives next makes it look anyway. Asked by the reader behind a read.
    public boolean isReadToTell() {
        // Volatile: consumed is written before this is read, see wantsRead().
        final long consumed = input.consumed();
        return consumed >= wantsReadBytes || consumed == finalSize;
    }

    /// Says from which position on the agent wants to hear of reads. The agent.
    ///
    /// @return true when the reader was there already, and may not have seen it
    boolean wantsRead(long positionBytes) {
        // Volatile, before consumed is read: of the reader and the agent, one sees what the other wrote.
        wantsReadBytes = positionBytes;
        return input.consumed() >= positionBytes;
    }

    /// Asks for a call of {@link ConnectionEngine#onStreamTouched}.
    ///
    /// @return true when the caller must arrange it, false when an earlier request is still to be served
    public boolean requestTouch() {
        return !touched.getAndSet(true);
    }

    /// The agent serves the request now: what happens from here on needs another one.
    void clearTouch() {
        touched.set(false);
    }

    /// Length of the input, or UNKNOWN. The agent.
    long finalSize() {
        return finalSize;
    }

    void finalSize(long bytes) {
        finalSize = bytes;
    }

    void onPeerStopped() {
        peerStopped = true;
    }

    /// The connection has ended: the application alone is left. Input that has arrived stays readable.
    void detach(String reason) {
        failure = reason;
        detached = true;
        output.shut();
        if (closed || input.consumed() == input.readable()) {
            input.shut();
        }
    }

    /// The stream has ended on both sides; the agent is done with it.
    void finish() {
        output.shut();
        input.shut();
    }

    /// Describes the next bytes of the stream.
    ///
    /// @return false when there are none that may be sent
    boolean fill(Piece piece, int maxBytes) {
        // The end first: what was written before it is seen afterwards.
        final boolean ending = outputShut;
        final long written = output.written();
        final long from = state.nextToSend;
        int bytes = (int) Math.min(Math.min(written, state.sendCredit) - from, maxBytes);
        if (bytes > 0) {
            bytes = Math.min(bytes, StreamSendBuffer.contiguousBytes(from));
        }
        final boolean fin = ending && !state.finSent && from + Math.max(0, bytes) == written;
        if (bytes <= 0 && !fin || peerStopped) {
            return false;
        }
        bytes = Math.max(0, bytes);
        piece.kind = OperationKind.STREAM;
        piece.flags = fin ? OperationFlyweight.FLAG_FIN : 0;
        piece.arguments[0] = id;
        piece.arguments[1] = from;
        piece.length = bytes;
        piece.source = bytes == 0 ? MemorySegment.NULL : output.segment(from);
        piece.sourceOffset = bytes == 0 ? 0 : StreamSendBuffer.offsetInSegment(from);
        piece.owner = state;
        piece.ownerOffset = from;
        state.nextToSend = from + bytes;
        state.finSent |= fin;
        state.outstandingPieces++;
        return true;
    }

    /// True when {@link #fill} would find something.
    boolean hasOutbound() {
        final boolean ending = outputShut;
        final long written = output.written();
        return !peerStopped
                && (Math.min(written, state.sendCredit) > state.nextToSend
                        || ending && !state.finSent && state.nextToSend == written);
    }

    /// True when the peer must give credit before anything more of the output may be sent.
    boolean isBlocked() {
        return !peerStopped && state.nextToSend >= state.sendCredit && output.written() > state.nextToSend;
    }

    /// True when nothing of the output is left to be sent or acknowledged.
    boolean isOutputSettled() {
        return state.outstandingPieces == 0
                && (peerStopped || state.finSent || !outputShut && state.nextToSend == output.written());
    }

    /// True when the output has ended and the peer knows.
    boolean isOutputDone() {
        return state.outstandingPieces == 0 && (peerStopped || state.finSent);
    }
}
