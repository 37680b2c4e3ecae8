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

import io.longhaul.congestion.reserved.ReservedFactory;
import io.longhaul.core.EngineStream;
import io.longhaul.sim.Pair;
import io.longhaul.verbs.soft.WireConfig;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// One byte stream whose writer and reader never wait: its receive window must become what the path needs, holes that
/// are being repaired included; in virtual time.
@Timeout(120)
class StreamSimulationTest {
    private static final long SECOND = 1_000_000_000L;

    private final ByteBuffer block = ByteBuffer.allocateDirect(1 << 20);
    private long read;

    @ParameterizedTest
    @CsvSource({"100, 0.001", "100, 0.01", "10, 0.01"})
    void fillsThePathWhateverIsLost(int rttMillis, double loss) {
        final long rate = SECOND;
        final WireConfig.Builder link = WireConfig.builder()
                .delay(Duration.ofMillis(rttMillis).dividedBy(2))
                .rateBitsPerSecond(rate)
                .lossFraction(loss);
        try (Pair pair = new Pair(new Pair.Settings()
                        .seed(7)
                        .lanes(4)
                        .link(link)
                        .rateHint(rate)
                        .congestion(new ReservedFactory()))
                .establish()) {
            final EngineStream out = Objects.requireNonNull(pair.client.engine.openStream());
            pump(pair, out, 2 * SECOND);
            final long before = read;
            pump(pair, out, SECOND);
            final double efficiency =
                    (read - before) * 8.0 / rate / pair.statistics(pair.client).payloadShare();
            final double least = (loss >= 0.01 ? 0.96 : 0.985) * (1 - loss);
            assertTrue(efficiency >= least, () -> "efficiency " + efficiency + ": " + pair.statistics(pair.client));
        }
    }

    private void pump(Pair pair, EngineStream out, long nanos) {
        final long end = pair.nowNanos() + nanos;
        while (pair.nowNanos() < end) {
            block.clear();
            if (out.write(block) > 0) {
                pair.client.engine.onStreamTouched(pair.nowNanos(), out);
            }
            if (!pair.server.streams.isEmpty()) {
                final EngineStream in = pair.server.streams.getFirst();
                block.clear();
                final int count = in.read(block);
                if (count > 0) {
                    read += count;
                    pair.server.engine.onStreamTouched(pair.nowNanos(), in);
                }
            }
            pair.runFor(200_000);
        }
    }
}
