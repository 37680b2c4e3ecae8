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

import java.lang.foreign.MemorySegment;

/// Where {@link ConnectionEngine#pollTransmit} puts a packet; reused by the caller.
public final class Transmit {
    private MemorySegment segment = MemorySegment.NULL;
    private long offset;
    private int capacity;
    int lane;
    int length;

    /// Creates a transmit without a buffer.
    public Transmit() {}

    /// Sets the buffer for the next packet.
    ///
    /// @param buffer memory of the packet
    /// @param bufferOffset where the packet starts
    /// @param capacityBytes room for it, at least the engine's largest packet
    public void buffer(MemorySegment buffer, long bufferOffset, int capacityBytes) {
        segment = buffer;
        offset = bufferOffset;
        capacity = capacityBytes;
    }

    /// Memory of the packet.
    public MemorySegment segment() {
        return segment;
    }

    /// Where the packet starts.
    public long offset() {
        return offset;
    }

    /// Room for the packet, bytes.
    public int capacity() {
        return capacity;
    }

    /// Lane to send on.
    public int lane() {
        return lane;
    }

    /// Length of the packet, bytes.
    public int length() {
        return length;
    }
}
