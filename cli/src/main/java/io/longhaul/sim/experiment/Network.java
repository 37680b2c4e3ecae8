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
package io.longhaul.sim.experiment;

import io.longhaul.congestion.CongestionControllerFactory;
import io.longhaul.sim.Line;
import io.longhaul.sim.Pair;
import io.longhaul.sim.PathRoute;
import io.longhaul.sim.Timeline;
import io.longhaul.sim.Transport;
import io.longhaul.sim.model.Schemes;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/// The flows of an experiment over the two directions of its path, ready to start.
public final class Network implements AutoCloseable {
    /// Round trips and nanoseconds that everybody gets to establish a connection.
    private static final int ESTABLISH_ROUND_TRIPS = 40;

    private static final long ESTABLISH_NANOS = 1_000_000_000L;
    private static final double MEMORY_BDPS = 4;
    private static final long MIN_MEMORY_BYTES = 256L << 20;
    private static final long SETTLED_PACKET_LIMIT = 4_000_000_000L;

    private final Timeline timeline = new Timeline();
    private final List<Transport> flows = new ArrayList<>();
    private final List<PathRoute> routes = new ArrayList<>();
    private final Line line;
    private final long startNanos;

    /// Builds and establishes.
    ///
    /// @param controllers finds the factory of a controller by name and seed
    /// @param longestBytes longest transfer; 0 for streams
    public Network(
            PathSettings path,
            List<FlowSettings> settings,
            BiFunction<String, Long, CongestionControllerFactory> controllers,
            long longestBytes) {
        path.check();
        long longest = path.rttNanos;
        for (FlowSettings each : settings) {
            longest = Math.max(longest, each.rttNanos());
        }
        startNanos = ESTABLISH_NANOS + ESTABLISH_ROUND_TRIPS * longest;
        line = path.line(startNanos, 1);
        final Line back = path.line(startNanos, 2);
        for (int i = 0; i < settings.size(); i++) {
            final FlowSettings flow = settings.get(i);
            final PathRoute there = path.route(line, flow.rttNanos(), startNanos, 2L * i);
            final PathRoute home = path.route(back, flow.rttNanos(), startNanos, 2L * i + 1);
            routes.add(there);
            flows.add(transport(path, flow, there, home, controllers, i));
        }
        flows.forEach(each -> each.establish(longestBytes));
        if (timeline.nowNanos() > startNanos) {
            throw new IllegalStateException("the flows were not established within " + startNanos / 1_000_000 + " ms");
        }
        timeline.runFor(startNanos - timeline.nowNanos());
    }

    private Transport transport(
            PathSettings path,
            FlowSettings flow,
            PathRoute there,
            PathRoute home,
            BiFunction<String, Long, CongestionControllerFactory> controllers,
            int index) {
        if (!flow.scheme().equals("longhaul")) {
            final long rtt = flow.rttNanos() == 0 ? path.rttNanos : flow.rttNanos();
            final Schemes.Path model = new Schemes.Path(
                    there, home, path.rateBitsPerSecond, rtt, path.mtuBytes, path.seed * 1_000_003 + index);
            return Schemes.create(flow.scheme(), model, timeline);
        }
        final double ipRate = (double) path.rateBitsPerSecond * path.mtuBytes / (path.mtuBytes + Line.ETHERNET_BYTES);
        final double bdp = path.mostBandwidthDelayBytes(flow.rttNanos());
        final Pair.Settings settings = new Pair.Settings()
                .seed(path.seed * 1_000_003 + index)
                .lanes(path.lanes)
                .fec(path.fec)
                .traces(path.traces, "seed" + path.seed + "-flow" + index)
                .ipBytes(path.mtuBytes)
                .routes(there, home)
                .congestion(controllers.apply(flow.congestion(), path.seed + index))
                .maxSteps(SETTLED_PACKET_LIMIT)
                .maxMemory(Math.max(MIN_MEMORY_BYTES, (long) (MEMORY_BDPS * bdp)));
        if (path.sealed) {
            settings.sealed();
        }
        if (flow.warm()) {
            settings.rateHint((long) ipRate);
        }
        return new LonghaulTransport(settings, timeline, bdp);
    }

    /// The flows in the order of their settings.
    public List<Transport> flows() {
        return flows;
    }

    /// The line from the senders to the receivers.
    public Line line() {
        return line;
    }

    /// The route of a flow from its sender to its receiver.
    public PathRoute route(int flow) {
        return routes.get(flow);
    }

    /// Virtual time.
    public Timeline timeline() {
        return timeline;
    }

    /// When the experiment starts; it is now when the network was built.
    public long startNanos() {
        return startNanos;
    }

    @Override
    public void close() {
        flows.forEach(Transport::close);
    }
}
