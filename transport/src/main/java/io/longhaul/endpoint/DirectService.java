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

import io.longhaul.ConnectionException.Reason;
import io.longhaul.verbs.WorkCompletions;
import java.lang.foreign.Arena;
import java.util.ArrayList;

/// The connections of an agent that own queue pairs for direct placement.
///
/// Threading: belongs to one agent.
final class DirectService {
    private static final int COMPLETIONS_PER_POLL = 32;
    private static final int ROUNDS = 16;

    private final EngineAgent agent;
    private final WorkCompletions completions;
    private final ArrayList<ConnectionDriver> drivers = new ArrayList<>();

    DirectService(EngineAgent agent, Arena arena) {
        this.agent = agent;
        completions = WorkCompletions.allocate(arena, COMPLETIONS_PER_POLL);
    }

    void add(ConnectionDriver driver) {
        if (driver.direct() != null) {
            drivers.add(driver);
        }
    }

    /// Lets go of a connection whose engine has ended.
    void remove(ConnectionDriver driver) {
        final DirectLanes lanes = driver.direct();
        if (lanes != null && drivers.remove(driver)) {
            lanes.close();
        }
    }

    /// Takes completions of all connections.
    ///
    /// @return how many
    int poll() {
        int count = 0;
        for (int i = 0; i < drivers.size(); i++) {
            count += poll(drivers.get(i));
        }
        return count;
    }

    private int poll(ConnectionDriver driver) {
        final DirectLanes lanes = driver.direct();
        int count = 0;
        int polled = COMPLETIONS_PER_POLL;
        for (int round = 0; round < ROUNDS && lanes != null && polled == COMPLETIONS_PER_POLL; round++) {
            polled = lanes.poll(completions, agent, driver.directSink());
            lanes.postReceives();
            count += polled;
        }
        if (count > 0) {
            agent.markReady(driver);
        }
        if (lanes != null && lanes.isDead()) {
            driver.lose(Reason.DEVICE_FAILED, "all queue pairs of the connection failed; connect again");
        }
        return count;
    }

    void requestNotify(boolean wantsRoom) {
        for (int i = 0; i < drivers.size(); i++) {
            final DirectLanes lanes = drivers.get(i).direct();
            if (lanes != null) {
                lanes.requestNotify(wantsRoom);
            }
        }
    }

    void postSends() {
        for (int i = 0; i < drivers.size(); i++) {
            final DirectLanes lanes = drivers.get(i).direct();
            if (lanes != null) {
                lanes.postSends();
            }
        }
    }
}
