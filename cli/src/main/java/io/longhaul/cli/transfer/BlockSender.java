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
package io.longhaul.cli.transfer;

import io.longhaul.Connection;
import io.longhaul.ConnectionException;
import io.longhaul.LonghaulException;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.cli.account.SenderAccount;
import io.longhaul.cli.control.ControlMessage;
import io.longhaul.cli.control.ControlMessage.Committed;
import io.longhaul.cli.control.ControlMessage.Credit;
import io.longhaul.cli.control.ControlMessage.Finish;
import io.longhaul.cli.control.ControlMessage.Prefix;
import io.longhaul.cli.control.ControlMessage.Start;
import io.longhaul.cli.control.ControlMessage.Summary;
import io.longhaul.cli.control.ControlMessage.Window;
import io.longhaul.cli.control.Digest;
import io.longhaul.cli.control.Inbox;
import io.longhaul.cli.control.RefusalCode;
import io.longhaul.cli.control.RefusalException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Sends a run of bytes through the peer's slots.
///
/// A local slot is filled from the source, digested, and written to the remote slot of the same block. It is filled
/// again when its write has ended and its digest is computed; the remote slot is written again when the peer has
/// credited it.
///
/// Threading: one thread.
public final class BlockSender {
    /// A slow path may need hours for the slots in flight; a dead peer is found by the connection's idle timeout.
    private static final Duration OPERATION_TIMEOUT = Duration.ofDays(1);

    private static final Duration LOOKUP_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration RETRY = Duration.ofMillis(5);
    private static final Duration QUIET = Duration.ofSeconds(20);
    private static final Duration REASON_TIMEOUT = Duration.ofSeconds(5);
    private static final int MOST_SLOT_BYTES = 256 << 20;

    private final Inbox inbox;
    private final Connection connection;
    private final BlockSource source;
    private final TransferListener listener;
    private final DigestThread digest;
    private final AtomicInteger posted = new AtomicInteger();
    private long creditedBlocks;
    private long postedBlocks;
    private long doneBytes;
    private @Nullable Digest committed;
    private boolean finishing;

    private BlockSender(Inbox inbox, BlockSource source, BlockDigest digest, TransferListener listener) {
        this.inbox = inbox;
        this.source = source;
        this.listener = listener;
        this.digest = new DigestThread(digest);
        connection = inbox.connection();
    }

    private static final class Slot {
        final ByteBuffer bytes;
        final Operation operation;

        @Nullable
        Future<?> digested;

        boolean busy;

        Slot(ByteBuffer bytes, Operation operation) {
            this.bytes = bytes;
            this.operation = operation;
        }
    }

    /// Sends everything and waits until the receiver has put it in its place.
    ///
    /// @param window what the receiver offered
    /// @param sizeBytes length of the whole
    /// @param mostLocalBytes cap of this side's slots
    /// @throws RefusalException when either side refuses
    /// @throws ConnectionException when the connection is lost
    public static TransferReport send(
            Inbox inbox,
            Window window,
            BlockSource source,
            long sizeBytes,
            BlockDigest digest,
            long mostLocalBytes,
            TransferListener listener)
            throws IOException, RefusalException, InterruptedException {
        final BlockSender sender = new BlockSender(inbox, source, digest, listener);
        try {
            return sender.run(window, sizeBytes, mostLocalBytes);
        } finally {
            sender.digest.close();
        }
    }

    private TransferReport run(Window window, long sizeBytes, long mostLocalBytes)
            throws IOException, RefusalException, InterruptedException {
        final RemoteRegion remote = lookUp(window, sizeBytes);
        final long start = agreeOnStart(window.resumeBytes());
        final BlockPlan plan = new BlockPlan(start, sizeBytes, window.slotBytes(), window.slots());
        listener.onStart(start);
        doneBytes = start;
        final long began = System.nanoTime();
        if (plan.blocks() > 0) {
            sendBlocks(plan, remote, mostLocalBytes);
        } else {
            finish();
        }
        while (committed == null) {
            handle(inbox.take());
        }
        final double seconds = (System.nanoTime() - began) / 1e9;
        inbox.send(new Summary(SenderAccount.of(connection.statistics())));
        return new TransferReport(sizeBytes, start, seconds, committed);
    }

