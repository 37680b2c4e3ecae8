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
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.longhaul.cli.control.RefusalException;
import io.longhaul.cli.perf.PerfPlan;
import io.longhaul.cli.quantity.QuantityException;
import io.longhaul.verbs.soft.WireConfig;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmulationTest {
    @Test
    void readsEveryPart() {
        final WireConfig wire = Emulation.parse("rate=2gbit,delay=10ms,loss=0.1%,burst=8,jitter=1ms,reorder=1%:2ms,"
                        + "duplicate=0.5%,corrupt=1e-4,queue=4MiB,ecn=1MiB,mtu=1500,seed=7")
                .wire();
        assertEquals(2_000_000_000L, wire.rateBitsPerSecond());
        assertEquals(Duration.ofMillis(10), wire.delay());
        assertEquals(WireConfig.GilbertElliott.of(0.001, 8), wire.burst());
        assertEquals(0, wire.lossFraction());
        assertEquals(Duration.ofMillis(1), wire.jitter());
        assertEquals(0.01, wire.reorderFraction());
        assertEquals(Duration.ofMillis(2), wire.reorderDelay());
        assertEquals(0.005, wire.duplicateFraction());
        assertEquals(1e-4, wire.corruptFraction());
        assertEquals(4 << 20, wire.queueBytes());
        assertEquals(1 << 20, wire.ecnThresholdBytes());
        assertEquals(1500, wire.mtuBytes());
        assertEquals(7, wire.seed());
    }

    @Test
    void lossWithoutBurstIsIndependent() {
        assertEquals(0.001, Emulation.parse("loss=0.1%").wire().lossFraction());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "delay",
                "=5ms",
                "delay=",
                "delay=5",
                "rate=2gbit,",
                "delay=1ms,delay=1ms",
                "speed=1",
                "burst=0",
                "mtu=10",
                "seed=-1",
                "seed=99999999999999999999",
                "reorder=1%",
                "reorder=1%:0ms",
                "queue=1MiB,ecn=2MiB,rate=1gbit",
                "loss=101%"
            })
    void refusesWhatDoesNotFit(String text) {
        assertThrows(QuantityException.class, () -> Emulation.parse(text));
    }

    @Test
    void depthsFollowSizeAndPath() {
        assertEquals(50, PerfPlan.depthFor(1 << 20, 10_000_000_000L, 20_000_000));
        assertEquals(50, PerfPlan.depthFor(1 << 20, 0, 20_000_000));
        assertEquals(4, PerfPlan.depthFor(1 << 30, 0, 1_000_000));
        assertEquals(1024, PerfPlan.depthFor(8, 0, 20_000_000));
    }

    @Test
    void sessionsShareTheMemory() throws RefusalException {
        final MemoryBudget budget = new MemoryBudget(1000);
        try (MemoryBudget.Share first = budget.take(600, 10);
                MemoryBudget.Share second = budget.take(100, 10)) {
            assertEquals(500, first.bytes());
            assertEquals(100, second.bytes());
            try (MemoryBudget.Share third = budget.take(1000, 300)) {
                assertEquals(300, third.bytes());
                assertThrows(RefusalException.class, () -> budget.take(1000, 300));
            }
        }
        assertEquals(500, budget.take(Long.MAX_VALUE, 10).bytes());
    }
}
