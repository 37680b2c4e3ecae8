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
package io.longhaul.endpoint;

import io.longhaul.verbs.AddressHandle;
import java.lang.foreign.MemorySegment;

/// The far end of a lane of one connection.
///
/// @param handle where its packets go
/// @param queuePair number of the far queue pair
/// @param queueKey key that the far queue pair wants
/// @param address where it is
record RemoteLane(AddressHandle handle, int queuePair, int queueKey, PeerAddress address) {
    /// True when a datagram was sent by the far queue pair of this lane, from where it is.
    ///
    /// @param source number of the queue pair that sent it
    boolean isSource(int source, MemorySegment segment, long grhOffset) {
        return source == queuePair && address.isSource(segment, grhOffset);
    }
}
