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

import io.longhaul.ConnectionStatistics;
import io.longhaul.cli.account.SenderAccount;
import org.HdrHistogram.Histogram;

/// What a measurement found.
///
/// @param seconds the measured interval
/// @param operations operations that ended in it
/// @param latencyNanos their times, from the intended time when a rate was given
/// @param account what the side that sends counted in it
/// @param after statistics at its end
/// @param cpuSeconds processor time of this process in it
/// @param serverCpuSeconds processor time of the server's process in it
/// @param verified true when the bytes, or the number of additions, were found right
public record PerfResult(
        double seconds,
        long operations,
        Histogram latencyNanos,
        SenderAccount account,
        ConnectionStatistics after,
        double cpuSeconds,
        double serverCpuSeconds,
        boolean verified) {}
