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
package io.longhaul.cli.pingpong;

import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.AddressHandle;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionChannel;
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.PortAttributes;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.ReceiveRequests;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.WorkCompletions;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/// One end: a queue pair, one buffer in which every message arrives and from which every message leaves, and what
/// belongs
/// to
/// them. A message that is answered is therefore the message that came.
///
/// Threading: one thread.
final class PingpongEnd implements AutoCloseable {
    /// The key that the programs of rdma-core give to their UD queue pairs.
    private static final int QUEUE_KEY = 0x11111111;

    private static final int BATCH = 16;
    private static final int PSN_BITS = 24;
    private static final int ROCE_HAS_NO_LID = 0;
    private static final int PAGE_BYTES = 4096;
    private static final int PRIME = 251;

    /// How long one look at the device sleeps at most, so that a lost message is noticed.
    private static final long LONGEST_SLEEP_NANOS = 100_000_000;

    private final PingpongPlan plan;
    private final Arena arena = Arena.ofShared();
    private final ProtectionDomain domain;
    private final @Nullable CompletionChannel channel;
    private final CompletionQueue queue;
    private final MemoryRegion region;
    private final QueuePair qp;
    private final SendRequests send = SendRequests.allocate(arena, 1);
    private final ReceiveRequests receives = ReceiveRequests.allocate(arena, BATCH);
    private final WorkCompletions completions = WorkCompletions.allocate(arena, BATCH);
    private final int headBytes;
    private final Contact own;
    private @Nullable AddressHandle handle;
    private int postedReceives;

    PingpongEnd(PingpongPlan plan, RdmaDevice device, PortAttributes.Gid gid) {
        this.plan = plan;
        final boolean datagrams = plan.type() == QueuePair.Type.UD;
        headBytes = datagrams ? WorkCompletions.GRH_BYTES : 0;
        domain = device.allocateProtectionDomain();
        channel = plan.sleeps() ? device.createCompletionChannel() : null;
        queue = device.createCompletionQueue(plan.receiveDepth() + 1, channel);
        region = domain.registerMemory(
                arena.allocate((long) plan.sizeBytes() + headBytes, PAGE_BYTES), AccessFlags.LOCAL_WRITE);
        qp = domain.createQueuePair(QueuePairConfig.of(plan.type(), queue, 1, plan.receiveDepth()));
        qp.toInit(0, QUEUE_KEY);
        send.flags(0, SendRequests.SIGNALED).payload(0, region, headBytes, plan.sizeBytes());
        for (int i = 0; i < BATCH; i++) {
            receives.buffer(i, region, 0, plan.sizeBytes() + headBytes);
        }
        fillReceives();
        final int psn = new SecureRandom().nextInt(1 << PSN_BITS);
        own = new Contact(ROCE_HAS_NO_LID, qp.number(), psn, gid.address());
    }

    /// Where this end is.
    Contact contact() {
        return own;
    }

    /// Makes the queue pair ready for a peer.
    void connect(Contact peer) throws IOException {
        if (!peer.hasGid()) {
            throw new IOException("the peer named no GID: start it with -g and the index of its RoCEv2 GID");
        }
        if (peer.gid() instanceof Inet6Address != own.gid() instanceof Inet6Address) {
            throw new IOException("the peer's GID is " + peer.gid().getHostAddress() + ", this end's "
                    + own.gid().getHostAddress()
                    + ": both must be IPv4 or both IPv6; choose with --gid-index, or -g there");
        }
        if (peer.gid().isLinkLocalAddress()) {
            throw new IOException("the peer's GID " + peer.gid().getHostAddress()
                    + " is link-local: start it with -g and the index of a GID that others can reach");
        }
        final AddressVector vector =
                AddressVector.of(peer.gid(), AddressVector.ROCE_UDP_PORT).withTrafficClass(0);
        if (plan.type() == QueuePair.Type.UC) {
            qp.toReadyToReceive(vector, peer.queuePair(), peer.psn(), plan.pathMtuBytes());
        } else {
            qp.toReadyToReceive();
            final AddressHandle made = domain.createAddressHandle(vector);
            handle = made;
            send.destination(0, made, peer.queuePair(), QUEUE_KEY);
        }
        qp.toReadyToSend(own.psn());
    }

    /// Keeps the receive queue full.
    void fillReceives() {
        while (postedReceives < plan.receiveDepth()) {
            final int wanted = Math.min(BATCH, plan.receiveDepth() - postedReceives);
            final int posted = qp.postReceive(receives, 0, wanted);
            postedReceives += posted;
            if (posted < wanted) {
                return;
            }
        }
    }

    /// Sends what the buffer holds.
    void send() throws IOException {
        if (qp.postSend(send, 0, 1) != 1) {
            throw new IOException("the send queue is full although nothing is outstanding");
        }
    }

    /// Waits for completions for a short while.
    ///
    /// @return how many [#completions()] there are, 0 and more
    int poll() {
        int count = queue.poll(completions, BATCH);
        final CompletionChannel sleeper = channel;
        if (count == 0 && sleeper != null) {
            queue.requestNotify(false);
            count = queue.poll(completions, BATCH);
            if (count == 0) {
                sleeper.await(LONGEST_SLEEP_NANOS);
            }
        }
        return count;
    }

    /// What the last [#poll()] found.
    WorkCompletions completions() {
        return completions;
    }

    /// Notes that a receive was used up.
    void onReceived() {
        postedReceives--;
    }

    /// The length of the message in a completion of a receive.
    int messageBytes(int completion) {
        return completions.byteLength(completion) - headBytes;
    }

    /// Fills the buffer with a message that differs from those before and after it. The first byte of every page is
    /// 0, as
    /// the
    /// peer's option -c expects it.
    void fill(int message) {
        for (int i = 0; i < plan.sizeBytes(); i++) {
            region.segment().set(ValueLayout.JAVA_BYTE, (long) headBytes + i, pattern(message, i));
        }
    }

    /// Whether the buffer holds what [#fill] put there.
    boolean holds(int message) {
        for (int i = 0; i < plan.sizeBytes(); i++) {
            if (region.segment().get(ValueLayout.JAVA_BYTE, (long) headBytes + i) != pattern(message, i)) {
                return false;
            }
        }
        return true;
    }

    private static byte pattern(int message, int index) {
        return (byte) (index % PAGE_BYTES == 0 ? 0 : (message * 31 + index) % PRIME);
    }

    @Override
    public void close() {
        qp.close();
        if (handle != null) {
            handle.close();
        }
        region.close();
        queue.close();
        if (channel != null) {
            channel.close();
        }
        domain.close();
        arena.close();
    }
}
