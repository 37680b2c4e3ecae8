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

import io.longhaul.core.wire.AckFlyweight;
import io.longhaul.core.wire.CloseFlyweight;
import io.longhaul.core.wire.FrameType;
import io.longhaul.core.wire.PacketFlyweight;
import io.longhaul.core.wire.PlacedImmediate;
import io.longhaul.core.wire.ProbeFlyweight;
import io.longhaul.core.wire.VoidFlyweight;
import io.longhaul.core.wire.WireBytes;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Verifies packets and hands their frames to whom they concern. Nothing that a peer sends makes it throw.
final class PacketReader {
    /// What the rest of the engine does with frames that are not data.
    interface Frames {
        /// An ACK frame, complete.
        ///
        /// @return false when it broke the protocol
        boolean onAck(long nowNanos, MemorySegment segment, long offset);

        /// A PROBE frame.
        void onProbe(long nowNanos, int flags, int packetBytes, long nonce, long wantedBytes);

        /// True while frames other than CLOSE have an effect.
        boolean isLive();

        /// A CLOSE frame.
        void onClose(long nowNanos, int code, String reason);

        /// The peer broke the protocol.
        void onViolation(long nowNanos, String text);
    }

    private static final int MALFORMED = -1;
    private static final int STOP = -2;

    private final PacketVerifier verifier;
    private final ReceiveWindow window;
    private final ReceiveLanes lanes;
    private final InboundPieces inbound;
    private final ParityReceiver repairs;
    private final AckScheduler acks;
    private final Frames frames;
    private long mismatchedPackets;
    private boolean hasChunks;
    private boolean asksSomething;
    private boolean urgent;

    PacketReader(
            PacketVerifier verifier,
            ReceiveWindow window,
            ReceiveLanes lanes,
            InboundPieces inbound,
            ParityReceiver repairs,
            AckScheduler acks,
            Frames frames) {
        this.verifier = verifier;
        this.window = window;
        this.lanes = lanes;
        this.inbound = inbound;
        this.repairs = repairs;
        this.acks = acks;
        this.frames = frames;
    }

    long corruptPackets() {
        return verifier.corruptPackets() + mismatchedPackets;
    }

    /// Takes a packet.
    ///
    /// @return false when it was dropped because it is malformed, damaged, or not for this connection
    boolean onPacket(long nowNanos, MemorySegment segment, long offset, int length, boolean ceMarked) {
        if (!verifier.isIntact(nowNanos, segment, offset, length)) {
            return false;
        }
        final int lane = PacketFlyweight.lane(segment, offset);
        lanes.onPacket(nowNanos, lane, PacketFlyweight.packetNumber(segment, offset), length, ceMarked);
        hasChunks = false;
        asksSomething = false;
        urgent = false;
        final long highestBefore = window.highestCsn();
        final MemorySegment packet = verifier.frames();
        final long end = verifier.framesEnd();
        long at = verifier.framesAt();
        while (at < end) {
            final int frameBytes = onFrame(nowNanos, lane, packet, at, end);
            if (frameBytes == MALFORMED) {
                // The packet was verified: the peer wrote this.
                frames.onViolation(nowNanos, "malformed frame of type " + WireBytes.u8(packet, at));
                break;
            }
            if (frameBytes == STOP) {
                break;
            }
            at += frameBytes;
        }
        acknowledge(nowNanos, highestBefore);
        return true;
    }

    private void acknowledge(long nowNanos, long highestBefore) {
        if (hasChunks || asksSomething) {
            final boolean newHole = window.highestCsn() > highestBefore && window.cumulativeCsn() < highestBefore;
            final boolean done = window.cumulativeCsn() == window.highestCsn() && inbound.pieces() == 0;
            acks.onPacket(nowNanos, hasChunks, urgent || newHole, done);
        }
    }

    /// Takes the completion of a chunk that the peer has placed. An immediate proves nothing: an RDMA WRITE of no
    /// bytes
    /// needs
    /// no key, and neither connection id nor CRC guards it. What cannot be is dropped and counted as corrupt, and
    /// never ends the connection.
    ///
    /// @param lane placement lane on which it arrived
    /// @param immediate the immediate of the write
    /// @param bytes length of the write
    /// @return false when it was dropped
    boolean onPlaced(long nowNanos, int lane, int immediate, int bytes) {
        final long csn = PlacedImmediate.csn(immediate, window.cumulativeCsn());
        final int status = window.status(csn);
        if (!PlacedImmediate.isKnown(immediate) || csn < 0 || bytes <= 0 || status == ReceiveWindow.BEYOND) {
            mismatchedPackets++;
            return false;
        }
        hasChunks = true;
        urgent = false;
        final int index = verifier.lanes() + lane;
        final long highestBefore = window.highestCsn();
        if (status == ReceiveWindow.DUPLICATE) {
            lanes.onDuplicate(index);
        } else {
            final Placement placement = inbound.onPlaced(nowNanos, csn, bytes);
            place(nowNanos, csn, placement);
            if (placement == Placement.MISMATCHED) {
                return false;
            }
        }
        lanes.onPacket(nowNanos, index, csn, bytes, false);
        acknowledge(nowNanos, highestBefore);
        return true;
    }

