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
package io.longhaul.bench.compare;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A transport that is measured.
interface Peer {
    /// What the results call it: a word.
    String name();

    /// What the report calls it.
    String title();

    /// Why it cannot run here; empty when it can.
    Optional<String> unavailable();

    /// Whether it can do that.
    boolean does(Cell.Kind kind);

    /// Whether it can do it so often.
    default boolean does(Cell cell) {
        return does(cell.kind());
    }

    /// Whether its protocol runs in a JVM, whose compiler has to rest before anything counts.
    default boolean isCompiledAsItRuns() {
        return false;
    }

    /// Runs both of its ends.
    ///
    /// @return goodput_bps; for messages also latency_us with mean, p50, p99, p999, max, and operations; where it
    /// is known,
    /// cpu_seconds_per_gib of both ends
    /// @throws IOException with a line that says why there is no result
    Map<String, @Nullable Object> run(Cell cell, Effort effort, Programs programs)
            throws IOException, InterruptedException;
}
