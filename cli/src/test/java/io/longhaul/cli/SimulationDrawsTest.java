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
package io.longhaul.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Draws that once found a fault.
@Timeout(120)
class SimulationDrawsTest {
    /// The rate falls to a seventh, the queue overruns, and all descriptions of many pieces are lost: what the
    /// receiver
    /// might hold filled the congestion window, and nothing but probes could be sent again.
    @Test
    void aWindowFullOfChunksWithoutDescriptionsIsNoStandstill() {
        assertEquals(List.of(), new SimulationDraws(1).run(31, 1, text -> {}).faults());
    }
}
