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

import java.util.ArrayDeque;
import java.util.List;

/// Address handles of connections that have ended: closed once the sends that name them have completed.
///
/// Threading: belongs to one agent.
final class RetiredHandles {
    /// Handles of one connection, and the positions up to which sends must have completed.
    private static final class Batch {
        final RemoteLane[] remotes; // [lane]
        final long[] positions; // [lane]

        Batch(int lanes) {
            remotes = new RemoteLane[lanes];
            positions = new long[lanes];
        }
    }

    private final List<DataLane> lanes;
    private final ArrayDeque<Batch> batches = new ArrayDeque<>();

    RetiredHandles(List<DataLane> lanes) {
        this.lanes = lanes;
    }

    void add(ConnectionDriver driver) {
        final Batch batch = new Batch(driver.laneCount());
        for (int i = 0; i < batch.positions.length; i++) {
            batch.remotes[i] = driver.remote(i);
            batch.positions[i] = lanes.get(i).nextPosition();
        }
        batches.add(batch);
    }

    /// True while handles wait for sends.
    boolean isWaiting() {
        return !batches.isEmpty();
    }

    void closeCompleted() {
        while (!batches.isEmpty() && isCompleted(batches.element())) {
            close(batches.remove());
        }
    }

    private boolean isCompleted(Batch batch) {
        for (int i = 0; i < batch.positions.length; i++) {
            if (!lanes.get(i).hasCompleted(batch.positions[i])) {
                return false;
            }
        }
        return true;
    }

    private static void close(Batch batch) {
        for (final RemoteLane remote : batch.remotes) {
            remote.handle().close();
        }
    }

    /// Closes all, after the last send.
    void closeAll() {
        while (!batches.isEmpty()) {
            close(batches.remove());
        }
    }
}
