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
package io.longhaul.sim;

/// What one direction of a path does to each packet. Pure: time and packets go in, decisions come out.
///
/// After {@link #offer} the other methods tell about that packet, until the next is offered.
public interface Route {
    /// Offers a packet.
    ///
    /// @param nowNanos when it is sent; never before the previous one
    /// @param ipBytes length of the IP packet
    /// @param lane its lane
    /// @param ecnCapable whether it may be marked
    /// @return how many copies arrive: 0, 1 or 2
    int offer(long nowNanos, int ipBytes, int lane, boolean ecnCapable);

    /// When a copy arrives.
    ///
    /// @param copy 0 or 1
    long deliveryNanos(int copy);

    /// Whether the packet was marked Congestion Experienced.
    boolean isMarked();

    /// Which bit is flipped, or -1 for none.
    ///
    /// @param bits how many bits there are
    int corruptBit(int bits);
}
