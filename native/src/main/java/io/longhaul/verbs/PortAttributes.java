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
package io.longhaul.verbs;

import java.net.InetAddress;
import java.util.List;

/// State, sizes and addresses of a device's port, after `ibv_query_port`.
///
/// @param state whether packets can flow
/// @param mtuBytes the MTU of the IP path as far as the device knows it: of the network interface, headers included
/// @param maxPayloadBytes most payload of one UD packet with immediate that the local link carries; a path may carry
/// less
/// @param gids the addresses of the port, the preferred one first
public record PortAttributes(State state, int mtuBytes, int maxPayloadBytes, List<Gid> gids) {

    /// Makes an unchangeable copy of the list.
    public PortAttributes {
        gids = List.copyOf(gids);
    }

    /// The state of a port.
    public enum State {
        /// There is no link.
        DOWN,
        /// There is a link, but packets cannot flow yet.
        INITIALIZING,
        /// Packets can flow.
        ACTIVE
    }

    /// One entry of the port's address table.
    ///
    /// @param index its place in the table (`sgid_index`)
    /// @param address the IP address that the entry stands for
    /// @param routable true for RoCEv2, the only kind that crosses routers
    public record Gid(int index, InetAddress address, boolean routable) {}
}
