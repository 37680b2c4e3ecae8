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

/// A pretended long link between a software device and the network: packets wait in it for as long as they would
/// travel, and
/// then cross a real socket. What happens to each is decided by a [LinkModel], configured by [WireConfig].
///
/// It works on what the device sends. For a link in both directions, both devices have one.
///
/// Threading: any thread, except where a method says otherwise.
public final class EmulatedWire {
    private final WireEgress egress;

    EmulatedWire(WireEgress egress) {
        this.egress = egress;
    }

    /// What the wire did so far.
    public LinkCounters counters() {
        return egress.model().counters();
    }

    /// From now on everything that leaves through a source port is lost.
    ///
    /// @param lane the index of the source port
    public void killLane(int lane) {
        egress.model().killLane(lane);
    }

    /// Undoes [#killLane].
    public void reviveLane(int lane) {
        egress.model().reviveLane(lane);
    }

    /// How many packets are on the wire. The owner thread of the data path.
    public int packetsInFlight() {
        return egress.packetsInFlight();
    }
}