    private int onFrame(long nowNanos, int lane, MemorySegment segment, long at, long end) {
        final int type = WireBytes.u8(segment, at);
        if (type != FrameType.CLOSE && !frames.isLive()) {
            // The connection has ended: its memory is gone, and only the end itself is still talked about.
            return STOP;
        }
        return switch (type) {
            case FrameType.PADDING -> STOP;
            case FrameType.OPERATION -> onOperation(nowNanos, lane, segment, at, end - at);
            case FrameType.DATA -> onData(nowNanos, lane, segment, at, end - at);
            case FrameType.VOID -> onVoid(nowNanos, segment, at, end - at);
            case FrameType.ACK -> onAck(nowNanos, segment, at, end - at);
            case FrameType.PROBE -> onProbe(nowNanos, segment, at, end - at);
            case FrameType.PARITY -> onParity(nowNanos, segment, at, end - at);
            case FrameType.CLOSE -> onClose(nowNanos, segment, at, end - at);
            default -> MALFORMED;
        };
    }

    private int onOperation(long nowNanos, int lane, MemorySegment segment, long at, long available) {
        final int bytes = InboundPieces.operationFrameBytes(segment, at, available);
        if (bytes < 0) {
            return MALFORMED;
        }
        hasChunks = true;
        final long csn = io.longhaul.core.wire.OperationFlyweight.csn(segment, at);
        if (isNew(nowNanos, lane, csn)) {
            place(nowNanos, csn, inbound.onOperation(nowNanos, segment, at));
            placeKept(nowNanos);
            placeEarly(nowNanos);
            repairAround(nowNanos, csn);
        }
        return bytes;
    }

    // DATA frames that came before the description, on other lanes.
    private void placeKept(long nowNanos) {
        OrphanFrames.Frame frame = inbound.nextKept();
        while (frame != null) {
            if (window.status(frame.csn()) == ReceiveWindow.NEW) {
                place(nowNanos, frame.csn(), inbound.onData(nowNanos, frame.segment(), frame.offset()));
            }
            inbound.onKeptDone(frame);
            frame = inbound.nextKept();
        }
    }

    // Chunks that were placed before the description came.
    private void placeEarly(long nowNanos) {
        long csn = inbound.nextEarly();
        while (csn >= 0) {
            if (window.status(csn) == ReceiveWindow.NEW) {
                place(nowNanos, csn, inbound.onPlaced(nowNanos, csn, inbound.earlyBytes()));
            }
            csn = inbound.nextEarly();
        }
    }

    private int onData(long nowNanos, int lane, MemorySegment segment, long at, long available) {
        final int bytes = InboundPieces.dataFrameBytes(segment, at, available);
        if (bytes < 0) {
            return MALFORMED;
        }
        hasChunks = true;
        final long csn = io.longhaul.core.wire.DataFlyweight.csn(segment, at);
        if (isNew(nowNanos, lane, csn)) {
            place(nowNanos, csn, inbound.onData(nowNanos, segment, at));
            repairAround(nowNanos, csn);
        }
        return bytes;
    }

    private int onParity(long nowNanos, MemorySegment segment, long at, long available) {
        final int bytes = ParityReceiver.frameBytes(segment, at, available);
        if (bytes < 0) {
            return MALFORMED;
        }
        hasChunks = true;
        acks.beEager();
        if (!repairs.onParity(nowNanos, segment, at, bytes)) {
            frames.onViolation(nowNanos, repairs.errorText());
            return bytes;
        }
        placeKept(nowNanos);
        placeRepaired(nowNanos);
        return bytes;
    }

    // With one more chunk, the parity that waits may be enough.
    private void repairAround(long nowNanos, long csn) {
        if (repairs.isWaiting()) {
            repairs.onChunk(nowNanos, csn);
            placeRepaired(nowNanos);
        }
    }

    private void placeRepaired(long nowNanos) {
        for (int i = 0; i < repairs.repairedCount(); i++) {
            final long csn = repairs.repairedCsn(i);
            if (window.status(csn) == ReceiveWindow.NEW) {
                place(
                        nowNanos,
                        csn,
                        inbound.onRepaired(nowNanos, csn, repairs.repairedBytes(), repairs.repairedOffset(i)));
            }
        }
        repairs.onPlaced();
    }

