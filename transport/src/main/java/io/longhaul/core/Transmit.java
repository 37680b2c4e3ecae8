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
    private boolean placed;
    private long remoteAddress;
    private int remoteKey;
    private int immediate;

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
        placed = false;
    }

    /// Says that the buffer holds a chunk to be placed, not a packet.
    void placed(int placementLane, int bytes, long toAddress, int toKey, int withImmediate) {
        lane = placementLane;
        length = bytes;
        placed = true;
        remoteAddress = toAddress;
        remoteKey = toKey;
        immediate = withImmediate;
    }

    /// True when the bytes are to be sent by RDMA WRITE WITH IMMEDIATE on placement lane {@link #lane}, false when
    /// they
    /// are a packet for SEND.
    public boolean isPlaced() {
        return placed;
    }

    /// Where a placed chunk goes.
    public long remoteAddress() {
        return remoteAddress;
    }

    /// Under which key.
    public int remoteKey() {
        return remoteKey;
    }

    /// Its immediate.
    public int immediate() {
        return immediate;
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
