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
package io.longhaul.interop;

import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.AddressHandle;
import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.MemoryRegion;
import io.longhaul.verbs.ProtectionDomain;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.ReceiveRequests;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.WorkCompletions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// One end of a pair that exchanges [#MESSAGES] messages at a time; any device.
final class WireEnd implements AutoCloseable {
    /// Messages of one exchange: half of them without, half with immediate data where the operation has both.
    static final int MESSAGES = 4;

    /// Room for one message and what stands before it.
    static final int SLOT_BYTES = 72 << 10;

    private static final int QUEUE_KEY = 0x2468ace;
    private static final int FIRST_PSN = 0xfffffe; // the numbers wrap within the first messages
    private static final int PERIOD = 251;
    private static final byte[] PATTERN = new byte[SLOT_BYTES + PERIOD];

    static {
        new SplittableRandom(PERIOD).nextBytes(PATTERN);
    }

    private static final int ALL_BITS = 0xff;

    private final Arena arena = Arena.ofShared();
    private final QueuePair.Type type;
    private final RdmaDevice device;
    private final InetAddress address;
    private final ProtectionDomain domain;
    private final CompletionQueue queue;
    private final MemoryRegion outgoing;
    private final MemoryRegion incoming;
    private final QueuePair qp;
    private final SendRequests sends = SendRequests.allocate(arena, MESSAGES);
    private final ReceiveRequests receives = ReceiveRequests.allocate(arena, MESSAGES);
    private final WorkCompletions completions = WorkCompletions.allocate(arena, 2 * MESSAGES);
    private @Nullable AddressHandle handle;

    WireEnd(RdmaDevice device, InetAddress address, QueuePair.Type type) {
        this.device = device;
        this.address = address;
        this.type = type;
        domain = device.allocateProtectionDomain();
        queue = device.createCompletionQueue(4 * MESSAGES, null);
        outgoing = domain.registerMemory(arena.allocate((long) MESSAGES * SLOT_BYTES, 4096), 0);
        incoming = domain.registerMemory(
                arena.allocate((long) MESSAGES * SLOT_BYTES, 4096), AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE);
        qp = domain.createQueuePair(QueuePairConfig.of(type, queue, MESSAGES, MESSAGES));
        qp.toInit(AccessFlags.REMOTE_WRITE, QUEUE_KEY);
    }

    /// Makes the queue pair ready for its peer.
    ///
    /// @param vector where the peer is
    void connect(WireEnd peer, AddressVector vector, int pathMtuBytes) {
        if (type == QueuePair.Type.UC) {
            qp.toReadyToReceive(vector, peer.qp.number(), FIRST_PSN, pathMtuBytes);
        } else {
            qp.toReadyToReceive();
            final AddressHandle made = domain.createAddressHandle(vector);
            handle = made;
            for (int i = 0; i < MESSAGES; i++) {
                sends.destination(i, made, peer.qp.number(), QUEUE_KEY);
            }
        }
        qp.toReadyToSend(FIRST_PSN);
    }

    /// Where messages go that are written.
    long slotAddress(int index) {
        return incoming.address() + (long) index * SLOT_BYTES;
    }

    /// Wipes the receive memory and posts a receive for every message.
    void expect(int size) {
        for (int i = 0; i < MESSAGES; i++) {
            incoming.segment()
                    .asSlice((long) i * SLOT_BYTES, (long) size + WorkCompletions.GRH_BYTES + 1)
                    .fill((byte) ALL_BITS);
            receives.buffer(i, incoming, (long) i * SLOT_BYTES, SLOT_BYTES);
        }
        if (qp.postReceive(receives, 0, MESSAGES) != MESSAGES) {
            throw new IllegalStateException("the receive queue took fewer than " + MESSAGES);
        }
    }

    /// Posts all messages with one doorbell; the last is signaled.
    void send(WireEnd peer, boolean write, int size, int seed) {
        for (int i = 0; i < MESSAGES; i++) {
            final long offset = (long) i * SLOT_BYTES;
            fill(outgoing.segment().asSlice(offset, size), seed + i);
            sends.payload(i, outgoing, offset, size)
                    .immediate(i, seed + i)
                    .flags(i, i == MESSAGES - 1 ? SendRequests.SIGNALED : 0);
            if (write) {
                sends.opcode(i, SendRequests.Opcode.WRITE_WITH_IMM)
                        .remoteMemory(i, peer.slotAddress(i), peer.incoming.remoteKey());
            } else {
                sends.opcode(i, withImmediate(i) ? SendRequests.Opcode.SEND_WITH_IMM : SendRequests.Opcode.SEND);
            }
        }
        if (qp.postSend(sends, 0, MESSAGES) != MESSAGES) {
            throw new IllegalStateException("the send queue took fewer than " + MESSAGES);
        }
    }

    /// Takes what has completed.
    int poll() {
        device.progress(System.nanoTime());
        return queue.poll(completions, 2 * MESSAGES);
    }

    WorkCompletions completions() {
        return completions;
    }

    /// What is wrong with an arrived message, or an empty text.
    ///
    /// @param index its place among those sent
    String fault(int completion, WireEnd sender, boolean write, int index, int size, int seed) {
        final int head = type == QueuePair.Type.UD ? WorkCompletions.GRH_BYTES : 0;
        if (completions.id(completion) != index) {
            return "message " + index + " in the place of " + completions.id(completion);
        }
        final int opcode = write ? WorkCompletions.OPCODE_RECEIVE_WRITE_WITH_IMM : WorkCompletions.OPCODE_RECEIVE;
        if (completions.opcode(completion) != opcode || completions.byteLength(completion) != size + head) {
            return "opcode " + completions.opcode(completion) + ", " + completions.byteLength(completion) + " B";
        }
        final boolean immediate = write || withImmediate(index);
        if (completions.hasImmediate(completion) != immediate
                || immediate && completions.immediate(completion) != seed + index) {
            return "immediate " + completions.immediate(completion) + " instead of " + (seed + index);
        }
        final long offset = (long) index * SLOT_BYTES;
        final MemorySegment expected = arena.allocate(Math.max(1, size)).asSlice(0, size);
        fill(expected, seed + index);
        final long differs = expected.mismatch(incoming.segment().asSlice(offset + head, size));
        if (differs >= 0) {
            return "byte " + differs + " differs";
        }
        if (incoming.segment().get(ValueLayout.JAVA_BYTE, offset + head + size) != (byte) ALL_BITS) {
            return "the byte behind the message changed";
        }
        return head == 0 ? "" : routingFault(completion, offset, sender);
    }

    /// The sender as the 40 bytes before a datagram name it.
    private String routingFault(int completion, long offset, WireEnd sender) {
        final byte[] raw = sender.address.getAddress();
        final long at = offset + (sender.address instanceof Inet6Address ? 8 : 32);
        final byte[] source = incoming.segment().asSlice(at, raw.length).toArray(ValueLayout.JAVA_BYTE);
        if (!Arrays.equals(raw, source)) {
            return "GRH with source " + Arrays.toString(source);
        }
        return completions.sourceQueuePair(completion) == sender.qp.number() ? "" : "another source queue pair";
    }

    private static boolean withImmediate(int index) {
        return index >= MESSAGES / 2;
    }

    private static void fill(MemorySegment segment, int seed) {
        MemorySegment.copy(PATTERN, seed % PERIOD, segment, ValueLayout.JAVA_BYTE, 0, (int) segment.byteSize());
    }

    @Override
    public void close() {
        qp.close();
        if (handle != null) {
            handle.close();
        }
        outgoing.close();
        incoming.close();
        queue.close();
        domain.close();
        arena.close();
    }
}
