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

/// Where packets go that a queue pair has made: to a socket at once, or onto an emulated wire first.
///
/// Threading: the owner thread of the data path.
interface Egress {
    /// Takes packets.
    ///
    /// @param lane the index of the socket
    /// @return how many packets from the first on are done with; why not more is told by [#outcome()]
    int send(PacketBatch batch, int lane, SoftAddressHandle destination);

    /// What stopped the last [#send] before the end.
    DatagramBurst.Outcome outcome();

    /// Sends on what is due.
    ///
    /// @return how many packets
    int release(long nowNanos);

    /// When [#release] next has something to do; [Long#MAX_VALUE] when nothing is waiting.
    long nextNanos();
}
