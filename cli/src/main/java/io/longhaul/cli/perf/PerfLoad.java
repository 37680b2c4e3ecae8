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
package io.longhaul.cli.perf;

import io.longhaul.cli.control.RefusalException;
import org.HdrHistogram.Histogram;

/// Operations that are going on.
///
/// Threading: see the package.
interface PerfLoad extends AutoCloseable {
    /// Starts the load.
    void start();

    /// Begins to record times.
    void beginRecording();

    /// Ends recording; what ends later does not count.
    void endRecording();

    /// Starts nothing more and waits until everything has ended.
    ///
    /// @throws RefusalException when something does not end, or an operation failed
    void stop() throws RefusalException, InterruptedException;

    /// Operations that ended while times were recorded.
    long recorded();

    /// Operations started in all.
    long started();

    /// Places that were used at least once, from the first.
    int covered();

    /// The recorded times.
    Histogram histogram();

    /// What went wrong first, or null.
    @org.jspecify.annotations.Nullable
    RefusalException failure();

    @Override
    void close();
}
