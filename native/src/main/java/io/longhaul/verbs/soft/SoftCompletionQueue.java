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
package io.longhaul.verbs.soft;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.CompletionStatus;
import io.longhaul.verbs.WorkCompletions;
import io.longhaul.verbs.lifecycle.OpenChildren;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// A ring of completions.
///
/// A completion is written in steps: [#begin], the parts that apply, [#publish]. Before, [#freeSlots()] must have been
/// seen
/// to be positive.
final class SoftCompletionQueue implements CompletionQueue {
    private static final ValueLayout.OfInt BIG_ENDIAN_INT = JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN);

    private final SoftDevice device;
    private final @Nullable SoftCompletionChannel channel;
    private final OpenChildren users = new OpenChildren();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment ring;
    private final int capacity;
    private long head;
    private long tail;
    private long writing;
    private boolean writingError;
    private boolean armed;
    private boolean armedForSolicitedOnly;
    private boolean closed;

    /// Which look of the device at its sockets this queue has seen the fruits of.
    private long seenLook = -1;

    SoftCompletionQueue(SoftDevice device, int entries, @Nullable SoftCompletionChannel channel) {
        this.device = device;
        this.channel = channel;
        capacity = Integer.highestOneBit(Math.max(2, entries) - 1) << 1;
        ring = arena.allocate((long) capacity * WorkCompletions.SLOT_BYTES, 64);
    }

    @Override
    public int capacity() {
        return capacity;
    }

    @Override
    public int poll(WorkCompletions completions, int max) {
        if (head == tail) {
            lookForMore();
        }
        int count = (int) Math.min(tail - head, Math.min(max, completions.capacity()));
        int first = (int) Math.min(count, capacity - (head & capacity - 1));
        MemorySegment.copy(ring, offset(head), completions.segment(), 0, (long) first * WorkCompletions.SLOT_BYTES);
        MemorySegment.copy(
                ring,
                0,
                completions.segment(),
                (long) first * WorkCompletions.SLOT_BYTES,
                (long) (count - first) * WorkCompletions.SLOT_BYTES);
        head += count;
        return count;
    }

    /// Has the device look at its sockets, unless it did so since this queue was last seen empty: whoever polls
    /// several
    /// queues in turn pays for one look.
    private void lookForMore() {
        if (seenLook == device.looks()) {
            device.progress(device.now());
        }
        seenLook = device.looks();
    }

    @Override
    public void requestNotify(boolean solicitedOnly) {
        armedForSolicitedOnly = solicitedOnly && (!armed || armedForSolicitedOnly);
        armed = true;
    }

    SoftDevice device() {
        return device;
    }

    /// How many more completions fit.
    int freeSlots() {
        return (int) (capacity - (tail - head));
    }

    boolean isEmpty() {
        return head == tail;
    }

    /// Starts a completion.
    ///
    /// @param opcode one of the `OPCODE_*` constants of [WorkCompletions]
    SoftCompletionQueue begin(long id, int queuePair, CompletionStatus status, int opcode) {
        writing = offset(tail);
        writingError = status != CompletionStatus.SUCCESS;
        ring.set(JAVA_LONG, writing + WorkCompletions.WR_ID_OFFSET, id);
        ring.set(JAVA_INT, writing + WorkCompletions.STATUS_OFFSET, status.code());
        ring.set(JAVA_INT, writing + WorkCompletions.OPCODE_OFFSET, opcode);
        ring.set(JAVA_INT, writing + WorkCompletions.VENDOR_ERROR_OFFSET, 0);
        ring.set(JAVA_INT, writing + WorkCompletions.BYTE_LENGTH_OFFSET, 0);
        ring.set(JAVA_INT, writing + WorkCompletions.IMMEDIATE_OFFSET, 0);
        ring.set(JAVA_INT, writing + WorkCompletions.QUEUE_PAIR_OFFSET, queuePair);
        ring.set(JAVA_LONG, writing + WorkCompletions.SOURCE_QUEUE_PAIR_OFFSET, 0L);
        return this;
    }

    SoftCompletionQueue vendorError(int error) {
        ring.set(JAVA_INT, writing + WorkCompletions.VENDOR_ERROR_OFFSET, error);
        return this;
    }

    SoftCompletionQueue received(int bytes, int sourceQueuePair, int flags) {
        ring.set(JAVA_INT, writing + WorkCompletions.BYTE_LENGTH_OFFSET, bytes);
        ring.set(JAVA_INT, writing + WorkCompletions.SOURCE_QUEUE_PAIR_OFFSET, sourceQueuePair);
        ring.set(JAVA_INT, writing + WorkCompletions.FLAGS_OFFSET, flags);
        return this;
    }

    SoftCompletionQueue immediate(int immediate) {
        ring.set(BIG_ENDIAN_INT, writing + WorkCompletions.IMMEDIATE_OFFSET, immediate);
        return this;
    }

    /// Makes the completion visible.
    void publish(boolean solicited) {
        tail++;
        if (armed && (!armedForSolicitedOnly || solicited || writingError)) {
            armed = false;
            if (channel != null) {
                channel.raise();
            }
        }
    }

    void addUser(Object user) {
        users.add(user);
    }

    void removeUser(Object user) {
        users.remove(user);
    }

    private long offset(long index) {
        return (index & capacity - 1) * WorkCompletions.SLOT_BYTES;
    }

    @Override
    public void close() {
        if (!closed) {
            users.requireNone(this);
            closed = true;
            if (channel != null) {
                channel.removeUser(this);
            }
            device.forget(this);
            arena.close();
        }
    }

    @Override
    public String toString() {
        return "completion queue of " + capacity + " entries";
    }
}
