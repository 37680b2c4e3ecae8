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

import io.longhaul.FecPolicy;
import io.longhaul.OperationStatus;
import io.longhaul.core.wire.DataFlyweight;
import io.longhaul.core.wire.OperationFlyweight;
import io.longhaul.core.wire.OperationKind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The receiving half of an engine, with a peer made of frames and with notes instead of a sending half.
final class Inbound implements Responses, PendingRequests {
    /// What a peer describes in its frames.
    static final class Described {
        int kind;
        int flags;
        long operationId;
        long firstCsn;
        int shortChunkBytes = 100;
        int fullChunkBytes = 150;
        byte[] bytes = {};
        long length = -1;
        long[] arguments = {};

        long length() {
            return length < 0 ? bytes.length : length;
        }

        int chunks() {
            return OperationFlyweight.chunkCount(length(), shortChunkBytes, fullChunkBytes);
        }
    }

    /// A read of ours.
    record Read(MemorySegment target, long offset, long length, long[] placed) {}

    final EngineConfig config;
    final EventQueue events = new EventQueue();
    final ExposedRegions shared = new ExposedRegions();
    final RegionTable regions;
    final ReceiveMemory memory;
    final MessageAssembler messages;
    final StreamTable streams;
    final InboundPieces pieces;
    final ReceiveWindow window;
    final MemorySegment packet = Arena.ofAuto().allocate(66_000);
    final List<String> notes = new ArrayList<>();
    final Map<Long, Read> reads = new HashMap<>();
    final List<RegionTable.Lease> leases = new ArrayList<>();
    private long nextKey = 1000;
    private long nextCsn;
    long now = 1;

    Inbound() {
        this(false, 1 << 20, 64 * 1024, 16);
    }

    Inbound(boolean client, long maxMemoryBytes, long messageCreditBytes, int maxStreams) {
        config = new EngineConfig(
                client,
                1,
                2,
                1,
                1400,
                1200,
                64,
                10_000_000,
                0,
                30_000_000_000L,
                1_000_000_000L,
                5_000_000_000L,
                maxMemoryBytes,
                messageCreditBytes,
                64 * 1024,
                1024,
                1 << 20,
                1000,
                4,
                maxStreams,
                new EngineConfig.PeerLimits(1 << 20, 1 << 20, 64 * 1024, 1024, 4),
                FecConfig.of(FecPolicy.OFF),
                1);
        regions = new RegionTable(() -> nextKey++, shared);
        memory = new ReceiveMemory(maxMemoryBytes);
        messages = new MessageAssembler(config, memory, events, 0);
        streams = new StreamTable(config, memory, events, this);
        pieces = new InboundPieces(config, regions, messages, streams, this, this, events);
        window = new ReceiveWindow(config.windowChunks(), config.maxWindowChunks());
    }

    /// A piece with the next CSNs.
    Described piece(int kind, long operationId, byte[] bytes, long... arguments) {
        final Described piece = new Described();
        piece.kind = kind;
        piece.operationId = operationId;
        piece.bytes = bytes;
        piece.arguments = arguments;
        piece.firstCsn = nextCsn;
        nextCsn += piece.chunks();
        return piece;
    }

    Placement sendChunk(Described piece, int index) {
        final int bytes =
                OperationFlyweight.chunkBytes(index, piece.length(), piece.shortChunkBytes, piece.fullChunkBytes);
        return sendPart(piece, index, 0, bytes);
    }

    Placement sendPart(Described piece, int index, int partOffset, int bytes) {
        return index < OperationFlyweight.SHORT_CHUNKS
                ? operation(piece, index, partOffset, bytes)
                : data(piece, index, partOffset, bytes);
    }

    Placement operation(Described piece, int index, int partOffset, int bytes) {
        OperationFlyweight.putSegment(
                packet, 3, piece.kind, piece.flags, piece.operationId, piece.length(), piece.shortChunkBytes);
        OperationFlyweight.putChunk(packet, 3, piece.firstCsn + index, index, partOffset, bytes, piece.fullChunkBytes);
        for (int i = 0; i < piece.arguments.length; i++) {
            OperationFlyweight.putArgument(packet, 3, i, piece.arguments[i]);
        }
        copy(piece, index, partOffset, bytes, 3 + OperationFlyweight.headerBytes(piece.kind));
        return take(piece.firstCsn + index, true);
    }

    private Placement data(Described piece, int index, int partOffset, int bytes) {
        final long csn = piece.firstCsn + index;
        if (partOffset > 0) {
            DataFlyweight.putPart(packet, 3, csn, partOffset, bytes);
            copy(piece, index, partOffset, bytes, 3 + DataFlyweight.PART_HEADER_BYTES);
        } else {
            DataFlyweight.put(packet, 3, csn, bytes);
            copy(piece, index, partOffset, bytes, 3 + DataFlyweight.HEADER_BYTES);
        }
        return take(csn, false);
    }