    private RemoteRegion lookUp(Window window, long sizeBytes) throws RefusalException, InterruptedException {
        if (window.resumeBytes() > sizeBytes) {
            throw new RefusalException(RefusalCode.BAD_REQUEST, "the peer holds more bytes than there are");
        }
        if (window.region().isEmpty()) {
            if (sizeBytes > window.resumeBytes()) {
                throw new RefusalException(RefusalCode.BAD_REQUEST, "the peer offers no window");
            }
            return new RemoteRegion("", 0, 0, java.util.Set.of());
        }
        if (window.slotBytes() < 1 || window.slotBytes() > MOST_SLOT_BYTES || window.slots() < 1) {
            throw new RefusalException(
                    RefusalCode.BAD_REQUEST,
                    "the peer offers " + window.slots() + " slots of " + window.slotBytes() + " bytes");
        }
        final RemoteRegion region = Regions.lookUp(connection, window.region(), LOOKUP_TIMEOUT);
        if (region.length() < (long) window.slotBytes() * window.slots()) {
            throw new RefusalException(RefusalCode.BAD_REQUEST, "the peer's window is smaller than it says");
        }
        return region;
    }

    private long agreeOnStart(long resumeBytes) throws IOException, RefusalException, InterruptedException {
        long start = 0;
        if (resumeBytes > 0) {
            listener.onPrefix(resumeBytes);
            digest.addPrefix(source::read, resumeBytes);
            final Prefix prefix = inbox.expect(Prefix.class, Duration.ofHours(24));
            if (prefix.digest().equals(digest.value())) {
                start = resumeBytes;
            } else {
                digest.reset();
            }
        }
        inbox.send(new Start(start));
        return start;
    }

    private void sendBlocks(BlockPlan plan, RemoteRegion remote, long mostLocalBytes)
            throws IOException, RefusalException, InterruptedException {
        final int local =
                Math.clamp(Math.min(mostLocalBytes / plan.slotBytes(), plan.blocks()), 1, Math.max(1, plan.slots()));
        final RingMemory memory = new RingMemory(plan.slotBytes(), local);
        try {
            final Slot[] slots = slots(memory, plan, local);
            for (long block = 0; block < plan.blocks(); block++) {
                final Slot slot = slots[(int) (block % local)];
                while (slot.busy || block - creditedBlocks >= plan.slots()) {
                    handle(inbox.take());
                }
                fill(slot, plan, block);
                post(slot, memory, (int) (block % local) * (long) plan.slotBytes(), plan, block, remote);
                drain();
            }
            finish();
            while (posted.get() > 0) {
                handle(inbox.take());
            }
        } finally {
            if (!awaitQuiet()) {
                memory.abandon();
            }
            memory.close();
        }
    }

    private Slot[] slots(RingMemory memory, BlockPlan plan, int count) {
        final Slot[] slots = new Slot[count];
        for (int i = 0; i < count; i++) {
            final Operation operation = new Operation().context(i);
            final Slot slot = new Slot(memory.slot(i, plan.slotBytes()), operation);
            slots[i] = slot;
            operation.onComplete(ended -> {
                posted.decrementAndGet(); // first, so that whoever handles the event sees it
                inbox.onCompleted(ended);
            });
        }
        slotsInUse = slots;
        return slots;
    }

    private Slot[] slotsInUse = {};

    private void fill(Slot slot, BlockPlan plan, long block)
            throws IOException, RefusalException, InterruptedException {
        final Future<?> before = slot.digested;
        if (before != null) {
            DigestThread.await(before);
        }
        slot.bytes.clear().limit(plan.lengthOf(block));
        source.read(plan.offsetOf(block), slot.bytes);
        slot.digested = digest.add(slot.bytes.flip());
    }

