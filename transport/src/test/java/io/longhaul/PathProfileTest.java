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
package io.longhaul;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PathProfileTest {
    @Test
    void derivesTheWorkedExample() {
        final PathProfile path = PathProfile.of(100_000_000_000L, Duration.ofMillis(100), 0);
        assertEquals(1_250_000_000L, path.bandwidthDelayBytes());
        assertEquals(2_812_500_000L, path.creditBytes());
        assertEquals(524_288, path.windowChunks());
        assertEquals(250_000_000L, path.receiveQueueBytes());
        assertEquals(Duration.ofMillis(400), path.silentPathProbe());
    }

    @Test
    void lossAsksForMoreCredit() {
        final Duration rtt = Duration.ofMillis(20);
        assertTrue(PathProfile.of(10_000_000_000L, rtt, 0.1).creditBytes()
                > PathProfile.of(10_000_000_000L, rtt, 0).creditBytes());
    }

    @Test
    void shortPathsKeepUsefulMinima() {
        final PathProfile path = PathProfile.of(1_000_000, Duration.ofNanos(50_000), 0);
        assertEquals(1 << 20, path.creditBytes());
        assertEquals(1 << 10, path.windowChunks());
        assertEquals(Duration.ofMillis(100), path.silentPathProbe());
    }

    @Test
    void explainsEachValue() {
        final String text =
                PathProfile.of(2_000_000_000L, Duration.ofMillis(20), 0.001).explain();
        assertTrue(text.contains("5,000,000 bytes") && text.contains("windowChunks"), text);
    }

    @Test
    void refusesWhatCannotBe() {
        assertThrows(ConfigurationException.class, () -> PathProfile.of(0, Duration.ofMillis(1), 0));
        assertThrows(ConfigurationException.class, () -> PathProfile.of(1, Duration.ZERO, 0));
        assertThrows(ConfigurationException.class, () -> PathProfile.of(1, Duration.ofMillis(1), 1));
        assertThrows(ConfigurationException.class, () -> PathProfile.of(1, Duration.ofMillis(1), Double.NaN));
    }
}
