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

import io.longhaul.sim.experiment.StreamExperiment;
import io.longhaul.sim.experiment.TransferExperiment;
import java.util.ArrayList;
import java.util.List;

/// A line of a plot of a simulation: the rate of a flow over time, or the completion of transfers by their share.
///
/// @param label of the line
/// @param x virtual seconds, or share of the transfers
/// @param y Gb/s, or completion over ideal
record PlotLine(String label, List<Double> x, List<Double> y) {
    /// Points of a line at the most: a plot has no more room.
    private static final int MAX_POINTS = 240;

    /// A line for each flow of a stream.
    static List<PlotLine> of(SimulationRun run, StreamExperiment stream) {
        final List<PlotLine> lines = new ArrayList<>();
        final int samples = Math.max(0, stream.samples() - 1);
        final int every = Math.max(1, (samples + MAX_POINTS - 1) / MAX_POINTS);
        final int count = samples / every;
        for (int flow = 0; flow < run.flows().size(); flow++) {
            final List<Double> x = new ArrayList<>(count);
            final List<Double> y = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                final long bytes =
                        stream.deliveredBytes((i + 1) * every, flow) - stream.deliveredBytes(i * every, flow);
                x.add((i + 1.0) * every * stream.sampleNanos() / 1e9);
                y.add(bytes * 8.0 / every / stream.sampleNanos());
            }
            final String label = run.flows().get(flow).label();
            lines.add(new PlotLine(run.flows().size() == 1 ? label : label + " " + flow, x, y));
        }
        return lines;
    }

    /// The line of transfers; none when there is only one.
    static List<PlotLine> of(SimulationRun run, TransferExperiment transfer) {
        final double[] ratios = transfer.completionRatios();
        if (ratios.length < 2) {
            return List.of();
        }
        final int count = Math.min(MAX_POINTS, ratios.length);
        final List<Double> x = new ArrayList<>(count);
        final List<Double> y = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            x.add((i + 1.0) / count);
            y.add(ratios[(int) Math.min(ratios.length - 1L, (i + 1L) * ratios.length / count - 1)]);
        }
        return List.of(new PlotLine(run.flows().getFirst().label(), x, y));
    }
}
