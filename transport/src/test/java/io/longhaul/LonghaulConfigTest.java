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

import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.CongestionController;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.congestion.bbr.BbrFactory;
import io.longhaul.verbs.soft.WireConfig;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class LonghaulConfigTest {
    private static String refusal(UnaryOperator<LonghaulConfig.Builder> change) {
        final LonghaulConfig.Builder builder = change.apply(LonghaulConfig.builder());
        return String.valueOf(
                assertThrows(ConfigurationException.class, builder::build).getMessage());
    }

    @Test
    void defaultsAreValid() {
        final LonghaulConfig config = LonghaulConfig.defaults();
        assertEquals("bbr", config.congestionController());
        assertEquals(4, config.lanes());
        assertEquals(Duration.ofSeconds(10), config.idleTimeout());
        assertTrue(config.maxMemoryBytes() <= 1L << 30);
    }

    @Test
    void aBuilderOfAConfigurationRepeatsIt() {
        final LonghaulConfig config = LonghaulConfig.builder()
                .lanes(2)
                .dscp(46)
                .wire(WireConfig.builder().build())
                .creditBytes(8192)
                .build();
        assertEquals(config, config.toBuilder().build());
    }

    @Test
    void aRefusalNamesTheSettingAndItsRange() {
        assertTrue(refusal(b -> b.lanes(0)).contains("lanes=0 is out of range: 1..64"));
        assertTrue(refusal(b -> b.dscp(64)).contains("dscp=64"));
        assertTrue(refusal(b -> b.maxPacketBytes(100)).contains("maxPacketBytes=100"));
        assertTrue(refusal(b -> b.windowChunks(1000)).contains("windowChunks=1000 is out of range: a power of two"));
        assertTrue(refusal(b -> b.congestionController("vegas")).contains("congestionController=vegas"));
        assertTrue(refusal(b -> b.operationTimeout(Duration.ZERO)).contains("operationTimeout"));
        assertTrue(refusal(b -> b.device(" ")).contains("device"));
    }

    @Test
    void creditBeyondTheMemoryNamesBoth() {
        final String text = refusal(b -> b.maxMemoryBytes(1 << 20).creditBytes(1 << 21));
        assertTrue(text.contains("creditBytes=2097152") && text.contains("maxMemoryBytes=1048576"), text);
    }

    @Test
    void aWindowBeyondItsCapIsRefused() {
        assertTrue(
                refusal(b -> b.windowChunks(1 << 12).maxWindowChunks(1 << 11)).contains("maxWindowChunks=2048"));
    }

    @Test
    void keepAliveIsAtMostAThirdOfTheIdleTimeout() {
        final String text = refusal(b -> b.idleTimeout(Duration.ofSeconds(3)).keepAlive(Duration.ofSeconds(2)));
        assertTrue(text.contains("keepAlive=PT2S") && text.contains("idleTimeout=PT3S"), text);
    }

    @Test
    void theReservedControllerNeedsARate() {
        assertTrue(refusal(b -> b.congestionController("reserved")).contains("rateHintBitsPerSecond"));
        LonghaulConfig.builder()
                .congestionController("reserved")
                .rateHintBitsPerSecond(1_000_000_000L)
                .build();
    }

    @Test
    void aWireNeedsTheSoftwareDevice() {
        assertTrue(refusal(b -> b.device("mlx5_0").wire(WireConfig.builder().build()))
                .contains("wire"));
    }

    @Test
    void aControllerOfTheCallersOwnIsChosenByItsFactory() {
        final CongestionControllerFactory own = new CongestionControllerFactory() {
            @Override
            public CongestionController create(CongestionConfig config) {
                return new BbrFactory().create(config);
            }

            @Override
            public String name() {
                return "own";
            }
        };
        final LonghaulConfig config =
                LonghaulConfig.builder().congestionController(own).build();
        assertEquals("own", config.congestionController());
    }

    @Test
    void aPathSizesCreditAndWindow() {
        final PathProfile path = PathProfile.of(2_000_000_000L, Duration.ofMillis(20), 0.001);
        final LonghaulConfig config =
                LonghaulConfig.builder().maxMemoryBytes(1 << 26).path(path).build();
        assertEquals(path.creditBytes(), config.creditBytes());
        assertEquals(2_000_000_000L, config.rateHintBitsPerSecond());
    }

    @Test
    void aPathThatNeedsMoreMemoryThanAllowedIsRefused() {
        final PathProfile path = PathProfile.of(100_000_000_000L, Duration.ofMillis(100), 0);
        final String text = refusal(b -> b.maxMemoryBytes(1 << 30).path(path));
        assertTrue(
                text.contains("creditBytes=" + path.creditBytes()) && text.contains("maxMemoryBytes=1073741824"), text);
    }

    @Test
    void takesEveryControllerThatThereIs() {
        for (final String name : java.util.List.of("bbr", "reserved", "cubic", "delay", "scavenger")) {
            assertEquals(
                    name,
                    LonghaulConfig.builder()
                            .insecure(true)
                            .congestionController(name)
                            .rateHintBitsPerSecond(1_000_000_000L)
                            .build()
                            .congestionController());
        }
    }
}
