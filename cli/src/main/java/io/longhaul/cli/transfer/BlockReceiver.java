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

import io.longhaul.ExposedRegion;
import io.longhaul.Grant;
import io.longhaul.Right;
import io.longhaul.cli.control.ControlMessage;
import io.longhaul.cli.control.ControlMessage.Committed;
import io.longhaul.cli.control.ControlMessage.Credit;
import io.longhaul.cli.control.ControlMessage.Finish;
import io.longhaul.cli.control.ControlMessage.Prefix;
import io.longhaul.cli.control.ControlMessage.Start;
import io.longhaul.cli.control.ControlMessage.Window;
import io.longhaul.cli.control.Digest;
import io.longhaul.cli.control.Inbox;
import io.longhaul.cli.control.RefusalCode;
import io.longhaul.cli.control.RefusalException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/// Receives a run of bytes through a ring of slots that it exposes to the peer.
///
/// Threading: one thread.
public final class BlockReceiver {
    /// Region names must differ within an endpoint.
    private static final AtomicLong REGIONS = new AtomicLong();

    /// The sender digests its prefix before it starts.
    private static final Duration START_TIMEOUT = Duration.ofHours(24);

    private final Inbox inbox;
    private final BlockSink sink;
    private final TransferListener listener;
    private final DigestThread digest;

    private BlockReceiver(Inbox inbox, BlockSink sink, BlockDigest digest, TransferListener listener) {
        this.inbox = inbox;
        this.sink = sink;
        this.listener = listener;
        this.digest = new DigestThread(digest);
    }

    /// Offers a window, receives everything, compares the digests, and has the sink put the whole in its place.
    ///
    /// @param sizeBytes length of the whole
    /// @param windowBytes memory for slots
    /// @throws RefusalException when either side refuses
    /// @throws io.longhaul.ConnectionException when the connection is lost
    public static TransferReport receive(
            Inbox inbox,
            BlockSink sink,
            long sizeBytes,
            long windowBytes,
            BlockDigest digest,
            TransferListener listener)
            throws IOException, RefusalException, InterruptedException {
        final BlockReceiver receiver = new BlockReceiver(inbox, sink, digest, listener);
        try {
            return receiver.run(sizeBytes, windowBytes);
        } finally {
            receiver.digest.close();
        }
    }

    private TransferReport run(long sizeBytes, long windowBytes)
            throws IOException, RefusalException, InterruptedException {
        final long began = System.nanoTime();
        final long resumeBytes = sink.resumeBytes();
        final long start;
        final Digest value;
        if (sizeBytes == 0) {
            inbox.send(new Window("", 0, 0, 0));
            start = agreeOnStart(0);
            value = await(Finish.class).digest();
        } else {
            // The sender may refuse the prefix: the ring is made for the whole.
            final WindowSize window = WindowSize.of(windowBytes, sizeBytes);
            final String name = "longhaul.window." + REGIONS.incrementAndGet();
            try (RingMemory memory = new RingMemory(window.slotBytes(), window.slots());
                    ExposedRegion _ = inbox.connection().expose(name, memory.segment(), Grant.of(Right.WRITE))) {
                inbox.send(new Window(name, window.slotBytes(), window.slots(), resumeBytes));
                start = agreeOnStart(resumeBytes);
                value = receiveBlocks(new BlockPlan(start, sizeBytes, window.slotBytes(), window.slots()), memory);
            }
        }
        commit(value);
        return new TransferReport(sizeBytes, start, (System.nanoTime() - began) / 1e9, value);
    }

    private long agreeOnStart(long resumeBytes) throws IOException, RefusalException, InterruptedException {
        if (resumeBytes > 0) {
            listener.onPrefix(resumeBytes);
            digest.addPrefix(sink::readBack, resumeBytes);
            inbox.send(new Prefix(digest.value()));
        }
        final long start = inbox.expect(Start.class, START_TIMEOUT).offset();
        if (start != 0 && start != resumeBytes) {
            throw new RefusalException(RefusalCode.BAD_REQUEST, "the peer starts at a place that nobody holds");
        }
        if (start != resumeBytes) {
            digest.reset();
            sink.restart();
        }
        listener.onStart(start);
        return start;
    }

    private Digest receiveBlocks(BlockPlan plan, RingMemory memory)
            throws IOException, RefusalException, InterruptedException {
        Digest finish = null;
        long block = 0;
        while (block < plan.blocks() || finish == null) {
            switch (inbox.take()) {
                case Inbox.Placed(var immediate, var lengthBytes) -> {
                    if (block >= plan.blocks() || immediate != (int) block || lengthBytes != plan.lengthOf(block)) {
                        throw new RefusalException(
                                RefusalCode.BAD_REQUEST, "the peer wrote another block than " + block);
                    }
                    store(plan, memory, block);
                    block++;
                    inbox.send(new Credit(block));
                    listener.onProgress(plan.offsetOf(block - 1) + plan.lengthOf(block - 1));
                }
                case Inbox.Arrived(Finish(var value)) -> finish = value;
                case Inbox.Arrived(ControlMessage other) -> throw Inbox.unexpected(other);
                case Inbox.Completed _ -> {}
                case Inbox.Event other -> throw new IllegalStateException("an inbox never gives out " + other);
            }
        }
        return finish;
    }

    private void store(BlockPlan plan, RingMemory memory, long block)
            throws IOException, RefusalException, InterruptedException {
        final ByteBuffer bytes = memory.slot((int) (block % plan.slots()), plan.lengthOf(block));
        final Future<?> digested = digest.add(bytes);
        try {
            sink.write(plan.offsetOf(block), bytes);
        } finally {
            DigestThread.await(digested);
        }
    }

    private <T extends ControlMessage> T await(Class<T> type) throws RefusalException, InterruptedException {
        return inbox.expect(type, START_TIMEOUT);
    }

    private void commit(Digest expected) throws IOException, RefusalException, InterruptedException {
        final Digest own = digest.value();
        if (!own.equals(expected)) {
            sink.discard();
            throw new RefusalException(
                    RefusalCode.DIGEST_MISMATCH,
                    "the received bytes have the digest " + own + ", the sent ones "
                            + expected
                            + ": nothing was put in place; repeat the command, and check both disks if it happens again");
        }
        sink.commit();
        inbox.send(new Committed(own));
    }
}
