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

/// Chooses the lane of the next packet: a burst on one lane, then the next live one.
final class LaneScheduler {
    /// Bytes that stay on a lane before the next takes over: one burst of segmentation offload.
    private static final int BURST_BYTES = 64 * 1024;

    private final SendLane[] lanes;
    private final boolean probed;
    private int current;
    private int burst;

    /// @param probed a silent lane is probed, so that it can be left at once; otherwise it is left when it is dead
    LaneScheduler(SendLane[] lanes, boolean probed) {
        this.lanes = lanes;
        this.probed = probed;
    }

    /// Lane for the next packet with data.
    SendLane next(int bytes) {
        if (burst >= BURST_BYTES * lanes[current].weight / LaneWeights.FULL || isLeft(lanes[current])) {
            current = following(current);
            burst = 0;
        }
        burst += bytes;
        return lanes[current];
    }

    /// A live lane other than the given one, where there is one.
    SendLane other(int index) {
        return lanes[following(index)];
    }

    /// That lane again, or another where it is dead.
    SendLane same(int index) {
        return index < lanes.length && !isLeft(lanes[index]) ? lanes[index] : other(index);
    }

    /// True when there is more than one live lane.
    boolean hasOther() {
        return lanes.length > 1 && following(current) != current;
    }

    private boolean isLeft(SendLane lane) {
        return probed ? lane.isSilent() : lane.dead;
    }

    // The next lane that speaks; without one, the next that is not dead.
    private int following(int index) {
        int living = index;
        for (int i = lanes.length; i > 0; i--) {
            living = lanes[(index + i) % lanes.length].dead ? living : (index + i) % lanes.length;
        }
        for (int i = 1; i <= lanes.length; i++) {
            final int candidate = (index + i) % lanes.length;
            if (!isLeft(lanes[candidate])) {
                return candidate;
            }
        }
        return living;
    }
}
