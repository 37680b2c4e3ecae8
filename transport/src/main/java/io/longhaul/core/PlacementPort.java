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

/// What direct placement needs of a device: unreliable connections to the peer, and memory that the peer may write.
///
/// Threading: the agent that owns the connection.
public interface PlacementPort {
    /// Returned by {@link #register} when memory cannot be registered.
    int NONE = -1;

    /// Lanes on which chunks can be placed, 1..64; the same number at both ends.
    int lanes();

    /// Largest chunk that one packet carries between the two devices, bytes.
    int maxChunkBytes();

    /// What the layers below add to a chunk (IP, UDP, BTH, RETH, ImmDt, ICRC), bytes.
    int lowerHeaderBytes();

    /// Lets the peer write memory, under a key that was not in use lately.
    ///
    /// @param memory memory of the application, which stays alive until {@link #invalidate}
    /// @return a handle, or {@link #NONE} when the device refuses
    int register(MemorySegment memory);

    /// Address at which the peer sees registered memory.
    long address(int handle);

    /// Key under which the peer may write it.
    int key(int handle);

    /// Ends it: when this returns, no packet, however late, can change the memory any more.
    ///
    /// Does not throw: a device that will not end the key is cut off from the peer.
    void invalidate(int handle);
}
