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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

    /// Lanes that keep their order, jitter: dense packets are all late, none shows the round trip of the idle path,
    /// and
    /// the lateness is no queue.
    @ParameterizedTest(name = "draw {0}")
    @ValueSource(ints = {85, 612})
    void jitterIsNoQueueToAReservedRate(int number) {
        assertEquals(
                List.of(), new SimulationDraws(1).run(number, 1, text -> {}).faults());
    }

    /// Round ends that always came shortly after a queue was judged were not counted, and the path never became
    /// longer.
    @Test
    void aPathTwiceAsLongIsNotTakenForAQueueForever() {
        assertEquals(List.of(), new SimulationDraws(1).run(670, 1, text -> {}).faults());
    }

    /// Bursts of 13 among 22 packets of a round trip reach over two rounds: that is not yet loss that lasts.
    @Test
    void aBurstThatReachesIntoTheNextRoundDoesNotHalveTheRate() {
        assertEquals(List.of(), new SimulationDraws(1).run(760, 1, text -> {}).faults());
    }

    /// 22 Gb/s in packets of 1,500 bytes over 11 ms: a quantum of the pacer was longer than the burst that its
    /// bucket
    /// held, and what did not fit was lost at every wait.
    @Test
    void aPacerLosesNothingWhileItWaits() {
        assertEquals(List.of(), new SimulationDraws(1).run(947, 1, text -> {}).faults());
    }

    /// Packets of one ordered lane that are all 2 ms late: quick probes, each ended at once by that delay, began
    /// the
    /// rounds anew that tell that it is the path's.
    @Test
    void aDelayThatStandsIsNotProbedInto() {
        assertEquals(List.of(), new SimulationDraws(1).run(495, 1, text -> {}).faults());
    }
}
