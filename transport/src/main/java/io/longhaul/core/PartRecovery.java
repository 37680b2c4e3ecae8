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

/// What acknowledgements say about packets that carry a part of a chunk: the path has become narrower than the chunk.
///
/// The receiver acknowledges a chunk when all of its parts have arrived, so the parts are judged together, by the last
/// of them; and once the chunk has arrived, each of them has.
final class PartRecovery {
    private static final long NONE = -1;

    private final SendWindow window;
    private final Flow flow;
    private long unfinishedCsn = NONE;

    PartRecovery(SendWindow window, Flow flow) {
        this.window = window;
        this.flow = flow;
    }

    /// Some parts of this chunk were sent and others were not; -1 for none.
    void unfinished(long csn) {
        unfinishedCsn = csn;
    }

    /// Takes a packet in flight that the peer's reports have passed.
    ///
    /// @param newest newest packet number of the lane that was reported
    /// @return false when the packet is to be judged like any other
    boolean settles(SendLane lane, long packetNumber, long newest, long nowNanos) {
        if (!lane.history.isPart(packetNumber)) {
            return false;
        }
        final long csn = lane.history.firstCsn(packetNumber);
        if (window.isAcked(csn)) {
            flow.onPacketAcked(lane, packetNumber, nowNanos);
            return true;
        }
        if (window.state(csn) == SendWindow.LOST || window.lane(csn) != lane.index) {
            // The chunk travels again, or will, and one packet of it was counted as lost.
            flow.onPacketOvertaken(lane, packetNumber);
            return true;
        }
        return csn == unfinishedCsn || newest < window.packetNumber(csn);
    }
}
