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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.sim.Pair;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Named paths in virtual time: completion time, efficiency, and what was sent twice. All figures are simulated.
@Timeout(120)
class NamedPathSimulationTest {
    private static final long MIB = 1 << 20;

    private static Bulk run(NamedPath path, long bytes) {
        final Bulk bulk = Bulk.write(new Pair.Settings().link(path.link()), path.rttSeconds(), bytes);
        System.out.println(bulk.describe(path.rateBitsPerSecond()));
        return bulk;
    }

    private static void atLeast(double efficiency, NamedPath path, Bulk bulk) {
        assertTrue(
                bulk.efficiency(path.rateBitsPerSecond()) >= efficiency,
                () -> efficiency + " wanted: " + bulk.describe(path.rateBitsPerSecond()));
    }

    @Test
    void metro() {
        final NamedPath path = NamedPath.metro();
        atLeast(0.97, path, run(path, 512 * MIB));
    }

    @Test
    void twoThousandKilometres() {
        final NamedPath path = NamedPath.twoThousandKilometres();
        atLeast(0.95, path, run(path, 1024 * MIB));
    }

    @Test
    void tenThousandKilometres() {
        final NamedPath path = NamedPath.tenThousandKilometres();
        atLeast(0.85, path, run(path, 1024 * MIB));
    }

    @Test
    void satellite() {
        final NamedPath path = NamedPath.satellite();
        atLeast(0.75, path, run(path, 128 * MIB));
    }

    @Test
    @Tag("fault-1")
    void lossy() {
        final NamedPath path = NamedPath.lossy();
        final Bulk bulk = run(path, 512 * MIB);
        atLeast(0.94, path, bulk);
        assertTrue(bulk.retransmittedShare() < 0.02, () -> bulk.describe(path.rateBitsPerSecond()));
    }

    @Test
    @Tag("fault-2")
    void bursty() {
        final NamedPath path = NamedPath.bursty();
        final Bulk bulk = run(path, 512 * MIB);
        atLeast(0.94, path, bulk);
        assertTrue(bulk.retransmittedShare() < 0.015, () -> bulk.describe(path.rateBitsPerSecond()));
    }

    @Test
    @Tag("fault-8")
    void reorderingIsNotLoss() {
        final NamedPath path = NamedPath.reordering();
        final Bulk bulk = run(path, 512 * MIB);
        atLeast(0.95, path, bulk);
        assertTrue(bulk.statistics().spuriousPackets() < 100, () -> bulk.describe(path.rateBitsPerSecond()));
    }

    @Test
    @Tag("fault-4")
    void blackHoleCostsItsOwnTimeAndLittleMore() {
        final NamedPath path = NamedPath.blackHole();
        final Bulk bulk = run(path, 512 * MIB);
        final double idealSeconds = 512 * MIB * 8 / bulk.statistics().payloadShare() / path.rateBitsPerSecond();
        assertTrue(
                bulk.seconds() < idealSeconds + 1.0 + 0.75,
                () -> "ideal " + idealSeconds + " s: " + bulk.describe(path.rateBitsPerSecond()));
    }

    @Test
    void equalSeedsGiveEqualRuns() {
        final NamedPath path = NamedPath.bursty();
        assertEquals(
                run(path, 64 * MIB).seconds(), run(NamedPath.bursty(), 64 * MIB).seconds());
    }
}