    private void copy(Described piece, int index, int partOffset, int bytes, long to) {
        final int from =
                partOffset + (int) OperationFlyweight.chunkOffset(index, piece.shortChunkBytes, piece.fullChunkBytes);
        if (from + bytes <= piece.bytes.length) {
            MemorySegment.copy(MemorySegment.ofArray(piece.bytes), from, packet, to, bytes);
        }
    }

    /// What the wiring does with a frame; null for a duplicate.
    @Nullable
    Placement takeOrNull(long csn, boolean operation) {
        if (window.status(csn) != ReceiveWindow.NEW) {
            return null;
        }
        final Placement placement = operation ? pieces.onOperation(now, packet, 3) : pieces.onData(now, packet, 3);
        if (placement == Placement.RECEIVED && window.mark(csn)) {
            return pieces.onCumulative(now, window.cumulativeCsn());
        }
        return placement;
    }

    private Placement take(long csn, boolean operation) {
        final Placement placement = takeOrNull(csn, operation);
        return placement == null ? Placement.RECEIVED : placement;
    }

    /// Places the frames that came before the description taken last, as the wiring does.
    ///
    /// @return their CSNs
    List<Long> takeKept() {
        final List<Long> taken = new ArrayList<>();
        OrphanFrames.Frame frame = pieces.nextKept();
        while (frame != null) {
            taken.add(frame.csn());
            if (pieces.onData(now, frame.segment(), frame.offset()) == Placement.RECEIVED && window.mark(frame.csn())) {
                pieces.onCumulative(now, window.cumulativeCsn());
            }
            pieces.onKeptDone(frame);
            frame = pieces.nextKept();
        }
        return taken;
    }

    Placement sendAll(Described piece) {
        Placement last = Placement.RECEIVED;
        for (int i = 0; i < piece.chunks(); i++) {
            last = sendChunk(piece, i);
        }
        return last;
    }

    void voidAll(Described piece) {
        pieces.onVoid(piece.firstCsn, piece.chunks(), piece.operationId);
        if (window.markRange(piece.firstCsn, piece.chunks())) {
            pieces.onCumulative(now, window.cumulativeCsn());
        }
    }

    Described write(long operationId, long key, long offset, byte[] bytes) {
        return piece(OperationKind.WRITE, operationId, bytes, key, offset);
    }

    Described message(long operationId, byte[] bytes, long offset, long length) {
        return piece(OperationKind.SEND, operationId, bytes, offset, length);
    }

    static byte[] bytes(int length, int seed) {
        final byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (31 * i + seed + (i >> 8));
        }
        return bytes;
    }

    long key(String name) {
        final RegionTable.Granted granted = regions.lookup(now, name);
        if (granted == null) {
            throw new AssertionError(name);
        }
        return granted.key;
    }

    @Nullable
    EngineEvent poll(EngineEvent.Type type) {
        EngineEvent event = events.poll();
        while (event != null && event.type() != type) {
            event = events.poll();
        }
        return event;
    }

    @Override
    public void reject(long operationId, OperationStatus status) {
        notes.add("reject " + operationId + " " + status);
    }

    @Override
    public void readResponse(
            long requestId, MemorySegment source, long offset, long lengthBytes, RegionTable.Lease lease) {
        notes.add("read " + requestId + " " + offset + "+" + lengthBytes);
        leases.add(lease);
    }

    @Override
    public void atomicResponse(long requestId, long oldValue) {
        notes.add("atomic " + requestId + " " + oldValue);
    }

    @Override
    public void lookupAnswer(long requestId, long key, long lengthBytes, int rights) {
        notes.add("lookup " + requestId + " " + lengthBytes + " " + rights);
    }

    @Override
    public void streamCredit(int streamId, long limitBytes) {
        notes.add("credit " + streamId + " " + limitBytes);
    }

    @Override
    public void streamStop(int streamId) {
        notes.add("stop " + streamId);
    }

    @Override
    public @Nullable MemorySegment readTarget(long requestId) {
        final Read read = reads.get(requestId);
        return read == null ? null : read.target();
    }

    @Override
    public long readTargetOffset(long requestId) {
        final Read read = reads.get(requestId);
        return read == null ? 0 : read.offset();
    }

    @Override
    public long readLength(long requestId) {
        final Read read = reads.get(requestId);
        return read == null ? 0 : read.length();
    }

    @Override
    public void onReadPlaced(long requestId, long bytes) {
        notes.add("placed " + requestId + " " + bytes);
    }

    @Override
    public void onAtomicResult(long requestId, long oldValue) {
        notes.add("result " + requestId + " " + oldValue);
    }

    @Override
    public void onLookupAnswer(long requestId, long key, long lengthBytes, int rights) {
        notes.add("answer " + requestId + " " + key + " " + lengthBytes + " " + rights);
    }

    @Override
    public void onReject(long operationId, OperationStatus status) {
        notes.add("rejected " + operationId + " " + status);
    }
}
