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
package io.longhaul.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.verbs.soft.WireConfig;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PathRouteTest {
    private static Line line() {
        return new Line(new Line.Settings(
                List.of(new Line.RateStep(0, 8_000_000_000L)), 1 << 20, 0, null, Line.ETHERNET_BYTES, 1));
    }

    private static WireConfig wire() {
        return WireConfig.builder().build();
    }

    @Test
    void aShorterRouteLetsPacketsOvertake() {
        final PathRoute route = new PathRoute(
                line(),
                new PathRoute.Settings(
                        wire(),
                        List.of(new PathRoute.DelayStep(0, 1_000_000), new PathRoute.DelayStep(10_000, 100_000)),
                        null,
                        null));
        assertEquals(1, route.offer(0, 962, 0, true));
        assertEquals(1_001_000, route.deliveryNanos(0));
        assertEquals(1, route.offer(10_000, 962, 0, true));
        assertEquals(111_000, route.deliveryNanos(0));
    }

    @Test
    void aPolicerLetsItsRateThrough() {
        final PathRoute route = new PathRoute(
                line(),
                new PathRoute.Settings(
                        wire(),
                        List.of(new PathRoute.DelayStep(0, 0)),
                        new PathRoute.Policer(800_000_000L, 10_000),
                        null));
        int passed = 0;
        for (int i = 0; i < 10_000; i++) {
            // 1000 bytes each 2 us are 4 Gb/s; a fifth may pass, and the burst.
            passed += route.offer(i * 2_000L, 1_000, 0, true);
        }
        assertEquals(2_010, passed, 3);
        assertEquals(10_000 - passed, route.lostPackets());
    }

    @Test
    void replaysLossesAndStartsAgain() {
        final LossTrace trace = LossTrace.parse("3 1 # three arrive, one is lost\n1 2");
        final PathRoute route = new PathRoute(
                line(), new PathRoute.Settings(wire(), List.of(new PathRoute.DelayStep(0, 0)), null, trace));
        final StringBuilder seen = new StringBuilder();
        for (int i = 0; i < 14; i++) {
            seen.append(route.offer(i * 10_000L, 100, 0, true));
        }
        assertEquals("11101001110100", seen.toString());
        assertEquals(3.0 / 7, trace.lossFraction());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1", "1 2 3", "x 1", "-1 2", "0 5", "1.5 2"})
    void refusesWhatIsNoTrace(String text) {
        final String message = String.valueOf(assertThrows(IllegalArgumentException.class, () -> LossTrace.parse(text))
                .getMessage());
        assertTrue(message.length() > 10, message);
    }
}