    private boolean isNew(long nowNanos, int lane, long csn) {
        final int status = window.status(csn);
        if (status == ReceiveWindow.DUPLICATE) {
            lanes.onDuplicate(lane);
        } else if (status == ReceiveWindow.BEYOND) {
            frames.onViolation(nowNanos, "CSN " + csn + " beyond the credit " + window.creditCsn());
        }
        return status == ReceiveWindow.NEW;
    }

    private void place(long nowNanos, long csn, Placement placement) {
        switch (placement) {
            case RECEIVED -> {
                if (window.mark(csn)) {
                    onCumulative(nowNanos);
                }
                urgent |= window.cumulativeCsn() == window.highestCsn();
            }
            case MISMATCHED -> mismatchedPackets++;
            case PROTOCOL_ERROR -> frames.onViolation(nowNanos, inbound.errorText());
            case PARTIAL, ORPHAN, REFUSED -> {
                // Not received: the sender hears of it as missing, or through a rejection.
            }
        }
    }

    private void onCumulative(long nowNanos) {
        if (inbound.onCumulative(nowNanos, window.cumulativeCsn()) == Placement.PROTOCOL_ERROR) {
            frames.onViolation(nowNanos, inbound.errorText());
        }
    }

    private int onVoid(long nowNanos, MemorySegment segment, long at, long available) {
        if (available < VoidFlyweight.BYTES) {
            return MALFORMED;
        }
        hasChunks = true;
        final long first = VoidFlyweight.firstCsn(segment, at);
        final long count = VoidFlyweight.count(segment, at);
        final int status = window.rangeStatus(first, count);
        if (status == ReceiveWindow.BEYOND) {
            frames.onViolation(nowNanos, "void range " + first + "+" + count + " is outside of the window");
            return VoidFlyweight.BYTES;
        }
        if (status == ReceiveWindow.NEW) {
            inbound.onVoid(first, count, VoidFlyweight.operationId(segment, at));
            if (window.markRange(first, count)) {
                onCumulative(nowNanos);
            }
            urgent = true;
        }
        return VoidFlyweight.BYTES;
    }

    private int onAck(long nowNanos, MemorySegment segment, long at, long available) {
        if (available < AckFlyweight.FIXED_BYTES) {
            return MALFORMED;
        }
        final int bytes = AckFlyweight.bytes(AckFlyweight.lanes(segment, at), AckFlyweight.runBytes(segment, at));
        if (bytes > available) {
            return MALFORMED;
        }
        if (!frames.onAck(nowNanos, segment, at)) {
            frames.onViolation(nowNanos, "an acknowledgement of what was never sent");
        }
        return bytes;
    }

    private int onProbe(long nowNanos, MemorySegment segment, long at, long available) {
        if (available < ProbeFlyweight.BYTES) {
            return MALFORMED;
        }
        final int flags = ProbeFlyweight.flags(segment, at);
        asksSomething |= (flags & ProbeFlyweight.FLAG_REPLY) == 0;
        frames.onProbe(
                nowNanos,
                flags,
                ProbeFlyweight.packetBytes(segment, at),
                ProbeFlyweight.nonce(segment, at),
                ProbeFlyweight.wantedBytes(segment, at));
        return ProbeFlyweight.BYTES;
    }

    private int onClose(long nowNanos, MemorySegment segment, long at, long available) {
        if (available < CloseFlyweight.HEADER_BYTES) {
            return MALFORMED;
        }
        final int reasonBytes = CloseFlyweight.reasonBytes(segment, at);
        if (reasonBytes > CloseFlyweight.MAX_REASON_BYTES || CloseFlyweight.HEADER_BYTES + reasonBytes > available) {
            return MALFORMED;
        }
        frames.onClose(nowNanos, CloseFlyweight.code(segment, at), reason(segment, at, reasonBytes));
        return CloseFlyweight.HEADER_BYTES + reasonBytes;
    }

    private static @Nullable String printable(byte[] utf8) {
        final String text = new String(utf8, StandardCharsets.UTF_8);
        return text.chars().allMatch(c -> c >= ' ' && c != 0x7f && !(c >= 0x200e && c <= 0x202e)) ? text : null;
    }

    private static String reason(MemorySegment segment, long at, int bytes) {
        final byte[] utf8 = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            utf8[i] = (byte) WireBytes.u8(segment, at + CloseFlyweight.HEADER_BYTES + i);
        }
        final String text = printable(utf8);
        return text == null ? "(unprintable reason)" : text;
    }
}