    private void post(Slot slot, RingMemory memory, long localOffset, BlockPlan plan, long block, RemoteRegion remote)
            throws RefusalException, InterruptedException {
        slot.operation
                .write(memory.segment(), localOffset, plan.lengthOf(block), remote, plan.slotOffsetOf(block))
                .withImmediate((int) block)
                .timeout(OPERATION_TIMEOUT);
        slot.busy = true;
        posted.incrementAndGet();
        boolean accepted = false;
        try {
            while (!connection.post(slot.operation)) {
                final Inbox.Event event = inbox.take(RETRY);
                if (event != null) {
                    handle(event);
                }
            }
            accepted = true;
        } finally {
            if (!accepted) {
                posted.decrementAndGet();
            }
        }
        postedBlocks = block + 1;
    }

    /// Handles what has happened, without waiting.
    private void drain() throws RefusalException, InterruptedException {
        for (Inbox.Event event = inbox.take(Duration.ZERO); event != null; event = inbox.take(Duration.ZERO)) {
            handle(event);
        }
    }

    private void finish() throws IOException, RefusalException, InterruptedException {
        final Digest value = digest.value();
        source.finish();
        finishing = true;
        inbox.send(new Finish(value));
    }

    private void handle(Inbox.Event event) throws RefusalException, InterruptedException {
        switch (event) {
            case Inbox.Completed(var operation) -> {
                if (operation.status() != OperationStatus.SUCCESS) {
                    throw failure(operation.status());
                }
                slotsInUse[(int) operation.context()].busy = false;
                doneBytes += operation.length();
                listener.onProgress(doneBytes);
            }
            case Inbox.Arrived(Credit(var blocks)) -> {
                if (blocks < creditedBlocks || blocks > postedBlocks) {
                    throw new RefusalException(RefusalCode.BAD_REQUEST, "the peer credited blocks that were not sent");
                }
                creditedBlocks = blocks;
            }
            case Inbox.Arrived(Committed(var value)) when finishing -> committed = value;
            case Inbox.Arrived(ControlMessage other) -> throw Inbox.unexpected(other);
            case Inbox.Placed _ -> throw new RefusalException(RefusalCode.BAD_REQUEST, "the peer wrote unasked");
            default -> throw new IllegalStateException("an inbox never gives out " + event);
        }
    }

    /// Finds out why a write failed. A receiver that gives up revokes its window, and its reason comes a little
    /// later.
    private RefusalException failure(OperationStatus status) throws RefusalException, InterruptedException {
        if (status == OperationStatus.CONNECTION_LOST) {
            throw new ConnectionException(ConnectionException.Reason.PEER_RESET, "the connection was lost");
        }
        if (status == OperationStatus.FLUSHED) {
            throw new ConnectionException(ConnectionException.Reason.LOCALLY_CLOSED, "the connection was closed here");
        }
        final long deadline = System.nanoTime() + REASON_TIMEOUT.toNanos();
        while (System.nanoTime() - deadline < 0) {
            inbox.take(Duration.ofMillis(100)); // throws the reason when it is there
        }
        return new RefusalException(RefusalCode.FAILED, "a write ended with " + status);
    }

    /// Waits until no operation uses the local slots any more. What cannot end is aborted with the connection.
    private boolean awaitQuiet() throws InterruptedException {
        if (awaitQuiet(QUIET)) {
            return true;
        }
        try {
            connection.close(Duration.ZERO);
        } catch (LonghaulException | CompletionException e) {
            return posted.get() == 0;
        }
        return awaitQuiet(QUIET);
    }

    private boolean awaitQuiet(Duration most) throws InterruptedException {
        final long deadline = System.nanoTime() + most.toNanos();
        while (posted.get() > 0) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            java.util.concurrent.locks.LockSupport.parkNanos(200_000);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
        return true;
    }
}
