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

/// One flow of an experiment.
///
/// @param scheme what moves the bytes: {@code longhaul} or a model of something else
/// @param congestion name of the controller of {@code longhaul}
/// @param rttNanos round trip of its own; 0 for that of the path
/// @param startNanos when it starts, after the start of the experiment
/// @param stopNanos when it stops; {@link Long#MAX_VALUE} for never
/// @param warm whether it knows the rate of the path when it starts
public record FlowSettings(
        String scheme, String congestion, long rttNanos, long startNanos, long stopNanos, boolean warm) {
    /// Checks the relations.
    public FlowSettings {
        if (rttNanos < 0 || startNanos < 0 || stopNanos <= startNanos) {
            throw new IllegalArgumentException("a flow must stop after it starts");
        }
    }

    /// A flow that is there from the start to the end.
    public static FlowSettings always(String scheme, String congestion, boolean warm) {
        return new FlowSettings(scheme, congestion, 0, 0, Long.MAX_VALUE, warm);
    }

    /// Name for tables.
    public String label() {
        return scheme.equals("longhaul") ? "longhaul/" + congestion : scheme;
    }
}
