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

import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.CompletionStatus;
import io.longhaul.verbs.ReceiveRequests;
import io.longhaul.verbs.WorkCompletions;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Writes into the oldest posted receive of a queue pair, across its one or two buffers, and completes it.
///
/// Threading: the owner thread of the data path.
final class ReceiveWriter {
    private final SoftDevice device;
    private @Nullable SoftMemoryRegion firstRegion;
    private long firstOffset;
    private int firstBytes;
    private @Nullable SoftMemoryRegion secondRegion;
    private long secondOffset;
    private int secondBytes;

    ReceiveWriter(SoftDevice device) {
        this.device = device;
    }

    /// Looks at the oldest receive; there must be one.
    ///
    /// @return false when one of its buffers may not be written
    boolean open(SoftQueuePair qp) {
        WorkQueue queue = qp.receiveQueue();
        long slot = queue.slot(queue.head());
        int sges = Math.clamp(queue.sgeCount(slot), 0, ReceiveRequests.MAX_SGES);
        firstBytes = sges > 0 ? Math.max(0, queue.sgeLength(slot, 0)) : 0;
        secondBytes = sges > 1 ? Math.max(0, queue.sgeLength(slot, 1)) : 0;
        SoftMemoryRegion region0 = firstBytes == 0 ? null : writable(qp, slot, 0, firstBytes);
        SoftMemoryRegion region1 = secondBytes == 0 ? null : writable(qp, slot, 1, secondBytes);
        firstRegion = region0;
        firstOffset = region0 == null ? 0 : queue.sgeAddress(slot, 0) - region0.address();
        secondRegion = region1;
        secondOffset = region1 == null ? 0 : queue.sgeAddress(slot, 1) - region1.address();
        return (firstBytes == 0 || region0 != null) && (secondBytes == 0 || region1 != null);
    }

    /// How many bytes the receive holds.
    long capacity() {
        return (long) firstBytes + secondBytes;
    }

    /// Writes a part of the message; it must fit.
    ///
    /// @return false when the application closed the memory under its region: the receive is to {@link #fail}
    boolean write(long messageOffset, MemorySegment source, long sourceOffset, int bytes) {
        int toFirst = (int) Math.max(0, Math.min(bytes, firstBytes - messageOffset));
        try {
            SoftMemoryRegion region = firstRegion;
            if (toFirst != 0 && region != null) {
                MemorySegment.copy(source, sourceOffset, region.segment(), firstOffset + messageOffset, toFirst);
            }
            region = secondRegion;
            if (toFirst < bytes && region != null) {
                long at = secondOffset + messageOffset + toFirst - firstBytes;
                MemorySegment.copy(source, sourceOffset + toFirst, region.segment(), at, bytes - toFirst);
            }
            return true;
        } catch (IllegalStateException | WrongThreadException e) {
            return false;
        }
    }

    /// Uses up the oldest receive and starts its completion, which the caller publishes.
    SoftCompletionQueue complete(SoftQueuePair qp, int opcode) {
        long id = take(qp);
        return qp.receiveCompletionQueue().begin(id, qp.number(), CompletionStatus.SUCCESS, opcode);
    }

    /// Completes the oldest receive with a protection error, after which the queue pair is in state ERR.
    void fail(SoftQueuePair qp) {
        long id = take(qp);
        qp.receiveCompletionQueue()
                .begin(id, qp.number(), CompletionStatus.LOCAL_PROTECTION_ERROR, WorkCompletions.OPCODE_RECEIVE)
                .publish(true);
        qp.toError();
    }

    private static long take(SoftQueuePair qp) {
        WorkQueue queue = qp.receiveQueue();
        long id = queue.id(queue.slot(queue.head()));
        queue.removeUntil(queue.head() + 1);
        return id;
    }

    private @Nullable SoftMemoryRegion writable(SoftQueuePair qp, long slot, int sge, int bytes) {
        WorkQueue queue = qp.receiveQueue();
        SoftMemoryRegion region = device.regionsByLocalKey().get(queue.sgeKey(slot, sge));
        boolean allowed = region != null
                && region.domain() == qp.domain()
                && region.allows(AccessFlags.LOCAL_WRITE)
                && region.contains(queue.sgeAddress(slot, sge), bytes);
        return allowed ? region : null;
    }
}
