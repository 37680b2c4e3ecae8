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
package io.longhaul.sim.model;

import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.CongestionController;
import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.congestion.cubic.CubicFactory;
import io.longhaul.sim.Route;
import io.longhaul.sim.Timeline;
import java.util.List;

/// The models by name.
public final class Schemes {
    private static final List<String> NAMES =
            List.of("gbn", "gbn-rxe", "sr", "sr-tlp", "rs-32-8", "rs-8-2", "cubic", "bbr3");
    /// IP, UDP, BTH, RETH and ICRC of an RDMA WRITE.
    private static final int RDMA_HEADER_BYTES = 20 + 8 + 12 + 16 + 4;
    /// IP and TCP with timestamps.
    private static final int TCP_HEADER_BYTES = 20 + 32;
    /// Timeout of selective repeat, round trips: what software over unreliable connections takes.
    //= SDR-RDMA, SC 2025 §4
    private static final double SR_TIMEOUT_ROUND_TRIPS = 3;

    private static final long MIN_TCP_WINDOW_BYTES = 16L << 20;
    private static final int TCP_WINDOW_BDPS = 4;

    private Schemes() {}

    /// Names of the models.
    public static List<String> names() {
        return NAMES;
    }

    /// Path of a model.
    ///
    /// @param there route of the data
    /// @param home route of the acknowledgements
    /// @param rateBitsPerSecond of the line
    /// @param rttNanos without queues
    /// @param mtuBytes largest IP packet
    /// @param seed of what a model draws
    public record Path(Route there, Route home, long rateBitsPerSecond, long rttNanos, int mtuBytes, long seed) {
        private PacketModel.Settings rdma() {
            final int payload = Math.min(4096, Integer.highestOneBit(mtuBytes - RDMA_HEADER_BYTES));
            return new PacketModel.Settings(there, home, rateBitsPerSecond, rttNanos, payload, RDMA_HEADER_BYTES);
        }

        private PacketModel.Settings tcp() {
            return new PacketModel.Settings(
                    there, home, rateBitsPerSecond, rttNanos, mtuBytes - TCP_HEADER_BYTES, TCP_HEADER_BYTES);
        }
    }

    /// Makes a model and has it join the timeline.
    ///
    /// @throws IllegalArgumentException when there is no model of that name
    public static PacketModel create(String name, Path path, Timeline timeline) {
        final double bdpBytes = path.rateBitsPerSecond() / 8e9 * path.rttNanos();
        final long window = Math.max(MIN_TCP_WINDOW_BYTES, (long) (TCP_WINDOW_BDPS * bdpBytes));
        return switch (name) {
            case "gbn" -> new GoBackN(path.rdma(), timeline, Long.MAX_VALUE);
            case "gbn-rxe" -> new GoBackN(path.rdma(), timeline, GoBackN.RXE_PACKETS);
            case "sr" -> new SelectiveRepeat(path.rdma(), timeline, SR_TIMEOUT_ROUND_TRIPS);
            case "sr-tlp" -> new SelectiveRepeat(path.rdma(), timeline, 0);
            case "rs-32-8" -> new BlockCode(path.rdma(), timeline, 32, 8);
            case "rs-8-2" -> new BlockCode(path.rdma(), timeline, 8, 2);
            case "cubic" -> new ControlledFlow(path.tcp(), timeline, new CubicFactory(), window);
            case "bbr3" -> new ControlledFlow(path.tcp(), timeline, new DraftFactory(path.seed()), window);
            default ->
                throw new IllegalArgumentException(
                        "the scheme '" + name + "' is unknown; there are longhaul, " + String.join(", ", NAMES));
        };
    }

    private record DraftFactory(long seed) implements CongestionControllerFactory {
        @Override
        public CongestionController create(CongestionConfig config) {
            return new DraftBbr(config, seed);
        }

        @Override
        public String name() {
            return "bbr3";
        }
    }
}
