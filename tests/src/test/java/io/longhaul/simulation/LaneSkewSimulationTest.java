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
package io.longhaul.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Lanes of different length: frames overtake the description of their piece on another lane.
@Timeout(60)
class LaneSkewSimulationTest {
    private static final long RATE = 2_000_000_000L;
    private static final long BYTES = 256L << 20;

    /// Three lanes of four are longer, so that what travels on the last one is there before any description. Frames
    /// that came first were once kept only until the first description that nothing had overtaken: 301 packets of
    /// this
    /// run were sent again, and 95 to 400 of a GiB over sockets, which are read one after the other.
    @Test
    void framesThatOvertakeTheirDescriptionAreNotSentAgain() {
        final Duration extra = Duration.ofMillis(1);
        final WireConfig.Builder link = WireConfig.builder()
                .delay(Duration.ofMillis(10))
                .rateBitsPerSecond(RATE)
                .lanes(List.of(
                        new WireConfig.Lane(0, extra, 0, WireConfig.Lane.NEVER),
                        new WireConfig.Lane(1, extra, 0, WireConfig.Lane.NEVER),
                        new WireConfig.Lane(2, extra, 0, WireConfig.Lane.NEVER)));
        final Bulk bulk = Bulk.write(new Pair.Settings().lanes(4).link(link).rateHint(RATE), 0.020, BYTES);
        // A few packets of the start are taken for lost until the reordering is known.
        assertTrue(bulk.statistics().retransmittedBytes() < BYTES / 1000, () -> bulk.describe(RATE));
        assertTrue(bulk.completionRatio(RATE) < 1.03, () -> bulk.describe(RATE));
    }
}
