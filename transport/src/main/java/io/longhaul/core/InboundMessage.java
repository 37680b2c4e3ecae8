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

import io.longhaul.core.ReceiveMemory.Block;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// A received message in the connection's receive memory.
///
/// Threading: any thread may read and release it, one at a time.
public final class InboundMessage {
    private final MessageAssembler assembler;
    private final AtomicBoolean delivered = new AtomicBoolean();

    long operationId;
    long length;

    /// Changes with every use of this object, so that a stale reference is recognised.
    long sequence;

    /// Bytes whose pieces the cumulative CSN has passed.
    long passedBytes;

    // Where the bytes are; owned by MessageMemory.
    MemorySegment memory = MemorySegment.NULL;
    long memoryOffset;

    @Nullable
    Block block;

    MessageMemory.@Nullable Page page;
    MessageMemory.@Nullable Single single;

    /// Next in the list of released messages.
    @Nullable
    InboundMessage nextReleased;

    InboundMessage(MessageAssembler assembler) {
        this.assembler = assembler;
    }

    /// What the message counts against credit, bytes.
    long charge() {
        return Math.max(length, MessageAssembler.MIN_CHARGE_BYTES);
    }

    void markDelivered() {
        delivered.set(true);
    }

    /// The bytes, read-only, valid until {@link #release}.
    public MemorySegment segment() {
        return memory.asSlice(memoryOffset, length).asReadOnly();
    }

    /// Length in bytes.
    public long length() {
        return length;
    }

    /// Gives the memory back. The agent takes it, and with it the credit, in its next duty cycle. The object is
    /// used again for
    /// another message: call this once, and touch neither the message nor its segment afterwards.
    public void release() {
        if (delivered.compareAndSet(true, false)) {
            assembler.onReleased(this);
        }
    }
}
